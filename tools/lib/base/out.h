/* SPDX-License-Identifier: GPL-2.0 */
/* An output that is written to in whole records, some hundred KiB at a time. */
#ifndef CDM_EVENT_OUT_H
#define CDM_EVENT_OUT_H

#include "base/put.h"

#define CDM_OUT_SIZE	(512 << 10)
#define CDM_OUT_SLACK	64	/* copies may write this much beyond what they mean */

struct cdm_out {
	int fd;
	int err;		/* the first one, -errno; nothing is written from then on */
	size_t used;
	char data[CDM_OUT_SIZE + CDM_OUT_SLACK];
};

void cdm_out_flush(struct cdm_out *o);

/* Room for @n bytes, at most CDM_OUT_SIZE; what is used of it ends at cdm_out_end(). */
static inline char *cdm_out_room(struct cdm_out *o, size_t n)
{
	if (o->used + n > CDM_OUT_SIZE)
		cdm_out_flush(o);
	return o->data + o->used;
}

static inline void cdm_out_end(struct cdm_out *o, const char *p)
{
	o->used = p - o->data;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* An output that is written to in whole records, 256 KiB at a time. */
#ifndef CDM_EVENT_OUT_H
#define CDM_EVENT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <linux/types.h>

#define CDM_OUT_SIZE	(256 << 10)
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

/* The functions below write at @p and return what follows. */

static inline char *cdm_put(char *p, const char *s, size_t len)
{
	memcpy(p, s, len);
	return p + len;
}

#define CDM_PUT(p, constant)	cdm_put(p, constant, sizeof(constant) - 1)

/* Of which all may be written to. */
#define CDM_U64_MAX_OUT	20

char *cdm_put_u64(char *p, __u64 value);
char *cdm_put_s64(char *p, __s64 value);
char *cdm_put_hex(char *p, __u64 value);
/* @value with two digits or more, zeros in front up to @width. */
char *cdm_put_padded(char *p, __u64 value, unsigned int width);
#endif

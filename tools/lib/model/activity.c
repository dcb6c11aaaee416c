// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/activity.h"

struct cdm_past {
	struct cdm_stats stats;
	struct cdm_delta delta;
	struct cdm_history history;
};

static const struct cdm_delta nothing_known;
static const struct cdm_delta nothing_done = { .known = true };

/* All members of struct cdm_stats are counters. */
void cdm_stats_subtract(struct cdm_stats *d, const struct cdm_stats *now,
			const struct cdm_stats *then)
{
	const __u64 *n = (const void *)now, *t = (const void *)then;
	__u64 *out = (void *)d;

	/* A counter that went back was started anew. */
	for (size_t i = 0; i < sizeof(*d) / sizeof(*out); i++)
		out[i] = n[i] >= t[i] ? n[i] - t[i] : n[i];
}

static void remember(struct cdm_history *h, __u64 interval_ns, const struct cdm_delta *delta,
		     __u64 device)
{
	unsigned int n = h->nr;

	if (n == CDM_HISTORY) {
		n--;
		memmove(h->device, h->device + 1, n * sizeof(h->device[0]));
		memmove(h->in, h->in + 1, n * sizeof(h->in[0]));
		memmove(h->out, h->out + 1, n * sizeof(h->out[0]));
	}
	h->device[n] = device == CDM_UNKNOWN ? 0 : device;
	h->in[n] = interval_ns ? delta->d.pages[CDM_DIR_IN] * 1e9 / interval_ns : 0;
	h->out[n] = interval_ns ? delta->d.pages[CDM_DIR_OUT] * 1e9 / interval_ns : 0;
	h->nr = n + 1;
}

int cdm_activity_update(struct cdm_activity *a, struct cdm_past **past,
			const struct cdm_refresh *refresh, const struct cdm_stats *stats,
			__u64 device)
{
	bool known = refresh->counted && refresh->interval_ns;
	struct cdm_past *p = *past;

	a->delta = known ? &nothing_done : &nothing_known;
	if (!p && !stats && (!device || device == CDM_UNKNOWN))
		return 0;
	if (!p) {
		p = *past = calloc(1, sizeof(*p));
		if (!p)
			return -ENOMEM;
	}
	memset(&p->delta, 0, sizeof(p->delta));
	p->delta.known = known;
	if (stats) {
		if (known)
			cdm_stats_subtract(&p->delta.d, stats, &p->stats);
		p->stats = *stats;
	}
	remember(&p->history, refresh->interval_ns, &p->delta, device);
	a->delta = &p->delta;
	a->history = &p->history;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Differences and history of one row; of the model alone. */
#ifndef CDM_ACTIVITY_H
#define CDM_ACTIVITY_H

#include "model/model.h"

/* What a refresh says about all rows. */
struct cdm_refresh {
	__u64 interval_ns;	/* 0: there is nothing to compare with yet */
	bool counted;		/* BPF counts: a row without statistics did nothing */
};

/* @d: what was counted between @then and @now. */
void cdm_stats_subtract(struct cdm_stats *d, const struct cdm_stats *now,
			const struct cdm_stats *then);

struct cdm_past;		/* what is kept of earlier refreshes; NULL: nothing */

/*
 * Takes the figures of one refresh. @stats: NULL, there are none. @device: pages
 * resident. Return: 0 or -ENOMEM.
 */
int cdm_activity_update(struct cdm_activity *a, struct cdm_past **past,
			const struct cdm_refresh *refresh, const struct cdm_stats *stats,
			__u64 device);

#endif

// SPDX-License-Identifier: GPL-2.0
/* What the statistics that BPF aggregates say: quantiles and reasons. */
#include "model/model.h"

__u64 cdm_hist_quantile(const __u64 hist[CDM_HIST], double share)
{
	__u64 total = 0;
	double below = 0, wanted;

	for (int i = 0; i < CDM_HIST; i++)
		total += hist[i];
	if (!total)
		return CDM_UNKNOWN;

	wanted = share * total;
	for (int i = 0; i < CDM_HIST; i++) {
		double low = i ? (double)(1ULL << i) : 0;

		if (below + hist[i] >= wanted && hist[i])
			return low + ((double)(1ULL << (i + 1)) - low) * (wanted - below) / hist[i];
		below += hist[i];
	}
	return 1ULL << CDM_HIST;
}

static __u64 stayed(const struct cdm_stats *s, unsigned int why)
{
	return s->failed[CDM_DIR_IN][why] + s->failed[CDM_DIR_OUT][why];
}

static __u64 sum(const struct cdm_stats *s, bool failed)
{
	__u64 pages = 0;

	for (int i = 0; i < CDM_NR_WHY; i++)
		pages += cdm_why_is_failure(i) == failed ? stayed(s, i) : 0;
	return pages;
}

__u64 cdm_stats_failed(const struct cdm_stats *s)
{
	return sum(s, true);
}

__u64 cdm_stats_skipped(const struct cdm_stats *s)
{
	return sum(s, false);
}

int cdm_why_top(const struct cdm_stats *s)
{
	int top = -1;

	for (int i = 0; i < CDM_NR_WHY; i++)
		if (cdm_why_is_failure(i) && stayed(s, i) &&
		    (top < 0 || stayed(s, i) > stayed(s, top)))
			top = i;
	return top;
}

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

__u64 cdm_why_sum(const __u64 failed[CDM_NR_WHY])
{
	__u64 sum = 0;

	for (int i = 0; i < CDM_NR_WHY; i++)
		sum += failed[i];
	return sum;
}

int cdm_why_top(const struct cdm_stats *s)
{
	__u64 most = 0;
	int top = -1;

	for (int i = 0; i < CDM_NR_WHY; i++) {
		__u64 n = s->failed[CDM_DIR_IN][i] + s->failed[CDM_DIR_OUT][i];

		/* Every range has holes: they are the reason only where nothing else is. */
		if (n && (top < 0 || top == CDM_WHY_UNMAPPED || n > most)) {
			most = n;
			top = i;
		}
	}
	return top;
}

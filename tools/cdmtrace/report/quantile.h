/* SPDX-License-Identifier: GPL-2.0 */
/* Quantiles of times: exact for few samples, within 1 % for many. */
#ifndef CDM_REPORT_QUANTILE_H
#define CDM_REPORT_QUANTILE_H

#include <linux/types.h>

#define CDM_EXACT	2048		/* samples that are kept as they are */
#define CDM_SUB_BITS	7		/* buckets for each power of two: 1/128 is less than 1 % */
#define CDM_BUCKETS	((64 - CDM_SUB_BITS + 1) << CDM_SUB_BITS)

/* All zero: empty. */
struct cdm_quantiles {
	__u64 nr;
	__u64 sum, min, max;
	__u64 exact[CDM_EXACT];
	__u64 buckets[CDM_BUCKETS];
};

void cdm_quantiles_add(struct cdm_quantiles *q, __u64 value);
/* The smallest value that at least @share (0..1) of the samples do not exceed; ~0: none. */
__u64 cdm_quantiles_get(struct cdm_quantiles *q, double share);
/* How many were in [2^n, 2^(n+1)), those of 0 with 1. */
void cdm_quantiles_log2(const struct cdm_quantiles *q, __u64 log2[64]);

#endif

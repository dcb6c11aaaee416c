// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/quantile.h"

static unsigned int bucket_of(__u64 value)
{
	unsigned int shift;

	if (value >> CDM_SUB_BITS == 0)
		return value;
	shift = 63 - __builtin_clzll(value) - CDM_SUB_BITS;
	/* Of the value its highest bit, which is implied, and the bits that follow. */
	return (shift << CDM_SUB_BITS) + (value >> shift);
}

/* The middle of a bucket. */
static __u64 value_of(unsigned int bucket)
{
	unsigned int shift = bucket >> CDM_SUB_BITS;
	__u64 low;

	if (!shift)
		return bucket;
	shift--;
	low = (__u64)((bucket & ((1 << CDM_SUB_BITS) - 1)) | 1 << CDM_SUB_BITS) << shift;
	return low + ((1ULL << shift) >> 1);
}

void cdm_quantiles_add(struct cdm_quantiles *q, __u64 value)
{
	if (q->nr < CDM_EXACT)
		q->exact[q->nr] = value;
	if (!q->nr || value < q->min)
		q->min = value;
	if (value > q->max)
		q->max = value;
	q->nr++;
	q->sum += value;
	q->buckets[bucket_of(value)]++;
}

static int compare(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

__u64 cdm_quantiles_get(struct cdm_quantiles *q, double share)
{
	__u64 rank = ceil(share * q->nr), below = 0;

	if (!q->nr)
		return ~0ULL;
	if (!rank)
		rank = 1;
	if (q->nr <= CDM_EXACT) {
		qsort(q->exact, q->nr, sizeof(q->exact[0]), compare);
		return q->exact[rank - 1];
	}
	for (unsigned int i = 0; i < CDM_BUCKETS; i++) {
		below += q->buckets[i];
		if (below < rank)
			continue;
		/* Not outside of what there was. */
		if (value_of(i) < q->min)
			return q->min;
		return value_of(i) > q->max ? q->max : value_of(i);
	}
	return q->max;
}

void cdm_quantiles_log2(const struct cdm_quantiles *q, __u64 log2[64])
{
	memset(log2, 0, 64 * sizeof(*log2));
	/* Buckets do not cross a power of two. */
	for (unsigned int i = 0; i < CDM_BUCKETS; i++)
		if (q->buckets[i])
			log2[value_of(i) ? 63 - __builtin_clzll(value_of(i)) : 0] += q->buckets[i];
}

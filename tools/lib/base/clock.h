/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_CLOCK_H
#define CDM_CLOCK_H

#include <time.h>

#include <linux/types.h>

static inline __u64 cdm_clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

#endif

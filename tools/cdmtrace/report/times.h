/* SPDX-License-Identifier: GPL-2.0 */
/* Levels and latencies over time: what the charts of the page show. */
#ifndef CDM_REPORT_TIMES_H
#define CDM_REPORT_TIMES_H

#include "record/record.h"

#define REPORT_SLOTS	120	/* of time, in charts */
#define REPORT_SERIES	4096	/* processes in charts */

/* A level within a slot of time. */
struct report_slot {
	bool known;
	__u64 most, last;	/* pages */
};

struct report_series {
	struct report_series *next;
	struct report_slot slots[REPORT_SLOTS];
};

/* What the charts show. */
struct report_times {
	__u64 start, slot_ns;
	unsigned int used;		/* slots */
	__u64 levels_start;		/* the first snapshot: before it no level is known */
	struct report_series *series;	/* all there are */
	unsigned int nr_series;
	bool left_out;			/* there were too many */
	struct report_series *devices[CDM_MAX_DEVICES];	/* used pages */
	__u64 calls[CDM_NR_DIR][REPORT_SLOTS][64];	/* that took [2^n, 2^(n+1)) ns */
};

struct report_times *report_times_new(void);	/* NULL: no memory */
void report_times_free(struct report_times *t);
/* Lives as long as @t. NULL: no memory, or there are too many. */
struct report_series *report_series_new(struct report_times *t);
/* @s: may be NULL. */
void report_series_set(struct report_times *t, struct report_series *s, __u64 ts, __u64 pages);
void report_times_call(struct report_times *t, unsigned int dir, __u64 ts, __u64 ns);
/* The first slot in which levels are known. */
unsigned int report_times_levels_from(struct report_times *t);
/* The most in each used slot; where nothing was said, what it was before. */
void report_series_levels(const struct report_times *t, const struct report_series *s,
			  __u64 levels[REPORT_SLOTS]);

#endif

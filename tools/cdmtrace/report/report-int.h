/* SPDX-License-Identifier: GPL-2.0 */
/* What the report has collected, and how it is laid out. */
#ifndef CDM_REPORT_INT_H
#define CDM_REPORT_INT_H

#include "folded.h"
#include "base/hash.h"
#include "base/json.h"
#include "report/report.h"
#include "report/quantile.h"

#define REPORT_DEVICES	17	/* with the last for all that do not fit */
#define REPORT_STATES	64	/* events of devices that are shown */
#define REPORT_PAGES	(1 << 18)	/* pages that went to and fro, at most */

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

/* Pages that somebody holds, as snapshots told. */
struct report_level {
	bool known;
	__u64 first_ts, last_ts;
	__u64 start, peak, last;	/* pages */
	double page_ns;			/* integral over time */
};

struct report_proc {
	struct cdm_node node;		/* key: pid */
	__u64 start_ns;
	__u64 seen;			/* refresh */
	__u64 cgroup;
	bool gone;
	__u64 left;			/* device pages when it was seen last */
	struct report_level level;
	struct report_series *series;	/* over time; NULL: nobody wants it */
	__u64 calls;			/* migrations of its memory */
	__u64 moved[CDM_NR_DIR];	/* pages of its memory */
	__u64 ns;			/* in those calls */
	__u64 acted;			/* pages that it moved, its own or others' */
	__u64 failed[CDM_NR_WHY];
	__u64 faults;
	__u64 wait_ns;
	char comm[CDM_COMM_LEN];
};

struct report_cgroup {
	struct cdm_node node;		/* key: id */
	__u64 seen;
	__u64 parent;
	struct report_level level;
	__u64 charged, limit;		/* pages, at last */
	__u64 resident;			/* of its processes' and those below, at last */
	__u64 moved[CDM_NR_DIR];	/* pages charged to it alone */
	__u64 failed[CDM_NR_WHY];
	__u64 ns;			/* in those calls */
	char *path;
};

struct report_page {
	struct cdm_node node;		/* key: mixed from mm and addr */
	__u64 mm, addr;
	__u64 pages;			/* 1, or with neighbours that are like it */
	__u64 events, flips;		/* of each */
	__u32 pid;
	char comm[CDM_COMM_LEN];
};

struct report_moves {
	__u64 pages, requested;
	__u64 phase_ns[3];
	struct cdm_quantiles ns;
};

struct report_device {
	__u64 id;
	bool used;
	struct report_moves *dir[CDM_NR_DIR];	/* NULL: none */
};

struct report_cause {
	__u64 calls[CDM_NR_DIR], pages[CDM_NR_DIR], ns[CDM_NR_DIR];
	__u64 evictions, evicted, left, evict_ns, errors;
};

struct report_state {
	__u64 ts;
	__u8 old, state;
	char name[CDM_NAME_LEN];
};

struct cdm_report {
	const struct cdm_model *model;
	__u64 first_ts, last_ts;
	__u64 records, bytes;
	__u64 events[CDM_NR_EV];
	struct cdm_loss loss[CDM_NR_EV];
	bool traced[CDM_NR_EV];			/* there is a loss record */
	__u64 refreshes, features;
	struct report_device devices[REPORT_DEVICES];
	struct report_cause causes[CDM_NR_CAUSE];
	__u64 failed[CDM_NR_WHY];
	__u64 failed_vma[CDM_NR_WHY][CDM_NR_VMA];
	__u64 moved_vma[CDM_NR_VMA][CDM_NR_DIR];	/* pages */
	__u64 faults[CDM_NR_FAULT];
	struct cdm_quantiles waits;
	struct cdm_hash procs, cgroups, pages;
	__u64 pages_left_out;			/* there were too many */
	struct cdm_snap_device snaps[CDM_MAX_DEVICES];
	bool have_snap[CDM_MAX_DEVICES];
	__u64 quarantined_peak;
	struct report_state states[REPORT_STATES];
	struct cdm_snap_end first_end, end;
	struct cdm_folded *sites;		/* NULL: there were no stacks */
	struct report_times *times;		/* NULL: no charts are wanted */
};

/* --- times.c: levels and latencies over time --- */

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

/* --- layout.c: the same figures as text, as JSON and as a page --- */

enum report_unit {
	REPORT_COUNT, REPORT_PAGES_OF, REPORT_BYTES, REPORT_NS, REPORT_TEXT, REPORT_DOUBLE,
	REPORT_HEX, REPORT_TIME, REPORT_CHANGE,
};

/* Of a table, or a figure by itself. @key has the unit of JSON's number. */
struct report_column {
	const char *key;
	const char *title;
	enum report_unit unit;
	int width;		/* negative: left */
};

struct report_value {
	bool known;
	__u64 u;
	double d;
	const char *s;
};

#define REPORT_U(v)	((struct report_value){ (__u64)(v) != CDM_UNKNOWN, (v), 0, NULL })
#define REPORT_D(v)	((struct report_value){ true, 0, (v), NULL })
#define REPORT_S(v)	((struct report_value){ (v) != NULL, 0, 0, (v) })
#define REPORT_NONE	((struct report_value){ false, 0, 0, NULL })

struct report_out {
	FILE *f;
	struct cdm_json *j;	/* NULL: text or a page */
	bool html;
	int section;
	const struct report_column *columns;
	size_t at;		/* cells of this row */
};

void report_section(struct report_out *o, const char *key, const char *title);
void report_section_end(struct report_out *o);
/* Says why there is nothing. */
void report_nothing(struct report_out *o, const char *why);
/* A sentence for the reader of the text; @key NULL: not in JSON. */
void report_remark(struct report_out *o, const char *key, const char *text);
void report_figure(struct report_out *o, const struct report_column *c, struct report_value v);
/* Columns end with no key. */
void report_table(struct report_out *o, const char *key, const struct report_column *columns);
void report_cell(struct report_out *o, struct report_value v);
void report_row_end(struct report_out *o);
void report_table_end(struct report_out *o);

/* --- sections.c and memory.c --- */
void report_who(struct cdm_report *r, struct report_out *o);		/* 1 header */
void report_migrations(struct cdm_report *r, struct report_out *o);	/* 2 */
void report_reasons(struct cdm_report *r, struct report_out *o);	/* 3 */
void report_failures(struct cdm_report *r, struct report_out *o);	/* 4 */
void report_pingpong(struct cdm_report *r, struct report_out *o);	/* 5 */
void report_residency(struct cdm_report *r, struct report_out *o);	/* 6 */
void report_charges(struct cdm_report *r, struct report_out *o);	/* 7 */
void report_faults(struct cdm_report *r, struct report_out *o);		/* 8 */
void report_exits(struct cdm_report *r, struct report_out *o);		/* 9 */
void report_devices(struct cdm_report *r, struct report_out *o);	/* 10 */
void report_cost(struct cdm_report *r, struct report_out *o);		/* 11 */

extern void (*const report_sections[])(struct cdm_report *r, struct report_out *o);
#define REPORT_NR_SECTIONS	11

/* --- html.c and chart.c --- */
void report_page(struct cdm_report *r, FILE *out);
/* Each is a <figure>; nothing where there is nothing to see. */
void report_chart_devices(struct cdm_report *r, FILE *out);
void report_chart_processes(struct cdm_report *r, FILE *out);
void report_chart_latency(struct cdm_report *r, FILE *out, unsigned int dir);

double report_page_mib(const struct cdm_report *r);
/* Compares processes for report_sorted(): who held most memory for longest comes first. */
int report_by_held(const void *a, const void *b);

/* Events that were lost, of all kinds. */
__u64 report_lost(const struct cdm_report *r);

/*
 * All nodes of @h in the order of @compare, which gets pointers to pointers.
 * Free it; NULL: empty, or no memory.
 */
void **report_sorted(const struct cdm_hash *h, size_t *nr,
		     int (*compare)(const void *a, const void *b));

#endif

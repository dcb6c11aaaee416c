/* SPDX-License-Identifier: GPL-2.0 */
/* What is collected of a recording or a run, for the report and for a diff. */
#ifndef CDM_REPORT_COLLECT_H
#define CDM_REPORT_COLLECT_H

#include "folded.h"
#include "base/hash.h"
#include "report/quantile.h"
#include "report/report.h"
#include "report/times.h"

#define REPORT_DEVICES	17	/* with the last for all that do not fit */
#define REPORT_STATES	64	/* events of devices that are shown */
#define REPORT_PAGES	(1 << 18)	/* pages that went to and fro, at most */

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
	__u64 records;
	__u64 file_bytes;		/* of the recording; CDM_UNKNOWN: there is none */
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
	struct cdm_folded *functions;		/* the same, of programs */
	struct report_times *times;		/* NULL: no charts are wanted */
};

/* MiB */
double report_page_mib(const struct cdm_report *r);
/* For cdm_hash_sorted(), processes: who held most memory for longest comes first. */
int report_by_held(const void *a, const void *b);
/* Events that were lost, of all kinds. */
__u64 report_lost(const struct cdm_report *r);

#endif

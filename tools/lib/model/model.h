/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model: what the records of the last refreshes mean. It is fed with
 * records, live or from a file, and knows nothing of where they come from.
 *
 * All of it belongs to one thread. Rows stay valid until the next
 * cdm_model_feed() of a CDM_SNAP_BEGIN.
 */
#ifndef CDM_MODEL_H
#define CDM_MODEL_H

#include "record/record.h"

#define CDM_HISTORY	120	/* refreshes that sparklines look back */

/* What changed within the last interval. Rates are these by the interval. */
struct cdm_delta {
	bool known;		/* false: no figures, or the first refresh */
	struct cdm_stats d;	/* differences */
};

struct cdm_history {
	unsigned int nr;		/* valid entries, the newest last */
	__u64 device[CDM_HISTORY];	/* pages resident */
	__u64 in[CDM_HISTORY];		/* pages per second */
	__u64 out[CDM_HISTORY];
};

struct cdm_model;

/*
 * What a row did over time. Of thousands of processes few have anything to do
 * with devices: for the others @delta points to a constant and @history is NULL.
 */
struct cdm_activity {
	const struct cdm_delta *delta;		/* never NULL */
	const struct cdm_history *history;	/* NULL: nothing to show */
};

/* How exact a figure is that was found by a look at page tables or pages, see record.h. */
struct cdm_bound {
	__u64 error;		/* pages that it may be off; 0: exact */
	__u64 age_ns;		/* of the look; CDM_UNKNOWN: it was found otherwise */
};

struct cdm_proc_row {
	const struct cdm_model *model;
	const struct cdm_snap_proc *snap;	/* may end before .stats, see record.h */
	const struct cdm_cgroup_row *cgroup;	/* NULL: unknown */
	struct cdm_bound bound;	/* of snap->device */
	double cpu;	/* percent of a CPU since it was told the last time; NAN: not known */
	struct cdm_activity activity;
};

struct cdm_cgroup_row {
	const struct cdm_model *model;
	const struct cdm_snap_cgroup *snap;
	unsigned int depth;			/* 0: the root */
	unsigned int nr_procs;			/* descendants included, as in all that follows */
	__u64 procs_device;			/* of these processes */
	__u64 procs_error;			/* pages that it may be off */
	__u64 dmem;				/* pages that the dmem controller has; CDM_UNKNOWN */
	const struct cdm_stats *stats;		/* since the start; NULL: none yet */
	struct cdm_activity activity;
};

struct cdm_device_row {
	const struct cdm_model *model;
	const struct cdm_snap_device *snap;
	struct cdm_bound bound;	/* of snap->used */
	struct cdm_activity activity;
	/* pids of the processes with the most pages on it, 0 from the first unused on */
	__u32 holders[3];
};

struct cdm_vma_row {
	const struct cdm_model *model;
	const struct cdm_snap_vma *snap;
};

struct cdm_numa_row {
	const struct cdm_model *model;
	const struct cdm_snap_numa *snap;
	__u64 id;			/* the same in each refresh */
	struct cdm_numa delta;		/* within the last interval, if there was one */
};

struct cdm_event_row {
	const struct cdm_ev *ev;	/* by kind, see cdm_abi.h */
	__u64 nr;			/* how many had come, with it: 1, 2, ... */
};

/* @header is that of the file, or of this machine. Return: NULL: no memory. */
struct cdm_model *cdm_model_new(const struct cdm_file_header *header);
void cdm_model_free(struct cdm_model *m);
const struct cdm_file_header *cdm_model_header(const struct cdm_model *m);

/*
 * Takes one valid record. Return: 0; 1 when it ended a refresh (CDM_SNAP_END):
 * time to print or draw; -ENOMEM.
 */
int cdm_model_feed(struct cdm_model *m, const struct cdm_rec *rec);

/* Arrays of pointers, unsorted; the cgroups are a tree in depth-first order. */
struct cdm_proc_row **cdm_model_procs(struct cdm_model *m, size_t *nr);
struct cdm_cgroup_row **cdm_model_cgroups(struct cdm_model *m, size_t *nr);
struct cdm_device_row **cdm_model_devices(struct cdm_model *m, size_t *nr);
/* VMAs of the process that is looked into, as they came. */
struct cdm_vma_row **cdm_model_vmas(struct cdm_model *m, size_t *nr);
/* Who migrated ordinary pages and why, and the kernel's counters of that. */
struct cdm_numa_row **cdm_model_numas(struct cdm_model *m, size_t *nr);
/*
 * The last events, oldest first, at most CDM_MODEL_EVENTS; pid 0: of all
 * processes. Return: how many were put into @rows.
 */
#define CDM_MODEL_EVENTS 1024
size_t cdm_model_events(struct cdm_model *m, __u32 pid, struct cdm_event_row *rows, size_t max);
/* Notes since the start, to be shown once: @n counts from 0; NULL: no more. */
const char *cdm_model_note(struct cdm_model *m, size_t n);

/* NULL: there was none yet. */
const struct cdm_snap_begin *cdm_model_begin(const struct cdm_model *m);
const struct cdm_snap_end *cdm_model_end(const struct cdm_model *m);
/* CLOCK_REALTIME of the refresh. */
__u64 cdm_model_wall_ns(const struct cdm_model *m);
const struct cdm_delta *cdm_model_total(const struct cdm_model *m);
/* Change of tool_cpu_ns and bpf_ns over the last interval, in percent of it; NAN: not known. */
double cdm_model_tool_cost(const struct cdm_model *m);
/* By its index; NULL: there is none in this refresh. */
const char *cdm_model_device_at(const struct cdm_model *m, __u32 index);
/* "cdm0" for the identity of a device, NULL: unknown. */
const char *cdm_model_device_name(const struct cdm_model *m, __u64 device);
/* The kernel's frames of a stack id, innermost first; NULL: unknown. */
const struct cdm_rec_stack *cdm_model_stack(const struct cdm_model *m, __s32 id);
/* Those in user space; NULL: unknown, or it is an older recording. */
const struct cdm_rec_user_stack *cdm_model_user_stack(const struct cdm_model *m, __s32 id);
/* Path of a cgroup id, NULL: unknown. */
const char *cdm_model_cgroup_path(const struct cdm_model *m, __u64 id);

/*
 * Time below which @share (0..1) of a histogram's calls are: ns, interpolated
 * within the bucket. Return: CDM_UNKNOWN for an empty histogram.
 */
__u64 cdm_hist_quantile(const __u64 hist[CDM_HIST], double share);
/* Pages of both directions that were to move and could not; and that were skipped. */
__u64 cdm_stats_failed(const struct cdm_stats *s);
__u64 cdm_stats_skipped(const struct cdm_stats *s);
/* The most frequent reason for pages that failed; -1: none did. */
int cdm_why_top(const struct cdm_stats *s);

#endif

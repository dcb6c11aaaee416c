/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the model share. */
#ifndef CDM_MODEL_INT_H
#define CDM_MODEL_INT_H

#include "model/activity.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/list.h"

/* What tells whether an entry is of the refresh under way. */
struct cdm_entry {
	struct cdm_node node;
	__u64 seen;
	struct cdm_past *past;
};

struct cdm_proc_entry {
	struct cdm_entry entry;		/* key: pid */
	__u64 start_ns;
	__u64 cpu_ts;			/* when CPU time was told the last time; 0: not yet */
	__u32 cpu_ms;
	struct cdm_proc_row row;
};

/*
 * What a cgroup and its descendants did. It only grows: what a cgroup did stays with
 * those above it when that is removed.
 */
struct cdm_subtree {
	struct cdm_stats own;		/* of this cgroup alone, at the last refresh */
	struct cdm_stats sum;
};

struct cdm_cgroup_entry {
	struct cdm_entry entry;		/* key: id */
	struct cdm_subtree *tree;	/* NULL: nothing, so far */
	struct cdm_cgroup_row row;
};

struct cdm_device_entry {
	struct cdm_entry entry;		/* key: index */
	struct cdm_device_row row;
};

struct cdm_numa_entry {
	struct cdm_entry entry;		/* key: a hash of what it is about */
	struct cdm_numa last;
	struct cdm_numa_row row;
};

struct cdm_stack_entry {
	struct cdm_node node;		/* key: id */
	struct cdm_rec_stack *stack;
	struct cdm_rec_user_stack *user;	/* NULL: none */
};

struct cdm_identity {
	struct cdm_node node;		/* key: identity of a device */
	char name[CDM_NAME_LEN];
};

#define CDM_EVENT_SIZE	256		/* bytes; more than any kind has */

/* Events are kept whole. */
struct cdm_event_ring {
	char (*slots)[CDM_EVENT_SIZE];	/* CDM_MODEL_EVENTS, or NULL */
	__u64 nr;			/* that came */
};

struct cdm_model {
	struct cdm_file_header header;
	struct cdm_refresh refresh;
	__u64 generation;		/* of the refresh under way */
	bool have_begin, have_end;
	struct cdm_snap_begin begin;
	struct cdm_snap_end end;
	double tool_cost;

	struct cdm_arena arena;		/* records of this refresh */
	/* Of processes, of the last refresh that had them all: CDM_SNAP_STAY means these. */
	struct cdm_arena all_procs;
	struct cdm_list all_snaps;	/* in there */
	bool staying;			/* it came in this refresh */
	struct cdm_hash procs, cgroups, devices, numas;
	struct cdm_list proc_rows, cgroup_rows, device_rows, numa_rows, vmas;
	struct cdm_delta total;

	struct cdm_event_ring events;
	struct cdm_hash stacks, identities;
	struct cdm_list notes;
};

/* Each takes one record of its kind. Return: 0 or -ENOMEM. */
int cdm_model_stay(struct cdm_model *m);
/* After the process or device that it is about. */
void cdm_model_scan(struct cdm_model *m, const struct cdm_snap_scan *snap);
int cdm_model_proc(struct cdm_model *m, const struct cdm_snap_proc *snap);
int cdm_model_cgroup(struct cdm_model *m, const struct cdm_snap_cgroup *snap);
void cdm_model_dmem(struct cdm_model *m, const struct cdm_snap_dmem *snap);
int cdm_model_device(struct cdm_model *m, const struct cdm_snap_device *snap);
int cdm_model_numa(struct cdm_model *m, const struct cdm_snap_numa *snap);
/* What needs all rows of a refresh. 0 or -ENOMEM. */
int cdm_model_join(struct cdm_model *m);
void cdm_model_free_rows(struct cdm_model *m);

int cdm_model_event(struct cdm_model *m, const struct cdm_rec *rec);
int cdm_model_add_stack(struct cdm_model *m, const struct cdm_rec_stack *stack);
int cdm_model_add_user_stack(struct cdm_model *m, const struct cdm_rec_user_stack *user);
int cdm_model_add_identity(struct cdm_model *m, __u64 device, const char *name);
int cdm_model_add_note(struct cdm_model *m, const char *text);
void cdm_model_free_events(struct cdm_model *m);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The collector: the only part that knows BPF. It loads what the asked-for
 * features need, and turns maps, iterators, rings, /proc, cgroup files and sysfs
 * into records, which it hands to a callback.
 */
#ifndef CDM_COLLECTOR_H
#define CDM_COLLECTOR_H

#include "base/error.h"
#include "record/record.h"

struct cdm_collector;

/* Where figures and events come from; the first that has one is taken. */
enum cdm_source {
	CDM_SOURCE_ANY,
	CDM_SOURCE_TRACEPOINT,	/* the series', and those that every kernel has */
	CDM_SOURCE_FENTRY,	/* functions of the kernel, by trampolines */
	CDM_SOURCE_KPROBE,	/* the same by breakpoints, or what the kernel has in place of them */
	CDM_SOURCE_PROC,	/* files: /proc, cgroups and sysfs, no BPF at all */
	CDM_NR_SOURCE,
};

/* By enum cdm_source, "any", "tracepoint", ...; ends with NULL. */
extern const char *const cdm_source_names[];
static inline const char *cdm_source_name(enum cdm_source source)
{
	return cdm_source_names[source];
}

/* In-kernel filters; 0, empty or negative: all. Applied before anything is read. */
struct cdm_filter {
	__u32 pid;			/* owner or actor, as the caller's namespace numbers it */
	bool children;			/* and descendants of that process, once it has them */
	__u32 tid;			/* actor */
	char comm[CDM_COMM_LEN];	/* owner's or actor's, exactly */
	__u64 cgroup;			/* id; and descendants */
	char device[CDM_NAME_LEN];
	int dir;			/* enum cdm_abi_dir; -1 */
	int why;			/* only migrations that failed for this reason; -1 */
	__u64 min_pages;		/* migrated or failed */
	__u64 min_ns;			/* duration */
};

struct cdm_collector_options {
	unsigned int features;		/* aggregated: enum cdm_feature */
	unsigned int extras;		/* the same; what is missing of these is left out in silence */
	__u64 events;			/* to the ring: bits of 1 << enum cdm_kind */
	bool stacks;			/* in the kernel and in user space, with events */
	struct cdm_filter filter;
	size_t ring_bytes;		/* of one ring, a power of two; 0: default */
	unsigned int rings;		/* shards; 0: one */
	__u64 pingpong_window_ns;	/* 0: default, scaled under emulation */
	unsigned int pingpong_flips;	/* 0: default, 3 */
	bool pingpong_each;		/* an event for each page, not for each run of neighbours */
	/*
	 * Between looks at all processes, so far apart, refreshes visit only those that have
	 * device memory or figures or ever had; CDM_SNAP_STAY stands for the others. 0: each
	 * refresh visits all.
	 */
	__u64 all_procs_ns;
	bool numa_later;		/* nobody looks at CDM_F_NUMA yet, see cdm_collector_watch_numa() */
	__u32 pid;			/* snapshots of this process only; 0: all */
	__u64 cgroup;			/* snapshots of this cgroup and below; 0: all */
	enum cdm_source source;		/* this one alone, besides files */
	bool strict;			/* programs that cannot be loaded are an error */
	/* NULL, or what libbpf says: warnings, with @verbose 2 and 3 more. */
	void (*log)(const char *text);
	int verbose;
	/* Every record; return: 0, or -errno to stop. */
	int (*emit)(void *ctx, const struct cdm_rec *rec);
	void *ctx;
};

/* The function of the kernel that tells of pages that are given back to drivers. */
enum cdm_frees { CDM_FREES_NONE, CDM_FREES_FOLIO, CDM_FREES_PAGE };

#define CDM_MISSING_MAX	8
#define CDM_MISSING_LEN	256

/* What a collector delivers with some options on this machine. */
struct cdm_description {
	struct cdm_file_header header;	/* this machine, now, and what figures depend on */
	unsigned int features;		/* enum cdm_feature that there are */
	__u64 events;			/* of those asked for: bits of 1 << enum cdm_kind */
	/* What comes from which source, of CDM_F_COUNTED and of @events. */
	unsigned int features_by[CDM_NR_SOURCE];
	__u64 events_by[CDM_NR_SOURCE];
	__u64 absent;			/* optional hooks, see hooks.h, that this kernel has not */
	bool bpf;			/* programs may be loaded */
	bool task_iterator;		/* by which they tell of processes */
	bool cgroup_iterator;		/* and the values of cgroups */
	bool by_pid;			/* of a scan: processes can be found by number, to visit holders alone */
	bool scan;			/* CDM_F_PROC_DEVICE is by scans of page tables, and moves since */
	bool cgroup_sums;		/* CDM_F_CGROUP_DEVICE is what processes have, by that */
	bool pagemaps;			/* CDM_F_DEVICES are those of the kernel's pagemaps, with no class */
	enum cdm_frees frees;		/* by which it is known when others go */
	bool holders;			/* processes with device memory can be told from the others */
	/* Why something that was asked for is not there: a capability, an option of Kconfig, a file. */
	unsigned int nr_missing;
	char missing[CDM_MISSING_MAX][CDM_MISSING_LEN];
};

/*
 * Looks, and opens, loads and changes nothing: what there is to know before there is
 * a model, a file or a collector.
 */
void cdm_collector_describe(const struct cdm_collector_options *o, struct cdm_description *d);

struct cdm_offer {
	const char *group, *name;	/* as --features prints them */
	const char *what;		/* to readers */
	unsigned int feature;		/* enum cdm_feature, or 0 */
	__u64 event;			/* 1 << enum cdm_kind, or 0 */
};
extern const struct cdm_offer cdm_figures[];	/* ends with no name */

/*
 * Whether there is what @o is, and @how: "by fentry, exact". @how has CDM_WHY_LEN bytes,
 * and is empty where there is not.
 */
bool cdm_offer_tell(const struct cdm_offer *o, const struct cdm_description *d, char *how);

/*
 * Loads and attaches what @d says. What is missing in it is emitted as CDM_REC_NOTE, and
 * so is, unless @o->strict, that programs could not be loaded against all expectation.
 * Drops all capabilities that are not needed any more. Return: NULL, and @why.
 */
struct cdm_collector *cdm_collector_open(const struct cdm_collector_options *o,
					 const struct cdm_description *d, char *why);
void cdm_collector_close(struct cdm_collector *c);

/* In a line: whose device memory migrations are told of, and by what; empty: of nobody's. */
void cdm_collector_found(const struct cdm_collector *c, char found[CDM_MISSING_LEN]);
/* As it was opened with, less what could not be loaded. */
const struct cdm_description *cdm_collector_description(const struct cdm_collector *c);
/* What was attached: bits of 1 << enum cdm_kind. */
__u64 cdm_collector_events(const struct cdm_collector *c);

/* Emits one refresh, BEGIN to END. Return: 0 or -errno. */
int cdm_collector_refresh(struct cdm_collector *c);
/* Emits CDM_SNAP_VMA records of a process before the END of refreshes; 0: no more. */
void cdm_collector_look_into(struct cdm_collector *c, __u32 pid);

/*
 * CDM_F_PINGPONG, if it was asked for, is there for as long as somebody looks at it: on
 * from the start. It slows down migrations by some percent.
 */
void cdm_collector_watch_pingpong(struct cdm_collector *c, bool on);

/*
 * The same with CDM_F_NUMA, for which programs are attached only then. Return: 0, or
 * -errno: that is not possible, and CDM_F_NUMA is no feature any more.
 */
int cdm_collector_watch_numa(struct cdm_collector *c, bool on);

/* Readable when events wait. Poll it, with a timeout of at most 100 ms for the tail. */
int cdm_collector_fd(const struct cdm_collector *c);
/* Emits events that wait, not more than some thousand. Return: how many or -errno. */
int cdm_collector_poll(struct cdm_collector *c, int timeout_ms);
/*
 * No more events and figures from now on, and emits those that wait: what was
 * emitted and what cdm_collector_loss() says are the same then. 0 or -errno.
 */
int cdm_collector_stop(struct cdm_collector *c);
/* Sums over CPUs, since the start. */
void cdm_collector_loss(struct cdm_collector *c, struct cdm_loss loss[CDM_NR_EV]);

/*
 * Tries everything there is, each by itself, and prints a line for each: what,
 * yes or no, by which source and how exact; why not and what to do. Return: 0, 1 if something is missing.
 */
int cdm_collector_probe(FILE *out, bool json, enum cdm_source source);

#endif

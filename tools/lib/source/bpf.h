/* SPDX-License-Identifier: GPL-2.0 */
/* Of the collector alone: what its files share. */
#ifndef CDM_COLLECTOR_INT_H
#define CDM_COLLECTOR_INT_H

#include "source/collector.h"
#include "source/snapshot.h"

/*
 * The loaded BPF programs. One thread; everything is released by cdm_bpf_close().
 */
struct cdm_bpf;

/*
 * Loads what @d says. @event gets each event straight from the ring, a struct cdm_ev, and
 * returns 0, or -errno to stop. Return: NULL, and @why: no BPF at all.
 */
struct cdm_bpf *cdm_bpf_open(const struct cdm_collector_options *o,
			     const struct cdm_description *d,
			     int (*event)(void *ctx, void *data, size_t size), void *ctx,
			     char *why);
void cdm_bpf_close(struct cdm_bpf *b);
/* Without it processes come from /proc, which is slower. */
bool cdm_bpf_has_tasks(const struct cdm_bpf *b);

/* Calls @each for every process, see bpf/tasks.bpf.c. 0 or -errno. */
int cdm_bpf_tasks(struct cdm_bpf *b, int (*each)(void *ctx, const struct cdm_task *t), void *ctx);

/*
 * Whether all those are known that have device memory or figures, or ever had; if so,
 * once cdm_bpf_tasks() was through cdm_bpf_holders() visits these.
 */
bool cdm_bpf_knows_holders(const struct cdm_bpf *b);
int cdm_bpf_holders(struct cdm_bpf *b, int (*each)(void *ctx, const struct cdm_task *t), void *ctx);
/* Counts @pid among them, whatever it has. */
void cdm_bpf_hold(struct cdm_bpf *b, __u32 pid);

/* Whether pages that go to and fro are looked for, from now on. */
void cdm_bpf_watch_pingpong(struct cdm_bpf *b, bool on);

/*
 * Whether ordinary migrations are counted, with CDM_F_NUMA: not from the start. Off, they
 * cost nothing. Return: 0 or -errno.
 */
int cdm_bpf_watch_numa(struct cdm_bpf *b, bool on);
/* Calls @each for all that was counted of them. Return: 0, what @each returned, or -errno. */
int cdm_bpf_numa(struct cdm_bpf *b,
		 int (*each)(void *ctx, const struct cdm_numa_key *key, const struct cdm_numa *n),
		 void *ctx);

/*
 * Reads the values of all cgroups below the mount @fd; valid until the next call.
 * -EOPNOTSUPP: this kernel does not let.
 */
int cdm_bpf_read_cgroups(struct cdm_bpf *b, int fd);
/* NULL: not read, or there is no such cgroup. */
const struct cdm_cgroup *cdm_bpf_cgroup(const struct cdm_bpf *b, __u64 id);
size_t cdm_bpf_nr_cgroups(const struct cdm_bpf *b);

/* Reads all statistics; valid until the next call. 0 or -errno. */
int cdm_bpf_read_stats(struct cdm_bpf *b);
const struct cdm_stats *cdm_bpf_stats(const struct cdm_bpf *b, enum cdm_scope scope, __u64 id);

/* Migrations are told by functions of the kernel, not by the series' tracepoints. */
bool cdm_bpf_by_functions(const struct cdm_bpf *b);
/* "test_hmm: device-coherent memory", of each driver that was seen; empty: none. */
void cdm_bpf_drivers(const struct cdm_bpf *b, char *text, size_t size);

/* --- device memory that the kernel does not count, with cdm_description.scan --- */

/* What moved of @pid to and from @device, 0: all; nothing yet: all 0. */
void cdm_bpf_resident(const struct cdm_bpf *b, __u32 pid, __u64 device, struct cdm_resident *r);
/* Pages given back to drivers of which no migration home tells; grows only. */
__u64 cdm_bpf_gone(const struct cdm_bpf *b);
/* Whether that is counted, and forks. */
bool cdm_bpf_counts_frees(const struct cdm_bpf *b);
/* How often a holder of device memory has forked. */
__u32 cdm_bpf_forks(const struct cdm_bpf *b, __u32 pid);
/* Grows with all that moves and with what is given back; *@flying: what may be moving now. */
__u64 cdm_bpf_changes(const struct cdm_bpf *b, __u64 *flying);
/* Another number: migrations may have been missed meanwhile. */
__u64 cdm_bpf_missed(const struct cdm_bpf *b);
/* The same, of those of a process that has no cdm_bpf_resident() at first. */
__u64 cdm_bpf_forgotten(const struct cdm_bpf *b);
/* Looks where such memory is, known since the start or seen since. False: the kernel does not tell. */
bool cdm_bpf_find_pagemaps(struct cdm_bpf *b);
/*
 * Where it is, of those that have got a name, numbered as devices are. Return: how many, at
 * most @max.
 */
int cdm_bpf_ranges(const struct cdm_bpf *b, struct cdm_device_range *ranges, int max);
/* The same as devices, with what is known of them. Return: how many. */
int cdm_bpf_pagemaps(const struct cdm_bpf *b, struct cdm_snap_device *snaps, int max);
/* Pages of a range that are in use. False: it cannot be told. */
bool cdm_bpf_count_used(const struct cdm_bpf *b, __u64 start, __u64 pages, __u64 *used);

/*
 * Drops the statistics of processes and cgroups that nobody has looked up since they were
 * read: they are gone, or none of those that are shown.
 */
void cdm_bpf_forget_unused(struct cdm_bpf *b);

/* Whether cdm_bpf_new_devices() has told its name. */
bool cdm_bpf_has_named(const struct cdm_bpf *b, __u64 device);

/* Calls @emit for every device that has got a name since the last call. */
int cdm_bpf_new_devices(struct cdm_bpf *b, int (*emit)(void *ctx, const struct cdm_rec *rec),
			void *ctx);
/* The identity of a device by name, 0: not known yet. */
__u64 cdm_bpf_device(const struct cdm_bpf *b, const char *name);

int cdm_bpf_fd(const struct cdm_bpf *b);
/* Emits events that wait, of which the ring has not told. Return: how many or -errno. */
int cdm_bpf_consume(struct cdm_bpf *b);
/* Detaches the programs that make events and figures; none runs any more on return. */
void cdm_bpf_stop(struct cdm_bpf *b);
void cdm_bpf_loss(const struct cdm_bpf *b, struct cdm_loss loss[CDM_NR_EV]);
#define CDM_MAX_FRAMES	64

/* Addresses of a stack of the kernel, innermost first; return: how many. */
int cdm_bpf_stack(const struct cdm_bpf *b, __s32 id, __u64 addrs[CDM_MAX_FRAMES]);
/* Run time of all programs, CDM_UNKNOWN where the kernel does not measure it. */
void cdm_bpf_cost(const struct cdm_bpf *b, __u64 *ns, __u64 *runs);
/* The same, to be added to that of others. */
void cdm_bpf_add_cost(const struct cdm_bpf *b, __u64 *ns, __u64 *runs);

#endif

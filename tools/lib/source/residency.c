// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/parse.h"
#include "source/residency.h"

#define MAX_RANGES	64
#define SHARE		100		/* of a CPU's time, one part for scans */
#define CREDIT_NS	50000000ULL	/* at the start */
#define AGAIN_NS	(60 * CDM_NS_PER_S)	/* also what seems to be exact is scanned again */
#define MOVING_NS	(5 * CDM_NS_PER_S)	/* what is never still: a scan is not exact either */

/* What was counted at a moment. */
struct moment {
	struct cdm_resident all;
	struct cdm_resident by[CDM_MAX_DEVICES];	/* if there is more than one device */
	__u64 gone;
	__u64 missed, forgotten;
	__u32 forks;
};

struct process {
	struct cdm_node node;		/* key: pid */
	__u64 start;			/* of the process, clock ticks: tells reused pids apart */
	bool known;
	struct cdm_scan found;
	__u64 unsettled;		/* pages that moved while the scan went on */
	__u64 scanned_ns;		/* CLOCK_MONOTONIC */
	struct moment then;		/* when it was scanned */
	__u64 last[CDM_NR_DIR];		/* pages, at the last refresh */
	bool moved;			/* it has figures of migrations */
	bool met;			/* since the last update */
};

struct device {
	__u64 start;			/* 0: not looked at yet */
	__u64 used;
	__u64 unsettled;
	__u64 pages[CDM_NR_DIR];	/* that its figures had then */
	__u64 changes;			/* of all devices until then */
	__u64 last;			/* the same, at the last refresh */
	__u64 looked_ns;		/* CLOCK_MONOTONIC */
};

struct cdm_residency {
	struct cdm_bpf *bpf;
	struct cdm_hash procs;
	struct cdm_list wanted;		/* struct process, of this refresh */
	struct cdm_device_range ranges[MAX_RANGES];
	int nr_ranges;
	struct device devices[CDM_MAX_DEVICES];
	__u64 rearranged;		/* times that ranges became others */
	__u64 missed;			/* as of the begin of this refresh; another one: scans are void */
	__u64 opened_ns, used_ns, devices_ns;
};

static __u64 min(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/* Of counters that may be read in the wrong order. */
static __u64 difference(__u64 now, __u64 then)
{
	return now > then ? now - then : 0;
}

/* Since @then, when there may not have been an entry yet. */
static __u64 gain(const struct cdm_resident *now, const struct cdm_resident *then, enum cdm_abi_dir dir)
{
	return now->since == then->since ? now->pages[dir] - then->pages[dir] : now->pages[dir];
}

static __u64 shift(__u64 pages, const struct cdm_resident *now, const struct cdm_resident *then)
{
	return difference(pages + gain(now, then, CDM_DIR_IN), gain(now, then, CDM_DIR_OUT));
}

static void look(const struct cdm_residency *r, __u32 pid, struct moment *m)
{
	cdm_bpf_resident(r->bpf, pid, 0, &m->all);
	for (int i = 0; r->nr_ranges > 1 && i < r->nr_ranges && i < CDM_MAX_DEVICES; i++)
		cdm_bpf_resident(r->bpf, pid, r->ranges[i].start, &m->by[i]);
	m->gone = cdm_bpf_gone(r->bpf);
	m->forks = cdm_bpf_forks(r->bpf, pid);
	m->forgotten = cdm_bpf_forgotten(r->bpf);
	m->missed = r->missed;
}

/* Pages given back of which no migration home tells. */
static __u64 gone(const struct cdm_residency *r, const struct moment *then, const struct moment *now)
{
	return cdm_bpf_counts_frees(r->bpf) ? difference(now->gone, then->gone) : CDM_UNKNOWN;
}

static __u64 spent_since(__u64 start)
{
	return cdm_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static void scan(struct cdm_residency *r, struct process *p)
{
	__u64 start = cdm_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct moment before;

	look(r, p->node.key, &before);
	p->known = !cdm_proc_scan(p->node.key, r->ranges, r->nr_ranges, &p->found);
	p->scanned_ns = cdm_clock_ns(CLOCK_MONOTONIC);
	if (p->found.device)
		cdm_bpf_hold(r->bpf, p->node.key);
	look(r, p->node.key, &p->then);
	/* What is under way may have been found, and will be counted. */
	p->unsettled = gain(&p->then.all, &before.all, CDM_DIR_IN) +
		       gain(&p->then.all, &before.all, CDM_DIR_OUT) + p->then.all.flying +
		       min(p->found.device, gone(r, &before, &p->then));
	r->used_ns += spent_since(start);
}

/* Since the start; devices get no more than half of it. */
static __u64 allowance(const struct cdm_residency *r)
{
	return CREDIT_NS + (cdm_clock_ns(CLOCK_MONOTONIC) - r->opened_ns) / SHARE;
}

static void find_ranges(struct cdm_residency *r)
{
	struct cdm_device_range before[MAX_RANGES];

	memcpy(before, r->ranges, sizeof(before));
	r->nr_ranges = cdm_bpf_ranges(r->bpf, r->ranges, MAX_RANGES);
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): gaps stay as they are */
	r->rearranged += !!memcmp(before, r->ranges, sizeof(before));
	r->missed = cdm_bpf_missed(r->bpf) + r->rearranged;
}

void cdm_residency_begin(struct cdm_residency *r)
{
	cdm_bpf_find_pagemaps(r->bpf);
	find_ranges(r);
}

/* Files tell the start in ticks, the iterator in nanoseconds. */
static struct process *take(struct cdm_residency *r, const struct cdm_snap_proc *snap)
{
	struct process *p = cdm_hash_take(&r->procs, snap->pid, sizeof(*p));
	__u64 start = snap->start_ns / (CDM_NS_PER_S / sysconf(_SC_CLK_TCK));

	if (p && p->start != start) {
		p->known = false;
		p->start = start;
	}
	return p;
}

/* What was counted since the scan is all that migrated since. */
static bool still_holds(const struct cdm_residency *r, const struct process *p, const struct moment *now)
{
	if (!p->known || p->then.missed != r->missed)
		return false;
	return p->then.all.since ? p->then.all.since == now->all.since :
				   !p->moved || p->then.forgotten == now->forgotten;
}

/* Of @pages: too many, or in either direction. */
static __u64 error_of(const struct cdm_residency *r, const struct process *p, const struct moment *now,
		      __u64 pages)
{
	__u64 lost = now->forks != p->then.forks ? pages :
		     min(pages, gone(r, &p->then, now) + p->found.shared);

	return lost + p->unsettled + now->all.flying;
}

/* Which of them need a scan; soon, if it can be exact then. */
static bool needs_scan(const struct process *p, __u64 error, __u64 age, const struct moment *now)
{
	bool moves = memcmp(now->all.pages, p->last, sizeof(p->last));

	return age > AGAIN_NS || (error && (!moves || age > MOVING_NS));
}

/*
 * Not told if it does not sum up to @snap->device: some moved of which the device is not
 * known, or more than CDM_MAX_DEVICES are there.
 */
static bool tell_split(const struct cdm_residency *r, const struct process *p,
		       const struct moment *now, __u64 error, struct cdm_snap_proc *snap)
{
	__u64 sum = 0;

	if (r->nr_ranges == 1)
		sum = snap->per_device[0] = snap->device;
	for (int i = 0; r->nr_ranges > 1 && i < r->nr_ranges && i < CDM_MAX_DEVICES; i++) {
		snap->per_device[i] = shift(p->found.per_device[i], &now->by[i], &p->then.by[i]);
		sum += snap->per_device[i];
	}
	if (difference(sum, snap->device) + difference(snap->device, sum) > error)
		return false;
	snap->nr_devices = min(r->nr_ranges, CDM_MAX_DEVICES);
	return true;
}

bool cdm_residency_tell(struct cdm_residency *r, struct cdm_snap_proc *snap, bool moved,
			struct cdm_snap_scan *scan)
{
	struct process *p = take(r, snap);
	struct moment now = { 0 };
	bool split = true;
	__u64 age;

	snap->device = snap->device_anon = CDM_UNKNOWN;
	if (!p)
		return false;
	p->met = true;
	p->moved = moved;
	/* Of thousands nearly all have nothing, and had nothing. */
	if (moved || p->found.device || p->then.all.since)
		look(r, snap->pid, &now);
	p->known = still_holds(r, p, &now);
	if (!p->known) {
		cdm_list_add(&r->wanted, p);
		return false;
	}
	/* Its first: another one later would be another one. */
	if (!p->then.all.since)
		p->then.all.since = now.all.since;
	age = cdm_clock_ns(CLOCK_MONOTONIC) - p->scanned_ns;
	*scan = (struct cdm_snap_scan) { .pid = snap->pid, .age_ns = age };
	snap->device = shift(p->found.device, &now.all, &p->then.all);
	if (now.all.since || p->found.device)
		scan->error = error_of(r, p, &now, snap->device);
	if (snap->device)
		split = tell_split(r, p, &now, scan->error, snap);
	if (needs_scan(p, scan->error + !split, age, &now))
		cdm_list_add(&r->wanted, p);
	memcpy(p->last, now.all.pages, sizeof(p->last));
	snap->device_anon = snap->device;
	return snap->device || scan->error;
}

static void look_at_device(struct cdm_residency *r, const struct cdm_snap_device *snap, struct device *d)
{
	__u64 start = cdm_clock_ns(CLOCK_PROCESS_CPUTIME_ID), flying;

	d->start = cdm_bpf_count_used(r->bpf, snap->device, snap->size, &d->used) ? snap->device : 0;
	d->changes = cdm_bpf_changes(r->bpf, &flying);
	/* Figures were read a moment ago: what moved since may be in both. */
	d->unsettled = d->changes - d->last + flying;
	memcpy(d->pages, snap->stats.pages, sizeof(d->pages));
	d->looked_ns = cdm_clock_ns(CLOCK_MONOTONIC);
	r->devices_ns += spent_since(start);
}

static __u64 used_now(const struct device *d, const struct cdm_snap_device *snap)
{
	const __u64 *pages = snap->stats.pages;

	return difference(d->used + difference(pages[CDM_DIR_IN], d->pages[CDM_DIR_IN]),
			  difference(pages[CDM_DIR_OUT], d->pages[CDM_DIR_OUT]));
}

/* Soon, if it can be exact then, as of processes. */
static bool needs_look(const struct device *d, __u64 changes)
{
	__u64 age = cdm_clock_ns(CLOCK_MONOTONIC) - d->looked_ns;
	bool moves = changes != d->last;

	return age > AGAIN_NS || ((d->unsettled || changes != d->changes) && (!moves || age > MOVING_NS));
}

bool cdm_residency_tell_device(struct cdm_residency *r, struct cdm_snap_device *snap,
			       struct cdm_snap_scan *scan)
{
	struct device *d = &r->devices[snap->index % CDM_MAX_DEVICES];
	__u64 flying, error, changes = cdm_bpf_changes(r->bpf, &flying);

	if ((d->start != snap->device || needs_look(d, changes)) && r->devices_ns < allowance(r) / 2)
		look_at_device(r, snap, d);
	d->last = changes;
	if (d->start != snap->device)
		return false;
	error = d->unsettled + cdm_bpf_changes(r->bpf, &flying) - d->changes + flying;
	*scan = (struct cdm_snap_scan) {
		.index = snap->index, .error = min(error, snap->size),
		.age_ns = cdm_clock_ns(CLOCK_MONOTONIC) - d->looked_ns,
	};
	if (!cdm_bpf_counts_frees(r->bpf))
		scan->error = snap->size;
	snap->used = min(used_now(d, snap), snap->size);
	snap->free = snap->size - snap->used;
	return true;
}

/* Those of which nothing is known first, of them those that moved; then by how long ago. */
static int compare(const void *a, const void *b)
{
	const struct process *x = *(struct process *const *)a, *y = *(struct process *const *)b;

	if (x->known != y->known)
		return x->known ? 1 : -1;
	if (!x->known && x->moved != y->moved)
		return x->moved ? -1 : 1;
	return x->scanned_ns < y->scanned_ns ? -1 : x->scanned_ns > y->scanned_ns;
}

static bool drop_unmet(struct cdm_node *node, void *ctx)
{
	struct process *p = (void *)node;
	bool drop = !p->met;

	p->met = false;
	if (drop)
		free(p);
	return drop;
}

void cdm_residency_update(struct cdm_residency *r, bool all)
{
	find_ranges(r);
	if (r->wanted.nr)
		qsort(r->wanted.rows, r->wanted.nr, sizeof(*r->wanted.rows), compare);
	for (size_t i = 0; i < r->wanted.nr && r->used_ns + r->devices_ns < allowance(r); i++)
		scan(r, r->wanted.rows[i]);
	r->wanted.nr = 0;
	if (all)
		cdm_hash_drop(&r->procs, drop_unmet, NULL);
}

/* At the start: as a refresh would meet it. */
static int meet(void *ctx, __u32 pid)
{
	struct cdm_residency *r = ctx;
	struct cdm_snap_scan scan;
	struct cdm_snap_proc p;

	if (!cdm_proc_read(pid, &p) && p.rss)
		cdm_residency_tell(r, &p, false, &scan);
	return 0;
}

struct cdm_residency *cdm_residency_open(struct cdm_bpf *b)
{
	struct cdm_residency *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->bpf = b;
	r->opened_ns = cdm_clock_ns(CLOCK_MONOTONIC);
	cdm_proc_each(meet, r);
	cdm_residency_update(r, false);
	return r;
}

void cdm_residency_close(struct cdm_residency *r)
{
	if (!r)
		return;
	cdm_hash_drop(&r->procs, cdm_hash_free_node, NULL);
	cdm_hash_free(&r->procs);
	free(r->wanted.rows);
	free(r);
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
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

struct resident {
	struct cdm_node node;		/* key: pid */
	__u64 start;			/* of the process, clock ticks: tells reused pids apart */
	bool known;
	struct cdm_scan found;
	__u64 unsettled;		/* pages that moved while the scan went on */
	__u64 scanned_ns;		/* CLOCK_MONOTONIC */
	struct cdm_moves then;		/* when it was scanned */
	struct cdm_moves last;		/* at the last refresh */
	bool moved;			/* it has figures of migrations */
	bool met;			/* since the last update */
};

struct cdm_residency {
	struct cdm_bpf *bpf;
	struct cdm_hash procs;
	struct cdm_list wanted;		/* struct resident, of this refresh */
	struct cdm_device_range ranges[MAX_RANGES];
	int nr_ranges;
	__u64 opened_ns, used_ns;
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

/* Pages given back of which no migration home tells. */
static __u64 gone(const struct cdm_residency *r, const struct cdm_moves *then,
		  const struct cdm_moves *now)
{
	if (!cdm_bpf_counts_frees(r->bpf))
		return CDM_UNKNOWN;
	return difference(now->frees - then->frees, now->all_out - then->all_out);
}

static void scan(struct cdm_residency *r, struct resident *p)
{
	__u64 start = cdm_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	struct cdm_moves after;

	cdm_bpf_moves(r->bpf, p->node.key, &p->then);
	p->known = !cdm_proc_scan(p->node.key, r->ranges, r->nr_ranges, &p->found);
	p->scanned_ns = cdm_clock_ns(CLOCK_MONOTONIC);
	if (p->found.device)
		cdm_bpf_hold(r->bpf, p->node.key);
	cdm_bpf_moves(r->bpf, p->node.key, &after);
	p->unsettled = after.in - p->then.in + after.out - p->then.out +
		       min(p->found.device, gone(r, &p->then, &after));
	p->then = after;
	r->used_ns += cdm_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static bool may_scan(const struct cdm_residency *r)
{
	__u64 open = cdm_clock_ns(CLOCK_MONOTONIC) - r->opened_ns;

	return r->used_ns < CREDIT_NS + open / SHARE;
}

static void find_ranges(struct cdm_residency *r)
{
	int n = cdm_bpf_ranges(r->bpf, r->ranges, MAX_RANGES);

	r->nr_ranges = n > 0 ? n : 0;
}

/* Files tell the start in ticks, the iterator in nanoseconds. */
static struct resident *take(struct cdm_residency *r, const struct cdm_snap_proc *snap)
{
	struct resident *p = cdm_hash_take(&r->procs, snap->pid, sizeof(*p));
	__u64 start = snap->start_ns / (CDM_NS_PER_S / sysconf(_SC_CLK_TCK));

	if (p && p->start != start) {
		p->known = false;
		p->start = start;
	}
	return p;
}

/* Which of them need a scan; soon, if it can be exact then. */
static bool needs_scan(const struct resident *p, __u64 error, __u64 age, const struct cdm_moves *now)
{
	bool moves = now->in != p->last.in || now->out != p->last.out;

	return age > AGAIN_NS || (error && (!moves || age > MOVING_NS));
}

bool cdm_residency_tell(struct cdm_residency *r, struct cdm_snap_proc *p, bool moved,
			struct cdm_snap_scan *scan)
{
	struct resident *e = take(r, p);
	struct cdm_moves now = { 0 };
	__u64 age, pages = 0;

	p->device = p->device_anon = CDM_UNKNOWN;
	if (!e)
		return false;
	e->met = true;
	e->moved = moved;
	age = cdm_clock_ns(CLOCK_MONOTONIC) - e->scanned_ns;
	if (!e->known) {
		cdm_list_add(&r->wanted, e);
		return false;
	}
	*scan = (struct cdm_snap_scan) { .pid = p->pid, .age_ns = age };
	/* Of thousands nearly all have nothing, and had nothing. */
	if (moved || e->found.device) {
		cdm_bpf_moves(r->bpf, p->pid, &now);
		pages = difference(e->found.device + now.in - e->then.in, now.out - e->then.out);
		scan->error = now.forks != e->then.forks ? pages :
			      min(pages, gone(r, &e->then, &now) + e->found.shared + e->unsettled);
	}
	if (needs_scan(e, scan->error, age, &now))
		cdm_list_add(&r->wanted, e);
	e->last = now;
	p->device = p->device_anon = pages;
	return pages;
}

/* Those of which nothing is known first, of them those that moved; then by how long ago. */
static int compare(const void *a, const void *b)
{
	const struct resident *x = *(struct resident *const *)a, *y = *(struct resident *const *)b;

	if (x->known != y->known)
		return x->known ? 1 : -1;
	if (!x->known && x->moved != y->moved)
		return x->moved ? -1 : 1;
	return x->scanned_ns < y->scanned_ns ? -1 : x->scanned_ns > y->scanned_ns;
}

static bool drop_unmet(struct cdm_node *node, void *ctx)
{
	struct resident *p = (void *)node;
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
	for (size_t i = 0; i < r->wanted.nr && may_scan(r); i++)
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
	r->nr_ranges = cdm_bpf_ranges(b, r->ranges, MAX_RANGES);
	if (r->nr_ranges < 0) {
		free(r);
		errno = ENOENT;
		return NULL;
	}
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

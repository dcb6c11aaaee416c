// SPDX-License-Identifier: GPL-2.0
/* Collects what the report needs: each record once, in memory bounded by who is there. */
#include <errno.h>
#include <stdlib.h>

#include "event/event.h"
#include "report/collect.h"

struct cdm_report *cdm_report_new(const struct cdm_model *model)
{
	struct cdm_report *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->model = model;
	r->file_bytes = CDM_UNKNOWN;
	return r;
}

void cdm_report_recording(struct cdm_report *r, __u64 bytes)
{
	r->file_bytes = bytes;
}

int cdm_report_over_time(struct cdm_report *r)
{
	r->times = report_times_new();
	return r->times ? 0 : -ENOMEM;
}

static bool drop_cgroup(struct cdm_node *node, void *ctx)
{
	free(((struct report_cgroup *)node)->path);
	free(node);
	return true;
}

void cdm_report_free(struct cdm_report *r)
{
	if (!r)
		return;
	for (int i = 0; i < REPORT_DEVICES; i++)
		for (int dir = 0; dir < CDM_NR_DIR; dir++)
			free(r->devices[i].dir[dir]);
	cdm_hash_drop(&r->procs, cdm_hash_free_node, NULL);
	cdm_hash_free(&r->procs);
	cdm_hash_drop(&r->cgroups, drop_cgroup, NULL);
	cdm_hash_free(&r->cgroups);
	cdm_hash_drop(&r->pages, cdm_hash_free_node, NULL);
	cdm_hash_free(&r->pages);
	cdm_folded_free(r->sites);
	cdm_folded_free(r->functions);
	report_times_free(r->times);
	free(r);
}

static void level_set(struct report_level *l, __u64 ts, __u64 pages)
{
	if (pages == CDM_UNKNOWN)
		return;
	if (!l->known) {
		l->known = true;
		l->first_ts = ts;
		l->start = pages;
	} else if (ts > l->last_ts) {
		l->page_ns += (double)l->last * (ts - l->last_ts);
	}
	l->last_ts = ts > l->last_ts ? ts : l->last_ts;
	l->last = pages;
	if (pages > l->peak)
		l->peak = pages;
}

static struct report_moves *moves_of(struct cdm_report *r, __u64 device, unsigned int dir)
{
	struct report_device *d = r->devices;
	struct report_device *rest = &r->devices[REPORT_DEVICES - 1];

	while (d < rest && d->used && d->id != device)
		d++;
	if (!d->used)
		d->id = d == rest ? 0 : device;
	d->used = true;
	if (!d->dir[dir])
		d->dir[dir] = calloc(1, sizeof(*d->dir[dir]));
	return d->dir[dir];
}

/* Return: NULL: no memory. */
static struct report_proc *proc_of(struct cdm_report *r, __u32 pid, const char *comm)
{
	struct report_proc *p = cdm_hash_take(&r->procs, pid, sizeof(*p));

	if (p)
		memcpy(p->comm, comm, sizeof(p->comm));
	return p;
}

/* Named by a snapshot; before that as the model knows it. NULL: no memory. */
static struct report_cgroup *cgroup_of(struct cdm_report *r, __u64 id)
{
	struct report_cgroup *cg = cdm_hash_take(&r->cgroups, id, sizeof(*cg));
	const char *path = cg && !cg->path ? cdm_model_cgroup_path(r->model, id) : NULL;

	if (path)
		cg->path = strdup(path);
	return cg;
}

static int migrate_of(struct cdm_report *r, const struct cdm_ev_migrate *m)
{
	struct report_cgroup *cg = m->ev.cgroup ? cgroup_of(r, m->ev.cgroup) : NULL;
	struct report_proc *p;

	if (m->ev.cgroup && !cg)
		return -ENOMEM;
	if (cg) {
		cg->moved[m->dir] += m->migrated;
		cg->ns += cdm_event_ns(&m->ev);
		for (int i = 0; i < CDM_NR_WHY; i++)
			cg->failed[i] += m->failed[i];
	}
	if (m->ev.pid) {
		p = proc_of(r, m->ev.pid, m->ev.comm);
		if (!p)
			return -ENOMEM;
		p->calls++;
		p->moved[m->dir] += m->migrated;
		p->ns += cdm_event_ns(&m->ev);
		for (int i = 0; i < CDM_NR_WHY; i++)
			p->failed[i] += m->failed[i];
	}
	if (m->ev.actor_pid) {
		p = proc_of(r, m->ev.actor_pid, m->ev.actor_comm);
		if (!p)
			return -ENOMEM;
		p->acted += m->migrated;
	}
	return 0;
}

static int migrate(struct cdm_report *r, const struct cdm_ev_migrate *m)
{
	struct report_moves *moves = moves_of(r, m->ev.device, m->dir);
	struct report_cause *cause = &r->causes[m->cause];
	__u64 ns = cdm_event_ns(&m->ev);

	if (!moves)
		return -ENOMEM;
	moves->pages += m->migrated;
	moves->requested += m->requested;
	moves->phase_ns[0] += m->collect_ns;
	moves->phase_ns[1] += m->copy_ns;
	moves->phase_ns[2] += m->restore_ns;
	cdm_quantiles_add(&moves->ns, ns);
	if (r->times)
		report_times_call(r->times, m->dir, m->ev.rec.ts, ns);
	cause->calls[m->dir]++;
	cause->pages[m->dir] += m->migrated;
	cause->ns[m->dir] += ns;
	r->moved_vma[m->vma][m->dir] += m->migrated;
	for (int i = 0; i < CDM_NR_WHY; i++) {
		r->failed[i] += m->failed[i];
		r->failed_vma[i][m->vma] += m->failed[i];
	}
	return migrate_of(r, m);
}

static void evict(struct cdm_report *r, const struct cdm_ev_evict *e)
{
	struct report_cause *cause = &r->causes[e->cause];

	cause->evictions++;
	cause->evicted += e->evicted;
	cause->left += e->left;
	cause->evict_ns += e->ns;
	cause->errors += e->ret != 0;
}

static int fault(struct cdm_report *r, const struct cdm_ev_fault *f)
{
	struct report_proc *p;

	r->faults[f->fault]++;
	if (f->fault == CDM_FAULT_WAIT)
		cdm_quantiles_add(&r->waits, f->wait_ns);
	if (!f->ev.pid)
		return 0;
	p = proc_of(r, f->ev.pid, f->ev.comm);
	if (!p)
		return -ENOMEM;
	p->faults++;
	p->wait_ns += f->wait_ns;
	return 0;
}

static int pingpong_page(struct cdm_report *r, const struct cdm_ev_pingpong *e, __u64 addr)
{
	__u64 key = (e->ev.mm * 0x9e3779b97f4a7c15ULL) ^ addr;
	struct report_page *page = (void *)cdm_hash_find(&r->pages, key);

	if (!page && r->pages.nr >= REPORT_PAGES) {
		r->pages_left_out++;
		return 0;
	}
	page = cdm_hash_take(&r->pages, key, sizeof(*page));
	if (!page)
		return -ENOMEM;
	page->mm = e->ev.mm;
	page->addr = addr;
	page->pages = 1;
	page->pid = e->ev.pid;
	page->events++;
	page->flips += e->flips;
	memcpy(page->comm, e->ev.comm, sizeof(page->comm));
	return 0;
}

/* Ranges overlap from one event to the next, pages do not. */
static int pingpong(struct cdm_report *r, const struct cdm_ev_pingpong *e)
{
	__u64 page_size = cdm_model_header(r->model)->page_size;
	__u64 pages = e->pages < REPORT_PAGES ? e->pages : REPORT_PAGES;
	int err = 0;

	r->pages_left_out += e->pages - pages;
	for (__u64 i = 0; i < pages && !err; i++)
		err = pingpong_page(r, e, e->addr + i * page_size);
	return err;
}

static void state(struct cdm_report *r, const struct cdm_ev_device *d)
{
	__u64 n = r->events[CDM_EV_DEVICE] - 1;

	if (n >= REPORT_STATES)
		return;
	r->states[n] = (struct report_state){ .ts = d->ev.rec.ts, .old = d->old, .state = d->state };
	memcpy(r->states[n].name, d->name, sizeof(r->states[n].name));
}

static int site(struct cdm_report *r, const struct cdm_ev *ev)
{
	if (!r->sites)
		r->sites = cdm_folded_new(CDM_FOLD_STACK);
	if (!r->functions)
		r->functions = cdm_folded_new(CDM_FOLD_FUNCTION);
	if (!r->sites || !r->functions)
		return -ENOMEM;
	return cdm_folded_add(r->sites, ev, r->model) ?:
	       cdm_folded_add(r->functions, ev, r->model);
}

static int event(struct cdm_report *r, const struct cdm_ev *ev)
{
	int err = 0;

	r->events[ev->rec.kind]++;
	if (ev->stack >= 0)
		err = site(r, ev);
	if (err)
		return err;
	switch (ev->rec.kind) {
	case CDM_EV_MIGRATE:
		return migrate(r, (const void *)ev);
	case CDM_EV_EVICT:
		evict(r, (const void *)ev);
		return 0;
	case CDM_EV_FAULT:
		return fault(r, (const void *)ev);
	case CDM_EV_PINGPONG:
		return pingpong(r, (const void *)ev);
	case CDM_EV_DEVICE:
		state(r, (const void *)ev);
		return 0;
	default:
		return 0;
	}
}

static int process(struct cdm_report *r, const struct cdm_snap_proc *s)
{
	struct report_proc *p = (void *)cdm_hash_find(&r->procs, s->pid);
	struct report_cgroup *cg;

	/* Those that never had anything on a device are not kept. */
	if (!p && (!s->device || s->device == CDM_UNKNOWN))
		return 0;
	p = cdm_hash_take(&r->procs, s->pid, sizeof(*p));
	if (!p)
		return -ENOMEM;
	/* It had none in the refreshes before this one. */
	if (!p->level.known && r->refreshes > 1)
		level_set(&p->level, r->first_ts, 0);
	p->seen = r->refreshes;
	p->gone = false;
	p->start_ns = s->start_ns;
	p->cgroup = s->cgroup;
	memcpy(p->comm, s->comm, sizeof(p->comm));
	level_set(&p->level, s->rec.ts, s->device);
	if (r->times && !p->series)
		p->series = report_series_new(r->times);
	report_series_set(r->times, p->series, s->rec.ts, s->device);
	if (s->device == CDM_UNKNOWN)
		return 0;
	p->left = s->device;
	/* Bounded, as recordings may have circles. */
	cg = (void *)cdm_hash_find(&r->cgroups, s->cgroup);
	for (int depth = 0; cg && depth < 64; depth++) {
		cg->resident += s->device;
		cg = cg->parent ? (void *)cdm_hash_find(&r->cgroups, cg->parent) : NULL;
	}
	return 0;
}

static int cgroup(struct cdm_report *r, const struct cdm_snap_cgroup *s)
{
	struct report_cgroup *cg = cdm_hash_take(&r->cgroups, s->id, sizeof(*cg));

	if (!cg)
		return -ENOMEM;
	if (!cg->path || strcmp(cg->path, s->path)) {
		free(cg->path);
		cg->path = strdup(s->path);
		if (!cg->path)
			return -ENOMEM;
	}
	cg->seen = r->refreshes;
	cg->parent = s->parent;
	cg->charged = s->charged;
	cg->limit = s->limit;
	level_set(&cg->level, s->rec.ts, s->device);
	return 0;
}

static void device(struct cdm_report *r, const struct cdm_snap_device *d)
{
	if (r->times && !r->have_snap[d->index])
		r->times->devices[d->index] = report_series_new(r->times);
	if (r->times)
		report_series_set(r->times, r->times->devices[d->index], d->rec.ts, d->used);
	r->snaps[d->index] = *d;
	r->have_snap[d->index] = true;
	if (d->quarantined != CDM_UNKNOWN && d->quarantined > r->quarantined_peak)
		r->quarantined_peak = d->quarantined;
}

static void begin(struct cdm_report *r, const struct cdm_snap_begin *b)
{
	r->refreshes++;
	r->features |= b->features;
	for (size_t i = 0; r->cgroups.slots && i < 1UL << r->cgroups.bits; i++)
		for (struct cdm_node *n = r->cgroups.slots[i]; n; n = n->next)
			((struct report_cgroup *)n)->resident = 0;
}

/* Who was not seen any more has nothing any more. */
static void end(struct cdm_report *r, const struct cdm_snap_end *e)
{
	if (r->first_end.rec.ts == 0)
		r->first_end = *e;
	r->end = *e;
	for (size_t i = 0; r->procs.slots && i < 1UL << r->procs.bits; i++)
		for (struct cdm_node *n = r->procs.slots[i]; n; n = n->next) {
			struct report_proc *p = (struct report_proc *)n;

			if (!p->level.known || p->seen == r->refreshes || p->gone)
				continue;
			p->gone = true;
			level_set(&p->level, e->rec.ts, 0);
			report_series_set(r->times, p->series, e->rec.ts, 0);
		}
	for (size_t i = 0; r->cgroups.slots && i < 1UL << r->cgroups.bits; i++)
		for (struct cdm_node *n = r->cgroups.slots[i]; n; n = n->next) {
			struct report_cgroup *cg = (struct report_cgroup *)n;

			if (cg->level.known && cg->seen != r->refreshes)
				level_set(&cg->level, e->rec.ts, 0);
		}
}

int cdm_report_feed(struct cdm_report *r, const struct cdm_rec *rec)
{
	const struct cdm_rec_loss *loss = (const void *)rec;

	r->records++;
	if (rec->ts && (!r->first_ts || rec->ts < r->first_ts))
		r->first_ts = rec->ts;
	if (rec->ts > r->last_ts)
		r->last_ts = rec->ts;
	if (rec->kind && rec->kind < CDM_NR_EV)
		return event(r, (const void *)rec);
	switch (rec->kind) {
	case CDM_SNAP_BEGIN:
		begin(r, (const void *)rec);
		return 0;
	case CDM_SNAP_PROC:
		return process(r, (const void *)rec);
	case CDM_SNAP_CGROUP:
		return cgroup(r, (const void *)rec);
	case CDM_SNAP_DEVICE:
		device(r, (const void *)rec);
		return 0;
	case CDM_SNAP_END:
		end(r, (const void *)rec);
		return 0;
	case CDM_REC_LOSS:
		r->loss[loss->event] = loss->total;
		r->traced[loss->event] = true;
		return 0;
	default:
		return 0;
	}
}

double cdm_report_seconds(const struct cdm_report *r)
{
	return (r->last_ts - r->first_ts) / 1e9;
}

double report_page_mib(const struct cdm_report *r)
{
	return cdm_model_header(r->model)->page_size / 1048576.0;
}

__u64 report_lost(const struct cdm_report *r)
{
	__u64 sum = 0;

	for (int i = 0; i < CDM_NR_EV; i++)
		sum += r->loss[i].lost_ring + r->loss[i].lost_map;
	return sum;
}

int report_by_held(const void *a, const void *b)
{
	const struct report_proc *x = *(const struct report_proc *const *)a;
	const struct report_proc *y = *(const struct report_proc *const *)b;

	if (x->level.page_ns != y->level.page_ns)
		return x->level.page_ns > y->level.page_ns ? -1 : 1;
	return x->node.key < y->node.key ? -1 : 1;
}

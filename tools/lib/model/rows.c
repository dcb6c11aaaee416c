// SPDX-License-Identifier: GPL-2.0
/* Rows of the model: processes, cgroups, devices, and what joins them. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model-int.h"

/* Lists the row at its first record in a refresh. */
static int list_once(struct cdm_model *m, struct cdm_entry *e, struct cdm_list *list, void *row)
{
	if (e->seen == m->generation)
		return 0;
	e->seen = m->generation;
	return cdm_list_add(list, row);
}

static void forget(struct cdm_entry *e)
{
	free(e->past);
	e->past = NULL;
}

/* What is under way in a process that stays as it was: nothing. */
static int stay(struct cdm_model *m, struct cdm_proc_entry *e)
{
	e->row.cgroup = NULL;
	return cdm_activity_update(&e->row.activity, &e->entry.past, &m->refresh, NULL,
				   e->row.snap->device) ?:
	       list_once(m, &e->entry, &m->proc_rows, &e->row);
}

/*
 * Who has or had something is told again in each refresh, or has ended. In the order in
 * which they came: rows and records lie in memory in that order, too.
 */
int cdm_model_stay(struct cdm_model *m)
{
	int err = 0;

	if (m->proc_rows.nr)
		return 0;
	m->staying = true;
	for (size_t i = 0; i < m->all_snaps.nr && !err; i++) {
		const struct cdm_snap_proc *snap = m->all_snaps.rows[i];
		struct cdm_proc_entry *e = (void *)cdm_hash_find(&m->procs, snap->pid);

		if (e && e->row.snap == snap && !e->entry.past)
			err = stay(m, e);
	}
	return err;
}

static void take_cpu_time(struct cdm_model *m, struct cdm_proc_entry *e,
			  const struct cdm_snap_proc *snap)
{
	bool known = m->begin.features & CDM_F_CPU;
	__u64 now = m->begin.rec.ts, ns = now - e->cpu_ts;
	/* If a thread that ended was counted twice before it goes back. */
	__s32 ms = snap->cpu_ms - e->cpu_ms;

	e->row.cpu = !known || !e->cpu_ts || !ns ? NAN : ms > 0 ? 1e8 * ms / ns : 0;
	e->cpu_ts = known ? now : 0;
	e->cpu_ms = snap->cpu_ms;
}

static struct cdm_snap_proc *copy_snap(struct cdm_model *m, const struct cdm_snap_proc *snap)
{
	struct cdm_snap_proc *copy;

	if (m->staying)
		return cdm_arena_copy(&m->arena, snap, snap->rec.len);
	if (!m->proc_rows.nr) {
		cdm_arena_reset(&m->all_procs);
		m->all_snaps.nr = 0;
	}
	copy = cdm_arena_copy(&m->all_procs, snap, snap->rec.len);
	return copy && !cdm_list_add(&m->all_snaps, copy) ? copy : NULL;
}

int cdm_model_proc(struct cdm_model *m, const struct cdm_snap_proc *snap)
{
	struct cdm_proc_entry *e = cdm_hash_take(&m->procs, snap->pid, sizeof(*e));
	bool stats = snap->rec.len >= sizeof(*snap);
	struct cdm_snap_proc *copy = copy_snap(m, snap);

	if (!e || !copy)
		return -ENOMEM;
	/* The pid was given to another process. */
	if (e->row.snap && e->start_ns != snap->start_ns) {
		forget(&e->entry);
		e->cpu_ts = 0;
	}
	take_cpu_time(m, e, snap);
	e->row.model = m;
	e->row.snap = copy;
	e->start_ns = snap->start_ns;
	e->row.cgroup = NULL;
	e->row.bound = (struct cdm_bound) { 0, CDM_UNKNOWN };
	if (cdm_activity_update(&e->row.activity, &e->entry.past, &m->refresh,
				stats ? &copy->stats : NULL, snap->device))
		return -ENOMEM;
	return list_once(m, &e->entry, &m->proc_rows, &e->row);
}

void cdm_model_scan(struct cdm_model *m, const struct cdm_snap_scan *snap)
{
	struct cdm_proc_entry *proc = (void *)cdm_hash_find(&m->procs, snap->pid);
	struct cdm_device_entry *device = (void *)cdm_hash_find(&m->devices, snap->index);
	const struct cdm_bound bound = { snap->error, snap->age_ns };

	if (!snap->pid && device && device->entry.seen == m->generation)
		device->row.bound = bound;
	else if (snap->pid && proc && proc->entry.seen == m->generation)
		proc->row.bound = bound;
}

static unsigned int path_depth(const char *path)
{
	unsigned int depth = 0;

	for (; *path; path++)
		depth += *path == '/' && path[1] && path[1] != '/';
	return depth;
}

int cdm_model_cgroup(struct cdm_model *m, const struct cdm_snap_cgroup *snap)
{
	struct cdm_cgroup_entry *e = cdm_hash_take(&m->cgroups, snap->id, sizeof(*e));
	struct cdm_snap_cgroup *copy = cdm_arena_copy(&m->arena, snap, snap->rec.len);

	if (!e || !copy)
		return -ENOMEM;
	e->row.model = m;
	e->row.snap = copy;
	e->row.depth = path_depth(copy->path);
	e->row.nr_procs = 0;
	e->row.procs_device = 0;
	e->row.procs_error = 0;
	e->row.dmem = CDM_UNKNOWN;
	return list_once(m, &e->entry, &m->cgroup_rows, &e->row);
}

void cdm_model_dmem(struct cdm_model *m, const struct cdm_snap_dmem *snap)
{
	struct cdm_cgroup_entry *e = (void *)cdm_hash_find(&m->cgroups, snap->cgroup);

	if (e && e->entry.seen == m->generation)
		e->row.dmem = snap->device;
}

int cdm_model_device(struct cdm_model *m, const struct cdm_snap_device *snap)
{
	struct cdm_device_entry *e = cdm_hash_take(&m->devices, snap->index, sizeof(*e));
	struct cdm_snap_device *copy = cdm_arena_copy(&m->arena, snap, snap->rec.len);

	if (!e || !copy)
		return -ENOMEM;
	e->row.model = m;
	e->row.snap = copy;
	e->row.bound = (struct cdm_bound) { 0, CDM_UNKNOWN };
	memset(e->row.holders, 0, sizeof(e->row.holders));
	if (cdm_activity_update(&e->row.activity, &e->entry.past, &m->refresh,
				copy->has_stats ? &copy->stats : NULL, copy->used))
		return -ENOMEM;
	if (copy->device && cdm_model_add_identity(m, copy->device, copy->name))
		return -ENOMEM;
	return list_once(m, &e->entry, &m->device_rows, &e->row);
}

/* Only of what grew: after one was dropped for want of room it starts anew. */
static void numa_subtract(struct cdm_numa *d, const struct cdm_numa *now,
			  const struct cdm_numa *then)
{
	*d = *now;
	if (now->calls < then->calls || now->pages < then->pages)
		return;
	d->calls -= then->calls;
	d->pages -= then->pages;
	d->failed -= then->failed;
	d->ns -= then->ns;
	for (int i = 0; i < CDM_HIST; i++)
		d->hist[i] -= then->hist[i];
}

int cdm_model_numa(struct cdm_model *m, const struct cdm_snap_numa *snap)
{
	const size_t from = offsetof(struct cdm_snap_numa, key);
	__u64 id = cdm_hash_text((const char *)snap + from,
				 offsetof(struct cdm_snap_numa, numa) - from);
	struct cdm_numa_entry *e = cdm_hash_take(&m->numas, id, sizeof(*e));
	struct cdm_snap_numa *copy = cdm_arena_copy(&m->arena, snap, snap->rec.len);

	if (!e || !copy)
		return -ENOMEM;
	e->row.model = m;
	e->row.snap = copy;
	e->row.id = id;
	numa_subtract(&e->row.delta, &copy->numa, &e->last);
	e->last = copy->numa;
	return list_once(m, &e->entry, &m->numa_rows, &e->row);
}

/* Entries start with their hash node, and are allocated at it. */
static bool drop_unseen(struct cdm_node *node, void *ctx)
{
	struct cdm_entry *e = (struct cdm_entry *)node;
	struct cdm_model *m = ctx;

	if (m && e->seen == m->generation)
		return false;
	free(e->past);
	free(e);
	return true;
}

static bool drop_unseen_cgroup(struct cdm_node *node, void *ctx)
{
	struct cdm_subtree *tree = ((struct cdm_cgroup_entry *)node)->tree;

	if (!drop_unseen(node, ctx))
		return false;
	free(tree);
	return true;
}

/* '/' comes before all others, so that a cgroup is followed by its descendants. */
static int compare_paths(const void *a, const void *b)
{
	const unsigned char *x = (const void *)(*(struct cdm_cgroup_row *const *)a)->snap->path;
	const unsigned char *y = (const void *)(*(struct cdm_cgroup_row *const *)b)->snap->path;
	int cx, cy;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	cx = *x == '/' ? 1 : *x ? *x + 1 : 0;
	cy = *y == '/' ? 1 : *y ? *y + 1 : 0;
	return cx < cy ? -1 : cx > cy;
}

static __u64 pages_on(const struct cdm_proc_row *row, __u32 index, size_t nr_devices)
{
	const struct cdm_snap_proc *snap = row->snap;

	if (index < snap->nr_devices && index < CDM_MAX_DEVICES)
		return snap->per_device[index] == CDM_UNKNOWN ? 0 : snap->per_device[index];
	/* All of it is on the only one there is. */
	if (!snap->nr_devices && nr_devices == 1 && snap->device != CDM_UNKNOWN)
		return snap->device;
	return 0;
}

static void find_holders(const struct cdm_model *m, struct cdm_device_row *dev)
{
	const size_t nr = sizeof(dev->holders) / sizeof(dev->holders[0]);
	__u64 most[sizeof(dev->holders) / sizeof(dev->holders[0])] = { 0 };

	for (size_t i = 0; i < m->proc_rows.nr; i++) {
		const struct cdm_proc_row *row = m->proc_rows.rows[i];
		__u64 pages = pages_on(row, dev->snap->index, m->device_rows.nr);
		size_t k = nr;

		while (k && pages > most[k - 1])
			k--;
		if (k == nr)
			continue;
		memmove(&most[k + 1], &most[k], (nr - 1 - k) * sizeof(most[0]));
		memmove(&dev->holders[k + 1], &dev->holders[k],
			(nr - 1 - k) * sizeof(dev->holders[0]));
		most[k] = pages;
		dev->holders[k] = row->snap->pid;
	}
}

static void add_stats(struct cdm_stats *sum, const struct cdm_stats *s)
{
	const __u64 *from = (const void *)s;
	__u64 *to = (void *)sum;

	for (size_t i = 0; i < sizeof(*s) / sizeof(*to); i++)
		to[i] += from[i];
}

static struct cdm_cgroup_entry *find_cgroup(const struct cdm_model *m, __u64 id)
{
	return (void *)cdm_hash_find(&m->cgroups, id);
}

static struct cdm_subtree *subtree_of(struct cdm_cgroup_entry *e)
{
	if (!e->tree)
		e->tree = calloc(1, sizeof(*e->tree));
	return e->tree;
}

/* NULL: the root. A damaged recording may say that a cgroup is its own grandparent. */
static struct cdm_cgroup_entry *parent_of(const struct cdm_model *m,
					  const struct cdm_cgroup_entry *e)
{
	struct cdm_cgroup_entry *parent = find_cgroup(m, e->row.snap->parent);

	return parent && parent->row.depth < e->row.depth ? parent : NULL;
}

/* What a cgroup did since the last refresh, to it and to those above it. */
static int add_upwards(struct cdm_model *m, struct cdm_cgroup_entry *e)
{
	const struct cdm_snap_cgroup *snap = e->row.snap;
	struct cdm_subtree *tree = subtree_of(e);
	struct cdm_stats gain;

	if (!tree)
		return -ENOMEM;
	if (!memcmp(&tree->own, &snap->stats, sizeof(tree->own)))
		return 0;
	cdm_stats_subtract(&gain, &snap->stats, &tree->own);
	tree->own = snap->stats;
	for (; e; e = parent_of(m, e)) {
		tree = subtree_of(e);
		if (!tree)
			return -ENOMEM;
		add_stats(&tree->sum, &gain);
	}
	return 0;
}

/* Memory is counted with descendants by the kernel; so is here what happens to it. */
static int sum_up_cgroups(struct cdm_model *m)
{
	int err = 0;

	for (size_t i = 0; i < m->cgroup_rows.nr && !err; i++) {
		const struct cdm_cgroup_row *row = m->cgroup_rows.rows[i];

		if (row->snap->has_stats)
			err = add_upwards(m, find_cgroup(m, row->snap->id));
	}
	for (size_t i = 0; i < m->cgroup_rows.nr && !err; i++) {
		struct cdm_cgroup_row *row = m->cgroup_rows.rows[i];
		struct cdm_cgroup_entry *e = find_cgroup(m, row->snap->id);

		row->stats = e->tree ? &e->tree->sum : NULL;
		err = cdm_activity_update(&row->activity, &e->entry.past, &m->refresh, row->stats,
					  row->snap->device);
	}
	return err;
}

/* By device: processes that have ended since the last refresh count as well. */
static void sum_up(struct cdm_model *m)
{
	bool devices = false;

	m->total = (struct cdm_delta) { .known = m->refresh.counted && m->refresh.interval_ns };
	for (size_t i = 0; i < m->device_rows.nr; i++) {
		const struct cdm_device_row *row = m->device_rows.rows[i];

		devices |= row->snap->has_stats;
		add_stats(&m->total.d, &row->activity.delta->d);
	}
	for (size_t i = 0; !devices && i < m->proc_rows.nr; i++) {
		const struct cdm_proc_row *row = m->proc_rows.rows[i];

		if (row->activity.history)
			add_stats(&m->total.d, &row->activity.delta->d);
	}
}

static void add_procs(struct cdm_cgroup_row *cgroup, unsigned int nr, __u64 device, __u64 error)
{
	cgroup->nr_procs += nr;
	cgroup->procs_error += error;
	if (device == CDM_UNKNOWN)
		cgroup->procs_device = CDM_UNKNOWN;
	else if (cgroup->procs_device != CDM_UNKNOWN)
		cgroup->procs_device += device;
}

static void join_procs(struct cdm_model *m)
{
	for (size_t i = 0; i < m->proc_rows.nr; i++) {
		struct cdm_proc_row *row = m->proc_rows.rows[i];
		struct cdm_cgroup_entry *e = find_cgroup(m, row->snap->cgroup);

		if (!e)
			continue;
		row->cgroup = &e->row;
		add_procs(&e->row, 1, row->snap->device, row->bound.error);
	}
	/* In the order of paths all descendants of a cgroup come after it. */
	for (size_t i = m->cgroup_rows.nr; i-- > 0; ) {
		const struct cdm_cgroup_row *row = m->cgroup_rows.rows[i];
		struct cdm_cgroup_entry *parent = parent_of(m, find_cgroup(m, row->snap->id));

		if (parent && row->nr_procs)
			add_procs(&parent->row, row->nr_procs, row->procs_device,
				  row->procs_error);
	}
}

int cdm_model_join(struct cdm_model *m)
{
	/* Where each has a row of this refresh all were seen. */
	if (m->proc_rows.nr < m->procs.nr)
		cdm_hash_drop(&m->procs, drop_unseen, m);
	cdm_hash_drop(&m->cgroups, drop_unseen_cgroup, m);
	cdm_hash_drop(&m->devices, drop_unseen, m);
	/* They stay while nobody looks. */
	if (m->begin.features & CDM_F_NUMA)
		cdm_hash_drop(&m->numas, drop_unseen, m);

	if (m->cgroup_rows.nr)
		qsort(m->cgroup_rows.rows, m->cgroup_rows.nr, sizeof(void *), compare_paths);
	join_procs(m);
	for (size_t i = 0; i < m->device_rows.nr; i++)
		find_holders(m, m->device_rows.rows[i]);
	sum_up(m);
	return sum_up_cgroups(m);
}

void cdm_model_free_rows(struct cdm_model *m)
{
	cdm_hash_drop(&m->procs, drop_unseen, NULL);
	cdm_hash_drop(&m->cgroups, drop_unseen_cgroup, NULL);
	cdm_hash_drop(&m->devices, drop_unseen, NULL);
	cdm_hash_drop(&m->numas, drop_unseen, NULL);
	cdm_hash_free(&m->numas);
	cdm_hash_free(&m->procs);
	cdm_hash_free(&m->cgroups);
	cdm_hash_free(&m->devices);
	free(m->proc_rows.rows);
	free(m->cgroup_rows.rows);
	free(m->device_rows.rows);
	free(m->numa_rows.rows);
	free(m->vmas.rows);
	free(m->all_snaps.rows);
	cdm_arena_free(&m->arena);
	cdm_arena_free(&m->all_procs);
}

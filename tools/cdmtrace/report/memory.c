// SPDX-License-Identifier: GPL-2.0
/* The report's sections that come from snapshots: who held what, and what is left. */
#include <stdlib.h>

#include "event/event.h"
#include "report/sections.h"

#define TOP	20

static const char no_snapshots[] = "not known: no snapshots in the recording (cdmtrace --snapshots, cdmtop -w)";

static __u64 page_size(const struct cdm_report *r)
{
	return cdm_model_header(r->model)->page_size;
}

static __u64 bytes(const struct cdm_report *r, __u64 pages)
{
	return pages >= CDM_NO_LIMIT ? CDM_UNKNOWN : pages * page_size(r);
}

static void level_cells(struct cdm_report *r, struct report_out *o, const struct report_level *l)
{
	double seconds = (l->last_ts - l->first_ts) / 1e9;
	double mib_s = l->page_ns / 1e9 * page_size(r) / 1048576;

	report_cell(o, REPORT_U(bytes(r, l->start)));
	report_cell(o, REPORT_U(bytes(r, l->peak)));
	report_cell(o, REPORT_U(bytes(r, seconds > 0 ? l->page_ns / 1e9 / seconds : l->last)));
	report_cell(o, REPORT_U(bytes(r, l->last)));
	report_cell(o, REPORT_D(mib_s));
	report_row_end(o);
}

#define LEVEL_COLUMNS \
	{ "start_bytes", "START MiB", REPORT_BYTES, 11 }, { "peak_bytes", "PEAK MiB", REPORT_BYTES, 11 }, \
	{ "avg_bytes", "AVG MiB", REPORT_BYTES, 11 }, { "end_bytes", "END MiB", REPORT_BYTES, 11 }, \
	{ "mib_seconds", "MiB*s", REPORT_DOUBLE, 12 }, { 0 }

static int by_path(const void *a, const void *b)
{
	const struct report_cgroup *x = *(const struct report_cgroup *const *)a;
	const struct report_cgroup *y = *(const struct report_cgroup *const *)b;

	return strcmp(x->path ?: "", y->path ?: "");
}

static void proc_levels(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "pid", "PID", REPORT_COUNT, 8 }, { "comm", "COMM", REPORT_TEXT, -16 },
		LEVEL_COLUMNS
	};
	size_t nr;
	struct report_proc **procs = (void *)cdm_hash_sorted(&r->procs, &nr, report_by_held);

	report_table(o, "processes", columns);
	for (size_t i = 0, shown = 0; i < nr && shown < TOP; i++) {
		if (!procs[i]->level.known || !procs[i]->level.peak)
			continue;
		shown++;
		report_cell(o, REPORT_U(procs[i]->node.key));
		report_cell(o, REPORT_S(procs[i]->comm));
		level_cells(r, o, &procs[i]->level);
	}
	report_table_end(o);
	free(procs);
}

static void cgroup_levels(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "cgroup", "CGROUP", REPORT_TEXT, -25 }, LEVEL_COLUMNS
	};
	size_t nr;
	struct report_cgroup **cgroups = (void *)cdm_hash_sorted(&r->cgroups, &nr, by_path);

	report_table(o, "cgroups", columns);
	for (size_t i = 0; i < nr; i++) {
		if (!cgroups[i]->level.known || !cgroups[i]->level.peak)
			continue;
		report_cell(o, REPORT_S(cgroups[i]->path));
		level_cells(r, o, &cgroups[i]->level);
	}
	report_table_end(o);
	free(cgroups);
}

/* Places in address spaces: what went where, for snapshots do not tell what is there. */
static void vma_moves(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "vma", "VMA", REPORT_TEXT, -8 },
		{ "in_bytes", "MOVED IN MiB", REPORT_BYTES, 12 },
		{ "out_bytes", "MOVED OUT MiB", REPORT_BYTES, 13 },
		{ 0 }
	};

	if (!r->events[CDM_EV_MIGRATE])
		return;
	report_table(o, "vmas", columns);
	for (int i = 0; i < CDM_NR_VMA; i++) {
		if (!r->moved_vma[i][CDM_DIR_IN] && !r->moved_vma[i][CDM_DIR_OUT])
			continue;
		report_cell(o, REPORT_S(cdm_vma_name(i)));
		report_cell(o, REPORT_U(bytes(r, r->moved_vma[i][CDM_DIR_IN])));
		report_cell(o, REPORT_U(bytes(r, r->moved_vma[i][CDM_DIR_OUT])));
		report_row_end(o);
	}
	report_table_end(o);
}

void report_residency(struct cdm_report *r, struct report_out *o)
{
	report_section(o, "residency", "Who held device memory");
	if (!r->refreshes) {
		report_nothing(o, no_snapshots);
	} else {
		if (!(r->features & CDM_F_PROC_DEVICE))
			report_remark(o, "processes_note", "processes are not known: the kernel has no RssDevHost");
		proc_levels(r, o);
		if (!(r->features & CDM_F_CGROUP_DEVICE))
			report_remark(o, "cgroups_note", "cgroups are not known: their memory.stat has no device_host");
		cgroup_levels(r, o);
	}
	vma_moves(r, o);
	report_section_end(o);
}

static void charge_row(struct cdm_report *r, struct report_out *o, const struct report_cgroup *cg)
{
	__u64 device = cg->level.last;
	bool limited = cg->limit != CDM_UNKNOWN && cg->limit != CDM_NO_LIMIT && cg->limit;

	report_cell(o, REPORT_S(cg->path));
	report_cell(o, REPORT_U(bytes(r, cg->charged)));
	report_cell(o, REPORT_U(bytes(r, device)));
	report_cell(o, REPORT_U(bytes(r, cg->resident)));
	report_cell(o, REPORT_U(device > cg->resident ? bytes(r, device - cg->resident) : 0));
	report_cell(o, REPORT_U(bytes(r, cg->limit)));
	report_cell(o, limited ? REPORT_D(100.0 * device / cg->limit) : REPORT_NONE);
	report_row_end(o);
}

void report_charges(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "cgroup", "CGROUP", REPORT_TEXT, -25 },
		{ "charged_bytes", "CHARGED MiB", REPORT_BYTES, 12 },
		{ "device_bytes", "ON DEVICE", REPORT_BYTES, 12 },
		{ "resident_bytes", "OF PROCESSES", REPORT_BYTES, 12 },
		{ "unmapped_bytes", "UNMAPPED", REPORT_BYTES, 12 },
		{ "limit_bytes", "LIMIT", REPORT_BYTES, 12 },
		{ "unreclaimable_percent", "UNRECLAIMABLE%", REPORT_DOUBLE, 14 },
		{ 0 }
	};
	size_t nr;
	struct report_cgroup **cgroups;

	report_section(o, "charges", "Charged to cgroups, and resident, at the end");
	if (!(r->features & CDM_F_CGROUP_DEVICE)) {
		report_nothing(o, r->refreshes ?
			       "not known: the kernel does not count device memory of cgroups" : no_snapshots);
		report_section_end(o);
		return;
	}
	cgroups = (void *)cdm_hash_sorted(&r->cgroups, &nr, by_path);
	report_table(o, "cgroups", columns);
	for (size_t i = 0; i < nr; i++)
		if (cgroups[i]->seen == r->refreshes && cgroups[i]->level.known &&
		    (cgroups[i]->level.last || cgroups[i]->resident))
			charge_row(r, o, cgroups[i]);
	report_table_end(o);
	report_remark(o, "note", "device pages are charged but reclaim does not touch them: their share of a limit cannot be had back but by migration. Processes that share a page count it each.");
	free(cgroups);
	report_section_end(o);
}

static __u64 resident(const struct cdm_report *r)
{
	__u64 sum = 0;

	for (size_t i = 0; r->procs.slots && i < 1UL << r->procs.bits; i++)
		for (struct cdm_node *n = r->procs.slots[i]; n; n = n->next) {
			const struct report_proc *p = (const struct report_proc *)n;

			sum += p->level.known && !p->gone ? p->level.last : 0;
		}
	return sum;
}

void report_exits(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column figures[] = {
		{ "used_bytes", "used on devices MiB", REPORT_BYTES, 0 },
		{ "mapped_bytes", "mapped by processes MiB", REPORT_BYTES, 0 },
		{ "unmapped_bytes", "mapped by nobody MiB", REPORT_BYTES, 0 },
	};
	static const struct report_column columns[] = {
		{ "pid", "PID", REPORT_COUNT, 8 }, { "comm", "COMM", REPORT_TEXT, -16 },
		{ "held_bytes", "HELD MiB", REPORT_BYTES, 11 }, { 0 }
	};
	size_t nr;
	struct report_proc **procs;
	__u64 used = 0, mapped;

	report_section(o, "exits", "Processes that ended, and what they left");
	if (!r->refreshes || !(r->features & CDM_F_PROC_DEVICE)) {
		report_nothing(o, r->refreshes ? "not known: the kernel has no RssDevHost" : no_snapshots);
		report_section_end(o);
		return;
	}
	mapped = resident(r);
	for (int i = 0; i < CDM_MAX_DEVICES; i++)
		if (r->have_snap[i] && r->snaps[i].used != CDM_UNKNOWN)
			used += r->snaps[i].used;
	report_figure(o, &figures[0], REPORT_U(bytes(r, used)));
	report_figure(o, &figures[1], REPORT_U(bytes(r, mapped)));
	report_figure(o, &figures[2], REPORT_U(used > mapped ? bytes(r, used - mapped) : 0));
	procs = (void *)cdm_hash_sorted(&r->procs, &nr, report_by_held);
	report_table(o, "ended", columns);
	for (size_t i = 0; i < nr; i++) {
		if (!procs[i]->gone || !procs[i]->left)
			continue;
		report_cell(o, REPORT_U(procs[i]->node.key));
		report_cell(o, REPORT_S(procs[i]->comm));
		report_cell(o, REPORT_U(bytes(r, procs[i]->left)));
		report_row_end(o);
	}
	report_table_end(o);
	report_remark(o, "note", "held: when seen last. What nobody maps at the end is of what has just ended, page cache, or lost.");
	free(procs);
	report_section_end(o);
}

static void device_table(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "device", "DEVICE", REPORT_TEXT, -8 }, { "state", "STATE", REPORT_TEXT, -9 },
		{ "size_bytes", "SIZE MiB", REPORT_BYTES, 12 },
		{ "used_bytes", "USED MiB", REPORT_BYTES, 12 },
		{ "quarantined_bytes", "LOST MiB", REPORT_BYTES, 12 }, { 0 }
	};

	report_table(o, "devices", columns);
	for (int i = 0; i < CDM_MAX_DEVICES; i++) {
		const struct cdm_snap_device *d = &r->snaps[i];

		if (!r->have_snap[i])
			continue;
		report_cell(o, REPORT_S(d->name));
		report_cell(o, REPORT_S(cdm_state_name(d->state)));
		report_cell(o, REPORT_U(bytes(r, d->size)));
		report_cell(o, REPORT_U(bytes(r, d->used)));
		report_cell(o, REPORT_U(bytes(r, d->quarantined)));
		report_row_end(o);
	}
	report_table_end(o);
}

void report_devices(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "at_ns", "AT s", REPORT_TIME, 15 }, { "device", "DEVICE", REPORT_TEXT, -8 },
		{ "old_state", "FROM", REPORT_TEXT, -9 }, { "state", "TO", REPORT_TEXT, -9 }, { 0 }
	};
	static const struct report_column more = { "events_not_shown", "not shown", REPORT_COUNT, 0 };
	__u64 nr = r->events[CDM_EV_DEVICE];

	report_section(o, "devices", "Devices, what happened to them, and what was lost");
	if (r->refreshes)
		device_table(r, o);
	else
		report_remark(o, "devices_note", no_snapshots);
	if (!nr)
		report_remark(o, "events_note", r->traced[CDM_EV_DEVICE] ?
			      "no device came, went or changed its state" :
			      "no events of devices in the recording, they may not have been traced");
	report_table(o, "events", columns);
	for (__u64 i = 0; i < nr && i < REPORT_STATES; i++) {
		const struct report_state *s = &r->states[i];

		report_cell(o, REPORT_U(s->ts - r->first_ts));
		report_cell(o, REPORT_S(s->name));
		report_cell(o, REPORT_S(cdm_state_name(s->old)));
		report_cell(o, REPORT_S(cdm_state_name(s->state)));
		report_row_end(o);
	}
	report_table_end(o);
	if (nr > REPORT_STATES)
		report_figure(o, &more, REPORT_U(nr - REPORT_STATES));
	report_section_end(o);
}

void report_cost(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column figures[] = {
		{ "tool_cpu_ns", "CPU time of the tool us", REPORT_NS, 0 },
		{ "bpf_ns", "run time of BPF us", REPORT_NS, 0 },
		{ "bpf_runs", "runs of BPF programs", REPORT_COUNT, 0 },
		{ "tool_rss_bytes", "memory of the tool MiB", REPORT_BYTES, 0 },
		{ "events_per_s", "events/s", REPORT_DOUBLE, 0 },
		{ "recording_bytes", "recording MiB", REPORT_BYTES, 0 },
	};
	bool known = r->end.rec.ts;
	bool bpf = known && r->end.bpf_ns != CDM_UNKNOWN && r->first_end.bpf_ns != CDM_UNKNOWN &&
		   r->end.bpf_ns >= r->first_end.bpf_ns;
	double seconds = (r->last_ts - r->first_ts) / 1e9;
	__u64 events = 0;

	for (int i = 0; i < CDM_NR_EV; i++)
		events += r->events[i];
	report_section(o, "cost", "What tracing cost");
	if (!known)
		report_remark(o, "note", no_snapshots);
	report_figure(o, &figures[0], known ? REPORT_U(r->end.tool_cpu_ns) : REPORT_NONE);
	report_figure(o, &figures[1], bpf ? REPORT_U(r->end.bpf_ns) : REPORT_NONE);
	report_figure(o, &figures[2], bpf ? REPORT_U(r->end.bpf_runs) : REPORT_NONE);
	report_figure(o, &figures[3], known ? REPORT_U(r->end.tool_rss) : REPORT_NONE);
	report_figure(o, &figures[4], seconds > 0 ? REPORT_D(events / seconds) : REPORT_NONE);
	report_figure(o, &figures[5], REPORT_U(r->file_bytes));
	report_section_end(o);
}

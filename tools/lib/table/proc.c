// SPDX-License-Identifier: GPL-2.0
/* Columns of processes. */
#include <math.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "table/column-int.h"

struct cdm_source cdm_proc_source(const void *p)
{
	const struct cdm_proc_row *row = p;
	bool stats = row->snap->rec.len >= sizeof(*row->snap);

	return (struct cdm_source) {
		row->model, row->activity.delta, stats ? &row->snap->stats : NULL
	};
}

CDM_PAGES_OF_SNAP(proc, cdm_proc_row, anon, device_anon)
CDM_PAGES_OF_SNAP(proc, cdm_proc_row, rss, rss)
CDM_RATE(proc, in, CDM_F_MIGRATE, cdm_count_in)
CDM_RATE(proc, out, CDM_F_MIGRATE, cdm_count_out)
CDM_RATE(proc, evicted, CDM_F_EVICT, cdm_count_evicted)
CDM_RATE(proc, fail, CDM_F_WHY, cdm_stats_failed)
CDM_RATE(proc, skip, CDM_F_WHY, cdm_stats_skipped)
CDM_RATE(proc, faults, CDM_F_FAULTS, cdm_count_faults)
CDM_RATE(proc, pp, CDM_F_PINGPONG, cdm_count_pingpong)
CDM_OF_SOURCE(proc, bw, cdm_cell_bandwidth, cdm_count_moved)
CDM_OF_SOURCE(proc, why, cdm_cell_why)
CDM_OF_SOURCE(proc, p50, cdm_cell_call_time, 0.5)
CDM_OF_SOURCE(proc, p99, cdm_cell_call_time, 0.99)
CDM_OF_SOURCE(proc, wait99, cdm_cell_wait_time, 0.99)
CDM_SCANNED_PAGES(proc, cdm_proc_row, cdm, device)

static void proc_pid(const void *p, struct cdm_cell *cell)
{
	cdm_cell_u64(cell, ((const struct cdm_proc_row *)p)->snap->pid);
}

/* User names of another machine are not known here. */
static bool recorded_here(const struct cdm_model *m)
{
	static struct utsname uts;

	if (!uts.nodename[0] && uname(&uts))
		return false;
	return !strncmp(uts.nodename, cdm_model_header(m)->host,
			sizeof(cdm_model_header(m)->host) - 1);
}

static void user_name(__u32 uid, char *buf, size_t size)
{
	static struct { bool used; __u32 uid; char name[33]; } cache[64];
	typeof(*cache) *c = &cache[uid % 64];

	if (!c->used || c->uid != uid) {
		const struct passwd *pw = getpwuid(uid);

		c->used = true;
		c->uid = uid;
		c->name[0] = '\0';
		if (pw)
			strncat(c->name, pw->pw_name, sizeof(c->name) - 1);
		else
			snprintf(c->name, sizeof(c->name), "%u", uid);
	}
	strncat(buf, c->name, size - 1);
}

static void proc_user(const void *p, struct cdm_cell *cell)
{
	const struct cdm_proc_row *row = p;

	cell->text[0] = '\0';
	if (recorded_here(row->model))
		user_name(row->snap->uid, cell->text, sizeof(cell->text));
	else
		snprintf(cell->text, sizeof(cell->text), "%u", row->snap->uid);
	cdm_cell_text(cell, cell->text);
}

static void proc_comm(const void *p, struct cdm_cell *cell)
{
	cdm_cell_text(cell, ((const struct cdm_proc_row *)p)->snap->comm);
}

static void proc_cgroup(const void *p, struct cdm_cell *cell)
{
	const struct cdm_proc_row *row = p;

	cdm_cell_last_part(cell, row->cgroup ? row->cgroup->snap->path : NULL);
}

static void proc_unit(const void *p, struct cdm_cell *cell)
{
	cdm_cell_unit(cell, ((const struct cdm_proc_row *)p)->cgroup);
}

static void proc_share(const void *p, struct cdm_cell *cell)
{
	const struct cdm_proc_row *row = p;

	cdm_cell_percent(cell, row->snap->device, row->snap->rss);
}

static void proc_cpu(const void *p, struct cdm_cell *cell)
{
	const struct cdm_proc_row *row = p;

	cell->known = !isnan(row->cpu);
	cell->d = row->cpu;
}

static void proc_charged(const void *p, struct cdm_cell *cell)
{
	const struct cdm_proc_row *row = p;

	cdm_cell_pages(cell, row->model, row->cgroup ? row->cgroup->snap->charged : CDM_UNKNOWN);
}

static void proc_dev(const void *p, struct cdm_cell *cell)
{
	static const struct cdm_column bytes = { .unit = CDM_UNIT_BYTES };
	const char *name;
	const struct cdm_proc_row *row = p;
	const struct cdm_snap_proc *snap = row->snap;
	size_t len = 0;

	cell->text[0] = '\0';
	for (__u32 i = 0; i < snap->nr_devices && i < CDM_MAX_DEVICES; i++) {
		struct cdm_cell part;
		char figure[16];

		cdm_cell_pages(&part, row->model, snap->per_device[i]);
		if (!part.known || !part.u)
			continue;
		part.about = row->bound.error;
		cdm_cell_format(&bytes, &part, figure, sizeof(figure), 6);
		name = cdm_model_device_at(row->model, i);
		len += snprintf(cell->text + len, sizeof(cell->text) - len, "%s%.*s:%s",
				len ? " " : "", CDM_NAME_LEN, name ?: "?", figure);
	}
	cdm_cell_text(cell, len ? cell->text : NULL);
}

#define RATE(name) .get = proc_##name, .total = proc_##name##_total
const struct cdm_column cdm_proc_columns[] = {
	{ "pid", "PID", "Process id, in the pid namespace of the reader.",
	  CDM_UNIT_NONE, 7, 0, .ascending = true, .get = proc_pid },
	{ "user", "USER", "Effective user; a number if recorded on another machine.",
	  CDM_UNIT_TEXT, -8, 0, .ascending = true, .yields = 1, .get = proc_user },
	{ "comm", "COMM", "Name of the process.",
	  CDM_UNIT_TEXT, -15, 0, .ascending = true, .get = proc_comm },
	{ "cgroup", "CGROUP", "Memory cgroup, the last part of its path.",
	  CDM_UNIT_TEXT, -10, 0, .ascending = true, .yields = 5, .get = proc_cgroup },
	{ "unit", "UNIT", "Container or systemd unit, as far as the cgroup's path tells.",
	  CDM_UNIT_TEXT, -20, 0, .ascending = true, .extra = true, .get = proc_unit },
	{ "cdm", "CDM", "Memory resident on devices.",
	  CDM_UNIT_BYTES, 6, CDM_F_PROC_DEVICE, .get = proc_cdm },
	{ "error", "CDMERR", "What CDM may be off: the part of it that a scan has not settled.",
	  CDM_UNIT_BYTES, 6, CDM_F_PROC_DEVICE, .extra = true, .get = proc_error },
	{ "age", "AGE", "Time since a scan found CDM; what migrated since then is in it.",
	  CDM_UNIT_NS, 6, CDM_F_PROC_DEVICE, .extra = true, .get = proc_age },
	{ "anon", "ANON", "Of CDM: anonymous memory.",
	  CDM_UNIT_BYTES, 6, CDM_F_PROC_DEVICE, .extra = true, .get = proc_anon },
	{ "rss", "RSS", "Resident memory, RAM and devices together.",
	  CDM_UNIT_BYTES, 6, 0, .yields = 2, .get = proc_rss },
	{ "share", "%CDM", "Share of RSS that is on devices.",
	  CDM_UNIT_PERCENT, 5, CDM_F_PROC_DEVICE, .yields = 6, .get = proc_share },
	{ "dev", "DEVICES", "Memory by device; walks page tables.",
	  CDM_UNIT_TEXT, -20, CDM_F_PER_DEVICE, .extra = true, .get = proc_dev },
	{ "in", "IN/s", "Memory migrated to devices.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_MIGRATE, .yields = 3, RATE(in) },
	{ "out", "OUT/s", "Memory migrated to RAM, evictions included.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_MIGRATE, .yields = 4, RATE(out) },
	{ "bw", "MOVE/s", "Memory migrated in both directions; service rate, not bus bandwidth.",
	  CDM_UNIT_BYTES_PER_S, 6, CDM_F_MIGRATE, .extra = true, .get = proc_bw },
	{ "evicted", "EVICT/s", "Memory that went to RAM because a device was emptied.",
	  CDM_UNIT_PAGES_PER_S, 7, CDM_F_EVICT, .extra = true, RATE(evicted) },
	{ "fail", "FAIL/s", "Memory that was to move and could not.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_WHY, .yields = 7, RATE(fail) },
	{ "skip", "SKIP/s", "Memory with nothing to move: nothing there, or on another device.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_WHY, .extra = true, RATE(skip) },
	{ "why", "WHY", "Most frequent reason for what could not move.",
	  CDM_UNIT_TEXT, -9, CDM_F_WHY, .ascending = true, .yields = 8, .get = proc_why },
	{ "faults", "FAULT/s", "CPU faults on device memory: copies, reuse, waits.",
	  CDM_UNIT_PER_S, 7, CDM_F_FAULTS, .extra = true, RATE(faults) },
	{ "p50", "P50", "Median time of a migration call in the last interval.",
	  CDM_UNIT_NS, 6, CDM_F_MIGRATE, .extra = true, .get = proc_p50 },
	{ "p99", "P99", "99th percentile of the times of migration calls.",
	  CDM_UNIT_NS, 6, CDM_F_MIGRATE, .yields = 9, .get = proc_p99 },
	{ "cpu", "CPU%", "CPU time since the last look at it, of one CPU; threads add up.",
	  CDM_UNIT_PERCENT, 5, CDM_F_CPU, .yields = 10, .get = proc_cpu },
	{ "wait99", "WAIT99", "99th percentile of waits of the CPU for a migration.",
	  CDM_UNIT_NS, 6, CDM_F_FAULTS, .extra = true, .get = proc_wait99 },
	{ "pp", "PP/s", "Memory found to go to and fro.",
	  CDM_UNIT_PAGES_PER_S, 5, CDM_F_PINGPONG, .extra = true, RATE(pp) },
	{ "charged", "MCG", "Memory that is charged to the process's cgroup.",
	  CDM_UNIT_BYTES, 6, 0, .extra = true, .get = proc_charged },
	{ 0 }
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Columns of ordinary migrations. Rows are those that events were counted for, and the
 * kernel's own counters beside them.
 */
#include "table/column-int.h"

#define NUMA_CELL(name, fill, value)						\
static void numa_##name(const void *p, struct cdm_cell *cell)			\
{										\
	const struct cdm_numa_row *row = p;					\
	const struct cdm_snap_numa *snap = row->snap;				\
										\
	fill(cell, value);							\
}

static void cell_node(struct cdm_cell *cell, __s32 node)
{
	cdm_cell_u64(cell, node < 0 ? CDM_UNKNOWN : (__u64)node);
}

static __u64 known_pid(__u32 pid)
{
	return pid ?: CDM_UNKNOWN;
}

static const char *any(const char *text)
{
	return *text ? text : NULL;
}

NUMA_CELL(pid, cdm_cell_u64, known_pid(snap->key.pid))
NUMA_CELL(comm, cdm_cell_text, any(snap->numa.comm))
NUMA_CELL(actor_pid, cdm_cell_u64, known_pid(snap->key.actor_pid))
NUMA_CELL(actor, cdm_cell_text, any(snap->numa.actor_comm))
NUMA_CELL(cgroup, cdm_cell_last_part, cdm_model_cgroup_path(row->model, snap->key.cgroup))
NUMA_CELL(path, cdm_cell_text, cdm_model_cgroup_path(row->model, snap->key.cgroup))
NUMA_CELL(source, cdm_cell_text, snap->vmstat ? "vmstat" : "events")
NUMA_CELL(reason, cdm_cell_text, snap->vmstat ? cdm_vmstat_name(snap->vmstat) :
					       cdm_reason_name(snap->key.reason))
NUMA_CELL(src, cell_node, snap->key.src_node)
NUMA_CELL(dst, cell_node, snap->key.dst_node)
NUMA_CELL(pages, cdm_cell_u64, snap->numa.pages)

/* Counters tell of failures only where they count all pages, of calls nowhere. */
static bool counts_failed(const struct cdm_snap_numa *snap)
{
	return snap->vmstat <= CDM_VMSTAT_MIGRATE;
}

static void cell_rate(struct cdm_cell *cell, const struct cdm_numa_row *row, bool known, __u64 n)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(row->model);

	cell->known = known && begin && begin->interval_ns;
	cell->d = cell->known ? n * 1e9 / begin->interval_ns : 0;
	cell->page_size = cdm_model_header(row->model)->page_size;
}

static void numa_moved(const void *p, struct cdm_cell *cell)
{
	const struct cdm_numa_row *row = p;

	cell_rate(cell, row, true, row->delta.pages);
}

static void numa_moved_bw(const void *p, struct cdm_cell *cell)
{
	numa_moved(p, cell);
	cell->d *= cell->page_size;
}

static void numa_fail(const void *p, struct cdm_cell *cell)
{
	const struct cdm_numa_row *row = p;

	cell_rate(cell, row, counts_failed(row->snap), row->delta.failed);
}

static void numa_failed(const void *p, struct cdm_cell *cell)
{
	const struct cdm_snap_numa *snap = ((const struct cdm_numa_row *)p)->snap;

	cdm_cell_u64(cell, counts_failed(snap) ? snap->numa.failed : CDM_UNKNOWN);
}

static void numa_calls(const void *p, struct cdm_cell *cell)
{
	const struct cdm_numa_row *row = p;

	cell_rate(cell, row, !row->snap->vmstat, row->delta.calls);
}

static void numa_calls_total(const void *p, struct cdm_cell *cell)
{
	const struct cdm_snap_numa *snap = ((const struct cdm_numa_row *)p)->snap;

	cdm_cell_u64(cell, snap->vmstat ? CDM_UNKNOWN : snap->numa.calls);
}

static void cell_quantile(struct cdm_cell *cell, const struct cdm_numa_row *row, double share)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(row->model);

	cdm_cell_u64(cell, begin && begin->interval_ns ?
			   cdm_hist_quantile(row->delta.hist, share) : CDM_UNKNOWN);
}

static void numa_p50(const void *p, struct cdm_cell *cell)
{
	cell_quantile(cell, p, 0.5);
}

static void numa_p99(const void *p, struct cdm_cell *cell)
{
	cell_quantile(cell, p, 0.99);
}

const struct cdm_column cdm_numa_columns[] = {
	{ "pid", "PID", "Process whose pages they are; \"-\": nobody's, of several, or not told.",
	  CDM_UNIT_NONE, 7, 0, .ascending = true, .get = numa_pid },
	{ "comm", "COMM", "Its name.",
	  CDM_UNIT_TEXT, -15, 0, .ascending = true, .yields = 1, .get = numa_comm },
	{ "actor", "ACTOR", "Program or kernel thread that migrated them.",
	  CDM_UNIT_TEXT, -15, 0, .ascending = true, .yields = 5, .get = numa_actor },
	{ "actor_pid", "APID", "Its process.",
	  CDM_UNIT_NONE, 7, 0, .ascending = true, .extra = true, .get = numa_actor_pid },
	{ "cgroup", "CGROUP", "Cgroup of the process, or that the pages are charged to.",
	  CDM_UNIT_TEXT, -10, 0, .ascending = true, .yields = 6, .get = numa_cgroup },
	{ "cgroup_path", "CGROUP", "The same as a path.",
	  CDM_UNIT_TEXT, -24, 0, .ascending = true, .extra = true, .get = numa_path },
	{ "source", "SOURCE", "Events, or vmstat: a counter of the kernel for the whole machine.",
	  CDM_UNIT_TEXT, -6, 0, .ascending = true, .yields = 8, .get = numa_source },
	{ "reason", "REASON", "Why they were migrated; of vmstat the counter's name.",
	  CDM_UNIT_TEXT, -19, 0, .ascending = true, .get = numa_reason },
	{ "src", "FROM", "NUMA node that they came from; \"-\": not told.",
	  CDM_UNIT_NONE, 4, 0, .ascending = true, .get = numa_src },
	{ "dst", "TO", "NUMA node that they went to.",
	  CDM_UNIT_NONE, 3, 0, .ascending = true, .get = numa_dst },
	{ "moved", "MOVED/s", "Memory migrated.",
	  CDM_UNIT_PAGES_PER_S, 7, CDM_F_NUMA, .get = numa_moved, .total = numa_pages },
	{ "moved_bw", "MOVED/s", "Memory migrated.",
	  CDM_UNIT_BYTES_PER_S, 7, CDM_F_NUMA, .extra = true, .programs = true, .get = numa_moved_bw },
	{ "fail", "FAIL/s", "Memory that was to move and could not.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_NUMA, .yields = 2, .get = numa_fail, .total = numa_failed },
	{ "calls", "CALL/s", "Migration calls.",
	  CDM_UNIT_PER_S, 6, CDM_F_NUMA, .yields = 7, .get = numa_calls, .total = numa_calls_total },
	{ "p50", "P50", "Median time of a migration call in the last interval.",
	  CDM_UNIT_NS, 6, CDM_F_NUMA, .extra = true, .get = numa_p50 },
	{ "p99", "P99", "99th percentile of the times of migration calls.",
	  CDM_UNIT_NS, 6, CDM_F_NUMA, .yields = 4, .get = numa_p99 },
	{ "pages", "PAGES", "Pages migrated since this view was looked at.",
	  CDM_UNIT_COUNT, 7, CDM_F_NUMA, .yields = 3, .get = numa_pages },
	{ "failed", "FAILED", "Pages that were to move and could not, since then.",
	  CDM_UNIT_COUNT, 6, CDM_F_NUMA, .extra = true, .get = numa_failed },
	{ 0 }
};

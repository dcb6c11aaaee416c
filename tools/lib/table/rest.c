// SPDX-License-Identifier: GPL-2.0
/* Columns of cgroups, devices and VMAs. */
#include <stdlib.h>
#include <string.h>

#include "table/column-int.h"

/* --- cgroups --- */

struct cdm_source cdm_cgroup_source(const void *p)
{
	const struct cdm_cgroup_row *row = p;

	return (struct cdm_source) {
		row->model, row->activity.delta, row->stats
	};
}

CDM_PAGES_OF_SNAP(cgroup, cdm_cgroup_row, charged, charged)
CDM_PAGES_OF_SNAP(cgroup, cdm_cgroup_row, limit, limit)
CDM_RATE(cgroup, in, CDM_F_MIGRATE, cdm_count_in)
CDM_RATE(cgroup, out, CDM_F_MIGRATE, cdm_count_out)
CDM_RATE(cgroup, fail, CDM_F_WHY, cdm_stats_failed)
CDM_RATE(cgroup, skip, CDM_F_WHY, cdm_stats_skipped)
CDM_RATE(cgroup, faults, CDM_F_FAULTS, cdm_count_faults)
CDM_RATE(cgroup, pp, CDM_F_PINGPONG, cdm_count_pingpong)
CDM_OF_SOURCE(cgroup, why, cdm_cell_why)
CDM_OF_SOURCE(cgroup, p99, cdm_cell_call_time, 0.99)

static void cgroup_path(const void *p, struct cdm_cell *cell)
{
	cdm_cell_text(cell, ((const struct cdm_cgroup_row *)p)->snap->path);
}

static void cgroup_unit(const void *p, struct cdm_cell *cell)
{
	cdm_cell_unit(cell, p);
}

/* Where the kernel does not charge it by itself: what the processes have. */
static bool sums_up(const struct cdm_cgroup_row *row)
{
	const struct cdm_source source = cdm_cgroup_source(row);

	return row->snap->device == CDM_UNKNOWN &&
	       cdm_source_has(&source, CDM_F_CGROUP_DEVICE);
}

static __u64 cgroup_device(const struct cdm_cgroup_row *row)
{
	return sums_up(row) ? row->procs_device : row->snap->device;
}

static void cgroup_cdm(const void *p, struct cdm_cell *cell)
{
	const struct cdm_cgroup_row *row = p;

	cdm_cell_pages(cell, row->model, cgroup_device(row));
	cell->about = sums_up(row) && row->procs_error;
}

static void cgroup_error(const void *p, struct cdm_cell *cell)
{
	const struct cdm_cgroup_row *row = p;

	cdm_cell_pages(cell, row->model, sums_up(row) ? row->procs_error : CDM_UNKNOWN);
}

static void cgroup_share(const void *p, struct cdm_cell *cell)
{
	const struct cdm_cgroup_row *row = p;

	cdm_cell_percent(cell, cgroup_device(row), row->snap->charged);
}

static void cgroup_dmem(const void *p, struct cdm_cell *cell)
{
	const struct cdm_cgroup_row *row = p;

	cdm_cell_pages(cell, row->model, row->dmem);
}

/* What @a has more than @b. */
static void cell_more(struct cdm_cell *cell, const struct cdm_model *m, __u64 a, __u64 b)
{
	__u64 more = a > b ? a - b : 0;

	cdm_cell_pages(cell, m, a == CDM_UNKNOWN || b == CDM_UNKNOWN ? CDM_UNKNOWN : more);
}

static void cgroup_by_others(const void *p, struct cdm_cell *cell)
{
	const struct cdm_cgroup_row *row = p;

	cell_more(cell, row->model, cgroup_device(row), row->dmem);
}

static void cgroup_for_others(const void *p, struct cdm_cell *cell)
{
	const struct cdm_cgroup_row *row = p;

	cell_more(cell, row->model, row->dmem, cgroup_device(row));
}

static void cgroup_headroom(const void *p, struct cdm_cell *cell)
{
	const struct cdm_cgroup_row *row = p;
	__u64 limit = row->snap->limit, charged = row->snap->charged, left = CDM_UNKNOWN;

	if (charged != CDM_UNKNOWN)
		left = charged < limit ? limit - charged : 0;
	cdm_cell_percent(cell, left, limit);
}

static void cgroup_unreclaimable(const void *p, struct cdm_cell *cell)
{
	const struct cdm_cgroup_row *row = p;

	cdm_cell_percent(cell, cgroup_device(row), row->snap->limit);
}

static void cgroup_procs(const void *p, struct cdm_cell *cell)
{
	cdm_cell_u64(cell, ((const struct cdm_cgroup_row *)p)->nr_procs);
}

static void cgroup_procs_cdm(const void *p, struct cdm_cell *cell)
{
	const struct cdm_cgroup_row *row = p;

	cdm_cell_pages(cell, row->model, row->procs_device);
	cell->about = row->procs_error;
}

#define CG_RATE(name) .get = cgroup_##name, .total = cgroup_##name##_total
const struct cdm_column cdm_cgroup_columns[] = {
	{ "path", "CGROUP", "Path below the root of the memory controller.",
	  CDM_UNIT_TEXT, -24, 0, .ascending = true, .get = cgroup_path },
	{ "unit", "UNIT", "Container or systemd unit, as far as the path tells.",
	  CDM_UNIT_TEXT, -20, 0, .ascending = true, .extra = true, .get = cgroup_unit },
	{ "charged", "CHARGED", "Memory charged, RAM and devices together, with descendants.",
	  CDM_UNIT_BYTES, 7, 0, .yields = 1, .get = cgroup_charged },
	{ "cdm", "CDM", "Of it on devices; cannot be reclaimed.",
	  CDM_UNIT_BYTES, 6, CDM_F_CGROUP_DEVICE, .get = cgroup_cdm },
	{ "error", "CDMERR", "What CDM may be off, where it is what scanned processes have.",
	  CDM_UNIT_BYTES, 6, CDM_F_CGROUP_DEVICE, .extra = true, .get = cgroup_error },
	{ "dmem", "DMEM", "Memory on devices that it moved there, whosever; dmem.max limits it.",
	  CDM_UNIT_BYTES, 6, CDM_F_DMEM, .extra = true, .get = cgroup_dmem },
	{ "by_others", "BYOTHER", "What CDM is more than DMEM: of its memory, what others moved there.",
	  CDM_UNIT_BYTES, 7, CDM_F_DMEM | CDM_F_CGROUP_DEVICE, .extra = true, .get = cgroup_by_others },
	{ "for_others", "FOROTHER", "What DMEM is more than CDM: memory of others that it moved there.",
	  CDM_UNIT_BYTES, 8, CDM_F_DMEM | CDM_F_CGROUP_DEVICE, .extra = true, .get = cgroup_for_others },
	{ "share", "%CDM", "Share of CHARGED that is on devices.",
	  CDM_UNIT_PERCENT, 5, CDM_F_CGROUP_DEVICE, .yields = 3, .get = cgroup_share },
	{ "limit", "LIMIT", "Limit of the charge; max: none.",
	  CDM_UNIT_BYTES, 6, 0, .yields = 2, .get = cgroup_limit },
	{ "headroom", "%FREE", "Share of the limit that is not charged.",
	  CDM_UNIT_PERCENT, 5, 0, .ascending = true, .extra = true, .get = cgroup_headroom },
	{ "unreclaimable", "%UNREC", "Share of the limit that is out of reclaim's reach, on devices.",
	  CDM_UNIT_PERCENT, 6, CDM_F_CGROUP_DEVICE, .extra = true, .get = cgroup_unreclaimable },
	{ "procs", "PROCS", "Processes, those of descendants included.",
	  CDM_UNIT_COUNT, 5, 0, .extra = true, .get = cgroup_procs },
	{ "procs_cdm", "PROCCDM", "Memory on devices that these processes have, together.",
	  CDM_UNIT_BYTES, 7, CDM_F_PROC_DEVICE, .extra = true, .get = cgroup_procs_cdm },
	{ "in", "IN/s", "Memory migrated to devices, with descendants as all figures.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_MIGRATE, .yields = 4, CG_RATE(in) },
	{ "out", "OUT/s", "Memory migrated to RAM, evictions included.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_MIGRATE, .yields = 5, CG_RATE(out) },
	{ "fail", "FAIL/s", "Memory that was to move and could not.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_WHY, .yields = 6, CG_RATE(fail) },
	{ "skip", "SKIP/s", "Memory with nothing to move: nothing there, or on another device.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_WHY, .extra = true, CG_RATE(skip) },
	{ "why", "WHY", "Most frequent reason for what could not move.",
	  CDM_UNIT_TEXT, -9, CDM_F_WHY, .ascending = true, .yields = 7, .get = cgroup_why },
	{ "faults", "FAULT/s", "CPU faults on device memory: copies, reuse, waits.",
	  CDM_UNIT_PER_S, 7, CDM_F_FAULTS, .extra = true, CG_RATE(faults) },
	{ "p99", "P99", "99th percentile of the time of a migration call.",
	  CDM_UNIT_NS, 6, CDM_F_MIGRATE, .extra = true, .get = cgroup_p99 },
	{ "pp", "PP/s", "Memory found to go to and fro.",
	  CDM_UNIT_PAGES_PER_S, 5, CDM_F_PINGPONG, .extra = true, CG_RATE(pp) },
	{ 0 }
};

/* --- devices --- */

struct cdm_source cdm_device_source(const void *p)
{
	const struct cdm_device_row *row = p;

	return (struct cdm_source) {
		row->model, row->activity.delta, row->snap->has_stats ? &row->snap->stats : NULL
	};
}

CDM_PAGES_OF_SNAP(device, cdm_device_row, size, size)
CDM_SCANNED_PAGES(device, cdm_device_row, used, used)
CDM_PAGES_OF_SNAP(device, cdm_device_row, free, free)
CDM_PAGES_OF_SNAP(device, cdm_device_row, quarantined, quarantined)
CDM_RATE(device, in, CDM_F_MIGRATE, cdm_count_in)
CDM_RATE(device, out, CDM_F_MIGRATE, cdm_count_out)
CDM_RATE(device, calls, CDM_F_MIGRATE, cdm_count_calls)
CDM_RATE(device, fail, CDM_F_WHY, cdm_stats_failed)
CDM_RATE(device, skip, CDM_F_WHY, cdm_stats_skipped)
CDM_OF_SOURCE(device, in_bw, cdm_cell_bandwidth, cdm_count_in)
CDM_OF_SOURCE(device, out_bw, cdm_cell_bandwidth, cdm_count_out)
CDM_OF_SOURCE(device, why, cdm_cell_why)
CDM_OF_SOURCE(device, p50, cdm_cell_call_time, 0.5)
CDM_OF_SOURCE(device, p99, cdm_cell_call_time, 0.99)

static void device_name(const void *p, struct cdm_cell *cell)
{
	cdm_cell_text(cell, ((const struct cdm_device_row *)p)->snap->name);
}

static void device_state(const void *p, struct cdm_cell *cell)
{
	cdm_cell_text(cell, cdm_state_name(((const struct cdm_device_row *)p)->snap->state));
}

static void device_node(const void *p, struct cdm_cell *cell)
{
	__s32 node = ((const struct cdm_device_row *)p)->snap->node;

	cdm_cell_u64(cell, node < 0 ? CDM_UNKNOWN : (__u64)node);
}

static void device_use(const void *p, struct cdm_cell *cell)
{
	const struct cdm_device_row *row = p;

	cdm_cell_percent(cell, row->snap->used, row->snap->size);
}

static void device_holders(const void *p, struct cdm_cell *cell)
{
	const struct cdm_device_row *row = p;
	size_t len = 0;

	for (size_t i = 0; i < sizeof(row->holders) / sizeof(row->holders[0]); i++)
		if (row->holders[i])
			len += snprintf(cell->text + len, sizeof(cell->text) - len, "%s%u",
					len ? " " : "", row->holders[i]);
	cdm_cell_text(cell, len ? cell->text : NULL);
}

#define DEV_RATE(name) .get = device_##name, .total = device_##name##_total
const struct cdm_column cdm_device_columns[] = {
	{ "name", "DEVICE", "Name of the device.",
	  CDM_UNIT_TEXT, -7, CDM_F_DEVICES, .ascending = true, .get = device_name },
	{ "state", "STATE", "online, draining, offline, hung or removed.",
	  CDM_UNIT_TEXT, -8, CDM_F_DEVICES, .ascending = true, .yields = 1, .get = device_state },
	{ "node", "NODE", "NUMA node.",
	  CDM_UNIT_NONE, 4, CDM_F_DEVICES, .ascending = true, .extra = true, .get = device_node },
	{ "size", "SIZE", "Size.", CDM_UNIT_BYTES, 6, CDM_F_DEVICES, .yields = 3, .get = device_size },
	{ "used", "USED", "In use.", CDM_UNIT_BYTES, 6, CDM_F_DEVICES, .get = device_used },
	{ "error", "USEDERR", "What USED may be off: what changed since its pages were looked at.",
	  CDM_UNIT_BYTES, 7, CDM_F_DEVICES, .extra = true, .get = device_error },
	{ "age", "AGE", "Time since its pages were looked at.",
	  CDM_UNIT_NS, 6, CDM_F_DEVICES, .extra = true, .get = device_age },
	{ "free", "FREE", "Free.",
	  CDM_UNIT_BYTES, 6, CDM_F_DEVICES, .extra = true, .get = device_free },
	{ "quarantined", "QUAR", "Pages that are not given out any more.",
	  CDM_UNIT_BYTES, 6, CDM_F_DEVICES, .extra = true, .get = device_quarantined },
	{ "use", "%USE", "Share of SIZE that is in use.",
	  CDM_UNIT_PERCENT, 5, CDM_F_DEVICES, .yields = 2, .get = device_use },
	{ "in", "IN/s", "Memory migrated to it.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_MIGRATE, .extra = true, .programs = true, DEV_RATE(in) },
	{ "out", "OUT/s", "Memory migrated from it to RAM.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_MIGRATE, .extra = true, .programs = true, DEV_RATE(out) },
	{ "in_bw", "IN/s", "Memory migrated to it; service rate, not bus bandwidth.",
	  CDM_UNIT_BYTES_PER_S, 6, CDM_F_MIGRATE, .yields = 4, .get = device_in_bw },
	{ "out_bw", "OUT/s", "Memory migrated from it to RAM.",
	  CDM_UNIT_BYTES_PER_S, 6, CDM_F_MIGRATE, .yields = 5, .get = device_out_bw },
	{ "calls", "CALL/s", "Migration calls.",
	  CDM_UNIT_PER_S, 6, CDM_F_MIGRATE, .extra = true, DEV_RATE(calls) },
	{ "p50", "P50", "Median time of a migration call in the last interval.",
	  CDM_UNIT_NS, 6, CDM_F_MIGRATE, .extra = true, .get = device_p50 },
	{ "p99", "P99", "99th percentile of the times of migration calls.",
	  CDM_UNIT_NS, 6, CDM_F_MIGRATE, .yields = 7, .get = device_p99 },
	{ "fail", "FAIL/s", "Memory that was to move and could not.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_WHY, .yields = 6, DEV_RATE(fail) },
	{ "skip", "SKIP/s", "Memory with nothing to move: nothing there, or on another device.",
	  CDM_UNIT_PAGES_PER_S, 6, CDM_F_WHY, .extra = true, DEV_RATE(skip) },
	{ "why", "WHY", "Most frequent reason for what could not move.",
	  CDM_UNIT_TEXT, -9, CDM_F_WHY, .ascending = true, .extra = true, .get = device_why },
	{ "holders", "HOLDERS", "Pids of the processes with most memory on it.",
	  CDM_UNIT_TEXT, -22, CDM_F_PROC_DEVICE | CDM_F_PER_DEVICE, .yields = 8, .get = device_holders },
	{ 0 }
};

/* --- VMAs --- */

#define VMA_TEXT(name, value)							\
static void vma_##name(const void *p, struct cdm_cell *cell)			\
{										\
	const struct cdm_snap_vma *v = ((const struct cdm_vma_row *)p)->snap;	\
										\
	cdm_cell_text(cell, value);						\
}

CDM_PAGES_OF_SNAP(vma, cdm_vma_row, rss, rss)
CDM_PAGES_OF_SNAP(vma, cdm_vma_row, cdm, device)
VMA_TEXT(kind, cdm_vma_name(v->vma))
VMA_TEXT(perms, v->perms)
VMA_TEXT(name, v->name)

static void vma_start(const void *p, struct cdm_cell *cell)
{
	cdm_cell_u64(cell, ((const struct cdm_vma_row *)p)->snap->start);
}

static void vma_size(const void *p, struct cdm_cell *cell)
{
	const struct cdm_snap_vma *v = ((const struct cdm_vma_row *)p)->snap;

	cdm_cell_u64(cell, v->end - v->start);
}

static void vma_share(const void *p, struct cdm_cell *cell)
{
	const struct cdm_snap_vma *v = ((const struct cdm_vma_row *)p)->snap;

	cdm_cell_percent(cell, v->device, v->rss);
}

const struct cdm_column cdm_vma_columns[] = {
	{ "start", "START", "First address.",
	  CDM_UNIT_ADDRESS, 12, 0, .ascending = true, .get = vma_start },
	{ "size", "SIZE", "Size of the mapping.", CDM_UNIT_BYTES, 6, 0, .yields = 3, .get = vma_size },
	{ "kind", "KIND", "anon, heap, stack, file or shmem.",
	  CDM_UNIT_TEXT, -5, 0, .ascending = true, .yields = 5, .get = vma_kind },
	{ "perms", "PERM", "Permissions.",
	  CDM_UNIT_TEXT, -4, 0, .ascending = true, .yields = 6, .get = vma_perms },
	{ "rss", "RSS", "Resident, RAM and devices together.",
	  CDM_UNIT_BYTES, 6, 0, .yields = 4, .get = vma_rss },
	{ "cdm", "CDM", "Resident on devices.", CDM_UNIT_BYTES, 6, 0, .get = vma_cdm },
	{ "share", "%CDM", "Share of RSS that is on devices.",
	  CDM_UNIT_PERCENT, 5, 0, .yields = 2, .get = vma_share },
	{ "name", "NAME", "File, or name that the kernel gave it.",
	  CDM_UNIT_TEXT, -24, 0, .ascending = true, .yields = 1, .get = vma_name },
	{ 0 }
};

// SPDX-License-Identifier: GPL-2.0
/* What the records of the last refreshes mean. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model-int.h"

struct cdm_model *cdm_model_new(const struct cdm_file_header *header)
{
	struct cdm_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->header = *header;
	m->tool_cost = NAN;
	return m;
}

void cdm_model_free(struct cdm_model *m)
{
	if (!m)
		return;
	cdm_model_free_rows(m);
	cdm_model_free_events(m);
	free(m);
}

static void begin(struct cdm_model *m, const struct cdm_snap_begin *b)
{
	m->begin = *b;
	m->have_begin = true;
	m->refresh.interval_ns = b->interval_ns;
	m->refresh.counted = b->features & CDM_F_MIGRATE;
	m->generation++;
	m->proc_rows.nr = 0;
	m->cgroup_rows.nr = 0;
	m->device_rows.nr = 0;
	m->numa_rows.nr = 0;
	m->vmas.nr = 0;
	cdm_arena_reset(&m->arena);
	m->staying = false;
}

/* NAN: nothing to compare with. BPF run time is left out where it is not known. */
static double tool_cost(const struct cdm_model *m, const struct cdm_snap_end *end)
{
	double ns;

	if (!m->have_end || !m->refresh.interval_ns || end->tool_cpu_ns < m->end.tool_cpu_ns)
		return NAN;
	ns = end->tool_cpu_ns - m->end.tool_cpu_ns;
	if (end->bpf_ns != CDM_UNKNOWN && m->end.bpf_ns != CDM_UNKNOWN &&
	    end->bpf_ns >= m->end.bpf_ns)
		ns += end->bpf_ns - m->end.bpf_ns;
	return 100 * ns / m->refresh.interval_ns;
}

static int end(struct cdm_model *m, const struct cdm_snap_end *e)
{
	m->tool_cost = tool_cost(m, e);
	m->end = *e;
	/* Where no event can come from, that none was lost says nothing. */
	if (!(m->begin.features & CDM_F_COUNTED) && !e->emitted && !e->lost)
		m->end.emitted = m->end.lost = CDM_UNKNOWN;
	m->have_end = true;
	return cdm_model_join(m) ?: 1;
}

static int add_vma(struct cdm_model *m, const struct cdm_rec *rec)
{
	struct cdm_vma_row row = { m, cdm_arena_copy(&m->arena, rec, rec->len) };
	void *copy = row.snap ? cdm_arena_copy(&m->arena, &row, sizeof(row)) : NULL;

	return copy ? cdm_list_add(&m->vmas, copy) : -ENOMEM;
}

int cdm_model_feed(struct cdm_model *m, const struct cdm_rec *rec)
{
	const struct cdm_rec_device_id *id = (const void *)rec;

	if (rec->kind && rec->kind < CDM_NR_EV)
		return cdm_model_event(m, rec);
	switch (rec->kind) {
	case CDM_SNAP_BEGIN:
		begin(m, (const void *)rec);
		return 0;
	case CDM_SNAP_STAY:
		return cdm_model_stay(m);
	case CDM_SNAP_PROC:
		return cdm_model_proc(m, (const void *)rec);
	case CDM_SNAP_SCAN:
		cdm_model_scan(m, (const void *)rec);
		return 0;
	case CDM_SNAP_CGROUP:
		return cdm_model_cgroup(m, (const void *)rec);
	case CDM_SNAP_DMEM:
		cdm_model_dmem(m, (const void *)rec);
		return 0;
	case CDM_SNAP_DEVICE:
		return cdm_model_device(m, (const void *)rec);
	case CDM_SNAP_NUMA:
		return cdm_model_numa(m, (const void *)rec);
	case CDM_SNAP_VMA:
		return add_vma(m, rec);
	case CDM_SNAP_END:
		return end(m, (const void *)rec);
	case CDM_REC_STACK:
		return cdm_model_add_stack(m, (const void *)rec);
	case CDM_REC_USER_STACK:
		return cdm_model_add_user_stack(m, (const void *)rec);
	case CDM_REC_NOTE:
		return cdm_model_add_note(m, ((const struct cdm_rec_note *)rec)->text);
	case CDM_REC_DEVICE_ID:
		return cdm_model_add_identity(m, id->device, id->id.name);
	default:
		return 0;
	}
}

const struct cdm_file_header *cdm_model_header(const struct cdm_model *m)
{
	return &m->header;
}

struct cdm_proc_row **cdm_model_procs(struct cdm_model *m, size_t *nr)
{
	*nr = m->proc_rows.nr;
	return (struct cdm_proc_row **)m->proc_rows.rows;
}

struct cdm_cgroup_row **cdm_model_cgroups(struct cdm_model *m, size_t *nr)
{
	*nr = m->cgroup_rows.nr;
	return (struct cdm_cgroup_row **)m->cgroup_rows.rows;
}

struct cdm_device_row **cdm_model_devices(struct cdm_model *m, size_t *nr)
{
	*nr = m->device_rows.nr;
	return (struct cdm_device_row **)m->device_rows.rows;
}

struct cdm_numa_row **cdm_model_numas(struct cdm_model *m, size_t *nr)
{
	*nr = m->numa_rows.nr;
	return (struct cdm_numa_row **)m->numa_rows.rows;
}

struct cdm_vma_row **cdm_model_vmas(struct cdm_model *m, size_t *nr)
{
	*nr = m->vmas.nr;
	return (struct cdm_vma_row **)m->vmas.rows;
}

const struct cdm_snap_begin *cdm_model_begin(const struct cdm_model *m)
{
	return m->have_begin ? &m->begin : NULL;
}

const struct cdm_snap_end *cdm_model_end(const struct cdm_model *m)
{
	return m->have_end ? &m->end : NULL;
}

__u64 cdm_model_wall_ns(const struct cdm_model *m)
{
	const struct cdm_file_header *h = &m->header;

	return h->wall_ns + (m->have_begin ? m->begin.rec.ts - h->boot_ns : 0);
}

const struct cdm_delta *cdm_model_total(const struct cdm_model *m)
{
	return &m->total;
}

double cdm_model_tool_cost(const struct cdm_model *m)
{
	return m->tool_cost;
}

const char *cdm_model_device_at(const struct cdm_model *m, __u32 index)
{
	const struct cdm_device_entry *e = (void *)cdm_hash_find(&m->devices, index);

	return e && e->entry.seen == m->generation ? e->row.snap->name : NULL;
}

const char *cdm_model_cgroup_path(const struct cdm_model *m, __u64 id)
{
	const struct cdm_cgroup_entry *e = (void *)cdm_hash_find(&m->cgroups, id);

	/* The path of an earlier refresh is not kept. */
	return e && e->entry.seen == m->generation ? e->row.snap->path : NULL;
}

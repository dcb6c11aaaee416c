// SPDX-License-Identifier: GPL-2.0
/* Which rows and events are wanted. */
#include <string.h>

#include "select.h"

static bool on_device(const struct cdm_proc_row *row, const char *name)
{
	const struct cdm_snap_proc *snap = row->snap;
	struct cdm_device_row **devices;
	size_t nr;

	devices = cdm_model_devices((struct cdm_model *)row->model, &nr);
	for (size_t i = 0; i < nr; i++) {
		__u32 index = devices[i]->snap->index;

		if (strcmp(devices[i]->snap->name, name))
			continue;
		if (index < snap->nr_devices)
			return snap->per_device[index] && snap->per_device[index] != CDM_UNKNOWN;
		return nr == 1 && snap->device && snap->device != CDM_UNKNOWN;
	}
	return false;
}

static bool select_numa(const struct cdm_select *s, const struct cdm_numa_row *row)
{
	const struct cdm_numa_key *key = &row->snap->key;
	const char *path = cdm_model_cgroup_path(row->model, key->cgroup);

	/* The machine's counters are of all. */
	if (row->snap->vmstat)
		return !s->pid && !s->cgroup;
	return (!s->pid || key->pid == s->pid || key->actor_pid == s->pid) &&
	       (!s->cgroup || (path && cdm_path_below(path, s->cgroup)));
}

bool cdm_select_row(const struct cdm_select *s, enum cdm_view view, const void *row)
{
	const struct cdm_proc_row *proc = row;
	const struct cdm_cgroup_row *cgroup = row;
	const struct cdm_device_row *device = row;

	switch (view) {
	case CDM_VIEW_PROC:
		return (!s->pid || proc->snap->pid == s->pid) &&
		       (!s->cgroup || (proc->cgroup &&
				       cdm_path_below(proc->cgroup->snap->path, s->cgroup))) &&
		       (!s->device || on_device(proc, s->device));
	case CDM_VIEW_CGROUP:
		return !s->cgroup || cdm_path_below(cgroup->snap->path, s->cgroup);
	case CDM_VIEW_DEVICE:
		return !s->device || !strcmp(device->snap->name, s->device);
	case CDM_VIEW_NUMA:
		return select_numa(s, row);
	default:
		return true;
	}
}

void cdm_select_events(const struct cdm_select *s, struct cdm_event_filter *f)
{
	*f = (struct cdm_event_filter) {
		.kinds = ~0ULL, .by = { .pid = s->pid, .dir = -1, .why = -1 }, .cgroup = s->cgroup,
	};
	if (s->device)
		snprintf(f->by.device, sizeof(f->by.device), "%s", s->device);
}

bool cdm_filter_text(const char *filter, const char *text)
{
	char part[64];
	size_t len;

	for (;; filter += len + 1) {
		len = strcspn(filter, "|");
		snprintf(part, sizeof(part), "%.*s", (int)len, filter);
		if (*part && strcasestr(text, part))
			return true;
		if (!filter[len])
			return false;
	}
}

bool cdm_filter_row(const char *filter, enum cdm_view view, const void *row)
{
	const struct cdm_column *col = cdm_columns(view);
	struct cdm_cell cell;

	for (; col->id; col++) {
		if (col->unit != CDM_UNIT_TEXT && strcmp(col->id, "pid"))
			continue;
		col->get(row, &cell);
		if (!cell.known)
			continue;
		if (col->unit != CDM_UNIT_TEXT) {
			snprintf(cell.text, sizeof(cell.text), "%llu", cell.u);
			cell.s = cell.text;
		}
		if (cdm_filter_text(filter, cell.s))
			return true;
	}
	return false;
}

static bool filter_reasons(const char *filter, const struct cdm_field *f, const __u32 *pages)
{
	for (int i = 0; i < CDM_NR_WHY; i++)
		if (pages[i] && cdm_field_has_why(f, i) && cdm_filter_text(filter, cdm_why_name(i)))
			return true;
	return false;
}

static bool filter_field(const char *filter, const struct cdm_field *f, const struct cdm_model *m,
			 const struct cdm_rec *rec)
{
	const void *at = (const char *)rec + f->offset;
	char buf[64] = "";
	const char *text = buf;

	switch (f->type) {
	case CDM_FIELD_UINT:
		if (strstr(f->name, "pid"))
			snprintf(buf, sizeof(buf), "%llu", cdm_field_value(f, rec));
		break;
	case CDM_FIELD_ENUM:
		text = f->names(cdm_field_value(f, rec));
		break;
	case CDM_FIELD_ADDRESS:
		snprintf(buf, sizeof(buf), "%llx", cdm_field_value(f, rec));
		break;
	case CDM_FIELD_TEXT:
		snprintf(buf, sizeof(buf), "%.*s", f->size ?: (int)sizeof(buf), (const char *)at);
		break;
	case CDM_FIELD_DEVICE:
		text = cdm_model_device_name(m, *(const __u64 *)at);
		break;
	case CDM_FIELD_CGROUP:
		text = cdm_model_cgroup_path(m, *(const __u64 *)at);
		break;
	case CDM_FIELD_FAILED:
	case CDM_FIELD_SKIPPED:
		return filter_reasons(filter, f, at);
	default:
		break;
	}
	return text && cdm_filter_text(filter, text);
}

bool cdm_filter_event(const char *filter, const struct cdm_model *m, const struct cdm_ev *ev)
{
	const struct cdm_event_kind *kind = cdm_event_kind(ev->rec.kind);
	const struct cdm_field *f;

	if (cdm_filter_text(filter, cdm_kind_name(ev->rec.kind)))
		return true;
	for (f = cdm_event_head; f->name; f++)
		if (filter_field(filter, f, m, &ev->rec))
			return true;
	for (f = kind ? kind->fields : NULL; f && f->name; f++)
		if (filter_field(filter, f, m, &ev->rec))
			return true;
	return false;
}

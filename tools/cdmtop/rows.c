// SPDX-License-Identifier: GPL-2.0
/* Which rows, in which order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cdmtop.h"

struct order {
	const struct cdm_column *by;
	const struct cdm_column *then;	/* so that equal rows have one order */
	bool reverse;
};

static int compare(const void *a, const void *b, void *ctx)
{
	const void *x = *(const void *const *)a, *y = *(const void *const *)b;
	const struct order *o = ctx;
	int order = cdm_column_compare(o->by, x, y, o->reverse);

	return order ?: cdm_column_compare(o->then, x, y, false);
}

/* Whether @path is @below or one of its descendants. */
static bool path_below(const char *path, const char *below)
{
	size_t len;

	below += strspn(below, "/");
	path += strspn(path, "/");
	len = strlen(below);
	while (len && below[len - 1] == '/')
		len--;
	return !len || (!strncmp(path, below, len) && (!path[len] || path[len] == '/'));
}

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

static bool meant(const struct cdmtop_options *o, enum cdm_view view, const void *row)
{
	const struct cdm_proc_row *proc = row;
	const struct cdm_cgroup_row *cgroup = row;
	const struct cdm_device_row *device = row;

	switch (view) {
	case CDM_VIEW_PROC:
		return (!o->pid || proc->snap->pid == o->pid) &&
		       (!o->cgroup || (proc->cgroup &&
				       path_below(proc->cgroup->snap->path, o->cgroup))) &&
		       (!o->device || on_device(proc, o->device));
	case CDM_VIEW_CGROUP:
		return !o->cgroup || path_below(cgroup->snap->path, o->cgroup);
	case CDM_VIEW_DEVICE:
		return !o->device || !strcmp(device->snap->name, o->device);
	default:
		return true;
	}
}

/* Any text of the row, or its pid. */
static bool matches(const char *filter, enum cdm_view view, const void *row)
{
	const struct cdm_column *col = cdm_columns(view);

	for (; col->id; col++) {
		struct cdm_cell cell;
		char pid[16];

		if (col->unit != CDM_UNIT_TEXT && col->unit != CDM_UNIT_NONE)
			continue;
		col->get(row, &cell);
		if (!cell.known)
			continue;
		snprintf(pid, sizeof(pid), "%llu", cell.u);
		if (strcasestr(col->unit == CDM_UNIT_TEXT ? cell.s : pid, filter))
			return true;
	}
	return false;
}

static void *const *all_rows(struct cdm_model *m, enum cdm_view view, size_t *nr)
{
	switch (view) {
	case CDM_VIEW_PROC:
		return (void *const *)cdm_model_procs(m, nr);
	case CDM_VIEW_CGROUP:
		return (void *const *)cdm_model_cgroups(m, nr);
	case CDM_VIEW_DEVICE:
		return (void *const *)cdm_model_devices(m, nr);
	default:
		return (void *const *)cdm_model_vmas(m, nr);
	}
}

ssize_t cdmtop_rows(struct cdm_model *m, const struct cdmtop_options *o, enum cdm_view view,
		    const void ***rows, bool *seen)
{
	struct order order = { o->sort, cdm_columns(view), o->reverse };
	size_t nr, kept = 0;
	void *const *all = all_rows(m, view, &nr);

	*rows = calloc(nr + 1, sizeof(**rows));
	if (!*rows)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		if (!meant(o, view, all[i]))
			continue;
		*seen = true;
		if (!o->filter || matches(o->filter, view, all[i]))
			(*rows)[kept++] = all[i];
	}
	if (order.by)
		qsort_r(*rows, kept, sizeof(**rows), compare, &order);
	return o->rows && kept > o->rows ? o->rows : kept;
}

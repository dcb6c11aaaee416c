// SPDX-License-Identifier: GPL-2.0
/* The tables of columns by their views, their names and their order. */
#include <string.h>

#include "table/column-int.h"

const struct cdm_column *cdm_columns(enum cdm_view view)
{
	static const struct cdm_column none[] = { { 0 } };
	static const struct cdm_column *const columns[CDM_NR_VIEW] = {
		[CDM_VIEW_PROC] = cdm_proc_columns,
		[CDM_VIEW_CGROUP] = cdm_cgroup_columns,
		[CDM_VIEW_DEVICE] = cdm_device_columns,
		[CDM_VIEW_NUMA] = cdm_numa_columns,
		[CDM_VIEW_EVENTS] = none,
		[CDM_VIEW_VMA] = cdm_vma_columns,
	};

	return columns[view];
}

const char *cdm_view_name(enum cdm_view view)
{
	static const char *const names[CDM_NR_VIEW] = {
		"proc", "cgroup", "device", "numa", "events", "vma"
	};

	return names[view];
}

const char *cdm_column_key(const struct cdm_column *col, char *buf, size_t size)
{
	static const char *const units[] = {
		[CDM_UNIT_BYTES] = "_bytes",
		[CDM_UNIT_PAGES_PER_S] = "_pages_per_second",
		[CDM_UNIT_BYTES_PER_S] = "_bytes_per_second",
		[CDM_UNIT_PER_S] = "_per_second",
		[CDM_UNIT_NS] = "_ns",
		[CDM_UNIT_PERCENT] = "_percent",
		[CDM_UNIT_ADDRESS] = "",
	};

	snprintf(buf, size, "%s%s", col->id, units[col->unit] ?: "");
	return buf;
}

const struct cdm_column *cdm_column_find(enum cdm_view view, const char *id)
{
	const struct cdm_column *col = cdm_columns(view);

	while (col->id && strcmp(col->id, id))
		col++;
	return col->id ? col : NULL;
}

const struct cdm_column *cdm_column_usual(enum cdm_view view)
{
	if (view == CDM_VIEW_PROC)
		return cdm_column_find(view, "cdm");
	return view == CDM_VIEW_NUMA ? cdm_column_find(view, "moved") : NULL;
}

bool cdm_unit_is_double(enum cdm_unit unit)
{
	return unit == CDM_UNIT_PAGES_PER_S || unit == CDM_UNIT_BYTES_PER_S ||
	       unit == CDM_UNIT_PER_S || unit == CDM_UNIT_PERCENT;
}

static int compare_known(const struct cdm_column *col, const struct cdm_cell *a,
			 const struct cdm_cell *b)
{
	int order;

	if (cdm_unit_is_double(col->unit))
		return a->d < b->d ? -1 : a->d > b->d;
	if (col->unit != CDM_UNIT_TEXT)
		return a->u < b->u ? -1 : a->u > b->u;
	order = strcmp(a->s, b->s);
	return order < 0 ? -1 : order > 0;
}

int cdm_column_compare(const struct cdm_column *col, const void *a, const void *b, bool reverse)
{
	struct cdm_cell x, y;
	int order;

	col->get(a, &x);
	col->get(b, &y);
	if (!x.known || !y.known)
		return x.known ? -1 : y.known;
	order = compare_known(col, &x, &y);
	return col->ascending == reverse ? -order : order;
}

// SPDX-License-Identifier: GPL-2.0
/* Which rows, in which order. */
#include <errno.h>
#include <stdlib.h>

#include "cdmtop.h"

static int compare(const void *a, const void *b, void *order)
{
	return cdm_order_compare(order, *(const void *const *)a, *(const void *const *)b);
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

ssize_t cdmtop_rows(const struct cdmtop_source *s, const struct cdmtop_options *o,
		    enum cdm_view view, const void ***rows, bool *seen)
{
	/* A column is of one view. */
	const struct cdm_column *by = view == (enum cdm_view)o->view ? o->sort : NULL;
	struct cdm_order order = { by, cdm_columns(view), o->reverse };
	size_t nr, kept = 0;
	void *const *all = all_rows(s->model, view, &nr);

	*rows = calloc(nr + 1, sizeof(**rows));
	if (!*rows)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		if (!cdm_select_row(&s->select, view, all[i]))
			continue;
		*seen = true;
		if (!o->filter || cdm_filter_row(o->filter, view, all[i]))
			(*rows)[kept++] = all[i];
	}
	if (order.by)
		qsort_r(*rows, kept, sizeof(**rows), compare, &order);
	return s->select.rows && kept > s->select.rows ? s->select.rows : kept;
}

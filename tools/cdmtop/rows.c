// SPDX-License-Identifier: GPL-2.0
/* Which rows, in which order. */
#include <errno.h>
#include <stdlib.h>

#include "rows.h"

static void *const *all_rows(struct cdm_model *m, enum cdm_view view, size_t *nr)
{
	switch (view) {
	case CDM_VIEW_PROC:
		return (void *const *)cdm_model_procs(m, nr);
	case CDM_VIEW_CGROUP:
		return (void *const *)cdm_model_cgroups(m, nr);
	case CDM_VIEW_DEVICE:
		return (void *const *)cdm_model_devices(m, nr);
	case CDM_VIEW_NUMA:
		return (void *const *)cdm_model_numas(m, nr);
	default:
		return (void *const *)cdm_model_vmas(m, nr);
	}
}

static int make_room(struct cdm_rows *r, size_t nr)
{
	const void **grown;

	if (nr <= r->room)
		return 0;
	grown = reallocarray(r->rows, nr, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	r->rows = grown;
	r->room = nr;
	return 0;
}

static int put_in_order(struct cdm_rows *r, const struct cdm_query *q)
{
	size_t most = q->select.rows && q->select.rows < r->nr ? q->select.rows : r->nr;
	int err = 0;

	r->order = (struct cdm_order) { q->sort, cdm_columns(q->view), q->reverse };
	if (q->tree && q->sort) {
		err = cdm_sort_tree(r->rows, r->nr, &r->order);
		r->order.by = NULL;
	}
	/* Only the first ones in the order that they are shown in. */
	if (most < r->nr)
		cdm_rows_sort(r, 0, most);
	r->nr = most;
	return err;
}

int cdm_rows_take(struct cdm_rows *r, struct cdm_model *m, const struct cdm_query *q)
{
	bool filtered = q->filter && *q->filter;
	void *const *all;
	size_t nr;

	all = all_rows(m, q->view, &nr);
	if (make_room(r, nr))
		return -ENOMEM;
	r->nr = 0;
	r->any = false;
	for (size_t i = 0; i < nr; i++) {
		if (!cdm_select_row(&q->select, q->view, all[i]))
			continue;
		r->any = true;
		if (!filtered || cdm_filter_row(q->filter, q->view, all[i]))
			r->rows[r->nr++] = all[i];
	}
	return put_in_order(r, q);
}

void cdm_rows_sort(struct cdm_rows *r, size_t from, size_t to)
{
	if (r->order.by)
		cdm_sort_part(r->rows, r->nr, from, to, &r->order);
}

size_t cdm_rows_place(const struct cdm_rows *r, size_t at)
{
	size_t place = 0;

	if (!r->order.by)
		return at;
	for (size_t i = 0; i < r->nr; i++)
		place += cdm_order_compare(&r->order, r->rows[i], r->rows[at]) < 0;
	return place;
}

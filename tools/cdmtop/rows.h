/* SPDX-License-Identifier: GPL-2.0 */
/* The one way from the model to the rows of a view: select, filter, sort, cut. */
#ifndef CDMTOP_ROWS_H
#define CDMTOP_ROWS_H

#include "select.h"
#include "sort.h"

/* What is asked for. */
struct cdm_query {
	enum cdm_view view;		/* one with columns */
	struct cdm_select select;
	const char *filter;		/* NULL or "": none */
	const struct cdm_column *sort;	/* of @view; NULL: the order of the model */
	bool reverse;
	bool tree;			/* cgroups: siblings are sorted, below their parent */
};

/*
 * The answer; all zero before the first one, free @rows after the last. Valid as long as
 * the rows of the model.
 */
struct cdm_rows {
	const void **rows;
	size_t nr;
	size_t room;
	bool any;		/* there was one that the selection means, whatever the filter */
	struct cdm_order order;	/* that cdm_rows_sort() has to make */
};

/* Takes those of @q, which need not be in order yet. Return: 0 or -ENOMEM. */
int cdm_rows_take(struct cdm_rows *r, struct cdm_model *m, const struct cdm_query *q);
/* Puts the rows [from, to) of the whole order at their places; what is beyond is none. */
void cdm_rows_sort(struct cdm_rows *r, size_t from, size_t to);
/* The place that the row at @at has in the whole order. */
size_t cdm_rows_place(const struct cdm_rows *r, size_t at);

#endif

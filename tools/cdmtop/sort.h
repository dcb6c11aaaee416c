/* SPDX-License-Identifier: GPL-2.0 */
/* The order of rows, as a list or as a tree. */
#ifndef CDMTOP_SORT_H
#define CDMTOP_SORT_H

#include "table/column.h"

/*
 * An order of rows that is one and the same each time: no two are equal. @by NULL: the
 * one that they have.
 */
struct cdm_order {
	const struct cdm_column *by;
	const struct cdm_column *then;	/* the view's first column, where @by is equal */
	bool reverse;			/* of @by */
};

/* -1, 0, 1 */
int cdm_order_compare(const struct cdm_order *o, const void *a, const void *b);

/* Puts @rows [from, to) at their places in @order, and no more than that takes. */
void cdm_sort_part(const void **rows, size_t nr, size_t from, size_t to,
		   const struct cdm_order *order);
/* Sorts the siblings of cgroups that come in depth-first order. Return: 0 or -ENOMEM. */
int cdm_sort_tree(const void **rows, size_t nr, const struct cdm_order *order);

#endif

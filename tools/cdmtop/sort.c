// SPDX-License-Identifier: GPL-2.0
/*
 * Sorting for a screen: of thousands of rows only those in sight have to be at
 * their places, so only parts of the quicksort that reach into them are done.
 */
#include "sort.h"

int cdm_order_compare(const struct cdm_order *o, const void *a, const void *b)
{
	return cdm_column_compare(o->by, a, b, o->reverse) ?:
	       cdm_column_compare(o->then, a, b, false);
}

static void swap(const void **a, const void **b)
{
	const void *tmp = *a;

	*a = *b;
	*b = tmp;
}

static void insertion(const void **rows, size_t nr, const struct cdm_order *order)
{
	size_t i, j;

	for (i = 1; i < nr; i++) {
		for (j = i; j && cdm_order_compare(order, rows[j - 1], rows[j]) > 0; j--)
			swap(&rows[j - 1], &rows[j]);
	}
}

void cdm_sort_part(const void **rows, size_t nr, size_t from, size_t to,
		   const struct cdm_order *order)
{
	size_t i, store;

	if (to > nr)
		to = nr;
	while (nr > 8) {
		if (from >= to)
			return;
		swap(&rows[nr / 2], &rows[nr - 1]);
		for (i = store = 0; i < nr - 1; i++) {
			if (cdm_order_compare(order, rows[i], rows[nr - 1]) < 0)
				swap(&rows[i], &rows[store++]);
		}
		swap(&rows[store], &rows[nr - 1]);
		if (from < store)
			cdm_sort_part(rows, store, from, to, order);
		if (to <= store + 1)
			return;
		store++;
		rows += store;
		nr -= store;
		from = from > store ? from - store : 0;
		to -= store;
	}
	insertion(rows, nr, order);
}

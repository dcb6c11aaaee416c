// SPDX-License-Identifier: GPL-2.0
/* A tree whose siblings are in the order of a column. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sort.h"

static unsigned int depth(const void *row)
{
	return ((const struct cdm_cgroup_row *)row)->depth;
}

/* Rows of the subtree that starts at @rows[0]. */
static size_t subtree(const void *const *rows, size_t nr)
{
	size_t i = 1;

	while (i < nr && depth(rows[i]) > depth(rows[0]))
		i++;
	return i;
}

struct sibling {
	size_t at;
	size_t nr;
	const void *row;
};

/* Sorts @rows, a sequence of subtrees, into itself; @tmp has room for @nr rows. */
static int sort_level(const void **rows, size_t nr, const void **tmp, const struct cdm_order *order)
{
	struct sibling *siblings = NULL, *more, s;
	size_t i, j, count = 0, out = 0;
	int err = 0;

	for (i = 0; i < nr; i += s.nr) {
		s = (struct sibling){ i, subtree(rows + i, nr - i), rows[i] };
		more = reallocarray(siblings, count + 1, sizeof(*siblings));
		if (!more) {
			err = -ENOMEM;
			goto out;
		}
		siblings = more;
		/* Few siblings, and nearly sorted from the last time. */
		for (j = count++; j; j--) {
			if (cdm_order_compare(order, siblings[j - 1].row, s.row) <= 0)
				break;
			siblings[j] = siblings[j - 1];
		}
		siblings[j] = s;
	}
	for (i = 0; i < count; i++) {
		memcpy(tmp + out, rows + siblings[i].at, siblings[i].nr * sizeof(*rows));
		out += siblings[i].nr;
	}
	memcpy(rows, tmp, nr * sizeof(*rows));
	for (i = 0, out = 0; i < count && !err; i++) {
		if (siblings[i].nr > 1)
			err = sort_level(rows + out + 1, siblings[i].nr - 1, tmp, order);
		out += siblings[i].nr;
	}
out:
	free(siblings);
	return err;
}

int cdm_sort_tree(const void **rows, size_t nr, const struct cdm_order *order)
{
	const void **tmp;
	int err;

	if (nr < 2)
		return 0;
	tmp = calloc(nr, sizeof(*tmp));
	if (!tmp)
		return -ENOMEM;
	err = sort_level(rows, nr, tmp, order);
	free(tmp);
	return err;
}

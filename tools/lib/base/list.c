// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "base/list.h"

int cdm_list_add(struct cdm_list *list, void *row)
{
	if (list->nr == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		void **rows = reallocarray(list->rows, room, sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		list->rows = rows;
		list->room = room;
	}
	list->rows[list->nr++] = row;
	return 0;
}

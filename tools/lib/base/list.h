/* SPDX-License-Identifier: GPL-2.0 */
/* An array of pointers that grows. All zero: empty. free() its rows. */
#ifndef CDM_LIST_H
#define CDM_LIST_H

#include <stddef.h>

struct cdm_list {
	void **rows;
	size_t nr;
	size_t room;
};

/* Return: 0 or -ENOMEM. */
int cdm_list_add(struct cdm_list *list, void *row);

#endif

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/symbols.h"

/* Of those without a size none is larger; what is further away is code without a name. */
#define MAX_FUNCTION	(256ULL << 10)

static int grow(void **array, size_t *room, size_t need, size_t size)
{
	size_t new_room = *room ? *room : 4096;
	void *bigger;

	if (need <= *room)
		return 0;
	while (new_room < need)
		new_room *= 2;
	bigger = realloc(*array, new_room * size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*room = new_room;
	return 0;
}

int cdm_symbols_add(struct cdm_symbols *s, __u64 addr, __u64 size, const char *name,
		    unsigned int rank)
{
	size_t len = strlen(name) + 1;

	if (grow((void **)&s->rows, &s->room, s->nr + 1, sizeof(*s->rows)) ||
	    grow((void **)&s->names, &s->names_room, s->names_len + len, 1))
		return -ENOMEM;
	s->rows[s->nr++] = (struct cdm_symbol) {
		.addr = addr, .end = addr + size, .name = s->names_len, .rank = rank,
	};
	memcpy(s->names + s->names_len, name, len);
	s->names_len += len;
	return 0;
}

static int by_addr(const void *a, const void *b)
{
	const struct cdm_symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

void cdm_symbols_sort(struct cdm_symbols *s)
{
	size_t nr = 0;

	if (s->nr)
		qsort(s->rows, s->nr, sizeof(*s->rows), by_addr);
	for (size_t i = 0; i < s->nr; i++)
		if (!nr || s->rows[i].addr != s->rows[nr - 1].addr)
			s->rows[nr++] = s->rows[i];
	s->nr = nr;
	for (size_t i = 0; i < nr; i++) {
		struct cdm_symbol *row = &s->rows[i];

		if (row->end > row->addr)
			continue;
		row->end = row->addr + MAX_FUNCTION;
		if (i + 1 < nr && row->end > row[1].addr)
			row->end = row[1].addr;
	}
}

const char *cdm_symbols_find(const struct cdm_symbols *s, __u64 addr, __u64 *start)
{
	size_t low = 0, high = s->nr;

	/* The first symbol above @addr: the one before it is the function. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->rows[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || addr >= s->rows[low - 1].end)
		return NULL;
	*start = s->rows[low - 1].addr;
	return s->names + s->rows[low - 1].name;
}

void cdm_symbols_free(struct cdm_symbols *s)
{
	free(s->rows);
	free(s->names);
	*s = (struct cdm_symbols) { 0 };
}

// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define CHUNK	(256 << 10)

struct cdm_chunk {
	struct cdm_chunk *next;
	size_t fill;
	size_t size;
	char data[] __attribute__((aligned(8)));
};

static struct cdm_chunk *take_chunk(struct cdm_arena *a, size_t len)
{
	struct cdm_chunk *c = a->spare;

	if (c && c->size >= len) {
		a->spare = c->next;
	} else {
		size_t size = len > CHUNK ? len : CHUNK;

		c = malloc(sizeof(*c) + size);
		if (!c)
			return NULL;
		c->size = size;
	}
	c->fill = 0;
	c->next = a->used;
	a->used = c;
	return c;
}

void *cdm_arena_copy(struct cdm_arena *a, const void *data, size_t len)
{
	size_t room = (len + 7) & ~7UL;
	struct cdm_chunk *c = a->used;
	void *copy;

	if (!c || c->size - c->fill < room)
		c = take_chunk(a, room);
	if (!c)
		return NULL;
	copy = c->data + c->fill;
	c->fill += room;
	return memcpy(copy, data, len);
}

static void free_chunks(struct cdm_chunk *c)
{
	while (c) {
		struct cdm_chunk *next = c->next;

		free(c);
		c = next;
	}
}

/* What the last refresh did not need is not needed. */
void cdm_arena_reset(struct cdm_arena *a)
{
	free_chunks(a->spare);
	a->spare = a->used;
	a->used = NULL;
}

void cdm_arena_free(struct cdm_arena *a)
{
	free_chunks(a->spare);
	free_chunks(a->used);
	*a = (struct cdm_arena) { 0 };
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Memory for the records of one refresh: given back all at once, and used again. */
#ifndef CDM_ARENA_H
#define CDM_ARENA_H

#include <stddef.h>

struct cdm_chunk;

/* All zero: empty. */
struct cdm_arena {
	struct cdm_chunk *used;		/* the newest first */
	struct cdm_chunk *spare;
};

/* A copy of @len bytes at @data, aligned to 8; NULL: no memory. */
void *cdm_arena_copy(struct cdm_arena *a, const void *data, size_t len);
void cdm_arena_reset(struct cdm_arena *a);
void cdm_arena_free(struct cdm_arena *a);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* A hash table of nodes that are members of what it holds; grows as needed. */
#ifndef CDM_HASH_H
#define CDM_HASH_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

struct cdm_node {
	struct cdm_node *next;
	__u64 key;
};

/* All zero: empty. */
struct cdm_hash {
	struct cdm_node **slots;
	unsigned int bits;
	size_t nr;
};

/* NULL: there is none. */
struct cdm_node *cdm_hash_find(const struct cdm_hash *h, __u64 key);
/* @node->key is set, and not in @h yet. Return: 0 or -ENOMEM. */
int cdm_hash_add(struct cdm_hash *h, struct cdm_node *node);
/* Takes out the nodes for which @drop, which frees them, returns true. */
void cdm_hash_drop(struct cdm_hash *h, bool (*drop)(struct cdm_node *node, void *ctx), void *ctx);
/* A @drop for nodes that are all there is to free. */
bool cdm_hash_free_node(struct cdm_node *node, void *ctx);
/* Frees the table, not the nodes. */
void cdm_hash_free(struct cdm_hash *h);

/*
 * The node of @key, made of @size zero bytes if there is none: a structure that
 * starts with struct cdm_node. NULL: no memory.
 */
void *cdm_hash_take(struct cdm_hash *hash, __u64 key, size_t size);

/*
 * All nodes in the order of @compare, which gets pointers to pointers. Free it; NULL:
 * empty, or no memory.
 */
void **cdm_hash_sorted(const struct cdm_hash *h, size_t *nr,
		       int (*compare)(const void *a, const void *b));

/* A key for a text: FNV-1a. */
__u64 cdm_hash_text(const char *s, size_t len);

#endif

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

#define FIRST_BITS	6

static size_t slot_of(const struct cdm_hash *h, __u64 key)
{
	return key * 0x9e3779b97f4a7c15ULL >> (64 - h->bits);
}

struct cdm_node *cdm_hash_find(const struct cdm_hash *h, __u64 key)
{
	struct cdm_node *node = h->slots ? h->slots[slot_of(h, key)] : NULL;

	while (node && node->key != key)
		node = node->next;
	return node;
}

static int grow(struct cdm_hash *h)
{
	unsigned int bits = h->slots ? h->bits + 1 : FIRST_BITS;
	struct cdm_hash new = { calloc(1UL << bits, sizeof(*new.slots)), bits, 0 };

	if (!new.slots)
		return -ENOMEM;
	for (size_t i = 0; h->slots && i < 1UL << h->bits; i++) {
		while (h->slots[i]) {
			struct cdm_node *node = h->slots[i];

			h->slots[i] = node->next;
			cdm_hash_add(&new, node);
		}
	}
	free(h->slots);
	*h = new;
	return 0;
}

int cdm_hash_add(struct cdm_hash *h, struct cdm_node *node)
{
	struct cdm_node **slot;

	if ((!h->slots || h->nr >= 1UL << h->bits) && grow(h))
		return -ENOMEM;
	slot = &h->slots[slot_of(h, node->key)];
	node->next = *slot;
	*slot = node;
	h->nr++;
	return 0;
}

void cdm_hash_drop(struct cdm_hash *h, bool (*drop)(struct cdm_node *node, void *ctx), void *ctx)
{
	for (size_t i = 0; h->slots && i < 1UL << h->bits; i++) {
		struct cdm_node **p = &h->slots[i];

		while (*p) {
			struct cdm_node *next = (*p)->next;

			if (drop(*p, ctx)) {
				*p = next;
				h->nr--;
			} else {
				p = &(*p)->next;
			}
		}
	}
}

bool cdm_hash_free_node(struct cdm_node *node, void *ctx)
{
	free(node);
	return true;
}

void cdm_hash_free(struct cdm_hash *h)
{
	free(h->slots);
	*h = (struct cdm_hash) { 0 };
}

void *cdm_hash_take(struct cdm_hash *hash, __u64 key, size_t size)
{
	struct cdm_node *node = cdm_hash_find(hash, key);

	if (node)
		return node;
	node = calloc(1, size);
	if (!node)
		return NULL;
	node->key = key;
	if (cdm_hash_add(hash, node)) {
		free(node);
		return NULL;
	}
	return node;
}

void **cdm_hash_sorted(const struct cdm_hash *h, size_t *nr,
		       int (*compare)(const void *a, const void *b))
{
	void **nodes = h->nr ? calloc(h->nr, sizeof(*nodes)) : NULL;

	*nr = 0;
	if (!nodes)
		return NULL;
	for (size_t i = 0; i < 1UL << h->bits; i++)
		for (struct cdm_node *n = h->slots[i]; n; n = n->next)
			nodes[(*nr)++] = n;
	qsort(nodes, *nr, sizeof(*nodes), compare);
	return nodes;
}

__u64 cdm_hash_text(const char *s, size_t len)
{
	__u64 h = 0xcbf29ce484222325ULL;

	while (len--)
		h = (h ^ (unsigned char)*s++) * 0x100000001b3ULL;
	return h;
}

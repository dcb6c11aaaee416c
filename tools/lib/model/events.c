// SPDX-License-Identifier: GPL-2.0
/* What the model keeps of events: the last ones, stacks, devices, notes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/model-int.h"

#define NOTES_MAX	256	/* a source that has more to say repeats itself */

_Static_assert(sizeof(struct cdm_ev_migrate) <= CDM_EVENT_SIZE &&
	       sizeof(struct cdm_ev_device) <= CDM_EVENT_SIZE &&
	       sizeof(struct cdm_ev_pagefault) <= CDM_EVENT_SIZE &&
	       sizeof(struct cdm_ev_fault) <= CDM_EVENT_SIZE, "an event does not fit");

int cdm_model_event(struct cdm_model *m, const struct cdm_rec *rec)
{
	struct cdm_event_ring *ring = &m->events;
	struct cdm_rec *copy;

	if (!ring->slots)
		ring->slots = calloc(CDM_MODEL_EVENTS, sizeof(*ring->slots));
	if (!ring->slots)
		return -ENOMEM;
	copy = (struct cdm_rec *)ring->slots[ring->nr++ % CDM_MODEL_EVENTS];
	/* What a later version appended is not needed. */
	memcpy(copy, rec, rec->len < CDM_EVENT_SIZE ? rec->len : CDM_EVENT_SIZE);
	if (copy->len > CDM_EVENT_SIZE)
		copy->len = CDM_EVENT_SIZE;
	return 0;
}

size_t cdm_model_events(struct cdm_model *m, __u32 pid, struct cdm_event_row *rows, size_t max)
{
	const struct cdm_event_ring *ring = &m->events;
	size_t kept = ring->nr < CDM_MODEL_EVENTS ? ring->nr : CDM_MODEL_EVENTS;
	size_t nr = 0;

	/* From the newest on, and then turned round. */
	for (size_t i = 1; i <= kept && nr < max; i++) {
		const void *slot = ring->slots[(ring->nr - i) % CDM_MODEL_EVENTS];
		const struct cdm_ev *ev = slot;

		if (!pid || ev->pid == pid)
			rows[nr++] = (struct cdm_event_row) { ev, ring->nr - i + 1 };
	}
	for (size_t i = 0; i < nr / 2; i++) {
		struct cdm_event_row row = rows[i];

		rows[i] = rows[nr - 1 - i];
		rows[nr - 1 - i] = row;
	}
	return nr;
}

int cdm_model_add_stack(struct cdm_model *m, const struct cdm_rec_stack *stack)
{
	struct cdm_stack_entry *e = (void *)cdm_hash_find(&m->stacks, (__u32)stack->id);
	struct cdm_rec_stack *copy = malloc(stack->rec.len);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, stack, stack->rec.len);
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e)
			goto err;
		e->node.key = (__u32)stack->id;
		if (cdm_hash_add(&m->stacks, &e->node))
			goto err;
	}
	free(e->stack);
	e->stack = copy;
	return 0;
err:
	free(e);
	free(copy);
	return -ENOMEM;
}

const struct cdm_rec_stack *cdm_model_stack(const struct cdm_model *m, __s32 id)
{
	struct cdm_stack_entry *e = NULL;

	if (id >= 0)
		e = (void *)cdm_hash_find(&m->stacks, id);
	return e ? e->stack : NULL;
}

int cdm_model_add_identity(struct cdm_model *m, __u64 device, const char *name)
{
	struct cdm_identity *e = (void *)cdm_hash_find(&m->identities, device);

	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e)
			return -ENOMEM;
		e->node.key = device;
		if (cdm_hash_add(&m->identities, &e->node)) {
			free(e);
			return -ENOMEM;
		}
	}
	memcpy(e->name, name, sizeof(e->name));
	return 0;
}

const char *cdm_model_device_name(const struct cdm_model *m, __u64 device)
{
	struct cdm_identity *e = (void *)cdm_hash_find(&m->identities, device);

	return e && e->name[0] ? e->name : NULL;
}

int cdm_model_add_note(struct cdm_model *m, const char *text)
{
	char *copy;

	for (size_t i = 0; i < m->notes.nr; i++)
		if (!strcmp(m->notes.rows[i], text))
			return 0;
	if (m->notes.nr == NOTES_MAX)
		return 0;
	copy = strdup(text);
	if (!copy || cdm_list_add(&m->notes, copy)) {
		free(copy);
		return -ENOMEM;
	}
	return 0;
}

const char *cdm_model_note(struct cdm_model *m, size_t n)
{
	return n < m->notes.nr ? m->notes.rows[n] : NULL;
}

static bool drop_stack(struct cdm_node *node, void *ctx)
{
	struct cdm_stack_entry *e = (void *)node;

	free(e->stack);
	free(e);
	return true;
}

static bool drop_identity(struct cdm_node *node, void *ctx)
{
	free(node);
	return true;
}

void cdm_model_free_events(struct cdm_model *m)
{
	cdm_hash_drop(&m->stacks, drop_stack, NULL);
	cdm_hash_free(&m->stacks);
	cdm_hash_drop(&m->identities, drop_identity, NULL);
	cdm_hash_free(&m->identities);
	for (size_t i = 0; i < m->notes.nr; i++)
		free(m->notes.rows[i]);
	free(m->notes.rows);
	free(m->events.slots);
}

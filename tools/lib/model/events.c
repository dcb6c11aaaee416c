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

static struct cdm_stack_entry *stack_of(const struct cdm_model *m, __s32 id)
{
	return id < 0 ? NULL : (void *)cdm_hash_find(&m->stacks, id);
}

/* @stack is the entry's from then on. */
static void set_stack(struct cdm_stack_entry *e, struct cdm_rec_stack *stack)
{
	free(e->stack);
	free(e->user);
	e->stack = stack;
	e->user = NULL;
}

int cdm_model_add_stack(struct cdm_model *m, const struct cdm_rec_stack *stack)
{
	struct cdm_stack_entry *e = cdm_hash_take(&m->stacks, (__u32)stack->id, sizeof(*e));
	void *copy = e ? malloc(stack->rec.len) : NULL;

	if (!copy)
		return -ENOMEM;
	set_stack(e, memcpy(copy, stack, stack->rec.len));
	return 0;
}

int cdm_model_add_user_stack(struct cdm_model *m, const struct cdm_rec_user_stack *user)
{
	struct cdm_stack_entry *e = stack_of(m, user->id);
	void *copy;

	/* The kernel's part precedes it. */
	if (!e)
		return 0;
	copy = malloc(user->rec.len);
	if (!copy)
		return -ENOMEM;
	free(e->user);
	e->user = memcpy(copy, user, user->rec.len);
	// cppcheck-suppress memleak ; memcpy() returns copy
	return 0;
}

const struct cdm_rec_stack *cdm_model_stack(const struct cdm_model *m, __s32 id)
{
	const struct cdm_stack_entry *e = stack_of(m, id);

	return e ? e->stack : NULL;
}

const struct cdm_rec_user_stack *cdm_model_user_stack(const struct cdm_model *m, __s32 id)
{
	const struct cdm_stack_entry *e = stack_of(m, id);

	return e ? e->user : NULL;
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

	set_stack(e, NULL);
	free(e);
	return true;
}

void cdm_model_free_events(struct cdm_model *m)
{
	cdm_hash_drop(&m->stacks, drop_stack, NULL);
	cdm_hash_free(&m->stacks);
	cdm_hash_drop(&m->identities, cdm_hash_free_node, NULL);
	cdm_hash_free(&m->identities);
	for (size_t i = 0; i < m->notes.nr; i++)
		free(m->notes.rows[i]);
	free(m->notes.rows);
	free(m->events.slots);
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "event/frame.h"
#include "folded.h"
#include "base/hash.h"
#include "base/name.h"

#define TEXT_MAX	(64 << 10)
#define MAX_FRAMES	256

struct site {
	struct cdm_node node;	/* key: hash of the text */
	struct cdm_site site;
	char text[];
};

struct cdm_folded {
	enum cdm_fold by;
	struct cdm_hash sites;
	const struct cdm_site **order;
	size_t nr;
	char text[TEXT_MAX];	/* being put together */
};

struct cdm_folded *cdm_folded_new(enum cdm_fold by)
{
	struct cdm_folded *f = calloc(1, sizeof(*f));

	if (f)
		f->by = by;
	return f;
}

void cdm_folded_free(struct cdm_folded *f)
{
	if (!f)
		return;
	cdm_hash_drop(&f->sites, cdm_hash_free_node, NULL);
	cdm_hash_free(&f->sites);
	free(f->order);
	free(f);
}

/* As much of it as there is room for. */
static size_t put(struct cdm_folded *f, size_t at, const char *s, size_t max)
{
	size_t room = (sizeof(f->text) - 1 - at) / CDM_NAME_GROWS;

	return cdm_put_name(f->text + at, s, max < room ? max : room, CDM_FORM_FOLDED) - f->text;
}

/* Outermost first. @mark: "" or what tells functions of the kernel from others. */
static size_t fold_kernel(struct cdm_folded *f, size_t at, const struct cdm_rec_stack *stack,
			  const char *mark)
{
	const char *frames[MAX_FRAMES], *frame = stack->frames;
	__u32 nr;

	for (nr = 0; nr < stack->nr && nr < MAX_FRAMES; nr++) {
		frames[nr] = frame;
		frame += strlen(frame) + 1;
	}
	while (nr-- > 0 && at + 1 < sizeof(f->text)) {
		f->text[at++] = ';';
		at = put(f, at, frames[nr], TEXT_MAX);
		at = put(f, at, mark, TEXT_MAX);
	}
	return at;
}

static size_t fold_user(struct cdm_folded *f, size_t at, const struct cdm_rec_user_stack *stack)
{
	const struct cdm_user_frame *frames[MAX_FRAMES], *frame = (const void *)stack->frames;
	__u32 nr;

	for (nr = 0; nr < stack->nr && nr < MAX_FRAMES; nr++) {
		frames[nr] = frame;
		frame = cdm_frame_next(frame);
	}
	while (nr-- > 0 && cdm_frame_room(frames[nr]) < sizeof(f->text) - at) {
		f->text[at++] = ';';
		at = cdm_put_frame(f->text + at, frames[nr], CDM_FORM_FOLDED) - f->text;
	}
	return at;
}

/*
 * Return: length of the text, outermost first, as flame graphs have it: what is the
 * kernel's in the stack of a program is marked.
 */
static size_t fold_stack(struct cdm_folded *f, const struct cdm_ev *ev, const struct cdm_model *m)
{
	const struct cdm_rec_stack *kernel = cdm_model_stack(m, ev->stack);
	const struct cdm_rec_user_stack *user = cdm_model_user_stack(m, ev->stack);
	size_t comm = put(f, 0, ev->actor_comm, CDM_COMM_LEN), at = comm;

	if (user)
		at = fold_user(f, at, user);
	if (kernel)
		at = fold_kernel(f, at, kernel, user ? "_[k]" : "");
	if (at > comm)
		return at;
	f->text[at++] = ';';
	return put(f, at, "[no stack]", CDM_COMM_LEN);
}

/* Of a library if there is none of the program. NULL: there is no stack in user space. */
static const struct cdm_user_frame *program_frame(const struct cdm_rec_user_stack *stack)
{
	const struct cdm_user_frame *frame = stack ? (const void *)stack->frames : NULL;

	for (unsigned int i = 0; stack && i < stack->nr; i++, frame = cdm_frame_next(frame))
		if (frame->program)
			return frame;
	return stack && stack->nr ? (const void *)stack->frames : NULL;
}

/* Return: 0: there is none. */
static size_t fold_function(struct cdm_folded *f, const struct cdm_ev *ev,
			    const struct cdm_model *m)
{
	const struct cdm_user_frame *frame = program_frame(cdm_model_user_stack(m, ev->stack));
	size_t at;

	if (!frame)
		return 0;
	at = put(f, 0, ev->actor_comm, CDM_COMM_LEN);
	f->text[at++] = ';';
	return cdm_put_frame(f->text + at, frame, CDM_FORM_FOLDED) - f->text;
}

static struct site *find(const struct cdm_folded *f, __u64 key, size_t len)
{
	struct cdm_node *node = cdm_hash_find(&f->sites, key);

	/* Others with the same hash follow in the chain. */
	for (; node; node = node->next) {
		struct site *s = (struct site *)node;

		if (node->key == key && strlen(s->text) == len && !memcmp(s->text, f->text, len))
			return s;
	}
	return NULL;
}

int cdm_folded_add(struct cdm_folded *f, const struct cdm_ev *ev, const struct cdm_model *m)
{
	size_t len = f->by == CDM_FOLD_STACK ? fold_stack(f, ev, m) : fold_function(f, ev, m);
	__u64 key = cdm_hash_text(f->text, len);
	struct site *s = find(f, key, len);

	if (!len)
		return 0;
	if (!s) {
		s = calloc(1, sizeof(*s) + len + 1);
		if (!s)
			return -ENOMEM;
		memcpy(s->text, f->text, len);
		s->site.text = s->text;
		s->node.key = key;
		if (cdm_hash_add(&f->sites, &s->node)) {
			free(s);
			return -ENOMEM;
		}
	}
	s->site.count++;
	s->site.pages += cdm_event_pages(ev);
	s->site.ns += cdm_event_ns(ev);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct cdm_site *x = *(const struct cdm_site *const *)a;
	const struct cdm_site *y = *(const struct cdm_site *const *)b;

	if (x->pages != y->pages)
		return x->pages > y->pages ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->text, y->text);
}

const struct cdm_site *const *cdm_folded_sites(struct cdm_folded *f, size_t *nr)
{
	const struct cdm_site **order = reallocarray(f->order, f->sites.nr + 1, sizeof(*order));

	*nr = 0;
	if (!order)
		return NULL;
	f->order = order;
	for (size_t i = 0; f->sites.slots && i < 1UL << f->sites.bits; i++)
		for (struct cdm_node *n = f->sites.slots[i]; n; n = n->next)
			order[(*nr)++] = &((struct site *)n)->site;
	qsort(order, *nr, sizeof(*order), compare);
	return order;
}

void cdm_folded_print(struct cdm_folded *f, struct cdm_out *out, bool by_pages)
{
	size_t nr;
	const struct cdm_site *const *sites = cdm_folded_sites(f, &nr);

	for (size_t i = 0; i < nr; i++) {
		__u64 weight = by_pages ? sites[i]->pages : sites[i]->count;
		char *s;

		if (!weight)
			continue;
		s = cdm_out_room(out, TEXT_MAX + 32);
		s = cdm_put(s, sites[i]->text, strlen(sites[i]->text));
		*s++ = ' ';
		s = cdm_put_u64(s, weight);
		*s++ = '\n';
		cdm_out_end(out, s);
	}
}

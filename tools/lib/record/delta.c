// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/delta.h"

#define HEAD	sizeof(struct cdm_rec)

/* Where a row is in the last refresh. */
struct cdm_row_at {
	struct cdm_node node;	/* key: identity */
	size_t at;
};

static bool is_row(unsigned int kind)
{
	return kind == CDM_SNAP_PROC || kind == CDM_SNAP_CGROUP || kind == CDM_SNAP_DEVICE ||
	       kind == CDM_SNAP_VMA;
}

static struct cdm_rec *row_at(const struct cdm_rows *rows, size_t at)
{
	return at < rows->used ? (struct cdm_rec *)(rows->data + at) : NULL;
}

/* Return: the copy; NULL: no memory. */
static struct cdm_rec *add_row(struct cdm_rows *rows, const struct cdm_rec *rec)
{
	struct cdm_rec *copy;

	if (rows->used + rec->len > rows->room) {
		size_t room = 2 * rows->room + rec->len;
		char *data = realloc(rows->data, room);

		if (!data)
			return NULL;
		rows->data = data;
		rows->room = room;
	}
	copy = memcpy(rows->data + rows->used, rec, rec->len);
	rows->used += rec->len;
	rows->nr++;
	return copy;
}

/* What came since the last BEGIN is the last refresh now. */
static void turn(struct cdm_rows *last, struct cdm_rows *now)
{
	struct cdm_rows old = *last;

	*last = *now;
	*now = old;
	now->used = now->nr = 0;
}

/*
 * What a row is about. Two rows that happen to have the same one cost bytes, and
 * nothing else: a change can make any row of any other one of its kind and length.
 */
static __u64 identity(const struct cdm_rec *rec)
{
	__u64 id;

	if (rec->kind == CDM_SNAP_PROC)
		id = ((const struct cdm_snap_proc *)rec)->pid;
	else if (rec->kind == CDM_SNAP_CGROUP)
		id = ((const struct cdm_snap_cgroup *)rec)->id;
	else if (rec->kind == CDM_SNAP_DEVICE)
		id = ((const struct cdm_snap_device *)rec)->index;
	else
		id = ((const struct cdm_snap_vma *)rec)->start;
	return id << 2 ^ (rec->kind & 3);
}

static void drop_index(struct cdm_encoder *e)
{
	cdm_hash_free(&e->index);
	free(e->nodes);
	e->nodes = NULL;
}

static int make_index(struct cdm_encoder *e)
{
	struct cdm_row_at *n = e->nodes = calloc(e->last.nr, sizeof(*n));
	const struct cdm_rec *rec;

	if (!n)
		return -ENOMEM;
	for (size_t at = 0; (rec = row_at(&e->last, at)); at += rec->len, n++) {
		n->node.key = identity(rec);
		n->at = at;
		if (cdm_hash_add(&e->index, &n->node))
			return -ENOMEM;
	}
	return 0;
}

/* The row of the last refresh that @rec goes on with; NULL: it is new. */
static int find(struct cdm_encoder *e, const struct cdm_rec *rec, const struct cdm_rec **old)
{
	const struct cdm_rec *next = row_at(&e->last, e->at);
	int err = 0;

	*old = NULL;
	if (!next || rec->len > CDM_DELTA_ROW_MAX)
		return 0;
	/* Nearly always. */
	if (identity(next) == identity(rec)) {
		*old = next;
	} else if (e->nodes || !(err = make_index(e))) {
		const struct cdm_row_at *n = (void *)cdm_hash_find(&e->index, identity(rec));

		if (n && n->at > e->at)
			*old = row_at(&e->last, n->at);
	}
	if (*old && ((*old)->kind != rec->kind || (*old)->len != rec->len))
		*old = NULL;
	return err;
}

static void put(struct cdm_encoder *e, const struct cdm_rec *rec)
{
	if (e->partial)
		e->spent += rec->len;
	e->put(e->ctx, rec, rec->len);
}

static void put_delta(struct cdm_encoder *e)
{
	if (!e->delta.nr)
		return;
	e->delta.rec = (struct cdm_rec) {
		CDM_SNAP_DELTA, 0, HEAD + e->delta.nr * sizeof(e->delta.words[0]), 0
	};
	put(e, &e->delta.rec);
	e->delta.nr = 0;
}

/* Words of changes from @old to @rec, put to @to: runs and what they consist of. */
static size_t compare(__u64 *to, const struct cdm_rec *old, const struct cdm_rec *rec)
{
	const __u64 *was = (const __u64 *)old, *is = (const __u64 *)rec;
	size_t nr = rec->len / sizeof(*is), used = 0;

	for (size_t i = HEAD / sizeof(*is); i < nr; i++) {
		struct cdm_delta_run run = { .at = i };
		size_t start = used++;

		for (; i < nr && was[i] != is[i]; i++) {
			to[used++] = is[i];
			run.nr++;
		}
		memcpy(&to[start], &run, sizeof(run));
		if (!run.nr)
			used--;
	}
	return used;
}

/* What was passed, @drop rows that have ended, and the change to @rec; NULL: none. */
static void put_step(struct cdm_encoder *e, size_t drop, const struct cdm_rec *old,
		     const struct cdm_rec *rec)
{
	struct cdm_delta_step step = { .same = e->same };
	__u64 *to;

	/* At worst every other word of the row changed. */
	if (e->delta.nr + 2 + CDM_DELTA_ROW_MAX / sizeof(*to) > CDM_DELTA_WORDS)
		put_delta(e);
	to = &e->delta.words[e->delta.nr++];
	step.drop = drop < UINT16_MAX ? drop : UINT16_MAX;
	drop -= step.drop;
	e->same = 0;
	if (rec && !drop)
		step.words = compare(to + 1, old, rec);
	memcpy(to, &step, sizeof(step));
	e->delta.nr += step.words;
	if (drop)
		put_step(e, drop, old, rec);
}

/* Before anything else is written. */
static void put_steps(struct cdm_encoder *e)
{
	if (e->same)
		put_step(e, 0, NULL, NULL);
	put_delta(e);
}

static int put_row(struct cdm_encoder *e, const struct cdm_rec *rec)
{
	const struct cdm_rec *old, *next;
	int err = find(e, rec, &old);
	size_t drop = 0;

	if (err || !add_row(&e->now, rec))
		return -ENOMEM;
	if (!old) {
		put_steps(e);
		put(e, rec);
		return 0;
	}
	for (; (next = row_at(&e->last, e->at)) != old; e->at += next->len)
		drop++;
	e->at += old->len;
	if (memcmp((const char *)old + HEAD, (const char *)rec + HEAD, rec->len - HEAD)) {
		put_step(e, drop, old, rec);
		return 0;
	}
	if (drop)
		put_step(e, drop, NULL, NULL);
	e->same++;
	return 0;
}

/* A whole refresh once the changes have cost as much: no more than double of them. */
static void begin(struct cdm_encoder *e)
{
	drop_index(e);
	turn(&e->last, &e->now);
	e->open = true;
	e->partial = e->spent < e->last.used;
	e->at = e->partial ? 0 : e->last.used;
	e->spent = e->partial ? e->spent : 0;
}

int cdm_encoder_put(struct cdm_encoder *e, const struct cdm_rec *rec)
{
	if (e->open && is_row(rec->kind))
		return put_row(e, rec);
	put_steps(e);
	if (rec->kind == CDM_SNAP_BEGIN)
		begin(e);
	put(e, rec);
	if (rec->kind == CDM_SNAP_END)
		e->open = e->partial = false;
	return 0;
}

void cdm_encoder_free(struct cdm_encoder *e)
{
	drop_index(e);
	free(e->last.data);
	free(e->now.data);
}

static struct cdm_delta_step step_at(const __u64 *word)
{
	struct cdm_delta_step step;

	memcpy(&step, word, sizeof(step));
	return step;
}

static int take_delta(struct cdm_decoder *d, const struct cdm_snap_delta *delta)
{
	const __u64 *end = (const void *)((const char *)delta + delta->rec.len);
	const __u64 *word = delta->steps;
	__u64 rows = 0;

	while (word < end) {
		struct cdm_delta_step step = step_at(word++);

		if (step.words > end - word)
			return -EINVAL;
		word += step.words;
		rows += (__u64)step.same + step.drop + !!step.words;
	}
	if (!d->open || rows > d->left)
		return -EINVAL;
	d->left -= rows;
	d->step = delta->steps;
	d->end = end;
	d->passed = 0;
	return 0;
}

int cdm_decoder_take(struct cdm_decoder *d, const struct cdm_rec *rec)
{
	if (rec->kind == CDM_SNAP_DELTA)
		return take_delta(d, (const void *)rec);
	if (rec->kind == CDM_SNAP_END) {
		d->open = false;
	} else if (rec->kind == CDM_SNAP_BEGIN) {
		turn(&d->last, &d->now);
		d->open = true;
		d->at = 0;
		d->left = d->last.nr;
		d->ts = rec->ts;
	} else if (d->open && is_row(rec->kind) && !add_row(&d->now, rec)) {
		return -ENOMEM;
	}
	return 0;
}

/* The next row of the last refresh, in this one. NULL: no memory. */
static struct cdm_rec *carry(struct cdm_decoder *d)
{
	const struct cdm_rec *old = row_at(&d->last, d->at);
	struct cdm_rec *row = add_row(&d->now, old);

	if (!row)
		return NULL;
	d->at += old->len;
	row->ts = d->ts;
	return row;
}

static bool change(struct cdm_rec *row, const __u64 *p, size_t words)
{
	const __u64 *end = p + words;

	while (p < end) {
		struct cdm_delta_run run;

		memcpy(&run, p++, sizeof(run));
		if (run.at < HEAD / sizeof(*p) || run.nr > end - p ||
		    (__u64)run.at + run.nr > row->len / sizeof(*p))
			return false;
		memcpy((char *)row + run.at * sizeof(*p), p, run.nr * sizeof(*p));
		p += run.nr;
	}
	return cdm_rec_valid(row, row->len);
}

int cdm_decoder_next(struct cdm_decoder *d, const struct cdm_rec **row)
{
	while (d->step < d->end) {
		struct cdm_delta_step step = step_at(d->step);
		const __u64 *words = d->step + 1;
		bool same = d->passed < step.same;
		struct cdm_rec *next;

		if (!same) {
			for (int i = 0; i < step.drop; i++)
				d->at += row_at(&d->last, d->at)->len;
			d->step = words + step.words;
			d->passed = 0;
			if (!step.words)
				continue;
		}
		next = carry(d);
		if (!next)
			return -ENOMEM;
		if (!same && !change(next, words, step.words))
			return -EINVAL;
		d->passed += same;
		*row = next;
		return 1;
	}
	return 0;
}

void cdm_decoder_free(struct cdm_decoder *d)
{
	free(d->last.data);
	free(d->now.data);
}

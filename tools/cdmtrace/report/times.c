// SPDX-License-Identifier: GPL-2.0
/*
 * What the report's charts need: levels and latencies over time. How long a recording
 * is turns out at its end, so slots become twice as long whenever there are too few.
 */
#include <stdlib.h>

#include "report/times.h"

#define FIRST_SLOT_NS	1000000ULL	/* at the start */

struct report_times *report_times_new(void)
{
	struct report_times *t = calloc(1, sizeof(*t));

	if (t)
		t->slot_ns = FIRST_SLOT_NS;
	return t;
}

void report_times_free(struct report_times *t)
{
	while (t && t->series) {
		struct report_series *next = t->series->next;

		free(t->series);
		t->series = next;
	}
	free(t);
}

struct report_series *report_series_new(struct report_times *t)
{
	struct report_series *s;

	if (t->nr_series == REPORT_SERIES) {
		t->left_out = true;
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	t->nr_series++;
	s->next = t->series;
	t->series = s;
	return s;
}

static struct report_slot joined(struct report_slot a, struct report_slot b)
{
	if (!b.known)
		return a;
	if (a.known && a.most > b.most)
		b.most = a.most;
	return b;
}

static void double_slots(struct report_times *t)
{
	const struct report_slot none = { 0 };

	for (struct report_series *s = t->series; s; s = s->next)
		for (int i = 0; i < REPORT_SLOTS; i++)
			s->slots[i] = i < REPORT_SLOTS / 2 ?
				      joined(s->slots[2 * i], s->slots[2 * i + 1]) : none;
	for (int dir = 0; dir < CDM_NR_DIR; dir++)
		for (int i = 0; i < REPORT_SLOTS; i++)
			for (int b = 0; b < 64; b++)
				t->calls[dir][i][b] = i < REPORT_SLOTS / 2 ?
					t->calls[dir][2 * i][b] + t->calls[dir][2 * i + 1][b] : 0;
	t->slot_ns *= 2;
	t->used = (t->used + 1) / 2;
}

/* Events are stamped with their start, which may be before the first record. */
static unsigned int slot_of(struct report_times *t, __u64 ts)
{
	__u64 since;

	if (!t->start)
		t->start = ts;
	since = ts > t->start ? ts - t->start : 0;
	while (since / t->slot_ns >= REPORT_SLOTS)
		double_slots(t);
	if (since / t->slot_ns >= t->used)
		t->used = since / t->slot_ns + 1;
	return since / t->slot_ns;
}

void report_series_set(struct report_times *t, struct report_series *s, __u64 ts, __u64 pages)
{
	const struct report_slot now = { true, pages, pages };
	unsigned int slot;

	if (!s || pages == CDM_UNKNOWN)
		return;
	slot = slot_of(t, ts);
	if (!t->levels_start)
		t->levels_start = ts;
	s->slots[slot] = joined(s->slots[slot], now);
}

void report_times_call(struct report_times *t, unsigned int dir, __u64 ts, __u64 ns)
{
	unsigned int slot = slot_of(t, ts);

	t->calls[dir][slot][ns ? 63 - __builtin_clzll(ns) : 0]++;
}

unsigned int report_times_levels_from(struct report_times *t)
{
	return t->levels_start ? slot_of(t, t->levels_start) : t->used;
}

void report_series_levels(const struct report_times *t, const struct report_series *s,
			  __u64 levels[REPORT_SLOTS])
{
	__u64 level = 0;

	for (unsigned int i = 0; i < t->used; i++) {
		levels[i] = s && s->slots[i].known ? s->slots[i].most : level;
		level = s && s->slots[i].known ? s->slots[i].last : level;
	}
}

// SPDX-License-Identifier: GPL-2.0
/* The tail of the events, one aligned line each, in the words of cdmtrace. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/describe.h"
#include "ui/ui-int.h"

enum column { CLOCK, EVENT, PID, COMM, DIR, DEVICE, ADDRESS, PAGES, MOVED, FAIL, TIME, DETAIL,
	      NR_COLUMN };

/* Widths without the blank that follows; negative: left-aligned. */
static const struct {
	const char *title;
	int narrow, wide;
	enum cdm_field_place place;
} columns[NR_COLUMN] = {
	[CLOCK] = { "CLOCK", -12, -15 },	/* milliseconds, or microseconds */
	[EVENT] = { "EVENT", -9, -9 },
	[PID] = { "PID", 7, 7 },
	[COMM] = { "COMM", -11, -15 },
	[DIR] = { "DIR", -3, -3, CDM_PLACE_DIR },
	[DEVICE] = { "DEV", -4, -6, CDM_PLACE_DEVICE },
	[ADDRESS] = { "ADDRESS", -25, -25, CDM_PLACE_ADDRESS },
	[PAGES] = { "PAGES", 6, 6, CDM_PLACE_PAGES },
	[MOVED] = { "MOVED", 5, 6, CDM_PLACE_MOVED },
	[FAIL] = { "FAIL", 4, 6 },
	[TIME] = { "TIME", 5, 6 },
	[DETAIL] = { "DETAIL", 0, 0, CDM_PLACE_DETAIL },	/* what is left */
};

/* Those that come only where the others leave room, and what scrolling takes away first. */
static const enum column extra[] = { ADDRESS, PAGES };
static const enum column yielding[] = { PID, COMM, DIR, DEVICE, MOVED, FAIL, TIME };
#define NR_YIELDING	(sizeof(yielding) / sizeof(*yielding))

#define WIDE		100	/* columns of a screen */
#define DETAIL_ROOM	32	/* that extra columns leave */

struct layout {
	bool shown[NR_COLUMN];
	int width[NR_COLUMN];
	struct ui_text mark;	/* of columns out of sight */
};

static int used_by(const struct layout *l)
{
	int sum = 0;

	for (int i = 0; i < NR_COLUMN; i++)
		sum += l->shown[i] ? abs(l->width[i]) + 1 : 0;
	return sum;
}

/* What does not fit as a whole, and all behind it, is out of sight: cut, it would say something else. */
static size_t hide_behind(struct layout *l, int cols)
{
	size_t hidden = 0;
	int used = 0;

	for (int i = 0; i < NR_COLUMN; i++) {
		if (!l->shown[i])
			continue;
		used += i == DETAIL ? (int)strlen(columns[i].title) : abs(l->width[i]) + 1;
		l->shown[i] = !hidden && used <= cols;
		hidden += !l->shown[i];
	}
	return hidden;
}

static struct layout lay_out(const struct ui *ui, const struct ui_canvas *c)
{
	size_t i, left, hidden, right = 0;
	struct layout l;

	for (i = 0; i < NR_COLUMN; i++) {
		l.shown[i] = i != ADDRESS && i != PAGES;
		l.width[i] = c->cols < WIDE ? columns[i].narrow : columns[i].wide;
	}
	for (i = 0; i < ui->events_left && i < NR_YIELDING; i++)
		l.shown[yielding[i]] = false;
	left = i;
	for (i = 0; i < sizeof(extra) / sizeof(*extra); i++) {
		int room = c->cols - used_by(&l) - DETAIL_ROOM;

		l.shown[extra[i]] = room > abs(l.width[extra[i]]);
	}
	/* The mark takes room itself, and may hide one more. */
	do {
		l.mark = ui_mark(left, right);
		hidden = hide_behind(&l, c->cols - (int)strlen(l.mark.s));
		right += hidden;
	} while (hidden);
	return l;
}

void ui_event_heading(const struct ui *ui, struct ui_canvas *c)
{
	struct layout l = lay_out(ui, c);

	for (int i = 0; i < DETAIL; i++) {
		if (!l.shown[i])
			continue;
		ui_field(c, UI_HEADING, columns[i].title, l.width[i]);
		ui_put(c, UI_HEADING, " ");
	}
	if (l.shown[DETAIL])
		ui_put(c, UI_HEADING, columns[DETAIL].title);
	ui_heading_end(c, &l.mark);
}

static enum ui_style style_of(const struct cdm_ev *ev)
{
	switch (ev->rec.kind) {
	case CDM_EV_MIGRATE:
		return ((const struct cdm_ev_migrate *)ev)->dir == CDM_DIR_IN ? UI_IN : UI_OUT;
	case CDM_EV_EVICT:
		return UI_WARN;
	case CDM_EV_PINGPONG:
		return UI_BAD;
	case CDM_EV_DEVICE:
		return ((const struct cdm_ev_device *)ev)->state == CDM_ST_ONLINE ? UI_GOOD :
										    UI_ALERT;
	default:
		return UI_PLAIN;
	}
}

#define TEXT_MAX (CDM_DESCRIBE_MAX + 1)

/* A number that were cut would be another one. */
static void shorten(char *text, int width)
{
	if (width > 0 && strlen(text) > (size_t)width)
		strcpy(text, ui_count(strtoull(text, NULL, 10), width).s);
}

static void describe(const struct ui *ui, const struct cdm_ev *ev, enum column column, int width,
		     char *text)
{
	char *end;

	switch (column) {
	case CLOCK:
		strcpy(text, ui_clock(ui, cdm_event_end(&ev->rec), true).s);
		return;
	case EVENT:
		strcpy(text, cdm_kind_name(ev->rec.kind));
		return;
	case PID:
		sprintf(text, ev->pid ? "%u" : "-", ev->pid);
		return;
	case COMM:
		snprintf(text, TEXT_MAX, "%.*s", CDM_COMM_LEN, *ev->comm ? ev->comm : "-");
		return;
	case FAIL:
		sprintf(text, ev->rec.kind == CDM_EV_MIGRATE || ev->rec.kind == CDM_EV_NUMA ?
			"%llu" : "-", cdm_event_failed(ev));
		return;
	case TIME:
		strcpy(text, ui_time(cdm_event_ns(ev) ?: CDM_UNKNOWN, width).s);
		return;
	default:
		end = cdm_describe(text, &ev->rec, columns[column].place, ui->m);
		*end = '\0';
	}
}

static enum ui_style cell_style(const struct cdm_ev *ev, enum column column, const char *text)
{
	if (column == CLOCK || !strcmp(text, "-") || !strcmp(text, "0"))
		return UI_DIM;
	if (column == EVENT || column == DIR)
		return style_of(ev);
	return column == FAIL ? UI_WARN : UI_PLAIN;
}

void ui_event_draw(const struct ui *ui, struct ui_canvas *c, const struct cdm_ev *ev)
{
	struct layout l = lay_out(ui, c);
	char text[TEXT_MAX];

	for (int i = 0; i < DETAIL; i++) {
		if (!l.shown[i])
			continue;
		describe(ui, ev, i, l.width[i], text);
		shorten(text, l.width[i]);
		ui_field(c, cell_style(ev, i, text), text, l.width[i]);
		ui_put(c, UI_PLAIN, " ");
	}
	if (l.shown[DETAIL]) {
		describe(ui, ev, DETAIL, 0, text);
		ui_put_marked(c, UI_PLAIN, text);
	}
	ui_newline(c, UI_PLAIN);
}

/* Those that the table of processes is about. */
static void wanted(struct ui *ui, struct cdm_event_filter *f)
{
	const struct cdm_select scope = ui_scope(ui, CDM_VIEW_EVENTS);

	cdm_select_events(&scope, f);
}

/* -n: the newest ones. */
static void cut(struct ui *ui)
{
	size_t most = ui->s->select.rows;

	if (!most || ui->nr_events <= most)
		return;
	memmove(ui->events, ui->events + ui->nr_events - most, most * sizeof(*ui->events));
	ui->nr_events = most;
}

/* All that there are to choose from; while paused, those that there were then. */
static size_t all_events(struct ui *ui)
{
	if (!ui->frozen)
		return cdm_model_events(ui->m, 0, ui->events, CDM_MODEL_EVENTS);
	memcpy(ui->events, ui->frozen_rows, ui->nr_frozen * sizeof(*ui->events));
	return ui->nr_frozen;
}

int ui_events_update(struct ui *ui, __u32 pid)
{
	struct cdm_event_filter f;
	size_t i, nr, kept = 0;

	if (!ui->events)
		ui->events = calloc(CDM_MODEL_EVENTS, sizeof(*ui->events));
	if (!ui->events)
		return -ENOMEM;
	wanted(ui, &f);
	nr = all_events(ui);
	for (i = 0; i < nr; i++) {
		const struct cdm_ev *ev = ui->events[i].ev;

		if (pid ? ev->pid == pid :
			  cdm_event_match(&f, ev, ui->m) &&
			  (!*ui->filter || cdm_filter_event(ui->filter, ui->m, ev)))
			ui->events[kept++] = ui->events[i];
	}
	ui->nr_events = kept;
	cut(ui);
	return 0;
}

void ui_events_thaw(struct ui *ui)
{
	free(ui->frozen);
	free(ui->frozen_rows);
	ui->frozen = NULL;
	ui->frozen_rows = NULL;
	ui->nr_frozen = 0;
}

/*
 * The model goes on taking events while the screen is paused, so that none is lost:
 * what is shown are copies.
 */
int ui_events_freeze(struct ui *ui)
{
	size_t i, size = 0;

	ui_events_thaw(ui);
	ui->frozen_rows = calloc(CDM_MODEL_EVENTS, sizeof(*ui->frozen_rows));
	if (!ui->frozen_rows)
		return -ENOMEM;
	ui->nr_frozen = cdm_model_events(ui->m, 0, ui->frozen_rows, CDM_MODEL_EVENTS);
	for (i = 0; i < ui->nr_frozen; i++)
		size += ui->frozen_rows[i].ev->rec.len;
	ui->frozen = malloc(size + 1);
	if (!ui->frozen) {
		ui_events_thaw(ui);
		return -ENOMEM;
	}
	for (i = 0, size = 0; i < ui->nr_frozen; i++) {
		const struct cdm_ev *ev = ui->frozen_rows[i].ev;

		ui->frozen_rows[i].ev = memcpy(ui->frozen + size, ev, ev->rec.len);
		size += ev->rec.len;
	}
	return 0;
}

/* How many events there are up to the last line: it stays where one scrolled to. */
static size_t events_seen(const struct ui *ui, size_t rows)
{
	size_t seen = ui->nr_events;

	while (ui->events_at && seen && ui->events[seen - 1].nr > ui->events_at)
		seen--;
	if (seen < rows)
		seen = rows < ui->nr_events ? rows : ui->nr_events;
	return seen;
}

void ui_events_draw(struct ui *ui, struct ui_canvas *c)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(ui->m);
	size_t rows = c->rows > 1 ? c->rows - 1 : 0, seen = events_seen(ui, rows);
	size_t i = seen > rows ? seen - rows : 0;

	ui_event_heading(ui, c);
	for (; i < seen; i++)
		ui_event_draw(ui, c, ui->events[i].ev);
	if (!ui->nr_events)
		ui_wrapped(c, UI_DIM, *ui->filter ? "no event matches the filter (Esc clears it)" :
			   begin && !(begin->features & CDM_F_MIGRATE) ?
			   "no events can be had (d: why)" : "no events yet", 0);
}

void ui_events_scroll_left(struct ui *ui, int key)
{
	if (key == KEY_RIGHT)
		ui->events_left += ui->events_left < NR_YIELDING;
	else
		ui->events_left -= ui->events_left > 0;
}

void ui_events_key(struct ui *ui, int key, int lines)
{
	size_t rows = lines > 1 ? lines - 1 : 1, seen = events_seen(ui, rows);

	switch (key) {
	case KEY_UP:
	case 'k':
		seen -= seen > 0;
		break;
	case KEY_DOWN:
	case 'j':
		seen++;
		break;
	case KEY_PPAGE:
		seen -= seen > rows ? rows : seen;
		break;
	case KEY_NPAGE:
		seen += rows;
		break;
	case KEY_HOME:
	case 'g':
		seen = 0;
		break;
	case KEY_END:
	case 'G':
		seen = ui->nr_events;
		break;
	case KEY_LEFT:
	case KEY_RIGHT:
		ui_events_scroll_left(ui, key);
		return;
	default:
		return;
	}
	if (seen < rows)
		seen = rows;
	/* At the end it follows the newest one. */
	ui->events_at = seen < ui->nr_events ? ui->events[seen - 1].nr : 0;
}

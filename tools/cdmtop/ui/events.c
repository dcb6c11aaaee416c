// SPDX-License-Identifier: GPL-2.0
/* The tail of the events, one aligned line each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/ui-int.h"

/* What kinds of events have in common on the screen; pages CDM_UNKNOWN: none. */
struct line {
	const char *dir;
	__u64 pages;
	__u64 failed;
	__u64 ns;
	enum ui_style style;
	char detail[160];
};

static void migrate(const struct cdm_ev_migrate *e, struct line *l)
{
	int i, top = -1;

	l->dir = cdm_dir_name(e->dir);
	l->pages = e->migrated;
	l->ns = e->collect_ns + e->copy_ns + e->restore_ns;
	l->style = e->dir == CDM_DIR_IN ? UI_IN : UI_OUT;
	l->failed = cdm_event_failed(&e->ev);
	for (i = 0; i < CDM_NR_WHY; i++) {
		if (cdm_why_is_failure(i) && e->failed[i] && (top < 0 || e->failed[i] > e->failed[top]))
			top = i;
	}
	snprintf(l->detail, sizeof(l->detail), "%s%s%s %s %llx", top < 0 ? "" : cdm_why_name(top),
		 top < 0 ? "" : ": ", cdm_vma_name(e->vma), cdm_cause_name(e->cause),
		 (unsigned long long)e->start);
}

static void evict(const struct cdm_ev_evict *e, struct line *l)
{
	l->dir = "out";
	l->pages = e->evicted;
	l->failed = e->left;
	l->ns = e->ns;
	l->style = UI_WARN;
	snprintf(l->detail, sizeof(l->detail), "%s%s%s", cdm_cause_name(e->cause),
		 e->ret ? ": " : "", e->ret ? strerror(-e->ret) : "");
}

static void describe(const struct cdm_ev *ev, struct line *l)
{
	const struct cdm_ev_fault *fault = (const void *)ev;
	const struct cdm_ev_page *page = (const void *)ev;
	const struct cdm_ev_rss *rss = (const void *)ev;
	const struct cdm_ev_pingpong *pingpong = (const void *)ev;
	const struct cdm_ev_device *device = (const void *)ev;

	*l = (struct line){ "", CDM_UNKNOWN, CDM_UNKNOWN, CDM_UNKNOWN, UI_PLAIN, "" };
	switch (ev->rec.kind) {
	case CDM_EV_MIGRATE:
		migrate((const void *)ev, l);
		return;
	case CDM_EV_EVICT:
		evict((const void *)ev, l);
		return;
	case CDM_EV_FAULT:
		if (fault->fault == CDM_FAULT_WAIT)
			l->ns = fault->wait_ns;
		snprintf(l->detail, sizeof(l->detail), "%s %s %llx", cdm_fault_name(fault->fault),
			 cdm_vma_name(fault->vma), (unsigned long long)fault->addr);
		return;
	case CDM_EV_PAGE:
		l->dir = cdm_dir_name(page->dir);
		snprintf(l->detail, sizeof(l->detail), "%s %llx", page->moved ? "moved" : "stayed",
			 (unsigned long long)page->addr);
		return;
	case CDM_EV_RSS:
		snprintf(l->detail, sizeof(l->detail), "%+d pages, %s", rss->pages,
			 cdm_rss_name(rss->why));
		return;
	case CDM_EV_PINGPONG:
		l->style = UI_BAD;
		l->ns = pingpong->span_ns;
		snprintf(l->detail, sizeof(l->detail), "%u flips %llx", pingpong->flips,
			 (unsigned long long)pingpong->addr);
		return;
	case CDM_EV_DEVICE:
		l->style = device->state == CDM_ST_ONLINE ? UI_GOOD : UI_ALERT;
		snprintf(l->detail, sizeof(l->detail), "%.*s: %s, was %s", CDM_NAME_LEN,
			 device->name, cdm_state_name(device->state), cdm_state_name(device->old));
		return;
	}
}

/* Where there is little room, milliseconds and short names. */
static int time_width(const struct ui_canvas *c)
{
	return c->cols < 100 ? 12 : 15;
}

static int comm_width(const struct ui_canvas *c)
{
	return c->cols < 100 ? 11 : 15;
}

void ui_event_heading(struct ui_canvas *c)
{
	ui_field(c, UI_HEADING, "CLOCK", -time_width(c) - 1);
	ui_field(c, UI_HEADING, "EVENT", -9);
	ui_field(c, UI_HEADING, "PID", 7);
	ui_put(c, UI_HEADING, " ");
	ui_field(c, UI_HEADING, "COMM", -comm_width(c) - 1);
	ui_field(c, UI_HEADING, "DIR", -4);
	ui_field(c, UI_HEADING, "DEV", -5);
	ui_field(c, UI_HEADING, "PAGES", 6);
	ui_field(c, UI_HEADING, "FAIL", 6);
	ui_field(c, UI_HEADING, "TIME", 7);
	ui_put(c, UI_HEADING, " DETAIL");
	ui_newline(c, UI_HEADING);
}

static void number(struct ui_canvas *c, enum ui_style style, __u64 value)
{
	char text[24] = "-";

	if (value != CDM_UNKNOWN)
		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	ui_field(c, value == CDM_UNKNOWN || !value ? UI_DIM : style, text, 6);
}

void ui_event_draw(const struct ui *ui, struct ui_canvas *c, const struct cdm_event_row *row)
{
	const struct cdm_ev *ev = row->ev;
	const char *device = cdm_model_device_name(ui->m, ev->device);
	char text[CDM_COMM_LEN + 8];
	struct line l;

	describe(ev, &l);
	ui_field(c, UI_DIM, ui_clock(ui, ev->rec.ts, true).s, -time_width(c));
	ui_put(c, UI_PLAIN, " ");
	ui_field(c, l.style, cdm_kind_name(ev->rec.kind), -9);
	snprintf(text, sizeof(text), "%u", ev->pid);
	ui_field(c, ev->pid ? UI_PLAIN : UI_DIM, ev->pid ? text : "-", 7);
	ui_put(c, UI_PLAIN, " ");
	snprintf(text, sizeof(text), "%.*s", CDM_COMM_LEN, ev->comm);
	ui_field(c, UI_PLAIN, *text ? text : "-", -comm_width(c));
	ui_put(c, UI_PLAIN, " ");
	ui_field(c, l.style, l.dir, -4);
	ui_field(c, UI_PLAIN, device ? device : "-", -5);
	number(c, UI_PLAIN, l.pages);
	number(c, UI_WARN, l.failed);
	ui_field(c, UI_PLAIN, ui_ns(l.ns).s, 7);
	ui_printf(c, UI_PLAIN, " %s", l.detail);
	ui_newline(c, UI_PLAIN);
}

/* Those that the table of processes is about. */
static void wanted(struct ui *ui, struct cdm_event_filter *f)
{
	cdm_select_events(&ui->o->select, ui->m, f);
	if (ui->cgroup)
		f->cgroup = cdm_model_cgroup_path(ui->m, ui->cgroup) ?: "-";
}

/* -n: the newest ones. */
static void cut(struct ui *ui)
{
	size_t most = ui->o->select.rows;

	if (!most || ui->nr_events <= most)
		return;
	memmove(ui->events, ui->events + ui->nr_events - most, most * sizeof(*ui->events));
	ui->nr_events = most;
}

int ui_events_update(struct ui *ui, __u32 pid)
{
	struct cdm_event_filter f;
	size_t i, nr, kept = 0;

	if (ui->frozen)
		return 0;
	if (!ui->events)
		ui->events = calloc(CDM_MODEL_EVENTS, sizeof(*ui->events));
	if (!ui->events)
		return -ENOMEM;
	wanted(ui, &f);
	nr = cdm_model_events(ui->m, pid, ui->events, CDM_MODEL_EVENTS);
	for (i = 0; i < nr; i++) {
		const struct cdm_ev *ev = ui->events[i].ev;

		if (pid || (cdm_event_match(&f, ev, ui->m) &&
			    (!*ui->filter || cdm_filter_event(ui->filter, ui->m, ev))))
			ui->events[kept++] = ui->events[i];
	}
	ui->nr_events = kept;
	cut(ui);
	return 0;
}

/* The model goes on taking events while the screen is paused, so that none is lost. */
int ui_events_freeze(struct ui *ui)
{
	size_t i, size = 0;

	free(ui->frozen);
	ui->frozen = NULL;
	if (!ui->paused)
		return 0;
	if (ui_events_update(ui, 0))
		return -ENOMEM;
	for (i = 0; i < ui->nr_events; i++)
		size += ui->events[i].ev->rec.len;
	ui->frozen = malloc(size + 1);
	if (!ui->frozen)
		return -ENOMEM;
	for (i = 0, size = 0; i < ui->nr_events; i++) {
		const struct cdm_ev *ev = ui->events[i].ev;

		ui->events[i].ev = memcpy(ui->frozen + size, ev, ev->rec.len);
		size += ev->rec.len;
	}
	return 0;
}

void ui_events_draw(struct ui *ui, struct ui_canvas *c)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(ui->m);
	size_t rows = c->rows > 1 ? c->rows - 1 : 0, most, first;
	size_t i;

	most = ui->nr_events > rows ? ui->nr_events - rows : 0;
	if (ui->events_up > most)
		ui->events_up = most;
	first = most - ui->events_up;
	ui_event_heading(c);
	for (i = first; i < ui->nr_events && i < first + rows; i++)
		ui_event_draw(ui, c, &ui->events[i]);
	if (!ui->nr_events)
		ui_put(c, UI_DIM, *ui->filter ? "no event matches the filter (Esc clears it)" :
		       begin && !(begin->features & CDM_F_MIGRATE) ?
		       "no events can be had (d: why)" : "no events yet");
}

void ui_events_key(struct ui *ui, int key, int rows)
{
	size_t page = rows > 1 ? rows - 1 : 1;

	switch (key) {
	case KEY_UP:
	case 'k':
		ui->events_up++;
		break;
	case KEY_DOWN:
	case 'j':
		ui->events_up -= ui->events_up > 0;
		break;
	case KEY_PPAGE:
		ui->events_up += page;
		break;
	case KEY_NPAGE:
		ui->events_up -= ui->events_up > page ? page : ui->events_up;
		break;
	case KEY_HOME:
	case 'g':
		ui->events_up = CDM_MODEL_EVENTS;
		break;
	case KEY_END:
	case 'G':
		ui->events_up = 0;
		break;
	}
}

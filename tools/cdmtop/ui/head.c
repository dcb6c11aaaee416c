// SPDX-License-Identifier: GPL-2.0
/* The lines above and below every page. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ui/ui-int.h"

static struct ui_canvas line_at(int y)
{
	return (struct ui_canvas){ .y = y, .rows = 1, .cols = ui_term.cols };
}

static void draw_title(struct ui *ui, int y)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(ui->m);
	const struct cdm_snap_end *end = cdm_model_end(ui->m);
	double interval = ui->interval_s > 0 ? ui->interval_s : ui_interval_s(ui);
	struct ui_canvas c = line_at(y);

	ui_put(&c, UI_BOLD, "cdmtop ");
	ui_put(&c, UI_BOLD, begin ? ui_clock(ui, begin->rec.ts, false).s : "--:--:--");
	if (ui_term.cols >= 60)
		ui_printf(&c, UI_PLAIN, interval < 100 ? "  interval %.2gs" : "  interval %.0fs",
			  interval);
	if (ui->o->replay && isinf(ui->speed))
		ui_put(&c, UI_PLAIN, " xmax");
	else if (ui->o->replay && ui->speed != 1)
		ui_printf(&c, UI_PLAIN, " x%.3g", ui->speed);
	if (ui_term.cols >= 50 && ui->events_per_s < 0)
		ui_put(&c, UI_DIM, "  events -");
	else if (ui_term.cols >= 50)
		ui_printf(&c, UI_PLAIN, "  events %.0f/s", ui->events_per_s);
	if (end && end->lost != CDM_UNKNOWN)
		ui_printf(&c, end->lost ? UI_ALERT : UI_PLAIN, "  lost %llu",
			  (unsigned long long)end->lost);
	else
		ui_put(&c, UI_DIM, "  lost -");
	if (cdm_model_header(ui->m)->emulated && ui_term.cols >= 70)
		ui_put(&c, UI_WARN, "  emulated");
	if (ui->paused)
		ui_item(&c, UI_ALERT, "  PAUSED");
	else if (ui->ended)
		ui_item(&c, UI_WARN, "  END");
	else if (ui->o->replay)
		ui_item(&c, UI_GOOD, "  replay");
	if (ui->o->replay)
		ui_item(&c, UI_DIM, " #%lu", ui->refreshes);
	ui_newline(&c, UI_PLAIN);
}

static int bar_width(void)
{
	int width = ui_term.cols - 78;

	return width < 10 ? 10 : width > 42 ? 42 : width;
}

static void draw_rate(struct ui_canvas *c, const char *label, enum ui_style style,
		      struct ui_text rate)
{
	if (!ui_fits(c, 1 + strlen(label) + 7 + 2))
		return;
	ui_printf(c, UI_PLAIN, " %s", label);
	ui_field(c, style, rate.s, 7);
	ui_put(c, UI_PLAIN, "/s");
}

static void draw_device(struct ui *ui, int y, const struct cdm_device_row *row)
{
	const struct cdm_snap_device *snap = row->snap;
	const struct cdm_delta *delta = row->activity.delta;
	struct ui_canvas c = line_at(y);
	double interval = ui_interval_s(ui), page = cdm_model_header(ui->m)->page_size;
	bool sized = snap->size && snap->size < CDM_NO_LIMIT && snap->used < CDM_NO_LIMIT;
	bool known = delta->known && interval > 0;
	double share = sized ? (double)snap->used / snap->size : 0;
	const struct ui_part part = { snap->used, ui_level(share), '|' };
	__u64 failed = cdm_stats_failed(&delta->d);
	__u64 moved = delta->d.pages[CDM_DIR_IN] + delta->d.pages[CDM_DIR_OUT];

	/* "cdm0"; those of other drivers have longer ones, "test_hmm.0". */
	ui_field(&c, UI_BOLD, snap->name, strlen(snap->name) > 5 ? -10 : -5);
	ui_field(&c, UI_PLAIN, ui_pages(ui, snap->size).s, 6);
	ui_put(&c, UI_PLAIN, " ");
	/* Trouble is more important than how full it is. */
	if (snap->state != CDM_ST_ONLINE)
		ui_field(&c, UI_ALERT, cdm_state_name(snap->state), -bar_width());
	else
		ui_bar(&c, bar_width(), &part, sized, snap->size);
	if (sized)
		ui_printf(&c, ui_level(share), row->bound.error ? " ~%2.0f%%" : "%4.0f%%", share * 100);
	else
		ui_put(&c, UI_DIM, "    -");
	draw_rate(&c, "in", UI_IN,
		  ui_bytes_per_s(known, delta->d.pages[CDM_DIR_IN] * page / interval));
	draw_rate(&c, "out", UI_OUT,
		  ui_bytes_per_s(known, delta->d.pages[CDM_DIR_OUT] * page / interval));
	ui_item(&c, UI_PLAIN, "%s %s/%s", ui_term.cols < 90 ? "" : " p50/p99",
		ui_ns(known ? ui_quantile(&delta->d, 0.5) : CDM_UNKNOWN).s,
		ui_ns(known ? ui_quantile(&delta->d, 0.99) : CDM_UNKNOWN).s);
	if (known && moved + failed)
		ui_item(&c, failed ? UI_WARN : UI_PLAIN, " fail %.1f%%",
			100.0 * failed / (moved + failed));
	else
		ui_item(&c, UI_DIM, " fail -");
	ui_newline(&c, UI_PLAIN);
}

static void draw_totals(struct ui *ui, int y)
{
	const struct cdm_delta *total = cdm_model_total(ui->m);
	double interval = ui_interval_s(ui), page = cdm_model_header(ui->m)->page_size;
	bool known = total->known && interval > 0;
	struct ui_canvas c = line_at(y);
	struct cdm_proc_row **procs;
	__u64 sum = 0, faults = 0, failed = cdm_stats_failed(&total->d);
	size_t all, nr = 0, i, holding = 0, unknown = 0;
	bool about = false;

	procs = cdm_model_procs(ui->m, &all);
	for (i = 0; i < all; i++) {
		if (!cdm_select_row(&ui->s->select, CDM_VIEW_PROC, procs[i]))
			continue;
		nr++;
		if (procs[i]->snap->device == CDM_UNKNOWN)
			unknown++;
		else if (procs[i]->snap->device) {
			holding++;
			sum += procs[i]->snap->device;
			about |= procs[i]->bound.error;
		}
	}
	for (i = 0; i < CDM_NR_FAULT; i++)
		faults += total->d.faults[i];
	ui_put(&c, UI_BOLD, "total");
	if (nr && unknown == nr)
		ui_printf(&c, UI_PLAIN, " %zu processes, on devices -", nr);
	else
		ui_printf(&c, UI_PLAIN, " %zu/%zu procs hold %s%s", holding, nr, about ? "~" : "",
			  ui_pages(ui, sum).s);
	ui_item(&c, UI_PLAIN, "  in %s/s",
		ui_bytes_per_s(known, total->d.pages[CDM_DIR_IN] * page / interval).s);
	ui_item(&c, UI_PLAIN, " out %s/s",
		ui_bytes_per_s(known, total->d.pages[CDM_DIR_OUT] * page / interval).s);
	ui_item(&c, UI_PLAIN, "  faults %s/s", ui_per_s(known, faults / interval).s);
	ui_item(&c, known && failed ? UI_WARN : UI_PLAIN, "  failed %s/s",
		ui_bytes_per_s(known, failed * page / interval).s);
	ui_newline(&c, UI_PLAIN);
}

/* The end of the path: that is what tells it from others. */
static void draw_scope(struct ui *ui, struct ui_canvas *c)
{
	const char *path = cdm_model_cgroup_path(ui->m, ui->cgroup);
	int room = c->cols - c->col - 5, width;

	if (!path)
		path = "a cgroup that is gone";
	if (*ui->filter)
		room -= ui_width(ui->filter) + 10;
	width = ui_width(path);
	if (width <= room || room < 2) {
		ui_printf(c, UI_WARN, "  in %s", path);
		return;
	}
	for (; *path && width >= room; width = ui_width(++path))
		;
	/* Not from within a character. */
	while ((*path & 0xc0) == 0x80)
		path++;
	ui_printf(c, UI_WARN, "  in ~%s", path);
}

const enum cdm_view ui_tabs[UI_NR_VIEW] = {
	CDM_VIEW_PROC, CDM_VIEW_CGROUP, CDM_VIEW_DEVICE, CDM_VIEW_EVENTS, CDM_VIEW_NUMA,
};

static void draw_tabs(struct ui *ui, int y)
{
	static const char *const names[] = { "Processes", "Cgroups", "Devices", "Events", "NUMA" };
	static const char *const narrow[] = { "Proc", "Cgrp", "Dev", "Ev", "NUMA" };
	const struct ui_table *t = ui->view < CDM_NR_TABLE ? &ui->tables[ui->view] : NULL;
	/* The cgroup needs room, too. */
	bool tight = ui_term.cols < (ui->cgroup ? 100 : 60);
	struct ui_canvas c = line_at(y);
	int i;

	for (i = 0; i < UI_NR_VIEW; i++) {
		bool here = ui_tabs[i] == ui->view;

		ui_printf(&c, here ? UI_SORTED : UI_LABEL, " %d %s ", i + 1,
			  (tight ? narrow : names)[i]);
		ui->tab_ends[i] = c.col;
	}
	ui->tabs_y = y;
	if (ui->page == UI_PAGE_LOOK)
		ui_printf(&c, UI_SORTED, " %u %s ", ui->look_pid, ui_comm(ui, ui->look_pid));
	if (ui->page == UI_PAGE_VIEW && t && t->columns.sort &&
	    (!ui->cgroup || ui_term.cols >= 100))
		ui_item(&c, UI_DIM, "  by %s%s", t->columns.sort->title,
			t->reverse ? " reversed" : "");
	if (ui->cgroup)
		draw_scope(ui, &c);
	if (*ui->filter && !ui->typing)
		ui_printf(&c, UI_WARN, "  filter: %s", ui->filter);
	ui_newline(&c, UI_PLAIN);
}

/* What this machine, or the recording, does not have. Return: lines used. */
static int draw_missing(struct ui *ui, int y)
{
	static const struct { __u64 feature; const char *what; } all[] = {
		{ CDM_F_DEVICES, "devices" },
		{ CDM_F_PROC_DEVICE, "device memory" },
		{ CDM_F_MIGRATE, "migrations" },
	};
	const struct cdm_snap_begin *begin = cdm_model_begin(ui->m);
	struct ui_canvas c = line_at(y);
	int i, missing = 0;

	for (i = 0; begin && i < (int)(sizeof(all) / sizeof(*all)); i++) {
		if (begin->features & all[i].feature)
			continue;
		ui_printf(&c, UI_WARN, "%s%s", missing++ ? ", " : "not known: ", all[i].what);
	}
	if (!missing)
		return 0;
	ui_put(&c, UI_DIM, "  (d: why; the rest is shown)");
	ui_newline(&c, UI_PLAIN);
	return 1;
}

/* Small screens lose the lines that say least. Return: lines used. */
int ui_head_draw(struct ui *ui, int rows)
{
	struct cdm_device_row **devices;
	size_t nr, i, most;
	int y = 0;

	draw_title(ui, y++);
	devices = cdm_model_devices(ui->m, &nr);
	most = rows < 14 ? 0 : rows / 6;
	for (i = 0; i < nr && most; i++) {
		if (!cdm_select_row(&ui->s->select, CDM_VIEW_DEVICE, devices[i]))
			continue;
		draw_device(ui, y++, devices[i]);
		most--;
	}
	if (rows >= 14)
		y += draw_missing(ui, y);
	if (rows >= 14)
		draw_totals(ui, y++);
	draw_tabs(ui, y++);
	return y;
}

static void draw_cost(struct ui *ui, int y)
{
	const struct cdm_snap_end *end = cdm_model_end(ui->m);
	struct ui_canvas c = line_at(y);
	double cost = cdm_model_tool_cost(ui->m);
	const char *source = ui->o->replay ?: ui->o->record, *slash = source ? strrchr(source, '/') : NULL;

	if (ui->typing) {
		ui_put(&c, UI_BOLD, "filter: ");
		ui_printf(&c, UI_PLAIN, "%s_", ui->filter);
		ui_put(&c, UI_DIM, "   (a|b: either; Enter keeps, Esc clears)");
		ui_newline(&c, UI_PLAIN);
		return;
	}
	if (*ui->message) {
		ui_put(&c, UI_WARN, ui->message);
		ui_newline(&c, UI_PLAIN);
		return;
	}
	if (!end || end->lost == CDM_UNKNOWN)
		ui_put(&c, UI_DIM, "lost -");
	else if (end->lost)
		ui_printf(&c, UI_ALERT, "LOST %llu of %llu events", (unsigned long long)end->lost,
			  (unsigned long long)(end->lost + end->emitted));
	else
		ui_printf(&c, UI_PLAIN, "lost 0 of %llu events", (unsigned long long)end->emitted);
	ui_put(&c, UI_PLAIN, ui_term.cols < 60 ? "  " : "  cdmtop itself: ");
	/* Negative, or not a number: not known. */
	if (cost >= 0)
		ui_item(&c, UI_PLAIN, "CPU %.1f%%", cost);
	else
		ui_item(&c, UI_DIM, "CPU -");
	if (end)
		ui_item(&c, UI_PLAIN, " RSS %s", ui_bytes(end->tool_rss).s);
	if (end && end->bpf_runs && end->bpf_runs != CDM_UNKNOWN && end->bpf_ns != CDM_UNKNOWN)
		ui_item(&c, UI_PLAIN, " BPF %s/run", ui_ns(end->bpf_ns / end->bpf_runs).s);
	if (source)
		ui_item(&c, UI_DIM, "  %s%s", ui->o->replay ? "" : "recording to ",
			slash && slash[1] ? slash + 1 : source);
	ui_newline(&c, UI_PLAIN);
}

struct hint {
	const char *key, *what;
	bool stays;	/* where there is no room for all */
};

static int hint_width(const struct hint *hint)
{
	return strlen(hint->key) + strlen(hint->what) + 3;
}

static void draw_hints(struct ui_canvas *c, const struct hint *hints, size_t nr)
{
	int spare = c->cols + 2;	/* blanks behind the last one */

	for (size_t i = 0; i < nr; i++)
		if (hints[i].stays)
			spare -= hint_width(&hints[i]);
	for (size_t i = 0; i < nr; i++) {
		if (!hints[i].stays && (spare -= hint_width(&hints[i])) < 0)
			continue;
		ui_put(c, UI_KEY, hints[i].key);
		ui_printf(c, UI_LABEL, " %s  ", hints[i].what);
	}
}

static void draw_keys(struct ui *ui, int y)
{
	static const struct hint tables[] = {
		{ "1-5", "view", true }, { "/", "filter", true }, { "s", "sort", false },
		{ "r", "rev", false }, { "Enter", "look", false }, { "p", "pause", false },
		{ "d", "why -", false }, { "?", "help", true }, { "q", "quit", true },
	}, events[] = {
		{ "1-5", "view", true }, { "/", "filter", true }, { "Up/Down", "scroll", false },
		{ "p", "pause", false }, { "d", "why -", false }, { "?", "help", true },
		{ "q", "quit", true },
	}, pages[] = {
		{ "Esc", "back", true }, { "Up/Down", "scroll", true }, { "Tab", "view", false },
		{ "?", "help", false }, { "q", "back", false },
	};
	struct ui_canvas c = line_at(y);

	if (ui->page == UI_PAGE_VIEW && ui->view == CDM_VIEW_EVENTS)
		draw_hints(&c, events, sizeof(events) / sizeof(*events));
	else if (ui->page == UI_PAGE_VIEW)
		draw_hints(&c, tables, sizeof(tables) / sizeof(*tables));
	else
		draw_hints(&c, pages, sizeof(pages) / sizeof(*pages));
	/* The lower right corner may scroll some terminals. */
	c.cols--;
	if (ui->page != UI_PAGE_VIEW && ui->page_lines > ui->page_rows)
		ui_item(&c, UI_DIM, "%d-%d of %d", ui->scroll + 1,
			ui->scroll + ui->page_rows > ui->page_lines ? ui->page_lines :
			ui->scroll + ui->page_rows, ui->page_lines);
}

void ui_foot_draw(struct ui *ui, int y, int rows)
{
	if (rows > 1)
		draw_cost(ui, y++);
	draw_keys(ui, y);
}

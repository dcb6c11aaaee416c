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
	if (ui->events_per_s < 0)
		ui_put(&c, UI_DIM, "  events -");
	else
		ui_printf(&c, UI_PLAIN, "  events %.0f/s", ui->events_per_s);
	if (end && end->lost != CDM_UNKNOWN)
		ui_printf(&c, end->lost ? UI_ALERT : UI_PLAIN, "  lost %llu",
			  (unsigned long long)end->lost);
	else
		ui_put(&c, UI_DIM, "  lost -");
	if (cdm_model_header(ui->m)->emulated)
		ui_put(&c, UI_WARN, "  emulated");
	if (ui->paused)
		ui_put(&c, UI_ALERT, "  PAUSED");
	else if (ui->ended)
		ui_put(&c, UI_WARN, "  END");
	else if (ui->o->replay)
		ui_put(&c, UI_GOOD, "  replay");
	if (ui->o->replay)
		ui_printf(&c, UI_DIM, " #%lu", ui->refreshes);
	ui_newline(&c, UI_PLAIN);
}

static int bar_width(void)
{
	int width = ui_term.cols - 78;

	return width < 10 ? 10 : width > 42 ? 42 : width;
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

	ui_field(&c, UI_BOLD, snap->name, -5);
	ui_field(&c, UI_PLAIN, ui_pages(ui, snap->size).s, 6);
	ui_put(&c, UI_PLAIN, " ");
	/* Trouble is more important than how full it is. */
	if (snap->state != CDM_ST_ONLINE)
		ui_field(&c, UI_ALERT, cdm_state_name(snap->state), -bar_width());
	else
		ui_bar(&c, bar_width(), &part, sized, snap->size);
	if (sized)
		ui_printf(&c, ui_level(share), "%4.0f%%", share * 100);
	else
		ui_put(&c, UI_DIM, "    -");
	ui_put(&c, UI_PLAIN, " in");
	ui_field(&c, UI_IN, ui_bytes_per_s(known, delta->d.pages[CDM_DIR_IN] * page / interval).s,
		 7);
	ui_put(&c, UI_PLAIN, "/s out");
	ui_field(&c, UI_OUT, ui_bytes_per_s(known, delta->d.pages[CDM_DIR_OUT] * page / interval).s,
		 7);
	ui_put(&c, UI_PLAIN, ui_term.cols < 90 ? "/s " : "/s p50/p99 ");
	ui_printf(&c, UI_PLAIN, "%s/%s", ui_ns(known ? ui_quantile(&delta->d, 0.5) : CDM_UNKNOWN).s,
		  ui_ns(known ? ui_quantile(&delta->d, 0.99) : CDM_UNKNOWN).s);
	if (known && moved + failed)
		ui_printf(&c, failed ? UI_WARN : UI_PLAIN, " fail %.1f%%",
			  100.0 * failed / (moved + failed));
	else
		ui_put(&c, UI_DIM, " fail -");
	ui_newline(&c, UI_PLAIN);
}

static void draw_totals(struct ui *ui, int y)
{
	const struct cdm_delta *total = cdm_model_total(ui->m);
	double interval = ui_interval_s(ui), page = cdm_model_header(ui->m)->page_size;
	bool known = total->known && interval > 0;
	struct ui_canvas c = line_at(y);
	struct cdm_proc_row **procs;
	__u64 sum = 0, faults = 0;
	size_t all, nr = 0, i, holding = 0, unknown = 0;

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
		}
	}
	for (i = 0; i < CDM_NR_FAULT; i++)
		faults += total->d.faults[i];
	ui_put(&c, UI_BOLD, "total");
	if (nr && unknown == nr)
		ui_printf(&c, UI_PLAIN, " %zu processes, on devices -", nr);
	else
		ui_printf(&c, UI_PLAIN, " %zu/%zu procs hold %s", holding, nr, ui_pages(ui, sum).s);
	ui_printf(&c, UI_PLAIN, "  in %s/s out %s/s",
		  ui_bytes_per_s(known, total->d.pages[CDM_DIR_IN] * page / interval).s,
		  ui_bytes_per_s(known, total->d.pages[CDM_DIR_OUT] * page / interval).s);
	ui_printf(&c, UI_PLAIN, "  faults %s/s", ui_per_s(known, faults / interval).s);
	ui_printf(&c, known && cdm_stats_failed(&total->d) ? UI_WARN : UI_PLAIN, "  failed %s/s",
		  ui_per_s(known, cdm_stats_failed(&total->d) / interval).s);
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

static void draw_tabs(struct ui *ui, int y)
{
	static const char *const names[] = { "Processes", "Cgroups", "Devices", "Events" };
	struct ui_canvas c = line_at(y);
	bool named = ui_term.cols >= 60;
	int i;

	for (i = 0; i < UI_NR_VIEW; i++) {
		bool here = i == (int)ui->view;

		ui_printf(&c, here ? UI_SORTED : UI_LABEL, " %d %.*s ", i + 1, named ? 9 : 4,
			  names[i]);
	}
	if (ui->page == UI_PAGE_LOOK)
		ui_printf(&c, UI_SORTED, " %u %s ", ui->look_pid, ui_comm(ui, ui->look_pid));
	if (ui->page == UI_PAGE_VIEW && ui->view < CDM_NR_TABLE && ui->tables[ui->view].sort &&
	    (!ui->cgroup || ui_term.cols >= 100))
		ui_printf(&c, UI_DIM, "  by %s%s", ui->tables[ui->view].sort->title,
			  ui->tables[ui->view].reverse ? " reversed" : "");
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
	ui_put(&c, UI_PLAIN, "  cdmtop itself: ");
	/* Negative, or not a number: not known. */
	if (cost >= 0)
		ui_printf(&c, UI_PLAIN, "CPU %.1f%%", cost);
	else
		ui_put(&c, UI_DIM, "CPU -");
	if (end)
		ui_printf(&c, UI_PLAIN, " RSS %s", ui_bytes(end->tool_rss).s);
	if (end && end->bpf_runs && end->bpf_runs != CDM_UNKNOWN && end->bpf_ns != CDM_UNKNOWN)
		ui_printf(&c, UI_PLAIN, " BPF %s/run", ui_ns(end->bpf_ns / end->bpf_runs).s);
	if (source)
		ui_printf(&c, UI_DIM, "  %s%s", ui->o->replay ? "" : "recording to ",
			  slash && slash[1] ? slash + 1 : source);
	ui_newline(&c, UI_PLAIN);
}

struct hint {
	const char *key, *what;
};

static void draw_keys(struct ui *ui, int y)
{
	static const struct hint tables[] = {
		{ "1-4", "view" }, { "/", "filter" }, { "s", "sort" }, { "r", "rev" },
		{ "Enter", "look" }, { "p", "pause" }, { "d", "why -" }, { "?", "help" },
		{ "q", "quit" },
	}, pages[] = {
		{ "Esc", "back" }, { "Up/Down", "scroll" }, { "Tab", "view" }, { "?", "help" },
		{ "q", "back" },
	};
	const struct hint *hints = ui->page == UI_PAGE_VIEW ? tables : pages;
	size_t nr = ui->page == UI_PAGE_VIEW ? sizeof(tables) / sizeof(*tables) :
		sizeof(pages) / sizeof(*pages), i;
	struct ui_canvas c = line_at(y);

	for (i = 0; i < nr; i++) {
		ui_put(&c, UI_KEY, hints[i].key);
		ui_printf(&c, UI_LABEL, " %s  ", hints[i].what);
	}
	/* The lower right corner may scroll some terminals. */
	c.cols--;
	if (ui->page != UI_PAGE_VIEW && ui->page_lines > ui->page_rows)
		ui_printf(&c, UI_DIM, "%d-%d of %d", ui->scroll + 1,
			  ui->scroll + ui->page_rows > ui->page_lines ? ui->page_lines :
			  ui->scroll + ui->page_rows, ui->page_lines);
}

void ui_foot_draw(struct ui *ui, int y, int rows)
{
	if (rows > 1)
		draw_cost(ui, y++);
	draw_keys(ui, y);
}

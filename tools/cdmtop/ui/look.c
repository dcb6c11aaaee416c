// SPDX-License-Identifier: GPL-2.0
/* One process in full. */
#include <stdlib.h>
#include <string.h>

#include "ui/ui-int.h"

static const struct cdm_stats *stats_of(const struct cdm_proc_row *row)
{
	return row->snap->rec.len >= sizeof(*row->snap) ? &row->snap->stats : NULL;
}

static void section(struct ui_canvas *c, const char *title)
{
	ui_newline(c, UI_PLAIN);
	ui_put(c, UI_SECTION, title);
	ui_newline(c, UI_PLAIN);
}

/* Every column of the table, "TITLE value", as many in a line as fit. */
static void draw_figures(struct ui_canvas *c, const struct cdm_proc_row *row)
{
	const struct cdm_column *col = cdm_columns(CDM_VIEW_PROC);
	struct cdm_cell cell;
	char text[256];
	int width;

	for (; col->id; col++) {
		col->get(row, &cell);
		cdm_cell_format(col, &cell, text, sizeof(text),
				col->unit == CDM_UNIT_TEXT ? 60 : 12);
		width = ui_width(col->title) + ui_width(text) + 1;
		/* In steps, so that they stand below each other. */
		width = (width + 2 + 12) / 13 * 13;
		if (c->col && c->col + width > c->cols)
			ui_newline(c, UI_PLAIN);
		ui_printf(c, UI_DIM, "%s ", col->title);
		ui_put(c, cell.known ? UI_BOLD : UI_DIM, text);
		ui_spaces(c, UI_PLAIN, width - ui_width(col->title) - ui_width(text) - 1);
	}
	ui_newline(c, UI_PLAIN);
}

/* Nothing where it cannot be had. */
static void draw_command(struct ui *ui, struct ui_canvas *c)
{
	char text[4096] = "";

	if (!ui->o->replay)
		ui_command(ui->look_pid, text, sizeof(text));
	if (!*text)
		return;
	ui_put(c, UI_DIM, "COMMAND ");
	ui_wrapped(c, UI_PLAIN, text, 8);
}

static void draw_history(struct ui *ui, struct ui_canvas *c, const struct cdm_proc_row *row)
{
	const struct cdm_history *h = row->activity.history;
	double page = cdm_model_header(ui->m)->page_size;
	bool known = row->snap->device != CDM_UNKNOWN && row->activity.delta->known;
	int width = c->cols - 12 - 16 > CDM_HISTORY ? CDM_HISTORY : c->cols - 12 - 16;
	__u64 peak;

	section(c, "History");
	if (!h || width < 1) {
		ui_put(c, UI_DIM, h ? "no room" : known ? "held and moved nothing so far" :
		       "not known (d: why)");
		ui_newline(c, UI_PLAIN);
		return;
	}
	ui_field(c, UI_DIM, "on device", -12);
	peak = ui_sparkline(c, UI_PLAIN, width, h->device, h->nr);
	ui_printf(c, UI_DIM, " peak %s", ui_pages(ui, peak).s);
	ui_newline(c, UI_PLAIN);
	ui_field(c, UI_DIM, "in", -12);
	peak = ui_sparkline(c, UI_IN, width, h->in, h->nr);
	ui_printf(c, UI_DIM, " peak %s/s", ui_bytes_per_s(true, peak * page).s);
	ui_newline(c, UI_PLAIN);
	ui_field(c, UI_DIM, "out", -12);
	peak = ui_sparkline(c, UI_OUT, width, h->out, h->nr);
	ui_printf(c, UI_DIM, " peak %s/s", ui_bytes_per_s(true, peak * page).s);
	ui_newline(c, UI_PLAIN);
}

static void draw_vmas(struct ui *ui, struct ui_canvas *c)
{
	const struct cdm_column *all = cdm_columns(CDM_VIEW_VMA);
	struct ui_columns columns = { 0 };
	struct cdm_vma_row **vmas;
	struct ui_layout layout;
	size_t nr, shown = 0;

	section(c, "Areas with pages on devices");
	for (; all->id; all++) {
		columns.usual[columns.nr] = true;
		columns.all[columns.nr++] = all;
	}
	vmas = cdm_model_vmas(ui->m, &nr);
	ui_lay_out(&layout, &columns, c->cols, false, (const void *const *)vmas, nr);
	for (size_t i = 0; i < nr; i++) {
		if (vmas[i]->snap->pid != ui->look_pid)
			continue;
		if (!shown++)
			ui_heading(c, &layout, &columns, NULL);
		for (size_t k = 0; k < layout.nr; k++) {
			ui_cell(c, &layout, k, vmas[i], false);
			ui_put(c, UI_PLAIN, " ");
		}
		ui_newline(c, UI_PLAIN);
	}
	if (shown)
		return;
	ui_put(c, UI_DIM, ui->o->replay ? "not in the recording" : ui->paused ?
	       "read with the next refresh: p goes on" : "none, or not read yet");
	ui_newline(c, UI_PLAIN);
}

static void range(const __u64 hist[CDM_HIST], int *from, int *to)
{
	int i;

	for (i = 0; i < CDM_HIST; i++) {
		if (!hist[i])
			continue;
		if (i < *from)
			*from = i;
		if (i > *to)
			*to = i;
	}
}

static void draw_histograms(struct ui_canvas *c, const struct cdm_stats *s)
{
	const __u64 *const hists[] = { s->hist[CDM_DIR_IN], s->hist[CDM_DIR_OUT], s->hist_wait };
	static const char *const names[] = { "in", "out", "wait" };
	static const enum ui_style styles[] = { UI_IN, UI_OUT, UI_WARN };
	int from = CDM_HIST, to = -1, i, j, width = (c->cols - 17) / 3;
	__u64 max = 1;

	section(c, "Times of migrations and of faults that waited (p50/p99, since the start)");
	for (j = 0; j < 3; j++) {
		range(hists[j], &from, &to);
		for (i = 0; i < CDM_HIST; i++)
			max = hists[j][i] > max ? hists[j][i] : max;
	}
	if (to < 0 || width < 14) {
		ui_put(c, UI_DIM, to < 0 ? "none" : "no room");
		ui_newline(c, UI_PLAIN);
		return;
	}
	ui_spaces(c, UI_PLAIN, 17);
	for (j = 0; j < 3; j++) {
		char text[64];

		snprintf(text, sizeof(text), "%s %s/%s", names[j],
			 ui_ns(cdm_hist_quantile(hists[j], 0.5)).s,
			 ui_ns(cdm_hist_quantile(hists[j], 0.99)).s);
		ui_field(c, UI_DIM, text, -(width - 1));
		ui_put(c, UI_PLAIN, " ");
	}
	ui_newline(c, UI_PLAIN);
	for (i = from; i <= to; i++) {
		ui_field(c, UI_DIM, ui_ns(1ULL << i).s, 7);
		ui_put(c, UI_DIM, " ..");
		ui_field(c, UI_DIM, i + 1 < CDM_HIST ? ui_ns(1ULL << (i + 1)).s : "more", 6);
		ui_put(c, UI_PLAIN, " ");
		for (j = 0; j < 3; j++) {
			const struct ui_part part = { hists[j][i], styles[j], '|' };
			char text[24];

			snprintf(text, sizeof(text), "%llu", (unsigned long long)hists[j][i]);
			ui_bar(c, width - 8, &part, 1, max);
			ui_put(c, UI_PLAIN, " ");
			ui_field(c, hists[j][i] ? UI_PLAIN : UI_DIM, text, -7);
		}
		ui_newline(c, UI_PLAIN);
	}
}

/* Return: how many reasons there are. */
static int draw_reasons(struct ui_canvas *c, const struct cdm_stats *s, bool failed)
{
	int i, shown = 0;

	for (i = 0; i < CDM_NR_WHY; i++) {
		if (cdm_why_is_failure(i) != failed ||
		    (!s->failed[CDM_DIR_IN][i] && !s->failed[CDM_DIR_OUT][i]))
			continue;
		ui_field(c, failed ? UI_WARN : UI_DIM, cdm_why_name(i), -14);
		ui_printf(c, UI_PLAIN, "in %-12llu out %-12llu",
			  (unsigned long long)s->failed[CDM_DIR_IN][i],
			  (unsigned long long)s->failed[CDM_DIR_OUT][i]);
		if (!failed)
			ui_put(c, UI_DIM, " skipped");
		ui_newline(c, UI_PLAIN);
		shown++;
	}
	return shown;
}

/* What could not move first; that there was nothing to move is no failure. */
static void draw_stayed(struct ui_canvas *c, const struct cdm_stats *s)
{
	int shown;

	section(c, "Pages that stayed, by reason (since the start)");
	shown = draw_reasons(c, s, true);
	shown += draw_reasons(c, s, false);
	if (shown)
		return;
	ui_put(c, UI_DIM, "none");
	ui_newline(c, UI_PLAIN);
}

#define EVENTS_SHOWN 40

static void draw_events(struct ui *ui, struct ui_canvas *c, __u32 pid)
{
	size_t i, shown = 0;

	section(c, "Last events, the newest first");
	ui_events_update(ui, pid);
	for (i = ui->nr_events; i && shown < EVENTS_SHOWN; i--) {
		if (!shown++)
			ui_event_heading(ui, c);
		ui_event_draw(ui, c, ui->events[i - 1].ev);
	}
	if (!shown) {
		ui_put(c, UI_DIM, "none");
		ui_newline(c, UI_PLAIN);
	}
}

void ui_look_draw(struct ui *ui, struct ui_canvas *c)
{
	const struct cdm_proc_row *row = ui_process(ui, ui->look_pid);
	const struct cdm_stats *stats;

	if (!row) {
		ui_printf(c, UI_WARN, "process %u is gone; Esc leads back", ui->look_pid);
		ui_newline(c, UI_PLAIN);
		draw_events(ui, c, ui->look_pid);
		return;
	}
	stats = stats_of(row);
	draw_figures(c, row);
	draw_command(ui, c);
	draw_history(ui, c, row);
	draw_vmas(ui, c);
	if (stats) {
		draw_histograms(c, stats);
		draw_stayed(c, stats);
	}
	draw_events(ui, c, row->snap->pid);
}

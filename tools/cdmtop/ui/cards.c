// SPDX-License-Identifier: GPL-2.0
/* Devices in full: bars, history, times, failures and holders. */
#include <string.h>

#include "ui/ui-int.h"

#define LABEL -12

static void draw_rate(struct ui *ui, struct ui_canvas *c, const struct cdm_device_row *row, int dir)
{
	const struct cdm_history *h = row->activity.history;
	const struct cdm_delta *delta = row->activity.delta;
	double interval = ui_interval_s(ui), page = cdm_model_header(ui->m)->page_size;
	enum ui_style style = dir == CDM_DIR_IN ? UI_IN : UI_OUT;
	bool known = delta->known && interval > 0;
	int width;
	__u64 peak;

	ui_field(c, UI_DIM, dir == CDM_DIR_IN ? "  in" : "  out", LABEL);
	ui_field(c, UI_PLAIN, ui_bytes_per_s(known, delta->d.pages[dir] * page / interval).s, 6);
	ui_put(c, UI_PLAIN, "/s ");
	width = c->cols - c->col - 32;
	if (h && width > 0) {
		peak = ui_sparkline(c, style, width, dir == CDM_DIR_IN ? h->in : h->out, h->nr);
		ui_printf(c, UI_DIM, " peak %s/s", ui_bytes_per_s(true, peak * page).s);
	}
	if (known)
		ui_printf(c, UI_PLAIN, "  %s/%s",
			  ui_ns(cdm_hist_quantile(delta->d.hist[dir], 0.5)).s,
			  ui_ns(cdm_hist_quantile(delta->d.hist[dir], 0.99)).s);
	ui_newline(c, UI_PLAIN);
}

static void draw_holders(struct ui *ui, struct ui_canvas *c, const struct cdm_device_row *row)
{
	int i;

	ui_field(c, UI_DIM, "  held by", LABEL);
	for (i = 0; i < 3 && row->holders[i]; i++)
		ui_printf(c, UI_PLAIN, "%s%u %s", i ? ", " : "", row->holders[i],
			  ui_comm(ui, row->holders[i]));
	if (!i)
		ui_put(c, UI_DIM, "-");
	ui_newline(c, UI_PLAIN);
}

static void draw_card(struct ui *ui, struct ui_canvas *c, const struct cdm_device_row *row)
{
	const struct cdm_snap_device *snap = row->snap;
	bool sized = snap->size && snap->size < CDM_NO_LIMIT && snap->used < CDM_NO_LIMIT;
	double share = sized ? (double)snap->used / snap->size : 0;
	const struct ui_part part = { snap->used, ui_level(share), '|' };
	const char *about = row->bound.error ? "~" : "";
	char used[32];
	int width;

	ui_printf(c, UI_SECTION, "%s", snap->name);
	ui_printf(c, snap->state == CDM_ST_ONLINE ? UI_GOOD : UI_ALERT, "  %s",
		  cdm_state_name(snap->state));
	if (snap->node >= 0)
		ui_item(c, UI_PLAIN, "  node %d", snap->node);
	ui_item(c, UI_PLAIN, "  size %s", ui_pages(ui, snap->size).s);
	ui_item(c, UI_PLAIN, "  free %s%s", about, ui_pages(ui, snap->free).s);
	if (snap->quarantined && snap->quarantined != CDM_UNKNOWN)
		ui_item(c, UI_BAD, "  quarantined %s", ui_pages(ui, snap->quarantined).s);
	ui_newline(c, UI_PLAIN);
	ui_field(c, UI_DIM, "  used", LABEL);
	snprintf(used, sizeof(used), "%s%s", about, ui_pages(ui, snap->used).s);
	ui_field(c, UI_PLAIN, used, 6);
	ui_put(c, UI_PLAIN, "   ");
	width = c->cols - c->col - 32;
	ui_bar(c, width > 60 ? 60 : width, &part, sized, snap->size);
	if (sized)
		ui_printf(c, ui_level(share), " %s%.0f%%", about, share * 100);
	ui_newline(c, UI_PLAIN);
	draw_rate(ui, c, row, CDM_DIR_IN);
	draw_rate(ui, c, row, CDM_DIR_OUT);
	draw_holders(ui, c, row);
	ui_newline(c, UI_PLAIN);
}

void ui_cards_draw(struct ui *ui, struct ui_canvas *c)
{
	struct ui_table *t = &ui->tables[CDM_VIEW_DEVICE];
	size_t i;

	/* From the one with the cursor on, as many as fit. */
	for (i = t->cursor; i < t->rows.nr; i++)
		draw_card(ui, c, t->rows.rows[i]);
	for (i = 0; i < t->cursor && i < t->rows.nr; i++)
		draw_card(ui, c, t->rows.rows[i]);
}

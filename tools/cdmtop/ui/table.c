// SPDX-License-Identifier: GPL-2.0
/* Tables of processes, cgroups and devices: rows, order and cursor. */
#include <stdlib.h>
#include <string.h>

#include "ui/ui-int.h"

static void add_columns(struct ui_columns *cs, const struct cdm_column *all, bool extra)
{
	for (; all->id && cs->nr < CDMTOP_MAX_COLUMNS; all++) {
		if (all->extra == extra && !all->programs)
			cs->all[cs->nr++] = all;
	}
}

void ui_table_init(struct ui *ui, enum cdm_view view)
{
	const struct cdm_column *all = cdm_columns(view);
	const struct cdmtop_options *o = ui->o;
	struct ui_table *t = &ui->tables[view];
	struct ui_columns *cs = &t->columns;
	bool meant = o->view == view;

	if (meant && o->column_list) {
		memcpy(cs->all, o->columns, o->nr_columns * sizeof(*cs->all));
		cs->nr = cs->nr_usual = o->nr_columns;
	} else {
		add_columns(cs, all, false);
		cs->nr_usual = cs->nr;
		add_columns(cs, all, true);
	}
	if (meant) {
		t->columns.sort = o->sort;
		t->reverse = o->reverse;
	}
	if (!t->columns.sort && view == CDM_VIEW_PROC)
		t->columns.sort = cdm_column_find(CDM_VIEW_PROC, "cdm");
}

static __u64 row_key(enum cdm_view view, const void *row)
{
	switch (view) {
	case CDM_VIEW_CGROUP:
		return ((const struct cdm_cgroup_row *)row)->snap->id;
	case CDM_VIEW_DEVICE:
		return ((const struct cdm_device_row *)row)->snap->index + 1ULL;
	default:
		return ((const struct cdm_proc_row *)row)->snap->pid;
	}
}

struct cdm_select ui_scope(const struct ui *ui, enum cdm_view view)
{
	struct cdm_select select = ui->s->select;

	/* By what it is, not by its name: that may be given to another one. */
	if (ui->cgroup && (view == CDM_VIEW_PROC || view == CDM_VIEW_EVENTS))
		select.cgroup = cdm_model_cgroup_path(ui->m, ui->cgroup) ?: "-";
	return select;
}

static bool is_tree(const struct ui *ui, enum cdm_view view)
{
	return view == CDM_VIEW_CGROUP && !*ui->filter && !ui->flat;
}

int ui_table_update(struct ui *ui, enum cdm_view view)
{
	struct ui_table *t = &ui->tables[view];
	const struct cdm_query query = {
		.view = view, .select = ui_scope(ui, view), .filter = ui->filter,
		.sort = t->columns.sort, .reverse = t->reverse, .tree = is_tree(ui, view),
	};

	return cdm_rows_take(&t->rows, ui->m, &query);
}

/* Where the row that the cursor follows would stand if all rows were sorted. */
static void follow(const struct ui *ui, struct ui_table *t)
{
	size_t at;

	for (at = 0; t->key && at < t->rows.nr; at++) {
		if (row_key(ui->view, t->rows.rows[at]) == t->key)
			break;
	}
	if (t->key && at < t->rows.nr)
		t->cursor = cdm_rows_place(&t->rows, at);
}

const void *ui_table_selected(struct ui *ui)
{
	struct ui_table *t = &ui->tables[ui->view];

	follow(ui, t);
	cdm_rows_sort(&t->rows, t->cursor, t->cursor + 1);
	return t->cursor < t->rows.nr ? t->rows.rows[t->cursor] : NULL;
}

static void arrange(const struct ui *ui, struct ui_table *t, size_t rows)
{
	size_t nr = t->rows.nr;

	follow(ui, t);
	if (t->cursor >= nr)
		t->cursor = nr ? nr - 1 : 0;
	if (t->cursor < t->top)
		t->top = t->cursor;
	if (t->cursor >= t->top + rows)
		t->top = t->cursor - rows + 1;
	if (t->top + rows > nr)
		t->top = nr > rows ? nr - rows : 0;
	cdm_rows_sort(&t->rows, t->top, t->top + rows);
}

/* A cgroup stands below its parent, so the last part of its path says it all. */
static void draw_branch(struct ui_canvas *c, const struct cdm_cgroup_row *row, int width,
			bool selected)
{
	const char *name = strrchr(row->snap->path, '/');
	char text[512];

	name = name && name[1] ? name + 1 : row->snap->path;
	snprintf(text, sizeof(text), "%*s%s", (int)(row->depth < 40 ? row->depth : 40) * 2, "",
		 *name ? name : "/");
	ui_field(c, selected ? UI_SELECTED : UI_PLAIN, text, -width);
}

/* What is charged, by place, against the limit or, without one, against the root's. */
static void draw_cgroup_bar(const struct ui *ui, struct ui_canvas *c,
			    const struct cdm_cgroup_row *row, int width)
{
	__u64 device = row->snap->device, charged = row->snap->charged, full = row->snap->limit;
	struct ui_part parts[2] = { { 0, UI_IN, '#' }, { 0, UI_OUT, '=' } };
	struct cdm_cgroup_row **all;
	size_t nr, i;

	if (charged >= CDM_NO_LIMIT || device >= CDM_NO_LIMIT) {
		ui_field(c, UI_DIM, "-", -width);
		return;
	}
	if (full >= CDM_NO_LIMIT) {
		all = cdm_model_cgroups(ui->m, &nr);
		for (i = 0, full = 1; i < nr; i++) {
			if (all[i]->snap->charged < CDM_NO_LIMIT && all[i]->snap->charged > full)
				full = all[i]->snap->charged;
		}
	}
	parts[0].value = device;
	parts[1].value = charged > device ? charged - device : 0;
	ui_bar(c, width, parts, 2, full);
}

static void draw_row(const struct ui *ui, struct ui_canvas *c, const struct ui_layout *l,
		     const void *row, bool selected)
{
	enum ui_style rest = selected ? UI_SELECTED : UI_PLAIN;

	for (size_t i = 0; i < l->nr; i++) {
		if (i)
			ui_put(c, rest, " ");
		if (!i && is_tree(ui, ui->view) && l->columns[i]->unit == CDM_UNIT_TEXT)
			draw_branch(c, row, l->widths[i], selected);
		else
			ui_cell(c, l, i, row, selected);
	}
	if (l->bar) {
		ui_put(c, UI_PLAIN, " ");
		draw_cgroup_bar(ui, c, row, l->bar);
		rest = UI_PLAIN;
	}
	ui_newline(c, rest);
}

void ui_table_draw(struct ui *ui, struct ui_canvas *c)
{
	struct ui_table *t = &ui->tables[ui->view];
	size_t rows = c->rows > 1 ? c->rows - 1 : 0, in_sight;

	if (!rows)
		return;
	arrange(ui, t, rows);
	in_sight = t->rows.nr - t->top < rows ? t->rows.nr - t->top : rows;
	ui_lay_out(&t->layout, &t->columns, c->cols, ui->view == CDM_VIEW_CGROUP,
		   t->rows.rows + t->top, in_sight);
	ui_heading(c, &t->layout, t->columns.sort, "device+RAM");
	for (size_t i = t->top; i < t->top + in_sight; i++)
		draw_row(ui, c, &t->layout, t->rows.rows[i], i == t->cursor);
	if (!t->rows.nr)
		ui_put(c, UI_DIM, *ui->filter ? "nothing matches the filter (Esc clears it)" :
		       ui->view == CDM_VIEW_DEVICE ? "there are no devices (d: why)" :
		       "there is nothing to show (d: why)");
}

void ui_table_sort(struct ui_table *t, const struct cdm_column *by)
{
	t->columns.sort = by;
	t->reverse = false;
	/* Unless it is scrolled, what is sorted by is in sight. */
	for (size_t i = 0; i < t->layout.nr; i++)
		if (t->layout.columns[i] == by)
			return;
	t->columns.first = 0;
}

static void sort_by_next(struct ui_table *t, int step)
{
	const struct ui_columns *cs = &t->columns;
	size_t i;

	for (i = 0; i < cs->nr && cs->all[i] != cs->sort; i++)
		;
	if (i == cs->nr)
		i = 0;
	else if (step < 0 ? i > 0 : i + 1 < cs->nr)
		i += step;
	ui_table_sort(t, cs->all[i]);
}

void ui_table_key(struct ui *ui, int key, int rows)
{
	struct ui_table *t = &ui->tables[ui->view];
	size_t cursor = t->cursor, last = t->rows.nr ? t->rows.nr - 1 : 0;

	switch (key) {
	case '<':
	case '>':
		sort_by_next(t, key == '<' ? -1 : 1);
		return;
	case 'M':
		ui_table_sort(t, cdm_column_find(ui->view, ui->view == CDM_VIEW_DEVICE ? "used" :
								      "cdm"));
		return;
	case 'P':
		ui_table_sort(t, cdm_column_find(ui->view, ui->view == CDM_VIEW_DEVICE ? "in_bw" :
								      "in"));
		return;
	case 'r':
	case 'I':
		t->reverse = !t->reverse;
		return;
	case 't':
		ui->flat = !ui->flat;
		return;
	case KEY_LEFT:
		t->columns.first -= t->columns.first > 0;
		return;
	case KEY_RIGHT:
		t->columns.first += t->layout.right > 0;
		return;
	case KEY_UP:
	case 'k':
		cursor -= cursor > 0;
		break;
	case KEY_DOWN:
	case 'j':
		cursor += cursor < last;
		break;
	case KEY_PPAGE:
		cursor = cursor > (size_t)rows ? cursor - rows : 0;
		break;
	case KEY_NPAGE:
		cursor = cursor + rows < last ? cursor + rows : last;
		break;
	case KEY_HOME:
	case 'g':
		/* The top, whoever is there. */
		t->cursor = t->top = 0;
		t->key = 0;
		return;
	case KEY_END:
	case 'G':
		cursor = last;
		break;
	default:
		return;
	}
	cdm_rows_sort(&t->rows, cursor, cursor + 1);
	t->cursor = cursor;
	t->key = cursor < t->rows.nr ? row_key(ui->view, t->rows.rows[cursor]) : 0;
}

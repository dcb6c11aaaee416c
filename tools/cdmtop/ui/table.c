// SPDX-License-Identifier: GPL-2.0
/* Tables of processes, cgroups and devices: rows, order and cursor. */
#include <stdlib.h>
#include <string.h>

#include "ui/ui-int.h"

/* Once is enough. */
static void add_column(struct ui_columns *cs, const struct cdm_column *col, bool usual)
{
	for (size_t i = 0; i < cs->nr; i++)
		if (cs->all[i] == col)
			return;
	if (cs->nr == CDMTOP_MAX_COLUMNS)
		return;
	cs->usual[cs->nr] = usual;
	cs->all[cs->nr++] = col;
}

/* What the options say, or else what was chosen the last time. */
static void init_order(struct ui *ui, enum cdm_view view)
{
	const struct ui_chosen *chosen = &ui->config.views[view];
	const struct cdmtop_options *o = ui->o;
	struct ui_table *t = &ui->tables[view];
	bool meant = o->view == view && (o->sort || o->reverse);

	t->columns.sort = meant && o->sort ? o->sort : chosen->sort;
	t->reverse = meant ? o->reverse : chosen->reverse;
	if (!t->columns.sort)
		t->columns.sort = cdm_column_usual(view);
}

void ui_table_init(struct ui *ui, enum cdm_view view)
{
	const struct ui_chosen *chosen = &ui->config.views[view];
	bool meant = ui->o->view == view && ui->o->column_list;
	const struct cdm_column *const *list = meant ? ui->o->columns : chosen->columns;
	size_t nr = meant ? ui->o->nr_columns : chosen->nr;
	struct ui_columns *cs = &ui->tables[view].columns;

	cs->fill = !nr;
	for (size_t i = 0; i < nr; i++)
		add_column(cs, list[i], true);
	for (const struct cdm_column *col = cdm_columns(view); col->id; col++)
		if (!col->extra)
			add_column(cs, col, cs->fill);
	for (const struct cdm_column *col = cdm_columns(view); col->id; col++)
		if (!col->programs)
			add_column(cs, col, false);
	init_order(ui, view);
}

void ui_table_keep(struct ui *ui, enum cdm_view view)
{
	struct ui_chosen *chosen = &ui->config.views[view];
	const struct ui_table *t = &ui->tables[view];

	if (t->columns_chosen) {
		chosen->nr = 0;
		for (size_t i = 0; i < t->columns.nr; i++)
			if (t->columns.usual[i])
				chosen->columns[chosen->nr++] = t->columns.all[i];
	}
	if (t->order_chosen) {
		chosen->sort = t->columns.sort;
		chosen->reverse = t->reverse;
	}
	ui->config.changed |= t->columns_chosen || t->order_chosen;
}

static __u64 row_key(enum cdm_view view, const void *row)
{
	switch (view) {
	case CDM_VIEW_CGROUP:
		return ((const struct cdm_cgroup_row *)row)->snap->id;
	case CDM_VIEW_DEVICE:
		return ((const struct cdm_device_row *)row)->snap->index + 1ULL;
	case CDM_VIEW_NUMA:
		return ((const struct cdm_numa_row *)row)->id;
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

/* No further than to the last column: keys come faster than they are drawn, and screens grow. */
static void scroll_back(struct ui_table *t, int cols, bool bar, size_t in_sight)
{
	struct ui_columns less = t->columns;
	struct ui_layout l;

	while (less.first--) {
		ui_lay_out(&l, &less, cols, bar, t->rows.rows + t->top, in_sight);
		if (l.right)
			return;
		t->columns.first = less.first;
	}
}

void ui_table_draw(struct ui *ui, struct ui_canvas *c)
{
	struct ui_table *t = &ui->tables[ui->view];
	size_t rows = c->rows > 1 ? c->rows - 1 : 0, in_sight;
	const struct cdmtop_options *o = ui->o;
	bool bar = ui->view == CDM_VIEW_CGROUP;

	if (!rows)
		return;
	arrange(ui, t, rows);
	in_sight = t->rows.nr - t->top < rows ? t->rows.nr - t->top : rows;
	scroll_back(t, c->cols, bar, in_sight);
	ui_lay_out(&t->layout, &t->columns, c->cols, bar, t->rows.rows + t->top, in_sight);
	ui_heading(c, &t->layout, &t->columns, "device+RAM");
	for (size_t i = t->top; i < t->top + in_sight; i++)
		draw_row(ui, c, &t->layout, t->rows.rows[i], i == t->cursor);
	if (!t->rows.nr)
		ui_wrapped(c, UI_DIM, *ui->filter ? "nothing matches the filter (Esc clears it)" :
			   o->pid || o->cgroup || o->device ? "there is nothing of what -p, -c and -D ask for" :
			   ui->view == CDM_VIEW_DEVICE ? "there are no devices (d: why)" :
			   "there is nothing to show (d: why)", 0);
}

void ui_table_sort(struct ui_table *t, const struct cdm_column *by)
{
	t->columns.sort = by;
	t->reverse = false;
	t->order_chosen = true;
	/* Unless it is scrolled, what is sorted by is in sight. */
	for (size_t i = 0; i < t->layout.nr; i++)
		if (t->layout.columns[i] == by)
			return;
	t->columns.first = 0;
}

static void reverse(struct ui_table *t)
{
	t->reverse = !t->reverse;
	t->order_chosen = true;
}

void ui_table_choose(struct ui_table *t, size_t i)
{
	struct ui_columns *cs = &t->columns;

	if (!i)
		return;
	/* What is in sight stays when one of them goes. */
	for (size_t k = 0; k < cs->nr && cs->fill; k++)
		for (size_t shown = 0; shown < t->layout.nr; shown++)
			cs->usual[k] |= t->layout.columns[shown] == cs->all[k];
	cs->fill = false;
	cs->usual[i] = !cs->usual[i];
	t->columns_chosen = true;
}

/* The column at @x of the heading; NULL: none. */
static const struct cdm_column *column_at(const struct ui_table *t, int x)
{
	const struct ui_layout *l = &t->layout;
	size_t i;

	for (i = 0; i < l->nr && x > l->widths[i]; i++)
		x -= l->widths[i] + 1;
	for (size_t k = 0; i < l->nr && k < t->columns.nr; k++)
		if (!strcmp(t->columns.all[k]->id, l->columns[i]->id))
			return t->columns.all[k];
	return NULL;
}

static void put_cursor(struct ui_table *t, enum cdm_view view, size_t at)
{
	cdm_rows_sort(&t->rows, at, at + 1);
	t->cursor = at;
	t->key = at < t->rows.nr ? row_key(view, t->rows.rows[at]) : 0;
}

void ui_table_click(struct ui *ui, int x, int y)
{
	struct ui_table *t = &ui->tables[ui->view];
	const struct cdm_column *col = y ? NULL : column_at(t, x);

	if (col && col == t->columns.sort)
		reverse(t);
	else if (col)
		ui_table_sort(t, col);
	else if (y > 0 && t->top + y - 1 < t->rows.nr)
		put_cursor(t, ui->view, t->top + y - 1);
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
	/* Columns of M and of P. */
	static const char *const resident[CDM_NR_TABLE] = { "cdm", "cdm", "used", "pages" };
	static const char *const migrating[CDM_NR_TABLE] = { "in", "in", "in_bw", "moved" };
	struct ui_table *t = &ui->tables[ui->view];
	size_t cursor = t->cursor, last = t->rows.nr ? t->rows.nr - 1 : 0;

	switch (key) {
	case '<':
	case '>':
		sort_by_next(t, key == '<' ? -1 : 1);
		return;
	case 'M':
		ui_table_sort(t, cdm_column_find(ui->view, resident[ui->view]));
		return;
	case 'P':
		ui_table_sort(t, cdm_column_find(ui->view, migrating[ui->view]));
		return;
	case 'r':
	case 'I':
		reverse(t);
		return;
	case 't':
		ui->flat = !ui->flat;
		return;
	case KEY_LEFT:
		t->columns.first -= t->columns.first > 0;
		return;
	case KEY_RIGHT:
		t->columns.first += t->columns.first + 1 < t->columns.nr;
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
	put_cursor(t, ui->view, cursor);
}

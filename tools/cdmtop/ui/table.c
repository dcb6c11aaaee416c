// SPDX-License-Identifier: GPL-2.0
/* Tables of processes, cgroups and devices: rows, order and cursor. */
#include <stdlib.h>
#include <string.h>

#include "ui/ui-int.h"

static void add_columns(struct ui_table *t, const struct cdm_column *all, bool extra)
{
	for (; all->id && t->nr_columns < CDMTOP_MAX_COLUMNS; all++) {
		if (all->extra == extra)
			t->columns[t->nr_columns++] = all;
	}
}

void ui_table_init(struct ui *ui, enum cdm_view view)
{
	const struct cdm_column *all = cdm_columns(view);
	const struct cdmtop_options *o = ui->o;
	struct ui_table *t = &ui->tables[view];
	bool meant = o->view == view;

	if (meant && o->column_list) {
		memcpy(t->columns, o->columns, o->nr_columns * sizeof(*t->columns));
		t->nr_columns = o->nr_columns;
		t->nr_default = t->nr_columns;
	} else {
		add_columns(t, all, false);
		t->nr_default = t->nr_columns;
		add_columns(t, all, true);
	}
	if (meant) {
		t->sort = o->sort;
		t->reverse = o->reverse;
	}
	if (!t->sort && view == CDM_VIEW_PROC)
		t->sort = cdm_column_find(CDM_VIEW_PROC, "cdm");
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
		.sort = t->sort, .reverse = t->reverse, .tree = is_tree(ui, view),
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

static int column_width(const struct cdm_column *col)
{
	int width = abs(col->width), title = ui_width(col->title);

	return title > width ? title : width;
}

size_t ui_table_fit(const struct ui_table *t, int cols, const struct cdm_column **shown)
{
	size_t i, nr = 0;

	for (i = 0; i < t->nr_columns; i++) {
		if (i && i <= t->first)
			continue;
		/* Behind a separating space, unless it is the first. */
		cols -= column_width(t->columns[i]) + (nr > 0);
		if (cols < 0)
			break;
		shown[nr++] = t->columns[i];
	}
	return nr;
}

void ui_cell(struct ui_canvas *c, const struct cdm_column *col, const void *row, int width,
	     bool selected)
{
	enum ui_style style = UI_PLAIN;
	struct cdm_cell cell;
	char text[512];

	col->get(row, &cell);
	cdm_cell_format(col, &cell, text, sizeof(text), width);
	if (!cell.known)
		style = UI_DIM;
	else if (col->unit > CDM_UNIT_TEXT && (cdm_unit_is_double(col->unit) ? !cell.d : !cell.u))
		style = UI_DIM;
	ui_field(c, selected ? UI_SELECTED : style, text, col->width < 0 ? -width : width);
}

struct layout {
	const struct cdm_column *columns[CDMTOP_MAX_COLUMNS];
	int widths[CDMTOP_MAX_COLUMNS];
	size_t nr;
	int bar;
};

#define BAR_MIN	14
#define BAR_MAX	42

/* Width that the texts in sight want, at most @max. */
static int wanted(const struct ui_table *t, const struct cdm_column *col, size_t rows, int max)
{
	int width, most = 0;
	struct cdm_cell cell;
	size_t i;

	for (i = t->top; i < t->rows.nr && i < t->top + rows; i++) {
		col->get(t->rows.rows[i], &cell);
		width = cell.known ? ui_width(cell.s) : 0;
		if (width > most)
			most = width;
	}
	return most < max ? most : max;
}

/* Columns as wide as the table says; room that is left goes to cut texts and bars. */
static void lay_out(const struct ui *ui, const struct ui_table *t, int cols, size_t rows,
		    struct layout *l)
{
	int left = cols, want;
	size_t i;

	/* A cgroup's bar stands for several columns, and comes before the last ones. */
	if (ui->view == CDM_VIEW_CGROUP && cols >= 60)
		cols -= BAR_MIN + 2;
	l->nr = ui_table_fit(t, cols, l->columns);
	if (ui->view == CDM_VIEW_CGROUP && l->nr > t->nr_default)
		l->nr = t->nr_default;
	for (i = 0; i < l->nr; i++) {
		l->widths[i] = column_width(l->columns[i]);
		left -= l->widths[i] + (i > 0);
	}
	l->bar = 0;
	if (ui->view == CDM_VIEW_CGROUP && left > BAR_MIN) {
		l->bar = left - 1 > BAR_MAX ? BAR_MAX : left - 1;
		left -= l->bar + 1;
	}
	for (i = 0; i < l->nr && left > 0; i++) {
		if (l->columns[i]->unit != CDM_UNIT_TEXT || l->columns[i]->width > 0)
			continue;
		want = wanted(t, l->columns[i], rows, l->widths[i] + left);
		if (want > l->widths[i]) {
			left -= want - l->widths[i];
			l->widths[i] = want;
		}
	}
}

static void draw_heading(const struct ui_table *t, struct ui_canvas *c, const struct layout *l)
{
	size_t i;

	for (i = 0; i < l->nr; i++) {
		const struct cdm_column *col = l->columns[i];

		if (i)
			ui_put(c, UI_HEADING, " ");
		ui_field(c, col == t->sort ? UI_SORTED : UI_HEADING, col->title,
			 col->width < 0 ? -l->widths[i] : l->widths[i]);
	}
	if (l->bar) {
		ui_put(c, UI_HEADING, " ");
		ui_field(c, UI_HEADING, "device+RAM", -l->bar);
	}
	ui_newline(c, UI_HEADING);
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

static void draw_row(const struct ui *ui, struct ui_canvas *c, const struct layout *l,
		     const void *row, bool selected)
{
	enum ui_style rest = selected ? UI_SELECTED : UI_PLAIN;
	size_t i;

	for (i = 0; i < l->nr; i++) {
		if (i)
			ui_put(c, rest, " ");
		if (!i && is_tree(ui, ui->view) && l->columns[i]->unit == CDM_UNIT_TEXT)
			draw_branch(c, row, l->widths[i], selected);
		else
			ui_cell(c, l->columns[i], row, l->widths[i], selected);
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
	int rows = c->rows - 1;
	struct layout l;
	size_t i;

	if (rows < 1)
		return;
	arrange(ui, t, rows);
	lay_out(ui, t, c->cols, rows, &l);
	draw_heading(t, c, &l);
	for (i = t->top; i < t->rows.nr && i < t->top + rows; i++)
		draw_row(ui, c, &l, t->rows.rows[i], i == t->cursor);
	if (!t->rows.nr)
		ui_put(c, UI_DIM, *ui->filter ? "nothing matches the filter (Esc clears it)" :
		       ui->view == CDM_VIEW_DEVICE ? "there are no devices (d: why)" :
		       "there is nothing to show (d: why)");
}

static void sort_by(struct ui_table *t, int step)
{
	size_t i;

	for (i = 0; i < t->nr_columns && t->columns[i] != t->sort; i++)
		;
	if (i == t->nr_columns)
		i = 0;
	else if (step < 0 ? i > 0 : i + 1 < t->nr_columns)
		i += step;
	t->sort = t->columns[i];
	t->reverse = false;
	/* Scrolled so that one sees what one chose. */
	if (i && i <= t->first)
		t->first = i - 1;
}

static void keep_sorted_in_sight(struct ui_table *t)
{
	const struct cdm_column *shown[CDMTOP_MAX_COLUMNS];
	size_t nr, i;

	while (t->first + 2 < t->nr_columns) {
		nr = ui_table_fit(t, ui_term.cols, shown);
		for (i = 0; i < nr; i++) {
			if (shown[i] == t->sort)
				return;
		}
		t->first++;
	}
}

static void sort_by_id(struct ui *ui, struct ui_table *t, const char *id)
{
	t->sort = cdm_column_find(ui->view, id);
	t->reverse = false;
}

void ui_table_key(struct ui *ui, int key, int rows)
{
	struct ui_table *t = &ui->tables[ui->view];
	size_t cursor = t->cursor, last = t->rows.nr ? t->rows.nr - 1 : 0;

	switch (key) {
	case '<':
	case '>':
		sort_by(t, key == '<' ? -1 : 1);
		keep_sorted_in_sight(t);
		return;
	case 'M':
		sort_by_id(ui, t, ui->view == CDM_VIEW_DEVICE ? "used" : "cdm");
		return;
	case 'P':
		sort_by_id(ui, t, "in");
		return;
	case 'r':
	case 'I':
		t->reverse = !t->reverse;
		return;
	case 't':
		ui->flat = !ui->flat;
		return;
	case KEY_LEFT:
		t->first -= t->first > 0;
		return;
	case KEY_RIGHT:
		t->first += t->first + 2 < t->nr_columns;
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

// SPDX-License-Identifier: GPL-2.0
/* Which columns there is room for, and how wide they are. */
#include <stdlib.h>
#include <string.h>

#include "ui/ui-int.h"

#define BAR_MIN	14
#define BAR_MAX	42
#define BAR_FROM 60	/* columns that a screen has for one */

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int full_width(const struct cdm_column *col)
{
	int width = abs(col->width), title = ui_width(col->title);

	return title > width ? title : width;
}

/* Those that may be shown, of which there are others in struct ui_columns. */
struct choice {
	const struct cdm_column *all[CDMTOP_MAX_COLUMNS];
	bool usual[CDMTOP_MAX_COLUMNS];
	bool shown[CDMTOP_MAX_COLUMNS];
	int widths[CDMTOP_MAX_COLUMNS];
	size_t nr;
	size_t first;	/* see struct ui_columns */
};

static bool is_sorted_by(const struct ui_columns *cs, const struct cdm_column *col)
{
	return cs->sort && !strcmp(cs->sort->id, col->id);
}

/* Texts lose their ends before columns are left out; the first is what tells rows apart. */
static int least_width(const struct choice *c, size_t i)
{
	int full = full_width(c->all[i]), title = ui_width(c->all[i]->title);

	if (!i || c->all[i]->unit != CDM_UNIT_TEXT)
		return full;
	return full - full / 4 > title ? full - full / 4 : title;
}

static void collect(struct choice *c, const struct ui_columns *cs)
{
	*c = (struct choice) { .first = cs->first };
	for (size_t i = 0; i < cs->nr; i++) {
		bool usual = !i || cs->usual[i] || is_sorted_by(cs, cs->all[i]);

		if (!usual && !cs->fill)
			continue;
		c->usual[c->nr] = usual;
		c->all[c->nr++] = cs->commands && !strcmp(cs->all[i]->id, "comm") ?
				  &ui_command_column : cs->all[i];
	}
}

/* Width that the texts in @rows want. */
static int wanted_width(const struct cdm_column *col, const void *const *rows, size_t nr)
{
	struct cdm_cell cell;
	int width, most = 0;

	for (size_t i = 0; i < nr && col->unit == CDM_UNIT_TEXT; i++) {
		col->get(rows[i], &cell);
		width = cell.known ? ui_width(cell.s) : 0;
		if (width > most)
			most = width;
	}
	return most;
}

struct ui_text ui_mark(size_t left, size_t right)
{
	struct ui_text mark = { "" };

	if (left)
		snprintf(mark.s, sizeof(mark.s), " <%zu", left);
	if (right)
		snprintf(mark.s + strlen(mark.s), sizeof(mark.s) - strlen(mark.s), "%s+%zu>",
			 left ? "" : " ", right);
	return mark;
}

static void put_mark(struct ui_layout *l, const struct choice *c)
{
	size_t hidden = c->nr - l->nr;

	l->left = c->first < hidden ? c->first : hidden;
	l->right = hidden - l->left;
	l->mark = ui_mark(l->left, l->right);
}

/* Return: columns of the screen that this takes. */
static int place(struct ui_layout *l, const struct choice *c)
{
	int used = l->bar ? l->bar + 1 : 0;

	l->nr = 0;
	for (size_t i = 0; i < c->nr; i++) {
		if (!c->shown[i])
			continue;
		used += c->widths[i] + (l->nr > 0);
		l->widths[l->nr] = c->widths[i];
		l->columns[l->nr++] = c->all[i];
	}
	put_mark(l, c);
	return used + strlen(l->mark.s);
}

/* The column that one would miss least, 0: none can go. Scrolled, it is the last one. */
static size_t least_missed(const struct choice *c, const struct ui_columns *cs)
{
	size_t found = 0;

	for (size_t i = 1; i < c->nr; i++) {
		if (!c->shown[i] || (!c->first && is_sorted_by(cs, c->all[i])))
			continue;
		if (!found || c->first || c->all[i]->yields >= c->all[found]->yields)
			found = i;
	}
	return found;
}

/* Each as narrow as it gets; what is missed least goes until the others fit. Return: all do. */
static bool choose_usual(struct ui_layout *l, struct choice *c, const struct ui_columns *cs,
			 int cols)
{
	bool all = true;
	size_t i;

	for (i = 0; i < c->nr; i++) {
		c->widths[i] = least_width(c, i);
		c->shown[i] = !i || (c->first ? i > c->first : c->usual[i]);
	}
	while (place(l, c) > cols && (i = least_missed(c, cs)))
		c->shown[i] = all = false;
	return all;
}

/*
 * Others, where there is room besides what makes the usual ones readable, but not what
 * slows down migrations.
 */
static void choose_others(struct ui_layout *l, struct choice *c, int cols,
			  const void *const *rows, size_t nr_rows)
{
	struct choice roomy = *c;
	size_t i;

	for (i = 0; i < c->nr; i++) {
		int full = full_width(c->all[i]), want = 0;

		if (c->usual[i])
			want = least(wanted_width(c->all[i], rows, nr_rows), 2 * full);
		roomy.widths[i] = want > full ? want : full;
	}
	for (i = 0; i < c->nr; i++) {
		if (c->usual[i] || (c->all[i]->needs & CDM_F_PINGPONG))
			continue;
		roomy.shown[i] = true;
		roomy.shown[i] = place(l, &roomy) <= cols;
		c->shown[i] = roomy.shown[i];
	}
}

/* Up to @to, of the columns of the screen that are @left. */
static void grow(int *width, int to, int *left)
{
	int more = least(to - *width, *left);

	if (more <= 0)
		return;
	*width += more;
	*left -= more;
}

void ui_lay_out(struct ui_layout *l, const struct ui_columns *cs, int cols, bool bar,
		const void *const *rows, size_t nr_rows)
{
	int left, want[CDMTOP_MAX_COLUMNS] = { 0 };
	struct choice choice;
	bool fits;
	size_t i;

	l->bar = bar && cols >= BAR_FROM && !cs->first ? BAR_MIN : 0;
	collect(&choice, cs);
	fits = choose_usual(l, &choice, cs, cols);
	/* It tells nothing that is not in figures: of these none goes for it. */
	if (l->bar && !fits) {
		l->bar = 0;
		fits = choose_usual(l, &choice, cs, cols);
	}
	if (fits && !cs->first && !l->bar)
		choose_others(l, &choice, cols, rows, nr_rows);
	left = cols - place(l, &choice);
	for (i = 0; i < l->nr && left > 0; i++)
		want[i] = wanted_width(l->columns[i], rows, nr_rows);
	for (i = 0; i < l->nr; i++)
		grow(&l->widths[i], least(want[i], full_width(l->columns[i])), &left);
	if (l->bar)
		grow(&l->bar, BAR_MAX, &left);
	for (i = 0; i < l->nr; i++)
		grow(&l->widths[i], want[i], &left);
	/* Nobody needs this, but so things stay where they are. */
	for (i = 0; i < l->nr; i++)
		grow(&l->widths[i], full_width(l->columns[i]), &left);
}

static int field_width(const struct ui_layout *l, size_t i)
{
	return l->columns[i]->width < 0 ? -l->widths[i] : l->widths[i];
}

void ui_heading_end(struct ui_canvas *c, const struct ui_text *mark)
{
	ui_spaces(c, UI_HEADING, c->cols - c->col - (int)strlen(mark->s));
	ui_put(c, UI_MORE, mark->s);
	ui_newline(c, UI_HEADING);
}

void ui_heading(struct ui_canvas *c, const struct ui_layout *l, const struct ui_columns *cs,
		const char *bar)
{
	for (size_t i = 0; i < l->nr; i++) {
		if (i)
			ui_put(c, UI_HEADING, " ");
		ui_field(c, is_sorted_by(cs, l->columns[i]) ? UI_SORTED : UI_HEADING,
			 l->columns[i]->title, field_width(l, i));
	}
	if (l->bar) {
		ui_put(c, UI_HEADING, " ");
		ui_field(c, UI_HEADING, bar, -l->bar);
	}
	ui_heading_end(c, &l->mark);
}

void ui_cell(struct ui_canvas *c, const struct ui_layout *l, size_t i, const void *row,
	     bool selected)
{
	const struct cdm_column *col = l->columns[i];
	enum ui_style style = UI_PLAIN;
	struct cdm_cell cell;
	char text[512];

	col->get(row, &cell);
	cdm_cell_format(col, &cell, text, sizeof(text), l->widths[i]);
	if (!cell.known)
		style = UI_DIM;
	else if (col->unit > CDM_UNIT_TEXT && (cdm_unit_is_double(col->unit) ? !cell.d : !cell.u))
		style = UI_DIM;
	ui_field(c, selected ? UI_SELECTED : style, text, field_width(l, i));
}

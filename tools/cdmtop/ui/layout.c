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

/* Texts lose their ends before columns are left out; the first is what tells rows apart. */
static int least_width(const struct ui_columns *cs, size_t i)
{
	int full = full_width(cs->all[i]), title = ui_width(cs->all[i]->title);

	if (!i || cs->all[i]->unit != CDM_UNIT_TEXT)
		return full;
	return full - full / 4 > title ? full - full / 4 : title;
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

static void put_mark(struct ui_layout *l, size_t nr, size_t first)
{
	size_t hidden = nr - l->nr;

	l->left = first < hidden ? first : hidden;
	l->right = hidden - l->left;
	*l->mark = '\0';
	if (l->left)
		snprintf(l->mark, sizeof(l->mark), " <%zu", l->left);
	if (l->right)
		snprintf(l->mark + strlen(l->mark), sizeof(l->mark) - strlen(l->mark), "%s+%zu>",
			 l->left ? "" : " ", l->right);
}

/* What is known of each of struct ui_columns. */
struct choice {
	bool shown[CDMTOP_MAX_COLUMNS];
	int widths[CDMTOP_MAX_COLUMNS];
};

/* Return: columns of the screen that this takes. */
static int place(struct ui_layout *l, const struct ui_columns *cs, const struct choice *choice)
{
	int used = l->bar ? l->bar + 1 : 0;

	l->nr = 0;
	for (size_t i = 0; i < cs->nr; i++) {
		if (!choice->shown[i])
			continue;
		used += choice->widths[i] + (l->nr > 0);
		l->widths[l->nr] = choice->widths[i];
		l->columns[l->nr++] = cs->all[i];
	}
	put_mark(l, cs->nr, cs->first);
	return used + strlen(l->mark);
}

/* The column that one would miss least, 0: none can go. Scrolled, it is the last one. */
static size_t least_missed(const struct ui_columns *cs, const bool *shown)
{
	size_t found = 0;

	for (size_t i = 1; i < cs->nr; i++) {
		if (!shown[i] || (!cs->first && cs->all[i] == cs->sort))
			continue;
		if (!found || cs->first || cs->all[i]->yields >= cs->all[found]->yields)
			found = i;
	}
	return found;
}

/* Each as narrow as it gets, and what is missed least goes until the others fit. */
static void choose_usual(struct ui_layout *l, const struct ui_columns *cs, int cols,
			 struct choice *choice)
{
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		choice->widths[i] = least_width(cs, i);
		choice->shown[i] = !i || (cs->first ? i > cs->first :
						      i < cs->nr_usual || cs->all[i] == cs->sort);
	}
	while (place(l, cs, choice) > cols && (i = least_missed(cs, choice->shown)))
		choice->shown[i] = false;
}

/* Others, where there is room besides what makes the usual ones readable. */
static void choose_extra(struct ui_layout *l, const struct ui_columns *cs, int cols,
			 const void *const *rows, size_t nr_rows, struct choice *choice)
{
	struct choice roomy = *choice;
	size_t i;

	for (i = 0; i < cs->nr; i++) {
		int full = full_width(cs->all[i]), want = 0;

		if (i < cs->nr_usual)
			want = least(wanted_width(cs->all[i], rows, nr_rows), 2 * full);
		roomy.widths[i] = want > full ? want : full;
	}
	for (i = cs->nr_usual; i < cs->nr; i++) {
		roomy.shown[i] = true;
		roomy.shown[i] = place(l, cs, &roomy) <= cols;
		choice->shown[i] |= roomy.shown[i];
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
	size_t i;

	l->bar = bar && cols >= BAR_FROM && !cs->first ? BAR_MIN : 0;
	choose_usual(l, cs, cols, &choice);
	if (l->nr >= cs->nr_usual && !cs->first && !l->bar)
		choose_extra(l, cs, cols, rows, nr_rows, &choice);
	left = cols - place(l, cs, &choice);
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

void ui_heading(struct ui_canvas *c, const struct ui_layout *l, const struct cdm_column *sort,
		const char *bar)
{
	for (size_t i = 0; i < l->nr; i++) {
		if (i)
			ui_put(c, UI_HEADING, " ");
		ui_field(c, l->columns[i] == sort ? UI_SORTED : UI_HEADING, l->columns[i]->title,
			 field_width(l, i));
	}
	if (l->bar) {
		ui_put(c, UI_HEADING, " ");
		ui_field(c, UI_HEADING, bar, -l->bar);
	}
	ui_spaces(c, UI_HEADING, c->cols - c->col - (int)strlen(l->mark));
	ui_put(c, UI_MORE, l->mark);
	ui_newline(c, UI_HEADING);
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

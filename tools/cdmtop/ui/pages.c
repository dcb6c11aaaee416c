// SPDX-License-Identifier: GPL-2.0
/* Help, the reasons behind "-", and the menu of columns to sort by. */
#include <string.h>

#include "source/collector.h"
#include "ui/ui-int.h"

static const struct { const char *key, *what; } keys[] = {
	{ "1 2 3 4 5",
	  "processes, cgroups, devices, events, NUMA; also F2 F3 F5 F7 F8; Tab, Shift-Tab: the next, the last" },
	{ "Up Down PgUp PgDn", "move the cursor, which then follows its row; also k and j" },
	{ "Home End, g G", "first row (the cursor follows nobody), last row" },
	{ "Left Right", "scroll the columns, of which +5> says how many more there are; the first stays" },
	{ "< >", "sort by the column to the left, to the right" },
	{ "s, F6", "choose the column to sort by, and which ones are shown; kept for the next time" },
	{ "M P", "sort by device memory, by what migrates to devices" },
	{ "r, I", "reverse the order; unknown values stay last" },
	{ "t", "cgroups as a tree, or as a list" },
	{ "c", "processes with their command lines, or their names; a recording has names" },
	{ "/, F4", "filter by pid, command, user, cgroup ...; a|b: either; Esc clears" },
	{ "Enter", "a process in full; processes of a cgroup and those below; Esc: back" },
	{ "p, Space", "pause: the figures stand still, and no refreshes are recorded" },
	{ "n .", "one refresh, when paused; replay: one refresh on, and pause" },
	{ "b", "replay: one refresh back, and pause; N and B: ten on, ten back" },
	{ "+ -", "a longer, a shorter interval; replay at its own pace: faster, slower" },
	{ "d", "where figures come from, how exact they are, why they are \"-\"" },
	{ "h ?, F1", "this help" },
	{ "Ctrl-L", "draw the screen anew" },
	{ "Mouse", "a view's name: go there; a heading: sort by it, again: reverse; a row: the cursor; the wheel scrolls" },
	{ "q, F10, Ctrl-C", "leave" },
};

static void section(struct ui_canvas *c, const char *title)
{
	ui_wrapped(c, UI_SECTION, title, 0);
}

static int indent_of(const struct ui_canvas *c, int want)
{
	return c->cols < 60 ? 4 : want;
}

static void entry(struct ui_canvas *c, const char *name, const char *text, int want)
{
	int indent = indent_of(c, want);

	ui_put(c, UI_KEY, name);
	if (c->col >= indent)
		ui_put(c, UI_PLAIN, " ");
	else
		ui_spaces(c, UI_PLAIN, indent - c->col);
	ui_wrapped(c, UI_PLAIN, text, indent);
}

static void draw_columns(struct ui_canvas *c, enum cdm_view view, const char *title)
{
	const struct cdm_column *col;

	ui_newline(c, UI_PLAIN);
	section(c, title);
	for (col = cdm_columns(view); col->id; col++)
		entry(c, col->title, col->help, 14);
}

void ui_help_draw(struct ui *ui, struct ui_canvas *c)
{
	size_t i;

	section(c, "Keys");
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		entry(c, keys[i].key, keys[i].what, 20);
	if (ui->view < CDM_NR_TABLE)
		draw_columns(c, ui->view, "Columns of this view");
	draw_columns(c, CDM_VIEW_VMA, "Columns of the areas of a process");
	ui_newline(c, UI_PLAIN);
	section(c, "Figures");
	ui_wrapped(c, UI_PLAIN,
		"\"-\" is not known (d says why), never nothing. Memory and its rates are in "
		"bytes, K, M, G are powers of 1024; of events, pages are counted. "
		"Bars and sparklines are scaled to what stands beside them. "
		"Rates are those of the last interval.", 0);
}

/* Titles of the columns that need @feature. */
static void list_needing(unsigned int feature, char *list, size_t size)
{
	const struct cdm_column *col;
	size_t len = 0;
	int view;

	list[0] = '\0';
	for (view = 0; view < CDM_NR_VIEW; view++) {
		for (col = cdm_columns(view); col->id; col++) {
			if (!(col->needs & feature) || len >= size || strstr(list, col->title))
				continue;
			len += snprintf(list + len, size - len, "%s%s", len ? " " : "", col->title);
		}
	}
}

/* @d: NULL: of a recording, which does not say by which source. */
static void draw_figure(struct ui_canvas *c, const struct cdm_offer *figure,
			const struct cdm_description *d, bool there)
{
	char needing[200], how[CDM_WHY_LEN] = "", text[sizeof(needing) + sizeof(how)];

	list_needing(figure->feature, needing, sizeof(needing));
	if (!needing[0])
		return;
	if (d && there)
		cdm_offer_tell(figure, d, how);
	snprintf(text, sizeof(text), "%s%s%s", how, how[0] ? ": " : "", needing);
	ui_put(c, there ? UI_GOOD : UI_WARN, there ? "  yes  " : "  no   ");
	ui_field(c, UI_PLAIN, figure->what, -30);
	ui_wrapped(c, UI_DIM, text, indent_of(c, 37));
}

void ui_notes_draw(struct ui *ui, struct ui_canvas *c)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(ui->m);
	const struct cdm_description *d = cdmtop_source_description(ui->s);
	const struct cdm_offer *figure;
	const char *note;
	size_t i;

	section(c, "Where figures come from, and the columns that need it");
	for (figure = cdm_figures; figure->name; figure++)
		draw_figure(c, figure, d, begin && (begin->features & figure->feature));
	ui_newline(c, UI_PLAIN);
	section(c, "Why something is missing");
	for (i = 0; (note = cdm_model_note(ui->m, i)); i++)
		ui_wrapped(c, UI_PLAIN, note, 2);
	if (!i && ui->o->replay && begin && !(begin->features & CDM_F_MIGRATE))
		ui_wrapped(c, UI_PLAIN,
			"It was not recorded. cdmtrace -w writes down events and who held what, "
			"not the counters that rates are made of: its events are in view 4, what "
			"they come to is in `cdmtrace report`. cdmtop -w records counters as well.", 2);
	else if (!i)
		ui_wrapped(c, UI_DIM,
			"Nothing is. Rates are \"-\" until there are two refreshes, "
			"times where nothing was migrated in the last interval.", 0);
}

void ui_menu_draw(struct ui *ui, struct ui_canvas *c)
{
	struct ui_table *t = &ui->tables[ui->view];
	const struct ui_columns *cs = &t->columns;
	size_t i;

	ui_put_marked(c, UI_SECTION,
		      "Sort by (Enter: take it, Space: show it or not, Esc: leave)");
	ui_newline(c, UI_PLAIN);
	for (i = 0; i < cs->nr; i++) {
		enum ui_style style = i == ui->menu ? UI_SELECTED : UI_PLAIN;

		ui_put(c, style, cs->usual[i] ? "[x] " : "[ ] ");
		ui_put(c, style, cs->all[i] == cs->sort ? "* " : "  ");
		ui_field(c, style, cs->all[i]->title, -12);
		ui_put(c, style, " ");
		ui_put_marked(c, style, cs->all[i]->help);
		ui_newline(c, style);
	}
	/* The cursor stays in sight. */
	if ((int)ui->menu + 1 < ui->scroll + 1)
		ui->scroll = ui->menu;
	if ((int)ui->menu + 1 >= ui->scroll + c->rows)
		ui->scroll = ui->menu + 2 - c->rows;
}

void ui_menu_key(struct ui *ui, int key)
{
	struct ui_table *t = &ui->tables[ui->view];

	switch (key) {
	case KEY_UP:
	case 'k':
		ui->menu -= ui->menu > 0;
		break;
	case KEY_DOWN:
	case 'j':
		ui->menu += ui->menu + 1 < t->columns.nr;
		break;
	case KEY_HOME:
		ui->menu = 0;
		break;
	case KEY_END:
		ui->menu = t->columns.nr - 1;
		break;
	case ' ':
		ui_table_choose(t, ui->menu);
		break;
	case '\n':
	case '\r':
	case KEY_ENTER:
		ui_table_sort(t, t->columns.all[ui->menu]);
		ui->page = UI_PAGE_VIEW;
		break;
	}
}

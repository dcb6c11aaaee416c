/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the screen share. */
#ifndef CDMTOP_UI_INT_H
#define CDMTOP_UI_INT_H

#include "source.h"
#include "ui/term.h"

#define UI_NR_VIEW	(CDM_VIEW_EVENTS + 1)	/* those that one chooses from */

/* Keys that curses has no name for. */
#define UI_KEY_CTRL(c)	((c) & 0x1f)
#define UI_KEY_ESC	27

enum ui_page { UI_PAGE_VIEW, UI_PAGE_LOOK, UI_PAGE_HELP, UI_PAGE_NOTES, UI_PAGE_SORT };

/* Those of a table, of which a screen has room for some. */
struct ui_columns {
	const struct cdm_column *all[CDMTOP_MAX_COLUMNS];
	bool usual[CDMTOP_MAX_COLUMNS];	/* are to be shown; the first one always is */
	bool fill;			/* the others, too, where there is room */
	bool commands;			/* the name of a process is its command line */
	size_t nr;
	size_t first;			/* so many behind the first are scrolled out of sight;
					 * 0: columns yield to what is more important */
	const struct cdm_column *sort;	/* of the rows, stays in sight; NULL: none */
};

struct ui_text { char s[24]; };

/* What is shown of them. */
struct ui_layout {
	const struct cdm_column *columns[CDMTOP_MAX_COLUMNS];
	int widths[CDMTOP_MAX_COLUMNS];	/* behind each but the last there is a space */
	size_t nr;
	int bar;			/* width of what comes after them; 0: nothing */
	size_t left, right;		/* columns that one can scroll to */
	struct ui_text mark;		/* at the end of the heading */
};

/* One table: its columns, order and cursor. */
struct ui_table {
	struct ui_columns columns;
	struct ui_layout layout;	/* as it was drawn */
	bool reverse;
	bool columns_chosen;		/* since the start */
	bool order_chosen;
	struct cdm_rows rows;
	size_t cursor;
	size_t top;
	__u64 key;			/* of the row that the cursor follows; 0: none */
};

/* What was chosen for a view at some time. */
struct ui_chosen {
	const struct cdm_column *columns[CDMTOP_MAX_COLUMNS];
	size_t nr;			/* 0: nothing, the usual ones */
	const struct cdm_column *sort;	/* NULL: nothing */
	bool reverse;
};

struct ui_config {
	char *path;			/* NULL: choices are not kept */
	bool changed;			/* since it was read */
	struct ui_chosen views[CDM_NR_TABLE];
};

struct ui {
	struct cdmtop_source *s;
	const struct cdmtop_options *o;
	struct cdm_model *m;		/* of @s, as it is now */
	enum cdm_view view;
	enum ui_page page;
	enum ui_page back;		/* where help and notes came from */
	struct ui_table tables[CDM_NR_TABLE];
	struct ui_config config;
	char filter[64];
	__u64 cgroup;			/* id: only it and those below; 0: all */
	bool flat;			/* cgroups as a list, not as a tree */
	bool typing;			/* the filter is being typed */
	bool paused;
	bool ended;			/* no more to replay */
	double interval_s;		/* 0: as recorded, @speed times as fast */
	double speed;
	unsigned long refreshes;
	double refreshed_s;		/* CLOCK_MONOTONIC of the last one */
	double events_per_s;		/* negative: not known yet */
	__u64 emitted;			/* at the last refresh */
	int scroll;			/* of pages that are not tables */
	int page_lines;			/* lines that the page had when it was drawn */
	int page_rows;			/* and how many of them the screen shows */
	int page_y;			/* where they start */
	int tabs_y;			/* the line with the names of the views */
	int tab_ends[UI_NR_VIEW];	/* and where each of them ends in it */
	size_t menu;			/* cursor in the menu of columns */
	__u32 look_pid;			/* reader's namespace */
	__u64 events_at;		/* number of the last event in sight; 0: the newest */
	size_t events_left;		/* columns of events that are scrolled out of sight */
	struct cdm_event_row *events;	/* CDM_MODEL_EVENTS */
	size_t nr_events;
	struct cdm_event_row *frozen_rows;	/* all events when it was paused; else NULL */
	size_t nr_frozen;
	char *frozen;			/* copies of them */
	char message[256];
};

/* ui.c */
void ui_show_view(struct ui *ui, enum cdm_view view);
void ui_look_into(struct ui *ui, __u32 pid);

/* table.c */
void ui_table_init(struct ui *ui, enum cdm_view view);
/* Takes the rows of the model anew. Return: 0 or -ENOMEM. */
int ui_table_update(struct ui *ui, enum cdm_view view);
void ui_table_draw(struct ui *ui, struct ui_canvas *c);
void ui_table_key(struct ui *ui, int key, int rows);
/* In its usual order. */
void ui_table_sort(struct ui_table *t, const struct cdm_column *by);
/* Column @i is to be shown from now on, or not. */
void ui_table_choose(struct ui_table *t, size_t i);
/* @x, @y: of a click, within the table. */
void ui_table_click(struct ui *ui, int x, int y);
/* What was chosen since the start goes to ui->config. */
void ui_table_keep(struct ui *ui, enum cdm_view view);
/* The row with the cursor, NULL: there is none. */
const void *ui_table_selected(struct ui *ui);
/* What the options mean, within the cgroup that was entered. */
struct cdm_select ui_scope(const struct ui *ui, enum cdm_view view);

/* layout.c */

/* @cols: of the screen; @bar: there is one; @rows: in sight, their texts want room. */
void ui_lay_out(struct ui_layout *l, const struct ui_columns *cs, int cols, bool bar,
		const void *const *rows, size_t nr_rows);
/* One line: titles, @bar where there is one, and the mark. */
void ui_heading(struct ui_canvas *c, const struct ui_layout *l, const struct ui_columns *cs,
		const char *bar);
/* " <2+5>": so many columns are out of sight to the left and to the right; "": none. */
struct ui_text ui_mark(size_t left, size_t right);
/* @mark at the right end of the line. */
void ui_heading_end(struct ui_canvas *c, const struct ui_text *mark);
/* Column @i of @l. */
void ui_cell(struct ui_canvas *c, const struct ui_layout *l, size_t i, const void *row,
	     bool selected);

/* figure.c: figures that are not in the table of columns. */
struct ui_text ui_pages(const struct ui *ui, __u64 pages);
struct ui_text ui_time(__u64 ns, int width);
struct ui_text ui_ns(__u64 ns);	/* of the usual width */
struct ui_text ui_count(__u64 n, int width);
struct ui_text ui_bytes_per_s(bool known, double pages_per_s);
struct ui_text ui_per_s(bool known, double per_s);
struct ui_text ui_bytes(__u64 bytes);
double ui_interval_s(const struct ui *ui);
/* "12:01:07" of a CLOCK_BOOTTIME; @us: with microseconds. */
struct ui_text ui_clock(const struct ui *ui, __u64 ts, bool us);
/* Both directions; CDM_UNKNOWN: no calls. */
__u64 ui_quantile(const struct cdm_stats *s, double share);
enum ui_style ui_level(double share);
/* By pid as the reader sees it; NULL: gone. */
const struct cdm_proc_row *ui_process(struct ui *ui, __u32 pid);
/* Its name, never NULL. */
const char *ui_comm(struct ui *ui, __u32 pid);

/* command.c */
void ui_command(__u32 pid, char *text, size_t size);
extern const struct cdm_column ui_command_column;	/* in place of "comm" */

/* config.c */

/* Where there is none, or after a message, all zero. */
void ui_config_read(struct ui_config *c);
/* If anything changed. Says on stderr what went wrong. */
void ui_config_write(struct ui_config *c);

/* head.c */

/* The views in the order in which the screen names them, and of the keys 1, 2, ... */
extern const enum cdm_view ui_tabs[UI_NR_VIEW];
int ui_head_draw(struct ui *ui, int rows);
void ui_foot_draw(struct ui *ui, int y, int rows);

/* cards.c: devices in full, below their table. */
void ui_cards_draw(struct ui *ui, struct ui_canvas *c);

/* events.c */

/* Takes those to be shown, anew. @pid: those of a process; 0: those of the view. */
int ui_events_update(struct ui *ui, __u32 pid);
/* Those that there are now are chosen from until the screen goes on. Return: 0 or -ENOMEM. */
int ui_events_freeze(struct ui *ui);
void ui_events_thaw(struct ui *ui);
void ui_events_draw(struct ui *ui, struct ui_canvas *c);
void ui_events_key(struct ui *ui, int key, int rows);
void ui_events_scroll_left(struct ui *ui, int key);
/* One line about an event. */
void ui_event_draw(const struct ui *ui, struct ui_canvas *c, const struct cdm_ev *ev);
void ui_event_heading(const struct ui *ui, struct ui_canvas *c);

/* look.c, pages.c */
void ui_look_draw(struct ui *ui, struct ui_canvas *c);
void ui_help_draw(struct ui *ui, struct ui_canvas *c);
void ui_notes_draw(struct ui *ui, struct ui_canvas *c);
void ui_menu_draw(struct ui *ui, struct ui_canvas *c);
void ui_menu_key(struct ui *ui, int key);

#endif

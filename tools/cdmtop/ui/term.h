/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal: taken and given back safely, and what is drawn with. */
#ifndef CDMTOP_UI_TERM_H
#define CDMTOP_UI_TERM_H

/* Functions, not macros with names like refresh(). */
#define NCURSES_NOMACROS
#include <curses.h>
#include <stdbool.h>
#include <stddef.h>

#include "options.h"

/* What a piece of text is; the theme says how that looks. */
enum ui_style {
	UI_PLAIN,
	UI_DIM,		/* unknown, zero, of little interest */
	UI_BOLD,
	UI_HEADING,	/* titles of columns */
	UI_SORTED,	/* title of the column that is sorted by */
	UI_SELECTED,	/* the row with the cursor */
	UI_SECTION,
	UI_MORE,	/* there is more than what is in sight */
	UI_KEY,		/* a key in the last line */
	UI_LABEL,	/* what the key does */
	UI_GOOD,
	UI_WARN,
	UI_BAD,
	UI_ALERT,	/* cannot be overlooked: losses */
	UI_IN,		/* figures of the two directions, in bars and sparklines */
	UI_OUT,
	UI_NR_STYLE,
};

struct ui_term {
	int rows;
	int cols;
	bool utf8;
	bool colour;
};
extern struct ui_term ui_term;

/* Return: 0, or 1 after a message on stderr. */
int ui_term_open(const struct cdmtop_options *o);
/* The terminal as it was, stderr too. Harmless when it is not open. */
void ui_term_close(void);

/* Readable when a signal came; see ui_term_signals(). */
int ui_term_signal_fd(void);
int ui_term_key_fd(void);
/*
 * Does what signals ask for: suspends, goes on, takes the new size.
 * Return: 0, or the number of a signal that ends the program.
 */
int ui_term_signals(bool *redraw);
/*
 * The last line that somebody wrote to stderr since ui_term_open(), into @line.
 * Return: false: nothing new.
 */
bool ui_term_message(char *line, size_t size);
attr_t ui_style(enum ui_style style);

/*
 * A part of the screen to draw lines on: @rows lines from @y and @cols columns
 * from @x. Lines above @scroll are not seen. Text is cut at the right margin, and
 * whatever is not printable in it becomes "?".
 */
struct ui_canvas {
	int y, x;
	int rows, cols;
	int scroll;
	int line;	/* drawn on next, from 0 */
	int col;
};

/* Columns of @text on the terminal. */
int ui_width(const char *text);
/* Draws @text at @c->col, and moves it. */
void ui_put(struct ui_canvas *c, enum ui_style style, const char *text);
/* Its end, where it does not fit, is "~". */
void ui_put_marked(struct ui_canvas *c, enum ui_style style, const char *text);
void ui_printf(struct ui_canvas *c, enum ui_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Whether there is room for so many columns up to the margin. */
bool ui_fits(const struct ui_canvas *c, int width);
/* All of it or, where that does not fit, nothing. Return: whether it did. */
bool ui_item(struct ui_canvas *c, enum ui_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* @text in a field of @width columns, left-aligned if @width is negative; cut to it. */
void ui_field(struct ui_canvas *c, enum ui_style style, const char *text, int width);
void ui_spaces(struct ui_canvas *c, enum ui_style style, int nr);
/* Fills the line up to the margin with @style, and starts the next one. */
void ui_newline(struct ui_canvas *c, enum ui_style style);
/* @text in lines, all but the first from column @indent on. */
void ui_wrapped(struct ui_canvas *c, enum ui_style style, const char *text, int indent);

/* A segment of a bar. */
struct ui_part {
	double value;
	enum ui_style style;
	char ascii;	/* what it is drawn with without UTF-8; 0: '|' */
};
/* "[||||    ]", @width columns with brackets; @parts are stacked up to @full. */
void ui_bar(struct ui_canvas *c, int width, const struct ui_part *parts, int nr, double full);
/*
 * The last @width of @nr values, the newest to the right; CDM_UNKNOWN is a gap.
 * Return: the greatest of those drawn.
 */
__u64 ui_sparkline(struct ui_canvas *c, enum ui_style style, int width, const __u64 *values,
		   int nr);

#endif

// SPDX-License-Identifier: GPL-2.0
/* Text, bars and sparklines within a part of the screen. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/name.h"
#include "ui/term.h"

#define TEXT_MAX 1024

/*
 * The next character of @text, one that the terminal shows in *@width columns.
 * Names of processes, cgroups and files are anybody's: no control characters.
 * Return: bytes taken, 0 at the end.
 */
static size_t next_char(const char *text, wchar_t *wc, int *width)
{
	mbstate_t state = { 0 };
	bool visible;
	size_t len;

	*width = 1;
	if (!*text)
		return 0;
	if (!ui_term.utf8) {
		*wc = *text >= ' ' && *text < 0x7f ? *text : '?';
		for (len = 1; (text[len] & 0xc0) == 0x80; len++)
			;
		return len;
	}
	len = cdm_name_char(text, 4, &visible);
	/* Combining characters would join what stands before them. */
	if (visible && mbrtowc(wc, text, len, &state) == len && wcwidth(*wc) > 0)
		*width = wcwidth(*wc);
	else
		*wc = '?';
	return len;
}

int ui_width(const char *text)
{
	int width, sum = 0;
	wchar_t wc;
	size_t len;

	while ((len = next_char(text, &wc, &width))) {
		text += len;
		sum += width;
	}
	return sum;
}

static bool visible(const struct ui_canvas *c)
{
	return c->line >= c->scroll && c->line < c->scroll + c->rows;
}

/* Draws at most @max columns of @text. Return: how many. */
static int put_cut(struct ui_canvas *c, enum ui_style style, const char *text, int max)
{
	wchar_t buf[TEXT_MAX], wc;
	int width, sum = 0;
	size_t len, nr = 0;

	if (max > c->cols - c->col)
		max = c->cols - c->col;
	while (nr < TEXT_MAX && (len = next_char(text, &wc, &width))) {
		if (sum + width > max)
			break;
		text += len;
		sum += width;
		buf[nr++] = wc;
	}
	if (nr && visible(c)) {
		attrset(ui_style(style));
		mvaddnwstr(c->y + c->line - c->scroll, c->x + c->col, buf, nr);
	}
	c->col += sum;
	return sum;
}

void ui_put(struct ui_canvas *c, enum ui_style style, const char *text)
{
	put_cut(c, style, text, c->cols);
}

void ui_put_marked(struct ui_canvas *c, enum ui_style style, const char *text)
{
	int room = c->cols - c->col;

	if (ui_width(text) <= room) {
		ui_put(c, style, text);
	} else if (room > 0) {
		ui_field(c, style, text, -(room - 1));
		ui_put(c, style, "~");
	}
}

void ui_printf(struct ui_canvas *c, enum ui_style style, const char *format, ...)
{
	char buf[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(buf, sizeof(buf), format, args);
	va_end(args);
	ui_put(c, style, buf);
}

bool ui_fits(const struct ui_canvas *c, int width)
{
	return width <= c->cols - c->col;
}

bool ui_item(struct ui_canvas *c, enum ui_style style, const char *format, ...)
{
	char buf[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(buf, sizeof(buf), format, args);
	va_end(args);
	if (!ui_fits(c, ui_width(buf)))
		return false;
	ui_put(c, style, buf);
	return true;
}

void ui_spaces(struct ui_canvas *c, enum ui_style style, int nr)
{
	if (nr > c->cols - c->col)
		nr = c->cols - c->col;
	if (nr <= 0)
		return;
	if (visible(c)) {
		attrset(ui_style(style));
		mvprintw(c->y + c->line - c->scroll, c->x + c->col, "%*s", nr, "");
	}
	c->col += nr;
}

void ui_field(struct ui_canvas *c, enum ui_style style, const char *text, int width)
{
	int room = abs(width), used = ui_width(text);

	if (used > room)
		used = room;
	if (width > 0)
		ui_spaces(c, style, room - used);
	used = put_cut(c, style, text, used);
	if (width < 0)
		ui_spaces(c, style, room - used);
}

void ui_newline(struct ui_canvas *c, enum ui_style style)
{
	if (style != UI_PLAIN)
		ui_spaces(c, style, c->cols - c->col);
	c->line++;
	c->col = 0;
}

/* Bytes of the word at @text, or of what of it there is room for in a line of its own. */
static size_t next_word(const char *text, int room, char *word, size_t size)
{
	size_t len = strcspn(text, " ");

	if (len >= size)
		len = size - 1;
	do {
		/* Not from within a character. */
		while (len > 1 && (text[len] & 0xc0) == 0x80)
			len--;
		snprintf(word, size, "%.*s", (int)len, text);
	} while (ui_width(word) > room && len > 1 && len--);
	return len;
}

void ui_wrapped(struct ui_canvas *c, enum ui_style style, const char *text, int indent)
{
	char word[256];
	size_t len;

	while (*text) {
		len = next_word(text, c->cols - indent - 1, word, sizeof(word));
		if (c->col > indent && c->col + ui_width(word) >= c->cols) {
			ui_newline(c, UI_PLAIN);
			ui_spaces(c, UI_PLAIN, indent);
		}
		text += len;
		ui_printf(c, style, *text == ' ' || !*text ? "%s " : "%s", word);
		text += strspn(text, " ");
	}
	ui_newline(c, UI_PLAIN);
}

/* Eighths of a cell, from none to all. */
static const char *const across[] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };
static const char *const upward[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const upward_ascii[] = { "_", ".", ":", "|", "#" };

/* The parts can be told apart by colour, or else by the character. */
static bool bar_ascii(int nr)
{
	return !ui_term.utf8 || (!ui_term.colour && nr > 1);
}

static void bar_part(struct ui_canvas *c, const struct ui_part *part, int eighths, bool ascii)
{
	char text[2] = { part->ascii ? part->ascii : '|', '\0' };

	for (; eighths >= 8; eighths -= 8)
		ui_put(c, part->style, ascii ? text : across[8]);
	if (eighths)
		ui_put(c, part->style, across[eighths]);
}

void ui_bar(struct ui_canvas *c, int width, const struct ui_part *parts, int nr, double full)
{
	bool ascii = bar_ascii(nr);
	int i, inside = 8 * (width - 2), used = 0, end;
	double sum = 0;

	if (width < 3)
		return;
	ui_put(c, UI_DIM, "[");
	for (i = 0; i < nr && full > 0; i++) {
		sum += parts[i].value;
		end = lround(fmin(sum / full, 1) * inside);
		/* Little is not nothing. */
		if (parts[i].value > 0 && end <= used)
			end = used + 1;
		/* Only the last part can end within a cell. */
		if (ascii || i < nr - 1)
			end = (end + (parts[i].value > 0 && end - used < 8 ? 7 : 4)) / 8 * 8;
		if (end > inside)
			end = inside;
		if (end <= used)
			continue;
		bar_part(c, &parts[i], end - used, ascii);
		used = end;
	}
	ui_spaces(c, UI_PLAIN, (inside - used) / 8);
	ui_put(c, UI_DIM, "]");
}

static int spark_level(__u64 value, __u64 max, int levels)
{
	if (!value || !max)
		return 0;
	return 1 + (int)((levels - 2) * ((double)value / (double)max) + 0.5);
}

__u64 ui_sparkline(struct ui_canvas *c, enum ui_style style, int width, const __u64 *values,
		   int nr)
{
	const char *const *signs = ui_term.utf8 ? upward : upward_ascii;
	int levels = ui_term.utf8 ? 8 : 5, level;
	__u64 max = 0;
	int i;

	if (width > c->cols - c->col)
		width = c->cols - c->col;
	for (i = nr > width ? nr - width : 0; i < nr; i++) {
		if (values[i] != CDM_UNKNOWN && values[i] > max)
			max = values[i];
	}
	ui_spaces(c, UI_PLAIN, width - nr);
	for (i = nr > width ? nr - width : 0; i < nr; i++) {
		if (values[i] == CDM_UNKNOWN) {
			ui_put(c, UI_DIM, "-");
			continue;
		}
		level = spark_level(values[i], max, levels);
		ui_put(c, level ? style : UI_DIM, signs[level]);
	}
	return max;
}

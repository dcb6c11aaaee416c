// SPDX-License-Identifier: GPL-2.0
/* Figures and tables, as text, as JSON, or as part of a page. */
#include <stdint.h>
#include <stdlib.h>

#include "base/name.h"
#include "report/layout.h"

void report_section(struct report_out *o, const char *key, const char *title)
{
	o->section++;
	if (o->j)
		cdm_json_open(o->j, key, '{');
	else if (o->html)
		fprintf(o->f, "<section id=\"%s\">\n<h2><span>%d</span> %s</h2>\n", key, o->section,
			title);
	else
		fprintf(o->f, "%s%d. %s\n", o->section > 1 ? "\n" : "", o->section, title);
}

void report_section_end(struct report_out *o)
{
	if (o->j)
		cdm_json_close(o->j, '}');
	else if (o->html)
		fputs("</section>\n", o->f);
}

/* All sentences are ours, and need no escapes. */
static void put_sentence(struct report_out *o, const char *text)
{
	if (o->html)
		fprintf(o->f, "<p>%s</p>\n", text);
	else
		fprintf(o->f, "   %s\n", text);
}

void report_nothing(struct report_out *o, const char *why)
{
	if (o->j)
		cdm_json_string(o->j, "nothing", why);
	else
		put_sentence(o, why);
}

void report_remark(struct report_out *o, const char *key, const char *text)
{
	if (o->j && key)
		cdm_json_string(o->j, key, text);
	else if (!o->j)
		put_sentence(o, text);
}

static void put_json(struct report_out *o, const struct report_column *c, struct report_value v)
{
	char hex[32];

	if (!v.known) {
		cdm_json_null(o->j, c->key);
	} else if (c->unit == REPORT_TEXT) {
		cdm_json_string(o->j, c->key, v.s);
	} else if (c->unit == REPORT_DOUBLE || c->unit == REPORT_CHANGE) {
		cdm_json_double(o->j, c->key, v.d);
	} else if (c->unit == REPORT_BOOL) {
		cdm_json_bool(o->j, c->key, v.u);
	} else if (c->unit == REPORT_HEX) {
		snprintf(hex, sizeof(hex), "0x%llx", v.u);
		cdm_json_string(o->j, c->key, hex);
	} else {
		cdm_json_u64(o->j, c->key, v.u);
	}
}

static void format(char *buf, size_t size, enum report_unit unit, struct report_value v)
{
	if (!v.known)
		snprintf(buf, size, "-");
	else if (unit == REPORT_TEXT)
		*cdm_put_name(buf, v.s, size - 1, CDM_FORM_TEXT) = '\0';
	else if (unit == REPORT_BOOL)
		snprintf(buf, size, "%s", v.u ? "yes" : "no");
	else if (unit == REPORT_DOUBLE)
		snprintf(buf, size, "%.3f", v.d);
	else if (unit == REPORT_CHANGE)
		snprintf(buf, size, "%+.3f", v.d);
	else if (unit == REPORT_BYTES)
		snprintf(buf, size, "%.3f", v.u / 1048576.0);
	else if (unit == REPORT_NS)
		snprintf(buf, size, "%llu.%03llu", v.u / 1000, v.u % 1000);
	else if (unit == REPORT_TIME)
		snprintf(buf, size, "%llu.%09llu", v.u / 1000000000, v.u % 1000000000);
	else if (unit == REPORT_HEX)
		snprintf(buf, size, "%llx", v.u);
	else
		snprintf(buf, size, "%llu", v.u);
}

/* Between tags. */
static void put_html(struct report_out *o, enum report_unit unit, struct report_value v)
{
	char buf[64];

	if (v.known && unit == REPORT_TEXT) {
		cdm_print_name(o->f, v.s, CDM_FORM_HTML);
		return;
	}
	format(buf, sizeof(buf), unit, v);
	fputs(buf, o->f);
}

void report_figure(struct report_out *o, const struct report_column *c, struct report_value v)
{
	char buf[256];

	if (o->j) {
		put_json(o, c, v);
	} else if (o->html) {
		fprintf(o->f, "<dl><dt>%s</dt><dd>", c->title);
		put_html(o, c->unit, v);
		fputs("</dd></dl>\n", o->f);
	} else {
		format(buf, sizeof(buf), c->unit, v);
		fprintf(o->f, "   %-28s %s\n", c->title, buf);
	}
}

/* @text in @width columns, to the left if that is negative. */
static void put_column(FILE *out, const char *text, int width)
{
	int blanks = abs(width) - cdm_name_width(text, SIZE_MAX);

	fprintf(out, " %*s%s%*s", width > 0 && blanks > 0 ? blanks : 0, "", text,
		width < 0 && blanks > 0 ? blanks : 0, "");
}

/* Texts stand to the left, as in text. */
static const char *side(const struct report_column *c)
{
	return c->width < 0 ? " class=\"t\"" : "";
}

static void html_table(struct report_out *o)
{
	fputs("<div class=\"wide\"><table><thead><tr>", o->f);
	for (const struct report_column *c = o->columns; c->key; c++)
		fprintf(o->f, "<th scope=\"col\"%s>%s</th>", side(c), c->title);
	fputs("</tr></thead><tbody>\n", o->f);
}

static void text_table(struct report_out *o)
{
	fputs("  ", o->f);
	for (const struct report_column *c = o->columns; c->key; c++)
		put_column(o->f, c->title, c[1].key || c->width > 0 ? c->width : 0);
	fputc('\n', o->f);
}

void report_table(struct report_out *o, const char *key, const struct report_column *columns)
{
	o->columns = columns;
	o->at = 0;
	if (o->j)
		cdm_json_open(o->j, key, '[');
	else if (o->html)
		html_table(o);
	else
		text_table(o);
}

static void row_start(struct report_out *o)
{
	if (o->j)
		cdm_json_open(o->j, NULL, '{');
	else
		fputs(o->html ? "<tr>" : "  ", o->f);
}

void report_cell(struct report_out *o, struct report_value v)
{
	const struct report_column *c = &o->columns[o->at];
	char buf[512];

	if (!o->at++)
		row_start(o);
	if (o->j) {
		put_json(o, c, v);
	} else if (o->html) {
		fprintf(o->f, "<td%s>", side(c));
		put_html(o, c->unit, v);
		fputs("</td>", o->f);
	} else {
		format(buf, sizeof(buf), c->unit, v);
		put_column(o->f, buf, c[1].key || c->width > 0 ? c->width : 0);
	}
}

void report_row_end(struct report_out *o)
{
	o->at = 0;
	if (o->j)
		cdm_json_close(o->j, '}');
	else
		fputs(o->html ? "</tr>\n" : "\n", o->f);
}

void report_table_end(struct report_out *o)
{
	if (o->j)
		cdm_json_close(o->j, ']');
	else if (o->html)
		fputs("</tbody></table></div>\n", o->f);
}

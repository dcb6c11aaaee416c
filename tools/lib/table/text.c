// SPDX-License-Identifier: GPL-2.0
/* Aligned columns for people. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "table/output-int.h"

static void print_rate(FILE *out, const char *what, bool known, double bytes)
{
	const struct cdm_column col = { .unit = CDM_UNIT_BYTES_PER_S };
	struct cdm_cell cell = { .known = known, .d = bytes };
	char figure[16];

	cdm_cell_format(&col, &cell, figure, sizeof(figure), 7);
	fprintf(out, "  %s %s/s", what, figure);
}

static void print_summary(FILE *out, struct cdm_model *m)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(m);
	const struct cdm_snap_end *end = cdm_model_end(m);
	const struct cdm_delta *total = cdm_model_total(m);
	double seconds = begin && begin->interval_ns ? begin->interval_ns / 1e9 : NAN;
	time_t now = cdm_model_wall_ns(m) / 1000000000;
	double cost = cdm_model_tool_cost(m), page = cdm_model_header(m)->page_size;
	char clock[16];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	fprintf(out, "cdmtop %s", clock);
	if (!isnan(seconds))
		fprintf(out, "  interval %.1fs", seconds);
	print_rate(out, "in", total->known, total->d.pages[CDM_DIR_IN] * page / seconds);
	print_rate(out, "out", total->known, total->d.pages[CDM_DIR_OUT] * page / seconds);
	if (end && end->lost != CDM_UNKNOWN)
		fprintf(out, "  lost %llu", end->lost);
	else
		fputs("  lost -", out);
	if (!isnan(cost))
		fprintf(out, "  cost %.1f%%", cost);
	putc('\n', out);
}

#define FIELD_MAX	512	/* bytes */

static char *pad(char *p, int n)
{
	if (n <= 0)
		return p;
	memset(p, ' ', n);
	return p + n;
}

/* Aligns the @len bytes at @p, which are a field. What follows the last one would be blanks. */
static char *align(char *p, size_t len, int width, bool last)
{
	int columns = 0;

	for (const char *s = p; s < p + len; s++)
		columns += (*s & 0xc0) != 0x80;
	if (width > columns) {
		memmove(p + width - columns, p, len);
		return pad(p, width - columns) + len;
	}
	return width < 0 && !last ? pad(p + len, -width - columns) : p + len;
}

/* A line is made as a whole: a table has a hundred thousand fields. */
static void print_row(FILE *out, const struct cdm_table *t, const void *row)
{
	char line[8 * FIELD_MAX], *p = line;

	for (size_t i = 0; i < t->nr_columns; i++) {
		const struct cdm_column *col = t->columns[i];
		bool last = i + 1 == t->nr_columns;
		struct cdm_cell cell;
		size_t len;

		if (row)
			col->get(row, &cell);
		len = row ? cdm_cell_format(col, &cell, p, FIELD_MAX, last &&
					    col->unit == CDM_UNIT_TEXT ? 0 : col->width) :
			    stpcpy(p, col->title) - p;
		p = align(p, len, col->width, last);
		*p++ = last ? '\n' : ' ';
		if (p < line + sizeof(line) - 2 * FIELD_MAX && !last)
			continue;
		fwrite_unlocked(line, p - line, 1, out);
		p = line;
	}
}

static int table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first)
{
	if (!first)
		putc('\n', out);
	print_summary(out, m);
	print_row(out, t, NULL);
	for (size_t i = 0; i < t->nr_rows; i++)
		print_row(out, t, t->rows[i]);
	return 0;
}

const struct cdm_output cdm_text_output = { .table = table };

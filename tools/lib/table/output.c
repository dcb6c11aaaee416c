// SPDX-License-Identifier: GPL-2.0
/* Which output, and the simple ones: text and CSV. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/name.h"
#include "table/output-int.h"

const char *cdm_view_name(enum cdm_view view)
{
	static const char *const names[CDM_NR_VIEW] = { "proc", "cgroup", "device", "vma" };

	return names[view];
}

const char *cdm_column_key(const struct cdm_column *col, char *buf, size_t size)
{
	static const char *const units[] = {
		[CDM_UNIT_BYTES] = "_bytes",
		[CDM_UNIT_PAGES_PER_S] = "_pages_per_second",
		[CDM_UNIT_BYTES_PER_S] = "_bytes_per_second",
		[CDM_UNIT_PER_S] = "_per_second",
		[CDM_UNIT_NS] = "_ns",
		[CDM_UNIT_PERCENT] = "_percent",
		[CDM_UNIT_ADDRESS] = "",
	};

	snprintf(buf, size, "%s%s", col->id, units[col->unit] ?: "");
	return buf;
}

__u64 cdm_output_time(const struct cdm_model *m)
{
	const struct cdm_file_header *h = cdm_model_header(m);
	const struct cdm_snap_begin *b = cdm_model_begin(m);

	return h->wall_ns + (b ? b->rec.ts - h->boot_ns : 0);
}

/* --- text --- */

static void print_rate(FILE *out, const char *what, bool known, double value)
{
	const struct cdm_column col = { .unit = CDM_UNIT_PER_S };
	struct cdm_cell cell = { .known = known, .d = value };
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
	time_t now = cdm_output_time(m) / 1000000000;
	double cost = cdm_model_tool_cost(m);
	char clock[16];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	fprintf(out, "cdmtop %s", clock);
	if (!isnan(seconds))
		fprintf(out, "  interval %.1fs", seconds);
	print_rate(out, "in", total->known, total->d.pages[CDM_DIR_IN] / seconds);
	print_rate(out, "out", total->known, total->d.pages[CDM_DIR_OUT] / seconds);
	if (end && end->lost != CDM_UNKNOWN)
		fprintf(out, "  lost %llu", end->lost);
	else
		fputs("  lost -", out);
	if (!isnan(cost))
		fprintf(out, "  cost %.1f%%", cost);
	putc('\n', out);
}

/* Without locks: nobody else writes, and a table has a hundred thousand of these. */
static void pad(FILE *out, int n)
{
	while (n-- > 0)
		putc_unlocked(' ', out);
}

/* What follows the last column's text would be blanks. */
static void print_field(FILE *out, const char *text, int width, bool last)
{
	int columns = 0;

	for (const char *s = text; *s; s++)
		columns += (*s & 0xc0) != 0x80;
	if (width > 0)
		pad(out, width - columns);
	fputs_unlocked(text, out);
	if (width < 0 && !last)
		pad(out, -width - columns);
}

static void print_row(FILE *out, const struct cdm_table *t, const void *row)
{
	char text[512];

	for (size_t i = 0; i < t->nr_columns; i++) {
		const struct cdm_column *col = t->columns[i];
		bool last = i + 1 == t->nr_columns;
		struct cdm_cell cell;

		if (row)
			col->get(row, &cell);
		if (row)
			cdm_cell_format(col, &cell, text, sizeof(text),
					last && col->unit == CDM_UNIT_TEXT ? 0 : col->width);
		print_field(out, row ? text : col->title, col->width, last);
		putc_unlocked(last ? '\n' : ' ', out);
	}
}

void cdm_text_table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first)
{
	if (!first)
		putc('\n', out);
	print_summary(out, m);
	print_row(out, t, NULL);
	for (size_t i = 0; i < t->nr_rows; i++)
		print_row(out, t, t->rows[i]);
}

/* --- CSV, RFC 4180 --- */

static void csv_cell(FILE *out, const struct cdm_column *col, const void *row)
{
	struct cdm_cell cell;

	col->get(row, &cell);
	if (!cell.known)
		return;
	if (col->unit == CDM_UNIT_TEXT)
		cdm_print_quoted(out, cell.s, CDM_FORM_CSV);
	else if (cdm_unit_is_double(col->unit))
		fprintf(out, "%.3f", cell.d);
	else if (col->unit != CDM_UNIT_BYTES || cell.u != CDM_NO_LIMIT)
		fprintf(out, "%llu", cell.u);
}

static void csv_table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first)
{
	char key[64];

	if (first) {
		fputs("time_ns", out);
		for (size_t i = 0; i < t->nr_columns; i++)
			fprintf(out, ",%s", cdm_column_key(t->columns[i], key, sizeof(key)));
		fputs("\r\n", out);
	}
	for (size_t i = 0; i < t->nr_rows; i++) {
		fprintf(out, "%llu", cdm_output_time(m));
		for (size_t k = 0; k < t->nr_columns; k++) {
			putc(',', out);
			csv_cell(out, t->columns[k], t->rows[i]);
		}
		fputs("\r\n", out);
	}
}

/* --- all --- */

static int status(FILE *out)
{
	return fflush(out) || ferror(out) ? -EIO : 0;
}

int cdm_output_table(FILE *out, enum cdm_format format, struct cdm_model *m,
		     const struct cdm_table *t, bool first)
{
	switch (format) {
	case CDM_NDJSON:
		cdm_ndjson_table(out, m, t, first);
		break;
	case CDM_CSV:
		csv_table(out, m, t, first);
		break;
	case CDM_OPENMETRICS:
	case CDM_PROMETHEUS:
		cdm_metrics_table(out, m, t, format == CDM_OPENMETRICS);
		break;
	default:
		cdm_text_table(out, m, t, first);
	}
	return status(out);
}

int cdm_output_end(FILE *out, enum cdm_format format, struct cdm_model *m)
{
	if (format == CDM_NDJSON)
		cdm_ndjson_end(out, m);
	else if (format == CDM_OPENMETRICS || format == CDM_PROMETHEUS)
		cdm_metrics_end(out, m, format == CDM_OPENMETRICS);
	return status(out);
}

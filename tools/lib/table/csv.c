// SPDX-License-Identifier: GPL-2.0
/*
 * CSV as RFC 4180 quotes it; lines end as those of all programs that cut, awk and sort
 * read. Each row says when it was, and whether its times are an emulator's.
 */
#include "base/name.h"
#include "table/output-int.h"

static void put_cell(FILE *out, const struct cdm_column *col, const void *row)
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

static int table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first)
{
	char key[64];

	if (first) {
		fputs("time_ns,emulated", out);
		for (size_t i = 0; i < t->nr_columns; i++)
			fprintf(out, ",%s", cdm_column_key(t->columns[i], key, sizeof(key)));
		fputs("\n", out);
	}
	for (size_t i = 0; i < t->nr_rows; i++) {
		fprintf(out, "%llu,%u", cdm_model_wall_ns(m), cdm_model_header(m)->emulated);
		for (size_t k = 0; k < t->nr_columns; k++) {
			putc(',', out);
			put_cell(out, t->columns[k], t->rows[i]);
		}
		fputs("\n", out);
	}
	return 0;
}

const struct cdm_output cdm_csv_output = { .table = table };

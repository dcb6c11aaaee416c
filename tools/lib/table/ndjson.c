// SPDX-License-Identifier: GPL-2.0
/* A JSON record a line: what it is in "type". */
#include "base/json.h"
#include "record/meta.h"
#include "table/output-int.h"

static void put_cell(struct cdm_json *j, const char *key, const struct cdm_column *col,
		     const void *row)
{
	struct cdm_cell cell;

	col->get(row, &cell);
	if (!cell.known || (col->unit == CDM_UNIT_BYTES && cell.u == CDM_NO_LIMIT))
		cdm_json_null(j, key);
	else if (col->unit == CDM_UNIT_TEXT)
		cdm_json_string(j, key, cell.s);
	else if (cdm_unit_is_double(col->unit))
		cdm_json_double(j, key, cell.d);
	else
		cdm_json_u64(j, key, cell.u);
}

static void put_meta(FILE *out, const struct cdm_model *m, enum cdm_view view)
{
	char line[CDM_META_MAX], *end = cdm_put_meta(line, cdm_model_header(m), cdm_view_name(view));

	fwrite(line, 1, end - line, out);
}

static int table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first)
{
	char keys[t->nr_columns + 1][64];
	static struct cdm_json j;

	for (size_t k = 0; k < t->nr_columns; k++)
		cdm_column_key(t->columns[k], keys[k], sizeof(keys[k]));
	cdm_json_init(&j, out, false);
	if (first)
		put_meta(out, m, t->view);
	for (size_t i = 0; i < t->nr_rows; i++) {
		cdm_json_open(&j, NULL, '{');
		cdm_json_string(&j, "type", cdm_view_name(t->view));
		cdm_json_u64(&j, "time_ns", cdm_model_wall_ns(m));
		for (size_t k = 0; k < t->nr_columns; k++)
			put_cell(&j, keys[k], t->columns[k], t->rows[i]);
		cdm_json_close(&j, '}');
	}
	cdm_json_flush(&j);
	return 0;
}

static void end(FILE *out, struct cdm_model *m)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(m);
	const struct cdm_snap_end *e = cdm_model_end(m);
	static struct cdm_json j;

	if (!begin || !e)
		return;
	cdm_json_init(&j, out, false);
	cdm_json_open(&j, NULL, '{');
	cdm_json_string(&j, "type", "end");
	cdm_json_u64(&j, "time_ns", cdm_model_wall_ns(m));
	cdm_json_u64(&j, "interval_ns", begin->interval_ns);
	cdm_json_known(&j, "events_emitted", e->emitted);
	cdm_json_known(&j, "events_lost", e->lost);
	cdm_json_known(&j, "tool_cpu_ns", e->tool_cpu_ns);
	cdm_json_known(&j, "tool_rss_bytes", e->tool_rss);
	cdm_json_known(&j, "bpf_ns", e->bpf_ns);
	cdm_json_known(&j, "bpf_runs", e->bpf_runs);
	cdm_json_double(&j, "tool_cost_percent", cdm_model_tool_cost(m));
	cdm_json_close(&j, '}');
	cdm_json_flush(&j);
}

const struct cdm_output cdm_ndjson_output = { .table = table, .end = end };

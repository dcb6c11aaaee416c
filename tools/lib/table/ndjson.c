// SPDX-License-Identifier: GPL-2.0
/* A JSON record a line: what it is in "type". */
#include "base/json.h"
#include "table/output-int.h"

#define SCHEMA	1	/* members are only added; a change of meaning counts up */

static void put_meta(struct cdm_json *j, struct cdm_model *m, enum cdm_view view)
{
	const struct cdm_file_header *h = cdm_model_header(m);

	cdm_json_open(j, NULL, '{');
	cdm_json_string(j, "type", "meta");
	cdm_json_u64(j, "schema", SCHEMA);
	cdm_json_string(j, "view", cdm_view_name(view));
	cdm_json_string(j, "host", h->host);
	cdm_json_string(j, "kernel", h->release);
	cdm_json_u64(j, "page_size_bytes", h->page_size);
	cdm_json_bool(j, "emulated", h->emulated);
	cdm_json_u64(j, "pingpong_window_ns", h->pingpong_window_ns);
	cdm_json_u64(j, "pingpong_flips", h->pingpong_flips);
	cdm_json_close(j, '}');
}

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

void cdm_ndjson_table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first)
{
	char keys[t->nr_columns + 1][64];
	static struct cdm_json j;

	for (size_t k = 0; k < t->nr_columns; k++)
		cdm_column_key(t->columns[k], keys[k], sizeof(keys[k]));
	cdm_json_init(&j, out, false);
	if (first)
		put_meta(&j, m, t->view);
	for (size_t i = 0; i < t->nr_rows; i++) {
		cdm_json_open(&j, NULL, '{');
		cdm_json_string(&j, "type", cdm_view_name(t->view));
		cdm_json_u64(&j, "time_ns", cdm_output_time(m));
		for (size_t k = 0; k < t->nr_columns; k++)
			put_cell(&j, keys[k], t->columns[k], t->rows[i]);
		cdm_json_close(&j, '}');
	}
	cdm_json_flush(&j);
}

void cdm_ndjson_end(FILE *out, struct cdm_model *m)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(m);
	const struct cdm_snap_end *end = cdm_model_end(m);
	static struct cdm_json j;

	if (!begin || !end)
		return;
	cdm_json_init(&j, out, false);
	cdm_json_open(&j, NULL, '{');
	cdm_json_string(&j, "type", "end");
	cdm_json_u64(&j, "time_ns", cdm_output_time(m));
	cdm_json_u64(&j, "interval_ns", begin->interval_ns);
	cdm_json_known(&j, "events_emitted", end->emitted);
	cdm_json_known(&j, "events_lost", end->lost);
	cdm_json_known(&j, "tool_cpu_ns", end->tool_cpu_ns);
	cdm_json_known(&j, "tool_rss_bytes", end->tool_rss);
	cdm_json_known(&j, "bpf_ns", end->bpf_ns);
	cdm_json_known(&j, "bpf_runs", end->bpf_runs);
	cdm_json_double(&j, "tool_cost_percent", cdm_model_tool_cost(m));
	cdm_json_close(&j, '}');
	cdm_json_flush(&j);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Batch outputs of a refresh: rows by columns, in several formats. */
#ifndef CDM_OUTPUT_H
#define CDM_OUTPUT_H

#include "table/column.h"

/* The last one is the text format before OpenMetrics, which node_exporter reads. */
enum cdm_format { CDM_TEXT, CDM_NDJSON, CDM_CSV, CDM_OPENMETRICS, CDM_PROMETHEUS, CDM_NR_FORMAT };

/* What to print: chosen columns in order, sorted and cut. */
struct cdm_table {
	enum cdm_view view;
	const struct cdm_column *const *columns;
	size_t nr_columns;
	const void *const *rows;
	size_t nr_rows;
	size_t nr_all;		/* rows there are, for metrics: some may have been left out */
	bool histograms;	/* in metrics: of each row the times that were counted */
};

/*
 * Prints @table to @out. @first: also what precedes the first refresh (CSV
 * header, NDJSON meta record). Return: 0 or -errno.
 */
int cdm_output_table(FILE *out, enum cdm_format format, struct cdm_model *m,
		     const struct cdm_table *table, bool first);
/* Ends a refresh: OpenMetrics "# EOF", NDJSON record of losses and cost. As above. */
int cdm_output_end(FILE *out, enum cdm_format format, struct cdm_model *m);

#endif

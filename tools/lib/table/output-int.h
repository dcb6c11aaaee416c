/* SPDX-License-Identifier: GPL-2.0 */
/* What a format is to output.c. Errors stay in the stream. */
#ifndef CDM_OUTPUT_INT_H
#define CDM_OUTPUT_INT_H

#include "table/output.h"

struct cdm_output {
	/* @first: also what precedes the first refresh. Return: 0 or -ENOMEM. */
	int (*table)(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first);
	/* After the last table of a refresh; NULL: there is nothing to say. */
	void (*end)(FILE *out, struct cdm_model *m);
};

extern const struct cdm_output cdm_text_output, cdm_csv_output, cdm_ndjson_output;
/* The second one is the text format before OpenMetrics. */
extern const struct cdm_output cdm_openmetrics_output, cdm_prometheus_output;

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* The formats; each prints a table, and what ends a refresh. */
#ifndef CDM_OUTPUT_INT_H
#define CDM_OUTPUT_INT_H

#include "table/output.h"

/* CLOCK_REALTIME of the refresh, ns. */
__u64 cdm_output_time(const struct cdm_model *m);

void cdm_text_table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first);
void cdm_ndjson_table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first);
void cdm_ndjson_end(FILE *out, struct cdm_model *m);
/* @open: OpenMetrics, otherwise the older format. */
void cdm_metrics_table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool open);
void cdm_metrics_end(FILE *out, struct cdm_model *m, bool open);

#endif

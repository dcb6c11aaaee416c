/* SPDX-License-Identifier: GPL-2.0 */
/* Charts for a page. Each is a <figure>; nothing where there is nothing to see. */
#ifndef CDM_REPORT_CHART_H
#define CDM_REPORT_CHART_H

#include "report/collect.h"

void report_chart_devices(struct cdm_report *r, FILE *out);
void report_chart_processes(struct cdm_report *r, FILE *out);
void report_chart_latency(struct cdm_report *r, FILE *out, unsigned int dir);

#endif

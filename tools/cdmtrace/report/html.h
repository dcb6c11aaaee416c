/* SPDX-License-Identifier: GPL-2.0 */
/* The report as a page: what comes before its sections, and after. */
#ifndef CDM_REPORT_HTML_H
#define CDM_REPORT_HTML_H

#include "report/collect.h"

void report_page_start(struct cdm_report *r, FILE *out);
void report_page_end(FILE *out);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* The report's sections, in their order: by sections.c, of events, and memory.c, of snapshots. */
#ifndef CDM_REPORT_SECTIONS_H
#define CDM_REPORT_SECTIONS_H

#include "report/collect.h"
#include "report/layout.h"

void report_who(struct cdm_report *r, struct report_out *o);		/* 1 header */
void report_migrations(struct cdm_report *r, struct report_out *o);	/* 2 */
void report_reasons(struct cdm_report *r, struct report_out *o);	/* 3 */
void report_failures(struct cdm_report *r, struct report_out *o);	/* 4 */
void report_pingpong(struct cdm_report *r, struct report_out *o);	/* 5 */
void report_residency(struct cdm_report *r, struct report_out *o);	/* 6 */
void report_charges(struct cdm_report *r, struct report_out *o);	/* 7 */
void report_faults(struct cdm_report *r, struct report_out *o);		/* 8 */
void report_exits(struct cdm_report *r, struct report_out *o);		/* 9 */
void report_devices(struct cdm_report *r, struct report_out *o);	/* 10 */
void report_cost(struct cdm_report *r, struct report_out *o);		/* 11 */

#endif

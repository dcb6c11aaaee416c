/* SPDX-License-Identifier: GPL-2.0 */
/* What happened in a recording or a run: eleven sections, as text, JSON or a page. */
#ifndef CDM_REPORT_H
#define CDM_REPORT_H

#include "model/model.h"

struct cdm_report;

/* Names come from @model, which is fed before. NULL: no memory. */
struct cdm_report *cdm_report_new(const struct cdm_model *model);
void cdm_report_free(struct cdm_report *r);
/* Any record; an event has passed the filters. 0 or -ENOMEM. */
int cdm_report_feed(struct cdm_report *r, const struct cdm_rec *rec);
/* How large the file is that was read or written. */
void cdm_report_recording(struct cdm_report *r, __u64 bytes);
/* Before the first record: keeps what a page's charts need. 0 or -ENOMEM. */
int cdm_report_over_time(struct cdm_report *r);

enum cdm_report_format { CDM_REPORT_TEXT, CDM_REPORT_JSON, CDM_REPORT_HTML };

/* The same numbers in each; a page after cdm_report_over_time(). 0 or -ENOMEM. */
int cdm_report_print(struct cdm_report *r, FILE *out, enum cdm_report_format format);

/* From its first record to its last. */
double cdm_report_seconds(const struct cdm_report *r);
/*
 * What is different in @b, by names and by second: of neither may the seconds be 0,
 * and their pages have the same size. @paths: of the recordings. 0 or -ENOMEM.
 */
int cdm_report_diff(struct cdm_report *a, struct cdm_report *b, const char *const paths[2],
		    FILE *out, bool json);

#endif

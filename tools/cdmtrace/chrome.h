/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events as JSON, for Perfetto and chrome://tracing: a track a process
 * with a line a thread, spans of migrations with their phases, of evictions and
 * waits, counters of residency.
 */
#ifndef CDM_CHROME_H
#define CDM_CHROME_H

#include "base/out.h"
#include "model/model.h"

struct cdm_chrome;

/* Names come from @model, which is fed before. NULL: no memory. */
struct cdm_chrome *cdm_chrome_new(struct cdm_out *out, const struct cdm_model *model);
/* Any record; an event has passed the filters. 0 or -ENOMEM. */
int cdm_chrome_put(struct cdm_chrome *c, const struct cdm_rec *rec);
/* Completes the JSON and frees @c. What is written without it opens in viewers as well. */
void cdm_chrome_end(struct cdm_chrome *c);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Prints events as text, NDJSON or CSV. */
#ifndef CDM_EVENT_PRINT_H
#define CDM_EVENT_PRINT_H

#include "event/text.h"
#include "table/output.h"

/**
 * struct cdm_printer - prints records to an output
 *
 * Names of devices and cgroups, and stacks, come from @model, which must be fed
 * with a record before that is printed.
 */
struct cdm_printer;

/*
 * @kinds: the events that are to come, for the columns of CSV. @format: CDM_TEXT,
 * CDM_NDJSON or CDM_CSV. @stacks: in text with those that events have. Prints what
 * precedes the first record. Return: NULL: no memory.
 */
struct cdm_printer *cdm_printer_new(struct cdm_out *out, enum cdm_format format,
				    enum cdm_time time, bool stacks, __u64 kinds,
				    const struct cdm_model *model);
/*
 * Prints an event, a loss or a note. Of other records it learns only that names
 * may have changed. Errors stay in the output.
 */
void cdm_printer_put(struct cdm_printer *p, const struct cdm_rec *rec);
void cdm_printer_free(struct cdm_printer *p);

#endif

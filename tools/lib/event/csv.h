/* SPDX-License-Identifier: GPL-2.0 */
/* Events as CSV: the columns are those of all kinds that may come. */
#ifndef CDM_EVENT_CSV_H
#define CDM_EVENT_CSV_H

#include "event/fields.h"

/* Columns that no kind has: "type", "emulated" and "time_ns", in each row. */
#define CDM_CSV_OWN	3

struct cdm_event_csv {
	struct cdm_fields fields;
	bool emulated;			/* times are those of an emulator */
	__u64 to_wall;			/* added to CLOCK_BOOTTIME it is CLOCK_REALTIME, ns */
	const char **columns;		/* names of all, see CDM_CSV_OWN */
	size_t nr_columns;
	const struct cdm_printed **cells[CDM_REC_DEVICE_ID];	/* of a kind in its columns */
};

/* @kinds: those that may come, besides losses and notes. NULL: no memory. */
struct cdm_event_csv *cdm_event_csv_new(const struct cdm_model *model, __u64 kinds);
void cdm_event_csv_free(struct cdm_event_csv *c);
void cdm_event_csv_header(struct cdm_event_csv *c, struct cdm_out *out);
void cdm_event_csv_put(struct cdm_event_csv *c, struct cdm_out *out, const struct cdm_rec *rec);

#endif

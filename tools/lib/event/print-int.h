/* SPDX-License-Identifier: GPL-2.0 */
/* What the printers of events share. */
#ifndef CDM_EVENT_INT_H
#define CDM_EVENT_INT_H

#include "event/print.h"

#define NAMES		64	/* cached, by the low bits of the id */
#define NAME_MAX_OUT	(32 << 10)	/* bytes of a name with its escapes */
#define LINE_MAX_OUT	(8 << 10)	/* of a record without its names and stack */
#define STACK_MAX_OUT	(96 << 10)	/* frames beyond that are left out */
#define MAX_VALUES	16
#define VALUE_LEN	24

/* A field as it is printed, in the order of the table. */
struct cdm_printed {
	const struct cdm_field *field;
	__u8 key_len;
	__u8 nr_values;
	__u8 value_len[MAX_VALUES];
	char key[40];			/* ,"key": */
	char values[MAX_VALUES][VALUE_LEN];	/* of an enum, as this format has them */
};

/* The name behind an id as it is printed, "null" or "" if there is none. */
struct cdm_name {
	__u64 id;
	bool used;
	bool known;		/* there was a name */
	bool stale;		/* may have changed since */
	size_t len;
	char *text;
};

struct cdm_printer {
	struct cdm_out *out;
	enum cdm_format format;
	enum cdm_time time;
	__u64 last_ts;
	__u64 second;			/* that @clock is of */
	char clock[16];
	const struct cdm_model *model;
	struct cdm_printed *kinds[CDM_REC_DEVICE_ID];	/* end with no field; NULL: not printed */
	struct cdm_name cgroups[NAMES], devices[NAMES];
	const char **columns;		/* CSV: names of all */
	size_t nr_columns;
	const struct cdm_printed **cells[CDM_REC_DEVICE_ID];	/* of a kind in its columns */
};

/* What @id is called, in the quotes of the format. */
const struct cdm_name *cdm_printer_cgroup(struct cdm_printer *p, __u64 id);
const struct cdm_name *cdm_printer_device(struct cdm_printer *p, __u64 id);

/* Fields that every format writes alike, but for the quotes of names. */
static inline char *cdm_put_common(struct cdm_printer *p, char *s, const struct cdm_printed *f,
				   const struct cdm_rec *rec)
{
	const __u64 *id = (const void *)((const char *)rec + f->field->offset);
	const struct cdm_name *name;

	switch (f->field->type) {
	case CDM_FIELD_INT:
		return cdm_put_s64(s, cdm_field_value(f->field, rec));
	case CDM_FIELD_DEVICE:
		name = cdm_printer_device(p, *id);
		return cdm_put(s, name->text, name->len);
	case CDM_FIELD_CGROUP:
		name = cdm_printer_cgroup(p, *id);
		return cdm_put(s, name->text, name->len);
	default:
		return cdm_put_u64(s, cdm_field_value(f->field, rec));
	}
}

void cdm_print_json(struct cdm_printer *p, const struct cdm_rec *rec);
void cdm_print_json_meta(struct cdm_printer *p);
/* CSV has reasons as columns of their own, in the place of CDM_FIELD_FAILED and _SKIPPED. */
extern const struct cdm_field cdm_csv_stayed[CDM_NR_WHY];
void cdm_print_csv(struct cdm_printer *p, const struct cdm_rec *rec);
int cdm_print_csv_header(struct cdm_printer *p, __u64 kinds);
void cdm_print_text(struct cdm_printer *p, const struct cdm_rec *rec);
void cdm_print_text_header(struct cdm_printer *p);

#endif

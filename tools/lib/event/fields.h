/* SPDX-License-Identifier: GPL-2.0 */
/* What formats for machines prepare once: the fields of each kind, and names by id. */
#ifndef CDM_EVENT_FIELDS_H
#define CDM_EVENT_FIELDS_H

#include "base/name.h"
#include "base/out.h"
#include "event/event.h"
#include "model/model.h"
#include "table/output.h"

#define CDM_NAME_MAX_OUT	(32 << 10)	/* bytes of a name with its escapes */
#define CDM_LINE_MAX_OUT	(8 << 10)	/* of a record without its names and stack */
#define CDM_STACK_MAX_OUT	(96 << 10)	/* frames beyond that are left out */
#define CDM_USER_STACK_MAX_OUT	(80 << 10)	/* as well */
#define CDM_RECORD_MAX_OUT	(CDM_LINE_MAX_OUT + 2 * CDM_NAME_MAX_OUT + CDM_STACK_MAX_OUT + \
				 CDM_USER_STACK_MAX_OUT)
_Static_assert(2 * CDM_RECORD_MAX_OUT <= CDM_OUT_SIZE,
	       "room for the largest record would be made before the output is half full");

#define CDM_NAMES	64	/* cached, by the low bits of the id */
#define CDM_MAX_VALUES	16
#define CDM_VALUE_LEN	24

/* A field as it is printed, in the order of the table. */
struct cdm_printed {
	const struct cdm_field *field;
	__u8 key_len;
	__u8 number;			/* of so many bytes, 2, 4 or 8, nothing but digits; else 0 */
	bool hex;			/* of a number: as an identity is */
	__u8 nr_values;
	struct cdm_put_near near;
	__u8 value_len[CDM_MAX_VALUES];
	char key[40];			/* ,"key": */
	char values[CDM_MAX_VALUES][CDM_VALUE_LEN];	/* of an enum, as this format has them */
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

struct cdm_fields {
	enum cdm_format format;		/* CDM_NDJSON or CDM_CSV */
	const struct cdm_model *model;
	struct cdm_printed *kinds[CDM_REC_DEVICE_ID];	/* end with no field; NULL: not printed */
	/* Of those of an event the first are of its head; losses and notes have the time alone. */
	size_t nr_head;
	struct cdm_printed stacks[CDM_NR_STACK_FIELDS];	/* of all events */
	struct cdm_name cgroups[CDM_NAMES], devices[CDM_NAMES];
};

/* Return: 0 or -ENOMEM; cdm_fields_free() in both cases. */
int cdm_fields_init(struct cdm_fields *f, enum cdm_format format, const struct cdm_model *model);
void cdm_fields_free(struct cdm_fields *f);
/* Names may have changed. */
void cdm_fields_renamed(struct cdm_fields *f);

/* What @id is called, in the quotes of the format. */
const struct cdm_name *cdm_fields_cgroup(struct cdm_fields *f, __u64 id);
const struct cdm_name *cdm_fields_device(struct cdm_fields *f, __u64 id);

/* Fields that both formats write alike, but for the quotes of names. */
static inline char *cdm_put_common(struct cdm_fields *fields, char *s, const struct cdm_field *f,
				   const struct cdm_rec *rec)
{
	const __u64 *id = (const void *)((const char *)rec + f->offset);
	const struct cdm_name *name;

	switch (f->type) {
	case CDM_FIELD_NODE:
		if ((__s64)cdm_field_value(f, rec) < 0)
			return fields->format == CDM_CSV ? s : CDM_PUT(s, "null");
		/* fall through */
	case CDM_FIELD_INT:
		return cdm_put_s64(s, cdm_field_value(f, rec));
	case CDM_FIELD_DEVICE:
		name = cdm_fields_device(fields, *id);
		return cdm_put(s, name->text, name->len);
	case CDM_FIELD_CGROUP:
		name = cdm_fields_cgroup(fields, *id);
		return cdm_put(s, name->text, name->len);
	default:
		return cdm_put_u64(s, cdm_field_value(f, rec));
	}
}

#endif

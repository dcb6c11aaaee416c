/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events as people and programs read them. One table of fields a kind is behind
 * text, NDJSON, CSV, `cdmtrace --list`, the man page and the filters.
 */
#ifndef CDM_EVENT_H
#define CDM_EVENT_H

#include "record/record.h"

enum cdm_field_type {
	CDM_FIELD_UINT,		/* of @size bytes */
	CDM_FIELD_INT,
	CDM_FIELD_NODE,		/* the same; negative: not known */
	CDM_FIELD_CALC,		/* by @calc */
	CDM_FIELD_ENUM,		/* name by @names */
	CDM_FIELD_ADDRESS,	/* bytes; people: hexadecimal */
	CDM_FIELD_ID,		/* opaque: hexadecimal, for machines a string */
	CDM_FIELD_TEXT,		/* NUL-terminated, @size 0: to the end of the record */
	CDM_FIELD_DEVICE,	/* name of the device with that identity */
	CDM_FIELD_CGROUP,	/* path of the cgroup with that id */
	CDM_FIELD_FAILED,	/* pages by reason, those that are not 0 ... */
	CDM_FIELD_SKIPPED,	/* ... of the same array, see cdm_why_is_failure() */
	CDM_FIELD_STACK,	/* frames in the kernel, innermost first */
	CDM_FIELD_USER_STACK,	/* frames in user space, of the same id */
	CDM_FIELD_USER_WHY,	/* why there are none of those, or no names */
};

/* Where a field stands in text, and what filters look at. */
enum cdm_field_place {
	CDM_PLACE_NONE,		/* not in text */
	CDM_PLACE_DIR,
	CDM_PLACE_DEVICE,
	CDM_PLACE_ADDRESS,
	CDM_PLACE_LENGTH,	/* of the range at the address */
	CDM_PLACE_PAGES,
	CDM_PLACE_MOVED,
	CDM_PLACE_TIME,		/* duration */
	CDM_PLACE_FAILED,	/* bare in text, before the rest */
	CDM_PLACE_SORT,		/* what sort of its kind it is, "fault:cow"; bare in text */
	CDM_PLACE_WORD,		/* bare in text, for it says what it is */
	CDM_PLACE_DETAIL,	/* "name=value" at the end of the line */
	CDM_PLACE_IF_ANY,	/* the same, unless it is 0 */
};

struct cdm_field {
	const char *name;	/* with the unit, "requested_pages" */
	const char *help;
	__u16 offset;		/* bytes, within the record */
	__u16 size;
	enum cdm_field_type type;
	enum cdm_field_place place;
	union {
		const char *(*names)(unsigned int value);
		__u64 (*calc)(const struct cdm_rec *rec);
	};
};

struct cdm_event_kind {
	unsigned int kind;	/* enum cdm_kind, or CDM_REC_LOSS or CDM_REC_NOTE */
	bool usual;		/* traced unless other kinds are asked for */
	const char *help;
	const struct cdm_field *fields;	/* without those of struct cdm_ev; ends with no name */
};

/* Fields of struct cdm_ev, which all events have; ends with no name. */
extern const struct cdm_field cdm_event_head[];
/* What a stack id stands for, behind a kind's own fields; ends with no name. */
extern const struct cdm_field cdm_event_stacks[];
#define CDM_NR_STACK_FIELDS	3
/* All kinds; ends with kind 0. */
extern const struct cdm_event_kind cdm_event_kinds[];
const struct cdm_event_kind *cdm_event_kind(unsigned int kind);	/* NULL: none */
const struct cdm_field *cdm_event_field(const struct cdm_event_kind *kind,
					enum cdm_field_place place);	/* NULL: none */
/* The value of a number, an enum or what is calculated; others are 0. */
__u64 cdm_field_value(const struct cdm_field *f, const struct cdm_rec *rec);
/* Whether a CDM_FIELD_FAILED or _SKIPPED has pages that stayed for this reason. */
bool cdm_field_has_why(const struct cdm_field *f, unsigned int why);
/* The number at @place; CDM_UNKNOWN: the kind has none there. */
__u64 cdm_event_value(const struct cdm_ev *ev, enum cdm_field_place place);
/*
 * Pages that an event moved, and that failed to move; 0 for what moves none. Of a
 * migration: requested == migrated + already + skipped + failed.
 */
__u64 cdm_event_pages(const struct cdm_ev *ev);
__u64 cdm_event_failed(const struct cdm_ev *ev);
__u64 cdm_event_skipped(const struct cdm_ev *ev);
/* ns; 0 for what has no duration. */
__u64 cdm_event_ns(const struct cdm_ev *ev);
/* When it was over, CLOCK_BOOTTIME: events come in this order. */
__u64 cdm_event_end(const struct cdm_rec *rec);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The column table: one description of each figure, from which the terminal,
 * text, NDJSON, CSV, OpenMetrics, --list-columns and the man pages are made.
 */
#ifndef CDM_COLUMN_H
#define CDM_COLUMN_H

#include "model/model.h"

/*
 * What there is to look at. Events have no columns here, see event/fields.h; the areas
 * of memory are those of one process.
 */
enum cdm_view {
	CDM_VIEW_PROC, CDM_VIEW_CGROUP, CDM_VIEW_DEVICE, CDM_VIEW_NUMA, CDM_VIEW_EVENTS, CDM_VIEW_VMA,
	CDM_NR_VIEW,
	CDM_NR_TABLE = CDM_VIEW_EVENTS,	/* views of a machine that are tables */
};

enum cdm_unit {
	CDM_UNIT_NONE,		/* a number without unit, e.g. a pid */
	CDM_UNIT_TEXT,
	CDM_UNIT_BYTES,		/* machine outputs: name ends in _bytes */
	CDM_UNIT_PAGES_PER_S,	/* _pages_per_second; people: bytes, as all of memory */
	CDM_UNIT_BYTES_PER_S,
	CDM_UNIT_PER_S,
	CDM_UNIT_NS,		/* people: us, ms, s; machines: _ns (OpenMetrics: _seconds) */
	CDM_UNIT_PERCENT,
	CDM_UNIT_COUNT,
	CDM_UNIT_ADDRESS,
};

#define CDM_CELL_TEXT	416	/* bytes; CDM_MAX_DEVICES times "DEVICE-OF-15-CH:~1023.9M " fits */

/*
 * A figure. @known false is "-" for people and null for machines. Not to be
 * copied: @s may point to @text.
 */
struct cdm_cell {
	bool known;
	bool about;			/* of CDM_UNIT_BYTES: "~1.2G", it may be another one */
	union {
		__u64 u;	/* CDM_NO_LIMIT: "max" for people, null for machines */
		double d;	/* rates, percent */
		const char *s;	/* valid as long as the row and the cell */
	};
	__u32 page_size;	/* bytes, of CDM_UNIT_PAGES_PER_S */
	char text[CDM_CELL_TEXT];
};

struct cdm_column {
	const char *id;		/* "in", for -o and --sort; machine outputs add the unit */
	const char *title;	/* "IN/s" */
	const char *help;	/* a sentence */
	enum cdm_unit unit;
	int width;		/* characters; negative: left-aligned */
	unsigned int needs;	/* enum cdm_feature */
	bool ascending;		/* order that one wants first */
	bool extra;		/* not shown unless asked for, or there is room */
	bool programs;		/* to people the same as another one: only if asked for */
	/*
	 * On a narrow screen the column with the greatest one goes first; 0: it stays as
	 * long as it can. Columns that are extra are only there if they are asked for.
	 */
	unsigned char yields;
	/* Total since the start behind a rate, for OpenMetrics counters; or NULL. */
	void (*total)(const void *row, struct cdm_cell *cell);
	void (*get)(const void *row, struct cdm_cell *cell);
};

/* The columns of a view; ends with an entry without id. */
const struct cdm_column *cdm_columns(enum cdm_view view);
const struct cdm_column *cdm_column_find(enum cdm_view view, const char *id);
/* What rows are sorted by unless asked for; NULL: the order of the model. */
const struct cdm_column *cdm_column_usual(enum cdm_view view);
bool cdm_unit_is_double(enum cdm_unit unit);
/* "proc", "cgroup", "device", "numa", "events", "vma" */
const char *cdm_view_name(enum cdm_view view);
/* Name of @col for machines, with its unit: "cdm_bytes". Return: @buf. */
const char *cdm_column_key(const struct cdm_column *col, char *buf, size_t size);

/* -1, 0, 1 in the order of @col; unknown cells come last whatever @reverse. */
int cdm_column_compare(const struct cdm_column *col, const void *a, const void *b, bool reverse);

/*
 * Formats for people: "1.2G", "310us", "-". Never longer than @width (absolute);
 * figures lose digits, texts end in "~"; 0: as long as it is. No control
 * characters. Return: bytes written, not counting the NUL.
 */
int cdm_cell_format(const struct cdm_column *col, const struct cdm_cell *cell, char *buf,
		    size_t size, int width);

#endif

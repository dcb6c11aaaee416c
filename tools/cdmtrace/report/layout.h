/* SPDX-License-Identifier: GPL-2.0 */
/* Sections, tables and figures: the same as text, as JSON and as a page. */
#ifndef CDM_REPORT_LAYOUT_H
#define CDM_REPORT_LAYOUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/json.h"
#include "record/record.h"

enum report_unit {
	REPORT_COUNT, REPORT_PAGES_OF, REPORT_BYTES, REPORT_NS, REPORT_TEXT, REPORT_DOUBLE,
	REPORT_HEX, REPORT_TIME, REPORT_CHANGE, REPORT_BOOL,
};

/* Of a table, or a figure by itself. @key has the unit of JSON's number. */
struct report_column {
	const char *key;
	const char *title;
	enum report_unit unit;
	int width;		/* negative: left */
};

struct report_value {
	bool known;
	__u64 u;
	double d;
	const char *s;
};

#define REPORT_U(v)	((struct report_value){ (__u64)(v) != CDM_UNKNOWN, (v), 0, NULL })
#define REPORT_D(v)	((struct report_value){ true, 0, (v), NULL })
#define REPORT_S(v)	((struct report_value){ (v) != NULL, 0, 0, (v) })
#define REPORT_NONE	((struct report_value){ false, 0, 0, NULL })

struct report_out {
	FILE *f;
	struct cdm_json *j;	/* NULL: text or a page */
	bool html;
	int section;
	const struct report_column *columns;
	size_t at;		/* cells of this row */
};

void report_section(struct report_out *o, const char *key, const char *title);
void report_section_end(struct report_out *o);
/* Says why there is nothing. */
void report_nothing(struct report_out *o, const char *why);
/* A sentence for the reader of the text; @key NULL: not in JSON. */
void report_remark(struct report_out *o, const char *key, const char *text);
void report_figure(struct report_out *o, const struct report_column *c, struct report_value v);
/* Columns end with no key. */
void report_table(struct report_out *o, const char *key, const struct report_column *columns);
void report_cell(struct report_out *o, struct report_value v);
void report_row_end(struct report_out *o);
void report_table_end(struct report_out *o);

#endif

// SPDX-License-Identifier: GPL-2.0
/* Events as CSV: the columns are those of all kinds that may come. */
#include <errno.h>
#include <stdlib.h>

#include "event/print-int.h"

static int add_column(struct cdm_printer *p, const char *name)
{
	const char **columns;

	for (size_t i = 0; i < p->nr_columns; i++)
		if (!strcmp(p->columns[i], name))
			return 0;
	columns = reallocarray(p->columns, p->nr_columns + 1, sizeof(*columns));
	if (!columns)
		return -ENOMEM;
	p->columns = columns;
	columns[p->nr_columns++] = name;
	return 0;
}

#define STAYED(why, n) [CDM_WHY_##why] = { \
	.name = n "_pages", .type = CDM_FIELD_UINT, .size = sizeof(__u32), \
	.offset = offsetof(struct cdm_ev_migrate, failed[CDM_WHY_##why]) }

const struct cdm_field cdm_csv_stayed[CDM_NR_WHY] = {
	STAYED(UNMAPPED, "skipped_unmapped"), STAYED(FOREIGN, "skipped_foreign"),
	STAYED(SWAPPED, "failed_swapped"), STAYED(PINNED, "failed_pinned"),
	STAYED(LOCKED, "failed_locked"), STAYED(ISOLATE, "failed_isolate"),
	STAYED(FILE, "failed_file"), STAYED(WRITEBACK, "failed_writeback"),
	STAYED(LARGE, "failed_large"), STAYED(KSM, "failed_ksm"),
	STAYED(UNSUPPORTED, "failed_unsupported"), STAYED(ALLOC, "failed_alloc"),
	STAYED(CHARGE, "failed_charge"), STAYED(COPY, "failed_copy"),
	STAYED(RACED, "failed_raced"),
};

static int add_kind(struct cdm_printer *p, const struct cdm_printed *f)
{
	int err = 0;

	for (; f->field && !err; f++)
		if (f->field->type != CDM_FIELD_STACK)
			err = add_column(p, f->field->name);
	return err;
}

static const struct cdm_printed *find(const struct cdm_printed *f, const char *name)
{
	for (; f->field; f++)
		if (!strcmp(f->field->name, name))
			return f;
	return NULL;
}

/* Once for all: looking them up by name for every event takes most of its time. */
static int fill_columns(struct cdm_printer *p, unsigned int kind)
{
	p->cells[kind] = calloc(p->nr_columns, sizeof(*p->cells[kind]));
	if (!p->cells[kind])
		return -ENOMEM;
	for (size_t i = 0; i < p->nr_columns; i++)
		p->cells[kind][i] = find(p->kinds[kind], p->columns[i]);
	return 0;
}

int cdm_print_csv_header(struct cdm_printer *p, __u64 kinds)
{
	int err = add_column(p, "type");
	char *s;

	for (const struct cdm_event_kind *k = cdm_event_kinds; k->kind && !err; k++)
		if (k->kind >= CDM_NR_EV || kinds & 1ULL << k->kind)
			err = add_kind(p, p->kinds[k->kind]);
	if (!err)
		err = add_column(p, "stack");
	for (const struct cdm_event_kind *k = cdm_event_kinds; k->kind && !err; k++)
		err = fill_columns(p, k->kind);
	if (err)
		return err;
	s = cdm_out_room(p->out, LINE_MAX_OUT);
	for (size_t i = 0; i < p->nr_columns; i++) {
		s = cdm_put(s, p->columns[i], strlen(p->columns[i]));
		*s++ = i + 1 < p->nr_columns ? ',' : '\n';
	}
	cdm_out_end(p->out, s);
	return 0;
}

static char *put_stack(struct cdm_printer *p, char *s, __s32 id)
{
	const struct cdm_rec_stack *stack = cdm_model_stack(p->model, id);
	const char *frame, *limit = s + STACK_MAX_OUT;

	if (!stack)
		return s;
	frame = stack->frames;
	*s++ = '"';
	for (__u32 i = 0; i < stack->nr; i++) {
		size_t len = strlen(frame);

		if (CDM_NAME_GROWS * len + 2 > (size_t)(limit - s))
			break;
		if (i)
			*s++ = ';';
		s = cdm_put_name(s, frame, len, CDM_FORM_CSV);
		frame += len + 1;
	}
	*s++ = '"';
	return s;
}

static char *put_value(struct cdm_printer *p, char *s, const struct cdm_printed *f,
		       const struct cdm_rec *rec)
{
	const char *at = (const char *)rec + f->field->offset;
	__u64 value;

	switch (f->field->type) {
	case CDM_FIELD_ENUM:
		value = cdm_field_value(f->field, rec);
		return value < f->nr_values ? cdm_put(s, f->values[value], f->value_len[value]) : s;
	case CDM_FIELD_ID:
		return cdm_put_hex(s, *(const __u64 *)at);
	case CDM_FIELD_TEXT:
		return cdm_put_quoted(s, at, f->field->size ?: LINE_MAX_OUT / 12, CDM_FORM_CSV);
	case CDM_FIELD_STACK:
		return put_stack(p, s, *(const __s32 *)at);
	default:
		return cdm_put_common(p, s, f, rec);
	}
}

void cdm_print_csv(struct cdm_printer *p, const struct cdm_rec *rec)
{
	const struct cdm_printed **cells = p->cells[rec->kind];
	const char *kind = cdm_kind_name(rec->kind);
	char *s = cdm_out_room(p->out, LINE_MAX_OUT + 2 * NAME_MAX_OUT + STACK_MAX_OUT);

	s = cdm_put(s, kind, strlen(kind));
	for (size_t i = 1; i < p->nr_columns; i++) {
		*s++ = ',';
		if (cells[i])
			s = put_value(p, s, cells[i], rec);
	}
	*s++ = '\n';
	cdm_out_end(p->out, s);
}

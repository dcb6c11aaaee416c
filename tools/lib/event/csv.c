// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "event/csv.h"
#include "event/frame.h"

static int add_column(struct cdm_event_csv *c, const char *name)
{
	const char **columns;

	for (size_t i = 0; i < c->nr_columns; i++)
		if (!strcmp(c->columns[i], name))
			return 0;
	columns = reallocarray(c->columns, c->nr_columns + 1, sizeof(*columns));
	if (!columns)
		return -ENOMEM;
	c->columns = columns;
	columns[c->nr_columns++] = name;
	return 0;
}

static int add_kind(struct cdm_event_csv *c, const struct cdm_printed *f)
{
	int err = 0;

	for (; f->field && !err; f++)
		err = add_column(c, f->field->name);
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
static int fill_columns(struct cdm_event_csv *c, unsigned int kind)
{
	c->cells[kind] = calloc(c->nr_columns, sizeof(*c->cells[kind]));
	if (!c->cells[kind])
		return -ENOMEM;
	for (size_t i = 0; i < c->nr_columns; i++)
		c->cells[kind][i] = find(c->fields.kinds[kind], c->columns[i]);
	/* The last columns. */
	for (size_t i = 0; kind < CDM_NR_EV && i < CDM_NR_STACK_FIELDS; i++)
		c->cells[kind][c->nr_columns - CDM_NR_STACK_FIELDS + i] = &c->fields.stacks[i];
	return 0;
}

static int add_columns(struct cdm_event_csv *c, __u64 kinds)
{
	int err = add_column(c, "type") ?: add_column(c, "emulated") ?: add_column(c, "time_ns");

	for (const struct cdm_event_kind *k = cdm_event_kinds; k->kind && !err; k++)
		if (k->kind >= CDM_NR_EV || kinds & 1ULL << k->kind)
			err = add_kind(c, c->fields.kinds[k->kind]);
	for (const struct cdm_field *f = cdm_event_stacks; f->name && !err; f++)
		err = add_column(c, f->name);
	for (const struct cdm_event_kind *k = cdm_event_kinds; k->kind && !err; k++)
		err = fill_columns(c, k->kind);
	return err;
}

struct cdm_event_csv *cdm_event_csv_new(const struct cdm_model *model, __u64 kinds)
{
	const struct cdm_file_header *h = cdm_model_header(model);
	struct cdm_event_csv *c = calloc(1, sizeof(*c));

	if (c && (cdm_fields_init(&c->fields, CDM_CSV, model) || add_columns(c, kinds))) {
		cdm_event_csv_free(c);
		return NULL;
	}
	if (!c)
		return NULL;
	c->emulated = h->emulated;
	c->to_wall = h->wall_ns - h->boot_ns;
	return c;
}

void cdm_event_csv_free(struct cdm_event_csv *c)
{
	if (!c)
		return;
	cdm_fields_free(&c->fields);
	for (size_t i = 0; i < sizeof(c->cells) / sizeof(c->cells[0]); i++)
		free(c->cells[i]);
	free(c->columns);
	free(c);
}

void cdm_event_csv_header(struct cdm_event_csv *c, struct cdm_out *out)
{
	char *s = cdm_out_room(out, CDM_LINE_MAX_OUT);

	for (size_t i = 0; i < c->nr_columns; i++) {
		s = cdm_put(s, c->columns[i], strlen(c->columns[i]));
		*s++ = i + 1 < c->nr_columns ? ',' : '\n';
	}
	cdm_out_end(out, s);
}

static char *put_stack(struct cdm_event_csv *c, char *s, __s32 id)
{
	const struct cdm_rec_stack *stack = cdm_model_stack(c->fields.model, id);
	const char *frame, *limit = s + CDM_STACK_MAX_OUT;

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

static char *put_user_stack(struct cdm_event_csv *c, char *s, __s32 id)
{
	const struct cdm_rec_user_stack *stack = cdm_model_user_stack(c->fields.model, id);
	const char *limit = s + CDM_USER_STACK_MAX_OUT;
	const struct cdm_user_frame *f;

	if (!stack || !stack->nr)
		return s;
	f = (const void *)stack->frames;
	*s++ = '"';
	for (unsigned int i = 0; i < stack->nr && cdm_frame_room(f) < (size_t)(limit - s); i++) {
		if (i)
			*s++ = ';';
		s = cdm_put_frame(s, f, CDM_FORM_CSV);
		f = cdm_frame_next(f);
	}
	*s++ = '"';
	return s;
}

static char *put_user_why(struct cdm_event_csv *c, char *s, __s32 id)
{
	const struct cdm_rec_user_stack *stack = cdm_model_user_stack(c->fields.model, id);

	if (!stack || stack->status == CDM_USER_KNOWN)
		return s;
	return cdm_put_quoted(s, cdm_user_status_name(stack->status), CDM_WHY_LEN, CDM_FORM_CSV);
}

static char *put_value(struct cdm_event_csv *c, char *s, const struct cdm_printed *f,
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
		return cdm_put_quoted(s, at, f->field->size ?: CDM_LINE_MAX_OUT / 12, CDM_FORM_CSV);
	case CDM_FIELD_STACK:
		return put_stack(c, s, *(const __s32 *)at);
	case CDM_FIELD_USER_STACK:
		return put_user_stack(c, s, *(const __s32 *)at);
	case CDM_FIELD_USER_WHY:
		return put_user_why(c, s, *(const __s32 *)at);
	default:
		return cdm_put_common(&c->fields, s, f->field, rec);
	}
}

void cdm_event_csv_put(struct cdm_event_csv *c, struct cdm_out *out, const struct cdm_rec *rec)
{
	const struct cdm_printed **cells = c->cells[rec->kind];
	const char *kind = cdm_kind_name(rec->kind);
	char *s = cdm_out_room(out, CDM_RECORD_MAX_OUT);

	s = cdm_put(s, kind, strlen(kind));
	s = c->emulated ? CDM_PUT(s, ",1,") : CDM_PUT(s, ",0,");
	s = cdm_put_u64(s, rec->ts + c->to_wall);
	for (size_t i = CDM_CSV_OWN; i < c->nr_columns; i++) {
		*s++ = ',';
		if (cells[i])
			s = put_value(c, s, cells[i], rec);
	}
	*s++ = '\n';
	cdm_out_end(out, s);
}

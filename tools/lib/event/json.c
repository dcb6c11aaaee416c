// SPDX-License-Identifier: GPL-2.0
/* Events as NDJSON: millions a second, so nothing is looked up, or put together, twice. */
#include <stdio.h>
#include <stdlib.h>

#include "event/frame.h"
#include "event/json.h"
#include "record/meta.h"

/* For the kind @f is of. */
static void addresses_in_hex(struct cdm_printed *f)
{
	for (; f->field; f++) {
		f->hex = f->field->type == CDM_FIELD_ADDRESS;
		f->number = f->hex ? 0 : f->number;
	}
}

struct cdm_event_json *cdm_event_json_new(const struct cdm_model *model, bool hex)
{
	struct cdm_event_json *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	if (cdm_fields_init(&j->fields, CDM_NDJSON, model)) {
		cdm_event_json_free(j);
		return NULL;
	}
	for (const struct cdm_event_kind *k = cdm_event_kinds; k->kind; k++) {
		j->starts[k->kind].len = sprintf(j->starts[k->kind].text, "{\"type\":\"%s\"",
						 cdm_kind_name(k->kind));
		if (hex)
			addresses_in_hex(j->fields.kinds[k->kind]);
	}
	return j;
}

void cdm_event_json_free(struct cdm_event_json *j)
{
	if (j)
		cdm_fields_free(&j->fields);
	free(j);
}

void cdm_event_json_renamed(struct cdm_event_json *j)
{
	cdm_fields_renamed(&j->fields);
	for (int i = 0; i < CDM_JSON_HEADS; i++)
		j->heads[i].len = 0;
}

void cdm_event_json_meta(struct cdm_event_json *j, struct cdm_out *out)
{
	char *s = cdm_out_room(out, CDM_META_MAX);

	cdm_out_end(out, cdm_put_meta(s, cdm_model_header(j->fields.model), "events"));
}

static char *put_reasons(char *s, const struct cdm_field *f, const __u32 *pages)
{
	*s++ = '{';
	for (int i = 0; i < CDM_NR_WHY; i++) {
		const char *name;

		if (!pages[i] || !cdm_field_has_why(f, i))
			continue;
		name = cdm_why_name(i);
		if (s[-1] != '{')
			*s++ = ',';
		*s++ = '"';
		s = cdm_put(s, name, strlen(name));
		s = CDM_PUT(s, "\":");
		s = cdm_put_u64(s, pages[i]);
	}
	*s++ = '}';
	return s;
}

static char *put_stack(struct cdm_event_json *j, char *s, __s32 id)
{
	const struct cdm_rec_stack *stack = cdm_model_stack(j->fields.model, id);
	const char *frame, *limit = s + CDM_STACK_MAX_OUT;

	if (!stack)
		return CDM_PUT(s, "null");
	frame = stack->frames;
	*s++ = '[';
	for (__u32 i = 0; i < stack->nr; i++) {
		size_t len = strlen(frame);

		if (CDM_NAME_GROWS * len + 4 > (size_t)(limit - s))
			break;
		if (i)
			*s++ = ',';
		s = cdm_put_quoted(s, frame, len, CDM_FORM_JSON);
		frame += len + 1;
	}
	*s++ = ']';
	return s;
}

static char *put_user_stack(struct cdm_event_json *j, char *s, __s32 id)
{
	const struct cdm_rec_user_stack *stack = cdm_model_user_stack(j->fields.model, id);
	const char *limit = s + CDM_USER_STACK_MAX_OUT;
	const struct cdm_user_frame *f;

	if (!stack)
		return CDM_PUT(s, "null");
	f = (const void *)stack->frames;
	*s++ = '[';
	for (unsigned int i = 0; i < stack->nr && cdm_frame_room(f) < (size_t)(limit - s); i++) {
		if (i)
			*s++ = ',';
		s = cdm_put_frame_json(s, f);
		f = cdm_frame_next(f);
	}
	*s++ = ']';
	return s;
}

static char *put_user_why(struct cdm_event_json *j, char *s, __s32 id)
{
	const struct cdm_rec_user_stack *stack = cdm_model_user_stack(j->fields.model, id);

	if (!stack || stack->status == CDM_USER_KNOWN)
		return CDM_PUT(s, "null");
	return cdm_put_quoted(s, cdm_user_status_name(stack->status), CDM_WHY_LEN, CDM_FORM_JSON);
}

static char *put_value(struct cdm_event_json *j, char *s, const struct cdm_printed *f,
		       const struct cdm_rec *rec)
{
	const char *at = (const char *)rec + f->field->offset;
	__u64 value;

	switch (f->hex ? CDM_FIELD_ID : f->field->type) {
	case CDM_FIELD_ENUM:
		value = cdm_field_value(f->field, rec);
		if (value >= f->nr_values)
			return CDM_PUT(s, "null");
		memcpy(s, f->values[value], CDM_VALUE_LEN);
		return s + f->value_len[value];
	case CDM_FIELD_ID:
		*s++ = '"';
		s = cdm_put_hex(s, *(const __u64 *)at);
		*s++ = '"';
		return s;
	case CDM_FIELD_TEXT:
		return cdm_put_quoted(s, at, f->field->size ?: CDM_LINE_MAX_OUT / 12,
				      CDM_FORM_JSON);
	case CDM_FIELD_FAILED:
	case CDM_FIELD_SKIPPED:
		return put_reasons(s, f->field, (const __u32 *)at);
	case CDM_FIELD_STACK:
		return put_stack(j, s, *(const __s32 *)at);
	case CDM_FIELD_USER_STACK:
		return put_user_stack(j, s, *(const __s32 *)at);
	case CDM_FIELD_USER_WHY:
		return put_user_why(j, s, *(const __s32 *)at);
	default:
		return cdm_put_common(&j->fields, s, f->field, rec);
	}
}

/* Numbers are nearly all that there is. */
static inline char *put_field(struct cdm_event_json *j, char *s, struct cdm_printed *f,
			      const struct cdm_rec *rec)
{
	const void *at = (const char *)rec + f->field->offset;

	memcpy(s, f->key, sizeof(f->key));
	s += f->key_len;
	if (f->number == sizeof(__u64))
		return cdm_put_u64_near(s, *(const __u64 *)at, &f->near);
	if (f->number == sizeof(__u32))
		return cdm_put_u64(s, *(const __u32 *)at);
	if (f->number == sizeof(__u16))
		return cdm_put_u64(s, *(const __u16 *)at);
	return put_value(j, s, f, rec);
}

/* Positions in the head; what is from HEAD_WHO on differs little from event to event. */
enum { HEAD_TIME, HEAD_CPU, HEAD_WHO };

static bool same_head(const struct cdm_json_head *h, const struct cdm_ev *ev)
{
	const size_t from = offsetof(struct cdm_ev, mm);

	return h->len && !memcmp((const char *)&h->ev + from, (const char *)ev + from,
				 sizeof(*ev) - from);
}

static char *put_who(struct cdm_event_json *j, char *s, const struct cdm_ev *ev,
		     struct cdm_printed *f, struct cdm_printed *end)
{
	struct cdm_json_head *h = &j->heads[(ev->actor_tid ^ ev->pid << 3) % CDM_JSON_HEADS];
	char *start = s;

	if (same_head(h, ev)) {
		memcpy(s, h->text, h->len);
		return s + h->len;
	}
	for (; f < end; f++)
		s = put_field(j, s, f, &ev->rec);
	h->len = s - start <= CDM_JSON_HEAD_MAX ? s - start : 0;
	h->ev = *ev;
	memcpy(h->text, start, h->len);
	return s;
}

/* As far as the recording has it: older ones have the kernel's part alone. */
static char *put_stacks(struct cdm_event_json *j, char *s, const struct cdm_rec *rec)
{
	const struct cdm_ev *ev = (const void *)rec;
	int nr = cdm_model_user_stack(j->fields.model, ev->stack) ? CDM_NR_STACK_FIELDS : 1;

	for (int i = 0; i < nr; i++)
		s = put_field(j, s, &j->fields.stacks[i], rec);
	return s;
}

/* Those from @f on, and a stack if there is one. */
static inline char *put_own(struct cdm_event_json *j, char *s, struct cdm_printed *f,
		     const struct cdm_rec *rec)
{
	for (; f->field; f++)
		s = put_field(j, s, f, rec);
	if (rec->kind < CDM_NR_EV && ((const struct cdm_ev *)rec)->stack >= 0)
		s = put_stacks(j, s, rec);
	return s;
}

char *cdm_event_json_own(struct cdm_event_json *j, char *s, const struct cdm_rec *rec)
{
	return put_own(j, s, j->fields.kinds[rec->kind] + j->fields.nr_head, rec);
}

void cdm_event_json_put(struct cdm_event_json *j, struct cdm_out *out, const struct cdm_rec *rec)
{
	struct cdm_printed *f = j->fields.kinds[rec->kind], *own = f + 1;
	const struct cdm_json_start *start = &j->starts[rec->kind];
	char *s = cdm_out_room(out, CDM_RECORD_MAX_OUT);

	memcpy(s, start->text, sizeof(start->text));
	s = put_field(j, s + start->len, &f[HEAD_TIME], rec);
	if (rec->kind < CDM_NR_EV) {
		own = f + j->fields.nr_head;
		s = put_field(j, s, &f[HEAD_CPU], rec);
		s = put_who(j, s, (const void *)rec, &f[HEAD_WHO], own);
	}
	s = put_own(j, s, own, rec);
	s = CDM_PUT(s, "}\n");
	cdm_out_end(out, s);
}

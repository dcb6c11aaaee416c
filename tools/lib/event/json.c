// SPDX-License-Identifier: GPL-2.0
/* Events as NDJSON: millions a second, so nothing is looked up twice. */
#include "event/print-int.h"

void cdm_print_json_meta(struct cdm_printer *p)
{
	const struct cdm_file_header *h = cdm_model_header(p->model);
	char *s = cdm_out_room(p->out, LINE_MAX_OUT);

	s = CDM_PUT(s, "{\"type\":\"meta\",\"schema\":1,\"tool\":\"cdmtrace\",\"kernel\":");
	s = cdm_put_quoted(s, h->release, sizeof(h->release), CDM_FORM_JSON);
	s = CDM_PUT(s, ",\"host\":");
	s = cdm_put_quoted(s, h->host, sizeof(h->host), CDM_FORM_JSON);
	s = CDM_PUT(s, ",\"page_bytes\":");
	s = cdm_put_u64(s, h->page_size);
	s = CDM_PUT(s, ",\"wall_ns\":");
	s = cdm_put_u64(s, h->wall_ns);
	s = CDM_PUT(s, ",\"boot_ns\":");
	s = cdm_put_u64(s, h->boot_ns);
	s = CDM_PUT(s, ",\"pingpong_window_ns\":");
	s = cdm_put_u64(s, h->pingpong_window_ns);
	s = CDM_PUT(s, ",\"pingpong_flips\":");
	s = cdm_put_u64(s, h->pingpong_flips);
	s = h->emulated ? CDM_PUT(s, ",\"emulated\":true}\n") : CDM_PUT(s, ",\"emulated\":false}\n");
	cdm_out_end(p->out, s);
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

static char *put_stack(struct cdm_printer *p, char *s, __s32 id)
{
	const struct cdm_rec_stack *stack = cdm_model_stack(p->model, id);
	const char *frame, *limit = s + STACK_MAX_OUT;

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

static char *put_value(struct cdm_printer *p, char *s, const struct cdm_printed *f,
		       const struct cdm_rec *rec)
{
	const char *at = (const char *)rec + f->field->offset;
	__u64 value;

	switch (f->field->type) {
	case CDM_FIELD_ENUM:
		value = cdm_field_value(f->field, rec);
		if (value >= f->nr_values)
			return CDM_PUT(s, "null");
		memcpy(s, f->values[value], VALUE_LEN);
		return s + f->value_len[value];
	case CDM_FIELD_ID:
		*s++ = '"';
		s = cdm_put_hex(s, *(const __u64 *)at);
		*s++ = '"';
		return s;
	case CDM_FIELD_TEXT:
		return cdm_put_quoted(s, at, f->field->size ?: LINE_MAX_OUT / 12, CDM_FORM_JSON);
	case CDM_FIELD_FAILED:
	case CDM_FIELD_SKIPPED:
		return put_reasons(s, f->field, (const __u32 *)at);
	case CDM_FIELD_STACK:
		return put_stack(p, s, *(const __s32 *)at);
	default:
		return cdm_put_common(p, s, f, rec);
	}
}

void cdm_print_json(struct cdm_printer *p, const struct cdm_rec *rec)
{
	const char *kind = cdm_kind_name(rec->kind);
	char *s = cdm_out_room(p->out, LINE_MAX_OUT + 2 * NAME_MAX_OUT + STACK_MAX_OUT);

	s = CDM_PUT(s, "{\"type\":\"");
	s = cdm_put(s, kind, strlen(kind));
	*s++ = '"';
	for (const struct cdm_printed *f = p->kinds[rec->kind]; f->field; f++) {
		/* A stack is there only if it was asked for. */
		if (f->field->type == CDM_FIELD_STACK && ((const struct cdm_ev *)rec)->stack < 0)
			continue;
		memcpy(s, f->key, sizeof(f->key));
		s = put_value(p, s + f->key_len, f, rec);
	}
	s = CDM_PUT(s, "}\n");
	cdm_out_end(p->out, s);
}

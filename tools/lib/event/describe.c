// SPDX-License-Identifier: GPL-2.0
/* Events in words. */
#include <string.h>

#include "base/name.h"
#include "base/put.h"
#include "event/describe.h"

#define TEXT_MAX	(CDM_DESCRIBE_MAX / 2)	/* bytes of a text that has no limit of its own */

/* A kind's own field goes before that of the head, which losses and notes do not have. */
static const struct cdm_field *field_at(const struct cdm_rec *rec, enum cdm_field_place place)
{
	const struct cdm_event_kind *kind = cdm_event_kind(rec->kind);
	const struct cdm_field *f = kind ? cdm_event_field(kind, place) : NULL;

	if (f || rec->kind >= CDM_NR_EV)
		return f;
	for (f = cdm_event_head; f->name; f++)
		if (f->place == place)
			return f;
	return NULL;
}

static char *put_string(char *p, const char *s)
{
	return cdm_put(p, s, strlen(s));
}

/* "pinned:3,locked:1", the most frequent first. */
static char *put_reasons(char *p, const struct cdm_field *f, const __u32 *pages)
{
	bool done[CDM_NR_WHY] = { false };

	for (int n = 0; n < CDM_NR_WHY; n++) {
		int top = -1;

		for (int i = 0; i < CDM_NR_WHY; i++)
			if (pages[i] && cdm_field_has_why(f, i) && !done[i] &&
			    (top < 0 || pages[i] > pages[top]))
				top = i;
		if (top < 0)
			break;
		done[top] = true;
		if (n)
			*p++ = ',';
		p = put_string(p, cdm_why_name(top));
		*p++ = ':';
		p = cdm_put_u64(p, pages[top]);
	}
	return p;
}

static char *put_us(char *p, __u64 ns)
{
	p = cdm_put_u64(p, ns / 1000);
	*p++ = '.';
	return cdm_put_padded(p, ns % 1000, 3);
}

static char *put_value(char *p, const struct cdm_field *f, const struct cdm_rec *rec,
		       const struct cdm_model *m)
{
	const void *at = (const char *)rec + f->offset;
	const char *name;

	switch (f->type) {
	case CDM_FIELD_ENUM:
		return put_string(p, f->names(cdm_field_value(f, rec)));
	case CDM_FIELD_NODE:
		if ((__s64)cdm_field_value(f, rec) < 0)
			return CDM_PUT(p, "-");
		/* fall through */
	case CDM_FIELD_INT:
		return cdm_put_s64(p, cdm_field_value(f, rec));
	case CDM_FIELD_ADDRESS:
	case CDM_FIELD_ID:
		return cdm_put_hex(p, cdm_field_value(f, rec));
	case CDM_FIELD_TEXT:
		return cdm_put_name(p, at, f->size ?: TEXT_MAX, CDM_FORM_TEXT);
	case CDM_FIELD_DEVICE:
		name = cdm_model_device_name(m, *(const __u64 *)at);
		return cdm_put_name(p, name ?: "-", CDM_NAME_LEN, CDM_FORM_TEXT);
	case CDM_FIELD_FAILED:
	case CDM_FIELD_SKIPPED:
		return put_reasons(p, f, at);
	default:
		return cdm_put_u64(p, cdm_field_value(f, rec));
	}
}

static char *put_address(char *p, const struct cdm_rec *rec)
{
	const struct cdm_field *start = field_at(rec, CDM_PLACE_ADDRESS);
	const struct cdm_field *length = field_at(rec, CDM_PLACE_LENGTH);
	__u64 address = start ? cdm_field_value(start, rec) : 0;
	__u64 bytes = length ? cdm_field_value(length, rec) : 0;

	if (!address && !bytes)
		return CDM_PUT(p, "-");
	p = cdm_put_xdigits(p, address);
	return bytes ? cdm_put_xdigits(CDM_PUT(p, "-"), address + bytes) : p;
}

/* What needs no name, so that of what is most important most is seen where room is short. */
static char *put_bare(char *p, const struct cdm_rec *rec, enum cdm_field_place place,
		      const struct cdm_model *m)
{
	const struct cdm_field *f = field_at(rec, place);
	char *start = p;

	if (f)
		p = put_value(p, f, rec, m);
	if (p > start)
		*p++ = ' ';
	return p;
}

static char *put_details(char *p, const struct cdm_rec *rec, const struct cdm_model *m)
{
	const struct cdm_event_kind *kind = cdm_event_kind(rec->kind);
	const struct cdm_field *f = kind->fields;
	char *start = p;

	p = put_bare(p, rec, CDM_PLACE_FAILED, m);
	p = put_bare(p, rec, CDM_PLACE_SORT, m);
	p = put_bare(p, rec, CDM_PLACE_WORD, m);
	for (; f->name; f++) {
		if (f->place != CDM_PLACE_DETAIL && f->place != CDM_PLACE_IF_ANY)
			continue;
		if (f->place == CDM_PLACE_IF_ANY && !cdm_field_value(f, rec))
			continue;
		if (f->type == CDM_FIELD_SKIPPED && !cdm_event_skipped((const void *)rec))
			continue;
		p = put_string(p, f->name);
		*p++ = '=';
		p = put_value(p, f, rec, m);
		*p++ = ' ';
	}
	return p > start ? p - 1 : p;
}

char *cdm_describe(char *p, const struct cdm_rec *rec, enum cdm_field_place place,
		   const struct cdm_model *m)
{
	const struct cdm_field *f;

	if (place == CDM_PLACE_DETAIL)
		return put_details(p, rec, m);
	if (place == CDM_PLACE_ADDRESS)
		return put_address(p, rec);
	f = field_at(rec, place);
	if (!f)
		return CDM_PUT(p, "-");
	if (place == CDM_PLACE_TIME)
		return put_us(p, cdm_field_value(f, rec));
	return put_value(p, f, rec, m);
}

char *cdm_describe_who(char *p, __u32 pid, const char *comm)
{
	if (!pid && !comm[0])
		return CDM_PUT(p, "-");
	p = cdm_put_u64(p, pid);
	*p++ = '/';
	return cdm_put_name(p, comm, CDM_COMM_LEN, CDM_FORM_TEXT);
}

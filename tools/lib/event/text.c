// SPDX-License-Identifier: GPL-2.0
/* Events as aligned lines for people. */
#include <time.h>

#include "event/print-int.h"

#define NS	1000000000ULL

enum { TIME_WIDTH = 18, WHO_WIDTH = 22, KIND_WIDTH = 9, DIR_WIDTH = 3, DEVICE_WIDTH = 6,
       ADDRESS_WIDTH = 25, PAGES_WIDTH = 6, US_WIDTH = 11 };

void cdm_print_text_header(struct cdm_printer *p)
{
	char *s = cdm_out_room(p->out, LINE_MAX_OUT);

	s += snprintf(s, LINE_MAX_OUT, "%-*s %-*s %-*s %-*s %-*s %-*s %-*s %*s %*s %*s %s\n",
		      TIME_WIDTH, "TIME", WHO_WIDTH, "ACTOR", WHO_WIDTH, "OWNER",
		      KIND_WIDTH, "KIND", DIR_WIDTH, "DIR", DEVICE_WIDTH, "DEVICE",
		      ADDRESS_WIDTH, "ADDRESS", PAGES_WIDTH, "PAGES", PAGES_WIDTH, "MOVED",
		      US_WIDTH, "us", "WHAT");
	cdm_out_end(p->out, s);
}

/* @s is at the end of what was put from @from on. */
static char *pad(char *from, char *s, int width)
{
	for (int columns = cdm_name_width(from, s - from); columns < width; columns++)
		*s++ = ' ';
	*s++ = ' ';
	return s;
}

static char *pad_left(char *from, char *s, int width)
{
	int len = s - from, blanks = len < width ? width - len : 0;

	memmove(from + blanks, from, len);
	memset(from, ' ', blanks);
	s += blanks;
	*s++ = ' ';
	return s;
}

static char *put_time(struct cdm_printer *p, char *s, __u64 ts)
{
	const struct cdm_file_header *h = cdm_model_header(p->model);
	__u64 ns = ts;
	char *from = s;

	if (p->time == CDM_TIME_WALL)
		ns = ts - h->boot_ns + h->wall_ns;
	else if (p->time == CDM_TIME_DELTA)
		ns = p->last_ts && ts > p->last_ts ? ts - p->last_ts : 0;
	p->last_ts = ts;

	if (p->time == CDM_TIME_WALL && ns / NS != p->second) {
		time_t t = ns / NS;
		struct tm tm = { 0 };

		localtime_r(&t, &tm);
		strftime(p->clock, sizeof(p->clock), "%H:%M:%S", &tm);
		p->second = ns / NS;
	}
	if (p->time == CDM_TIME_WALL)
		s = cdm_put(s, p->clock, strlen(p->clock));
	else
		s = cdm_put_u64(s, ns / NS);
	*s++ = '.';
	s = cdm_put_padded(s, ns % NS, 9);
	return pad(from, s, TIME_WIDTH);
}

static char *put_who(char *s, __u32 pid, const char *comm)
{
	char *from = s;

	if (!pid && !comm[0]) {
		*s++ = '-';
	} else {
		s = cdm_put_u64(s, pid);
		*s++ = '/';
		s = cdm_put_name(s, comm, CDM_COMM_LEN, CDM_FORM_TEXT);
	}
	return pad(from, s, WHO_WIDTH);
}

static const struct cdm_printed *at(const struct cdm_printed *f, enum cdm_field_place place)
{
	const struct cdm_printed *found = NULL;

	/* A kind's own field goes before that of the head. */
	for (; f->field; f++)
		if (f->field->place == place)
			found = f;
	return found;
}

/* "pinned:3,locked:1", the most frequent first. */
static char *put_reasons(char *s, const struct cdm_field *f, const __u32 *pages)
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
		s += sprintf(s, "%s%s:%u", n ? "," : "", cdm_why_name(top), pages[top]);
	}
	return s;
}

static char *put_value(struct cdm_printer *p, char *s, const struct cdm_printed *f,
		       const struct cdm_rec *rec)
{
	const char *value = (const char *)rec + f->field->offset;
	const struct cdm_name *name;
	const char *text;

	switch (f->field->type) {
	case CDM_FIELD_ENUM:
		text = f->field->names(cdm_field_value(f->field, rec));
		return cdm_put(s, text, strlen(text));
	case CDM_FIELD_INT:
		return cdm_put_s64(s, cdm_field_value(f->field, rec));
	case CDM_FIELD_ADDRESS:
	case CDM_FIELD_ID:
		return cdm_put_hex(s, cdm_field_value(f->field, rec));
	case CDM_FIELD_TEXT:
		return cdm_put_name(s, value, f->field->size ?: LINE_MAX_OUT / 12, CDM_FORM_TEXT);
	case CDM_FIELD_DEVICE:
		name = cdm_printer_device(p, *(const __u64 *)value);
		return cdm_put(s, name->text, name->len);
	case CDM_FIELD_FAILED:
	case CDM_FIELD_SKIPPED:
		return put_reasons(s, f->field, (const void *)value);
	default:
		return cdm_put_u64(s, cdm_field_value(f->field, rec));
	}
}

static char *put_column(struct cdm_printer *p, char *s, const struct cdm_rec *rec,
			enum cdm_field_place place, int width)
{
	const struct cdm_printed *f = at(p->kinds[rec->kind], place);
	char *from = s;

	if (f)
		s = put_value(p, s, f, rec);
	else
		*s++ = '-';
	return width < 0 ? pad_left(from, s, -width) : pad(from, s, width);
}

static char *put_address(struct cdm_printer *p, char *s, const struct cdm_rec *rec)
{
	const struct cdm_printed *start = at(p->kinds[rec->kind], CDM_PLACE_ADDRESS);
	const struct cdm_printed *length = at(p->kinds[rec->kind], CDM_PLACE_LENGTH);
	__u64 address = start ? cdm_field_value(start->field, rec) : 0;
	__u64 bytes = length ? cdm_field_value(length->field, rec) : 0;
	char *from = s;

	if (!address && !bytes)
		*s++ = '-';
	else
		s += sprintf(s, "%llx", address);
	if (bytes)
		s += sprintf(s, "-%llx", address + bytes);
	return pad(from, s, ADDRESS_WIDTH);
}

static char *put_us(struct cdm_printer *p, char *s, const struct cdm_rec *rec)
{
	const struct cdm_printed *f = at(p->kinds[rec->kind], CDM_PLACE_TIME);
	__u64 ns = f ? cdm_field_value(f->field, rec) : 0;
	char *from = s;

	if (f) {
		s = cdm_put_u64(s, ns / 1000);
		*s++ = '.';
		s = cdm_put_padded(s, ns % 1000, 3);
	} else {
		*s++ = '-';
	}
	return pad_left(from, s, US_WIDTH);
}

/* What is said of every event of its kind, and what has a name only if there is any. */
static bool is_empty(const struct cdm_field *f, const struct cdm_rec *rec)
{
	return f->type == CDM_FIELD_SKIPPED && !cdm_event_skipped((const void *)rec);
}

static char *put_details(struct cdm_printer *p, char *s, const struct cdm_rec *rec)
{
	const struct cdm_printed *bare[] = {
		at(p->kinds[rec->kind], CDM_PLACE_FAILED), at(p->kinds[rec->kind], CDM_PLACE_SORT),
	};

	for (size_t i = 0; i < sizeof(bare) / sizeof(*bare); i++) {
		if (!bare[i])
			continue;
		s = put_value(p, s, bare[i], rec);
		if (s[-1] != ' ')
			*s++ = ' ';
	}
	for (const struct cdm_printed *f = p->kinds[rec->kind]; f->field; f++) {
		if (f->field->place != CDM_PLACE_DETAIL || is_empty(f->field, rec))
			continue;
		s = cdm_put(s, f->field->name, strlen(f->field->name));
		*s++ = '=';
		s = put_value(p, s, f, rec);
		*s++ = ' ';
	}
	return s;
}

static void put_stack(struct cdm_printer *p, __s32 id)
{
	const struct cdm_rec_stack *stack = cdm_model_stack(p->model, id);
	const char *frame = stack ? stack->frames : NULL;

	for (__u32 i = 0; stack && i < stack->nr; i++) {
		char *s = cdm_out_room(p->out, LINE_MAX_OUT);

		s = CDM_PUT(s, "        ");
		s = cdm_put_name(s, frame, LINE_MAX_OUT / 2, CDM_FORM_TEXT);
		*s++ = '\n';
		cdm_out_end(p->out, s);
		frame += strlen(frame) + 1;
	}
}

void cdm_print_text(struct cdm_printer *p, const struct cdm_rec *rec)
{
	const struct cdm_ev *ev = (const void *)rec;
	bool event = rec->kind < CDM_NR_EV;
	char *s = cdm_out_room(p->out, LINE_MAX_OUT + 2 * NAME_MAX_OUT), *from;

	s = put_time(p, s, rec->ts);
	s = put_who(s, event ? ev->actor_tid : 0, event ? ev->actor_comm : "");
	s = put_who(s, event ? ev->pid : 0, event ? ev->comm : "");
	from = s;
	s = cdm_put(s, cdm_kind_name(rec->kind), strlen(cdm_kind_name(rec->kind)));
	s = pad(from, s, KIND_WIDTH);
	s = put_column(p, s, rec, CDM_PLACE_DIR, DIR_WIDTH);
	s = put_column(p, s, rec, CDM_PLACE_DEVICE, DEVICE_WIDTH);
	s = put_address(p, s, rec);
	s = put_column(p, s, rec, CDM_PLACE_PAGES, -PAGES_WIDTH);
	s = put_column(p, s, rec, CDM_PLACE_MOVED, -PAGES_WIDTH);
	s = put_us(p, s, rec);
	s = put_details(p, s, rec);
	while (s[-1] == ' ')
		s--;
	*s++ = '\n';
	cdm_out_end(p->out, s);
	if (event && ev->stack >= 0)
		put_stack(p, ev->stack);
}

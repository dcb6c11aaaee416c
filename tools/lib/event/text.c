// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <time.h>

#include "base/name.h"
#include "event/describe.h"
#include "event/frame.h"
#include "event/text.h"

#define NS		1000000000ULL
#define FRAME_MAX	(4 << 10)

enum { TIME_WIDTH = 18, WHO_WIDTH = 22, KIND_WIDTH = 9, DIR_WIDTH = 3, DEVICE_WIDTH = 6,
       ADDRESS_WIDTH = 25, PAGES_WIDTH = 6, US_WIDTH = 11 };

void cdm_event_text_init(struct cdm_event_text *t, const struct cdm_model *model,
			 enum cdm_time time, bool stacks)
{
	*t = (struct cdm_event_text) {
		.model = model, .time = time, .stacks = stacks, .second = CDM_UNKNOWN,
	};
}

void cdm_event_text_header(struct cdm_out *out)
{
	char *s = cdm_out_room(out, CDM_DESCRIBE_MAX);

	s += snprintf(s, CDM_DESCRIBE_MAX, "%-*s %-*s %-*s %-*s %-*s %-*s %-*s %*s %*s %*s %s\n",
		      TIME_WIDTH, "TIME", WHO_WIDTH, "ACTOR", WHO_WIDTH, "OWNER",
		      KIND_WIDTH, "KIND", DIR_WIDTH, "DIR", DEVICE_WIDTH, "DEVICE",
		      ADDRESS_WIDTH, "ADDRESS", PAGES_WIDTH, "PAGES", PAGES_WIDTH, "MOVED",
		      US_WIDTH, "us", "WHAT");
	cdm_out_end(out, s);
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

/* Of what has a duration the end, for that is when it is printed. */
static char *put_time(struct cdm_event_text *t, char *s, __u64 ts)
{
	const struct cdm_file_header *h = cdm_model_header(t->model);
	__u64 ns = ts;
	char *from = s;

	if (t->time == CDM_TIME_WALL)
		ns = ts - h->boot_ns + h->wall_ns;
	else if (t->time == CDM_TIME_DELTA)
		ns = t->last_ts && ts > t->last_ts ? ts - t->last_ts : 0;
	/* One that comes late takes nothing from the sum. */
	if (ts > t->last_ts)
		t->last_ts = ts;

	if (t->time == CDM_TIME_WALL && ns / NS != t->second) {
		time_t seconds = ns / NS;
		struct tm tm = { 0 };

		localtime_r(&seconds, &tm);
		strftime(t->clock, sizeof(t->clock), "%H:%M:%S", &tm);
		t->second = ns / NS;
	}
	if (t->time == CDM_TIME_WALL)
		s = cdm_put(s, t->clock, strlen(t->clock));
	else
		s = cdm_put_u64(s, ns / NS);
	*s++ = '.';
	s = cdm_put_padded(s, ns % NS, 9);
	return pad(from, s, TIME_WIDTH);
}

static char *put_who(char *s, __u32 pid, const char *comm)
{
	return pad(s, cdm_describe_who(s, pid, comm), WHO_WIDTH);
}

/* @width negative: to the right. */
static char *put_column(struct cdm_event_text *t, char *s, const struct cdm_rec *rec,
			enum cdm_field_place place, int width)
{
	char *end = cdm_describe(s, rec, place, t->model);

	return width < 0 ? pad_left(s, end, -width) : pad(s, end, width);
}

static void put_user_stack(struct cdm_event_text *t, struct cdm_out *out, __s32 id)
{
	const struct cdm_rec_user_stack *stack = cdm_model_user_stack(t->model, id);
	const struct cdm_user_frame *f;
	char *s;

	if (!stack)
		return;
	s = cdm_out_room(out, CDM_DESCRIBE_MAX);
	s = CDM_PUT(s, "      user space");
	if (stack->status != CDM_USER_KNOWN)
		s += sprintf(s, ", %s: %s", stack->nr ? "addresses alone" : "no stack",
			     cdm_user_status_name(stack->status));
	*s++ = '\n';
	cdm_out_end(out, s);
	f = (const void *)stack->frames;
	for (unsigned int i = 0; i < stack->nr; i++, f = cdm_frame_next(f)) {
		s = cdm_out_room(out, cdm_frame_room(f));
		s = CDM_PUT(s, "        ");
		s = cdm_put_frame_text(s, f);
		*s++ = '\n';
		cdm_out_end(out, s);
	}
}

static void put_stack(struct cdm_event_text *t, struct cdm_out *out, __s32 id)
{
	const struct cdm_rec_stack *stack = cdm_model_stack(t->model, id);
	const char *frame = stack ? stack->frames : NULL;

	for (__u32 i = 0; stack && i < stack->nr; i++) {
		char *s = cdm_out_room(out, CDM_DESCRIBE_MAX);

		s = CDM_PUT(s, "        ");
		s = cdm_put_name(s, frame, FRAME_MAX, CDM_FORM_TEXT);
		*s++ = '\n';
		cdm_out_end(out, s);
		frame += strlen(frame) + 1;
	}
}

void cdm_event_text_put(struct cdm_event_text *t, struct cdm_out *out, const struct cdm_rec *rec)
{
	const struct cdm_ev *ev = (const void *)rec;
	bool event = rec->kind < CDM_NR_EV;
	char *s = cdm_out_room(out, 2 * CDM_DESCRIBE_MAX), *from;

	s = put_time(t, s, cdm_event_end(rec));
	s = put_who(s, event ? ev->actor_tid : 0, event ? ev->actor_comm : "");
	s = put_who(s, event ? ev->pid : 0, event ? ev->comm : "");
	from = s;
	s = cdm_put(s, cdm_kind_name(rec->kind), strlen(cdm_kind_name(rec->kind)));
	s = pad(from, s, KIND_WIDTH);
	s = put_column(t, s, rec, CDM_PLACE_DIR, DIR_WIDTH);
	s = put_column(t, s, rec, CDM_PLACE_DEVICE, DEVICE_WIDTH);
	s = put_column(t, s, rec, CDM_PLACE_ADDRESS, ADDRESS_WIDTH);
	s = put_column(t, s, rec, CDM_PLACE_PAGES, -PAGES_WIDTH);
	s = put_column(t, s, rec, CDM_PLACE_MOVED, -PAGES_WIDTH);
	s = put_column(t, s, rec, CDM_PLACE_TIME, -US_WIDTH);
	s = cdm_describe(s, rec, CDM_PLACE_DETAIL, t->model);
	while (s[-1] == ' ')
		s--;
	*s++ = '\n';
	cdm_out_end(out, s);
	if (event && t->stacks && ev->stack >= 0) {
		put_stack(t, out, ev->stack);
		put_user_stack(t, out, ev->stack);
	}
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "chrome.h"
#include "event/json.h"
#include "base/hash.h"
#include "base/name.h"

#define LINE	(CDM_RECORD_MAX_OUT + (8 << 10))

/* Devices have tracks below this "process"; pid 0 is nobody's. */
#define DEVICES_PID	0

/* A process or thread that has a name on the screen. */
struct track {
	struct cdm_node node;		/* key: pid << 32 | tid */
	__s64 pages;			/* net moves, where there are no snapshots */
	bool counted;			/* has a counter */
	__u64 last;			/* its last value */
};

struct cdm_chrome {
	struct cdm_out *out;
	const struct cdm_model *model;
	struct cdm_event_json *json;	/* of what an event says */
	struct cdm_hash tracks;
	bool more;			/* not the first */
	bool snapshots;			/* residency comes from them */
};

struct cdm_chrome *cdm_chrome_new(struct cdm_out *out, const struct cdm_model *model)
{
	struct cdm_chrome *c = calloc(1, sizeof(*c));
	char *s;

	if (!c)
		return NULL;
	c->out = out;
	c->model = model;
	c->json = cdm_event_json_new(model, true);
	if (!c->json) {
		free(c);
		return NULL;
	}
	/* An array: viewers take one that was not closed. */
	s = cdm_out_room(out, LINE);
	cdm_out_end(out, CDM_PUT(s, "[\n"));
	return c;
}

void cdm_chrome_end(struct cdm_chrome *c)
{
	char *s;

	if (!c)
		return;
	s = cdm_out_room(c->out, LINE);
	cdm_out_end(c->out, CDM_PUT(s, "\n]\n"));
	cdm_hash_drop(&c->tracks, cdm_hash_free_node, NULL);
	cdm_hash_free(&c->tracks);
	cdm_event_json_free(c->json);
	free(c);
}

/* {"ph":"X","pid":1,"tid":2,"name":"...": what every event starts with. */
static char *start(struct cdm_chrome *c, char phase, __u32 pid, __u32 tid, const char *name)
{
	char *s = cdm_out_room(c->out, LINE);

	if (c->more)
		s = CDM_PUT(s, ",\n");
	c->more = true;
	s = CDM_PUT(s, "{\"ph\":\"");
	*s++ = phase;
	s = CDM_PUT(s, "\",\"pid\":");
	s = cdm_put_u64(s, pid);
	s = CDM_PUT(s, ",\"tid\":");
	s = cdm_put_u64(s, tid);
	s = CDM_PUT(s, ",\"name\":");
	return cdm_put_quoted(s, name, 256, CDM_FORM_JSON);
}

/* Microseconds, with the nanoseconds behind the point. */
static char *put_us(char *s, const char *key, __u64 ns)
{
	s = cdm_put(s, key, strlen(key));
	s = cdm_put_u64(s, ns / 1000);
	*s++ = '.';
	return cdm_put_padded(s, ns % 1000, 3);
}

static char *put_text(char *s, const char *key, const char *value)
{
	s = cdm_put(s, key, strlen(key));
	return cdm_put_quoted(s, value ?: "-", 256, CDM_FORM_JSON);
}

static void end(struct cdm_chrome *c, char *s)
{
	*s++ = '}';
	cdm_out_end(c->out, s);
}

static void name_track(struct cdm_chrome *c, __u32 pid, __u32 tid, const char *what,
		       const char *name)
{
	char *s = start(c, 'M', pid, tid, what);

	s = put_text(s, ",\"args\":{\"name\":", name);
	*s++ = '}';
	end(c, s);
}

/* tid 0: the process itself. NULL: no memory. */
static struct track *take_track(struct cdm_chrome *c, __u32 pid, __u32 tid, const char *name)
{
	__u64 key = (__u64)pid << 32 | tid;
	struct track *t = (void *)cdm_hash_find(&c->tracks, key);

	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->node.key = key;
	if (cdm_hash_add(&c->tracks, &t->node)) {
		free(t);
		return NULL;
	}
	name_track(c, pid, tid, tid ? "thread_name" : "process_name", name);
	return t;
}

static char *start_span(struct cdm_chrome *c, const struct cdm_ev *ev, const char *name,
			__u64 ts, __u64 ns)
{
	/* What several processes are concerned by is shown where it ran. */
	char *s = start(c, 'X', ev->pid ?: ev->actor_pid, ev->actor_tid, name);

	s = put_us(s, ",\"ts\":", ts);
	return put_us(s, ",\"dur\":", ns);
}

static void phase(struct cdm_chrome *c, const struct cdm_ev *ev, const char *name, __u64 ts,
		  __u64 ns)
{
	if (ns)
		end(c, start_span(c, ev, name, ts, ns));
}

static void counter(struct cdm_chrome *c, struct track *t, __u64 ts, const char *name,
		    const char *arg, __s64 value)
{
	char *s;

	if (t->counted && t->last == (__u64)value)
		return;
	t->counted = true;
	t->last = value;
	s = start(c, 'C', t->node.key >> 32, 0, name);
	s = put_us(s, ",\"ts\":", ts);
	s = put_text(s, ",\"args\":{", arg);
	*s++ = ':';
	s = cdm_put_s64(s, value);
	*s++ = '}';
	end(c, s);
}

/* What NDJSON says of it besides who and when. */
static char *put_args(struct cdm_chrome *c, char *s, const struct cdm_ev *ev)
{
	s = put_text(s, ",\"cat\":", cdm_kind_name(ev->rec.kind));
	s = put_text(s, ",\"args\":{\"device\":", cdm_model_device_name(c->model, ev->device));
	s = cdm_event_json_own(c->json, s, &ev->rec);
	*s++ = '}';
	return s;
}

static void span(struct cdm_chrome *c, const struct cdm_ev *ev, const char *name)
{
	char *s = start_span(c, ev, name, ev->rec.ts, cdm_event_ns(ev));

	end(c, put_args(c, s, ev));
}

static void migrate(struct cdm_chrome *c, const struct cdm_ev_migrate *m, struct track *owner)
{
	__u64 page = cdm_model_header(c->model)->page_size;
	__u64 ts = m->ev.rec.ts, ns = cdm_event_ns(&m->ev);

	span(c, &m->ev, m->dir == CDM_DIR_IN ? "migrate in" : "migrate out");
	phase(c, &m->ev, "collect", ts, m->collect_ns);
	phase(c, &m->ev, "copy", ts + m->collect_ns, m->copy_ns);
	phase(c, &m->ev, "restore", ts + m->collect_ns + m->copy_ns, m->restore_ns);

	owner->pages += m->dir == CDM_DIR_IN ? (__s64)m->migrated : -(__s64)m->migrated;
	if (!c->snapshots)
		counter(c, owner, ts + ns, "moved to devices (net)", "bytes", owner->pages * page);
}

static void instant(struct cdm_chrome *c, const struct cdm_ev *ev, const char *name)
{
	char *s = start(c, 'i', ev->pid ?: ev->actor_pid, ev->actor_tid, name);

	s = put_us(s, ",\"ts\":", ev->rec.ts);
	s = CDM_PUT(s, ",\"s\":\"t\"");
	end(c, put_args(c, s, ev));
}

static int event(struct cdm_chrome *c, const struct cdm_ev *ev)
{
	const struct cdm_ev_pingpong *p = (const void *)ev;
	const struct cdm_ev_device *d = (const void *)ev;
	__u32 pid = ev->pid ?: ev->actor_pid;
	struct track *owner = take_track(c, pid, 0, ev->pid ? ev->comm : ev->actor_comm);
	char name[64];

	if (!owner || !take_track(c, pid, ev->actor_tid, ev->actor_comm))
		return -ENOMEM;
	switch (ev->rec.kind) {
	case CDM_EV_MIGRATE:
		migrate(c, (const void *)ev, owner);
		return 0;
	case CDM_EV_EVICT:
		span(c, ev, "evict");
		return 0;
	case CDM_EV_FAULT:
		snprintf(name, sizeof(name), "fault %s",
			 cdm_fault_name(((const struct cdm_ev_fault *)ev)->fault));
		span(c, ev, name);
		return 0;
	case CDM_EV_NUMA:
		snprintf(name, sizeof(name), "numa %s",
			 cdm_reason_name(((const struct cdm_ev_numa *)ev)->reason));
		span(c, ev, name);
		return 0;
	case CDM_EV_PINGPONG:
		snprintf(name, sizeof(name), "ping-pong %llx, %u pages", p->addr, p->pages);
		break;
	case CDM_EV_DEVICE:
		snprintf(name, sizeof(name), "%s %s", d->name, cdm_state_name(d->state));
		break;
	default:
		snprintf(name, sizeof(name), "%s", cdm_kind_name(ev->rec.kind));
	}
	instant(c, ev, name);
	return 0;
}

static int process(struct cdm_chrome *c, const struct cdm_snap_proc *p)
{
	__u64 page = cdm_model_header(c->model)->page_size;
	struct track *t;

	/* Of thousands few have anything on a device. */
	if (p->device == CDM_UNKNOWN ||
	    (!p->device && !cdm_hash_find(&c->tracks, (__u64)p->pid << 32)))
		return 0;
	t = take_track(c, p->pid, 0, p->comm);
	if (!t)
		return -ENOMEM;
	counter(c, t, p->rec.ts, "device memory", "bytes", p->device * page);
	return 0;
}

static int device(struct cdm_chrome *c, const struct cdm_snap_device *d)
{
	__u64 page = cdm_model_header(c->model)->page_size;
	struct track *t = NULL;
	char name[CDM_NAME_LEN + 8];

	if (d->used == CDM_UNKNOWN)
		return 0;
	snprintf(name, sizeof(name), "%s used", d->name);
	if (take_track(c, DEVICES_PID, 0, "devices"))
		t = take_track(c, DEVICES_PID, d->index + 1, d->name);
	if (!t)
		return -ENOMEM;
	counter(c, t, d->rec.ts, name, "bytes", d->used * page);
	return 0;
}

int cdm_chrome_put(struct cdm_chrome *c, const struct cdm_rec *rec)
{
	if (rec->kind && rec->kind < CDM_NR_EV)
		return event(c, (const void *)rec);
	if (rec->kind == CDM_SNAP_PROC) {
		c->snapshots |= ((const struct cdm_snap_proc *)rec)->device != CDM_UNKNOWN;
		return process(c, (const void *)rec);
	}
	if (rec->kind == CDM_SNAP_DEVICE)
		return device(c, (const void *)rec);
	return 0;
}

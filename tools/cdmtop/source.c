// SPDX-License-Identifier: GPL-2.0
/* Records from the collector or a recording, to the model and a new recording. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/parse.h"
#include "base/say.h"
#include "source.h"
#include "source/collector.h"
#include "source/snapshot.h"

#define ALL_PROCS_NS	(5 * CDM_NS_PER_S)

/* Any record, straight from its source: the model has it first. Return: 0 or -errno. */
static int take(void *ctx, const struct cdm_rec *rec)
{
	struct cdmtop_source *s = ctx;
	int ret = cdm_model_feed(s->model, rec);
	bool ended = ret == 1;

	if (ret >= 0)
		ret = s->record ? s->record(s->ctx, rec) : 0;
	if (ret < 0 || !s->writer)
		return ret;
	s->err = cdm_writer_put(s->writer, rec);
	/* What is shown is in the file, whatever happens to the program. */
	if (!s->err && ended)
		s->err = cdm_writer_flush(s->writer);
	return s->err;
}

static int keep(struct cdmtop_source *s, const struct cdm_rec *rec)
{
	if (s->used + rec->len > s->room) {
		size_t room = 2 * s->room + rec->len;
		char *pending = realloc(s->pending, room);

		if (!pending)
			return -ENOMEM;
		s->pending = pending;
		s->room = room;
	}
	memcpy(s->pending + s->used, rec, rec->len);
	s->used += rec->len;
	return 0;
}

static int take_kept(struct cdmtop_source *s)
{
	const struct cdm_rec *rec;
	int err = 0;

	for (size_t at = 0; at < s->used && !err; at += rec->len) {
		rec = (const void *)(s->pending + at);
		err = take(s, rec);
	}
	s->used = 0;
	return err;
}

/* With a slash in front, as they are recorded. */
static bool set_cgroup(struct cdmtop_source *s, const char *path)
{
	if (asprintf(&s->cgroup, "%s%s", *path == '/' ? "" : "/", path) >= 0) {
		s->select.cgroup = s->cgroup;
		return true;
	}
	s->cgroup = NULL;
	cdm_say("%s", strerror(ENOMEM));
	return false;
}

/* Paths of rows are below the mount. */
static const char *below_mount(const char *path, const char *mount)
{
	size_t len = strlen(mount);

	return !strncmp(path, mount, len) && (!path[len] || path[len] == '/') ? path + len : path;
}

static __u64 find_cgroup(struct cdmtop_source *s, const char *path)
{
	struct cdm_cgroups *cgroups = cdm_cgroups_open();
	__u64 id = cgroups ? cdm_cgroups_id(cgroups, path) : 0;

	if (id)
		path = below_mount(path, cdm_cgroups_mount(cgroups));
	else
		cdm_say("cgroup '%s': %s; `cdmtop -b --view cgroup` lists them", path,
			cgroups ? strerror(errno) : "there is no memory controller");
	if (cgroups)
		cdm_cgroups_close(cgroups);
	return id && set_cgroup(s, path) ? id : 0;
}

static bool known_pid(__u32 pid)
{
	struct cdm_snap_proc snap;

	if (!cdm_proc_read(pid, &snap))
		return true;
	cdm_say("pid %u: no such process", pid);
	return false;
}

static bool known_device(const char *name)
{
	struct cdm_snap_device devices[CDM_MAX_DEVICES];
	int n = cdm_devices_read(devices, CDM_MAX_DEVICES);

	for (int i = 0; i < n; i++)
		if (!strcmp(devices[i].name, name))
			return true;
	cdm_say("device '%s': not found; `cdmtop -b --view device` lists devices", name);
	return false;
}

static void log_text(const char *text)
{
	cdm_say("%s", text);
}

static void cannot_write(const char *path, const char *why)
{
	cdm_say("cannot write %s: %s", strcmp(path, "-") ? path : "standard output", why);
}

/* With --strict. Return: false after a message. */
static bool is_all_there(const struct cdm_description *d)
{
	for (unsigned int i = 0; i < d->nr_missing; i++)
		cdm_say("%s", d->missing[i]);
	if (d->nr_missing)
		cdm_say("that is missing; leave out --strict to go on without");
	return !d->nr_missing;
}

/* The file before the collector, which gives up capabilities. False after a message. */
static bool open_both(struct cdmtop_source *s, const struct cdm_collector_options *o,
		      const struct cdm_description *d, const char *record)
{
	char why[CDM_WHY_LEN];

	if (record) {
		s->writer = cdm_writer_open(record, &d->header, why);
		if (!s->writer) {
			cannot_write(record, why);
			return false;
		}
	}
	s->worthless = true;
	s->collector = cdm_collector_open(o, d, why);
	if (!s->collector)
		cdm_say("%s", why);
	return s->collector;
}

/*
 * Loading BPF programs takes a while. A signal meanwhile ends this, too, but not
 * before the unfinished recording is gone: it is blocked until there are handlers.
 */
static bool start(struct cdmtop_source *s, const struct cdm_collector_options *o,
		  const struct cdm_description *d, const char *record)
{
	const struct timespec now = { 0 };
	sigset_t ends;
	bool opened;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	opened = open_both(s, o, d, record);
	s->stopped = sigtimedwait(&ends, NULL, &now);
	return opened && s->stopped <= 0;
}

static bool open_live(struct cdmtop_source *s, const struct cdmtop_options *o,
		      unsigned int features, __u64 events)
{
	struct cdm_collector_options c = {
		/* Few kernels have it: what is missing is said to who asks for it by name. */
		.features = features & (~CDM_F_DMEM | o->named),
		.extras = features & CDM_F_DMEM,
		.events = events,
		.filter = { .dir = -1, .why = -1 },
		.pingpong_window_ns = o->pingpong_window_ns,
		.pingpong_flips = o->pingpong_flips,
		/* Who prints or records all of them sees each as it is. */
		.all_procs_ns = o->record || (o->batch && !o->rows) ? 0 : ALL_PROCS_NS,
		.numa_later = o->view != CDM_VIEW_NUMA,
		.pid = o->pid,
		.source = o->source,
		.strict = o->strict,
		.log = log_text,
		.verbose = o->verbose,
		.emit = take,
		.ctx = s,
	};
	struct cdm_description d;

	if (o->pid && !known_pid(o->pid))
		return false;
	if (o->device && !known_device(o->device))
		return false;
	if (o->cgroup) {
		c.cgroup = find_cgroup(s, o->cgroup);
		if (!c.cgroup)
			return false;
	}
	cdm_collector_describe(&c, &d);
	if (o->strict && !is_all_there(&d))
		return false;
	s->model = cdm_model_new(&d.header);
	if (!s->model) {
		cdm_say("%s", strerror(ENOMEM));
		return false;
	}
	if (!start(s, &c, &d, o->record))
		return false;
	cdm_collector_found(s->collector, s->found);
	return true;
}

/* NULL after a message. */
static struct cdm_reader *open_reader(const char *path)
{
	char why[CDM_WHY_LEN];
	struct cdm_reader *r = cdm_reader_open(path, why);

	if (!r)
		cdm_say("%s: %s", path, why);
	return r;
}

static bool open_replay(struct cdmtop_source *s, const struct cdmtop_options *o)
{
	s->path = o->replay;
	s->reader = open_reader(s->path);
	if (!s->reader || (o->cgroup && !set_cgroup(s, o->cgroup)))
		return false;
	s->model = cdm_model_new(cdm_reader_header(s->reader));
	if (!s->model)
		cdm_say("%s", strerror(ENOMEM));
	return s->model;
}

bool cdmtop_source_open(struct cdmtop_source *s, const struct cdmtop_options *o,
			unsigned int features, __u64 events)
{
	sigprocmask(SIG_BLOCK, NULL, &s->signals);
	s->select = (struct cdm_select) { .pid = o->pid, .device = o->device, .rows = o->rows };
	return o->replay ? open_replay(s, o) : open_live(s, o, features, events);
}

void cdmtop_source_signals(const struct cdmtop_source *s)
{
	sigprocmask(SIG_SETMASK, &s->signals, NULL);
}

/*
 * A refresh that the recording ends in is not shown by halves. What stands between
 * refreshes is taken at once: of events there may be gigabytes.
 */
static int replay_refresh(struct cdmtop_source *s)
{
	const struct cdm_rec *rec;
	char why[CDM_WHY_LEN];
	int ret;

	s->used = 0;
	do {
		ret = cdm_reader_next(s->reader, &rec, why);
		if (ret < 0)
			cdm_say("%s: %s", s->path, why);
		if (ret <= 0)
			return ret;
		ret = s->used || rec->kind == CDM_SNAP_BEGIN ? keep(s, rec) : take(s, rec);
		if (ret < 0)
			return ret;
	} while (rec->kind != CDM_SNAP_END);

	ret = take_kept(s);
	return ret < 0 ? ret : 1;
}

int cdmtop_source_poll(struct cdmtop_source *s, int timeout_ms)
{
	int ret = cdm_collector_poll(s->collector, timeout_ms);

	return ret == -EINTR || ret == -EAGAIN ? 0 : ret;
}

int cdmtop_source_fd(const struct cdmtop_source *s)
{
	return s->collector ? cdm_collector_fd(s->collector) : -1;
}

const struct cdm_description *cdmtop_source_description(const struct cdmtop_source *s)
{
	return s->collector ? cdm_collector_description(s->collector) : NULL;
}

void cdmtop_source_look_into(struct cdmtop_source *s, __u32 pid)
{
	if (s->collector)
		cdm_collector_look_into(s->collector, pid);
}

void cdmtop_source_watch_pingpong(struct cdmtop_source *s, bool on)
{
	if (s->collector)
		cdm_collector_watch_pingpong(s->collector, on);
}

int cdmtop_source_watch_numa(struct cdmtop_source *s, bool on)
{
	return s->collector ? cdm_collector_watch_numa(s->collector, on) : 0;
}

int cdmtop_source_seek(struct cdmtop_source *s, unsigned long n)
{
	struct cdm_reader *reader;
	struct cdm_model *model;
	struct stat st;
	int ret = 1;

	if (stat(s->path, &st) || !S_ISREG(st.st_mode))
		return -ESPIPE;
	reader = open_reader(s->path);
	if (!reader)
		return -EIO;
	model = cdm_model_new(cdm_reader_header(reader));
	if (!model) {
		cdm_reader_close(reader);
		return -ENOMEM;
	}
	cdm_reader_close(s->reader);
	cdm_model_free(s->model);
	s->reader = reader;
	s->model = model;
	while (n-- && ret > 0)
		ret = replay_refresh(s);
	return ret < 0 ? ret : 0;
}

int cdmtop_source_refresh(struct cdmtop_source *s)
{
	if (s->reader)
		return replay_refresh(s);
	return cdm_collector_refresh(s->collector) ?: 1;
}

/* Return: whether what there is to keep was kept. */
static bool close_writer(struct cdmtop_source *s, const char *path)
{
	char why[CDM_WHY_LEN];
	int err;

	if (s->worthless) {
		if (s->err)
			cannot_write(path, strerror(-s->err));
		cdm_writer_discard(s->writer);
		return true;
	}
	err = cdm_writer_close(s->writer, why);
	if (err && err != -EPIPE)
		cannot_write(path, why);
	return !err;
}

int cdmtop_source_close(struct cdmtop_source *s, const struct cdmtop_options *o)
{
	int status = CDMTOP_OK;

	if (s->reader && cdm_reader_truncated(s->reader)) {
		cdm_say("%s: ends within a record, read up to the last whole one", o->replay);
		status = o->strict ? CDMTOP_FAILED : CDMTOP_OK;
	}
	if (s->writer && !close_writer(s, o->record))
		status = CDMTOP_FAILED;
	if (s->collector)
		cdm_collector_close(s->collector);
	if (s->reader)
		cdm_reader_close(s->reader);
	cdm_model_free(s->model);
	free(s->pending);
	free(s->cgroup);
	return status;
}

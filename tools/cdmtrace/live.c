// SPDX-License-Identifier: GPL-2.0
/* Traces this machine: attaches, drains the rings until the end, says what was lost. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/say.h"
#include "devices.h"
#include "source/collector.h"
#include "source/snapshot.h"
#include "sources.h"

#define POLL_MS		100
#define SNAPSHOTS_NS	1000000000ULL

struct live {
	struct trace *t;
	struct cdm_collector *collector;
	int err;
	pid_t child;			/* 0: none */
	int go;				/* closed to let it run */
	int status;			/* of the child */
	bool exited;
	__u64 snapshots_ns;
	__u64 end_ns;			/* 0: none */
};

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	stopped = sig;
}

static int emit(void *ctx, const struct cdm_rec *rec)
{
	struct live *l = ctx;

	if (!l->err)
		l->err = trace_put(l->t, rec);
	return l->err;
}

/* The child waits for the end of a pipe, so that it is traced from its exec on. */
static bool start_child(struct live *l, char **argv)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC)) {
		cdm_say("%m");
		return false;
	}
	l->child = fork();
	if (l->child < 0) {
		cdm_say("cannot start %s: %m", argv[0]);
		return false;
	}
	if (!l->child) {
		char byte;

		close(ends[1]);
		signal(SIGPIPE, SIG_DFL);
		if (read(ends[0], &byte, 1) < 0)
			_exit(127);
		execvp(argv[0], argv);
		cdm_say("cannot run %s: %m", argv[0]);
		_exit(errno == ENOENT ? 127 : 126);
	}
	close(ends[0]);
	l->go = ends[1];
	return true;
}

static void reap(struct live *l)
{
	int status;

	if (!l->child || l->exited || waitpid(l->child, &status, WNOHANG) != l->child)
		return;
	l->exited = true;
	l->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool find_cgroup(const char *path, __u64 *id)
{
	struct cdm_cgroups *c = cdm_cgroups_open();

	*id = c ? cdm_cgroups_id(c, path) : 0;
	if (!*id)
		cdm_say("%s: %s", path, c ? "no such cgroup; give its path below the mount of the memory controller" :
			"no cgroups, the memory controller is not mounted");
	if (c)
		cdm_cgroups_close(c);
	return *id;
}

static bool needs_snapshots(const struct trace_options *o)
{
	return o->write || o->summary || o->chrome || o->format == TRACE_CHROME;
}

static void log_text(const char *text)
{
	cdm_say("%s", text);
}

/* Return: false after a message. */
static bool is_possible(const struct trace_options *o, const struct cdm_description *d)
{
	if ((d->events & o->filter.kinds) && !(o->strict && d->nr_missing))
		return true;
	for (unsigned int i = 0; i < d->nr_missing; i++)
		cdm_say("%s", d->missing[i]);
	cdm_say(d->events & o->filter.kinds ?
		"that is missing; leave out --strict to go on without" :
		"none of the events can be traced here; `cdmtrace --features` says what can");
	return false;
}

/* A process or a device that is not here is a slip, not something to wait for. False after a message. */
static bool is_here(const struct cdm_filter *by)
{
	struct trace_devices devices = { .wanted = by->device };
	struct cdm_snap_device all[CDM_MAX_DEVICES];
	struct cdm_snap_proc snap;
	int nr = cdm_devices_read(all, CDM_MAX_DEVICES);

	if (by->pid && cdm_proc_read(by->pid, &snap)) {
		cdm_say("pid %u: no such process", by->pid);
		return false;
	}
	for (int i = 0; i < nr; i++)
		trace_devices_name(&devices, all[i].name);
	return trace_devices_found(&devices, "this machine");
}

/* What is to come is known, and all outputs are there, before the collector is open. */
static bool open_collector(struct live *l)
{
	const struct trace_options *o = l->t->o;
	struct cdm_collector_options c = {
		/* Even without snapshots over time, one for the names of devices and cgroups. */
		.extras = CDM_F_CGROUP_DEVICE | CDM_F_DEVICES | CDM_F_PROC_DEVICE,
		.events = o->filter.kinds,
		.stacks = o->stacks || o->folded,
		.filter = o->filter.by,
		.source = o->source,
		.ring_bytes = o->ring_bytes,
		.rings = o->rings,
		.pingpong_window_ns = o->pingpong_window_ns,
		.pingpong_flips = o->pingpong_flips,
		.pingpong_each = o->pingpong_each,
		.strict = true,
		.log = log_text,
		.verbose = o->verbose,
		.emit = emit,
		.ctx = l,
	};
	struct cdm_description d;
	char why[CDM_WHY_LEN];

	if (!is_here(&o->filter.by))
		return false;
	if (o->cgroup && !find_cgroup(o->cgroup, &c.filter.cgroup))
		return false;
	if (l->child) {
		c.filter.pid = l->child;
		c.filter.children = true;
	}
	cdm_collector_describe(&c, &d);
	if (!is_possible(o, &d))
		return false;
	l->t->header = d.header;
	if (!trace_start(l->t))
		return false;
	l->collector = cdm_collector_open(&c, &d, why);
	if (l->collector)
		return true;
	cdm_say("%s", why);
	l->t->discard = true;
	return false;
}

/* Totals go into the stream whenever something more was lost, and at the end. */
static int put_losses(struct live *l, bool all)
{
	struct cdm_loss loss[CDM_NR_EV];
	__u64 kinds = cdm_collector_events(l->collector) & l->t->o->filter.kinds;
	int err = 0;

	cdm_collector_loss(l->collector, loss);
	for (unsigned int i = 1; i < CDM_NR_EV && !err; i++) {
		const struct cdm_loss *last = &l->t->loss[i];
		struct cdm_rec_loss rec = {
			.rec = { CDM_REC_LOSS, 0, sizeof(rec), cdm_clock_ns(CLOCK_BOOTTIME) },
			.event = i, .total = loss[i],
		};

		if (!(kinds & 1ULL << i))
			continue;
		if (all || loss[i].lost_ring + loss[i].lost_map >
			   last->lost_ring + last->lost_map)
			err = trace_put(l->t, &rec.rec);
	}
	return err;
}

static bool make_ready_file(const char *path)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;

	if (!path)
		return true;
	if (fd < 0) {
		cdm_say("cannot write %s: %m", path);
		return false;
	}
	close(fd);
	return true;
}

static bool is_over(const struct live *l)
{
	return stopped || l->err || l->exited || (l->end_ns && cdm_clock_ns(CLOCK_BOOTTIME) >= l->end_ns);
}

/* An output that failed or has enough has said so by itself. */
static int error_of(int n)
{
	return n < 0 && n != -ECANCELED ? n : 0;
}

static int loop(struct live *l)
{
	__u64 next = cdm_clock_ns(CLOCK_BOOTTIME) + l->snapshots_ns;
	int n = 0;

	while (!is_over(l) && n >= 0) {
		n = cdm_collector_poll(l->collector, POLL_MS);
		if (n >= 0)
			put_losses(l, false);
		if (l->snapshots_ns && cdm_clock_ns(CLOCK_BOOTTIME) >= next && !l->err) {
			cdm_collector_refresh(l->collector);
			next = cdm_clock_ns(CLOCK_BOOTTIME) + l->snapshots_ns;
		}
		trace_flush(l->t);
		reap(l);
	}
	return error_of(n);
}

static void say_totals(const struct trace *t)
{
	fprintf(stderr, "cdmtrace: %llu events shown", t->shown);
	for (unsigned int i = 1; i < CDM_NR_EV; i++) {
		const struct cdm_loss *loss = &t->loss[i];

		if (t->traced & 1ULL << i)
			fprintf(stderr, "; %s: %llu seen, %llu filtered, %llu emitted, %llu lost",
				cdm_kind_name(i), loss->seen, loss->filtered, loss->emitted,
				loss->lost_ring + loss->lost_map);
	}
	fputc('\n', stderr);
}

static int run(struct live *l)
{
	const struct trace_options *o = l->t->o;
	int err;

	if (!open_collector(l))
		return -ECANCELED;
	err = cdm_collector_refresh(l->collector);
	if (err && !l->err)
		return err;
	if (!make_ready_file(o->ready_file))
		return -ECANCELED;
	if (l->child)
		close(l->go);
	l->end_ns = o->duration_ns ? cdm_clock_ns(CLOCK_BOOTTIME) + o->duration_ns : 0;
	err = loop(l);
	if (!err && !l->err)
		err = error_of(cdm_collector_stop(l->collector));
	if (l->snapshots_ns && !l->err)
		cdm_collector_refresh(l->collector);
	put_losses(l, true);
	say_totals(l->t);
	return err ?: error_of(l->err);
}

int trace_live(struct trace *t)
{
	const struct trace_options *o = t->o;
	struct live l = { .t = t };
	struct sigaction action = { .sa_handler = stop };
	int err;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* Who, and since BPF did it already: only what BPF does not know is left. */
	t->filter = (struct cdm_event_filter){ .kinds = o->filter.kinds, .by = { .dir = -1, .why = -1 } };
	memcpy(t->filter.sorts, o->filter.sorts, sizeof(t->filter.sorts));
	l.snapshots_ns = o->snapshots_ns != CDM_UNKNOWN ? o->snapshots_ns :
			 needs_snapshots(o) ? SNAPSHOTS_NS : 0;
	if (o->command && !start_child(&l, o->command))
		return TRACE_FAILED;

	err = run(&l);
	if (err && err != -ECANCELED)
		cdm_say("%s", strerror(-err));
	if (l.child && err && !l.exited)
		kill(l.child, SIGKILL);
	if (l.child && !l.exited) {
		int status;

		waitpid(l.child, &status, 0);
		l.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	if (l.collector)
		cdm_collector_close(l.collector);
	return err ? TRACE_FAILED : l.child ? l.status : TRACE_OK;
}

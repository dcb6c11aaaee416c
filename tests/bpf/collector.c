// SPDX-License-Identifier: GPL-2.0
/*
 * The collector against what a program did itself. TAP. What this kernel cannot
 * do is skipped with the collector's own words: on a kernel without the series
 * that is all about devices.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/cdm.h>

#include "collector.h"
#include "snapshot.h"

#define PAGE	4096UL
#define PRIME	997UL

static int tests, failures;

/* In a process of its own: an open collector has given up privileges. */
static void run(void (*test)(int fd), int fd)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		failures = 0;
		test(fd);
		_exit((tests << 1 | !!failures) & 0xff);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		printf("not ok %d - the test ends\n", ++tests);
		failures++;
		return;
	}
	tests = WEXITSTATUS(status) >> 1;
	failures += WEXITSTATUS(status) & 1;
}

static void result(bool good, const char *what)
{
	failures += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, what);
}

static void skip(const char *what, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++tests, what, why);
}

/* What the collector emitted. */
struct seen {
	char note[256];
	__u64 faults, migrated[CDM_NR_DIR], evicted, pingpongs, owned, bad;
	__u64 proc_in, proc_out, proc_evicted, proc_device, cgroup_device, procs, self_rss;
	__u32 pid;
	unsigned long start, end;
};

static void see_proc(struct seen *s, const struct cdm_snap_proc *p)
{
	s->procs++;
	if (p->pid == (__u32)getpid())
		s->self_rss = p->rss;
	if (p->pid != s->pid)
		return;
	s->proc_device = p->device;
	if (p->rec.len < sizeof(*p))
		return;
	s->proc_in = p->stats.pages[CDM_DIR_IN];
	s->proc_out = p->stats.pages[CDM_DIR_OUT];
	s->proc_evicted = p->stats.evicted;
}

static int see(void *ctx, const struct cdm_rec *rec)
{
	const struct cdm_ev_pagefault *f = (const void *)rec;
	const struct cdm_ev_migrate *m = (const void *)rec;
	const struct cdm_rec_note *n = (const void *)rec;
	struct seen *s = ctx;

	s->bad += !cdm_rec_valid(rec, rec->len);
	switch (rec->kind) {
	case CDM_EV_PAGEFAULT:
		s->faults += f->addr >= s->start && f->addr < s->end;
		break;
	case CDM_EV_MIGRATE:
		s->migrated[m->dir] += m->migrated;
		s->owned += m->ev.pid == s->pid;
		break;
	case CDM_EV_EVICT:
		s->evicted += ((const struct cdm_ev_evict *)rec)->evicted;
		break;
	case CDM_EV_PINGPONG:
		s->pingpongs++;
		break;
	case CDM_SNAP_PROC:
		see_proc(s, (const void *)rec);
		break;
	case CDM_REC_NOTE:
		snprintf(s->note, sizeof(s->note), "%.255s", n->text);
		break;
	}
	return 0;
}

static struct cdm_collector *open_for(struct seen *s, unsigned int features, __u64 events,
				      __u32 pid)
{
	struct cdm_collector_options o = {
		.features = features, .events = events,
		.filter = { .pid = pid, .dir = -1, .why = -1 },
		.emit = see, .ctx = s, .verbose = !!getenv("VERBOSE"),
	};

	memset(s, 0, sizeof(*s));
	s->pid = pid;
	return cdm_collector_open(&o);
}

static void drain(struct cdm_collector *c)
{
	while (cdm_collector_poll(c, 0) > 0)
		;
}

static bool adds_up(struct cdm_collector *c, unsigned int kind)
{
	struct cdm_loss loss[CDM_NR_EV], *l = &loss[kind];

	cdm_collector_loss(c, loss);
	return l->seen == l->emitted + l->filtered + l->lost_ring + l->lost_map && l->seen;
}

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static void test_pagefaults(int fd)
{
	const char *what = "as many page faults as fresh pages were touched";
	struct seen s;
	struct cdm_collector *c = open_for(&s, CDM_F_PAGEFAULTS, 1ULL << CDM_EV_PAGEFAULT,
					   getpid());
	char *p = map(PRIME);

	if (!c || !cdm_collector_events(c)) {
		skip(what, s.note);
		goto out;
	}
	s.start = (unsigned long)p;
	s.end = s.start + PRIME * PAGE;
	for (size_t i = 0; i < PRIME; i++)
		p[i * PAGE] = 1;
	drain(c);
	result(s.faults == PRIME, what);
	result(adds_up(c, CDM_EV_PAGEFAULT), "seen == emitted + filtered + lost, page faults");
out:
	munmap(p, PRIME * PAGE);
	if (c)
		cdm_collector_close(c);
}

static int count_pid(void *ctx, __u32 pid)
{
	struct cdm_snap_proc p;
	__u64 *n = ctx;

	/* Kernel threads and zombies have no memory. */
	*n += !cdm_proc_read(pid, &p) && p.rss;
	return 0;
}

static void test_processes(int fd)
{
	struct seen s;
	struct cdm_collector *c = open_for(&s, 0, 0, 0);
	__u64 in_proc = 0;
	struct cdm_snap_proc self;

	result(c && !cdm_collector_refresh(c), "a refresh");
	/* Processes come and go: the two looks have to meet a moment of rest. */
	for (int i = 0; c && i < 50 && s.procs != in_proc; i++) {
		s.procs = in_proc = 0;
		cdm_collector_refresh(c);
		cdm_proc_each(count_pid, &in_proc);
	}
	cdm_proc_read(getpid(), &self);
	result(s.procs == in_proc, "as many processes as in /proc");
	result(s.self_rss + 200 > self.rss && s.self_rss < self.rss + 200, "own rss as in /proc");
	result(!s.bad, "all records are valid");
	if (s.procs != in_proc)
		printf("# %llu processes, %llu in /proc; %s\n", s.procs, in_proc, s.note);
	if (c)
		cdm_collector_close(c);
}

static int migrate(int fd, char *p, size_t pages, __u32 direction)
{
	struct cdm_migrate m = {
		.size = sizeof(m), .addr = (unsigned long)p, .len = pages * PAGE, .pidfd = -1,
		.direction = direction,
	};

	return ioctl(fd, CDM_MIGRATE, &m) ? -1 : (int)m.migrated;
}

/* Empties the device when told to: needs a capability that the collector gives up. */
static pid_t start_evictor(int fd, int *go)
{
	struct cdm_evict evict = { .size = sizeof(evict), .timeout_ms = 1000 };
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe(ends))
		return -1;
	*go = ends[1];
	pid = fork();
	if (pid)
		return pid;
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		_exit(2);
	_exit(ioctl(fd, CDM_EVICT, &evict) || evict.evicted != PRIME);
}

static void test_migrations(int fd)
{
	int go = -1, status;
	pid_t evictor = start_evictor(fd, &go);
	struct seen s;
	struct cdm_collector *c = open_for(&s, CDM_F_MIGRATE | CDM_F_WHY | CDM_F_EVICT | CDM_F_FAULTS |
					   CDM_F_PINGPONG | CDM_F_PROC_DEVICE | CDM_F_DEVICES,
					   (1ULL << CDM_EV_MIGRATE) | (1ULL << CDM_EV_EVICT) |
					   (1ULL << CDM_EV_PINGPONG) | (1ULL << CDM_EV_FAULT) |
					   (1ULL << CDM_EV_RSS) | (1ULL << CDM_EV_CHARGE) |
					   (1ULL << CDM_EV_DEVICE) | (1ULL << CDM_EV_PAGE), 0);
	char *p = map(PRIME);

	memset(p, 1, PRIME * PAGE);
	s.pid = getpid();
	if (!c) {
		result(false, "the collector opens");
		return;
	}
	result(!s.note[0], "everything can be attached");
	if (s.note[0])
		printf("# %s\n", s.note);
	result(migrate(fd, p, PRIME, CDM_TO_DEVICE) == (int)PRIME, "pages go to the device");
	drain(c);
	result(s.migrated[CDM_DIR_IN] == PRIME && !s.migrated[CDM_DIR_OUT], "each is in an event");
	result(s.owned == (PRIME + 511) / 512, "the owner is known, one event each 512 pages");
	cdm_collector_refresh(c);
	result(s.proc_in == PRIME && s.proc_device == PRIME, "aggregated, and resident");

	result(write(go, "", 1) == 1 && waitpid(evictor, &status, 0) == evictor && !status,
	       "the device is emptied");
	drain(c);
	result(s.evicted == PRIME, "the eviction is an event");
	cdm_collector_refresh(c);
	result(s.proc_evicted == PRIME && s.proc_out == PRIME, "it is counted for the owner");
	result(s.proc_device == 0, "who has nothing on the device any more");

	for (int i = 0; i < 4; i++)
		migrate(fd, p, 3, i % 2 ? CDM_TO_RAM : CDM_TO_DEVICE);
	drain(c);
	result(s.pingpongs == 3, "the third change of direction is a ping-pong, of each page");
	for (int kind = CDM_EV_MIGRATE; kind <= CDM_EV_EVICT; kind++)
		result(adds_up(c, kind), kind == CDM_EV_MIGRATE ?
		       "seen == emitted + filtered + lost, migrations" : "the same, evictions");
	result(!s.bad, "all records are valid");
	cdm_collector_close(c);
}

int main(void)
{
	int fd = open("/dev/cdm0", O_RDWR | O_CLOEXEC);

	setvbuf(stdout, NULL, _IOLBF, 0);
	run(test_processes, -1);
	run(test_pagefaults, -1);
	if (fd >= 0)
		run(test_migrations, fd);
	else
		skip("migrations", "no /dev/cdm0");
	printf("1..%d\n", tests);
	return failures > 0;
}

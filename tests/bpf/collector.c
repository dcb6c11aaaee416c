// SPDX-License-Identifier: GPL-2.0
/*
 * The collector against what a program did itself. TAP. What this kernel cannot
 * do is skipped with the collector's own words: on a kernel without the series
 * that is all about devices.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/cdm.h>

#include "base/parse.h"
#include "source/collector.h"
#include "source/snapshot.h"

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
	__u64 all_faults, faults, calls, migrated[CDM_NR_DIR], evicted, owned, bad;
	__u64 pingpongs, pingpong_pages, pingpong_addr, stays;
	__u64 proc_in, proc_out, proc_evicted, proc_device, proc_pingpong, cgroup_in;
	__u32 pid;
	unsigned long start, end;
};

static void see_proc(struct seen *s, const struct cdm_snap_proc *p)
{
	if (p->pid != s->pid)
		return;
	s->proc_device = p->device;
	if (p->rec.len < sizeof(*p))
		return;
	s->proc_in = p->stats.pages[CDM_DIR_IN];
	s->proc_out = p->stats.pages[CDM_DIR_OUT];
	s->proc_evicted = p->stats.evicted;
	s->proc_pingpong = p->stats.pingpong;
}

static void see_cgroup(struct seen *s, const struct cdm_snap_cgroup *cgroup)
{
	if (!strcmp(cgroup->path, "/cdm-test"))
		s->cgroup_in = cgroup->stats.pages[CDM_DIR_IN];
}

static int see(void *ctx, const struct cdm_rec *rec)
{
	const struct cdm_ev_pagefault *f = (const void *)rec;
	const struct cdm_ev_migrate *m = (const void *)rec;
	const struct cdm_ev_pingpong *p = (const void *)rec;
	const struct cdm_rec_note *n = (const void *)rec;
	struct seen *s = ctx;

	s->bad += !cdm_rec_valid(rec, rec->len);
	switch (rec->kind) {
	case CDM_EV_PAGEFAULT:
		s->all_faults++;
		s->faults += f->addr >= s->start && f->addr < s->end;
		break;
	case CDM_EV_MIGRATE:
		s->migrated[m->dir] += m->migrated;
		s->calls++;
		s->owned += m->ev.pid == s->pid;
		break;
	case CDM_EV_EVICT:
		s->evicted += ((const struct cdm_ev_evict *)rec)->evicted;
		break;
	case CDM_EV_PINGPONG:
		s->pingpongs++;
		s->pingpong_pages += p->pages;
		s->pingpong_addr = p->addr;
		break;
	case CDM_SNAP_STAY:
		s->stays++;
		break;
	case CDM_SNAP_PROC:
		see_proc(s, (const void *)rec);
		break;
	case CDM_SNAP_CGROUP:
		see_cgroup(s, (const void *)rec);
		break;
	case CDM_REC_NOTE:
		snprintf(s->note, sizeof(s->note), "%.255s", n->text);
		break;
	}
	return 0;
}

static struct cdm_collector *open_with(const struct cdm_collector_options *o)
{
	struct cdm_description d;
	struct cdm_collector *c;
	char why[CDM_WHY_LEN];

	cdm_collector_describe(o, &d);
	c = cdm_collector_open(o, &d, why);
	if (!c)
		printf("# %s\n", why);
	return c;
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
	return open_with(&o);
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

/* Until it is killed. */
static pid_t start_storm(void)
{
	pid_t pid = fork();
	char *p;

	if (pid)
		return pid;
	p = map(PRIME);
	for (;;) {
		for (size_t i = 0; i < PRIME; i++)
			p[i * PAGE] = 1;
		madvise(p, PRIME * PAGE, MADV_DONTNEED);
	}
}

static void test_stop(int fd)
{
	const char *what = "what was emitted has arrived, though a storm goes on";
	struct cdm_loss loss[CDM_NR_EV], *l = &loss[CDM_EV_PAGEFAULT];
	pid_t storm = start_storm();
	struct seen s;
	struct cdm_collector *c = open_for(&s, 0, 1ULL << CDM_EV_PAGEFAULT, 0);

	if (!c || !cdm_collector_events(c)) {
		skip(what, s.note);
		goto out;
	}
	for (int i = 0; i < 10 || (i < 1000 && s.all_faults <= PRIME); i++)
		cdm_collector_poll(c, 20);
	result(!cdm_collector_stop(c), "the collector stops");
	cdm_collector_loss(c, loss);
	result(s.all_faults == l->emitted && l->emitted > PRIME, what);
	result(l->seen == l->emitted + l->filtered + l->lost_ring + l->lost_map,
	       "and what was seen adds up");
out:
	kill(storm, SIGKILL);
	waitpid(storm, NULL, 0);
	if (c)
		cdm_collector_close(c);
}

#define MAX_PROCS	32768
#define SLACK		200	/* pages that come and go between two looks */

struct list {
	struct cdm_snap_proc procs[MAX_PROCS];
	size_t nr;
};

/* Of the iterator, and of /proc just before. */
static struct list iterated, before;

static const struct cdm_snap_proc *find_proc(const struct list *list, __u32 pid)
{
	for (size_t i = 0; i < list->nr; i++)
		if (list->procs[i].pid == pid)
			return &list->procs[i];
	return NULL;
}

static int keep_proc(void *ctx, const struct cdm_rec *rec)
{
	if (rec->kind == CDM_SNAP_PROC && iterated.nr < MAX_PROCS)
		memcpy(&iterated.procs[iterated.nr++], rec, CDM_SNAP_PROC_MIN);
	return see(ctx, rec);
}

static int keep_before(void *ctx, __u32 pid)
{
	if (before.nr < MAX_PROCS && !cdm_proc_read(pid, &before.procs[before.nr]))
		before.nr++;
	return 0;
}

/*
 * What the iterator's view @i has that /proc's did not have before it, @b, nor has
 * after it, @a; NULL: nothing. What changed meanwhile, a program that was started
 * for example, cannot be compared.
 */
static const char *difference(const struct cdm_snap_proc *b, const struct cdm_snap_proc *i,
			      const struct cdm_snap_proc *a)
{
	__u64 low = b->rss < a->rss ? b->rss : a->rss;
	__u64 high = b->rss < a->rss ? a->rss : b->rss;

	if (b->uid != a->uid || strncmp(b->comm, a->comm, CDM_COMM_LEN))
		return NULL;
	if (i->uid != a->uid)
		return "uid";
	if (strncmp(i->comm, a->comm, CDM_COMM_LEN))
		return "comm";
	if (i->rss + SLACK < low || i->rss > high + SLACK)
		return "rss";
	return b->device != a->device || i->device == a->device ? NULL : "device rss";
}

/* A machine may keep a process from everybody, root and BPF included. */
static bool kept_from_us(__u32 pid)
{
	char path[64], target[64];

	snprintf(path, sizeof(path), "/proc/%u/ns/pid", pid);
	return readlink(path, target, sizeof(target)) < 0 && errno == EACCES;
}

struct comparison {
	unsigned int differ, kept;
};

static int compare_pid(void *ctx, __u32 pid)
{
	const struct cdm_snap_proc *found = find_proc(&iterated, pid);
	const struct cdm_snap_proc *earlier = find_proc(&before, pid);
	struct comparison *n = ctx;
	struct cdm_snap_proc p;
	const char *what;

	/* Kernel threads and zombies have no memory. */
	if (cdm_proc_read(pid, &p) || !p.rss)
		return 0;
	/* One that began meanwhile need not be there. */
	if (!earlier || earlier->start_ns != p.start_ns)
		return 0;
	what = found ? difference(earlier, found, &p) : "missing";
	if (!what)
		return 0;
	if (!found && kept_from_us(pid)) {
		n->kept++;
		return 0;
	}
	printf("# process %u %.16s: %s\n", pid, p.comm, what);
	n->differ++;
	return 0;
}

static void test_processes(int fd)
{
	const char *what = "the iterator has every process, with the uid, comm and rss of /proc";
	struct cdm_collector_options o = {
		.features = CDM_F_PROC_DEVICE, .filter = { .dir = -1, .why = -1 },
		.emit = keep_proc, .verbose = !!getenv("VERBOSE"),
	};
	struct seen s = {};
	struct comparison n = {};
	struct cdm_collector *c;

	o.ctx = &s;
	c = open_with(&o);
	cdm_proc_each(keep_before, NULL);
	result(c && !cdm_collector_refresh(c), "a refresh");
	cdm_proc_each(compare_pid, &n);
	if (n.kept)
		printf("# not compared: %u processes that nobody may look into\n", n.kept);
	/* Without the iterator the collector reads /proc, too: that would prove nothing. */
	if (strstr(s.note, "no task iterator"))
		skip(what, s.note);
	else
		result(iterated.nr && !n.differ, what);
	result(!s.bad, "all records are valid");
	if (c)
		cdm_collector_close(c);
}

/* Instructions that the verifier went through, of the programs that are loaded now. */
static void print_verified(void)
{
	__u32 id = 0;

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &info, &len))
			printf("# verified instructions: %-16s %7u\n", info.name,
			       info.verified_insns);
		close(fd);
	}
}

static bool is_map(int fd, const char *name)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) && !strcmp(info.name, name);
}

/* Whose figures the programs that are loaded now keep. */
static __u64 count_figures(enum cdm_scope scope)
{
	__u64 nr = 0;
	__u32 id = 0;

	while (!bpf_map_get_next_id(id, &id)) {
		struct cdm_stats_key key, *previous = NULL;
		int fd = bpf_map_get_fd_by_id(id);

		while (fd >= 0 && is_map(fd, "stats") && !bpf_map_get_next_key(fd, previous, &key)) {
			previous = &key;
			nr += key.scope == scope;
		}
		if (fd >= 0)
			close(fd);
	}
	return nr;
}

static __u64 change_cgroup(bool make)
{
	struct cdm_cgroups *tree = cdm_cgroups_open();
	char path[256];

	if (!tree)
		return 0;
	snprintf(path, sizeof(path), "%s/cdm-test", cdm_cgroups_mount(tree));
	cdm_cgroups_close(tree);
	return !(make ? mkdir(path, 0755) : rmdir(path));
}

/*
 * A process that does what whoever has opened a collector may not any more: 'e'
 * evicts, 'v' prints, 'm' makes a cgroup, 'r' removes it, 'p' and 'c' count processes and
 * cgroups that have figures. Return: the socket to it; it answers with a number, or whether
 * it could.
 */
static int start_helper(int fd)
{
	struct cdm_evict evict = { .size = sizeof(evict), .timeout_ms = 1000 };
	int pair[2];
	char what;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	if (fork()) {
		close(pair[1]);
		return pair[0];
	}
	close(pair[0]);
	while (read(pair[1], &what, 1) == 1) {
		evict.evicted = 0;
		if (what == 'v')
			print_verified();
		else if (what == 'm' || what == 'r')
			evict.evicted = change_cgroup(what == 'm');
		else if (what == 'p' || what == 'c')
			evict.evicted = count_figures(what == 'p' ? CDM_SCOPE_PROC : CDM_SCOPE_CGROUP);
		else if (ioctl(fd, CDM_EVICT, &evict))
			evict.evicted = 0;
		if (write(pair[1], &evict.evicted, sizeof(evict.evicted)) < 0)
			break;
	}
	_exit(0);
}

static __u64 ask(int helper, char what)
{
	__u64 pages = 0;

	if (write(helper, &what, 1) != 1 || read(helper, &pages, sizeof(pages)) < 0)
		return 0;
	return pages;
}

static int migrate(int fd, char *p, size_t pages, __u32 direction)
{
	struct cdm_migrate m = {
		.size = sizeof(m), .addr = (unsigned long)p, .len = pages * PAGE, .pidfd = -1,
		.direction = direction,
	};

	return ioctl(fd, CDM_MIGRATE, &m) ? -1 : (int)m.migrated;
}

/* Touches odd numbers of pages on each CPU, says so, and waits. */
static pid_t start_toucher(int said)
{
	pid_t pid = fork();
	cpu_set_t cpus;
	char *p;

	if (pid)
		return pid;
	p = map(PRIME);
	for (size_t i = 0; i < PRIME; i++) {
		CPU_ZERO(&cpus);
		CPU_SET(i / 7 % sysconf(_SC_NPROCESSORS_ONLN), &cpus);
		if (!(i % 7))
			sched_setaffinity(0, sizeof(cpus), &cpus);
		p[i * PAGE] = 1;
	}
	if (write(said, "", 1) == 1)
		pause();
	_exit(0);
}

/* From the page tables, not from counters; pages. */
static __u64 rollup(pid_t pid)
{
	char path[64], line[256];
	unsigned long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f) && !kb)
		sscanf(line, "Rss: %lu", &kb);
	if (f)
		fclose(f);
	return kb * 1024 / PAGE;
}

static void test_exact(int fd)
{
	const char *what = "rss is exact, whatever CPU the pages were touched on";
	struct cdm_collector_options o = {
		.features = CDM_F_PROC_DEVICE, .filter = { .dir = -1, .why = -1 },
		.emit = keep_proc,
	};
	const struct cdm_snap_proc *found;
	struct cdm_collector *c;
	struct seen s = {};
	int pipefd[2];
	char byte;
	pid_t pid;

	o.ctx = &s;
	if (pipe(pipefd))
		return;
	pid = start_toucher(pipefd[1]);
	if (read(pipefd[0], &byte, 1) != 1)
		return;
	c = open_with(&o);
	iterated.nr = 0;
	cdm_collector_refresh(c);
	found = find_proc(&iterated, pid);
	if (strstr(s.note, "no task iterator"))
		skip(what, s.note);
	else
		result(found && found->rss == rollup(pid), what);
	if (!found)
		printf("# not there, %zu processes, %s\n", iterated.nr, s.note);
	else if (found->rss != rollup(pid))
		printf("# %llu, by the page tables %llu\n", found->rss, rollup(pid));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cdm_collector_close(c);
}

static void *work(void *unused)
{
	for (;;)
		;
	return NULL;
}

static void *end_soon(void *unused)
{
	clock_t start = clock();

	while (clock() - start < CLOCKS_PER_SEC / 10)
		;
	return NULL;
}

/* One thread works, one waits, and one has ended after some work. */
static pid_t start_threads(int said)
{
	pthread_t ends, other;
	pid_t pid = fork();

	if (pid)
		return pid;
	pthread_create(&ends, NULL, end_soon, NULL);
	pthread_join(ends, NULL);
	pthread_create(&other, NULL, work, NULL);
	if (write(said, "", 1) == 1)
		pause();
	_exit(0);
}

/* In /proc it is in clock ticks, and neither is told at the same moment. */
static void test_cpu_time(int fd)
{
	const char *what = "CPU time is that of all threads, also those that have ended";
	struct seen s = {};
	struct cdm_collector_options o = {
		.features = CDM_F_CPU, .filter = { .dir = -1, .why = -1 },
		.emit = keep_proc, .ctx = &s,
	};
	const __u32 slack = 2 * 1000 / sysconf(_SC_CLK_TCK) + 10;
	struct cdm_collector *c = open_with(&o);
	const struct cdm_snap_proc *found;
	struct cdm_snap_proc start, end;
	int pipefd[2];
	char byte;
	pid_t pid;

	if (pipe(pipefd))
		return;
	pid = start_threads(pipefd[1]);
	if (read(pipefd[0], &byte, 1) != 1)
		return;
	iterated.nr = 0;
	cdm_proc_read(pid, &start);
	cdm_collector_refresh(c);
	cdm_proc_read(pid, &end);
	found = find_proc(&iterated, pid);
	result(found && found->cpu_ms + slack >= start.cpu_ms && found->cpu_ms <= end.cpu_ms + slack &&
	       found->cpu_ms + slack >= 100, what);
	printf("# %u ms, by its files from %u to %u\n", found ? found->cpu_ms : 0, start.cpu_ms,
	       end.cpu_ms);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cdm_collector_close(c);
}

#define MAX_CGROUPS	256

struct cgroups {
	struct cdm_snap_cgroup snaps[MAX_CGROUPS];
	size_t nr;
};

static struct cgroups by_bpf, files_before, files_after;

static int keep_cgroup(void *ctx, const struct cdm_rec *rec)
{
	struct cgroups *list = ctx;

	if (rec->kind == CDM_SNAP_CGROUP && list->nr < MAX_CGROUPS)
		memcpy(&list->snaps[list->nr++], rec, sizeof(list->snaps[0]));
	return 0;
}

static const struct cdm_snap_cgroup *find_cgroup(const struct cgroups *list, __u64 id)
{
	for (size_t i = 0; i < list->nr; i++)
		if (list->snaps[i].id == id)
			return &list->snaps[i];
	return NULL;
}

static bool between(__u64 x, __u64 a, __u64 b)
{
	__u64 low = a < b ? a : b, high = a < b ? b : a;

	/* The kernel charges in advance, 64 pages a CPU. */
	return x == a || (x + SLACK >= low && x <= high + SLACK);
}

static void read_cgroup_files(struct cgroups *list)
{
	struct cdm_cgroups *c = cdm_cgroups_open();

	list->nr = 0;
	cdm_cgroups_refresh(c, 0, NULL, keep_cgroup, list);
	cdm_cgroups_close(c);
}

/* How many cgroups differ from their files. */
static unsigned int differing(struct cdm_collector *c)
{
	unsigned int n = 0;

	read_cgroup_files(&files_before);
	by_bpf.nr = 0;
	cdm_collector_refresh(c);
	read_cgroup_files(&files_after);
	for (size_t i = 0; i < files_after.nr; i++) {
		const struct cdm_snap_cgroup *a = &files_after.snaps[i];
		const struct cdm_snap_cgroup *b = find_cgroup(&files_before, a->id);
		const struct cdm_snap_cgroup *x = find_cgroup(&by_bpf, a->id);

		if (x && b && x->limit == a->limit && between(x->charged, a->charged, b->charged) &&
		    (a->device != b->device || x->device == a->device) && x->parent == a->parent)
			continue;
		printf("# cgroup %llu: charged %llu, file %llu; limit %llu, file %llu; device %llu, file %llu\n",
		       a->id, x ? x->charged : 0, a->charged, x ? x->limit : 0, a->limit,
		       x ? x->device : 0, a->device);
		n++;
	}
	return n + (by_bpf.nr != files_after.nr);
}

static bool enter_cgroup(const char *name)
{
	struct cdm_cgroups *tree = cdm_cgroups_open();
	char path[256];
	bool done;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/cgroup.procs", cdm_cgroups_mount(tree), name);
	cdm_cgroups_close(tree);
	f = fopen(path, "w");
	if (!f)
		return false;
	done = fprintf(f, "%d", getpid()) > 0;
	return !fclose(f) && done;
}

static bool has_device_pages(__u64 pages)
{
	for (size_t i = 0; i < by_bpf.nr; i++)
		if (by_bpf.snaps[i].parent && by_bpf.snaps[i].device == pages)
			return true;
	return false;
}

static void test_cgroup_device(int fd, struct cdm_collector *c)
{
	const char *what = "and one with device pages has as many as it moved there";
	char *p = map(PRIME);

	if (fd < 0) {
		skip(what, "no /dev/cdm0");
	} else if (!enter_cgroup("cdm-test")) {
		result(false, what);
	} else {
		memset(p, 1, PRIME * PAGE);
		result(migrate(fd, p, PRIME, CDM_TO_DEVICE) == (int)PRIME && !differing(c) &&
		       has_device_pages(PRIME), what);
		enter_cgroup("");
	}
	munmap(p, PRIME * PAGE);
}

static void test_cgroups(int fd)
{
	struct cdm_collector_options o = {
		.extras = CDM_F_CGROUP_DEVICE, .filter = { .dir = -1, .why = -1 },
		.emit = keep_cgroup, .ctx = &by_bpf,
	};
	struct cdm_cgroups *tree = cdm_cgroups_open();
	int helper = start_helper(-1);
	struct cdm_collector *c;
	size_t nr;

	if (!tree) {
		skip("cgroups", "no memory controller is mounted");
		return;
	}
	cdm_cgroups_close(tree);
	c = open_with(&o);
	result(!differing(c) && by_bpf.nr, "cgroups have the values of their files");
	nr = by_bpf.nr;
	result(ask(helper, 'm') && !differing(c) && by_bpf.nr == nr + 1, "so has a new one");
	test_cgroup_device(fd, c);
	result(ask(helper, 'r') && !differing(c) && by_bpf.nr == nr, "and one that went is not there");
	close(helper);
	cdm_collector_close(c);
}

/* Moves @pages pages of @p to and fro, @times times, and reads the events. */
static void move(int fd, struct seen *s, struct cdm_collector *c, char *p, size_t pages, int times)
{
	s->pingpongs = s->pingpong_pages = s->pingpong_addr = 0;
	for (int i = 0; i < times; i++)
		migrate(fd, p, pages, i % 2 ? CDM_TO_RAM : CDM_TO_DEVICE);
	drain(c);
}

/* 997 pages from anywhere are in 16 or 17 blocks of those that are watched together. */
static void test_pingpong(int fd, struct seen *s, struct cdm_collector *c, char *p)
{
	__u64 before;

	cdm_collector_refresh(c);
	before = s->proc_pingpong;
	move(fd, s, c, p, 3, 4);
	result(s->pingpongs == 1 && s->pingpong_pages == 3 && s->pingpong_addr == (unsigned long)p,
	       "the third change of direction is a ping-pong, one event for pages in a row");
	move(fd, s, c, p + 7 * PAGE, 400, 4);
	/* A page that something else holds for a moment is in a call of its own. */
	result(s->pingpongs <= 4 && s->pingpong_pages == 400, "however many those are");
	cdm_collector_refresh(c);
	result(s->proc_pingpong - before == 403, "the figure counts pages");

	/* The one in the middle has moved twice more than its neighbours. */
	p += 500 * PAGE;
	move(fd, s, c, p + PAGE, 1, 2);
	move(fd, s, c, p, 3, 2);
	result(s->pingpongs == 1 && s->pingpong_addr == (unsigned long)p + PAGE,
	       "not for those that did not flip as often");
	move(fd, s, c, p, 3, 2);
	result(s->pingpongs == 2 && s->pingpong_pages == 2, "which are events of their own");
}

static void test_migrations(int fd)
{
	int helper = start_helper(fd);
	struct seen s;
	struct cdm_collector *c = open_for(&s, CDM_F_MIGRATE | CDM_F_WHY | CDM_F_EVICT | CDM_F_FAULTS |
					   CDM_F_PINGPONG | CDM_F_PROC_DEVICE | CDM_F_DEVICES,
					   (1ULL << CDM_EV_MIGRATE) | (1ULL << CDM_EV_EVICT) |
					   (1ULL << CDM_EV_PINGPONG) | (1ULL << CDM_EV_FAULT) |
					   (1ULL << CDM_EV_RSS) | (1ULL << CDM_EV_CHARGE) |
					   (1ULL << CDM_EV_DEVICE) | (1ULL << CDM_EV_PAGE),
					   0);
	char *p = map(PRIME);

	s.pid = getpid();
	memset(p, 1, PRIME * PAGE);
	if (!c) {
		result(false, "the collector opens");
		return;
	}
	result(!s.note[0], "everything can be attached");
	if (s.note[0])
		printf("# %s\n", s.note);
	ask(helper, 'v');
	result(migrate(fd, p, PRIME, CDM_TO_DEVICE) == (int)PRIME, "pages go to the device");
	drain(c);
	result(s.migrated[CDM_DIR_IN] == PRIME && !s.migrated[CDM_DIR_OUT], "each is in an event");
	/* At most 512 pages each; one that is busy for a moment is tried in another call. */
	if (s.owned != s.calls)
		printf("# %llu of %llu events are of the owner\n", s.owned, s.calls);
	result(s.owned == s.calls && s.calls >= (PRIME + 511) / 512, "the owner of each is known");
	cdm_collector_refresh(c);
	result(s.proc_in == PRIME && s.proc_device == PRIME, "aggregated, and resident");

	result(ask(helper, 'e') == PRIME, "another process empties the device");
	drain(c);
	result(s.evicted == PRIME, "the eviction is an event");
	cdm_collector_refresh(c);
	result(s.proc_evicted == PRIME && s.proc_out == PRIME, "it is counted for the owner");
	result(s.proc_device == 0, "who has nothing on the device any more");

	test_pingpong(fd, &s, c, p);
	for (int kind = CDM_EV_MIGRATE; kind <= CDM_EV_EVICT; kind++)
		result(adds_up(c, kind), kind == CDM_EV_MIGRATE ?
		       "seen == emitted + filtered + lost, migrations" : "the same, evictions");
	result(!s.bad, "all records are valid");
	close(helper);
	cdm_collector_close(c);
}

/* A child that runs another program by the time that its number is returned. */
static pid_t start_sleep(void)
{
	int ends[2];
	char none;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		execlp("sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	close(ends[1]);
	if (read(ends[0], &none, 1))
		pid = -1;
	close(ends[0]);
	return pid;
}

/*
 * A process that shares its pages with a child: 'm' moves them to the device, 'f' makes
 * another child, 'x' one that runs another program, all answered with the child's pid;
 * it ends at the end of the socket.
 */
static int start_family(int fd, pid_t *parent)
{
	int pair[2];
	__u64 child;
	char what, *p;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	*parent = fork();
	if (*parent) {
		close(pair[1]);
		return pair[0];
	}
	close(pair[0]);
	signal(SIGCHLD, SIG_IGN);
	p = map(PRIME);
	memset(p, 1, PRIME * PAGE);
	child = fork();
	while (child && read(pair[1], &what, 1) == 1) {
		if (what == 'f')
			child = fork();
		else if (what == 'x')
			child = start_sleep();
		else if (migrate(fd, p, PRIME, CDM_TO_DEVICE) < 0)
			break;
		if (child && write(pair[1], &child, sizeof(child)) < 0)
			break;
	}
	close(pair[1]);
	if (!child)
		pause();
	_exit(0);
}

/* Whether a refresh has of @pid what its files say; 0: nobody. */
static bool is_exact(struct cdm_collector *c, __u32 pid, bool holds)
{
	const struct cdm_snap_proc *found;
	struct cdm_snap_proc p;

	iterated.nr = 0;
	cdm_collector_refresh(c);
	found = find_proc(&iterated, pid);
	if (cdm_proc_read(pid, &p))
		return !found;
	if (found && found->device == p.device && holds == !!p.device)
		return true;
	printf("# process %u: %lld, by its files %llu\n", pid, found ? (long long)found->device : -1,
	       p.device);
	return false;
}

static void test_holders(int fd)
{
	struct cdm_collector_options o = {
		.features = CDM_F_PROC_DEVICE | CDM_F_MIGRATE | CDM_F_EVICT,
		.filter = { .dir = -1, .why = -1 },
		.emit = keep_proc, .all_procs_ns = 3600 * CDM_NS_PER_S, .verbose = !!getenv("VERBOSE"),
	};
	struct seen s = {};
	pid_t parent = 0;
	struct cdm_collector *c;
	__u32 first, second, third;
	char *p = map(PRIME);
	int helper = start_helper(fd), family = start_family(fd, &parent);

	memset(p, 1, PRIME * PAGE);
	migrate(fd, p, PRIME, CDM_TO_DEVICE);
	o.ctx = &s;
	c = open_with(&o);
	ask(helper, 'e');
	iterated.nr = 0;
	cdm_collector_refresh(c);
	result(iterated.nr > 3 && !s.stays, "the first refresh visits all processes");
	result(is_exact(c, getpid(), false) && s.stays == 1 && iterated.nr < 5,
	       "the next one those that have figures, of an eviction before the first");
	first = ask(family, 'm');
	result(is_exact(c, parent, true) && iterated.nr < 5, "or device memory");
	result(is_exact(c, first, true), "also who has it because he shares a page");
	second = ask(family, 'f');
	result(is_exact(c, second, true), "and a child that got it by fork");
	third = ask(family, 'x');
	result(is_exact(c, third, false), "which has none once it runs another program");
	migrate(fd, p, PRIME, CDM_TO_DEVICE);
	result(is_exact(c, getpid(), true), "who has some again has it");
	munmap(p, PRIME * PAGE);
	result(is_exact(c, getpid(), false), "and is there without");
	close(family);
	waitpid(parent, NULL, 0);
	result(is_exact(c, parent, false) && s.stays == 8, "who has ended is gone");
	kill(first, SIGKILL);
	kill(second, SIGKILL);
	kill(third, SIGKILL);
	close(helper);
	cdm_collector_close(c);
}

static void test_all_procs(int fd)
{
	struct seen s = {};
	struct cdm_collector_options o = {
		.features = CDM_F_PROC_DEVICE, .filter = { .dir = -1, .why = -1 },
		.emit = keep_proc, .ctx = &s, .all_procs_ns = CDM_NS_PER_S,
	};
	struct cdm_collector *c = open_with(&o);
	pid_t idle;

	cdm_collector_refresh(c);
	idle = fork();
	if (!idle)
		pause();
	sleep(1);
	s.stays = 0;
	result(is_exact(c, idle, false) && !s.stays, "after a while all are visited, new ones too");
	kill(idle, SIGKILL);
	waitpid(idle, NULL, 0);
	cdm_collector_close(c);
}

/* A process that has a page on the device, and ends. */
static void come_and_go(int fd)
{
	pid_t pid = fork();
	char *p;

	if (!pid) {
		p = map(1);
		*p = 1;
		_exit(!enter_cgroup("cdm-test") || migrate(fd, p, 1, CDM_TO_DEVICE) != 1);
	}
	waitpid(pid, NULL, 0);
}

static void test_mayflies(int fd)
{
	int helper = start_helper(fd);
	struct seen s;
	struct cdm_collector *c = open_for(&s, CDM_F_MIGRATE | CDM_F_PROC_DEVICE, 0, 0);
	__u64 cgroups;

	result(ask(helper, 'm'), "a cgroup is made");
	cdm_collector_refresh(c);
	for (__u64 i = 0; i < PRIME; i++)
		come_and_go(fd);
	result(!ask(helper, 'p'), "figures of processes that have ended take no room");
	cdm_collector_refresh(c);
	result(s.cgroup_in == PRIME, "who comes and goes between two refreshes counts for the cgroup");
	cgroups = ask(helper, 'c');
	result(cgroups && ask(helper, 'r'), "the cgroup is removed");
	cdm_collector_refresh(c);
	result(ask(helper, 'c') == cgroups - 1, "its figures take no room then");
	close(helper);
	cdm_collector_close(c);
}

static void found_with(unsigned int features, char found[CDM_MISSING_LEN])
{
	struct seen s;
	struct cdm_collector *c = open_for(&s, features, 0, 0);

	strcpy(found, "no collector");
	if (!c)
		return;
	cdm_collector_found(c, found);
	cdm_collector_close(c);
}

static void test_found_nothing(int fd)
{
	char found[CDM_MISSING_LEN];

	found_with(CDM_F_CPU, found);
	result(!*found, "who asks for no migrations is told of no source of them");
}

/* @fd: of a device of the series, or -1. */
static void test_found(int fd)
{
	char found[CDM_MISSING_LEN];

	found_with(CDM_F_MIGRATE, found);
	printf("# found: %s\n", found);
	if (fd >= 0)
		result(!strcmp(found, "cdm: DEVICE_HOST memory, by tracepoints"),
		       "with the series it is by its tracepoints");
	else
		result(!*found || strstr(found, ", by functions ("),
		       "without the series it is by functions, or by nothing");
}

int main(void)
{
	int fd = open("/dev/cdm0", O_RDWR | O_CLOEXEC);

	setvbuf(stdout, NULL, _IOLBF, 0);
	run(test_processes, -1);
	run(test_exact, -1);
	run(test_cpu_time, -1);
	run(test_pagefaults, -1);
	run(test_stop, -1);
	run(test_cgroups, fd);
	run(test_found_nothing, -1);
	run(test_found, fd);
	if (fd >= 0) {
		run(test_migrations, fd);
		run(test_holders, fd);
		run(test_all_procs, fd);
		run(test_mayflies, fd);
	} else {
		skip("migrations", "no /dev/cdm0");
	}
	printf("1..%d\n", tests);
	return failures > 0;
}

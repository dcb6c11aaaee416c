// SPDX-License-Identifier: GPL-2.0
/*
 * Every request of /dev/cdmN with arguments that are right in shape and wrong at the edges,
 * while the memory they are about is unmapped, moved, protected, forked and pinned, files are
 * closed, a device is unbound and processes are killed:
 *
 *	fuzz-ioctl SECONDS [SEED]
 *
 * Each worker has its numbers from the seed; how they meet is up to the scheduler. Fails when
 * counts of a request do not add up, an error is none that the request may have, or one
 * that it has by <linux/cdm.h> was not met. Prints TAP, and how often each error was met.
 *
 * Not to be met from here: EINTR of those that only a fatal signal interrupts, who gets it is
 * dead; EIO and ENOMEM of an eviction, for which memory must be poisoned and RAM short.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/cdm.h>

#include "drive.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE		4096UL
#define ARENA		((char *)0x10000000000UL)
#define ARENA_PAGES	1024UL
#define NR_WORKERS	5
#define NOBODY		65534
#define NR_ERRNO	134

enum { INFO, MIGRATE, EVICT, ENGINE, INJECT, NR_REQUESTS };

union arg {
	__u32 size;
	struct cdm_info info;
	struct cdm_migrate migrate;
	struct cdm_evict evict;
	struct cdm_engine engine;
	struct cdm_inject inject;
	char room[2 * PAGE];
};

/* What a worker tells of each request */
struct met {
	__u16 request;
	__u16 error;
	__u32 bad;		/* line of this file with what does not hold, or 0 */
};

static int report[2];		/* pipe of struct met */
static int device[2];
static int pidfds[6], nr_pidfds;
static int pinned[2];		/* pipe with pages of the arena */
static char *unwritable;	/* a page */
static char *last;		/* a page that nothing is behind */
static unsigned long device_bytes;
static char bus_name[PATH_MAX];	/* of device 1 */

static __thread uint64_t state;

static uint64_t any(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state * 0x2545f4914f6cdd1dULL >> 11) % n;
}

static bool one_in(uint64_t n)
{
	return !any(n);
}

static uint64_t edge(uint64_t good)
{
	const uint64_t edges[] = {
		0, 1, 7, 8, PAGE - 1, PAGE, PAGE + 1, 2UL << 20, CDM_ENGINE_MAX, CDM_ENGINE_MAX + 1,
		1UL << 31, 1UL << 32, (1UL << 47) - PAGE, 1UL << 47, 1UL << 63, -PAGE, -8UL, -1UL,
		good - 1, good + 1, good + PAGE, good << 32,
	};

	return one_in(12) ? edges[any(ARRAY_SIZE(edges))] : good;
}

static uint64_t some_address(void)
{
	return (uint64_t)ARENA + any(ARENA_PAGES) * PAGE;
}

static void make_info(union arg *arg)
{
	(void)arg;
}

static void make_migrate(union arg *arg)
{
	arg->migrate = (struct cdm_migrate) {
		.addr		= edge(some_address()),
		.len		= edge((1 + any(one_in(4) ? ARENA_PAGES : 16)) * PAGE),
		.pidfd		= pidfds[any(nr_pidfds)],
		.direction	= edge(any(2)),
	};
	if (arg->migrate.direction == CDM_TO_DEVICE)
		arg->migrate.flags = edge(any(2) * CDM_MIGRATE_POPULATE);
	/* All that there is, its stack and libraries included. */
	if (one_in(200)) {
		arg->migrate.pidfd = -1;
		arg->migrate.addr = 0;
		arg->migrate.len = (1UL << 47) - PAGE;
	}
}

static void make_evict(union arg *arg)
{
	arg->evict = (struct cdm_evict) {
		.flags		= one_in(20),
		.reserved	= one_in(20),
		.timeout_ms	= one_in(8) ? UINT_MAX : any(3) * any(100),
	};
}

static void make_engine(union arg *arg)
{
	static __thread char buf[64 * PAGE];
	uint64_t len = one_in(4) ? any(sizeof(buf)) : any(2 * PAGE);

	arg->engine = (struct cdm_engine) {
		.op	= edge(any(3)),
		.addr	= edge(some_address() + any(PAGE)),
		.len	= len,
		.pidfd	= pidfds[any(nr_pidfds)],
		.flags	= one_in(20),
	};
	if (arg->engine.op == CDM_ENGINE_ADD64) {
		arg->engine.addr &= ~7UL;
		arg->engine.len &= ~7UL;
		arg->engine.value = any(1000);
		arg->engine.buf = one_in(20);
	} else {
		arg->engine.buf = edge((uintptr_t)buf);
		arg->engine.value = one_in(20);
	}
	if (one_in(20))		/* the buffer need not be there, it is not read that far */
		arg->engine.len = edge(len);
}

static void make_inject(union arg *arg)
{
	uint64_t kind = any(CDM_INJECT_RESET + 1);
	uint64_t good[] = {
		[CDM_INJECT_NONE]	= 0,
		[CDM_INJECT_FAIL_ALLOC]	= any(8),
		[CDM_INJECT_DELAY]	= any(50),
		[CDM_INJECT_HANG]	= any(30),
		[CDM_INJECT_LOSE]	= any(device_bytes / PAGE) * PAGE,
		[CDM_INJECT_RESET]	= 0,
	};

	arg->inject = (struct cdm_inject) {
		.kind	= kind,
		.arg	= edge(good[kind]),
		.len	= edge(kind == CDM_INJECT_LOSE ? (1 + any(8)) * PAGE : 0),
	};
	/* A second for each page is right, and as long as it sounds. */
	if (kind == CDM_INJECT_DELAY && arg->inject.arg > 1000)
		arg->inject.arg += 1000000;
	if (one_in(20))
		arg->inject.kind = edge(kind);
}

/* Line of what does not hold after @ret, or 0. */
#define HOLDS(condition) do { if (!(condition)) return __LINE__; } while (0)

static unsigned int check(int request, const union arg *arg, int error)
{
	const struct cdm_migrate *m = &arg->migrate;
	uint64_t sum;

	switch (request) {
	case INFO:
		if (error)
			break;
		HOLDS(arg->info.version == CDM_UAPI_VERSION);
		HOLDS(arg->info.page_size == PAGE);
		HOLDS(arg->info.bytes / PAGE == arg->info.pages_free + arg->info.pages_used +
					      arg->info.pages_quarantined);
		break;
	case MIGRATE:
		if (error)
			break;
		sum = m->migrated + m->already;
		for (int i = 0; i < CDM_FAIL_SLOTS; i++)
			sum += m->failed[i];
		HOLDS(m->requested == sum);
		HOLDS(m->requested == m->len / PAGE);
		break;
	case ENGINE:
		HOLDS(arg->engine.done <= arg->engine.len);
		HOLDS(error || arg->engine.done == arg->engine.len);
		break;
	}
	return 0;
}

#define ALWAYS	0, EINVAL, E2BIG, EFAULT, ENODEV

static const struct {
	const char *name;
	unsigned long cmd;
	size_t size;
	void (*make)(union arg *arg);
	int documented[12];	/* 0 first, for success, and again at the end */
	int possible[4];	/* these as well: of a request that meets bad pidfds, for example */
} requests[] = {
	[INFO] = { "INFO", CDM_INFO, sizeof(struct cdm_info), make_info, { ALWAYS } },
	[MIGRATE] = { "MIGRATE", CDM_MIGRATE, sizeof(struct cdm_migrate), make_migrate,
		      { ALWAYS, EPERM, ESRCH, EIO, EBADF }, { ENOMEM } },
	[EVICT] = { "EVICT", CDM_EVICT, sizeof(struct cdm_evict), make_evict,
		    { ALWAYS, EPERM, EBUSY, EINTR }, { ENOMEM } },
	[ENGINE] = { "ENGINE", CDM_ENGINE, sizeof(struct cdm_engine), make_engine,
		     { ALWAYS, EPERM, ESRCH, EIO, EBADF, EINTR }, { ENOMEM } },
	[INJECT] = { "INJECT", CDM_INJECT, sizeof(struct cdm_inject), make_inject,
		     { ALWAYS, EPERM } },
};

static bool is_documented(int request, int error)
{
	const int *errors = requests[request].documented;

	for (int i = 0; !i || errors[i]; i++)
		if (errors[i] == error)
			return true;
	return false;
}

/* EBADF and ENOTTY are of ioctl() itself: the file was closed, the number changed. */
static bool is_possible(int request, int error)
{
	const int *errors = requests[request].possible;

	if (error == EBADF || error == ENOTTY || is_documented(request, error))
		return true;
	for (int i = 0; errors[i]; i++)
		if (errors[i] == error)
			return true;
	return false;
}

static __u32 some_size(__u32 good)
{
	const __u32 sizes[] = { 0, 1, good - 1, good + 1, good + 64, PAGE, PAGE + 1, UINT_MAX };

	return one_in(12) ? sizes[any(ARRAY_SIZE(sizes))] : good;
}

/* Not another request's: of the number only a bit that none has. */
static unsigned long some_cmd(unsigned long good)
{
	return one_in(50) ? good ^ 1UL << (7 + any(25)) : good;
}

/* Where the kernel finds the argument, of which it may not get all. */
static void *place(union arg *arg, size_t size)
{
	char *p;

	if (!one_in(12))
		return arg;
	switch (any(4)) {
	case 0:
		return NULL;
	case 1:
		return (void *)0xffff888000000000UL;
	case 2:
		return unwritable;
	default:
		p = last + PAGE - (one_in(2) ? size : any(size)) / 4 * 4;
		memcpy(p, arg, last + PAGE - p < (long)size ? last + PAGE - p : (long)size);
		return p;
	}
}

static void reopen(int i)
{
	char path[32];

	close(device[i]);
	snprintf(path, sizeof(path), "/dev/cdm%d", i);
	device[i] = open(path, O_RDWR | O_CLOEXEC);
}

static void one_request(void)
{
	static __thread union arg arg;
	int request = any(NR_REQUESTS), i = any(2), ret;
	struct met met = { .request = request };
	void *where;

	memset(&arg, 0, sizeof(arg));
	requests[request].make(&arg);
	if (one_in(30))		/* behind what the kernel knows */
		arg.room[requests[request].size + any(8)] = 1;
	arg.size = some_size(requests[request].size);
	where = place(&arg, requests[request].size);
	if (device[i] < 0)
		reopen(i);
	ret = ioctl(device[i], some_cmd(requests[request].cmd), where);
	met.error = ret ? errno : 0;
	if (where == &arg)
		met.bad = check(request, &arg, met.error);
	if (!is_possible(request, met.error))
		met.bad = __LINE__;
	while (write(report[1], &met, sizeof(met)) < 0 && errno == EINTR)
		;
}

/* The memory that the requests are about */

static void change_mapping(char *p, size_t len)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_COLD, MADV_PAGEOUT,
		MADV_MERGEABLE, 25 /* MADV_COLLAPSE */, MADV_WIPEONFORK, MADV_KEEPONFORK,
	};
	static const int kinds[] = { MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED };
	int kind = kinds[any(ARRAY_SIZE(kinds))];

	switch (any(8)) {
	case 0:
		munmap(p, len);
		break;
	case 1:
	case 2:
		mmap(p, len, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_ANONYMOUS | kind, -1, 0);
		break;
	case 3:
		mprotect(p, len, any(4));
		break;
	case 4:
		mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, some_address());
		break;
	default:
		madvise(p, len, advice[any(ARRAY_SIZE(advice))]);
	}
}

/* By the kernel, which says so where there is nothing to write to. */
static void write_to(char *p, size_t len)
{
	static int zero = -1;

	if (zero < 0)
		zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (read(zero, p, len) < 0)
		return;
}

static void pin(char *p, size_t len)
{
	struct iovec v = { p, len };
	char buf[PAGE];

	if (one_in(2))
		vmsplice(pinned[1], &v, 1, SPLICE_F_NONBLOCK);
	else
		while (read(pinned[0], buf, sizeof(buf)) > 0)
			;
}

static void fork_one(char *p, size_t len)
{
	pid_t pid = fork();

	if (!pid) {
		write_to(p, len);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void *disturb(void *seed)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	state = *(uint64_t *)seed ^ 0x9e3779b97f4a7c15ULL;
	for (;;) {
		char *p = (char *)some_address();
		size_t len = (1 + any(one_in(8) ? 512 : 8)) * PAGE;

		if (p + len > ARENA + ARENA_PAGES * PAGE)
			continue;
		if (one_in(40))
			reopen(any(2));
		else if (one_in(30))
			fork_one(p, len);
		else if (one_in(10))
			pin(p, len);
		else if (one_in(2))
			change_mapping(p, len);
		else
			write_to(p, len);
	}
	return NULL;
}

static void interrupted(int signal)
{
	(void)signal;
}

static void map_all(void)
{
	mmap(ARENA, ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE,
	     MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unwritable = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	last = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(last + PAGE, PAGE);
}

/* Some who may do nothing to others: root's processes are out of their reach. */
static void become_nobody(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		_exit(1);
}

static void worker(int n, uint64_t seed)
{
	struct itimerval often = { { 0, 50000 }, { 0, 50000 } };
	struct sigaction sa = { .sa_handler = interrupted };
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	state = seed;
	map_all();
	if (pipe2(pinned, O_NONBLOCK | O_CLOEXEC))
		_exit(1);
	device[0] = device[1] = -1;
	if (!n)
		become_nobody();
	if (pthread_create(&thread, NULL, disturb, &seed))
		_exit(1);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (;;)
		one_request();
}

static pid_t start(void (*run)(int n, uint64_t seed), int n, uint64_t seed)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	run(n, seed);
	_exit(0);
}

/* Whose memory others ask for; it lives as long as it is not lost. */
static void victim(int n, uint64_t seed)
{
	(void)n;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	state = seed;
	map_all();
	for (;;)
		write_to((char *)some_address(), PAGE);
}

/* Not while somebody holds pages of before, which the kernel waits for. */
static void bind_again(void)
{
	for (int i = 0; access("/dev/cdm1", F_OK) && i < 600; i++) {
		drive(bus_name, "bind");
		usleep(100000);
	}
}

/* Device 1 comes and goes. */
static void binder(int n, uint64_t seed)
{
	(void)n;
	(void)seed;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		usleep(800000);
		drive(bus_name, "unbind");
		usleep(50000);
		bind_again();
	}
}

static int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

static void start_all(pid_t *pids, uint64_t seed)
{
	pid_t dead = start(victim, 0, seed);

	pids[NR_WORKERS] = start(victim, 0, seed);
	pidfds[nr_pidfds++] = -1;
	pidfds[nr_pidfds++] = -1;
	pidfds[nr_pidfds++] = pidfd_of(pids[NR_WORKERS]);
	pidfds[nr_pidfds++] = pidfd_of(dead);
	pidfds[nr_pidfds++] = report[1];
	pidfds[nr_pidfds++] = 12345;
	kill(dead, SIGKILL);
	waitpid(dead, NULL, 0);
	pids[NR_WORKERS + 1] = start(binder, 0, 0);
	for (int i = 0; i < NR_WORKERS; i++)
		pids[i] = start(worker, i, seed + i + 1);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000UL + t.tv_nsec / 1000000;
}

static unsigned long counts[NR_REQUESTS][NR_ERRNO];
static unsigned int bad[4096];		/* how often what a line says did not hold */

static void read_reports(int timeout)
{
	struct pollfd p = { report[0], POLLIN, 0 };
	struct met met[64];
	ssize_t n;

	if (poll(&p, 1, timeout) <= 0)
		return;
	n = read(report[0], met, sizeof(met));
	for (size_t i = 0; n > 0 && i < n / sizeof(*met); i++) {
		counts[met[i].request][met[i].error]++;
		if (met[i].bad && !bad[met[i].bad]++)
			printf("# %s: error %d, see line %u\n", requests[met[i].request].name,
			       met[i].error, met[i].bad);
	}
}

static void run(unsigned long seconds, uint64_t seed)
{
	pid_t pids[NR_WORKERS + 2], pid;
	uint64_t end = now_ms() + seconds * 1000, kill_at = 0;
	int deaths = 0, status;

	start_all(pids, seed);
	while (now_ms() < end) {
		read_reports(100);
		if (now_ms() > kill_at) {
			kill(pids[any(NR_WORKERS)], SIGKILL);
			kill_at = now_ms() + 500;
		}
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			for (int i = 0; i < NR_WORKERS; i++)
				if (pids[i] == pid)
					pids[i] = start(worker, i, seed + 1000 * ++deaths + i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		kill(pids[i], SIGKILL);
	close(report[1]);
	while (waitpid(-1, &status, WNOHANG) >= 0)
		read_reports(10);
	printf("# %d workers ended before that, killed or by lost memory\n", deaths);
}

static int results, failures;

static void result(bool good, const char *what, const char *which)
{
	failures += !good;
	printf("%s %d - %s%s\n", good ? "ok" : "not ok", ++results, which, what);
}

static void tell(void)
{
	unsigned long pairs = 0, all = 0;
	char what[64];

	for (int r = 0; r < NR_REQUESTS; r++) {
		printf("# %s:", requests[r].name);
		for (int e = 0; e < NR_ERRNO; e++) {
			if (!counts[r][e])
				continue;
			pairs++;
			all += counts[r][e];
			printf(" %s %lu", e ? strerrorname_np(e) : "done", counts[r][e]);
		}
		printf("\n");
		for (int i = 0; !i || requests[r].documented[i]; i++) {
			int e = requests[r].documented[i];

			snprintf(what, sizeof(what), ": %s", e ? strerrorname_np(e) : "done");
			result(counts[r][e], what, requests[r].name);
		}
	}
	printf("# %lu requests, %lu pairs of request and error\n", all, pairs);
}

/* Nobody is left: the devices are as they were. */
static void check_device(const char *path)
{
	union arg arg = { .inject = { .size = sizeof(arg.inject), .kind = CDM_INJECT_RESET } };
	int fd = open(path, O_RDWR | O_CLOEXEC);

	result(!ioctl(fd, CDM_INJECT, &arg), ": is reset", path);
	arg.info = (struct cdm_info){ .size = sizeof(arg.info) };
	result(!ioctl(fd, CDM_INFO, &arg) && !arg.info.pages_used &&
	       !arg.info.pages_quarantined && arg.info.state == CDM_STATE_ONLINE,
	       ": is empty and online", path);
	close(fd);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL);
	union arg arg = { .info = { .size = sizeof(arg.info) } };
	int fd = open("/dev/cdm0", O_RDWR | O_CLOEXEC);
	size_t wrong = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 || ioctl(fd, CDM_INFO, &arg) || pipe2(report, O_CLOEXEC) ||
	    !realpath("/sys/class/cdm/cdm1/device", bus_name)) {
		fprintf(stderr, "usage: fuzz-ioctl SECONDS [SEED], with two devices\n");
		return 2;
	}
	device_bytes = arg.info.bytes;
	close(fd);
	printf("# seed %lu\n", seed);
	state = seed;
	run(strtoul(argv[1], NULL, 0), seed);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		wrong += bad[i];
	result(!wrong, "counts add up, and errors are those of the request", "");
	tell();
	bind_again();
	check_device("/dev/cdm0");
	check_device("/dev/cdm1");
	result(!system("modprobe -r cdm"), "the driver can be unloaded", "");
	printf("1..%d\n", results);
	return failures != 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Each way that memory goes to a device, comes home, or meets a device that comes or goes,
 * while one allocation of the kernel fails: the first, then the second, and so on until all is
 * done without (/proc/self/fail-nth, failslab and fail_page_alloc). And the same with the
 * faults that the driver injects.
 *
 *	fail-nth [OPERATION...]		all, or some by name
 *
 * After each, data are what they were, what the counters say is what page tables hold, and
 * once the process is gone nothing is left on a device. Prints TAP. A device of 4 MiB, cdm2, if
 * there is one, is filled to have others make room.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/cdm.h>

#include "drive.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE	4096UL
#define HUGE	(2UL << 20)
#define PAGES	37UL
#define NR_DEV	3
#define SMALL	2		/* the device that gets full */
#define CGROUP	"/sys/fs/cgroup/fail-nth"
#define KPF_DEVICE_HOST	27

/* Exit codes of an attempt */
enum { INJECTED = 10, REFUSED, DONE, WRONG };

static int device[NR_DEV];
static char *memory;		/* of this attempt: @pages of them */
static unsigned long pages;
static int nth = -1;		/* /proc/self/fail-nth */
static char bus_name[PATH_MAX];	/* of device 0 */

/* What does not hold, told where it is seen; the attempt ends. */
#define NEED(condition) do {							\
	if (!(condition)) {							\
		printf("# line %d: " #condition " (errno %d)\n", __LINE__, errno); \
		fflush(stdout);							\
		_exit(WRONG);							\
	}									\
} while (0)

/* Memory */

static void fill(void)
{
	for (unsigned long i = 0; i < pages; i++)
		for (unsigned long w = 0; w < PAGE / 8; w++)
			((uint64_t *)(memory + i * PAGE))[w] = i << 32 | w;
}

static bool good(unsigned long first, unsigned long end)
{
	for (unsigned long i = first; i < end; i++)
		for (unsigned long w = 0; w < PAGE / 8; w++)
			if (((uint64_t *)(memory + i * PAGE))[w] != (i << 32 | w))
				return false;
	return true;
}

static bool all_good(void)
{
	return good(0, pages);
}

static bool all_zero(void)
{
	for (unsigned long w = 0; w < pages * PAGE / 8; w++)
		if (((uint64_t *)memory)[w])
			return false;
	return true;
}

static int migrate(int i, enum cdm_direction direction, __u32 flags, struct cdm_migrate *m)
{
	__u64 sum;

	*m = (struct cdm_migrate) {
		.size = sizeof(*m), .addr = (uintptr_t)memory, .len = pages * PAGE, .pidfd = -1,
		.direction = direction, .flags = flags,
	};
	if (ioctl(device[i], CDM_MIGRATE, m))
		return -errno;
	sum = m->migrated + m->already;
	for (int f = 0; f < CDM_FAIL_SLOTS; f++)
		sum += m->failed[f];
	NEED(sum == pages && m->requested == pages);
	return 0;
}

static int in(void)
{
	struct cdm_migrate m;

	return migrate(0, CDM_TO_DEVICE, 0, &m);
}

static int out(void)
{
	struct cdm_migrate m;

	return migrate(0, CDM_TO_RAM, 0, &m);
}

static int populate(void)
{
	struct cdm_migrate m;

	return migrate(0, CDM_TO_DEVICE, CDM_MIGRATE_POPULATE, &m);
}

static void map(size_t len, int flags)
{
	char *p = mmap(NULL, len + HUGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	NEED(p != MAP_FAILED);
	memory = (char *)(((uintptr_t)p + HUGE - 1) & -HUGE);
	pages = len / PAGE;
}

static void some_ram(void)
{
	map(PAGES * PAGE, MAP_PRIVATE);
	NEED(!madvise(memory, pages * PAGE, MADV_NOHUGEPAGE));
	fill();
}

static void some_holes(void)
{
	map(PAGES * PAGE, MAP_PRIVATE);
}

static void huge_ram(void)
{
	map(HUGE, MAP_PRIVATE);
	NEED(!madvise(memory, HUGE, MADV_HUGEPAGE));
	fill();
}

static void shared_ram(void)
{
	map(PAGES * PAGE, MAP_SHARED);
	fill();
}

static void to_device(void)
{
	struct cdm_migrate m;

	NEED(!migrate(0, CDM_TO_DEVICE, 0, &m) && m.migrated == pages);
}

static void some_there(void)
{
	some_ram();
	to_device();
}

static void huge_there(void)
{
	huge_ram();
	to_device();
}

/* Where a huge page could be */
static void some_of_many_there(void)
{
	struct cdm_migrate m;

	map(HUGE, MAP_PRIVATE);
	NEED(!madvise(memory, HUGE, MADV_NOHUGEPAGE));
	fill();
	pages = PAGES;
	NEED(!migrate(0, CDM_TO_DEVICE, 0, &m) && m.migrated == PAGES);
	pages = HUGE / PAGE;
	NEED(!madvise(memory, HUGE, MADV_HUGEPAGE));
}

static void shared_there(void)
{
	shared_ram();
	to_device();
}

/* Files */

static void set(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("# %s: %s\n", path, strerror(errno));
	close(fd);
}

static long number(const char *path, const char *key)
{
	char line[256];
	long value = -1;
	FILE *f = fopen(path, "re");

	while (f && value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			sscanf(line + strlen(key), "%*[: \t]%ld", &value);
	if (f)
		fclose(f);
	return value;
}

static long number_in(const char *path)
{
	long value = -1;
	FILE *f = fopen(path, "re");

	if (f && fscanf(f, "%ld", &value) != 1)
		value = -1;
	if (f)
		fclose(f);
	return value;
}

static long used(void)
{
	long sum = 0;

	for (int i = 0; i < NR_DEV; i++) {
		struct cdm_info info = { .size = sizeof(info) };

		if (device[i] >= 0 && !ioctl(device[i], CDM_INFO, &info))
			sum += info.pages_used;
	}
	return sum;
}

/* In the memory of this attempt, by its page tables */
static long walked(void)
{
	int map = open("/proc/self/pagemap", O_RDONLY), kpf = open("/proc/kpageflags", O_RDONLY);
	uint64_t entry, flags;
	long found = 0;

	for (unsigned long i = 0; i < pages; i++) {
		off_t at = ((uintptr_t)memory / PAGE + i) * 8;

		if (pread(map, &entry, 8, at) != 8 || !(entry >> 63))
			continue;
		entry &= (1ULL << 55) - 1;
		if (pread(kpf, &flags, 8, entry * 8) == 8)
			found += flags >> KPF_DEVICE_HOST & 1;
	}
	close(map);
	close(kpf);
	return found;
}

static void nap(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* What is freed a moment late, by RCU or when a huge page is split, gets its time. */
static bool counted(long others)
{
	long rss, walk, all, vm;

	for (int i = 0; i < 1000; i++) {
		rss = number("/proc/self/status", "RssDevHost") / 4;
		walk = walked();
		all = used();
		vm = number("/proc/vmstat", "nr_device_host");
		if (rss == walk && all == walk + others && vm == all)
			return true;
		nap(10);
	}
	printf("# status %ld, page tables %ld, devices %ld, vmstat %ld, others have %ld\n", rss, walk,
	       all, vm, others);
	return false;
}

static bool nothing_left(void)
{
	for (int i = 0; i < 1000; i++) {
		if (!used() && !number("/proc/vmstat", "nr_device_host"))
			return true;
		nap(10);
	}
	printf("# %ld pages are left on devices\n", used());
	return false;
}

/* Operations. They return 0 or -errno, and the memory is to be as it was. */

static int evict(void)
{
	struct cdm_evict e = { .size = sizeof(e), .timeout_ms = 200 };

	return ioctl(device[0], CDM_EVICT, &e) ? -errno : 0;
}

static int fork_one(void)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(all_good() ? 0 : 1);
	NEED(waitpid(pid, &status, 0) == pid && !status);
	return 0;
}

static pid_t sharer;

static void start_sharer(void)
{
	sharer = fork();
	NEED(sharer >= 0);
	if (!sharer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
}

static void some_shared_there(void)
{
	some_there();
	start_sharer();
}

static void huge_shared_there(void)
{
	huge_there();
	start_sharer();
}

/* Writes what is there already. */
static int cow(void)
{
	for (unsigned long i = 0; i < pages; i++)
		*(volatile uint64_t *)(memory + i * PAGE) = i << 32;
	return 0;
}

static void end_sharer(void)
{
	if (!sharer)
		return;
	kill(sharer, SIGKILL);
	waitpid(sharer, NULL, 0);
}

static int protect_part(void)
{
	if (mprotect(memory + 3 * PAGE, 5 * PAGE, PROT_READ))
		return -errno;
	return 0;
}

static int unmap_part(void)
{
	if (munmap(memory + (pages - 9) * PAGE, 9 * PAGE))
		return -errno;
	pages -= 9;
	return 0;
}

static int unmap_all(void)
{
	if (munmap(memory, pages * PAGE))
		return -errno;
	pages = 0;
	return 0;
}

static int move_away(void)
{
	char *to = (char *)0x20000000000, *p = mremap(memory, pages * PAGE, pages * PAGE,
						      MREMAP_MAYMOVE | MREMAP_FIXED, to);

	if (p == MAP_FAILED)
		return -errno;
	memory = p;
	return 0;
}

/* For I/O as long as it likes, so that they have to be in RAM. */
static int pin(void)
{
	struct io_uring_params params = { 0 };
	struct iovec buffer = { .iov_base = memory, .iov_len = pages * PAGE };
	int ring = syscall(SYS_io_uring_setup, 1, &params), ret = 0;

	if (ring < 0)
		return -errno;
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1))
		ret = -errno;
	else
		NEED(!walked());
	close(ring);
	return ret;
}

static int engine(void)
{
	struct cdm_engine e = {
		.size = sizeof(e), .op = CDM_ENGINE_ADD64, .addr = (uintptr_t)memory,
		.len = pages * PAGE, .pidfd = -1, .value = 5,
	};

	if (ioctl(device[0], CDM_ENGINE, &e))
		return -errno;
	for (unsigned long w = 0; w < pages * PAGE / 8; w++)
		((uint64_t *)memory)[w] -= 5;
	return 0;
}

static int open_again(void)
{
	int fd = open("/dev/cdm0", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int collapse(void)
{
	return madvise(memory, pages * PAGE, 25 /* MADV_COLLAPSE */) ? -errno : 0;
}

static int page_out(void)
{
	return madvise(memory, pages * PAGE, MADV_PAGEOUT) ? -errno : 0;
}

static sigjmp_buf lost;

static void on_bus(int signal)
{
	(void)signal;
	siglongjmp(lost, 1);
}

static bool is_lost(unsigned long page)
{
	if (sigsetjmp(lost, 1))
		return true;
	(void)*(volatile char *)(memory + page * PAGE);
	return false;
}

static int inject(int i, __u32 kind, __u64 arg, __u64 len)
{
	struct cdm_inject request = {
		.size = sizeof(request), .kind = kind, .arg = arg, .len = len,
	};

	return ioctl(device[i], CDM_INJECT, &request) ? -errno : 0;
}

/* All of the device, so of the memory; others are told by a signal, too early to be of use. */
static int lose(void)
{
	struct cdm_info info = { .size = sizeof(info) };
	int ret;

	NEED(!ioctl(device[0], CDM_INFO, &info));
	signal(SIGBUS, on_bus);
	ret = inject(0, CDM_INJECT_LOSE, 0, info.bytes);
	if (ret)
		return ret;
	for (unsigned long i = 0; i < pages; i++)
		NEED(is_lost(i));
	pages = 0;
	return 0;
}

static int reset(void)
{
	return inject(0, CDM_INJECT_RESET, 0, 0);
}

/* There is room for little more than what is there. */
static void at_the_limit(void)
{
	char max[32];

	some_there();
	snprintf(max, sizeof(max), "%ld", number_in(CGROUP "/memory.current") + (256 << 10));
	set(CGROUP "/memory.max", max);
}

static bool above_the_limit(void)
{
	set(CGROUP "/memory.max", "max");
	return all_good();
}

/* Something of another process fills the small device: it has to make room. */
static int make_room(void)
{
	struct cdm_migrate m;

	return migrate(SMALL, CDM_TO_DEVICE, 0, &m);
}

static int unbind(void)
{
	return drive(bus_name, "unbind");
}

static int bind(void)
{
	return drive(bus_name, "bind");
}

static bool is_bound(void)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/driver", bus_name);
	return !access(path, F_OK);
}

/* Also where it is bound again before it is free of pages of before */
static void bound(bool wanted)
{
	for (int i = 0; is_bound() != wanted && i < 600; i++) {
		drive(bus_name, wanted ? "bind" : "unbind");
		if (is_bound() != wanted)
			nap(100);
	}
	NEED(is_bound() == wanted);
	close(device[0]);
	device[0] = -1;
	for (int i = 0; wanted && device[0] < 0 && i < 600; i++) {
		device[0] = open("/dev/cdm0", O_RDWR | O_CLOEXEC);
		if (device[0] < 0)
			nap(10);
	}
	NEED(!wanted || device[0] >= 0);
}

static void without_driver(void)
{
	bound(false);
	map(PAGE, MAP_PRIVATE);
	fill();
}

static void nothing(void)
{
	map(PAGE, MAP_PRIVATE);
	fill();
}

static const struct {
	const char *name;
	void (*prepare)(void);
	int (*run)(void);
	bool (*check)(void);		/* of the memory, afterwards */
	int errors[4];			/* that it may return, beside ENOMEM */
} operations[] = {
	{ "in", some_ram, in, all_good, { 0 } },
	{ "out", some_there, out, all_good, { 0 } },
	{ "populate", some_holes, populate, all_zero, { 0 } },
	{ "huge in", huge_ram, in, all_good, { 0 } },
	{ "huge out", huge_there, out, all_good, { 0 } },
	{ "shmem in", shared_ram, in, all_good, { 0 } },
	{ "shmem out", shared_there, out, all_good, { 0 } },
	{ "evict", some_there, evict, all_good, { EBUSY } },
	{ "evict huge", huge_there, evict, all_good, { EBUSY } },
	{ "evict shmem", shared_there, evict, all_good, { EBUSY } },
	{ "make room", some_ram, make_room, all_good, { 0 } },
	{ "out at the limit", at_the_limit, out, above_the_limit, { 0 } },
	{ "fork", some_there, fork_one, all_good, { EAGAIN } },
	{ "fork huge", huge_there, fork_one, all_good, { EAGAIN } },
	{ "cow", some_shared_there, cow, all_good, { 0 } },
	{ "cow huge", huge_shared_there, cow, all_good, { 0 } },
	{ "mprotect huge", huge_there, protect_part, all_good, { 0 } },
	{ "munmap part of huge", huge_there, unmap_part, all_good, { 0 } },
	{ "munmap", some_there, unmap_all, all_good, { 0 } },
	{ "mremap", some_there, move_away, all_good, { 0 } },
	{ "mremap huge", huge_there, move_away, all_good, { 0 } },
	{ "pin", some_there, pin, all_good, { EFAULT, EAGAIN } },
	{ "pin huge", huge_there, pin, all_good, { EFAULT, EAGAIN } },
	{ "pin shmem", shared_there, pin, all_good, { EFAULT, EAGAIN } },
	{ "engine", some_there, engine, all_good, { EFAULT } },
	{ "collapse", some_of_many_there, collapse, all_good, { EINVAL, EAGAIN, EBUSY } },
	{ "page out", some_there, page_out, all_good, { 0 } },
	{ "open", nothing, open_again, all_good, { 0 } },
	{ "lose", some_there, lose, NULL, { 0 } },
	{ "lose huge", huge_there, lose, NULL, { 0 } },
	{ "lose shmem", shared_there, lose, NULL, { 0 } },
	{ "reset", some_there, reset, all_good, { 0 } },
	{ "unbind", some_there, unbind, all_good, { 0 } },
	{ "unbind huge", huge_there, unbind, all_good, { 0 } },
	{ "unbind shmem", shared_there, unbind, all_good, { 0 } },
	/* EBUSY: a range that cannot be claimed says no more than that. */
	{ "bind", without_driver, bind, all_good, { EBUSY, ENODEV, EINVAL, EAGAIN } },
};

static bool may_return(size_t op, int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(operations[op].errors); i++)
		if (operations[op].errors[i] == error)
			return true;
	return error == ENOMEM;
}

static void arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	NEED(pwrite(nth, text, len, 0) == len);
}

static unsigned int armed(void)
{
	char text[16] = "";

	NEED(pread(nth, text, sizeof(text) - 1, 0) > 0);
	return strtoul(text, NULL, 10);
}

/* In a process of its own, with the @n-th allocation failing */
static void attempt(size_t op, unsigned int n, long others)
{
	unsigned int left;
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	operations[op].prepare();
	arm(n);
	ret = operations[op].run();
	left = armed();
	arm(0);
	end_sharer();
	if (ret && !may_return(op, -ret)) {
		printf("# error %d is none that it may return\n", -ret);
		_exit(WRONG);
	}
	NEED(!operations[op].check || operations[op].check());
	/* Something of it may be home now, so it is not as before. */
	if (operations[op].run != make_room)
		NEED(counted(others));
	_exit(left ? DONE : ret ? REFUSED : INJECTED);
}

static int run_attempt(size_t op, unsigned int n)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		attempt(op, n, used());
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status))
		printf("# ended by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
}

/* TAP */

static int results, failures;

static void result(bool is_good, const char *what, const char *how)
{
	failures += !is_good;
	printf("%s %d - %s%s\n", is_good ? "ok" : "not ok", ++results, what, how);
}

/* Everything may fail, also what waits for memory, and pages of processes. */
static bool prepare_faults(void)
{
	if (access("/proc/self/fail-nth", W_OK) || access("/sys/kernel/debug/failslab", F_OK))
		return false;
	set("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	set("/sys/kernel/debug/failslab/verbose", "0");
	set("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	set("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	set("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	set("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	return true;
}

/* A process that fills the small device, and says whether its data are well. */
static pid_t filler;
static int tell[2], told[2];

static void start_filler(void)
{
	char c;

	NEED(!pipe2(tell, O_CLOEXEC) && !pipe2(told, O_CLOEXEC));
	filler = fork();
	NEED(filler >= 0);
	if (filler) {
		NEED(read(told[0], &c, 1) == 1);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(tell[1]);
	map(4 * HUGE / 2, MAP_PRIVATE);
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	fill();
	do {
		struct cdm_migrate m;

		migrate(SMALL, CDM_TO_DEVICE, 0, &m);
		c = all_good();
		NEED(write(told[1], &c, 1) == 1);
	} while (read(tell[0], &c, 1) == 1);
	_exit(0);
}

/* Fills it again. */
static bool filler_is_well(void)
{
	char c = 0;

	return write(tell[1], &c, 1) == 1 && read(told[0], &c, 1) == 1 && c;
}

static void end_filler(void)
{
	kill(filler, SIGKILL);
	waitpid(filler, NULL, 0);
	filler = 0;
}

/* Until it is done without a failure, and what is left then */
static void fail_each(size_t op)
{
	bool room = operations[op].run == make_room, well = true;
	unsigned int n, refused = 0;
	char how[96];
	int code = INJECTED;
	time_t began = time(NULL);

	if (room)
		start_filler();
	for (n = 1; code == INJECTED || code == REFUSED; n++) {
		code = run_attempt(op, n);
		refused += code == REFUSED;
		inject(0, CDM_INJECT_RESET, 0, 0);
		bound(true);
		set(CGROUP "/memory.max", "max");
		well = room ? filler_is_well() : nothing_left();
		if (!well)
			break;
	}
	if (room)
		end_filler();
	snprintf(how, sizeof(how), ": %u failures, %u refused it, %ld s", n - 2, refused,
		 (long)(time(NULL) - began));
	if (code != DONE)
		printf("# at allocation %u\n", n - 1);
	result(code == DONE && well && nothing_left(), operations[op].name, how);
}

/* What the driver's own faults do: all counted, and nothing but what was asked for. */

static void wants(__u64 migrated, __u64 refused, struct cdm_migrate *m)
{
	if (m->migrated != migrated || m->failed[CDM_FAIL_ALLOC] != refused)
		printf("# wanted %llu and %llu, got %llu and %llu\n", migrated, refused, m->migrated,
		       m->failed[CDM_FAIL_ALLOC]);
	NEED(m->migrated == migrated && m->failed[CDM_FAIL_ALLOC] == refused);
}

static void no_page(void (*prepare)(void), __u64 n)
{
	struct cdm_migrate m;

	prepare();
	NEED(!inject(0, CDM_INJECT_FAIL_ALLOC, n, 0));
	NEED(!migrate(0, CDM_TO_DEVICE, 0, &m));
	if (n > pages)
		n = pages;
	/* A huge page is one allocation, and then its pages are. */
	if (pages == HUGE / PAGE)
		n--;
	wants(pages - n, n, &m);
	NEED(all_good() && counted(0));
	NEED(!inject(0, CDM_INJECT_NONE, 0, 0));
	NEED(!migrate(0, CDM_TO_DEVICE, 0, &m));
	NEED(m.migrated + m.already == pages);
	NEED(!migrate(0, CDM_TO_RAM, 0, &m) && m.migrated == pages);
	NEED(all_good() && counted(0));
}

static void hangs(void (*prepare)(void))
{
	struct cdm_migrate m;

	prepare();
	NEED(!inject(0, CDM_INJECT_HANG, 30000, 0));
	NEED(migrate(0, CDM_TO_DEVICE, 0, &m) == -EIO);
	NEED(all_good() && counted(0));
	NEED(!inject(0, CDM_INJECT_NONE, 0, 0));
	to_device();
	NEED(!inject(0, CDM_INJECT_HANG, 30000, 0));
	/* Home it is always let go. */
	NEED(!migrate(0, CDM_TO_RAM, 0, &m) && m.migrated == pages);
	NEED(all_good() && counted(0));
	NEED(!inject(0, CDM_INJECT_NONE, 0, 0));
}

static void slow(void (*prepare)(void))
{
	prepare();
	NEED(!inject(0, CDM_INJECT_DELAY, 500, 0));
	to_device();
	NEED(all_good() && counted(0));
	NEED(!out() && all_good() && counted(0));
	NEED(!inject(0, CDM_INJECT_NONE, 0, 0));
}

static void faults_of(void (*prepare)(void))
{
	static const __u64 some[] = { 1, 2, 5, PAGES - 1, PAGES, PAGES + 1 };

	for (size_t i = 0; i < ARRAY_SIZE(some); i++)
		no_page(prepare, some[i]);
	hangs(prepare);
	slow(prepare);
}

static void driver_faults(const char *name, void (*prepare)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		faults_of(prepare);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	result(!status && nothing_left(), "faults of the driver: ", name);
}

/* Once nobody is in it; what memory.stat has may be late by two seconds. */
static bool cgroup_is_empty(void)
{
	for (int i = 0; i < 600; i++) {
		if (!number(CGROUP "/memory.stat", "device_host"))
			return true;
		nap(20);
	}
	return false;
}

static bool is_wanted(int argc, char **argv, const char *name)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

static void skip(const char *what, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++results, what, why);
}

static void fail_all(int argc, char **argv)
{
	if (!prepare_faults()) {
		skip("failing allocations", "no CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		if (!is_wanted(argc, argv, operations[i].name))
			continue;
		if (operations[i].run == make_room && device[SMALL] < 0)
			skip(operations[i].name, "no third device to fill");
		else
			fail_each(i);
	}
}

/*
 * The kernel writes to the area of rseq(2) when a process runs again: if it has no memory for a
 * copy of that page, which is shared after fork(), that is SIGSEGV.
 */
static void without_rseq(char **argv)
{
	if (getenv("GLIBC_TUNABLES"))
		return;
	setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
	execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	without_rseq(argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; i < NR_DEV; i++) {
		char path[16];

		snprintf(path, sizeof(path), "/dev/cdm%d", i);
		device[i] = open(path, O_RDWR | O_CLOEXEC);
		NEED(device[i] >= 0 || i == SMALL);
	}
	NEED(realpath("/sys/class/cdm/cdm0/device", bus_name));
	mkdir(CGROUP, 0755);
	set(CGROUP "/cgroup.procs", "0");
	if (is_wanted(argc, argv, "driver")) {
		driver_faults("memory", some_ram);
		driver_faults("huge page", huge_ram);
		driver_faults("shmem", shared_ram);
	}
	fail_all(argc, argv);
	result(cgroup_is_empty(), "nothing is charged", "");
	set("/sys/fs/cgroup/cgroup.procs", "0");
	printf("1..%d\n", results);
	return failures != 0;
}

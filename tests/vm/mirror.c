// SPDX-License-Identifier: GPL-2.0
/*
 * Has its memory moved to and fro by test_hmm's device DEVICE, and says as JSON what came
 * of it: by what the requests returned, and by HMM's own look at each page before and
 * after. It waits for a line on standard input first, and for its end before it ends.
 * Lines other than "go" are single steps, see step(), which may use a second device OTHER.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <linux/io_uring.h>

#include "hmm_dmirror.h"

#define PAGE	4096UL
#define PAGES	2000
#define TOUCHED	1409		/* from the first on */
#define PINNED	7		/* of these the last */
#define HOLES	61		/* behind the touched ones */

#define ON_DEVICE(state)		((state) >= 0x20 && (state) < 0x60)
#define ON_THIS(state)		(((state) & 0xf0) == 0x20 || ((state) & 0xf0) == 0x40)
#define CHUNK	64		/* pages that a storm moves at once */

static int device, other = -1;
static char **arguments;
static char *memory;
static unsigned char before[PAGES], after[PAGES], copy[PAGES * PAGE];

static __u64 request(unsigned long what, unsigned long first, unsigned long pages, void *result)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (__u64)memory + first * PAGE, .ptr = (__u64)result, .npages = pages,
	};

	/* Pages that stayed in RAM are missing when it reads all those that went to the device. */
	if (ioctl(device, what, &cmd) && errno != ENOENT) {
		perror("mirror: ioctl");
		exit(1);
	}
	return cmd.cpages;
}

static void look(unsigned char *states)
{
	request(HMM_DMIRROR_SNAPSHOT, 0, PAGES, states);
}

/* Prints how many of the pages changed places. Return: what the request returned. */
static __u64 migrate(const char *name, unsigned long what, unsigned long first, unsigned long pages)
{
	unsigned long changed = 0;
	__u64 returned;

	look(before);
	returned = request(what, first, pages, copy);
	look(after);
	for (unsigned long i = 0; i < PAGES; i++)
		changed += ON_DEVICE(before[i]) != ON_DEVICE(after[i]);
	printf("\"%s\":%lu,\"%s_returned\":%llu,", name, changed, name, returned);
	return returned;
}

/* In a pipe's buffers: nobody may move them. */
static void pin(int out)
{
	struct iovec pages = { .iov_base = memory + (TOUCHED - PINNED) * PAGE, .iov_len = PINNED * PAGE };

	if (vmsplice(out, &pages, 1, 0) != (ssize_t)pages.iov_len) {
		perror("mirror: vmsplice");
		exit(1);
	}
}

/* All that the table of reasons has: what it prints is compared with what a tracer saw. */
static void scene(int pipe_in)
{
	int home = 0;

	printf("{\"pid\":%d,\"start\":%lu,", getpid(), (unsigned long)memory);
	pin(pipe_in);
	migrate("in", HMM_DMIRROR_MIGRATE_TO_DEV, 0, TOUCHED - PINNED);
	migrate("in_pinned", HMM_DMIRROR_MIGRATE_TO_DEV, TOUCHED - PINNED, PINNED);
	migrate("filled", HMM_DMIRROR_MIGRATE_TO_DEV, TOUCHED, HOLES);
	migrate("out", HMM_DMIRROR_MIGRATE_TO_SYS, 0, TOUCHED);
	migrate("nothing", HMM_DMIRROR_MIGRATE_TO_SYS, 0, TOUCHED);
	for (int i = 0; i < HOLES; i++)
		memory[(TOUCHED + i) * PAGE] = 2;
	look(after);
	for (int i = 0; i < HOLES; i++)
		home += !ON_DEVICE(after[TOUCHED + i]);
	printf("\"home_by_faults\":%d,", home);
}

/* By the look of that device. */
static unsigned long count_on(int fd)
{
	unsigned long on = 0;
	int first = device;

	if (fd < 0)
		return 0;
	device = fd;
	look(after);
	device = first;
	for (unsigned long i = 0; i < PAGES; i++)
		on += !!ON_THIS(after[i]);
	return on;
}

static void to_other(unsigned long first, unsigned long pages)
{
	int fd = device;

	device = other;
	request(HMM_DMIRROR_MIGRATE_TO_DEV, first, pages, copy);
	device = fd;
}

static unsigned long long wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/*
 * Chunks of the first @pages go to the device, home or, if some are @freed, away, in an order
 * that looks like none, until a line comes. On standard error: when each began and ended, and
 * what was on the device then.
 */
static void storm(unsigned long pages, bool freed)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned long long start;
	unsigned long first;

	for (unsigned int i = 0; !poll(&in, 1, 0); i++) {
		first = i * 7919UL % (pages / CHUNK) * CHUNK;
		start = wall_ns();
		if (freed && i % 5 == 4)
			madvise(memory + first * PAGE, CHUNK * PAGE, MADV_DONTNEED);
		else
			request(i % 3 == 2 ? HMM_DMIRROR_MIGRATE_TO_SYS : HMM_DMIRROR_MIGRATE_TO_DEV,
				first, CHUNK, copy);
		fprintf(stderr, "%llu %llu %lu\n", start, wall_ns(), count_on(device));
		if (freed && i % 5 == 4)
			memset(memory + first * PAGE, 1, CHUNK * PAGE);
	}
}

/* For I/O as long as it likes, so that they have to be in RAM. */
static void pin_for_long(unsigned long first, unsigned long pages)
{
	struct io_uring_params params = { 0 };
	struct iovec buffer = { .iov_base = memory + first * PAGE, .iov_len = pages * PAGE };
	int ring = syscall(SYS_io_uring_setup, 1, &params);

	if (ring < 0 || syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1)) {
		perror("mirror: io_uring");
		exit(1);
	}
}

/*
 * One step, from standard input: "in", "other" (to the second device), "out", "pin" or "free",
 * and which pages; "storm", of how many, and whether some are freed; "empty" (all that is on
 * the device), "fork", or "exec".
 */
static bool step(const char *line)
{
	unsigned long first = 0, pages = 0;
	char what[8];

	if (sscanf(line, "%7s %lu %lu", what, &first, &pages) < 1)
		return false;
	if (!strcmp(what, "in"))
		request(HMM_DMIRROR_MIGRATE_TO_DEV, first, pages, copy);
	else if (!strcmp(what, "other"))
		to_other(first, pages);
	else if (!strcmp(what, "storm"))
		storm(first, pages);
	else if (!strcmp(what, "pin"))
		pin_for_long(first, pages);
	else if (!strcmp(what, "empty"))
		request(HMM_DMIRROR_RELEASE, 0, 1, NULL);
	else if (!strcmp(what, "exec"))
		execv(arguments[0], arguments);
	else if (!strcmp(what, "out"))
		request(HMM_DMIRROR_MIGRATE_TO_SYS, first, pages, copy);
	else if (!strcmp(what, "free"))
		madvise(memory + first * PAGE, pages * PAGE, MADV_DONTNEED);
	else if (!strcmp(what, "fork") && !fork())
		pause();
	else
		return !strcmp(what, "fork");
	return true;
}

/* What is on the device after each step. */
static void steps(char *line, size_t size)
{
	printf("{\"pid\":%d,\"device\":0}\n", getpid());
	do {
		if (!step(line))
			return;
		printf("{\"pid\":%d,\"other\":%lu,\"device\":%lu}\n", getpid(), count_on(other), count_on(device));
		fflush(stdout);
	} while (fgets(line, size, stdin));
}

int main(int argc, char **argv)
{
	char line[64];
	int ends[2];

	arguments = argv;
	device = argc > 1 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	if (argc > 2)
		other = open(argv[2], O_RDWR | O_CLOEXEC);
	memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (device < 0 || memory == MAP_FAILED || pipe(ends)) {
		perror("mirror");
		return 1;
	}
	madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
	memset(memory, 1, TOUCHED * PAGE);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	if (strcmp(line, "go\n")) {
		steps(line, sizeof(line));
		return 0;
	}
	scene(ends[1]);
	close(ends[0]);
	close(ends[1]);
	migrate("in_again", HMM_DMIRROR_MIGRATE_TO_DEV, 0, 64);
	migrate("out_again", HMM_DMIRROR_MIGRATE_TO_SYS, 0, 64);
	printf("\"pinned\":%d,\"holes\":%d,\"pages\":%d}\n", PINNED, HOLES, TOUCHED);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
	return 0;
}

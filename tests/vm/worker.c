// SPDX-License-Identifier: GPL-2.0
/*
 * Does to its own memory what it is told, page for page, and says what came of it.
 * One request a line on standard input, one answer a line, "ok ..." or "failed ...":
 *
 *	map N			N pages, each written to; answers with their address
 *	huge N			N huge pages, likewise
 *	in DEVICE FIRST N	pages to /dev/cdmDEVICE; answers with the number that moved
 *	out DEVICE FIRST N	pages to RAM
 *	write FIRST N		a byte to each page
 *	sum FIRST N		answers with a sum over all that is in them
 *	drop FIRST N		gives pages up, MADV_DONTNEED
 *	race DEVICE FIRST N	to the device, while a thread reads the pages
 *	pin FIRST N		pages in a pipe, by vmsplice(): at most 16
 *	unpin			and out of it
 *	fork			a child that shares the pages and sleeps; answers with its pid
 *	exec			becomes a new worker
 *	storm DEVICE FIRST N	to and fro until it is killed; answers before
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <signal.h>
#include <unistd.h>

#include <linux/cdm.h>

#define PAGE	4096UL
#define HUGE	(512 * PAGE)

static char *memory;

struct request {
	char verb[16];
	unsigned long device, first, pages;
};

static int open_device(unsigned long n)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/cdm%lu", n);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Return: pages that moved, or -1. */
static __attribute__((noinline)) long long migrate(const struct request *r, __u32 direction)
{
	struct cdm_migrate m = {
		.size = sizeof(m), .addr = (unsigned long)memory + r->first * PAGE,
		.len = r->pages * PAGE, .pidfd = -1, .direction = direction,
	};
	int fd = open_device(r->device);
	int ret = ioctl(fd, CDM_MIGRATE, &m);

	close(fd);
	return ret ? -1 : (long long)m.migrated;
}

static void answer(bool good, long long number)
{
	if (good)
		printf("ok %lld\n", number);
	else
		printf("failed %s\n", strerror(errno));
}

/* @huge: in huge pages, or certainly not. */
static void map(unsigned long pages, bool huge)
{
	char *area = mmap(NULL, pages * PAGE + HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memory = (char *)(((unsigned long)area + HUGE - 1) & -HUGE);
	if (area == MAP_FAILED ||
	    madvise(memory, pages * PAGE, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE)) {
		answer(false, 0);
		return;
	}
	for (unsigned long i = 0; i < pages; i++)
		memory[i * PAGE] = i;
	printf("ok %#lx\n", (unsigned long)memory);
}

static __attribute__((noinline)) void write_pages(const struct request *r)
{
	for (unsigned long i = r->first; i < r->first + r->pages; i++)
		((volatile char *)memory)[i * PAGE]++;
	answer(true, r->pages);
}

static void sum_pages(const struct request *r)
{
	const uint64_t *word = (const uint64_t *)(memory + r->first * PAGE);
	const uint64_t *end = word + r->pages * PAGE / sizeof(*word);
	uint64_t sum = 0;

	while (word < end)
		sum = sum * 31 + *word++;
	answer(true, sum >> 1);
}

static volatile bool racing;

static void *read_pages(void *arg)
{
	const struct request *r = arg;
	volatile char *p = memory;

	while (racing)
		for (unsigned long i = r->first; i < r->first + r->pages; i++)
			p[i * PAGE];
	return NULL;
}

static void race(struct request *r)
{
	pthread_t reader;
	long long moved;

	racing = true;
	if (pthread_create(&reader, NULL, read_pages, r)) {
		answer(false, 0);
		return;
	}
	moved = migrate(r, CDM_TO_DEVICE);
	racing = false;
	pthread_join(reader, NULL);
	answer(moved >= 0, moved);
}

static int pipe_ends[2];

static void pin(const struct request *r)
{
	struct iovec pages = { memory + r->first * PAGE, r->pages * PAGE };

	answer(!pipe(pipe_ends) &&
	       vmsplice(pipe_ends[1], &pages, 1, 0) == (ssize_t)pages.iov_len, r->pages);
}

static void unpin(void)
{
	answer(!close(pipe_ends[0]) && !close(pipe_ends[1]), 0);
}

static void fork_sleeper(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(0);
		close(1);
		for (;;)
			pause();
	}
	answer(pid > 0, pid);
}

static void storm(const struct request *r)
{
	answer(true, 0);
	for (;;) {
		migrate(r, CDM_TO_DEVICE);
		migrate(r, CDM_TO_RAM);
	}
}

static void serve(struct request *r)
{
	if (!strcmp(r->verb, "map"))
		map(r->pages, false);
	else if (!strcmp(r->verb, "huge"))
		map(r->pages * (HUGE / PAGE), true);
	else if (!strcmp(r->verb, "in") || !strcmp(r->verb, "out")) {
		long long moved = migrate(r, r->verb[0] == 'i' ? CDM_TO_DEVICE : CDM_TO_RAM);

		answer(moved >= 0, moved);
	} else if (!strcmp(r->verb, "write"))
		write_pages(r);
	else if (!strcmp(r->verb, "sum"))
		sum_pages(r);
	else if (!strcmp(r->verb, "drop"))
		answer(!madvise(memory + r->first * PAGE, r->pages * PAGE, MADV_DONTNEED), r->pages);
	else if (!strcmp(r->verb, "race"))
		race(r);
	else if (!strcmp(r->verb, "pin"))
		pin(r);
	else if (!strcmp(r->verb, "unpin"))
		unpin();
	else if (!strcmp(r->verb, "fork"))
		fork_sleeper();
	else if (!strcmp(r->verb, "exec"))
		execl("/proc/self/exe", "worker", "again", NULL);
	else if (!strcmp(r->verb, "storm"))
		storm(r);
	else
		printf("failed what is '%s'?\n", r->verb);
}

int main(int argc, char **argv)
{
	char line[128];

	/* Line by line, and unbuffered: what is behind an exec must not be read before it. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	if (argc > 1)
		answer(true, getpid());
	while (fgets(line, sizeof(line), stdin)) {
		struct request r = {};
		unsigned long n[3];
		int nr = sscanf(line, "%15s %lu %lu %lu", r.verb, &n[0], &n[1], &n[2]) - 1;

		if (nr == 3)
			r.device = n[0];
		if (nr >= 2)
			r.first = n[nr - 2];
		if (nr >= 1)
			r.pages = n[nr - 1];
		serve(&r);
	}
	return 0;
}

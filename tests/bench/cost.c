// SPDX-License-Identifier: GPL-2.0
/*
 * Cost of memory operations, one line each: NAME VALUE, nanoseconds per
 * operation. Under `cdm-vm --icount` a nanosecond is an instruction, and the
 * figures repeat to a fraction of a percent.
 *
 *   cost core                  fork+exit, faults, munmap of ordinary and shared memory
 *   cost core NAME             the same, NAME before the names of the lines
 *   cost core NAME DEVICE      by a process with a page on a device
 *   cost hmm DEVICE NAME       migration in and out per page, lib/test_hmm
 *   cost cdm DEVICE NAME       the same with the reference driver
 *   cost huge DEVICE NAME      the same with huge pages, per base page
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/cdm.h>
#include <lib/test_hmm_uapi.h>

#define PAGE	4096UL
#define HUGE	(2UL << 20)
#define ROUNDS	5

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static char *map(size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static char *map_file(int fd, size_t pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static char *map_huge(size_t pages)
{
	char *p = map(pages + HUGE / PAGE);

	p += -(uintptr_t)p % HUGE;
	madvise(p, pages * PAGE, MADV_HUGEPAGE);
	return p;
}

static void touch(char *p, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = 1;
}

/* The smallest of some rounds: what disturbs, a timer tick say, only adds. */
static void report(const char *prefix, const char *name, const uint64_t *ns,
		   size_t ops)
{
	uint64_t best = ns[0];

	for (int i = 1; i < ROUNDS; i++)
		if (ns[i] < best)
			best = ns[i];
	printf("%s%s %.2f\n", prefix, name, (double)best / ops);
}

static void fault_and_unmap(char *p, size_t pages, uint64_t *fault_ns, uint64_t *unmap_ns)
{
	uint64_t t = now();

	touch(p, pages);
	*fault_ns = now() - t;
	t = now();
	munmap(p, pages * PAGE);
	*unmap_ns = now() - t;
}

static void core(const char *prefix)
{
	const size_t big = (256UL << 20) / PAGE, small = (64UL << 20) / PAGE;
	uint64_t fork_ns[ROUNDS], fault_ns[ROUNDS], unmap_ns[ROUNDS], t;
	char *p = map(big);

	touch(p, big);
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid;

		t = now();
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
		fork_ns[i] = now() - t;
	}
	munmap(p, big * PAGE);

	for (int i = 0; i < ROUNDS; i++)
		fault_and_unmap(map(small), small, &fault_ns[i], &unmap_ns[i]);
	report(prefix, "fork+exit_per_page", fork_ns, big);
	report(prefix, "anon_fault_4KiB", fault_ns, small);
	report(prefix, "munmap_per_page", unmap_ns, small);
}

/* Pages of a file that are in RAM: one at a time as they are written, around each that is read. */
static void shared(const char *prefix)
{
	const size_t pages = (64UL << 20) / PAGE;
	uint64_t fault_ns[ROUNDS], around_ns[ROUNDS], unmap_ns[ROUNDS], t;
	int fd = memfd_create("cost", 0);

	if (fd < 0 || ftruncate(fd, pages * PAGE))
		die("memfd");
	touch(map_file(fd, pages), pages);
	for (int i = 0; i < ROUNDS; i++) {
		char *p;

		fault_and_unmap(map_file(fd, pages), pages, &fault_ns[i], &unmap_ns[i]);
		p = map_file(fd, pages);
		t = now();
		for (size_t page = 0; page < pages; page++)
			(void)*(volatile char *)(p + page * PAGE);
		around_ns[i] = now() - t;
		munmap(p, pages * PAGE);
	}
	close(fd);
	report(prefix, "shmem_fault_4KiB", fault_ns, pages);
	report(prefix, "shmem_fault_around_per_page", around_ns, pages);
	report(prefix, "shmem_munmap_per_page", unmap_ns, pages);
}

static void hmm(int fd, char *p, size_t pages, int out)
{
	static char mirror[4096 * PAGE];
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)p,
		.ptr = (uintptr_t)mirror,
		.npages = pages,
	};

	if (ioctl(fd, out ? HMM_DMIRROR_MIGRATE_TO_SYS :
			    HMM_DMIRROR_MIGRATE_TO_DEV, &cmd))
		die("test_hmm");
}

static void cdm(int fd, char *p, size_t pages, int out)
{
	struct cdm_migrate m = {
		.size = sizeof(m),
		.addr = (uintptr_t)p,
		.len = pages * PAGE,
		.pidfd = -1,
		.direction = out ? CDM_TO_RAM : CDM_TO_DEVICE,
	};

	if (ioctl(fd, CDM_MIGRATE, &m))
		die("CDM_MIGRATE");
	if (m.migrated != pages) {
		fprintf(stderr, "only %llu of %zu pages moved\n",
			(unsigned long long)m.migrated, pages);
		exit(1);
	}
}

static void migrate(const char *device, const char *name, char *(*get)(size_t),
		    void (*move)(int, char *, size_t, int))
{
	const size_t pages = 4096;
	uint64_t in_ns[ROUNDS], out_ns[ROUNDS], t;
	int fd = open(device, O_RDWR);
	char *p = get(pages);

	if (fd < 0)
		die(device);
	touch(p, pages);
	for (int i = 0; i < ROUNDS; i++) {
		t = now();
		move(fd, p, pages, 0);
		in_ns[i] = now() - t;
		t = now();
		move(fd, p, pages, 1);
		out_ns[i] = now() - t;
	}
	report(name, "_in_per_page", in_ns, pages);
	report(name, "_out_per_page", out_ns, pages);
	close(fd);
}

/* From here on this process is one that has memory on the device. */
static void use(const char *device)
{
	int fd = open(device, O_RDWR);
	char *p = map(1);

	if (fd < 0)
		die(device);
	touch(p, 1);
	cdm(fd, p, 1, 0);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "core"))
		use(argv[3]);
	if (argc >= 2 && argc <= 4 && !strcmp(argv[1], "core")) {
		core(argc > 2 ? argv[2] : "");
		shared(argc > 2 ? argv[2] : "");
	} else if (argc == 4 && !strcmp(argv[1], "hmm")) {
		migrate(argv[2], argv[3], map, hmm);
	} else if (argc == 4 && !strcmp(argv[1], "cdm")) {
		migrate(argv[2], argv[3], map, cdm);
	} else if (argc == 4 && !strcmp(argv[1], "huge")) {
		migrate(argv[2], argv[3], map_huge, cdm);
	} else {
		return fprintf(stderr, "usage: cost core [NAME [DEVICE]] | hmm|cdm|huge DEVICE NAME\n"), 2;
	}
	return 0;
}

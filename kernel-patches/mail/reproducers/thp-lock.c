// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads migrate a huge page that is pinned, and so cannot be split: now and then one
 * finds it locked by the other. When the process is gone, all of them have to be free.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "hmm.h"

#define HUGE	(2UL << 20)
#define COUNT	64
#define ATTEMPTS 200

static char *huge;
static int fd;

static void *migrate(void *unused)
{
	char copy[PAGE];

	for (int i = 0; i < ATTEMPTS; i++) {
		struct hmm_dmirror_cmd cmd = {
			.addr = (uintptr_t)huge, .ptr = (uintptr_t)copy, .npages = 1,
		};

		ioctl(fd, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd);
	}
	return unused;
}

static void one_huge_page(void)
{
	char *all = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec iov;
	pthread_t thread;
	int pin[2];

	huge = (char *)(((uintptr_t)all + HUGE - 1) & -HUGE);
	madvise(huge, HUGE, MADV_HUGEPAGE);
	*huge = 1;
	iov = (struct iovec){ huge + HUGE - PAGE, PAGE };
	if (pipe(pin) || vmsplice(pin[1], &iov, 1, 0) != PAGE)
		err(2, "vmsplice");
	pthread_create(&thread, NULL, migrate, NULL);
	migrate(NULL);
	pthread_join(thread, NULL);
	close(pin[0]);
	close(pin[1]);
	munmap(all, 2 * HUGE);
}

/* How many huge pages there is less room for when another process has done that. */
static long lose_some(void)
{
	long before = number("/proc/meminfo", "MemFree:"), lost = 0;
	int status;

	if (!fork()) {
		fd = coherent();
		for (int i = 0; i < COUNT; i++)
			one_huge_page();
		_exit(0);
	}
	wait(&status);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		errx(2, "the child failed");
	for (int i = 0; i < 10; i++) {		/* what is freed late is not lost */
		lost = (before - number("/proc/meminfo", "MemFree:")) / (long)(HUGE / 1024);
		if (lost < 2)
			break;
		usleep(100000);
	}
	return lost > 0 ? lost : 0;
}

int main(void)
{
	long lost = 0;
	int rounds = 0;

	memory(coherent(), 1);		/* the device has its memory from here on */
	while (rounds++ < 3 && lost < 4)
		lost += lose_some();
	printf("of %d huge pages, %ld are not free again\n", COUNT * (rounds - 1), lost);
	return lost >= 4;
}

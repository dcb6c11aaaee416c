// SPDX-License-Identifier: GPL-2.0
/* Two threads migrate the same huge pages; after that each has to be free again. */
#define _GNU_SOURCE
#include <pthread.h>
#include "hmm.h"

#define HUGE	(2UL << 20)
#define ROUNDS	400

static pthread_barrier_t barrier;
static char *huge;
static int fd;

static void migrate(int from)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)huge + from * PAGE, .npages = 16,
	};
	char buf[16 * PAGE];

	cmd.ptr = (uintptr_t)buf;
	pthread_barrier_wait(&barrier);
	ioctl(fd, HMM_DMIRROR_MIGRATE_TO_DEV, &cmd);
	pthread_barrier_wait(&barrier);
}

static void *other(void *unused)
{
	for (int i = 0; i < ROUNDS; i++)
		migrate(256);
	return unused;
}

int main(void)
{
	char *all = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long before, lost;
	pthread_t thread;

	fd = coherent();
	huge = (char *)(((uintptr_t)all + HUGE - 1) & -HUGE);
	madvise(huge, HUGE, MADV_HUGEPAGE);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, other, NULL);
	before = number("/proc/meminfo", "MemFree:");
	for (int i = 0; i < ROUNDS; i++) {
		*huge = 1;
		migrate(0);
		madvise(huge, HUGE, MADV_DONTNEED);
	}
	pthread_join(thread, NULL);
	lost = (before - number("/proc/meminfo", "MemFree:")) / (long)(HUGE / 1024);
	printf("after %d rounds the room of %ld huge pages is gone\n", ROUNDS, lost);
	return lost >= 8;
}

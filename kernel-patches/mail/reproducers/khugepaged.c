// SPDX-License-Identifier: GPL-2.0
/* The kernel warns once a boot: "tainted" tells, and dmesg has it. */
#define _GNU_SOURCE
#include "hmm.h"

#define HUGE	(2UL << 20)
#define SHMEM	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define WARNED	(1 << 9)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

int main(void)
{
	int fd = coherent(), file = memfd_create("huge", 0);
	char *all = mmap(NULL, 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared, *p = (char *)(((uintptr_t)all + HUGE - 1) & -HUGE);
	long before = number("/proc/sys/kernel/tainted", "");

	if (before & WARNED)
		errx(2, "the kernel has warned already");
	set(SHMEM, "force");
	if (ftruncate(file, HUGE))
		err(2, "ftruncate");
	shared = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	memset(shared, 1, HUGE);		/* a huge page in the page cache */
	set(SHMEM, "never");

	mmap(p, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0);
	madvise(p, HUGE, MADV_HUGEPAGE);
	for (unsigned long i = 0; i < HUGE / PAGE; i++)
		(void)*(volatile char *)(p + i * PAGE);
	p[7 * PAGE] = 2;			/* anonymous now */
	mirror(fd, HMM_DMIRROR_MIGRATE_TO_DEV, p + 7 * PAGE, 1);
	if (!there(fd, p + 7 * PAGE, 1))
		errx(2, "the page did not go to the device");
	madvise(p, HUGE, MADV_COLLAPSE);
	if (!(number("/proc/sys/kernel/tainted", "") & WARNED)) {
		printf("no warning\n");
		return 0;
	}
	printf("the kernel warns, see dmesg\n");
	return 1;
}

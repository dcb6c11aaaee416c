// SPDX-License-Identifier: GPL-2.0
/* mlock, migrate, munlock: "Mlocked:" has to be what it was. */
#define _GNU_SOURCE
#include "hmm.h"

#define PAGES 256

int main(void)
{
	int fd = coherent();
	char *p = memory(-1, PAGES);
	long before = number("/proc/meminfo", "Mlocked:"), after = -1;

	if (mlock(p, PAGES * PAGE))
		err(2, "mlock");
	mirror(fd, HMM_DMIRROR_MIGRATE_TO_DEV, p, PAGES);
	if (there(fd, p, PAGES) != PAGES)
		errx(2, "the pages did not go to the device");
	munlock(p, PAGES * PAGE);
	munmap(p, PAGES * PAGE);
	for (int i = 0; i < 50 && after != before; i++) {
		usleep(100000);
		after = number("/proc/meminfo", "Mlocked:");
	}
	printf("Mlocked: %ld kB before, %ld kB after\n", before, after);
	return after > before;
}

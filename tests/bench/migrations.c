// SPDX-License-Identifier: GPL-2.0
/*
 * migrations DEVICE PAGES SECONDS: moves PAGES pages to DEVICE and back, a call each
 * way, for that time. Prints pages moved a second.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include <linux/cdm.h>

#define PAGE	4096UL

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static unsigned long move(int fd, char *p, size_t pages, int direction)
{
	struct cdm_migrate m = {
		.size = sizeof(m), .addr = (uintptr_t)p, .len = pages * PAGE,
		.pidfd = -1, .direction = direction,
	};

	if (ioctl(fd, CDM_MIGRATE, &m)) {
		perror("migrations: CDM_MIGRATE");
		exit(1);
	}
	return m.migrated;
}

int main(int argc, char **argv)
{
	size_t pages = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = argc == 4 ? open(argv[1], O_RDWR) : -1;
	unsigned long moved = 0;
	double start = now();

	if (p == MAP_FAILED || fd < 0 || madvise(p, pages * PAGE, MADV_NOHUGEPAGE)) {
		fprintf(stderr, "Usage: migrations DEVICE PAGES SECONDS\n");
		return 2;
	}
	memset(p, 1, pages * PAGE);
	do {
		moved += move(fd, p, pages, CDM_TO_DEVICE);
		moved += move(fd, p, pages, CDM_TO_RAM);
	} while (now() - start < atof(argv[3]));
	printf("%.0f\n", moved / (now() - start));
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * migrations DEVICE PAGES SECONDS: moves PAGES pages to DEVICE and back, a call each
 * way, for that time. Prints pages moved a second. DEVICE: of the series' driver, or
 * of test_hmm, which reads what has moved, too; or "node1": NUMA node 1 and back to 0.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/cdm.h>

#define PAGE	4096UL

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* lib/test_hmm_uapi.h of the kernel, which no header package has. */
struct hmm_dmirror_cmd {
	__u64 addr, ptr, npages, cpages, faults;
};
#define HMM_DMIRROR_MIGRATE_TO_DEV	_IOWR('H', 0x02, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_MIGRATE_TO_SYS	_IOWR('H', 0x03, struct hmm_dmirror_cmd)

static char *copy;	/* of what test_hmm reads; NULL: it is not its device */

static unsigned long move_by_hmm(int fd, char *p, size_t pages, int direction)
{
	struct hmm_dmirror_cmd cmd = { .addr = (uintptr_t)p, .ptr = (uintptr_t)copy, .npages = pages };

	if (ioctl(fd, direction == CDM_TO_DEVICE ? HMM_DMIRROR_MIGRATE_TO_DEV :
						   HMM_DMIRROR_MIGRATE_TO_SYS, &cmd)) {
		perror("migrations: HMM_DMIRROR_MIGRATE");
		exit(1);
	}
	return cmd.cpages;
}

static int far;			/* node, 0: it is a device */

static unsigned long move_by_kernel(char *p, size_t pages, int node)
{
	int nodes[pages], status[pages];
	unsigned long moved = 0;
	void *where[pages];

	for (size_t i = 0; i < pages; i++) {
		where[i] = p + i * PAGE;
		nodes[i] = node;
	}
	if (syscall(SYS_move_pages, 0, pages, where, nodes, status, 2 /* MPOL_MF_MOVE */) < 0) {
		perror("migrations: move_pages");
		exit(1);
	}
	for (size_t i = 0; i < pages; i++)
		moved += status[i] == node;
	return moved;
}

static unsigned long move(int fd, char *p, size_t pages, int direction)
{
	struct cdm_migrate m = {
		.size = sizeof(m), .addr = (uintptr_t)p, .len = pages * PAGE,
		.pidfd = -1, .direction = direction,
	};

	if (far)
		return move_by_kernel(p, pages, direction == CDM_TO_DEVICE ? far : 0);
	if (copy)
		return move_by_hmm(fd, p, pages, direction);
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
	int fd;
	unsigned long moved = 0;
	double start = now();

	far = argc == 4 && !strncmp(argv[1], "node", 4) ? atoi(argv[1] + 4) : 0;
	fd = argc != 4 ? -1 : far ? 0 : open(argv[1], O_RDWR);
	if (p == MAP_FAILED || fd < 0 || madvise(p, pages * PAGE, MADV_NOHUGEPAGE)) {
		fprintf(stderr, "Usage: migrations DEVICE PAGES SECONDS\n");
		return 2;
	}
	memset(p, 1, pages * PAGE);
	if (strstr(argv[1], "hmm_dmirror"))
		copy = malloc(pages * PAGE);
	do {
		moved += move(fd, p, pages, CDM_TO_DEVICE);
		moved += move(fd, p, pages, CDM_TO_RAM);
	} while (now() - start < atof(argv[3]));
	printf("%.0f\n", moved / (now() - start));
	return 0;
}

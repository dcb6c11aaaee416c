// SPDX-License-Identifier: GPL-2.0
/*
 * manyprocs N [DEVICE HOLDERS]: N sleeping processes, "ready" on standard output, until
 * it ends. HOLDERS of them have some memory on DEVICE.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/cdm.h>

#define BYTES	(64UL << 10)

static void hold(int fd)
{
	char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct cdm_migrate m = {
		.size = sizeof(m), .addr = (uintptr_t)p, .len = BYTES, .pidfd = -1,
		.direction = CDM_TO_DEVICE,
	};

	if (p == MAP_FAILED) {
		perror("manyprocs");
		_exit(1);
	}
	memset(p, 1, BYTES);
	if (ioctl(fd, CDM_MIGRATE, &m)) {
		perror("manyprocs: CDM_MIGRATE");
		_exit(1);
	}
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	long holders = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
	int fd = argc == 4 ? open(argv[2], O_RDWR) : -1;

	if (n <= 0 || (argc != 2 && fd < 0)) {
		fprintf(stderr, "Usage: manyprocs N [DEVICE HOLDERS]\n");
		return 2;
	}
	while (n--) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("manyprocs: fork");
			return 1;
		}
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (n < holders)
				hold(fd);
			for (;;)
				pause();
		}
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}

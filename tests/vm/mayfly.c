// SPDX-License-Identifier: GPL-2.0
/*
 * mayfly N: N processes that each have a page on /dev/cdm0, and end. Prints how many pages
 * were there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/cdm.h>

#define AT_ONCE	4

/* Return: whether its page moved. */
static int live(int device)
{
	unsigned long page = sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct cdm_migrate m = {
		.size = sizeof(m), .addr = (unsigned long)p, .len = page, .pidfd = -1,
		.direction = CDM_TO_DEVICE,
	};

	if (p == MAP_FAILED)
		return 0;
	*p = 1;
	return !ioctl(device, CDM_MIGRATE, &m) && m.migrated == 1;
}

/* Return: pages that the process that ended had moved. */
static long bury(void)
{
	int status;

	return wait(&status) > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

int main(int argc, char **argv)
{
	int device = open("/dev/cdm0", O_RDWR | O_CLOEXEC);
	long nr = argc > 1 ? atol(argv[1]) : 0, moved = 0;

	for (long i = 0; i < nr; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(live(device));
		if (pid < 0)
			break;
		if (i >= AT_ONCE)
			moved += bury();
	}
	for (int i = 0; i < AT_ONCE && i < nr; i++)
		moved += bury();
	printf("%ld\n", moved);
	return 0;
}

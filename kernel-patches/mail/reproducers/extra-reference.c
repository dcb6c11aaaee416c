// SPDX-License-Identifier: GPL-2.0
/* A page of the device that a pipe has pinned stays, and must not be copied for that. */
#define _GNU_SOURCE
#include <sys/uio.h>
#include "hmm.h"

int main(void)
{
	int fd = coherent(), pin[2];
	char *p = memory(fd, 1);
	struct iovec iov = { p, PAGE };
	unsigned long faults;

	mirror(fd, HMM_DMIRROR_READ, p, 1);
	if (mirror(fd, HMM_DMIRROR_READ, p, 1).faults)
		errx(2, "the device has no mapping of the page");
	if (pipe(pin) || vmsplice(pin[1], &iov, 1, 0) != PAGE)
		err(2, "vmsplice");
	mirror(fd, HMM_DMIRROR_MIGRATE_TO_SYS, p, 1);
	if (!there(fd, p, 1))
		errx(2, "the page was not pinned");
	faults = mirror(fd, HMM_DMIRROR_READ, p, 1).faults;
	printf("the page %s\n", faults ? "was copied, and stayed" : "was left alone");
	return faults > 0;
}

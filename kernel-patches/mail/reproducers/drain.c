// SPDX-License-Identifier: GPL-2.0
/* A page is pinned for a second while the device's memory is taken away. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "hmm.h"

int main(void)
{
	int fd = coherent(), pin[2], status, seconds = 0;
	char *p = memory(fd, 1);
	struct iovec iov = { p, PAGE };
	pid_t child;

	if (pipe(pin) || vmsplice(pin[1], &iov, 1, 0) != PAGE)
		err(2, "vmsplice");
	child = fork();
	if (!child) {
		close(pin[0]);
		close(pin[1]);
		munmap(p, PAGE);
		mirror(fd, HMM_DMIRROR_RELEASE, NULL, 1);
		_exit(0);
	}
	sleep(1);
	close(pin[0]);
	close(pin[1]);		/* nobody has it pinned any more */
	while (seconds < 10 && !waitpid(child, &status, WNOHANG)) {
		sleep(1);
		seconds++;
	}
	if (seconds < 10) {
		printf("the device was empty %d s after the pin was gone\n", seconds);
		return 0;
	}
	kill(child, SIGKILL);
	sleep(1);
	printf("10 s later the task that empties the device hangs, and %s\n",
	       waitpid(child, &status, WNOHANG) ? "can be killed" : "cannot be killed");
	return 1;
}

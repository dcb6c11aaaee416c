// SPDX-License-Identifier: GPL-2.0
/*
 * crowd N: N children that do nothing, until standard input ends. Prints how many
 * there are; fewer than N if the machine has no room for more.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long wanted = argc > 1 ? atol(argv[1]) : 0, n = 0;
	char byte;

	for (; n < wanted; n++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			prctl(PR_SET_NAME, "sleeper");
			close(0);
			close(1);
			for (;;)
				pause();
		}
	}
	printf("%ld\n", n);
	fflush(stdout);
	return read(0, &byte, 1) < 0;
}

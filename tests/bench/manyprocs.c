// SPDX-License-Identifier: GPL-2.0
/* manyprocs N: N sleeping processes, "ready" on standard output, until it ends. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;

	if (n <= 0) {
		fprintf(stderr, "Usage: manyprocs N\n");
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
			for (;;)
				pause();
		}
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}

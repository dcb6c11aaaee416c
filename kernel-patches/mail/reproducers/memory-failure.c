// SPDX-License-Identifier: GPL-2.0
/*
 * Poison for a page on the device. With the defect that is an oops, which kills the child
 * with mf_mutex held: no memory failure is handled until the next boot.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>
#include "hmm.h"

int main(void)
{
	int status;

	if (!fork()) {
		char *p = memory(coherent(), 16);

		if (madvise(p + 7 * PAGE, PAGE, MADV_HWPOISON))
			warn("MADV_HWPOISON is refused, as it should");
		_exit(0);
	}
	wait(&status);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return 2;
	printf("%s\n", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "the child lives");
	return WIFSIGNALED(status) && WTERMSIG(status) != SIGBUS;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * faults N [write]: N page faults, as fast as they come. Prints the ns of CPU of one.
 *
 * They read memory that was never written, so that all get the page of zeros: the
 * cheapest fault there is, no page is allocated. With "write" each allocates a page.
 *
 * While it makes them the process is called "faulting", and has no other page faults.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#define PAGE	4096
#define BYTES	(2 << 20)

static double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void fault(volatile char *p, long n, int write)
{
	for (long i = 0; i < n; i++) {
		if (i % (BYTES / PAGE) == 0)
			madvise((void *)p, BYTES, MADV_DONTNEED);
		if (write)
			p[i * PAGE % BYTES] = 1;
		else
			(void)p[i * PAGE % BYTES];
	}
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	double start, end;

	if (n <= 0 || p == MAP_FAILED || madvise(p, BYTES, MADV_NOHUGEPAGE)) {
		fprintf(stderr, "Usage: faults N [write]\n");
		return 2;
	}
	cpu_ns();				/* what is called later has its pages now */
	fault(p, BYTES / PAGE, argc > 2);
	prctl(PR_SET_NAME, "faulting");
	start = cpu_ns();
	fault(p, n, argc > 2);
	end = cpu_ns();
	prctl(PR_SET_NAME, "faults");
	printf("%.0f\n", (end - start) / n);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * faults N: N page faults, as fast as they come. Prints the ns of one.
 *
 * They read memory that was never written, so that all get the page of zeros: the
 * cheapest fault there is, no page is allocated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE	4096
#define BYTES	(2 << 20)

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	volatile char *p = mmap(NULL, BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	double start = now_ns();

	if (n <= 0 || p == MAP_FAILED || madvise((void *)p, BYTES, MADV_NOHUGEPAGE)) {
		fprintf(stderr, "Usage: faults N\n");
		return 2;
	}
	for (long i = 0; i < n; i++) {
		if (i % (BYTES / PAGE) == 0 && madvise((void *)p, BYTES, MADV_DONTNEED))
			return 1;
		(void)p[i * PAGE % BYTES];
	}
	printf("%.0f\n", (now_ns() - start) / n);
	return 0;
}

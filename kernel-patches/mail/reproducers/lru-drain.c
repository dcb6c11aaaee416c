// SPDX-License-Identifier: GPL-2.0
/* Each write fault on a device page after a fork() drains the LRU caches, for nothing. */
#define _GNU_SOURCE
#include <sys/wait.h>
#include "hmm.h"

#define PAGES	200
#define TRACING	"/sys/kernel/tracing/"

int main(void)
{
	int fd = coherent();
	char *p = memory(fd, PAGES), line[256] = "";
	long drains = -1;
	FILE *f;

	set(TRACING "kprobe_events", "p:drain lru_add_drain");
	set(TRACING "events/kprobes/drain/enable", "1");
	if (!fork())
		_exit(0);
	wait(NULL);
	for (int i = 0; i < PAGES; i++)
		p[i * PAGE] = 7;
	f = fopen(TRACING "kprobe_profile", "r");
	if (f && fgets(line, sizeof(line), f))
		sscanf(line, "%*s %ld", &drains);
	if (f)
		fclose(f);
	set(TRACING "events/kprobes/drain/enable", "0");
	set(TRACING "kprobe_events", "-:drain");
	if (drains < 0)
		errx(2, "no kprobe");
	printf("%d write faults on device pages, %ld drains\n", PAGES, drains);
	return drains >= PAGES;
}

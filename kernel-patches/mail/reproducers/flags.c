// SPDX-License-Identifier: GPL-2.0
/* Pages that were referenced are freed; who gets them next has referenced none. */
#define _GNU_SOURCE
#include <sys/uio.h>
#include "hmm.h"

#define PAGES 128

static long referenced(const char *p)
{
	char line[256], start[32];
	FILE *f = fopen("/proc/self/smaps", "r");
	int ours = 0;
	long kb = -1;

	snprintf(start, sizeof(start), "%lx-", (unsigned long)p);
	while (f && kb < 0 && fgets(line, sizeof(line), f)) {
		ours |= !strncmp(line, start, strlen(start));
		if (ours)
			sscanf(line, "Referenced: %ld", &kb);
	}
	if (f)
		fclose(f);
	return kb;
}

int main(void)
{
	static char copy[PAGES * PAGE];
	int fd = coherent();
	char *p = memory(-1, PAGES);
	struct iovec from = { p, PAGES * PAGE }, to = { copy, PAGES * PAGE };
	long kb;

	/* get_user_pages() marks what it takes. */
	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) != PAGES * PAGE)
		err(2, "process_vm_readv");
	mirror(fd, HMM_DMIRROR_MIGRATE_TO_DEV, p, PAGES);
	if (there(fd, p, PAGES) != PAGES)
		errx(2, "the pages did not go to the device");
	munmap(p, PAGES * PAGE);

	p = memory(-1, PAGES);
	madvise(p, PAGES * PAGE, MADV_DONTDUMP);	/* apart from its neighbours in smaps */
	set("/proc/self/clear_refs", "1");
	mirror(fd, HMM_DMIRROR_MIGRATE_TO_DEV, p, PAGES);
	if (there(fd, p, PAGES) != PAGES)
		errx(2, "the pages did not go to the device");
	kb = referenced(p);
	printf("%ld kB of memory that was not touched since clear_refs are referenced\n", kb);
	return kb > 0;
}

// SPDX-License-Identifier: GPL-2.0
/* Pages that KSM has replaced by the zero page are migrated: then they are none of these. */
#define _GNU_SOURCE
#include "hmm.h"

#define KSM "/sys/kernel/mm/ksm/"
#define PAGES 64

int main(void)
{
	long before, merged = 0, after;
	int fd = coherent();
	char *p = memory(-1, PAGES);

	set(KSM "use_zero_pages", "1");
	before = number(KSM "ksm_zero_pages", "");
	if (before < 0)
		errx(2, "no ksm_zero_pages: it is of Linux 6.6");
	memset(p, 0, PAGES * PAGE);
	madvise(p, PAGES * PAGE, MADV_MERGEABLE);
	set(KSM "pages_to_scan", "10000");
	set(KSM "sleep_millisecs", "0");
	set(KSM "run", "1");
	for (int i = 0; i < 300 && merged < PAGES; i++) {
		usleep(100000);
		merged = number(KSM "ksm_zero_pages", "") - before;
	}
	set(KSM "run", "0");
	if (merged != PAGES)
		errx(2, "KSM put the zero page at %ld of %d", merged, PAGES);

	mirror(fd, HMM_DMIRROR_MIGRATE_TO_DEV, p, PAGES);
	if (there(fd, p, PAGES) != PAGES)
		errx(2, "the pages did not go to the device");
	after = number(KSM "ksm_zero_pages", "") - before;
	printf("%ld zero pages of KSM, all migrated: %ld remain\n", merged, after);
	return after > 0;
}

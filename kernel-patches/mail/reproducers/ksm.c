// SPDX-License-Identifier: GPL-2.0
/* One of 64 merged pages is migrated. The other 63 have to stay. */
#define _GNU_SOURCE
#include "hmm.h"

#define KSM "/sys/kernel/mm/ksm/"

int main(void)
{
	int fd = coherent();
	char *p = memory(-1, 64);
	unsigned long moved;

	for (int i = 0; i < 64; i++)
		memset(p + i * PAGE, 0x5a, PAGE);
	madvise(p, 64 * PAGE, MADV_MERGEABLE);
	set(KSM "pages_to_scan", "10000");
	set(KSM "sleep_millisecs", "0");
	set(KSM "run", "1");
	for (int i = 0; i < 300 && number(KSM "pages_sharing", "") < 63; i++)
		usleep(100000);
	set(KSM "run", "0");
	if (number(KSM "pages_sharing", "") < 63)
		errx(2, "KSM did not merge the pages");

	mirror(fd, HMM_DMIRROR_MIGRATE_TO_DEV, p, 1);
	moved = there(fd, p, 64);
	printf("1 page was asked for, %lu are on the device\n", moved);
	return moved > 1;
}

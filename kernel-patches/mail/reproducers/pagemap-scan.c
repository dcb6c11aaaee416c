// SPDX-License-Identifier: GPL-2.0
/* A thread migrates pages to and fro: what PAGEMAP_SCAN has write protected is not written to. */
#define _GNU_SOURCE
#include "hmm.h"
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef PAGEMAP_SCAN		/* <linux/fs.h> from 6.7 on */
struct page_region {
	__u64 start, end, categories;
};

struct pm_scan_arg {
	__u64 size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted,
	      category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN		_IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_WRITTEN		(1 << 1)
#define PM_SCAN_WP_MATCHING	(1 << 0)
#define PM_SCAN_CHECK_WPASYNC	(1 << 1)
#endif
#define WP_FEATURES (1 << 13 /* WP_UNPOPULATED */ | 1 << 15 /* WP_ASYNC */)

#define PAGES 256

static int fd;
static char *p;
static volatile bool over;

static void *migrate(void *arg)
{
	while (!over) {
		mirror(fd, HMM_DMIRROR_MIGRATE_TO_DEV, p, PAGES);
		mirror(fd, HMM_DMIRROR_MIGRATE_TO_SYS, p, PAGES);
	}
	return arg;
}

static void register_memory(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = WP_FEATURES };
	struct uffdio_register request = {
		.range = { (uintptr_t)p, PAGES * PAGE }, .mode = UFFDIO_REGISTER_MODE_WP,
	};
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &request))
		err(2, "userfaultfd");
}

/* Pages that were written to since they were protected. */
static unsigned long written(int pagemap, bool protect)
{
	struct page_region found[PAGES];
	struct pm_scan_arg scan = {
		.size = sizeof(scan), .start = (uintptr_t)p, .end = (uintptr_t)p + PAGES * PAGE,
		.flags = protect ? PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC : 0,
		.vec = (uintptr_t)found, .vec_len = PAGES,
		.category_mask = PAGE_IS_WRITTEN, .return_mask = PAGE_IS_WRITTEN,
	};
	int n = ioctl(pagemap, PAGEMAP_SCAN, &scan);
	unsigned long sum = 0;

	if (n < 0)
		err(2, "PAGEMAP_SCAN");
	while (n--)
		sum += (found[n].end - found[n].start) / PAGE;
	return sum;
}

int main(void)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	unsigned long wrong = 0;
	pthread_t thread;

	fd = coherent();
	p = memory(-1, PAGES);
	register_memory();
	if (pthread_create(&thread, NULL, migrate, NULL))
		errx(2, "pthread_create");
	for (time_t end = time(NULL) + 20; time(NULL) < end && !wrong;) {
		for (unsigned long n = 0; n < PAGES; n++)
			p[n * PAGE]++;
		written(pagemap, true);
		usleep(1000);
		wrong = written(pagemap, false);
	}
	over = true;
	pthread_join(thread, NULL);
	printf("%lu pages are reported that were not written to\n", wrong);
	return wrong > 0;
}

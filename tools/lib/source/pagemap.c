// SPDX-License-Identifier: GPL-2.0
/* Pages of processes on devices, from /proc/PID/pagemap: see admin-guide/mm/pagemap.rst. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "source/snapshot.h"

#define PM_PRESENT	(1ULL << 63)
#define PM_SWAP		(1ULL << 62)
#define PM_PFN		((1ULL << 55) - 1)
#define PM_BATCH	512

/*
 * Of entries that are not present: types of swap areas come first, and those of which the
 * rest is a page number last (MAX_SWAPFILES in linux/swap.h: from 22 on at the earliest).
 */
#define PM_TYPE(entry)	((entry) & 31)
#define PM_TYPE_PAGE	22
#define PM_TYPE_BITS	5

/* linux/fs.h, since 6.7. */
struct pm_region {
	__u64 start, end, categories;
};
struct pm_scan {
	__u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	__u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PM_SCAN		_IOWR('f', 16, struct pm_scan)
#define PM_IS_PRESENT	(1 << 3)
#define PM_IS_SWAPPED	(1 << 4)
#define PM_REGIONS	64

struct walk {
	int pagemap;
	long page_size;
	const struct cdm_device_range *ranges;
	size_t nr;
	/* What is found: the one or the other. */
	struct cdm_snap_proc *snap;
	struct cdm_scan *scan;
};

/* Physical address of what an entry stands for; 0: nothing that is in memory; -EPERM. */
static __s64 address_of(const struct walk *w, __u64 entry)
{
	__u64 pfn = entry & PM_PFN;

	if (entry & PM_SWAP && PM_TYPE(entry) >= PM_TYPE_PAGE)
		pfn >>= PM_TYPE_BITS;
	else if (!(entry & PM_PRESENT))
		return 0;
	/* Hidden from those without CAP_SYS_ADMIN. */
	return pfn ? (__s64)(pfn * w->page_size) : -EPERM;
}

static const struct cdm_device_range *range_of(const struct walk *w, __u64 address)
{
	for (size_t i = 0; i < w->nr; i++)
		if (address >= w->ranges[i].start && address < w->ranges[i].end)
			return &w->ranges[i];
	return NULL;
}

/* Return: 1 if it is a page on a device, 0, -EPERM. */
static int count_page(struct walk *w, __u64 entry)
{
	__s64 address = address_of(w, entry);
	const struct cdm_device_range *range = address > 0 ? range_of(w, address) : NULL;

	if (!range)
		return address < 0 ? address : 0;
	if (w->snap)
		w->snap->per_device[range->index]++;
	else
		w->scan->device++;
	if (w->scan && range->index < CDM_MAX_DEVICES)
		w->scan->per_device[range->index]++;
	return 1;
}

/* Ends as soon as @left pages on devices were met. */
static int walk_pages(struct walk *w, __u64 page, __u64 end, __u64 left)
{
	__u64 entries[PM_BATCH];

	while (left && page < end) {
		size_t want = end - page < PM_BATCH ? end - page : PM_BATCH;
		ssize_t n = pread(w->pagemap, entries, want * 8, page * 8);

		if (n < 0)
			return -errno;
		/* The process has ended. */
		if (n < 8)
			return -ESRCH;
		n /= 8;
		for (ssize_t i = 0; left && i < n; i++) {
			int ret = count_page(w, entries[i]);

			if (ret < 0)
				return ret;
			left -= ret;
		}
		page += n;
	}
	return 0;
}

/* An area may be huge and empty: as far as its pages on devices are known to be met. */
static int walk_counted(void *ctx, const struct cdm_vma *vma)
{
	struct walk *w = ctx;

	if (vma->device == CDM_UNKNOWN)
		return 0;
	return walk_pages(w, vma->start / w->page_size, vma->end / w->page_size, vma->device);
}

/* The same where that is not known: where something is, if the kernel tells. */
static int walk_occupied(struct walk *w, const struct cdm_vma *vma)
{
	struct pm_region regions[PM_REGIONS];
	struct pm_scan scan = {
		.size = sizeof(scan), .start = vma->start, .end = vma->end,
		.vec = (uintptr_t)regions, .vec_len = PM_REGIONS,
		.category_anyof_mask = PM_IS_PRESENT | PM_IS_SWAPPED,
		.return_mask = PM_IS_PRESENT | PM_IS_SWAPPED,
	};
	int n, err = 0;

	while (!err && scan.start < scan.end) {
		n = ioctl(w->pagemap, PM_SCAN, &scan);
		if (n < 0)
			return errno == ENOTTY ?
			       walk_pages(w, vma->start / w->page_size, vma->end / w->page_size, UINT64_MAX) :
			       -errno;
		for (int i = 0; i < n && !err; i++)
			err = walk_pages(w, regions[i].start / w->page_size,
					 regions[i].end / w->page_size, UINT64_MAX);
		if (scan.walk_end <= scan.start)
			break;
		scan.start = scan.walk_end;
	}
	return err;
}

static int walk_private(void *ctx, const struct cdm_vma *vma)
{
	struct walk *w = ctx;
	__u64 before = w->scan->device, found;
	int err;

	/* Files and shared memory stay in RAM. */
	if (!vma->rss || vma->special || vma->perms[3] != 'p')
		return 0;
	err = walk_occupied(w, vma);
	found = w->scan->device - before;
	w->scan->shared += found < vma->shared ? found : vma->shared;
	return err;
}

static int walk_process(struct walk *w, __u32 pid, int (*each)(void *ctx, const struct cdm_vma *vma))
{
	char path[PATH_MAX];
	int ret;

	w->page_size = sysconf(_SC_PAGESIZE);
	snprintf(path, sizeof(path), "%s/%u/pagemap", cdm_roots.proc, pid);
	w->pagemap = open(path, O_RDONLY | O_CLOEXEC);
	if (w->pagemap < 0)
		return errno == ENOENT ? -ESRCH : errno == EACCES ? -EPERM : -errno;
	ret = cdm_proc_maps(pid, true, each, w);
	close(w->pagemap);
	return ret;
}

int cdm_proc_walk_devices(struct cdm_snap_proc *snap, const struct cdm_device_range *ranges,
			  size_t nr)
{
	struct walk w = { .snap = snap, .ranges = ranges, .nr = nr };
	__u32 nr_devices = 0;
	int ret = 0;

	snap->nr_devices = 0;
	memset(snap->per_device, 0, sizeof(snap->per_device));
	for (size_t i = 0; i < nr; i++) {
		if (ranges[i].index >= CDM_MAX_DEVICES)
			return -ERANGE;
		if (ranges[i].index >= nr_devices)
			nr_devices = ranges[i].index + 1;
	}
	if (snap->device == CDM_UNKNOWN)
		return -EOPNOTSUPP;

	if (nr == 1)
		snap->per_device[ranges[0].index] = snap->device;
	else if (snap->device)
		ret = walk_process(&w, snap->pid, walk_counted);
	if (!ret)
		snap->nr_devices = nr_devices;
	return ret;
}

int cdm_proc_scan(__u32 pid, const struct cdm_device_range *ranges, size_t nr, struct cdm_scan *scan)
{
	struct walk w = { .scan = scan, .ranges = ranges, .nr = nr };

	*scan = (struct cdm_scan) { 0 };
	return nr ? walk_process(&w, pid, walk_private) : 0;
}

bool cdm_proc_shows_pages(void)
{
	__u64 entry = 0, here = (uintptr_t)&entry / sysconf(_SC_PAGESIZE);
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/self/pagemap", cdm_roots.proc);
	fd = cdm_proc_is_ours() ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return false;
	if (pread(fd, &entry, sizeof(entry), here * sizeof(entry)) != sizeof(entry))
		entry = 0;
	close(fd);
	return entry & PM_PFN;
}

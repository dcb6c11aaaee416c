// SPDX-License-Identifier: GPL-2.0
/*
 * Where memory is, found the long way: every page table entry of every process, in
 * /proc/PID/pagemap, against the devices' ranges in /proc/iomem. Prints, in bytes,
 *
 *	proc PID RSSDEVHOST WALKED ON_CDM0 ON_CDM1 ...
 *	device NAME USED	pages that are mapped, each once
 *	cgroup INODE CHARGED	the same pages, by /proc/kpagecgroup
 *
 * of processes with device memory, or of all PIDs given. RSSDEVHOST is the kernel's
 * own counter, in /proc/PID/status.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE		4096UL
#define MAX_DEVICES	8
#define MAX_CGROUPS	1024
#define PRESENT		(1ULL << 63)
#define PFN_MASK	((1ULL << 55) - 1)

static struct device {
	uint64_t first, last;	/* page frames */
	bool *mapped;
} devices[MAX_DEVICES];

static struct {
	uint64_t inode, pages;
} cgroups[MAX_CGROUPS];

static void read_devices(void)
{
	FILE *f = fopen("/proc/iomem", "re");
	uint64_t start, end;
	char line[256];
	unsigned int n;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %" SCNx64 "-%" SCNx64 " : cdm%u", &start, &end, &n) != 3 ||
		    n >= MAX_DEVICES)
			continue;
		devices[n].first = start / PAGE;
		devices[n].last = end / PAGE;
		devices[n].mapped = calloc(devices[n].last - devices[n].first + 1, sizeof(bool));
	}
	if (f)
		fclose(f);
}

static void look_at(uint64_t entry, uint64_t *pages)
{
	uint64_t pfn = entry & PFN_MASK;

	for (int i = 0; (entry & PRESENT) && i < MAX_DEVICES; i++) {
		if (!devices[i].mapped || pfn < devices[i].first || pfn > devices[i].last)
			continue;
		pages[i]++;
		devices[i].mapped[pfn - devices[i].first] = true;
	}
}

static void walk_range(int pagemap, uint64_t start, uint64_t end, uint64_t *pages)
{
	static uint64_t entries[4096];

	while (start < end) {
		size_t want = (end - start) / PAGE;
		ssize_t got;

		if (want > 4096)
			want = 4096;
		got = pread(pagemap, entries, want * 8, start / PAGE * 8);
		if (got <= 0)
			return;
		for (ssize_t i = 0; i < got / 8; i++)
			look_at(entries[i], pages);
		start += got / 8 * PAGE;
	}
}

static void walk(int pid, uint64_t *pages)
{
	char path[64], line[512];
	uint64_t start, end;
	int pagemap;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && pagemap >= 0 && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
			walk_range(pagemap, start, end, pages);
	if (maps)
		fclose(maps);
	if (pagemap >= 0)
		close(pagemap);
}

/* Return: -1 without the counter: a kernel thread, or there is no such process. */
static int64_t kernel_counter(int pid)
{
	char path[64], line[256];
	int64_t kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && kib < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssDevHost: %" SCNd64, &kib) != 1)
			kib = -1;
	if (f)
		fclose(f);
	return kib < 0 ? -1 : kib * 1024;
}

static void look_into(int pid, bool asked)
{
	uint64_t pages[MAX_DEVICES] = {}, sum = 0;
	int64_t counter = kernel_counter(pid);

	if (counter < 0)
		return;
	walk(pid, pages);
	for (int i = 0; i < MAX_DEVICES; i++)
		sum += pages[i];
	if (!sum && !counter && !asked)
		return;
	printf("proc %d %" PRId64 " %" PRIu64, pid, counter, sum * PAGE);
	for (int i = 0; i < MAX_DEVICES; i++)
		if (devices[i].mapped)
			printf(" %" PRIu64, pages[i] * PAGE);
	putchar('\n');
}

static void look_into_all(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (isdigit(entry->d_name[0]))
			look_into(atoi(entry->d_name), false);
	if (dir)
		closedir(dir);
}

static void charge(int kpagecgroup, uint64_t pfn)
{
	uint64_t inode = 0;

	if (pread(kpagecgroup, &inode, sizeof(inode), pfn * 8) != sizeof(inode))
		return;
	for (int i = 0; i < MAX_CGROUPS; i++) {
		if (cgroups[i].pages && cgroups[i].inode != inode)
			continue;
		cgroups[i].inode = inode;
		cgroups[i].pages++;
		return;
	}
}

static void print_devices(void)
{
	int kpagecgroup = open("/proc/kpagecgroup", O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < MAX_DEVICES; i++) {
		uint64_t used = 0;

		for (uint64_t pfn = devices[i].first; devices[i].mapped && pfn <= devices[i].last; pfn++) {
			if (!devices[i].mapped[pfn - devices[i].first])
				continue;
			used++;
			charge(kpagecgroup, pfn);
		}
		if (devices[i].mapped)
			printf("device cdm%d %" PRIu64 "\n", i, used * PAGE);
	}
	for (int i = 0; i < MAX_CGROUPS && cgroups[i].pages; i++)
		printf("cgroup %" PRIu64 " %" PRIu64 "\n", cgroups[i].inode, cgroups[i].pages * PAGE);
}

int main(int argc, char **argv)
{
	read_devices();
	for (int i = 1; i < argc; i++)
		look_into(atoi(argv[i]), true);
	if (argc == 1)
		look_into_all();
	print_devices();
	return 0;
}

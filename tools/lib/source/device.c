// SPDX-License-Identifier: GPL-2.0
/* CDM devices, from sysfs, the driver and /proc/iomem. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/cdm.h>

#include "source/snapshot.h"

/* N of "cdmN", -1 if @name is not one. */
static int device_index(const char *name)
{
	char *end;
	long n;

	if (strncmp(name, "cdm", 3) || name[3] < '0' || name[3] > '9')
		return -1;
	n = strtol(name + 3, &end, 10);
	return *end || n > INT_MAX ? -1 : n;
}

static DIR *open_class(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/class/cdm", cdm_roots.sys);
	return opendir(path);
}

bool cdm_devices_driver(void)
{
	DIR *dir = open_class();

	if (dir)
		closedir(dir);
	return dir;
}

int cdm_devices_count(void)
{
	DIR *dir = open_class();
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		n += device_index(entry->d_name) >= 0;
	closedir(dir);
	return n;
}

/* Return: false if there is no such attribute. */
static bool read_attr(int dir, const char *device, const char *attr, char *buf, size_t size)
{
	char path[NAME_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", device, attr);
	if (cdm_read_file(dir, path, buf, size) < 0)
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

static __u64 read_pages(int dir, const char *device, const char *attr)
{
	char buf[32];

	if (!read_attr(dir, device, attr, buf, sizeof(buf)))
		return CDM_UNKNOWN;
	return strtoull(buf, NULL, 10) / sysconf(_SC_PAGESIZE);
}

/* A state that is not known here is one in which a device may not take pages. */
static __u32 read_state(int dir, const char *device)
{
	static const char *const names[] = {
		[CDM_ST_ONLINE] = "online",
		[CDM_ST_DRAINING] = "draining",
		[CDM_ST_OFFLINE] = "offline",
		[CDM_ST_HUNG] = "hung",
	};
	char buf[32];

	if (!read_attr(dir, device, "state", buf, sizeof(buf)))
		return CDM_ST_REMOVED;
	for (__u32 i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(buf, names[i]))
			return i;
	return CDM_ST_OFFLINE;
}

/*
 * The driver gives figures that are of one moment, and those that sysfs does not
 * have. It may not be reachable, in a container for example.
 */
static void ask_driver(struct cdm_snap_device *snap)
{
	struct cdm_info info = { .size = sizeof(info) };
	char path[PATH_MAX];
	int fd;

	if (!cdm_roots.dev)
		return;
	snprintf(path, sizeof(path), "%s/%s", cdm_roots.dev, snap->name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!ioctl(fd, CDM_INFO, &info) && info.index == snap->index) {
		snap->used = info.pages_used;
		snap->free = info.pages_free;
		snap->quarantined = info.pages_quarantined;
	}
	close(fd);
}

/* Return: false if the device has just gone. */
static bool read_device(int dir, int index, struct cdm_snap_device *snap)
{
	char buf[32];

	memset(snap, 0, sizeof(*snap));
	cdm_snap_head(&snap->rec, CDM_SNAP_DEVICE, sizeof(*snap));
	snprintf(snap->name, sizeof(snap->name), "cdm%d", index);
	snap->index = index;
	snap->state = read_state(dir, snap->name);
	snap->node = read_attr(dir, snap->name, "node", buf, sizeof(buf)) ? atoi(buf) : -1;
	snap->size = read_pages(dir, snap->name, "size");
	snap->used = read_pages(dir, snap->name, "used");
	snap->free = read_pages(dir, snap->name, "free");
	snap->quarantined = CDM_UNKNOWN;
	ask_driver(snap);
	return snap->size != CDM_UNKNOWN;
}

static int compare_index(const void *a, const void *b)
{
	const struct cdm_snap_device *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

int cdm_devices_read(struct cdm_snap_device *snaps, int max)
{
	DIR *dir = open_class();
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return 0;
	while (n < max && (entry = readdir(dir))) {
		int index = device_index(entry->d_name);

		if (index >= 0 && read_device(dirfd(dir), index, &snaps[n]))
			n++;
	}
	closedir(dir);
	qsort(snaps, n, sizeof(*snaps), compare_index);
	return n;
}

static FILE *open_iomem(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/iomem", cdm_roots.proc);
	return fopen(path, "re");
}

/* "    140000000-17fffffff : cdm0"; addresses are 0 for those who may not see them. */
int cdm_devices_ranges(struct cdm_device_range *ranges, int max)
{
	unsigned long long start, end;
	int n = 0, index, name;
	FILE *in = open_iomem();
	char line[256];

	if (!in)
		return 0;
	while (n < max && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		name = 0;
		if (sscanf(line, "%llx-%llx : %n", &start, &end, &name) != 2 || !name)
			continue;
		index = device_index(line + name);
		if (index < 0 || !end)
			continue;
		ranges[n++] = (struct cdm_device_range) { index, start, end + 1 };
	}
	fclose(in);
	return n;
}

bool cdm_devices_hidden(void)
{
	unsigned long long end = 0;
	FILE *in = open_iomem();
	char line[256];

	while (in && !end && fgets(line, sizeof(line), in))
		if (sscanf(line, "%*x-%llx", &end) != 1)
			end = 0;
	if (in)
		fclose(in);
	return !end;
}

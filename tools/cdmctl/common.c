// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl.h"
#include "table/column.h"

int ctl_ms_until(__u64 ns)
{
	__u64 now = cdm_clock_ns(CLOCK_MONOTONIC);

	return ns > now ? (ns - now + 999999) / 1000000 : 0;
}

/* --- devices --- */

bool ctl_kernel_has_series(void)
{
	struct cdm_snap_proc self;

	return !cdm_proc_read(getpid(), &self) && self.device != CDM_UNKNOWN;
}

void ctl_explain_no_devices(void)
{
	struct utsname u;

	if (!access("/sys/class/cdm", F_OK)) {
		cdm_say("no device: the module cdm is loaded but found none; "
			"give it reserved=SIZE@ADDRESS, a PCI device, or `cdmctl bind` memory of devdax");
	} else if (ctl_kernel_has_series()) {
		cdm_say("no device: /sys/class/cdm is missing: is the module cdm loaded? "
			"Try `modprobe cdm`");
	} else {
		uname(&u);
		cdm_say("no device: /sys/class/cdm is missing: this kernel, %s, does not "
			"have the DEVICE_HOST series; boot one that has it (`make kernel`)",
			u.release);
	}
}

static void explain_no_device(const char *name)
{
	struct cdm_snap_device devices[CDM_MAX_DEVICES];
	int n = cdm_devices_read(devices, CDM_MAX_DEVICES);
	char list[CDM_MAX_DEVICES * (CDM_NAME_LEN + 1)] = "";

	if (!n) {
		ctl_explain_no_devices();
		return;
	}
	for (int i = 0; i < n; i++)
		sprintf(list + strlen(list), " %s", devices[i].name);
	cdm_say("%s: no such device; there are:%s", name, list);
}

static const char *base_name(const char *name)
{
	return strncmp(name, "/dev/", 5) ? name : name + 5;
}

int ctl_device_open(const char *name, struct ctl_device *device)
{
	const char *number = base_name(name);
	char path[32], why[CDM_WHY_LEN];
	__u64 index;

	device->fd = -1;
	if (!strncmp(number, "cdm", 3))
		number += 3;
	if (cdm_parse_number(number, 0, 9999, &index, why)) {
		explain_no_device(name);
		return -ENODEV;
	}
	device->index = index;
	snprintf(device->name, sizeof(device->name), "cdm%u", device->index);
	snprintf(path, sizeof(path), "/dev/%s", device->name);
	device->fd = open(path, O_RDWR | O_CLOEXEC);
	if (device->fd >= 0)
		return 0;
	if (errno == ENOENT || errno == ENXIO || errno == ENODEV) {
		explain_no_device(device->name);
		return -ENODEV;
	}
	cdm_say("%s: %m", path);
	return -errno;
}

void ctl_device_close(struct ctl_device *device)
{
	if (device->fd >= 0)
		close(device->fd);
	device->fd = -1;
}

const char *ctl_link_end(const char *path, char buf[PATH_MAX])
{
	ssize_t len = readlink(path, buf, PATH_MAX - 1);
	char *slash;

	buf[len > 0 ? len : 0] = '\0';
	slash = strrchr(buf, '/');
	return slash ? slash + 1 : buf;
}

const char *ctl_device_parent(const char *name, char buf[PATH_MAX])
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/class/cdm/%s/device", cdm_roots.sys, name);
	return ctl_link_end(path, buf);
}

/* --- processes --- */

int ctl_pidfd(__u32 pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);
	int err = errno;

	if (fd >= 0)
		return fd;
	if (err == EINVAL || err == ENOENT)
		cdm_say("%u: is a thread, not a process; give its Tgid of /proc/%u/status",
			pid, pid);
	else if (err == ESRCH)
		cdm_say("%u: no such process", pid);
	else
		cdm_say("%u: pidfd_open: %m", pid);
	return -err;
}

/* --- figures --- */

__u64 ctl_bytes(__u64 pages)
{
	return pages >= CDM_NO_LIMIT ? pages : pages * sysconf(_SC_PAGESIZE);
}

const char *ctl_size(char buf[CTL_SIZE_LEN], __u64 bytes)
{
	static const struct cdm_column column = { .unit = CDM_UNIT_BYTES };
	const struct cdm_cell cell = { .known = bytes != CDM_UNKNOWN, .u = bytes };

	cdm_cell_format(&column, &cell, buf, CTL_SIZE_LEN, 0);
	return buf;
}

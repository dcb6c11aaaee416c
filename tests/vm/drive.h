/* SPDX-License-Identifier: GPL-2.0 */
/* Takes a device from the cdm driver, or gives it back. */
#ifndef DRIVE_H
#define DRIVE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * @bus_name: where the device is in /sys, in full; @what: "bind" or "unbind".
 * Return: 0 or -errno.
 */
static inline int drive(const char *bus_name, const char *what)
{
	const char *name = strrchr(bus_name, '/') + 1;
	char path[64];
	int fd, ret;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/cdm/%s", what);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = write(fd, name, strlen(name)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

#endif /* DRIVE_H */

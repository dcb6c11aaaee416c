// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "channel.h"

#define PORTS_DIR "/sys/class/virtio-ports"
#define PORT_WAIT_MS 20000

int ports[NR_PORTS] = { -1, -1, -1, -1, -1 };

void power_off(void)
{
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void write_port(int fd, const void *data, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	const char *at = data;
	ssize_t n;

	while (len) {
		n = write(fd, at, len);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return;
		if (n < 0) {
			poll(&p, 1, 1000);
			continue;
		}
		at += n;
		len -= n;
	}
}

static void vtell(enum msg_type type, const char *fmt, va_list ap)
{
	struct msg m = { .type = type };

	vsnprintf(m.text, sizeof(m.text), fmt, ap);
	if (ports[PORT_CTL] >= 0)
		write_port(ports[PORT_CTL], &m, sizeof(m));
	else
		dprintf(STDERR_FILENO, "cdm-vm init: %s\n", m.text);
}

void tell(enum msg_type type, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vtell(type, fmt, ap);
	va_end(ap);
}

void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vtell(MSG_FAILURE, fmt, ap);
	va_end(ap);
	/* The text is on its way through QEMU; power-off must not overtake it. */
	usleep(200 * 1000);
	power_off();
}

static int port_by_name(const char *wanted)
{
	char path[300], name[64];
	struct dirent *entry;
	int fd = -1;
	ssize_t n;
	DIR *dir = opendir(PORTS_DIR);

	while (dir && fd < 0 && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), PORTS_DIR "/%s/name", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, name, sizeof(name) - 1);
		close(fd);
		fd = -1;
		name[n > 0 ? n : 0] = '\0';
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name, wanted))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* After the driver has started. */
void open_ports(void)
{
	static const char * const names[] = PORT_NAMES;
	int i, waited;

	for (i = NR_PORTS - 1; i >= 0; i--) {
		for (waited = 0; ports[i] < 0 && waited < PORT_WAIT_MS; waited += 2) {
			ports[i] = port_by_name(names[i]);
			if (ports[i] < 0)
				usleep(2000);
		}
		if (ports[i] < 0)
			fail("no virtio-serial port %s: the kernel needs CONFIG_VIRTIO_PCI=y and CONFIG_VIRTIO_CONSOLE=y",
			     names[i]);
	}
}

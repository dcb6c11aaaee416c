// SPDX-License-Identifier: GPL-2.0
/*
 * init - the first process in the guest of cdm-vm.
 *
 * It makes the host's files its root, runs one command on behalf of the host,
 * hands the kernel's log over, and powers the machine off.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

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

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* The whole file with a NUL after it, or NULL. */
char *read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t cap = 4096, used = 0;
	char *data = malloc(cap);
	ssize_t n = -1;

	while (fd >= 0 && data && (n = read(fd, data + used, cap - used - 1)) > 0) {
		used += n;
		if (cap - used > 1)
			continue;
		cap *= 2;
		data = realloc(data, cap);
	}
	if (fd >= 0)
		close(fd);
	if (n || !data) {
		free(data);
		return NULL;
	}
	data[used] = '\0';
	if (len)
		*len = used;
	return data;
}

static void list_add(struct list *l, char *text)
{
	if (l->n == MAX_LIST)
		fail("more than %d arguments or variables for the guest", MAX_LIST);
	l->v[l->n++] = text;
}

static void set_option(struct config *c, const char *key, char *value)
{
	if (!strcmp(key, "arg"))
		list_add(&c->arg, value);
	else if (!strcmp(key, "env"))
		list_add(&c->env, value);
	else if (!strcmp(key, "rw"))
		list_add(&c->rw, value);
	else if (!strcmp(key, "probe"))
		c->probe = true;
	else if (!strcmp(key, "tty"))
		c->tty = true;
	else if (!strcmp(key, "errpipe"))
		c->errpipe = true;
	else if (!strcmp(key, "rows"))
		c->rows = atoi(value);
	else if (!strcmp(key, "columns"))
		c->columns = atoi(value);
	else if (!strcmp(key, "modules"))
		c->modules = value;
	else if (!strcmp(key, "modprobe"))
		c->modprobe = value;
	else if (!strcmp(key, "cwd"))
		c->cwd = value;
	else if (!strcmp(key, "cwd-must-exist"))
		c->cwd_must_exist = true;
	else if (!strcmp(key, "swap"))
		c->swap = true;
	else if (!strcmp(key, "kmemleak"))
		c->kmemleak = true;
	else if (!strcmp(key, "uid"))
		c->uid = strtoul(value, NULL, 10), c->as_user = true;
	else if (!strcmp(key, "gid"))
		c->gid = strtoul(value, NULL, 10);
	else if (!strcmp(key, "group") && c->nr_groups < 256)
		c->groups[c->nr_groups++] = strtoul(value, NULL, 10);
}

static void read_config(struct config *c)
{
	size_t len;
	char *data = read_file(CONFIG_PATH, &len);
	char *at, *end, *equals;

	if (!data)
		fail("no %s in the initramfs", CONFIG_PATH);
	end = data + len;
	for (at = data; at < end; at += strlen(at) + 1) {
		equals = strchr(at, '=');
		if (!equals)
			continue;
		*equals = '\0';
		set_option(c, at, equals + 1);
		at = equals + 1;
	}
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

/* QEMU announces its ports one by one, after the driver has started. */
static void open_ports(void)
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

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
}

static void set_limits(void)
{
	struct rlimit files = { .rlim_cur = 1024, .rlim_max = 524288 };

	setrlimit(RLIMIT_NOFILE, &files);
}

static void probe(void)
{
	mkdir("/sys", 0755);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	open_ports();
	tell(MSG_READY, "probe");
	usleep(100 * 1000);
	power_off();
}

int main(void)
{
	static struct config config;
	struct config *c = &config;

	umask(022);
	signal(SIGPIPE, SIG_IGN);
	read_config(c);
	if (c->probe)
		probe();
	enter_host_root(c);
	mount_system();
	open_ports();
	mount_shares(c);
	sethostname("cdm-vm", strlen("cdm-vm"));
	loopback_up();
	set_limits();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	if (c->swap)
		swap_on();
	if (c->modprobe)
		load_module(c->modprobe);
	run_command(c);
}

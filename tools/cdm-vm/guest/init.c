// SPDX-License-Identifier: GPL-2.0
/*
 * init - the first process in the guest of cdm-vm.
 *
 * It makes the host's files its root, runs one command on behalf of the host,
 * hands the kernel's log over, and powers the machine off.
 */
#define _GNU_SOURCE
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "command.h"
#include "config.h"
#include "module.h"
#include "mounts.h"

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
	load_boot_modules(&c->boot);
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

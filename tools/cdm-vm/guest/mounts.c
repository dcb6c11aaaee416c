// SPDX-License-Identifier: GPL-2.0
/* The guest's file systems: the host's files, and what each boot has anew. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "channel.h"
#include "../file.h"
#include "mounts.h"

#define NINE_P "trans=virtio,version=9p2000.L,msize=512000"
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void make_dirs(const char *path)
{
	char copy[4096];
	char *slash = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	mkdir(copy, 0755);
}

static void must_mount(const char *source, const char *target, const char *type,
		       unsigned long flags, const char *data)
{
	make_dirs(target);
	if (mount(source, target, type, flags, data))
		fail("cannot mount %s (%s) on %s: %s; the kernel needs the options of kernel-patches/cdm.config",
		     source, type, target, strerror(errno));
}

/* Modules are bound before /tmp is covered: the kernel may come from there. */
static void bind_modules(const char *modules)
{
	char source[4096], target[256];
	struct utsname u;

	if (!modules)
		return;
	uname(&u);
	snprintf(source, sizeof(source), "%s/%s", modules, u.release);
	snprintf(target, sizeof(target), "/lib/modules/%s", u.release);
	if (access(source, F_OK)) {
		dprintf(STDERR_FILENO, "cdm-vm init: no modules in %s\n", source);
		return;
	}
	make_dirs(target);
	if (mount(source, target, NULL, MS_BIND, NULL))
		dprintf(STDERR_FILENO, "cdm-vm init: cannot bind %s: %s\n", source, strerror(errno));
}

/*
 * The host's root, read-only, with a tmpfs over it for all that is written.
 * Nothing else changes the host's files while we run, or we need not see it:
 * cache=loose saves most of the traffic.
 */
void enter_host_root(const struct config *c)
{
	must_mount(ROOT_TAG, "/host", "9p", MS_RDONLY, NINE_P ",cache=loose");
	must_mount("tmpfs", "/over", "tmpfs", 0, "mode=755");
	make_dirs("/over/upper");
	make_dirs("/over/work");
	must_mount("overlay", "/new", "overlay", 0,
		   "lowerdir=/host,upperdir=/over/upper,workdir=/over/work,index=off,xino=off,metacopy=off,redirect_dir=off");
	if (chdir("/new") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		fail("cannot enter the host's root: %s", strerror(errno));
	bind_modules(c->modules);
}

static void make_links(void)
{
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
	mkdir("/run/lock", 01777);
	chmod("/run/lock", 01777);
}

static void enable_controllers(void)
{
	static const char * const controllers[] = { "+memory", "+cpu", "+pids", "+cpuset", "+io" };
	size_t i;

	/* One by one: a controller that the kernel lacks must not hide others. */
	for (i = 0; i < ARRAY_SIZE(controllers); i++)
		write_file("/sys/fs/cgroup/cgroup.subtree_control", controllers[i]);
}

void mount_system(void)
{
	static const struct {
		const char *target, *type, *data;
		bool needed;
	} mounts[] = {
		{ "/proc", "proc", NULL, true },
		{ "/sys", "sysfs", NULL, true },
		{ "/dev", "devtmpfs", "mode=755", true },
		{ "/dev/pts", "devpts", "gid=5,mode=620,ptmxmode=666", true },
		{ "/dev/shm", "tmpfs", "mode=1777", true },
		{ "/dev/mqueue", "mqueue", NULL, false },
		{ "/dev/hugepages", "hugetlbfs", NULL, false },
		{ "/run", "tmpfs", "mode=755", true },
		{ "/tmp", "tmpfs", "mode=1777", true },
		{ "/sys/kernel/debug", "debugfs", NULL, false },
		{ "/sys/kernel/tracing", "tracefs", NULL, false },
		{ "/sys/kernel/security", "securityfs", NULL, false },
		{ "/sys/fs/bpf", "bpf", "mode=700", false },
		{ "/sys/fs/cgroup", "cgroup2", NULL, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		if (mounts[i].needed) {
			must_mount(mounts[i].type, mounts[i].target, mounts[i].type, 0, mounts[i].data);
			continue;
		}
		mkdir(mounts[i].target, 0755);
		mount(mounts[i].type, mounts[i].target, mounts[i].type, 0, mounts[i].data);
	}
	make_links();
	enable_controllers();
}

/* Both sides write here, so only what mmap() needs is cached. */
void mount_shares(const struct config *c)
{
	char tag[32];
	int i;

	for (i = 0; i < c->rw.n; i++) {
		snprintf(tag, sizeof(tag), "cdmrw%d", i);
		must_mount(tag, c->rw.v[i], "9p", 0, NINE_P ",cache=mmap");
	}
}

void swap_on(void)
{
	char path[300], *serial = NULL;
	struct dirent *entry;
	bool found = false;
	DIR *dir = opendir("/sys/block");

	while (dir && !found && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/block/%s/serial", entry->d_name);
		serial = read_file(path, NULL);
		found = serial && !strncmp(serial, SWAP_SERIAL, strlen(SWAP_SERIAL));
		free(serial);
		if (found)
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (!found)
		fail("no swap device: the kernel needs CONFIG_VIRTIO_BLK=y");
	if (swapon(path, 0))
		fail("cannot swap on %s: %s; the kernel needs CONFIG_SWAP=y", path, strerror(errno));
}

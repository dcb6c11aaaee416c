// SPDX-License-Identifier: GPL-2.0
/*
 * A small modprobe: module and dependencies by modules.dep, parameters from the
 * kernel's command line. It needs no program of the host, and no time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "../file.h"
#include "../moddep.h"
#include "module.h"

/* The "NAME.parameter=value" words of the command line, without "NAME.". */
static void module_parameters(const char *name, char *out, size_t size)
{
	char *line = read_file("/proc/cmdline", NULL);
	char *rest = line, *word;
	size_t len = strlen(name), used = 0;

	*out = '\0';
	while (rest && (word = strsep(&rest, " \n"))) {
		if (strncmp(word, name, len) || word[len] != '.')
			continue;
		used += snprintf(out + used, size - used, "%s ", word + len + 1);
		if (used >= size)
			break;
	}
	free(line);
}

/* @dir: that @path is in */
static int insert(void *dir, const char *path)
{
	char full[4096], name[64], parameters[4096];
	int fd, ret, flags = 0;

	module_name(path, name, sizeof(name));
	module_parameters(name, parameters, sizeof(parameters));
	snprintf(full, sizeof(full), "%s/%s", (const char *)dir, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (strcmp(path + strlen(path) - 3, ".ko"))
		flags = MODULE_INIT_COMPRESSED_FILE;
	ret = syscall(SYS_finit_module, fd, parameters, flags);
	if (ret && errno == EEXIST)
		ret = 0;
	close(fd);
	return ret;
}

/* For a compressed module that this kernel cannot unpack by itself. */
static int host_modprobe(const char *name)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execlp("modprobe", "modprobe", name, NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return 0;
}

static int load(char *dir, char *line, const char *name)
{
	if (!moddep_each(line, insert, dir))
		return 0;
	return errno == EOPNOTSUPP ? host_modprobe(name) : -1;
}

void load_boot_modules(const struct list *names)
{
	for (int i = 0; i < names->n; i++)
		if (insert("", names->v[i]))
			fail("cannot load %s from the initramfs: %s", names->v[i], strerror(errno));
}

void load_module(const char *name)
{
	char dir[256], path[300];
	char *dependencies, *line;
	struct utsname u;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	if (!access(path, F_OK))
		return;
	uname(&u);
	snprintf(dir, sizeof(dir), "/lib/modules/%s", u.release);
	snprintf(path, sizeof(path), "%s/modules.dep", dir);
	dependencies = read_file(path, NULL);
	line = dependencies ? moddep_find(dependencies, name) : NULL;
	if (!line)
		tell(MSG_NOTE, "kernel %s has no module '%s': its devices have no driver", u.release, name);
	else if (load(dir, line, name))
		tell(MSG_WARNING, "cannot load module '%s': %s; see the kernel's log", name, strerror(errno));
	free(line);
	free(dependencies);
}

// SPDX-License-Identifier: GPL-2.0
/* Modules for the initramfs, by modules.dep. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "modules.h"

/* What the guest's init uses of the kernel. */
static const char *const needed[] = {
	"virtio_pci", "virtio_console", "virtio_blk", "9pnet_virtio", "9p", "overlay",
};

/* A bzImage has a pointer to its version, less 0x200 bytes; see arch/x86/boot.rst. */
static bool read_release(const char *image, char *release, size_t size)
{
	uint16_t at = 0;
	int fd = open(image, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0 && pread(fd, &at, sizeof(at), 0x20e) == sizeof(at) && at)
		n = pread(fd, release, size - 1, at + 0x200);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	release[n] = '\0';
	release[strcspn(release, " ")] = '\0';
	return true;
}

/* "kernel/fs/9p/9p.ko.xz" is the module "9p", "x-y.ko" is "x_y". */
static bool is_module(const char *path, size_t len, const char *name)
{
	const char *base = memrchr(path, '/', len);
	size_t i;

	base = base ? base + 1 : path;
	for (i = 0; name[i]; i++)
		if (base + i >= path + len || (base[i] == '-' ? '_' : base[i]) != name[i])
			return false;
	return base + i < path + len && base[i] == '.';
}

static void add_path(struct strings *paths, const char *dir, const char *path)
{
	char *full = xasprintf("%s/%s", dir, path);
	size_t i;

	for (i = 0; i < paths->n; i++)
		if (!strcmp(paths->v[i], full))
			break;
	if (i == paths->n)
		strings_add(paths, full);
	free(full);
}

/* @line: "path: dependency dependency..."; what comes last is needed first. */
static void add_line(struct strings *paths, const char *dir, char *line)
{
	char *space;

	while ((space = strrchr(line, ' '))) {
		if (space[1])
			add_path(paths, dir, space + 1);
		*space = '\0';
	}
	line[strcspn(line, ":")] = '\0';
	add_path(paths, dir, line);
}

static void add_module(struct strings *paths, const char *dir, FILE *dependencies, const char *name)
{
	char *line = NULL, *colon;
	size_t size = 0;

	rewind(dependencies);
	while (getline(&line, &size, dependencies) > 0) {
		line[strcspn(line, "\n")] = '\0';
		colon = strchr(line, ':');
		if (!colon || !is_module(line, colon - line, name))
			continue;
		add_line(paths, dir, line);
		break;
	}
	free(line);
}

void find_boot_modules(const char *image, const char *modules, struct strings *paths)
{
	char release[128];
	char *dir, *path;
	FILE *dependencies;
	size_t i;

	if (!read_release(image, release, sizeof(release)))
		return;
	dir = xasprintf("%s/%s", modules, release);
	path = xasprintf("%s/modules.dep", dir);
	dependencies = fopen(path, "re");
	for (i = 0; dependencies && i < ARRAY_SIZE(needed); i++)
		add_module(paths, dir, dependencies, needed[i]);
	if (dependencies)
		fclose(dependencies);
	free(path);
	free(dir);
}

// SPDX-License-Identifier: GPL-2.0
/* Modules for the initramfs, by modules.dep. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "moddep.h"
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

struct found {
	struct strings *paths;
	const char *dir;
};

static int add_path(void *ctx, const char *path)
{
	struct found *found = ctx;
	char *full = xasprintf("%s/%s", found->dir, path);
	size_t i;

	for (i = 0; i < found->paths->n; i++)
		if (!strcmp(found->paths->v[i], full))
			break;
	if (i == found->paths->n)
		strings_add(found->paths, full);
	free(full);
	return 0;
}

void find_boot_modules(const char *image, const char *modules, struct strings *paths)
{
	struct found found = { .paths = paths };
	char *dir, *path, *dependencies, *line;
	char release[128];
	size_t i;

	if (!read_release(image, release, sizeof(release)))
		return;
	found.dir = dir = xasprintf("%s/%s", modules, release);
	path = xasprintf("%s/modules.dep", dir);
	dependencies = read_file(path, NULL);
	for (i = 0; dependencies && i < ARRAY_SIZE(needed); i++) {
		line = moddep_find(dependencies, needed[i]);
		if (line)
			moddep_each(line, add_path, &found);
		free(line);
	}
	free(dependencies);
	free(path);
	free(dir);
}

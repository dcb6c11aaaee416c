// SPDX-License-Identifier: GPL-2.0
/*
 * The initramfs: a "newc" cpio archive with init, its configuration and the
 * console that it starts with. It lives in a memfd, so there is no file to
 * clean up, however cdm-vm ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "initramfs.h"
#include "proto.h"

/* init-blob.S */
extern const char init_blob[], init_blob_end[];

static void pad_to_four(struct buffer *b)
{
	static const char zero[4];

	buffer_add(b, zero, -b->len & 3);
}

static void add_member(struct buffer *b, const char *name, mode_t mode, unsigned int major,
		       unsigned int minor, const void *data, size_t len)
{
	static unsigned int inode;

	buffer_addf(b, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++inode, mode,
		    0, 0, 1, 0, (unsigned int)len, 0, 0, major, minor, (unsigned int)strlen(name) + 1, 0);
	buffer_add(b, name, strlen(name) + 1);
	pad_to_four(b);
	buffer_add(b, data, len);
	pad_to_four(b);
}

/* Files of their own in the root, and a line each in the configuration. */
static void add_modules(struct buffer *b, struct buffer *config, const struct strings *modules)
{
	size_t i;

	for (i = 0; i < modules->n; i++) {
		const char *name = strrchr(modules->v[i], '/') + 1;
		size_t len;
		char *data = read_file(modules->v[i], &len);

		if (!data)
			die("cannot read %s: %s", modules->v[i], strerror(errno));
		add_member(b, name, S_IFREG | 0600, 0, 0, data, len);
		buffer_addf(config, "boot=%s", name);
		buffer_add(config, "", 1);
		free(data);
	}
}

int initramfs_create(const struct buffer *config, const struct strings *modules)
{
	struct buffer b = { 0 }, all = { 0 };
	int fd;

	add_member(&b, "dev", S_IFDIR | 0755, 0, 0, "", 0);
	add_member(&b, "dev/console", S_IFCHR | 0600, 5, 1, "", 0);
	// cppcheck-suppress comparePointers ; two labels of init-blob.S
	add_member(&b, "init", S_IFREG | 0755, 0, 0, init_blob, init_blob_end - init_blob);
	buffer_add(&all, config->data, config->len);
	add_modules(&b, &all, modules);
	add_member(&b, CONFIG_PATH + 1, S_IFREG | 0600, 0, 0, all.data, all.len);
	add_member(&b, "TRAILER!!!", 0, 0, 0, "", 0);

	fd = memfd_create("cdm-vm-initramfs", MFD_CLOEXEC);
	if (fd < 0 || write_all(fd, b.data, b.len))
		die("cannot write the initramfs: %s", strerror(errno));
	buffer_free(&b);
	buffer_free(&all);
	return fd;
}

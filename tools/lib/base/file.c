// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/privileges.h"

/* A file system may have no locks: then two that write the same file are not told. */
static bool is_taken(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
}

/* Whether @fd is still what @path names, and not a file that got its name meanwhile. */
static bool is_named(int fd, const char *path)
{
	struct stat a, b;

	return !fstat(fd, &a) && !stat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The part that a program left which died is written over. Return: descriptor, -errno. */
static int open_part(const char *part, mode_t mode)
{
	for (;;) {
		int fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, mode), err;

		if (fd < 0)
			return -errno;
		err = is_taken(fd) ? -EBUSY : 0;
		if (!err && !is_named(fd, part)) {
			close(fd);
			continue;
		}
		if (!err && ftruncate(fd, 0))
			err = -errno;
		if (!err)
			return fd;
		close(fd);
		return err;
	}
}

static int open_file(struct cdm_file *f, mode_t mode)
{
	int fd;

	if (f->part)
		return open_part(f->part, mode);
	fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	return fd < 0 ? -errno : fd;
}

int cdm_file_open(struct cdm_file *f, const char *path, mode_t mode, bool whole)
{
	struct stat st;

	*f = (struct cdm_file) { .fd = STDOUT_FILENO };
	if (!strcmp(path, "-"))
		return 0;
	f->path = path;
	if (whole && (stat(path, &st) || S_ISREG(st.st_mode)) &&
	    asprintf(&f->part, "%s.part", path) < 0)
		return -ENOMEM;
	cdm_privileges_raise(true);
	f->fd = open_file(f, mode);
	cdm_privileges_raise(false);
	if (f->fd >= 0)
		return 0;
	free(f->part);
	return f->fd;
}

int cdm_file_close(struct cdm_file *f, int err)
{
	if (!f->path)
		return err;
	/* Errors of closing come now; the lock stays until the part has its name. */
	if (close(dup(f->fd)) && !err)
		err = -errno;
	if (!err && f->part) {
		cdm_privileges_raise(true);
		if (rename(f->part, f->path))
			err = -errno;
		cdm_privileges_raise(false);
	}
	close(f->fd);
	free(f->part);
	return err;
}

void cdm_file_discard(struct cdm_file *f)
{
	if (f->part) {
		cdm_privileges_raise(true);
		unlink(f->part);
		cdm_privileges_raise(false);
	}
	if (f->path)
		close(f->fd);
	free(f->part);
}

int cdm_write(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= n;
	}
	return 0;
}

static bool is_same(const char *a, const char *b)
{
	struct stat of_a, of_b;

	if (!a || !b)
		return false;
	if (stat(a, &of_a) || stat(b, &of_b))
		return !strcmp(a, b);
	return S_ISREG(of_a.st_mode) && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

const char *cdm_file_clash(const char *const *read, size_t nr_read, const char *const *written,
			   size_t nr_written)
{
	for (size_t i = 0; i < nr_written; i++) {
		/* "-" is standard input to one and standard output to the other. */
		for (size_t j = 0; j < nr_read; j++)
			if (is_same(read[j], written[i]) && strcmp(read[j], "-"))
				return written[i];
		for (size_t j = 0; j < i; j++)
			if (is_same(written[j], written[i]))
				return written[i];
	}
	return NULL;
}

const char *cdm_file_error(int err)
{
	return err == -EBUSY ? "another program is writing it" : strerror(-err);
}

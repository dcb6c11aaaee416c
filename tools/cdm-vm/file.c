// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

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

char *read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t cap = 4096, used = 0;
	char *data = malloc(cap), *more;
	ssize_t n = -1;

	while (fd >= 0 && data && (n = read(fd, data + used, cap - used - 1)) > 0) {
		used += n;
		if (cap - used > 1)
			continue;
		cap *= 2;
		more = realloc(data, cap);
		if (!more)
			free(data);
		data = more;
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

// SPDX-License-Identifier: GPL-2.0
/*
 * Each tracepoint that BPF can attach to has a type "btf_trace_NAME", each iterator
 * "bpf_iter__NAME". Their names stand among the strings of the kernel's types.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/btf.h>

#include "source/snapshot.h"
#include "source/types.h"

#define TRACEPOINT	"btf_trace_"
#define ITERATOR	"bpf_iter__"

struct cdm_types {
	size_t len;		/* of @names */
	char names[];		/* those that are of interest, each with its NUL */
};

static int read_at(int fd, void *buf, size_t size, off_t at)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = pread(fd, (char *)buf + len, size - len, at + len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		len += n;
	}
	return 0;
}

static bool is_of_interest(const char *name)
{
	return *name == 'b' && (!strncmp(name, TRACEPOINT, sizeof(TRACEPOINT) - 1) ||
				!strncmp(name, ITERATOR, sizeof(ITERATOR) - 1));
}

/* Of some hundred thousand names a few thousand are left. */
static void keep_names(struct cdm_types *t, size_t len)
{
	const char *from = t->names, *end = t->names + len;
	size_t size;

	for (; from < end; from += size) {
		size = strlen(from) + 1;
		if (!is_of_interest(from))
			continue;
		memmove(t->names + t->len, from, size);
		t->len += size;
	}
}

static int read_types(int fd, struct cdm_types **types)
{
	struct btf_header h;
	int err = read_at(fd, &h, sizeof(h), 0);

	if (err)
		return err;
	if (h.magic != BTF_MAGIC || !h.str_len)
		return -EPROTO;
	*types = calloc(1, sizeof(**types) + h.str_len + 1);
	if (!*types)
		return -ENOMEM;
	err = read_at(fd, (*types)->names, h.str_len, (off_t)h.hdr_len + h.str_off);
	if (!err)
		keep_names(*types, h.str_len);
	return err;
}

struct cdm_types *cdm_types_open(void)
{
	struct cdm_types *t = NULL;
	char path[4096];
	int fd, err;

	snprintf(path, sizeof(path), "%s/kernel/btf/vmlinux", cdm_roots.sys);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	err = read_types(fd, &t);
	close(fd);
	if (!err)
		return t;
	cdm_types_close(t);
	errno = -err;
	return NULL;
}

void cdm_types_close(struct cdm_types *t)
{
	free(t);
}

static bool has(const struct cdm_types *t, const char *prefix, const char *name)
{
	size_t len = strlen(prefix);

	for (const char *s = t->names; s < t->names + t->len; s += strlen(s) + 1)
		if (!strncmp(s, prefix, len) && !strcmp(s + len, name))
			return true;
	return false;
}

bool cdm_types_tracepoint(const struct cdm_types *t, const char *name)
{
	return has(t, TRACEPOINT, name);
}

bool cdm_types_iterator(const struct cdm_types *t, const char *name)
{
	return has(t, ITERATOR, name);
}

// SPDX-License-Identifier: GPL-2.0
/* Which cgroup each process is in. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "source/members.h"

/* At least a page: the kernel never cuts a line then. */
#define PROCS_SIZE	(16 << 10)

static int add(struct cdm_members *m, __u32 pid, __u64 cgroup)
{
	if (m->nr == m->room) {
		size_t room = 2 * m->room + 256;
		void *all = realloc(m->all, room * sizeof(*m->all));

		if (!all)
			return -ENOMEM;
		m->all = all;
		m->room = room;
	}
	m->all[m->nr++] = (struct cdm_member){ pid, cgroup };
	return 0;
}

/* Of each process a line with its number; 0 is one of another pid namespace. */
static int add_lines(struct cdm_members *m, char *text, __u64 cgroup)
{
	int err = 0;

	while (*text && !err) {
		__u32 pid = strtoul(text, &text, 10);

		if (*text != '\n')
			break;
		text++;
		if (pid)
			err = add(m, pid, cgroup);
	}
	return err;
}

int cdm_members_read(struct cdm_members *m, int fd, __u64 cgroup)
{
	char buf[PROCS_SIZE];
	off_t at = 0;
	ssize_t n;
	int err = 0;

	while (!err && (n = pread(fd, buf, sizeof(buf) - 1, at)) > 0) {
		buf[n] = '\0';
		at += n;
		err = add_lines(m, buf, cgroup);
	}
	return err;
}

static int compare(const void *a, const void *b)
{
	const struct cdm_member *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

void cdm_members_sort(struct cdm_members *m)
{
	if (m->nr)
		qsort(m->all, m->nr, sizeof(*m->all), compare);
}

__u64 cdm_members_find(const struct cdm_members *m, __u32 pid)
{
	const struct cdm_member key = { .pid = pid }, *found;

	found = m->nr ? bsearch(&key, m->all, m->nr, sizeof(key), compare) : NULL;
	return found ? found->cgroup : 0;
}

void cdm_members_free(struct cdm_members *m)
{
	free(m->all);
	*m = (struct cdm_members){ 0 };
}

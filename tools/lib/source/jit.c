// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/jit.h"
#include "source/snapshot.h"
#include "source/symbols.h"

#define MAX_BYTES	(256LL << 20)	/* of the file */

struct cdm_jit {
	__u32 pid;
	off_t size;		/* when it was read */
	struct cdm_symbols symbols;
};

struct cdm_jit *cdm_jit_open(__u32 pid)
{
	struct cdm_jit *jit = calloc(1, sizeof(*jit));

	if (jit)
		jit->pid = pid;
	return jit;
}

void cdm_jit_close(struct cdm_jit *jit)
{
	if (jit)
		cdm_symbols_free(&jit->symbols);
	free(jit);
}

/* The process's number for itself: "NSpid:	4242	7". */
static __u32 own_pid(__u32 pid)
{
	char path[PATH_MAX], status[4096], *line, *last;

	snprintf(path, sizeof(path), "%s/%u/status", cdm_roots.proc, pid);
	if (cdm_read_file(-1, path, status, sizeof(status)) <= 0)
		return pid;
	line = strstr(status, "\nNSpid:");
	if (!line)
		return pid;
	line[1 + strcspn(line + 1, "\n")] = '\0';
	last = strrchr(line, '\t');
	return last ? strtoul(last, NULL, 10) : pid;
}

/* The folder is everybody's: only what the process, or root, put there is believed. */
static FILE *open_map(const struct cdm_jit *jit, struct stat *st)
{
	char path[PATH_MAX];
	struct stat process;
	int fd;

	snprintf(path, sizeof(path), "%s/%u", cdm_roots.proc, jit->pid);
	if (stat(path, &process))
		return NULL;
	snprintf(path, sizeof(path), "%s/%u/root/tmp/perf-%u.map", cdm_roots.proc, jit->pid,
		 own_pid(jit->pid));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	if (fstat(fd, st) || !S_ISREG(st->st_mode) || st->st_size > MAX_BYTES ||
	    (st->st_uid && st->st_uid != process.st_uid)) {
		close(fd);
		return NULL;
	}
	return fdopen(fd, "r");
}

/* "7f0000001000 2c0 py::main:/srv/app.py" */
static void add_line(struct cdm_symbols *s, char *line)
{
	unsigned long long addr, size;
	int name = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%llx %llx %n", &addr, &size, &name) == 2 && line[name] && size)
		cdm_symbols_add(s, addr, size, line + name, 0);
}

static void read_map(struct cdm_jit *jit)
{
	char *line = NULL;
	size_t room = 0;
	struct stat st;
	FILE *in = open_map(jit, &st);

	if (in && st.st_size != jit->size) {
		cdm_symbols_free(&jit->symbols);
		while (getline(&line, &room, in) > 0)
			add_line(&jit->symbols, line);
		cdm_symbols_sort(&jit->symbols);
		jit->size = st.st_size;
	}
	free(line);
	if (in)
		fclose(in);
}

const char *cdm_jit_function(struct cdm_jit *jit, __u64 addr, __u64 *start)
{
	const char *name = cdm_symbols_find(&jit->symbols, addr, start);

	if (name)
		return name;
	read_map(jit);
	return cdm_symbols_find(&jit->symbols, addr, start);
}

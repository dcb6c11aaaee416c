// SPDX-License-Identifier: GPL-2.0
/*
 * Moves memory of a program that has test_hmm's devices open, see hmm-open.c:
 *
 *   hmm-move -p PID --to hmm_dmirrorN|--home --vma heap,anon
 *
 * as `cdmctl migrate` does with the series. What does not move is no failure.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hmm_dmirror.h"

#define PAGE		4096UL
#define CHUNK		512	/* pages at once */
#define PRESENT		(1ULL << 63)
#define MAX_DEVICES	4

struct move {
	const char *pid;
	const char *to;		/* NULL: home, from all of them */
	bool heap, anon;
	int devices[MAX_DEVICES], nr_devices;
	int pagemap;
};

static int fail(const char *what)
{
	fprintf(stderr, "hmm-move: %s: %s\n", what, strerror(errno));
	return 1;
}

/* The program's own descriptors: by those test_hmm knows whose memory is meant. */
static void find_devices(struct move *m)
{
	char folder[64], path[320], target[64];
	int pidfd = syscall(SYS_pidfd_open, atoi(m->pid), 0);
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%s/fd", m->pid);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir)) && m->nr_devices < MAX_DEVICES) {
		ssize_t len;
		int fd;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		if (strncmp(target, "/dev/hmm_dmirror", 16) || (m->to && strcmp(target + 5, m->to)))
			continue;
		fd = syscall(SYS_pidfd_getfd, pidfd, atoi(entry->d_name), 0);
		if (fd >= 0)
			m->devices[m->nr_devices++] = fd;
	}
	if (dir)
		closedir(dir);
	close(pidfd);
}

static void move_run(const struct move *m, __u64 addr, unsigned long pages)
{
	static char copy[CHUNK * PAGE];		/* test_hmm shows what it moved */

	for (int i = 0; i < m->nr_devices; i++) {
		struct hmm_dmirror_cmd cmd = {
			.addr = addr, .ptr = (__u64)copy, .npages = pages,
		};

		ioctl(m->devices[i],
		      m->to ? HMM_DMIRROR_MIGRATE_TO_DEV : HMM_DMIRROR_MIGRATE_TO_SYS, &cmd);
	}
}

/* Only what is there: test_hmm would fill holes with pages. */
static void move_chunk(const struct move *m, __u64 addr, unsigned long pages)
{
	__u64 entries[CHUNK];
	ssize_t nr = pread(m->pagemap, entries, pages * sizeof(*entries),
			   addr / PAGE * sizeof(*entries));
	unsigned long run = 0;

	nr = nr > 0 ? nr / (ssize_t)sizeof(*entries) : 0;
	for (ssize_t i = 0; i < nr; i++) {
		if (entries[i] & PRESENT) {
			run++;
			continue;
		}
		if (run)
			move_run(m, addr + (i - run) * PAGE, run);
		run = 0;
	}
	if (run)
		move_run(m, addr + (nr - run) * PAGE, run);
}

static bool is_meant(const struct move *m, const char *rights, unsigned long inode,
		     const char *name)
{
	if (strncmp(rights, "rw-p", 4) || inode)
		return false;
	return strcmp(name, "[heap]") ? m->anon && (!*name || !strncmp(name, "[anon", 5)) : m->heap;
}

static int move_all(const struct move *m)
{
	char path[64], line[512], rights[8], name[256];
	unsigned long inode;
	__u64 start, end;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", m->pid);
	maps = fopen(path, "r");
	if (!maps)
		return fail(path);
	while (fgets(line, sizeof(line), maps)) {
		*name = '\0';
		if (sscanf(line, "%llx-%llx %7s %*s %*s %lu %255s", &start, &end, rights, &inode,
			   name) < 4 || !is_meant(m, rights, inode, name))
			continue;
		for (; start < end; start += CHUNK * PAGE)
			move_chunk(m, start, (end - start) / PAGE < CHUNK ? (end - start) / PAGE :
				   CHUNK);
	}
	fclose(maps);
	return 0;
}

static bool parse(struct move *m, int argc, char **argv)
{
	static const struct option options[] = {
		{ "to", required_argument, NULL, 't' }, { "home", no_argument, NULL, 'h' },
		{ "vma", required_argument, NULL, 'v' }, { 0 },
	};
	bool home = false;
	int c;

	while ((c = getopt_long(argc, argv, "p:", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			m->pid = optarg;
			break;
		case 't':
			m->to = optarg;
			break;
		case 'h':
			home = true;
			break;
		case 'v':
			m->heap = strstr(optarg, "heap") || !strcmp(optarg, "all");
			m->anon = strstr(optarg, "anon") || !strcmp(optarg, "all");
			break;
		default:
			return false;
		}
	}
	return m->pid && home != !!m->to && (m->heap || m->anon) && optind == argc;
}

int main(int argc, char **argv)
{
	struct move m = { 0 };
	char path[64];

	if (!parse(&m, argc, argv)) {
		fprintf(stderr, "usage: hmm-move -p PID --to hmm_dmirrorN|--home --vma heap,anon|all\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/proc/%s/pagemap", m.pid);
	m.pagemap = open(path, O_RDONLY);
	if (m.pagemap < 0)
		return fail(path);
	find_devices(&m);
	if (!m.nr_devices) {
		fprintf(stderr, "hmm-move: %s has not opened %s: start it with hmm-open.so preloaded\n",
			m.pid, m.to ?: "a device of test_hmm");
		return 1;
	}
	return move_all(&m);
}

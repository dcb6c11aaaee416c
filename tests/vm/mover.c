// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a program while all of its memory, and that of its children, goes to two devices of
 * the cdm driver and home, again and again:
 *
 *	mover [-f|-s] PROGRAM [ARG...]
 *
 * Two of three migrations are to a device. -f: and files of tmpfs that they have open, which
 * are mapped here for that. -s: they stand still meanwhile, for programs that look twice and
 * want to see the same. It ends as the program does, and says on standard error what moved.
 * The program and its children are found by a cgroup that is made for them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/cdm.h>

#ifndef PAGEMAP_SCAN		/* <linux/fs.h> from 6.7 on */
struct page_region {
	__u64 start, end, categories;
};

struct pm_scan_arg {
	__u64 size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted,
	      category_mask, category_anyof_mask, return_mask;
};

#define PAGEMAP_SCAN	_IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_PRESENT	(1 << 3)
#endif

#define PAGE	4096UL
#define PIECE	(8UL << 20)	/* at once: nobody waits long for the address space */

static char cgroup[64];
static bool files, still;
static int devices[2];
static uint64_t moved[2], failed[CDM_FAIL_SLOTS], calls;
static uint64_t state = 88172645463325252ULL;

static uint64_t any(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % n;
}

static void migrate(int pidfd, uint64_t addr, uint64_t len)
{
	struct cdm_migrate m = {
		.size = sizeof(m), .addr = addr, .len = len, .pidfd = pidfd,
		.direction = any(3) ? CDM_TO_DEVICE : CDM_TO_RAM,
	};

	if (ioctl(devices[any(2)], CDM_MIGRATE, &m)) {
		if (errno == ESRCH)	/* it has ended */
			return;
		perror("mover: CDM_MIGRATE");
		exit(1);
	}
	calls++;
	moved[m.direction] += m.migrated;
	for (int i = 0; i < CDM_FAIL_SLOTS; i++)
		failed[i] += m.failed[i];
}

/* What is there, without the holes of large mappings */
static void migrate_process(pid_t pid)
{
	struct page_region found[64];
	struct pm_scan_arg scan = {
		.size = sizeof(scan), .end = (1UL << 47) - PAGE, .vec = (uintptr_t)found,
		.vec_len = sizeof(found) / sizeof(found[0]), .max_pages = PIECE / PAGE,
		.category_mask = PAGE_IS_PRESENT, .return_mask = PAGE_IS_PRESENT,
	};
	int pidfd = syscall(SYS_pidfd_open, pid, 0), pagemap, n;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	while ((n = ioctl(pagemap, PAGEMAP_SCAN, &scan)) > 0) {
		for (int i = 0; i < n; i++)
			migrate(pidfd, found[i].start, found[i].end - found[i].start);
		scan.start = scan.walk_end;
	}
	close(pagemap);
	close(pidfd);
}

static void migrate_file(int fd)
{
	struct stat st;
	char *p;

	if (fstat(fd, &st) || !st.st_size)
		return;
	st.st_size = (st.st_size + PAGE - 1) & -PAGE;
	p = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return;
	/* It may become shorter at any moment: to touch it would be a signal. */
	madvise(p, st.st_size, MADV_POPULATE_READ);
	for (off_t at = 0; at < st.st_size; at += PIECE)
		migrate(-1, (uint64_t)p + at,
			st.st_size - at < (off_t)PIECE ? (uint64_t)(st.st_size - at) : PIECE);
	munmap(p, st.st_size);
}

/* The files of tmpfs that a process has open, also those without a name */
static void migrate_files(pid_t pid)
{
	char path[32];
	struct dirent *entry;
	struct statfs fs;
	struct stat st;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		/* To open a pipe changes what its users see. */
		if (fstatat(dirfd(dir), entry->d_name, &st, 0) || !S_ISREG(st.st_mode))
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && !fstatfs(fd, &fs) && fs.f_type == TMPFS_MAGIC)
			migrate_file(fd);
		if (fd >= 0)
			close(fd);
	}
	if (dir)
		closedir(dir);
}

static void migrate_all(void)
{
	char path[96];
	FILE *procs;
	int pid;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	procs = fopen(path, "re");
	while (procs && fscanf(procs, "%d", &pid) == 1) {
		migrate_process(pid);
		if (files)
			migrate_files(pid);
	}
	if (procs)
		fclose(procs);
}

static int write_cgroup(const char *file, const char *text)
{
	char path[96];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ret = fd < 0 || write(fd, text, strlen(text)) < 0;
	if (ret)
		perror(path);
	close(fd);
	return ret;
}

static bool is_frozen(void)
{
	char path[96], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.events", cgroup);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return strstr(text, "frozen 1");
}

/* Who does not stand still in a second waits for something else. */
static void migrate_still(void)
{
	write_cgroup("cgroup.freeze", "1");
	for (int i = 0; i < 1000 && !is_frozen(); i++)
		usleep(1000);
	if (is_frozen())
		migrate_all();
	write_cgroup("cgroup.freeze", "0");
	usleep(2000);
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write_cgroup("cgroup.procs", "0"))
		_exit(127);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static void open_devices(void)
{
	for (int i = 0; i < 2; i++) {
		char path[16];

		snprintf(path, sizeof(path), "/dev/cdm%d", i);
		devices[i] = open(path, O_RDWR | O_CLOEXEC);
		if (devices[i] < 0) {
			perror(path);
			exit(1);
		}
	}
}

static void tell(void)
{
	fprintf(stderr, "# mover: %lu migrations, pages to devices %lu, home %lu, stayed",
		calls, moved[CDM_TO_DEVICE], moved[CDM_TO_RAM]);
	for (int i = 0; i < CDM_FAIL_SLOTS; i++)
		if (failed[i])
			fprintf(stderr, " %d:%lu", i, failed[i]);
	fprintf(stderr, "\n");
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc > 1 && (!strcmp(argv[1], "-f") || !strcmp(argv[1], "-s"))) {
		files = argv[1][1] == 'f';
		still = !files;
		argv++, argc--;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: mover [-f|-s] PROGRAM [ARG...]\n");
		return 2;
	}
	open_devices();
	snprintf(cgroup, sizeof(cgroup), "/sys/fs/cgroup/mover-%d", getpid());
	if (mkdir(cgroup, 0755)) {
		perror(cgroup);
		return 1;
	}
	pid = start(argv + 1);
	while (!waitpid(pid, &status, WNOHANG)) {
		if (still)
			migrate_still();
		else
			migrate_all();
	}
	tell();
	for (int i = 0; rmdir(cgroup) && errno == EBUSY && i < 100; i++)
		usleep(100000);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// SPDX-License-Identifier: GPL-2.0
/* Processes and their VMAs, from /proc. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/snapshot.h"

struct cdm_roots cdm_roots = { .proc = "/proc", .sys = "/sys", .dev = "/dev" };

/* Holds /proc/PID/status even with some thousand supplementary groups. */
#define STATUS_SIZE	(16 << 10)
/* Inode of the initial pid namespace, PROC_PID_INIT_INO. */

void cdm_snap_head(struct cdm_rec *rec, unsigned int kind, size_t len)
{
	*rec = (struct cdm_rec) {
		.kind = kind,
		.len = len,
		.ts = cdm_clock_ns(CLOCK_BOOTTIME),
	};
}

int cdm_emit_note(cdm_emit_fn emit, void *ctx, const char *text)
{
	union {
		struct cdm_rec_note note;
		char room[sizeof(struct cdm_rec_note) + CDM_WHY_LEN];
	} rec = {};

	snprintf(rec.note.text, CDM_WHY_LEN, "%s", text);
	cdm_snap_head(&rec.note.rec, CDM_REC_NOTE,
		      (sizeof(rec.note) + strlen(rec.note.text) + 1 + 7) & ~7UL);
	return emit(ctx, &rec.note.rec);
}

ssize_t cdm_read_file(int dir, const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd;

	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, buf + len, size - 1 - len);
		if (n > 0)
			len += n;
	} while (n > 0 && len < size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	buf[len] = '\0';
	return n < 0 ? n : (ssize_t)len;
}

bool cdm_emulated(void)
{
	char line[256];
	bool tcg = false;
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (f && !tcg && fgets(line, sizeof(line), f))
		tcg = !strncmp(line, "model name", 10) && strstr(line, "TCG");
	if (f)
		fclose(f);
	return tcg;
}

static __u64 kb_to_pages(__u64 kb)
{
	return kb * 1024 / sysconf(_SC_PAGESIZE);
}

/* An entry that is gone is a process that is gone. */
static int proc_error(int err)
{
	switch (err) {
	case -ENOENT:
		return -ESRCH;
	case -EACCES:
		return -EPERM;
	default:
		return err;
	}
}

/*
 * Of stat and status one read() is all, as the kernel makes them in one piece
 * (single_open()): to read until there is no more would double the calls.
 */
static ssize_t read_proc(__u32 pid, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%u/%s", cdm_roots.proc, pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return proc_error(-errno);
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = proc_error(-errno);
	close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	return n;
}

/* Skips @n fields separated by single spaces. Return: NULL if there are fewer. */
static const char *skip_fields(const char *s, int n)
{
	while (s && n--) {
		s = strchr(s, ' ');
		if (s)
			s++;
	}
	return s;
}

/* The comm may have spaces and parentheses in it: it ends at the last one. */
static int parse_stat(const char *text, struct cdm_snap_proc *snap)
{
	const char *comm = strchr(text, '('), *end = strrchr(text, ')'), *times, *start;
	const __u64 ticks = sysconf(_SC_CLK_TCK);
	__u64 user, system;
	size_t len;

	if (!comm || !end || end < comm)
		return -EPROTO;
	comm++;
	len = end - comm;
	if (len >= sizeof(snap->comm))
		len = sizeof(snap->comm) - 1;
	memcpy(snap->comm, comm, len);

	/* Fields 14, 15 and 22, clock ticks; field 3 follows the parenthesis. */
	times = skip_fields(end + 1, 12);
	start = skip_fields(times, 8);
	if (!start || sscanf(times, "%llu %llu", &user, &system) != 2)
		return -EPROTO;
	snap->cpu_ms = (user + system) * 1000 / ticks;
	snap->start_ns = strtoull(start, NULL, 10) * (1000000000ULL / ticks);
	return 0;
}

/* The number @skip fields after the name of @line, if that is @name. */
static bool status_field(const char *line, const char *name, int skip, __u64 *value)
{
	size_t len = strlen(name);

	if (strncmp(line, name, len) || line[len] != ':')
		return false;
	line += len + 1;
	for (; skip; skip--)
		line += strspn(line, " \t") + strcspn(line + strspn(line, " \t"), " \t\n");
	*value = strtoull(line, NULL, 10);
	return true;
}

void cdm_proc_set_anon(struct cdm_snap_proc *snap, __u64 mapped)
{
	snap->device_anon = snap->device && mapped ? CDM_UNKNOWN : snap->device;
}

/*
 * Sums over CPUs are exact here, unlike those of /proc/PID/stat and statm. A
 * kernel thread or a zombie has none: no memory.
 */
static int parse_status(const char *text, struct cdm_snap_proc *snap)
{
	__u64 tgid = 0, uid = 0, rss = CDM_UNKNOWN, device = CDM_UNKNOWN;
	__u64 file = 0, shmem = 0;
	const char *line;

	/* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): errno is not 0 after an error */
	for (line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		switch (*line) {
		case 'T':
			status_field(line, "Tgid", 0, &tgid);
			break;
		case 'U':
			status_field(line, "Uid", 1, &uid);
			break;
		case 'V':
			status_field(line, "VmRSS", 0, &rss);
			break;
		case 'R':
			status_field(line, "RssFile", 0, &file);
			status_field(line, "RssShmem", 0, &shmem);
			status_field(line, "RssDevHost", 0, &device);
			break;
		}
	}
	if (tgid != snap->pid)
		return -ESRCH;

	snap->uid = uid;
	if (rss == CDM_UNKNOWN) {
		snap->device_file = 0;
		snap->device_shmem = 0;
		return 0;
	}
	snap->rss = kb_to_pages(rss);
	snap->device = device == CDM_UNKNOWN ? device : kb_to_pages(device);
	cdm_proc_set_anon(snap, file + shmem);
	return 0;
}

int cdm_proc_read(__u32 pid, struct cdm_snap_proc *snap)
{
	char buf[STATUS_SIZE];
	ssize_t n;
	int ret;

	/*
	 * One counter of the kernel tells of all device pages, not of what kind
	 * they are.
	 */
	memset(snap, 0, CDM_SNAP_PROC_MIN);
	snap->pid = pid;
	snap->device_file = CDM_UNKNOWN;
	snap->device_shmem = CDM_UNKNOWN;

	n = read_proc(pid, "stat", buf, sizeof(buf));
	if (n < 0)
		return n;
	ret = parse_stat(buf, snap);
	if (ret)
		return ret;
	n = read_proc(pid, "status", buf, sizeof(buf));
	if (n < 0)
		return n;
	ret = parse_status(buf, snap);
	if (ret)
		return ret;
	cdm_snap_head(&snap->rec, CDM_SNAP_PROC, CDM_SNAP_PROC_MIN);
	return 0;
}

int cdm_proc_start_stack(__u32 pid, __u64 *start)
{
	char buf[1024];
	ssize_t n = read_proc(pid, "stat", buf, sizeof(buf));
	const char *s;

	if (n < 0)
		return n;
	/* Behind the name, in which anything may stand, it is the 28th number, the 26th from there. */
	s = strrchr(buf, ')');
	s = s ? skip_fields(s, 26) : NULL;
	*start = s ? strtoull(s, NULL, 10) : 0;
	return 0;
}

bool cdm_proc_is_ours(void)
{
	char path[PATH_MAX], self[16];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/self", cdm_roots.proc);
	n = readlink(path, self, sizeof(self) - 1);
	if (n <= 0)
		return false;
	self[n] = '\0';
	return strtol(self, NULL, 10) == getpid();
}

bool cdm_proc_has_device(void)
{
	struct cdm_snap_proc self;

	return !cdm_proc_read(getpid(), &self) && self.device != CDM_UNKNOWN;
}

int cdm_proc_each(int (*each)(void *ctx, __u32 pid), void *ctx)
{
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	dir = opendir(cdm_roots.proc);
	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			ret = each(ctx, strtoul(entry->d_name, NULL, 10));
	closedir(dir);
	return ret;
}

static bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static enum cdm_abi_vma vma_kind(const char *name)
{
	static const char *const shmem[] = {
		"/dev/zero (deleted)", "/memfd:", "/dev/shm/", "/SYSV", "[anon_shmem:",
	};

	if (!*name || starts_with(name, "[anon:"))
		return CDM_VMA_ANON;
	if (!strcmp(name, "[heap]"))
		return CDM_VMA_HEAP;
	if (starts_with(name, "[stack"))
		return CDM_VMA_STACK;
	for (size_t i = 0; i < sizeof(shmem) / sizeof(shmem[0]); i++)
		if (starts_with(name, shmem[i]))
			return CDM_VMA_SHMEM;
	return CDM_VMA_FILE;
}

/* "START-END PERMS OFFSET DEVICE INODE      NAME" */
static bool parse_vma(char *line, struct cdm_vma *vma)
{
	unsigned long long start, end, offset, inode;
	char perms[8];
	int name = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %*x:%*x %llu %n", &start, &end, perms, &offset, &inode,
		   &name) != 5 || !name)
		return false;
	line[strcspn(line, "\n")] = '\0';
	*vma = (struct cdm_vma) {
		.start = start, .end = end, .offset = offset, .inode = inode,
		.rss = CDM_UNKNOWN, .device = CDM_UNKNOWN,
		.kind = vma_kind(line + name),
		.name = line + name,
	};
	memcpy(vma->perms, perms, sizeof(perms));
	vma->special = vma->kind == CDM_VMA_FILE && line[name] == '[';
	return true;
}

/* Reads the fields of smaps that follow a VMA, up to the last one of them. */
static int read_sizes(FILE *in, struct cdm_vma *vma)
{
	char line[256];
	__u64 kb;

	while (fgets(line, sizeof(line), in)) {
		if (status_field(line, "Rss", 0, &kb))
			vma->rss = kb_to_pages(kb);
		else if (status_field(line, "Shared_Clean", 0, &kb) ||
			 status_field(line, "Shared_Dirty", 0, &kb))
			vma->shared += kb_to_pages(kb);
		else if (status_field(line, "RssDevHost", 0, &kb))
			vma->device = kb_to_pages(kb);
		else if (starts_with(line, "VmFlags:")) {
			/* Neither io nor pf memory has pages of its own. */
			vma->special |= strstr(line, " io") || strstr(line, " pf");
			return 0;
		}
	}
	return ferror(in) ? -errno : 0;
}

int cdm_proc_maps(__u32 pid, bool sizes, int (*each)(void *ctx, const struct cdm_vma *vma),
		  void *ctx)
{
	char path[PATH_MAX], *line = NULL;
	struct cdm_vma vma;
	size_t size = 0;
	int ret = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%u/%s", cdm_roots.proc, pid, sizes ? "smaps" : "maps");
	in = fopen(path, "re");
	if (!in)
		return proc_error(-errno);

	errno = 0;
	while (!ret && getline(&line, &size, in) > 0) {
		if (!parse_vma(line, &vma))
			continue;
		if (sizes)
			ret = read_sizes(in, &vma);
		if (!ret)
			ret = each(ctx, &vma);
	}
	if (!ret && ferror(in))
		ret = proc_error(-errno);
	free(line);
	fclose(in);
	return ret;
}

struct emit_vmas {
	cdm_emit_fn emit;
	void *ctx;
	__u32 pid;
};

static int emit_vma(void *ctx, const struct cdm_vma *vma)
{
	size_t name_size = strlen(vma->name) + 1;
	size_t len = (sizeof(struct cdm_snap_vma) + name_size + 7) & ~7UL;
	struct emit_vmas *e = ctx;
	struct cdm_snap_vma *snap;
	int ret;

	if (vma->device == CDM_UNKNOWN || !vma->device)
		return 0;
	snap = calloc(1, len);
	if (!snap)
		return -ENOMEM;
	cdm_snap_head(&snap->rec, CDM_SNAP_VMA, len);
	snap->pid = e->pid;
	snap->vma = vma->kind;
	snap->start = vma->start;
	snap->end = vma->end;
	snap->rss = vma->rss;
	snap->device = vma->device;
	memcpy(snap->perms, vma->perms, sizeof(snap->perms));
	memcpy(snap->name, vma->name, name_size);
	ret = e->emit(e->ctx, &snap->rec);
	free(snap);
	return ret;
}

int cdm_proc_vmas(__u32 pid, cdm_emit_fn emit, void *ctx)
{
	struct emit_vmas e = { emit, ctx, pid };

	return cdm_proc_maps(pid, true, emit_vma, &e);
}

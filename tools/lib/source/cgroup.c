// SPDX-License-Identifier: GPL-2.0
/*
 * Memory cgroups, from the files of the hierarchy that the memory controller is
 * in: version 2, or version 1 beside it or alone.
 *
 * The tree is kept between refreshes. Nothing about a directory of cgroupfs tells
 * reliably that a child came or went, so each refresh lists the directories, but
 * a cgroup that is still there (by inode number, names are used again) keeps its
 * open files.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source/members.h"
#include "source/snapshot.h"

enum value { CURRENT, LIMIT, STAT, DMEM, PROCS, NR_VALUES };

#define NR_FILES	(NR_VALUES + 1)	/* of a cgroup: these and its directory */
#define STAT_SIZE	(16 << 10)	/* holds memory.stat */
#define DIRENTS_SIZE	(16 << 10)
#define FILEID_KERNFS	0xfe
#define HASH_BITS	12

static const char *const files[2][NR_VALUES] = {
	{ "memory.usage_in_bytes", "memory.limit_in_bytes", "memory.stat", "dmem.current",
	  "cgroup.procs" },
	{ "memory.current", "memory.max", "memory.stat", "dmem.current", "cgroup.procs" },
};

/* How the names of our regions of the dmem controller begin. */
#define DMEM_REGION	"device_host/"

/* Hierarchical, as memory.current is. */
static const char *const stat_keys[2] = { "total_device_host", "device_host" };

struct node {
	struct node *parent;
	struct node *children;
	struct node *sibling;
	struct node *same_hash;
	__u64 id;
	__u64 ino;
	bool seen;		/* by the refresh that is under way */
	bool kept;		/* the files below stay open, where they exist */
	int dir;
	int fds[NR_VALUES];
	char path[];		/* "/a/b", "/" is the root */
};

struct cdm_cgroups {
	int version;		/* 0: v1, 1: v2; index into files[] */
	int mount;		/* its directory */
	bool have_device;
	bool take_dmem;
	bool take_members;
	struct cdm_members members;	/* as of the last refresh, if they are taken */
	size_t budget;		/* cgroups that may keep their files open */
	struct node *root;
	char *mount_point;
	char *mount_root;	/* what of the hierarchy is mounted, "/" */
	struct node *hash[1 << HASH_BITS];	/* by path */
};

/* --- where it is --- */

/* In place: mountinfo has spaces as \040. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*out++ = (s[1] & 7) << 6 | (s[2] & 7) << 3 | (s[3] & 7);
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* Whether @word is in @list, separated by any of @separators. */
static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t len = strlen(word);

	for (const char *s = list; *s; s += strspn(s, separators)) {
		size_t n = strcspn(s, separators);

		if (n == len && !strncmp(s, word, n))
			return true;
		s += n;
	}
	return false;
}

static bool v2_has_memory(const char *mount_point)
{
	char path[PATH_MAX], buf[512];

	snprintf(path, sizeof(path), "%s/cgroup.controllers", mount_point);
	return cdm_read_file(AT_FDCWD, path, buf, sizeof(buf)) >= 0 &&
	       has_word(buf, "memory", " \n");
}

/*
 * Takes a line of mountinfo: ID PARENT DEVICE ROOT POINT OPTIONS [FIELDS] - TYPE
 * SOURCE SUPER. A mount of the memory controller is as good as another; where
 * several exist, the first one.
 */
static int take_mount(struct cdm_cgroups *c, char *line)
{
	char *root, *point, *type, *super, *rest = line;
	bool v1, v2;

	for (int i = 0; i < 3; i++)
		strsep(&rest, " ");
	root = strsep(&rest, " ");
	point = strsep(&rest, " ");
	rest = rest ? strstr(rest, " - ") : NULL;
	if (!rest)
		return 0;
	rest += 3;
	type = strsep(&rest, " ");
	strsep(&rest, " ");
	super = strsep(&rest, " \n");
	if (!super)
		return 0;

	unescape(point);
	unescape(root);
	v1 = !strcmp(type, "cgroup") && has_word(super, "memory", ",");
	v2 = !strcmp(type, "cgroup2") && v2_has_memory(point);
	if (!v1 && !v2)
		return 0;
	c->version = v2;
	c->mount_point = strdup(point);
	c->mount_root = strdup(root);
	return c->mount_point && c->mount_root ? 1 : -ENOMEM;
}

static int find_mount(struct cdm_cgroups *c)
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	int ret = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/self/mountinfo", cdm_roots.proc);
	in = fopen(path, "re");
	if (!in)
		return -errno;
	while (!ret && getline(&line, &size, in) > 0)
		ret = take_mount(c, line);
	free(line);
	fclose(in);
	if (ret < 0)
		return ret;
	return ret ? 0 : -ENOENT;
}

/* --- the tree --- */

static __u32 hash_path(const char *path)
{
	__u32 h = 2166136261u;

	while (*path)
		h = (h ^ (unsigned char)*path++) * 16777619u;
	return (h ^ h >> HASH_BITS) & ((1 << HASH_BITS) - 1);
}

static struct node *find_path(struct cdm_cgroups *c, const char *path)
{
	struct node *node = c->hash[hash_path(path)];

	while (node && strcmp(node->path, path))
		node = node->same_hash;
	return node;
}

static void unhash(struct cdm_cgroups *c, struct node *node)
{
	struct node **p = &c->hash[hash_path(node->path)];

	while (*p != node)
		p = &(*p)->same_hash;
	*p = node->same_hash;
}

static void close_files(struct cdm_cgroups *c, struct node *node)
{
	for (int i = 0; i < NR_VALUES; i++)
		if (node->fds[i] >= 0)
			close(node->fds[i]);
	if (node->dir >= 0)
		close(node->dir);
	c->budget += node->kept;
}

static void free_tree(struct cdm_cgroups *c, struct node *node)
{
	while (node->children) {
		struct node *child = node->children;

		node->children = child->sibling;
		free_tree(c, child);
	}
	unhash(c, node);
	close_files(c, node);
	free(node);
}

static int open_dir(struct cdm_cgroups *c, const char *path)
{
	return openat(c->mount, path[1] ? path + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The kernel's id of a cgroup. It is the inode number, too, where ino_t has 64 bits. */
static __u64 id_of(int dir, __u64 ino)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = { .h.handle_bytes = MAX_HANDLE_SZ };
	__u64 id;
	int mount;

	if (name_to_handle_at(dir, "", &u.h, &mount, AT_EMPTY_PATH) ||
	    u.h.handle_type != FILEID_KERNFS || u.h.handle_bytes != sizeof(id))
		return ino;
	memcpy(&id, u.h.f_handle, sizeof(id));
	return id;
}

static bool is_taken(const struct cdm_cgroups *c, enum value v)
{
	return (v != DMEM || c->take_dmem) && (v != PROCS || c->take_members);
}

static void keep_files(struct cdm_cgroups *c, struct node *node)
{
	if (!c->budget)
		return;
	c->budget--;
	node->kept = true;
	for (int i = 0; i < NR_VALUES; i++)
		if (is_taken(c, i))
			node->fds[i] = openat(node->dir, files[c->version][i], O_RDONLY | O_CLOEXEC);
}

/* Return: NULL with errno; ENOENT where the cgroup has just gone. */
static struct node *new_node(struct cdm_cgroups *c, struct node *parent, const char *name)
{
	size_t parent_len = parent && parent->path[1] ? strlen(parent->path) : 0;
	size_t size = parent_len + 1 + strlen(name) + 1;
	struct node *node = calloc(1, sizeof(*node) + size);
	struct stat st;
	__u32 h;

	if (!node)
		return NULL;
	snprintf(node->path, size, "%.*s/%s", (int)parent_len, parent ? parent->path : "", name);
	for (int i = 0; i < NR_VALUES; i++)
		node->fds[i] = -1;
	node->dir = open_dir(c, node->path);
	if (node->dir < 0 || fstat(node->dir, &st)) {
		int err = errno;

		if (node->dir >= 0)
			close(node->dir);
		free(node);
		errno = err;
		return NULL;
	}
	node->ino = st.st_ino;
	node->id = id_of(node->dir, st.st_ino);
	keep_files(c, node);
	if (!node->kept) {
		close(node->dir);
		node->dir = -1;
	}

	node->parent = parent;
	if (parent) {
		node->sibling = parent->children;
		parent->children = node;
	}
	h = hash_path(node->path);
	node->same_hash = c->hash[h];
	c->hash[h] = node;
	return node;
}

struct dirent64_raw {
	__u64 ino;
	__s64 off;
	unsigned short len;
	unsigned char type;
	char name[];
};

/* Marks the child as seen, and makes it first if it is new. */
static int see_child(struct cdm_cgroups *c, struct node *parent, const struct dirent64_raw *d)
{
	struct node *child;

	for (child = parent->children; child; child = child->sibling)
		if (child->ino == d->ino)
			break;
	if (!child)
		child = new_node(c, parent, d->name);
	if (child)
		child->seen = true;
	else if (errno == ENOMEM)
		return -ENOMEM;
	/* Else it is not ours to see, or gone again. */
	return 0;
}

static int scan_entries(struct cdm_cgroups *c, struct node *node, int dir)
{
	char buf[DIRENTS_SIZE] __attribute__((aligned(8)));
	int ret = 0;
	long n;

	lseek(dir, 0, SEEK_SET);
	while (!ret && (n = syscall(SYS_getdents64, dir, buf, sizeof(buf))) > 0) {
		for (long at = 0; !ret && at < n;) {
			const struct dirent64_raw *d = (const void *)(buf + at);

			if (d->type == DT_DIR && strcmp(d->name, ".") && strcmp(d->name, ".."))
				ret = see_child(c, node, d);
			at += d->len;
		}
	}
	return ret;
}

static void drop_unseen(struct cdm_cgroups *c, struct node *parent)
{
	struct node **p = &parent->children;

	while (*p) {
		struct node *child = *p;

		if (child->seen) {
			p = &child->sibling;
			continue;
		}
		*p = child->sibling;
		free_tree(c, child);
	}
}

/* Brings the children of @node up to date. */
static int scan(struct cdm_cgroups *c, struct node *node)
{
	int dir = node->kept ? node->dir : open_dir(c, node->path);
	struct node *child;
	int ret = 0;

	for (child = node->children; child; child = child->sibling)
		child->seen = false;
	if (dir >= 0) {
		ret = scan_entries(c, node, dir);
		if (!node->kept)
			close(dir);
	}
	drop_unseen(c, node);
	return ret;
}

/* --- values --- */

static ssize_t read_value(struct cdm_cgroups *c, struct node *node, enum value v,
			  char *buf, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;

	if (!node->kept) {
		snprintf(path, sizeof(path), "%s/%s", node->path + 1, files[c->version][v]);
		return cdm_read_file(c->mount, path + (*path == '/'), buf, size);
	}
	if (node->fds[v] < 0)
		return -ENOENT;
	n = pread(node->fds[v], buf, size - 1, 0);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return n;
}

static __u64 pages_of(struct cdm_cgroups *c, struct node *node, enum value v)
{
	__u64 page_size = sysconf(_SC_PAGESIZE), bytes;
	char buf[64], *end;

	if (read_value(c, node, v, buf, sizeof(buf)) < 0)
		return CDM_UNKNOWN;
	if (!strncmp(buf, "max", 3))
		return CDM_NO_LIMIT;
	bytes = strtoull(buf, &end, 10);
	if (end == buf)
		return CDM_UNKNOWN;
	/* "No limit" of version 1. */
	if (v == LIMIT && bytes >= LONG_MAX / page_size * page_size)
		return CDM_NO_LIMIT;
	return bytes / page_size;
}

static __u64 device_pages_of(struct cdm_cgroups *c, struct node *node)
{
	const char *key = stat_keys[c->version], *line;
	size_t len = strlen(key);
	char buf[STAT_SIZE];

	if (read_value(c, node, STAT, buf, sizeof(buf)) < 0)
		return CDM_UNKNOWN;
	for (line = buf; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len) && line[len] == ' ')
			return strtoull(line + len, NULL, 10) / sysconf(_SC_PAGESIZE);
	}
	return CDM_UNKNOWN;
}

/*
 * The sum of our regions, of lines "device_host/cdm0 BYTES"; CDM_UNKNOWN: there is none. Where
 * the controller is not on there is no file.
 */
static __u64 sum_of_regions(const char *line)
{
	__u64 bytes = 0;
	bool ours = false;

	for (; line && *line; line = strchr(line, '\n')) {
		const char *value;

		line += *line == '\n';
		value = strchr(line, ' ');
		if (strncmp(line, DMEM_REGION, strlen(DMEM_REGION)) || !value)
			continue;
		ours = true;
		bytes += strtoull(value, NULL, 10);
	}
	return ours ? bytes / sysconf(_SC_PAGESIZE) : CDM_UNKNOWN;
}

static __u64 dmem_pages_of(struct cdm_cgroups *c, struct node *node)
{
	char buf[STAT_SIZE];

	return read_value(c, node, DMEM, buf, sizeof(buf)) < 0 ? CDM_UNKNOWN : sum_of_regions(buf);
}

/* --- interface --- */

/* Half of the files that may be open are left to others. */
static size_t files_budget(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	return limit.rlim_cur / 2 / NR_FILES;
}

struct cdm_cgroups *cdm_cgroups_open(void)
{
	struct cdm_cgroups *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return NULL;
	c->mount = -1;
	c->budget = files_budget();
	ret = find_mount(c);
	if (ret)
		goto err;
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): errno is not 0 after an error */
	c->mount = open(c->mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->mount < 0) {
		ret = -errno;
		goto err;
	}
	c->root = new_node(c, NULL, "");
	if (!c->root) {
		ret = -errno;
		goto err;
	}
	c->have_device = device_pages_of(c, c->root) != CDM_UNKNOWN;
	return c;

err:
	cdm_cgroups_close(c);
	errno = -ret;
	return NULL;
}

void cdm_cgroups_close(struct cdm_cgroups *c)
{
	if (!c)
		return;
	if (c->root)
		free_tree(c, c->root);
	if (c->mount >= 0)
		close(c->mount);
	cdm_members_free(&c->members);
	free(c->mount_point);
	free(c->mount_root);
	free(c);
}

bool cdm_cgroups_have_device(const struct cdm_cgroups *c)
{
	return c->have_device;
}

void cdm_cgroups_ignore_device(struct cdm_cgroups *c)
{
	c->have_device = false;
}

/* In the same hierarchy, as in version 2. */
bool cdm_cgroups_have_dmem(const struct cdm_cgroups *c)
{
	char buf[STAT_SIZE];

	return cdm_read_file(c->mount, "dmem.capacity", buf, sizeof(buf)) >= 0 &&
	       sum_of_regions(buf) != CDM_UNKNOWN;
}

/* Of those that are known by now, the root alone, it is not open yet. */
static void open_of_root(struct cdm_cgroups *c, enum value v)
{
	if (c->root->kept)
		c->root->fds[v] = openat(c->root->dir, files[c->version][v], O_RDONLY | O_CLOEXEC);
}

void cdm_cgroups_take_dmem(struct cdm_cgroups *c)
{
	c->take_dmem = true;
	open_of_root(c, DMEM);
}

void cdm_cgroups_take_members(struct cdm_cgroups *c)
{
	c->take_members = true;
	open_of_root(c, PROCS);
}

const char *cdm_cgroups_mount(const struct cdm_cgroups *c)
{
	return c->mount_point;
}

static const struct node *find_id(const struct node *node, __u64 id)
{
	const struct node *child, *found = node->id == id ? node : NULL;

	for (child = node->children; !found && child; child = child->sibling)
		found = find_id(child, id);
	return found;
}

const char *cdm_cgroups_path(const struct cdm_cgroups *c, __u64 id)
{
	const struct node *node = find_id(c->root, id);

	return node ? node->path : NULL;
}

int cdm_cgroups_fd(const struct cdm_cgroups *c)
{
	return c->mount;
}

struct refresh {
	const struct cdm_cgroup_source *source;
	cdm_emit_fn emit;
	void *ctx;
	bool scan;		/* look for new cgroups, and for those that went */
};

/* The root has no limit; in version 2 it has no file that says so. */
static void read_files(struct cdm_cgroups *c, struct node *node, struct cdm_snap_cgroup *snap)
{
	snap->charged = pages_of(c, node, CURRENT);
	snap->device = c->have_device ? device_pages_of(c, node) : CDM_UNKNOWN;
	snap->limit = node->parent ? pages_of(c, node, LIMIT) : CDM_NO_LIMIT;
}

/* Of the root the kernel's counters are not what its files say. */
static void read_values(struct cdm_cgroups *c, struct node *node, const struct refresh *r,
			struct cdm_snap_cgroup *snap)
{
	const __u64 max = LONG_MAX / sysconf(_SC_PAGESIZE);	/* PAGE_COUNTER_MAX */
	const struct cdm_cgroup *values = NULL;

	if (node->parent && r->source)
		values = r->source->values(r->ctx, node->id);
	if (!values || !values->has_memory || (values->device < 0 && c->have_device)) {
		read_files(c, node, snap);
		return;
	}
	snap->charged = values->charged;
	snap->device = c->have_device ? (__u64)values->device : CDM_UNKNOWN;
	snap->limit = values->limit >= max ? CDM_NO_LIMIT : values->limit;
}

static int emit_dmem(struct cdm_cgroups *c, struct node *node, const struct refresh *r)
{
	struct cdm_snap_dmem snap = { .cgroup = node->id };

	snap.device = c->take_dmem ? dmem_pages_of(c, node) : CDM_UNKNOWN;
	if (snap.device == CDM_UNKNOWN)
		return 0;
	cdm_snap_head(&snap.rec, CDM_SNAP_DMEM, sizeof(snap));
	return r->emit(r->ctx, &snap.rec);
}

static int emit_cgroup(struct cdm_cgroups *c, struct node *node, const struct refresh *r)
{
	size_t len = (offsetof(struct cdm_snap_cgroup, path) + strlen(node->path) + 1 + 7) & ~7UL;
	const struct cdm_stats *stats = NULL;
	struct cdm_snap_cgroup *snap = calloc(1, len);
	int ret;

	if (!snap)
		return -ENOMEM;
	cdm_snap_head(&snap->rec, CDM_SNAP_CGROUP, len);
	snap->id = node->id;
	snap->parent = node->parent ? node->parent->id : 0;
	read_values(c, node, r, snap);
	if (r->source)
		stats = r->source->stats(r->ctx, node->id);
	if (stats) {
		snap->has_stats = 1;
		snap->stats = *stats;
	}
	strcpy(snap->path, node->path);
	ret = r->emit(r->ctx, &snap->rec);
	free(snap);
	return ret ?: emit_dmem(c, node, r);
}

static int read_members(struct cdm_cgroups *c, struct node *node)
{
	char path[PATH_MAX];
	int fd, err;

	if (!c->take_members)
		return 0;
	if (node->kept)
		return cdm_members_read(&c->members, node->fds[PROCS], node->id);
	snprintf(path, sizeof(path), ".%s/%s", node->path, files[c->version][PROCS]);
	fd = openat(c->mount, path, O_RDONLY | O_CLOEXEC);
	err = cdm_members_read(&c->members, fd, node->id);
	if (fd >= 0)
		close(fd);
	return err;
}

/* @below: 0 within the part of the tree that is wanted. */
static int refresh_tree(struct cdm_cgroups *c, struct node *node, __u64 below,
			const struct refresh *r)
{
	struct node *child;
	int ret;

	if (node->id == below)
		below = 0;
	ret = below ? 0 : emit_cgroup(c, node, r);
	if (!ret)
		ret = read_members(c, node);
	if (!ret && r->scan)
		ret = scan(c, node);
	for (child = node->children; !ret && child; child = child->sibling)
		ret = refresh_tree(c, child, below, r);
	return ret;
}

/* Whether all of the tree are still there; counts them. */
static bool all_there(const struct node *node, const struct refresh *r, size_t *nr)
{
	const struct node *child;

	if (!r->source->values(r->ctx, node->id))
		return false;
	++*nr;
	for (child = node->children; child; child = child->sibling)
		if (!all_there(child, r, nr))
			return false;
	return true;
}

int cdm_cgroups_refresh(struct cdm_cgroups *c, __u64 below, const struct cdm_cgroup_source *source,
			cdm_emit_fn emit, void *ctx)
{
	struct refresh r = { source, emit, ctx, true };
	size_t nr = 0;
	int ret;

	r.scan = !source || !all_there(c->root, &r, &nr) || nr != source->nr(ctx);
	c->members.nr = 0;
	ret = refresh_tree(c, c->root, below, &r);
	cdm_members_sort(&c->members);
	return ret;
}

/* @path starts with "/", which is the mount. */
static __u64 id_of_path(struct cdm_cgroups *c, const char *path)
{
	struct node *node = find_path(c, path);
	struct stat st;
	__u64 id;
	int dir;

	if (node)
		return node->id;
	/* So is the path of a process outside of this cgroup namespace. */
	if (has_word(path, "..", "/")) {
		errno = EINVAL;
		return 0;
	}
	dir = open_dir(c, path);
	if (dir < 0)
		return 0;
	id = fstat(dir, &st) ? 0 : id_of(dir, st.st_ino);
	close(dir);
	return id;
}

__u64 cdm_cgroups_id(struct cdm_cgroups *c, const char *path)
{
	size_t mount_len = strlen(c->mount_point), len;
	char clean[PATH_MAX];

	if (!strncmp(path, c->mount_point, mount_len) &&
	    (!path[mount_len] || path[mount_len] == '/'))
		path += mount_len;
	path += strspn(path, "/");
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	if (len + 2 > sizeof(clean)) {
		errno = ENAMETOOLONG;
		return 0;
	}
	snprintf(clean, sizeof(clean), "/%.*s", (int)len, path);
	return id_of_path(c, clean);
}

/* "ID:CONTROLLERS:PATH"; the line of version 2 is "0::PATH". */
static char *memory_path(struct cdm_cgroups *c, char *text)
{
	char *line, *controllers, *path;

	while ((line = strsep(&text, "\n"))) {
		controllers = strchr(line, ':');
		path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			continue;
		*controllers++ = '\0';
		*path++ = '\0';
		if (c->version ? !*controllers : has_word(controllers, "memory", ","))
			return path;
	}
	return NULL;
}

/* As the process says it. */
static __u64 cgroup_of(struct cdm_cgroups *c, __u32 pid)
{
	size_t root_len = strlen(c->mount_root);
	char name[PATH_MAX], buf[2 * PATH_MAX], *path;

	snprintf(name, sizeof(name), "%s/%u/cgroup", cdm_roots.proc, pid);
	if (cdm_read_file(AT_FDCWD, name, buf, sizeof(buf)) < 0)
		return 0;
	path = memory_path(c, buf);
	if (!path)
		return 0;

	/* Only a part of the hierarchy may be mounted. */
	if (root_len > 1) {
		if (strncmp(path, c->mount_root, root_len) ||
		    (path[root_len] && path[root_len] != '/'))
			return 0;
		path += root_len;
	}
	return *path ? id_of_path(c, path) : c->root->id;
}

__u64 cdm_cgroups_of(struct cdm_cgroups *c, __u32 pid)
{
	return cdm_members_find(&c->members, pid) ?: cgroup_of(c, pid);
}

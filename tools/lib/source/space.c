// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/list.h"
#include "source/jit.h"
#include "source/module.h"
#include "source/snapshot.h"
#include "source/space.h"

#define MAX_SPACES	4096
#define MAX_MODULES	256	/* each has an open file */
#define AGAIN_NS	20000000ULL	/* see cdm_space_update() */

/* A range of code. */
struct mapping {
	__u64 start, end, offset, inode;
	char *name;
	bool looked_for;		/* @module */
	struct cdm_module *module;
};

struct mappings {
	struct mapping *rows;		/* by address */
	size_t nr, room;
};

struct cdm_space {
	struct cdm_node node;		/* key: see key_of() */
	struct cdm_spaces *all;
	__u32 pid;
	__u64 start_stack;		/* bytes; tells programs apart that run in one process */
	enum cdm_user_status status;
	__u64 updated_ns;
	struct mappings code;
	char program[PATH_MAX];
	struct cdm_jit *jit;		/* NULL: nobody asked yet */
};

struct cdm_spaces {
	struct cdm_hash spaces;
	struct cdm_list modules;
};

struct cdm_spaces *cdm_spaces_open(void)
{
	return calloc(1, sizeof(struct cdm_spaces));
}

static void free_mappings(struct mappings *m)
{
	for (size_t i = 0; i < m->nr; i++)
		free(m->rows[i].name);
	free(m->rows);
	*m = (struct mappings) { 0 };
}

static bool drop(struct cdm_node *node, void *ctx)
{
	struct cdm_space *space = (void *)node;

	free_mappings(&space->code);
	cdm_jit_close(space->jit);
	free(space);
	return true;
}

/* Modules are theirs: those go, too, if there are many. */
static void forget(struct cdm_spaces *s, size_t most_modules)
{
	cdm_hash_drop(&s->spaces, drop, NULL);
	if (s->modules.nr <= most_modules)
		return;
	for (size_t i = 0; i < s->modules.nr; i++)
		cdm_module_close(s->modules.rows[i]);
	s->modules.nr = 0;
}

void cdm_spaces_close(struct cdm_spaces *s)
{
	if (!s)
		return;
	forget(s, 0);
	cdm_hash_free(&s->spaces);
	free(s->modules.rows);
	free(s);
}

static int add_mapping(void *ctx, const struct cdm_vma *vma)
{
	struct mappings *m = ctx;
	char *name;

	if (vma->perms[2] != 'x')
		return 0;
	if (m->nr == m->room) {
		size_t room = m->room ? 2 * m->room : 16;
		void *rows = realloc(m->rows, room * sizeof(*m->rows));

		if (!rows)
			return -ENOMEM;
		m->rows = rows;
		m->room = room;
	}
	name = strdup(vma->name);
	if (!name)
		return -ENOMEM;
	m->rows[m->nr++] = (struct mapping) {
		.start = vma->start, .end = vma->end, .offset = vma->offset,
		.inode = vma->inode, .name = name,
	};
	return 0;
}

/* A process may have become another program since, whose stack began elsewhere. */
static bool same_program(const struct cdm_space *space)
{
	__u64 start;

	return !cdm_proc_start_stack(space->pid, &start) &&
	       (!start || start == space->start_stack);
}

static void read_program(struct cdm_space *space)
{
	char path[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/%u/exe", cdm_roots.proc, space->pid);
	len = readlink(path, space->program, sizeof(space->program) - 1);
	space->program[len < 0 ? 0 : len] = '\0';
}

static enum cdm_user_status read_mappings(const struct cdm_space *space, struct mappings *m)
{
	int err = cdm_proc_maps(space->pid, false, add_mapping, m);

	if (err == -EPERM || err == -EACCES)
		return CDM_USER_DENIED;
	/* One that ends has none any more. */
	return err || !m->nr || !same_program(space) ? CDM_USER_ENDED : CDM_USER_KNOWN;
}

void cdm_space_update(struct cdm_space *space, bool sure)
{
	struct mappings code = { 0 };
	__u64 now = cdm_clock_ns(CLOCK_MONOTONIC);
	enum cdm_user_status status;

	if (!sure && now - space->updated_ns < AGAIN_NS)
		return;
	space->updated_ns = now;
	status = read_mappings(space, &code);

	/* What was known of it remains true. */
	if (status != CDM_USER_KNOWN) {
		free_mappings(&code);
		return;
	}
	free_mappings(&space->code);
	space->code = code;
}

/* Of an address space, a random number, and a process: two may share one. */
static __u64 key_of(__u32 pid, const struct cdm_user *user)
{
	return user->mm ^ pid;
}

struct cdm_space *cdm_spaces_get(struct cdm_spaces *s, __u32 pid, const struct cdm_user *user)
{
	struct cdm_space *space = (void *)cdm_hash_find(&s->spaces, key_of(pid, user));

	if (space)
		return space;
	if (s->spaces.nr >= MAX_SPACES || s->modules.nr >= MAX_MODULES)
		forget(s, MAX_MODULES / 2);
	space = cdm_hash_take(&s->spaces, key_of(pid, user), sizeof(*space));
	if (!space)
		return NULL;
	space->all = s;
	space->pid = pid;
	space->start_stack = user->start_stack;
	space->status = !user->mm ? CDM_USER_KERNEL : !pid ? CDM_USER_ELSEWHERE : CDM_USER_KNOWN;
	if (space->status != CDM_USER_KNOWN)
		return space;
	space->status = read_mappings(space, &space->code);
	if (space->status == CDM_USER_KNOWN)
		read_program(space);
	else
		free_mappings(&space->code);
	return space;
}

enum cdm_user_status cdm_space_status(const struct cdm_space *space)
{
	return space->status;
}

static int open_regular(const char *path, __u64 inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && (!inode || inode == st.st_ino))
		return fd;
	close(fd);
	return -1;
}

/*
 * The file itself, deleted or not, in whatever mount namespace; for want of a capability
 * what has its name there; and once the process is gone what has it here.
 */
static int open_mapped(const struct cdm_space *space, const struct mapping *m)
{
	char path[2 * PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%u/map_files/%llx-%llx", cdm_roots.proc, space->pid,
		 m->start, m->end);
	fd = open_regular(path, 0);
	if (fd >= 0 || m->name[0] != '/')
		return fd;
	snprintf(path, sizeof(path), "%s/%u/root%s", cdm_roots.proc, space->pid, m->name);
	fd = open_regular(path, 0);
	return fd >= 0 ? fd : open_regular(m->name, m->inode);
}

/* @fd is taken. Return: NULL: no memory. */
static struct cdm_module *module_of(struct cdm_spaces *s, int fd)
{
	struct cdm_module *m;
	struct stat st;

	for (size_t i = 0; !fstat(fd, &st) && i < s->modules.nr; i++)
		if (cdm_module_is(s->modules.rows[i], &st)) {
			close(fd);
			return s->modules.rows[i];
		}
	m = cdm_module_open(fd);
	if (m && cdm_list_add(&s->modules, m)) {
		cdm_module_close(m);
		return NULL;
	}
	return m;
}

static void look_for_module(struct cdm_space *space, struct mapping *m)
{
	int fd = m->inode ? open_mapped(space, m) : -1;

	m->looked_for = true;
	if (fd >= 0)
		m->module = module_of(space->all, fd);
}

static struct mapping *mapping_of(const struct mappings *m, __u64 addr)
{
	size_t low = 0, high = m->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->rows[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->nr && m->rows[low].start <= addr ? &m->rows[low] : NULL;
}

/* Memory that a runtime puts its code into has no name, or one that it gave. */
static bool is_anonymous(const struct mapping *m)
{
	return !*m->name || !strncmp(m->name, "[anon", 5) || !strncmp(m->name, "/memfd:", 7);
}

bool cdm_space_locate(struct cdm_space *space, __u64 addr, struct cdm_code *code)
{
	struct mapping *m = mapping_of(&space->code, addr);

	if (!m)
		return false;
	*code = (struct cdm_code) { .name = "", .addr = addr };
	if (is_anonymous(m))
		return true;
	if (!m->looked_for)
		look_for_module(space, m);
	code->module = m->module;
	code->name = m->name;
	code->addr = addr - m->start + m->offset;
	code->program = m->inode && !strcmp(m->name, space->program);
	if (m->module)
		code->addr = cdm_module_address(m->module, code->addr);
	return true;
}

static const char *compiled_function(struct cdm_space *space, __u64 addr, __u64 *start)
{
	if (!space->jit)
		space->jit = cdm_jit_open(space->pid);
	return space->jit ? cdm_jit_function(space->jit, addr, start) : NULL;
}

bool cdm_space_find(struct cdm_space *space, __u64 addr, struct cdm_code *code)
{
	__u64 start = 0;

	if (!cdm_space_locate(space, addr, code))
		return false;
	if (code->module)
		code->function = cdm_module_function(code->module, code->addr, &start);
	else if (!*code->name)
		code->function = compiled_function(space, addr, &start);
	if (code->function)
		code->function_offset = code->addr - start;
	return true;
}

// SPDX-License-Identifier: GPL-2.0
/* Loads and reads the BPF programs of bpf/. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <linux/membarrier.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "source/bpf.h"
#include "source/hooks.h"
#include "source/snapshot.h"
#include "programs.skel.h"

#define RING_DEFAULT	(4 << 20)
#define RING_STACKS	(16 << 20)	/* about as many events, with stacks in user space */
#define BATCH		256
#define USED_AT_ONCE	(1 << 18)	/* pages: a program runs to its end */
#define TASKS_BUFFER	(256 << 10)
#define PROC_PID_INIT_INO 0xeffffffcU	/* linux/proc_ns.h */

struct cdm_bpf {
	struct programs_bpf *programs;
	struct bpf_link *tasks;		/* iterators; NULL: not possible */
	struct bpf_link *holders;
	__u64 holders_lost;		/* when all tasks were visited last */
	struct bpf_link *cgroups;	/* also: not yet attached */
	struct bpf_link *numa[8];	/* while it is looked at */
	size_t nr_numa;
	struct ring_buffer *ring;
	int stats_fd;			/* keeps the measuring of run time on */
	unsigned int features;
	__u64 kinds;

	struct cdm_stats_key *keys;	/* sorted */
	struct cdm_stats *values;
	size_t *order;
	bool *used;			/* looked up since they were read */
	size_t nr, room;

	struct cdm_device_id devices[256];
	size_t nr_devices;
	unsigned int nr_unnamed;	/* got a name here */
	char buffer[TASKS_BUFFER] __attribute__((aligned(8)));	/* struct cdm_task */
};

/* libbpf has one for all, and hands no context to it. */
static struct {
	void (*log)(const char *text);
	int verbose;
} libbpf;

/* It says more than its users want to know: one level down. */
static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text;

	if (!libbpf.log || level >= (enum libbpf_print_level)libbpf.verbose)
		return 0;
	if (vasprintf(&text, format, args) < 0)
		return 0;
	if (*text && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = '\0';
	libbpf.log(text);
	free(text);
	return 0;
}


/* Inode of this process's pid namespace; 0: the initial one, or there are none. */
static __u32 pid_namespace(void)
{
	struct stat ns;

	if (stat("/proc/self/ns/pid", &ns) || ns.st_ino == PROC_PID_INIT_INO)
		return 0;
	return ns.st_ino;
}

static struct bpf_program *find_program(const struct cdm_bpf *b, const struct cdm_hook *hook)
{
	return bpf_object__find_program_by_name(b->programs->obj, hook->program);
}

static void choose(struct cdm_bpf *b, const struct cdm_collector_options *o,
		   const struct cdm_description *d)
{
	bpf_program__set_autoload(b->programs->progs.child_begins, o->filter.children);
	bpf_program__set_autoload(b->programs->progs.child_ends, o->filter.children);
	bpf_program__set_autoload(b->programs->progs.figures_end, b->features & ~CDM_F_NUMA);
	for (const struct cdm_hook *hook = cdm_hooks; hook->program; hook++)
		bpf_program__set_autoload(find_program(b, hook), false);
	for (const struct cdm_hook *hook = cdm_hooks; hook->program; hook++)
		if (cdm_hook_needed(hook, d))
			bpf_program__set_autoload(find_program(b, hook), true);
	for (const struct cdm_hook *hook = cdm_hooks; hook->program; hook++)
		if (hook->features & b->features & CDM_F_NUMA)
			bpf_program__set_autoattach(find_program(b, hook), false);
}

/* For figures that the kernel does not count. */
static void choose_scan(struct cdm_bpf *b, const struct cdm_description *d)
{
	b->programs->rodata->with_resident = d->scan;
	if (!d->scan)
		bpf_map__set_max_entries(b->programs->maps.resident, 1);
	bpf_program__set_autoload(b->programs->progs.find_pagemaps, d->scan);
	bpf_program__set_autoload(b->programs->progs.count_used, d->scan);
	bpf_program__set_autoload(b->programs->progs.folio_freed, d->frees == CDM_FREES_FOLIO);
	bpf_program__set_autoload(b->programs->progs.page_freed, d->frees == CDM_FREES_PAGE);
}

static bool comes_from(const struct cdm_description *d, enum cdm_source source)
{
	return d->features_by[source] || d->events_by[source];
}

/* Those of the programs that make events and figures. */
static int set_options(const struct cdm_bpf *b, const struct cdm_collector_options *o,
			const struct cdm_description *d)
{
	const struct cdm_filter *f = &o->filter;
	struct programs_bpf *e = b->programs;
	ssize_t n = getrandom((void *)e->rodata->secrets, sizeof(e->rodata->secrets), 0);

	if (n != sizeof(e->rodata->secrets))
		return -EIO;
	e->rodata->events = b->kinds;
	e->rodata->with_stats = b->features != 0;
	e->rodata->with_stacks = o->stacks;
	e->rodata->with_pingpong = (b->features & CDM_F_PINGPONG) || (b->kinds & 1ULL << CDM_EV_PINGPONG);
	e->rodata->with_numa = b->features & CDM_F_NUMA;
	e->rodata->pingpong_each = o->pingpong_each;
	e->rodata->by_functions = comes_from(d, CDM_SOURCE_FENTRY) || comes_from(d, CDM_SOURCE_KPROBE);
	e->rodata->nr_rings = o->rings ?: 1;
	e->rodata->page_shift = __builtin_ctzl(sysconf(_SC_PAGESIZE));
	e->rodata->pidns = pid_namespace();
	e->rodata->pingpong_window_ns = d->header.pingpong_window_ns;
	e->rodata->pingpong_flips = d->header.pingpong_flips;
	e->rodata->filter_pid = f->pid;
	e->rodata->filter_tid = f->tid;
	e->rodata->filter_children = f->children;
	e->rodata->filter_cgroup = f->cgroup;
	memcpy((char *)e->rodata->filter_comm, f->comm, sizeof(f->comm));
	memcpy((char *)e->rodata->filter_device, f->device, sizeof(f->device));
	e->rodata->filter_dir = f->dir;
	e->rodata->filter_why = f->why;
	e->rodata->filter_min_pages = f->min_pages;
	e->rodata->filter_min_ns = f->min_ns;
	/* Maps that nobody uses take no time to make. */
	if (!f->children)
		bpf_map__set_max_entries(e->maps.children, 1);
	if (!o->stacks)
		bpf_map__set_max_entries(e->maps.stacks, 1);
	if (!e->rodata->with_pingpong)
		bpf_map__set_max_entries(e->maps.blocks, 1);
	if (!e->rodata->with_numa)
		bpf_map__set_max_entries(e->maps.numa, 1);
	bpf_program__set_autoload(e->progs.count_numa_gone, e->rodata->with_numa);
	return 0;
}

static int make_rings(struct cdm_bpf *b, const struct cdm_collector_options *o,
		      ring_buffer_sample_fn event, void *ctx)
{
	size_t bytes = o->ring_bytes ?: o->stacks ? RING_STACKS : RING_DEFAULT;

	for (__u32 i = 0; i < (o->rings ?: 1); i++) {
		int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "cdm_ring", 0, 0, bytes, NULL);
		int err;

		if (fd < 0)
			return -errno;
		err = bpf_map_update_elem(bpf_map__fd(b->programs->maps.rings), &i, &fd, BPF_ANY);
		if (!err && !b->ring) {
			b->ring = ring_buffer__new(fd, event, ctx, NULL);
			err = b->ring ? 0 : -errno;
		} else if (!err) {
			err = ring_buffer__add(b->ring, fd, event, ctx);
		}
		/* The map of rings, and the mapping, keep it. */
		close(fd);
		if (err)
			return err;
	}
	return 0;
}

/* Where devices are now, so that the first event of each can be told by its name. */
static int tell_devices(struct cdm_bpf *b, const struct cdm_device_range *ranges, int nr)
{
	int err = 0;

	for (int i = 0; i < nr && !err; i++) {
		struct cdm_device_id id = {
			// cppcheck-suppress uninitvar ; nr of them are there
			.start = ranges[i].start, .bytes = ranges[i].end - ranges[i].start,
		};

		snprintf(id.name, sizeof(id.name), "cdm%d", ranges[i].index);
		err = bpf_map_update_elem(bpf_map__fd(b->programs->maps.devices), &id.start, &id,
					  BPF_ANY);
	}
	return err;
}

static void use_iterator(struct bpf_program *program, bool use)
{
	bpf_program__set_autoload(program, use);
	bpf_program__set_autoattach(program, false);
}

/* What they do not do files tell, which takes longer. */
static void choose_iterators(struct cdm_bpf *b, const struct cdm_collector_options *o,
			     const struct cdm_description *d)
{
	struct programs_bpf *p = b->programs;
	/* Those that only count ordinary migrations are loaded beside others, which have them. */
	bool use = o->features != CDM_F_NUMA;

	use_iterator(p->progs.tasks, use);
	use_iterator(p->progs.cgroup_values, use && d->cgroup_iterator);
	p->rodata->nr_cpus = libbpf_num_possible_cpus();
	p->rodata->with_cpu_time = o->features & CDM_F_CPU;
}

/* By their numbers in the initial namespace, which others have no use for. */
static void choose_holders(struct cdm_bpf *b, const struct cdm_collector_options *o,
			   const struct cdm_description *d)
{
	bool use = (o->all_procs_ns && d->holders && !b->programs->rodata->pidns) || d->scan;

	b->programs->rodata->with_holders = use;
	use_iterator(b->programs->progs.held, use && (!d->scan || d->by_pid));
	bpf_program__set_autoload(b->programs->progs.holder_forks, use);
	bpf_program__set_autoload(b->programs->progs.holder_ends, use);
	if (!use)
		bpf_map__set_max_entries(b->programs->maps.holders, 1);
	else if (!d->scan)
		bpf_program__set_autoload(b->programs->progs.rss, true);
}

static struct bpf_link *attach_holders(struct cdm_bpf *b)
{
	union bpf_iter_link_info info = {
		.map = { .map_fd = bpf_map__fd(b->programs->maps.holders) },
	};
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, opts,
		.link_info = &info, .link_info_len = sizeof(info));

	return bpf_program__attach_iter(b->programs->progs.held, &opts);
}

static int attach(struct cdm_bpf *b)
{
	struct cdm_device_range ranges[CDM_MAX_DEVICES];
	struct bpf_program *tasks = b->programs->progs.tasks;
	int err;

	err = tell_devices(b, ranges, cdm_devices_ranges(ranges, CDM_MAX_DEVICES));
	if (!err)
		err = programs_bpf__attach(b->programs);
	if (!err && bpf_program__autoload(tasks))
		b->tasks = bpf_program__attach_iter(tasks, NULL);
	if (!err && bpf_program__autoload(b->programs->progs.held))
		b->holders = attach_holders(b);
	return err;
}

static bool sees_modules(void)
{
	__u32 id;

	return bpf_btf_get_next_id(0, &id) != -EPERM;
}

static int load(struct cdm_bpf *b, const struct cdm_collector_options *o,
		const struct cdm_description *d)
{
	int err;

	b->programs = programs_bpf__open();
	if (!b->programs)
		return -errno;
	/*
	 * What is not among the kernel's types is looked for in those of modules. Before 1.3 of
	 * libbpf that is an error for those who may not see them, but the first time alone.
	 */
	if (!sees_modules())
		bpf_program__set_attach_target(b->programs->progs.setup_begins, 0, "no function");
	choose(b, o, d);
	err = set_options(b, o, d);
	if (err)
		return err;
	choose_iterators(b, o, d);
	choose_holders(b, o, d);
	choose_scan(b, d);
	return programs_bpf__load(b->programs);
}

struct cdm_bpf *cdm_bpf_open(const struct cdm_collector_options *o,
			     const struct cdm_description *d, ring_buffer_sample_fn event, void *ctx,
			     char *why)
{
	struct cdm_bpf *b = calloc(1, sizeof(*b));
	int err;

	if (!b) {
		cdm_error_errno(why, -ENOMEM);
		return NULL;
	}
	b->stats_fd = -1;
	b->features = d->features & (o->features | (d->scan ? CDM_F_MIGRATE : 0)) & CDM_F_COUNTED;
	b->kinds = d->events;
	libbpf.log = o->log;
	libbpf.verbose = o->verbose;
	libbpf_set_print(print);

	err = load(b, o, d);
	if (!err)
		err = make_rings(b, o, event, ctx);
	if (!err)
		err = attach(b);
	if (err) {
		cdm_error(why, err, "no events: BPF programs cannot be loaded: %s; -v tells more",
			strerror(-err));
		cdm_bpf_close(b);
		return NULL;
	}
	b->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	return b;
}

void cdm_bpf_close(struct cdm_bpf *b)
{
	ring_buffer__free(b->ring);
	cdm_bpf_watch_numa(b, false);
	bpf_link__destroy(b->tasks);
	bpf_link__destroy(b->holders);
	bpf_link__destroy(b->cgroups);
	programs_bpf__destroy(b->programs);
	if (b->stats_fd >= 0)
		close(b->stats_fd);
	free(b->keys);
	free(b->values);
	free(b->order);
	free(b->used);
	free(b);
}

bool cdm_bpf_has_tasks(const struct cdm_bpf *b)
{
	return b->tasks;
}

static int read_tasks(struct cdm_bpf *b, struct bpf_link *link,
		      int (*each)(void *ctx, const struct cdm_task *t), void *ctx)
{
	int fd, err = 0;
	ssize_t n;

	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		return -errno;
	/* The kernel hands over whole records: what does not fit comes with the next read. */
	while (!err && (n = read(fd, b->buffer, sizeof(b->buffer))) > 0)
		for (ssize_t i = 0; !err && i + (ssize_t)sizeof(struct cdm_task) <= n;
		     i += sizeof(struct cdm_task))
			err = each(ctx, (const struct cdm_task *)(b->buffer + i));
	if (!err && n < 0)
		err = -errno;
	close(fd);
	return err;
}

int cdm_bpf_tasks(struct cdm_bpf *b, int (*each)(void *ctx, const struct cdm_task *t), void *ctx)
{
	if (!b->tasks)
		return -EOPNOTSUPP;
	b->holders_lost = b->programs->bss->holders_lost;
	return read_tasks(b, b->tasks, each, ctx);
}

bool cdm_bpf_knows_holders(const struct cdm_bpf *b)
{
	return b->holders && b->holders_lost == b->programs->bss->holders_lost;
}

int cdm_bpf_holders(struct cdm_bpf *b, int (*each)(void *ctx, const struct cdm_task *t), void *ctx)
{
	return read_tasks(b, b->holders, each, ctx);
}

void cdm_bpf_hold(struct cdm_bpf *b, __u32 pid)
{
	const __u32 forks = 0;

	if (b->programs->rodata->with_holders)
		bpf_map_update_elem(bpf_map__fd(b->programs->maps.holders), &pid, &forks, BPF_NOEXIST);
}

void cdm_bpf_watch_pingpong(struct cdm_bpf *b, bool on)
{
	b->programs->bss->pingpong_off = !on;
}

static int attach_numa(struct cdm_bpf *b)
{
	for (const struct cdm_hook *hook = cdm_hooks; hook->program; hook++) {
		struct bpf_program *program = find_program(b, hook);

		if (!(hook->features & CDM_F_NUMA) || !bpf_program__autoload(program))
			continue;
		b->numa[b->nr_numa] = bpf_program__attach(program);
		if (!b->numa[b->nr_numa])
			return -errno;
		b->nr_numa++;
	}
	return 0;
}

int cdm_bpf_watch_numa(struct cdm_bpf *b, bool on)
{
	int err = 0;

	if (on && !b->nr_numa) {
		b->programs->bss->numa_epoch++;
		err = attach_numa(b);
	}
	if (!on || err)
		while (b->nr_numa)
			bpf_link__destroy(b->numa[--b->nr_numa]);
	return err;
}

int cdm_bpf_numa(struct cdm_bpf *b,
		 int (*each)(void *ctx, const struct cdm_numa_key *key, const struct cdm_numa *n),
		 void *ctx)
{
	int fd = bpf_map__fd(b->programs->maps.numa), err = 0;
	struct cdm_numa_key key, *previous = NULL;
	struct cdm_numa n;

	while (!err && !bpf_map_get_next_key(fd, previous, &key)) {
		previous = &key;
		if (!bpf_map_lookup_elem(fd, &key, &n))
			err = each(ctx, &key, &n);
	}
	return err;
}

static int attach_cgroups(struct cdm_bpf *b, int fd)
{
	union bpf_iter_link_info info = {
		.cgroup = { .order = BPF_CGROUP_ITER_DESCENDANTS_PRE, .cgroup_fd = fd },
	};
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, opts,
		.link_info = &info, .link_info_len = sizeof(info));

	if (!bpf_program__autoload(b->programs->progs.cgroup_values))
		return -EOPNOTSUPP;
	b->cgroups = bpf_program__attach_iter(b->programs->progs.cgroup_values, &opts);
	return b->cgroups ? 0 : -errno;
}

static int compare_cgroups(const void *a, const void *b)
{
	const struct cdm_cgroup *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

int cdm_bpf_read_cgroups(struct cdm_bpf *b, int fd)
{
	char nothing;
	ssize_t n;
	int iter;

	b->programs->bss->nr_cgroups = 0;
	if (!b->cgroups && attach_cgroups(b, fd))
		return -EOPNOTSUPP;
	iter = bpf_iter_create(bpf_link__fd(b->cgroups));
	if (iter < 0)
		return -errno;
	n = read(iter, &nothing, 1);
	close(iter);
	if (n < 0) {
		b->programs->bss->nr_cgroups = 0;
		return -EOPNOTSUPP;
	}
	qsort(b->programs->bss->cgroups, b->programs->bss->nr_cgroups,
	      sizeof(b->programs->bss->cgroups[0]), compare_cgroups);
	return 0;
}

const struct cdm_cgroup *cdm_bpf_cgroup(const struct cdm_bpf *b, __u64 id)
{
	const struct cdm_cgroup key = { .id = id };

	return bsearch(&key, b->programs->bss->cgroups, b->programs->bss->nr_cgroups, sizeof(key),
		       compare_cgroups);
}

size_t cdm_bpf_nr_cgroups(const struct cdm_bpf *b)
{
	return b->programs->bss->nr_cgroups;
}

static int compare_keys(const void *a, const void *b, void *ctx)
{
	const struct cdm_bpf *bpf = ctx;
	const struct cdm_stats_key *x = &bpf->keys[*(const size_t *)a];
	const struct cdm_stats_key *y = &bpf->keys[*(const size_t *)b];

	if (x->scope != y->scope)
		return x->scope < y->scope ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int make_room(struct cdm_bpf *b)
{
	size_t room = b->room ? 2 * b->room : 2 * BATCH;
	void *keys = realloc(b->keys, room * sizeof(*b->keys));
	void *values = realloc(b->values, room * sizeof(*b->values));
	void *order = realloc(b->order, room * sizeof(*b->order));
	void *used = realloc(b->used, room * sizeof(*b->used));

	b->keys = keys ?: b->keys;
	b->values = values ?: b->values;
	b->order = order ?: b->order;
	b->used = used ?: b->used;
	if (!keys || !values || !order || !used)
		return -ENOMEM;
	b->room = room;
	// cppcheck-suppress memleak ; b has them
	return 0;
}

int cdm_bpf_read_stats(struct cdm_bpf *b)
{
	void *in = NULL;
	__u64 batch = 0;
	int err = 0;

	b->nr = 0;
	if (!b->features)
		return 0;
	while (!err) {
		__u32 n = BATCH;

		if (b->nr + n > b->room && make_room(b))
			return -ENOMEM;
		err = bpf_map_lookup_batch(bpf_map__fd(b->programs->maps.stats), in, &batch,
					   b->keys + b->nr, b->values + b->nr, &n, NULL);
		if (err && errno != ENOENT)
			return -errno;
		b->nr += n;
		in = &batch;
	}
	for (size_t i = 0; i < b->nr; i++) {
		b->order[i] = i;
		b->used[i] = false;
	}
	qsort_r(b->order, b->nr, sizeof(*b->order), compare_keys, b);
	return 0;
}

const struct cdm_stats *cdm_bpf_stats(const struct cdm_bpf *b, enum cdm_scope scope, __u64 id)
{
	size_t low = 0, high = b->nr;

	while (low < high) {
		size_t middle = (low + high) / 2, at = b->order[middle];
		const struct cdm_stats_key *key = &b->keys[at];

		if (key->scope == scope && key->id == id) {
			b->used[at] = true;
			return &b->values[at];
		}
		if (key->scope < scope || (key->scope == scope && key->id < id))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void cdm_bpf_resident(const struct cdm_bpf *b, __u32 pid, __u64 device, struct cdm_resident *r)
{
	const struct cdm_resident_key key = { .device = device, .pid = pid };

	if (bpf_map_lookup_elem(bpf_map__fd(b->programs->maps.resident), &key, r))
		*r = (struct cdm_resident) { 0 };
}

__u64 cdm_bpf_gone(const struct cdm_bpf *b)
{
	return *(volatile __u64 *)&b->programs->bss->device_gone;
}

__u32 cdm_bpf_forks(const struct cdm_bpf *b, __u32 pid)
{
	__u32 forks = 0;

	bpf_map_lookup_elem(bpf_map__fd(b->programs->maps.holders), &pid, &forks);
	return forks;
}

__u64 cdm_bpf_changes(const struct cdm_bpf *b, __u64 *flying)
{
	const typeof(*b->programs->bss) volatile *bss = b->programs->bss;

	/* Before what has landed. */
	*flying = bss->device_flying;
	return bss->device_ins + bss->device_outs + bss->device_frees;
}

/* Calls that a program did not see because it ran already on that CPU. */
static __u64 recursions(const struct cdm_bpf *b)
{
	struct bpf_program *program;
	__u64 n = 0;

	bpf_object__for_each_program(program, b->programs->obj) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(program);

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len))
			n += info.recursion_misses;
	}
	return n;
}

__u64 cdm_bpf_missed(const struct cdm_bpf *b)
{
	struct cdm_loss loss[CDM_NR_EV];

	cdm_bpf_loss(b, loss);
	return loss[CDM_EV_MIGRATE].lost_map + recursions(b);
}

__u64 cdm_bpf_forgotten(const struct cdm_bpf *b)
{
	/* So many new entries may have pushed one out that was made meanwhile. */
	return b->programs->bss->residents / (bpf_map__max_entries(b->programs->maps.resident) / 4);
}

bool cdm_bpf_counts_frees(const struct cdm_bpf *b)
{
	/* Forks are known by numbers of the initial namespace. */
	return !b->programs->rodata->pidns &&
	       (bpf_program__autoload(b->programs->progs.folio_freed) ||
		bpf_program__autoload(b->programs->progs.page_freed));
}

void cdm_bpf_forget_unused(struct cdm_bpf *b)
{
	for (size_t i = 0; i < b->nr; i++)
		if (b->keys[i].scope <= CDM_SCOPE_CGROUP && !b->used[i])
			bpf_map_delete_elem(bpf_map__fd(b->programs->maps.stats), &b->keys[i]);
}

/* Its module, or the function where there is none. Return: how many bytes of *@name. */
static int driver_of(struct cdm_pagemap *p, const char **name)
{
	char *module;

	p->function[sizeof(p->function) - 1] = '\0';
	module = strchr(p->function, '[');
	*name = module ? module + 1 : p->function;
	return strcspn(*name, "]");
}

/*
 * Drivers other than cdm give their devices no name that the kernel knows: that of the
 * driver, and which one it is.
 */
static void name_device(struct cdm_bpf *b, __u64 device, struct cdm_device_id *id)
{
	struct cdm_pagemap p;
	const char *driver;
	int len;

	if (bpf_map_lookup_elem(bpf_map__fd(b->programs->maps.pagemaps), &device, &p))
		return;
	len = driver_of(&p, &driver);
	snprintf(id->name, sizeof(id->name), "%.*s.%u", len, driver, b->nr_unnamed++);
	bpf_map_update_elem(bpf_map__fd(b->programs->maps.devices), &device, id, BPF_EXIST);
}

bool cdm_bpf_by_functions(const struct cdm_bpf *b)
{
	return b->programs->rodata->by_functions;
}

void cdm_bpf_drivers(const struct cdm_bpf *b, char *text, size_t size)
{
	int fd = bpf_map__fd(b->programs->maps.pagemaps), len;
	__u64 start, *previous = NULL;
	struct cdm_pagemap p;
	const char *driver;
	char one[96];

	*text = '\0';
	for (; !bpf_map_get_next_key(fd, previous, &start); previous = &start) {
		if (bpf_map_lookup_elem(fd, &start, &p))
			continue;
		len = driver_of(&p, &driver);
		snprintf(one, sizeof(one), "%.*s: device-%s memory", len, driver,
			 p.memory == CDM_MEM_PRIVATE ? "private" : "coherent");
		if (!strstr(text, one) && strlen(text) + strlen(one) + 3 < size)
			sprintf(text + strlen(text), "%s%s", *text ? ", " : "", one);
	}
}

static bool is_known(const struct cdm_bpf *b, const struct cdm_device_id *id)
{
	for (size_t i = 0; i < b->nr_devices; i++)
		if (!memcmp(&b->devices[i], id, sizeof(*id)))
			return true;
	return false;
}

bool cdm_bpf_has_named(const struct cdm_bpf *b, __u64 device)
{
	for (size_t i = 0; i < b->nr_devices; i++)
		if (b->devices[i].start == device)
			return true;
	return false;
}

int cdm_bpf_new_devices(struct cdm_bpf *b, int (*emit)(void *ctx, const struct cdm_rec *rec),
			void *ctx)
{
	struct cdm_rec_device_id rec = { .rec = { CDM_REC_DEVICE_ID, 0, sizeof(rec), 0 } };
	int fd, err = 0;
	__u64 *previous = NULL;

	if (!b->features && !b->kinds)
		return 0;
	fd = bpf_map__fd(b->programs->maps.devices);
	while (!err && !bpf_map_get_next_key(fd, previous, &rec.device)) {
		previous = &rec.device;
		if (bpf_map_lookup_elem(fd, &rec.device, &rec.id))
			continue;
		if (!rec.id.name[0])
			name_device(b, rec.device, &rec.id);
		if (is_known(b, &rec.id))
			continue;
		if (b->nr_devices == sizeof(b->devices) / sizeof(b->devices[0]))
			break;
		b->devices[b->nr_devices++] = rec.id;
		err = emit(ctx, &rec.rec);
	}
	return err;
}

bool cdm_bpf_find_pagemaps(struct cdm_bpf *b)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts);

	return !bpf_prog_test_run_opts(bpf_program__fd(b->programs->progs.find_pagemaps), &opts) &&
	       opts.retval;
}

static bool count_used(const struct cdm_bpf *b, struct cdm_used *ctx)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts,
		.ctx_in = ctx, .ctx_size_in = sizeof(*ctx));	/* and out */

	return !bpf_prog_test_run_opts(bpf_program__fd(b->programs->progs.count_used), &opts) &&
	       opts.retval;
}

bool cdm_bpf_count_used(const struct cdm_bpf *b, __u64 start, __u64 pages, __u64 *used)
{
	struct cdm_used ctx = { .pfn = start / sysconf(_SC_PAGESIZE) };

	*used = 0;
	for (; pages; pages -= ctx.pages, ctx.pfn += ctx.pages) {
		ctx.pages = pages < USED_AT_ONCE ? pages : USED_AT_ONCE;
		if (!count_used(b, &ctx))
			return false;
		*used += ctx.used;
	}
	return true;
}

/* A device that came back has its latest name. */
static bool comes_again(const struct cdm_bpf *b, size_t i)
{
	for (size_t next = i + 1; next < b->nr_devices; next++)
		if (b->devices[next].start == b->devices[i].start)
			return true;
	return false;
}

static bool is_pagemap(const struct cdm_bpf *b, size_t i)
{
	struct cdm_pagemap p;

	return !comes_again(b, i) &&
	       !bpf_map_lookup_elem(bpf_map__fd(b->programs->maps.pagemaps), &b->devices[i].start, &p);
}

int cdm_bpf_ranges(const struct cdm_bpf *b, struct cdm_device_range *ranges, int max)
{
	int n = 0;

	for (size_t i = 0; i < b->nr_devices && n < max; i++) {
		const struct cdm_device_id *id = &b->devices[i];

		if (!is_pagemap(b, i))
			continue;
		ranges[n] = (struct cdm_device_range) { n, id->start, id->start + id->bytes };
		n++;
	}
	return n;
}

int cdm_bpf_pagemaps(const struct cdm_bpf *b, struct cdm_snap_device *snaps, int max)
{
	int n = 0;

	for (size_t i = 0; i < b->nr_devices && n < max; i++) {
		const struct cdm_device_id *id = &b->devices[i];

		if (!is_pagemap(b, i))
			continue;
		snaps[n] = (struct cdm_snap_device) {
			.index = n, .state = CDM_ST_ONLINE, .node = -1,
			.size = id->bytes / sysconf(_SC_PAGESIZE), .used = CDM_UNKNOWN,
			.free = CDM_UNKNOWN, .quarantined = CDM_UNKNOWN, .device = id->start,
		};
		memcpy(snaps[n++].name, id->name, sizeof(id->name));
	}
	return n;
}

__u64 cdm_bpf_device(const struct cdm_bpf *b, const char *name)
{
	/* The latest of that name: a device may go and come back. */
	for (size_t i = b->nr_devices; i-- > 0; )
		if (!strncmp(b->devices[i].name, name, CDM_NAME_LEN))
			return b->devices[i].start;
	return 0;
}

int cdm_bpf_fd(const struct cdm_bpf *b)
{
	return b->ring ? ring_buffer__epoll_fd(b->ring) : -1;
}

int cdm_bpf_consume(struct cdm_bpf *b)
{
	return b->ring ? ring_buffer__consume(b->ring) : 0;
}

/*
 * A program may be running still on another CPU when its detachment returns: for
 * those waits membarrier(), as for any section that cannot be preempted.
 */
void cdm_bpf_stop(struct cdm_bpf *b)
{
	programs_bpf__detach(b->programs);
	cdm_bpf_watch_numa(b, false);
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

/* Rows of ordinary migrations that had to go for want of room. */
static __u64 numa_rows_gone(const struct cdm_bpf *b)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts);

	if (b->programs->bss->numa_rows)
		bpf_prog_test_run_opts(bpf_program__fd(b->programs->progs.count_numa_gone), &opts);
	return b->programs->bss->numa_rows_gone;
}

void cdm_bpf_loss(const struct cdm_bpf *b, struct cdm_loss loss[CDM_NR_EV])
{
	const __u64 gone = numa_rows_gone(b);
	int cpus = libbpf_num_possible_cpus();
	struct cdm_loss parts[cpus];

	memset(loss, 0, CDM_NR_EV * sizeof(*loss));
	if (!b->features && !b->kinds)
		return;
	for (__u32 kind = 0; kind < CDM_NR_EV; kind++) {
		if (bpf_map_lookup_elem(bpf_map__fd(b->programs->maps.loss), &kind, parts))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++) {
			loss[kind].seen += parts[cpu].seen;
			loss[kind].filtered += parts[cpu].filtered;
			loss[kind].emitted += parts[cpu].emitted;
			loss[kind].lost_ring += parts[cpu].lost_ring;
			loss[kind].lost_map += parts[cpu].lost_map;
		}
	}
	loss[0].seen += gone;
	loss[0].lost_map += gone;
}

int cdm_bpf_stack(const struct cdm_bpf *b, __s32 id, __u64 addrs[CDM_MAX_FRAMES])
{
	int n = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(b->programs->maps.stacks), &id, addrs))
		return 0;
	while (n < CDM_MAX_FRAMES && addrs[n])
		n++;
	return n;
}

void cdm_bpf_add_cost(const struct cdm_bpf *b, __u64 *ns, __u64 *runs)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, b->programs->obj) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(program);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
			continue;
		*ns += info.run_time_ns;
		*runs += info.run_cnt;
	}
}

void cdm_bpf_cost(const struct cdm_bpf *b, __u64 *ns, __u64 *runs)
{
	*ns = *runs = b->stats_fd < 0 ? CDM_UNKNOWN : 0;
	if (b->stats_fd >= 0)
		cdm_bpf_add_cost(b, ns, runs);
}

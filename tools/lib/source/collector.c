// SPDX-License-Identifier: GPL-2.0
/* Turns what BPF programs, /proc, cgroups and sysfs say into records. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/privileges.h"
#include "source/bpf.h"
#include "source/residency.h"
#include "source/snapshot.h"
#include "source/stacks.h"

#define EVENT_MAX	512	/* bytes of an event */
#define BURST		16384	/* events */

struct cdm_collector {
	struct cdm_collector_options o;
	struct cdm_bpf *bpf;		/* NULL: without */
	struct cdm_residency *residency;	/* NULL: the kernel counts it, or nobody can tell */
	struct cdm_stacks *stacks;	/* NULL: they are not asked for */
	union {				/* the one that is passed on */
		struct cdm_ev event;
		char event_room[EVENT_MAX];
	};
	struct cdm_cgroups *cgroups;	/* NULL: there is no memory controller */
	struct cdm_description d;	/* less what could not be loaded */
	unsigned int burst;		/* events of this poll */
	__u64 device;			/* of the latest event that has one */
	__u64 last_ns;			/* of the last refresh */
	__u64 all_ns;			/* of the last one that visited all processes */
	unsigned int nr_all;		/* of those */
	__u32 look_into;		/* pid, 0: nobody */
	bool pingpong_off;
	struct cdm_bpf *numa;		/* of CDM_F_NUMA; NULL: nobody has looked at it yet */
	bool numa_on;
	struct cdm_vmstat_values vmstat;	/* at its start, less what passed while it was off */
	__u64 *below;			/* ids of the cgroups of this refresh, sorted; see in_scope() */
	size_t nr_below, room_below;
	unsigned int nr_in_use;		/* devices */
	struct cdm_device_range ranges[CDM_MAX_DEVICES];
	int nr_ranges;
	bool own_proc;			/* numbers of processes are the same in /proc */
};

static int emit_at(struct cdm_collector *c, struct cdm_rec *rec, unsigned int kind, size_t len,
		   __u64 ts)
{
	rec->kind = kind;
	rec->len = len;
	rec->cpu = 0;
	rec->ts = ts;
	return c->o.emit(c->o.ctx, rec);
}

static int emit(struct cdm_collector *c, struct cdm_rec *rec, unsigned int kind, size_t len)
{
	return emit_at(c, rec, kind, len, cdm_clock_ns(CLOCK_BOOTTIME));
}

static int note(struct cdm_collector *c, const char *text)
{
	return cdm_emit_note(c->o.emit, c->o.ctx, text);
}

#define CACHE_LINE	64	/* bytes, of most machines */

/*
 * What followed it in the ring was for its stack alone, which has its final number from
 * here on.
 * Return: the event, in another place, and *@err: 0 or -errno.
 */
static const struct cdm_ev *with_stack(struct cdm_collector *c, const struct cdm_ev *ev,
				       size_t size, int *err)
{
	size_t len = ev->rec.len;

	if (!c->stacks || size < len + sizeof(struct cdm_user) || len > EVENT_MAX)
		return ev;
	memcpy(&c->event, ev, len);
	*err = cdm_stacks_id(c->stacks, ev, (const void *)((const char *)ev + len),
			     &c->event.stack);
	return &c->event;
}

/* One of which the first page was seen after the poll began. */
static int name_device(struct cdm_collector *c, __u64 device)
{
	if (!device || device == c->device)
		return 0;
	c->device = device;
	return cdm_bpf_has_named(c->bpf, device) ? 0 :
	       cdm_bpf_new_devices(c->bpf, c->o.emit, c->o.ctx);
}

/*
 * Straight from the ring. Events may come faster than they can be written: then there
 * would be no end of reading them.
 */
static int on_event(void *ctx, void *data, size_t size)
{
	struct cdm_collector *c = ctx;
	const struct cdm_ev *ev = data;
	int err;

	/* Those that follow lie behind it, and this CPU has not seen them yet. */
	__builtin_prefetch((const char *)data + 4 * size);
	__builtin_prefetch((const char *)data + 4 * size + CACHE_LINE);
	err = name_device(c, ev->device);
	if (err)
		return err;
	ev = with_stack(c, ev, size, &err);
	if (!err)
		err = c->o.emit(c->o.ctx, &ev->rec);
	return err || ++c->burst < BURST ? err : -EAGAIN;
}

/* The figures that describe() promised. Return: 0 or -errno. */
static int open_residency(struct cdm_collector *c)
{
	int err;

	if (cdm_bpf_find_pagemaps(c->bpf)) {
		err = cdm_bpf_new_devices(c->bpf, c->o.emit, c->o.ctx);
		c->residency = err ? NULL : cdm_residency_open(c->bpf);
		return c->residency ? 0 : err ?: -ENOMEM;
	}
	c->d.features &= ~(CDM_F_PROC_DEVICE | CDM_F_PER_DEVICE |
			   (c->d.cgroup_sums ? CDM_F_CGROUP_DEVICE : 0));
	return note(c, "no device memory of processes and cgroups: the kernel does not tell where devices are: pgmap_array is not in /proc/kallsyms (CONFIG_KALLSYMS_ALL, or CAP_SYSLOG is needed)");
}

/* Once programs are loaded their names are among the symbols, too. */
static int open_bpf(struct cdm_collector *c, const struct cdm_description *d, char *why)
{
	struct cdm_description rest = *d;

	/* It has programs of its own, which are loaded when somebody looks at it. */
	rest.features &= ~CDM_F_NUMA;
	for (enum cdm_source s = 0; s < CDM_NR_SOURCE; s++)
		rest.features_by[s] &= ~CDM_F_NUMA;
	c->bpf = cdm_bpf_open(&c->o, &rest, on_event, c, why);
	if (c->bpf && c->o.stacks) {
		c->stacks = cdm_stacks_open(c->bpf, c->o.emit, c->o.ctx);
		if (!c->stacks)
			return -ENOMEM;
	}
	if (c->bpf && c->o.pid)
		cdm_bpf_hold(c->bpf, c->o.pid);
	c->d.task_iterator = c->bpf && cdm_bpf_has_tasks(c->bpf);
	if (c->bpf && d->scan && open_residency(c))
		return -ENOMEM;
	if (c->bpf && !c->d.task_iterator && (c->o.features & CDM_F_PROC_DEVICE))
		return note(c, "processes come from /proc, which is slower: this kernel has no task iterator");
	if (c->bpf)
		return 0;
	c->d.bpf = false;
	c->d.features &= ~CDM_F_COUNTED;
	c->d.events = 0;
	return c->o.strict ? -EOPNOTSUPP : note(c, why);
}

static void drop_privileges(const struct cdm_collector *c)
{
	unsigned int features = c->d.features & c->o.features;

	cdm_privileges_drop((features & CDM_F_PER_DEVICE) || c->residency, c->o.stacks,
			    (features & CDM_F_NUMA) && !c->numa);
}

struct cdm_collector *cdm_collector_open(const struct cdm_collector_options *o,
					 const struct cdm_description *d, char *why)
{
	struct cdm_collector *c = calloc(1, sizeof(*c));
	char why_no_bpf[CDM_WHY_LEN];
	int err = 0;

	if (!c) {
		cdm_error_errno(why, -ENOMEM);
		return NULL;
	}
	c->o = *o;
	c->d = *d;
	c->cgroups = cdm_cgroups_open();
	if (c->cgroups && d->cgroup_sums)
		cdm_cgroups_ignore_device(c->cgroups);
	if (c->cgroups && (d->features & (o->features | o->extras) & CDM_F_DMEM))
		cdm_cgroups_take_dmem(c->cgroups);
	c->own_proc = cdm_proc_is_ours();
	c->nr_ranges = c->own_proc ? cdm_devices_ranges(c->ranges, CDM_MAX_DEVICES) : 0;
	for (unsigned int i = 0; i < d->nr_missing && !err; i++)
		err = note(c, d->missing[i]);
	if (!err && d->bpf)
		err = open_bpf(c, d, why_no_bpf);
	if (c->cgroups && c->own_proc && !(c->bpf && c->d.task_iterator))
		cdm_cgroups_take_members(c->cgroups);
	if (!err && !o->numa_later)
		err = cdm_collector_watch_numa(c, true);
	if (err) {
		cdm_error(why, err, "%s", err == -EOPNOTSUPP ? why_no_bpf : strerror(-err));
		cdm_collector_close(c);
		return NULL;
	}
	drop_privileges(c);
	return c;
}

void cdm_collector_found(const struct cdm_collector *c, char found[CDM_MISSING_LEN])
{
	char drivers[CDM_MISSING_LEN / 2];

	*found = '\0';
	if (!c->bpf || !(c->d.features & CDM_F_MIGRATE))
		return;
	if (!cdm_bpf_by_functions(c->bpf)) {
		snprintf(found, CDM_MISSING_LEN, "cdm: DEVICE_HOST memory, by tracepoints");
		return;
	}
	cdm_bpf_drivers(c->bpf, drivers, sizeof(drivers));
	snprintf(found, CDM_MISSING_LEN, "%s, by functions (%s)%s",
		 *drivers ? drivers : "device memory of any driver, none has some now",
		 cdm_source_name(c->d.features_by[CDM_SOURCE_KPROBE] & CDM_F_MIGRATE ?
				 CDM_SOURCE_KPROBE : CDM_SOURCE_FENTRY),
		 c->residency ? "; residency by scans" : "");
}

void cdm_collector_close(struct cdm_collector *c)
{
	cdm_residency_close(c->residency);
	if (c->numa)
		cdm_bpf_close(c->numa);
	if (c->bpf)
		cdm_bpf_close(c->bpf);
	if (c->cgroups)
		cdm_cgroups_close(c->cgroups);
	cdm_stacks_close(c->stacks);
	free(c->below);
	free(c);
}

const struct cdm_description *cdm_collector_description(const struct cdm_collector *c)
{
	return &c->d;
}

__u64 cdm_collector_events(const struct cdm_collector *c)
{
	return c->d.events;
}

static const struct cdm_stats *stats_of(struct cdm_collector *c, enum cdm_scope scope, __u64 id)
{
	return c->bpf ? cdm_bpf_stats(c->bpf, scope, id) : NULL;
}

static const struct cdm_stats *cgroup_stats(void *ctx, __u64 id)
{
	return stats_of(ctx, CDM_SCOPE_CGROUP, id);
}

static const struct cdm_cgroup *cgroup_values(void *ctx, __u64 id)
{
	struct cdm_collector *c = ctx;

	return c->bpf ? cdm_bpf_cgroup(c->bpf, id) : NULL;
}

static size_t nr_cgroups(void *ctx)
{
	struct cdm_collector *c = ctx;

	return c->bpf ? cdm_bpf_nr_cgroups(c->bpf) : 0;
}

/* Passes a cgroup on, and remembers that it is one of those that are looked at. */
static int emit_cgroup(void *ctx, const struct cdm_rec *rec)
{
	const struct cdm_snap_cgroup *cg = (const void *)rec;
	struct cdm_collector *c = ctx;

	if (c->o.cgroup && rec->kind == CDM_SNAP_CGROUP) {
		if (c->nr_below == c->room_below) {
			size_t room = 2 * c->room_below + 64;
			void *below = realloc(c->below, room * sizeof(*c->below));

			if (!below)
				return -ENOMEM;
			c->below = below;
			c->room_below = room;
		}
		c->below[c->nr_below++] = cg->id;
	}
	return c->o.emit(c->o.ctx, rec);
}

static int compare_ids(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool in_scope(const struct cdm_collector *c, __u32 pid, __u64 cgroup)
{
	if (c->o.pid && c->o.pid != pid)
		return false;
	return !c->o.cgroup ||
	       bsearch(&cgroup, c->below, c->nr_below, sizeof(cgroup), compare_ids);
}

static int emit_devices(struct cdm_collector *c)
{
	struct cdm_snap_device snaps[CDM_MAX_DEVICES];
	int n = cdm_devices_read(snaps, CDM_MAX_DEVICES), err = 0;
	struct cdm_snap_scan scan;
	bool found;

	/* Those of other drivers have no class. */
	if (!n && c->bpf)
		n = cdm_bpf_pagemaps(c->bpf, snaps, CDM_MAX_DEVICES);
	c->nr_in_use = 0;
	for (int i = 0; i < n && !err; i++) {
		const struct cdm_stats *s;

		c->nr_in_use += snaps[i].used && snaps[i].used != CDM_UNKNOWN;
		if (c->bpf && !snaps[i].device)
			snaps[i].device = cdm_bpf_device(c->bpf, snaps[i].name);
		s = stats_of(c, CDM_SCOPE_DEVICE, snaps[i].device);
		snaps[i].has_stats = s && snaps[i].device;
		if (snaps[i].has_stats)
			snaps[i].stats = *s;
		found = c->d.pagemaps && c->residency && cdm_residency_tell_device(c->residency, &snaps[i], &scan);
		err = emit(c, &snaps[i].rec, CDM_SNAP_DEVICE, sizeof(snaps[i]));
		if (!err && found)
			err = emit_at(c, &scan.rec, CDM_SNAP_SCAN, sizeof(scan), c->last_ns);
	}
	return err;
}

static int emit_proc(struct cdm_collector *c, struct cdm_snap_proc *p)
{
	const struct cdm_stats *s = stats_of(c, CDM_SCOPE_PROC, p->pid);
	struct cdm_snap_scan scan;
	bool found = c->residency && cdm_residency_tell(c->residency, p, s, &scan);
	int err;

	if (s)
		p->stats = *s;
	if (!c->residency && (c->o.features & CDM_F_PER_DEVICE) && p->device && p->device != CDM_UNKNOWN &&
	    c->nr_in_use > 1 && c->nr_ranges > 0)
		cdm_proc_walk_devices(p, c->ranges, c->nr_ranges);
	/* Asking for the time takes as long as the rest of this. */
	err = emit_at(c, &p->rec, CDM_SNAP_PROC, s ? sizeof(*p) : CDM_SNAP_PROC_MIN, c->last_ns);
	if (!err && found)
		err = emit_at(c, &scan.rec, CDM_SNAP_SCAN, sizeof(scan), c->last_ns);
	return err;
}

/* The last process's figures may be on the stack still: only what is read is set. */
static int emit_task(void *ctx, const struct cdm_task *t)
{
	struct cdm_collector *c = ctx;
	struct cdm_snap_proc p;

	if (!in_scope(c, t->pid, t->cgroup))
		return 0;
	memset(&p, 0, CDM_SNAP_PROC_MIN);
	p.pid = t->pid;
	p.uid = t->uid;
	p.cgroup = t->cgroup;
	p.start_ns = t->start_ns;
	p.cpu_ms = t->cpu_ns / 1000000;
	p.rss = t->rss_file + t->rss_anon + t->rss_shmem;
	p.device = t->device < 0 ? CDM_UNKNOWN : (__u64)t->device;
	cdm_proc_set_anon(&p, t->rss_file + t->rss_shmem);
	p.device_file = p.device_shmem = CDM_UNKNOWN;
	memcpy(p.comm, t->comm, sizeof(p.comm));
	p.comm[sizeof(p.comm) - 1] = '\0';
	return emit_proc(c, &p);
}

static int emit_pid(void *ctx, __u32 pid)
{
	struct cdm_collector *c = ctx;
	struct cdm_snap_proc p;
	int err = cdm_proc_read(pid, &p);

	if (err)
		return err == -ENOMEM ? err : 0;	/* it has ended, or is not ours to see */
	if (!p.rss)
		return 0;	/* kernel threads and zombies have no memory */
	if (c->cgroups)
		p.cgroup = cdm_cgroups_of(c->cgroups, pid);
	return in_scope(c, pid, p.cgroup) ? emit_proc(c, &p) : 0;
}

static int emit_holders(struct cdm_collector *c)
{
	struct cdm_rec stay;
	int err = emit_at(c, &stay, CDM_SNAP_STAY, sizeof(stay), c->last_ns);

	return err ?: cdm_bpf_holders(c->bpf, emit_task, c);
}

static int emit_all_procs(struct cdm_collector *c)
{
	int err = c->bpf ? cdm_bpf_tasks(c->bpf, emit_task, c) : -EOPNOTSUPP;

	c->all_ns = c->last_ns;
	c->nr_all++;
	if (err == -EOPNOTSUPP)
		err = cdm_proc_each(emit_pid, c);
	/* Only after all cgroups and processes were looked at. */
	if (!err && c->bpf)
		cdm_bpf_forget_unused(c->bpf);
	return err;
}

static int emit_procs(struct cdm_collector *c)
{
	/* How much CPU time they take two of them tell. */
	unsigned int least = c->o.features & CDM_F_CPU ? 2 : 1;
	bool all = c->nr_all < least || c->last_ns - c->all_ns >= c->o.all_procs_ns;

	return all || !c->bpf || !cdm_bpf_knows_holders(c->bpf) ? emit_all_procs(c) :
								   emit_holders(c);
}

static int emit_begin(struct cdm_collector *c)
{
	struct cdm_snap_begin begin = { .features = c->d.features & (c->o.features | c->o.extras) };
	__u64 now = cdm_clock_ns(CLOCK_BOOTTIME);

	if (!c->numa_on)
		begin.features &= ~CDM_F_NUMA;
	if (c->pingpong_off)
		begin.features &= ~CDM_F_PINGPONG;
	begin.interval_ns = c->last_ns ? now - c->last_ns : 0;
	c->last_ns = now;
	return emit(c, &begin.rec, CDM_SNAP_BEGIN, sizeof(begin));
}

static __u64 own_rss(void)
{
	unsigned long size, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return (__u64)resident * sysconf(_SC_PAGESIZE);
}

static int emit_end(struct cdm_collector *c)
{
	struct cdm_snap_end end = { .bpf_ns = CDM_UNKNOWN, .bpf_runs = CDM_UNKNOWN };
	struct cdm_loss loss[CDM_NR_EV];
	struct rusage usage;

	cdm_collector_loss(c, loss);
	for (int i = 0; i < CDM_NR_EV; i++) {
		end.emitted += loss[i].emitted;
		end.lost += loss[i].lost_ring + loss[i].lost_map;
	}
	getrusage(RUSAGE_SELF, &usage);
	end.tool_cpu_ns = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000ULL +
			  (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000ULL;
	end.tool_rss = own_rss();
	if (c->bpf)
		cdm_bpf_cost(c->bpf, &end.bpf_ns, &end.bpf_runs);
	if (c->numa && end.bpf_ns != CDM_UNKNOWN)
		cdm_bpf_add_cost(c->numa, &end.bpf_ns, &end.bpf_runs);
	return emit(c, &end.rec, CDM_SNAP_END, sizeof(end));
}

static int emit_numa(void *ctx, const struct cdm_numa_key *key, const struct cdm_numa *n)
{
	struct cdm_collector *c = ctx;
	struct cdm_snap_numa snap = { .key = *key, .numa = *n };

	return emit_at(c, &snap.rec, CDM_SNAP_NUMA, sizeof(snap), c->last_ns);
}

static int emit_vmstat(struct cdm_collector *c)
{
	struct cdm_vmstat_values now;
	int err = cdm_vmstat_read(&now);

	if (err)
		return 0;
	for (unsigned int i = CDM_VMSTAT_NONE + 1; i < CDM_NR_VMSTAT && !err; i++) {
		struct cdm_snap_numa snap = {
			.vmstat = i, .key = { .src_node = CDM_NO_NODE, .dst_node = CDM_NO_NODE },
			.numa = { .pages = now.pages[i] - c->vmstat.pages[i] },
		};

		if (i == CDM_VMSTAT_MIGRATE)
			snap.numa.failed = now.failed - c->vmstat.failed;
		if (now.pages[i] != CDM_UNKNOWN)
			err = emit_at(c, &snap.rec, CDM_SNAP_NUMA, sizeof(snap), c->last_ns);
	}
	return err;
}

/* The counters and the events as close to each other as can be. */
static int emit_numas(struct cdm_collector *c)
{
	int err = c->numa_on ? emit_vmstat(c) : 0;

	return err || !c->numa_on ? err : cdm_bpf_numa(c->numa, emit_numa, c);
}

static int emit_cgroups(struct cdm_collector *c)
{
	static const struct cdm_cgroup_source source = { cgroup_stats, cgroup_values, nr_cgroups };
	int err;

	/* Where that is not possible, their files are read. */
	if (c->bpf)
		cdm_bpf_read_cgroups(c->bpf, cdm_cgroups_fd(c->cgroups));
	c->nr_below = 0;
	err = cdm_cgroups_refresh(c->cgroups, c->o.cgroup, &source, emit_cgroup, c);
	if (c->nr_below)
		qsort(c->below, c->nr_below, sizeof(*c->below), compare_ids);
	return err;
}

int cdm_collector_refresh(struct cdm_collector *c)
{
	int err = emit_begin(c);

	if (!err && c->bpf)
		err = cdm_bpf_read_stats(c->bpf);
	if (!err && c->bpf)
		err = cdm_bpf_new_devices(c->bpf, c->o.emit, c->o.ctx);
	if (!err && c->residency)
		cdm_residency_begin(c->residency);
	if (!err)
		err = emit_devices(c);
	if (!err)
		err = emit_numas(c);
	if (!err && c->cgroups)
		err = emit_cgroups(c);
	if (!err)
		err = emit_procs(c);
	/* It may have ended: then there is nothing to see, and that is no error. */
	if (!err && c->look_into && c->own_proc)
		cdm_proc_vmas(c->look_into, c->o.emit, c->o.ctx);
	err = err ? err : emit_end(c);
	/* While what was found is shown. */
	if (!err && c->residency)
		cdm_residency_update(c->residency, c->all_ns == c->last_ns);
	return err;
}

void cdm_collector_look_into(struct cdm_collector *c, __u32 pid)
{
	c->look_into = pid;
	if (pid && c->bpf)
		cdm_bpf_hold(c->bpf, pid);
}

void cdm_collector_watch_pingpong(struct cdm_collector *c, bool on)
{
	c->pingpong_off = !on;
	if (c->bpf)
		cdm_bpf_watch_pingpong(c->bpf, on);
}

/* What counters have counted before, or while nobody looked, is not of interest. */
static void leave_out(struct cdm_collector *c)
{
	struct cdm_vmstat_values now = { 0 };

	cdm_vmstat_read(&now);
	for (int i = 0; i < CDM_NR_VMSTAT; i++)
		c->vmstat.pages[i] = now.pages[i] - c->vmstat.pages[i];
	c->vmstat.failed = now.failed - c->vmstat.failed;
}

static int open_numa(struct cdm_collector *c, char *why)
{
	struct cdm_collector_options o = c->o;
	struct cdm_description d;

	o.features = CDM_F_NUMA;
	o.events = 0;
	o.numa_later = o.stacks = false;
	cdm_privileges_raise(true);
	cdm_collector_describe(&o, &d);
	c->numa = cdm_bpf_open(&o, &d, NULL, NULL, why);
	cdm_privileges_raise(false);
	drop_privileges(c);
	return c->numa ? 0 : -EOPNOTSUPP;
}

int cdm_collector_watch_numa(struct cdm_collector *c, bool on)
{
	char why[CDM_WHY_LEN] = "no migrations between NUMA nodes: programs cannot be attached";
	int err = 0;

	if (on == c->numa_on || !(c->d.features & c->o.features & CDM_F_NUMA))
		return 0;
	if (!c->numa)
		err = open_numa(c, why);
	if (!err)
		err = cdm_bpf_watch_numa(c->numa, on);
	if (err) {
		c->d.features &= ~CDM_F_NUMA;
		return note(c, why);
	}
	c->numa_on = on;
	leave_out(c);
	return 0;
}

int cdm_collector_fd(const struct cdm_collector *c)
{
	return c->bpf ? cdm_bpf_fd(c->bpf) : -1;
}

int cdm_collector_poll(struct cdm_collector *c, int timeout_ms)
{
	struct pollfd ring = { .events = POLLIN };
	int err;

	if (!c->bpf)
		return 0;
	/* Names between waiting and reading: the first event of a device has one then. */
	ring.fd = cdm_bpf_fd(c->bpf);
	if (timeout_ms)
		poll(&ring, 1, timeout_ms);
	err = cdm_bpf_new_devices(c->bpf, c->o.emit, c->o.ctx);
	/* Producers wake once in 64 KiB: also what is there without having been told. */
	c->burst = 0;
	if (!err)
		err = cdm_bpf_consume(c->bpf);
	return err == -EAGAIN ? BURST : err;
}

int cdm_collector_stop(struct cdm_collector *c)
{
	int n;

	if (c->numa)
		cdm_bpf_stop(c->numa);
	if (!c->bpf)
		return 0;
	cdm_bpf_stop(c->bpf);
	do
		n = cdm_collector_poll(c, 0);
	while (n > 0);
	return n;
}

void cdm_collector_loss(struct cdm_collector *c, struct cdm_loss loss[CDM_NR_EV])
{
	struct cdm_loss more[CDM_NR_EV];

	memset(loss, 0, CDM_NR_EV * sizeof(*loss));
	if (c->bpf)
		cdm_bpf_loss(c->bpf, loss);
	if (!c->numa)
		return;
	cdm_bpf_loss(c->numa, more);
	for (int i = 0; i < CDM_NR_EV; i++) {
		loss[i].seen += more[i].seen;
		loss[i].lost_map += more[i].lost_map;
	}
}

// SPDX-License-Identifier: GPL-2.0
/* What a collector will deliver: options and probes tell, nothing is loaded. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "source/allow.h"
#include "source/collector.h"
#include "source/hooks.h"
#include "source/ksyms.h"
#include "source/snapshot.h"
#include "source/types.h"

#define WINDOW_NS	500000ULL	/* within which a page comes back */
#define FLIPS		3
#define EMULATED_SLOWER	800		/* NVIDIA's factor for the window of thrashing */

__attribute__((format(printf, 2, 3)))
static void missing(struct cdm_description *d, const char *format, ...)
{
	va_list args;

	if (d->nr_missing == CDM_MISSING_MAX)
		return;
	va_start(args, format);
	vsnprintf(d->missing[d->nr_missing++], CDM_MISSING_LEN, format, args);
	va_end(args);
}

/* What was said last is said first: nobody wants to know more than that. */
static void first(struct cdm_description *d)
{
	char text[CDM_MISSING_LEN];

	memcpy(text, d->missing[d->nr_missing - 1], sizeof(text));
	memmove(d->missing[1], d->missing[0], (d->nr_missing - 1) * sizeof(text));
	memcpy(d->missing[0], text, sizeof(text));
}

/* By functions alone, it is as if the kernel did not count it. */
static void describe_procs(const struct cdm_collector_options *o, struct cdm_description *d)
{
	d->features |= CDM_F_CPU;
	if ((o->features & (CDM_F_PROC_DEVICE | CDM_F_PER_DEVICE)) && !cdm_proc_is_ours())
		missing(d, "no page tables of processes: /proc is not mounted, or is that of another pid namespace; mount -t proc proc /proc");
	if ((o->source <= CDM_SOURCE_TRACEPOINT || o->source == CDM_SOURCE_PROC) && cdm_proc_has_device())
		d->features |= CDM_F_PROC_DEVICE;
}

/*
 * Where neither the kernel counts it nor it can be had otherwise. @refused: why there are no
 * events, if there are none at all.
 */
static void describe_no_procs(const struct cdm_collector_options *o, const char *refused,
			      struct cdm_description *d)
{
	const char *why = "";

	if (!(o->features & CDM_F_PROC_DEVICE & ~d->features))
		return;
	if (refused)
		why = "; scans take events, and ";
	else if (!(d->features & CDM_F_MIGRATE))
		why = "; nor is it known what migrates, to keep up what a scan finds";
	else if (!cdm_proc_shows_pages())
		why = "; to scan for it takes CAP_SYS_ADMIN, and /proc";
	missing(d, "no device memory of processes: /proc/PID/status has no RssDevHost, of the DEVICE_HOST series, see kernel-patches/%s%s",
		why, refused ?: "");
	first(d);
}

static void describe_cgroups(unsigned int asked, struct cdm_description *d)
{
	struct cdm_cgroups *cgroups = cdm_cgroups_open();

	d->cgroup_sums = d->scan && cgroups;
	if (d->cgroup_sums || (cgroups && cdm_cgroups_have_device(cgroups)))
		d->features |= CDM_F_CGROUP_DEVICE;
	else if (asked & CDM_F_CGROUP_DEVICE)
		missing(d, cgroups ?
			"no device memory of cgroups: memory.stat has no device_host, the kernel is built without the DEVICE_HOST series, see kernel-patches/" :
			"no cgroups: the memory controller is not mounted (CONFIG_MEMCG)");
	if (cgroups && cdm_cgroups_have_dmem(cgroups))
		d->features |= CDM_F_DMEM;
	else if (asked & CDM_F_DMEM)
		missing(d, "no charges of the dmem controller: dmem.capacity has no device_host/; it is in Linux 7.3 with the series there (CONFIG_CGROUP_DMEM), see kernel-patches/");
	if (cgroups)
		cdm_cgroups_close(cgroups);
}

/* Without a device there is nothing to be split by device either, which needs no words. */
static void describe_devices(unsigned int asked, struct cdm_description *d)
{
	struct cdm_device_range range;
	bool there = cdm_devices_count() > 0;

	d->pagemaps = !there && d->scan;
	if (there || d->pagemaps)
		d->features |= CDM_F_DEVICES;
	if (d->scan || (cdm_proc_is_ours() && cdm_devices_ranges(&range, 1) > 0))
		d->features |= CDM_F_PER_DEVICE;
	if (!there && (asked & (CDM_F_DEVICES | CDM_F_PER_DEVICE) & ~d->features))
		missing(d, cdm_devices_driver() ? "no devices: /sys/class/cdm is empty" :
			"no devices: there is no /sys/class/cdm; is the module cdm loaded?");
	else if (there && (asked & CDM_F_PER_DEVICE & ~d->features))
		missing(d, cdm_devices_hidden() ?
			"no split by device: addresses in /proc/iomem need CAP_SYS_ADMIN" :
			"no split by device: /proc/iomem has no range of a device");
}

static void describe_tracepoints(struct cdm_description *d, const char *tracepoint,
				 unsigned int others)
{
	char text[48] = "";

	if (others)
		snprintf(text, sizeof(text), ", nor %u other%s of its kind", others,
			 others > 1 ? "s" : "");
	missing(d, "this kernel has no tracepoint %s%s: it is built without the DEVICE_HOST series, see kernel-patches/",
		tracepoint, text);
}

/* What its types tell. */
struct kernel {
	struct cdm_types *types;
	struct btf *btf;	/* all of them, which takes longer: once somebody asks for a function */
	bool functions;		/* call programs */
	const char *asked;	/* the last of them that may_attach() was asked of: it takes time */
	bool may;
};

/* Whether the kernel lets a program be called by a function: without doing anything. */
static bool may_attach(int function)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	DECLARE_LIBBPF_OPTS(bpf_prog_load_opts, opts,
		.expected_attach_type = BPF_TRACE_FENTRY, .attach_btf_id = function);
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "cdm_probe", "GPL", nothing,
			       sizeof(nothing) / sizeof(nothing[0]), &opts);
	int link = fd < 0 ? -1 : bpf_raw_tracepoint_open(NULL, fd);

	if (fd >= 0)
		close(fd);
	if (link >= 0)
		close(link);
	return link >= 0;
}

/* Id of the type of a function that is not inlined everywhere, "do_exit"; 0: none. */
static int find_function(struct kernel *k, const char *name)
{
	char path[PATH_MAX];
	int id;

	snprintf(path, sizeof(path), "%s/kernel/btf/vmlinux", cdm_roots.sys);
	if (!k->btf)
		k->btf = btf__parse(path, NULL);
	id = k->btf ? btf__find_by_name_kind(k->btf, name, BTF_KIND_FUNC) : 0;
	return id > 0 ? id : 0;
}

static bool takes_program(struct kernel *k, const char *function)
{
	int id;

	if (k->asked && !strcmp(k->asked, function))
		return k->may;
	id = find_function(k, function);
	k->asked = function;
	k->may = id && may_attach(id);
	return k->may;
}

/* Whether the kernel lets a kprobe be put on it; one that is not enabled does nothing. */
static bool may_probe(const char *function)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .config1 = (__u64)(uintptr_t)function,
	};
	char path[PATH_MAX], type[16];
	int fd;

	snprintf(path, sizeof(path), "%s/bus/event_source/devices/kprobe/type", cdm_roots.sys);
	if (cdm_read_file(AT_FDCWD, path, type, sizeof(type)) <= 0)
		return false;
	attr.type = atoi(type);
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool is_there(const struct cdm_hook *hook, struct kernel *k)
{
	if (hook->source == CDM_SOURCE_TRACEPOINT)
		return cdm_types_tracepoint(k->types, hook->target);
	if (!k->functions)
		return false;
	if (hook->source == CDM_SOURCE_KPROBE)	/* types of their arguments are told by that one */
		return find_function(k, "bpf_rdonly_cast") && may_probe(hook->target);
	return takes_program(k, hook->target);
}

/* It would tell something that was asked for and that nothing tells so far. */
static bool is_wanted(const struct cdm_hook *hook, const struct cdm_collector_options *o,
		      const struct cdm_description *d)
{
	return (hook->features & o->features & ~d->features) ||
	       (hook->events & o->events & ~d->events);
}

/* What @source can deliver of what is asked for. */
static void describe_source(const struct cdm_collector_options *o, enum cdm_source source,
			    struct kernel *k, struct cdm_description *d)
{
	unsigned int features = 0, lacking = d->features;
	__u64 events = 0, no_events = d->events;

	for (const struct cdm_hook *hook = cdm_hooks; hook->program; hook++) {
		if (hook->source != source || hook->beside || !is_wanted(hook, o, d))
			continue;
		features |= hook->features;
		events |= hook->events;
		if (!(hook->features & ~lacking) && !(hook->events & ~no_events))
			continue;
		if (is_there(hook, k))
			continue;
		if (hook->optional) {
			d->absent |= 1ULL << (hook - cdm_hooks);
			continue;
		}
		lacking |= hook->features;
		no_events |= hook->events;
	}
	d->features_by[source] = features & o->features & CDM_F_COUNTED & ~lacking;
	d->events_by[source] = events & o->events & ~no_events;
	d->features |= d->features_by[source];
	d->events |= d->events_by[source];
}

/* Those that add to what another one tells. */
static void describe_beside(const struct cdm_collector_options *o, struct kernel *k,
			    struct cdm_description *d)
{
	for (const struct cdm_hook *hook = cdm_hooks; hook->program; hook++) {
		if (!hook->beside || !cdm_hook_needed(hook, d))
			continue;
		if ((o->source != CDM_SOURCE_ANY && o->source != hook->source) || !is_there(hook, k))
			d->absent |= 1ULL << (hook - cdm_hooks);
	}
}

/* Functions that could tell something that was asked for, if they were let. */
static void describe_functions(const struct cdm_collector_options *o, const struct kernel *k,
			       struct cdm_description *d)
{
	for (const struct cdm_hook *hook = cdm_hooks; hook->program && !k->functions; hook++) {
		if (hook->source <= CDM_SOURCE_TRACEPOINT || !is_wanted(hook, o, d))
			continue;
		missing(d, "functions of the kernel tell of no migrations: kernel.ftrace_enabled is 0; sysctl kernel.ftrace_enabled=1");
		return;
	}
}

/* Tracepoints without which something that was asked for is not there. */
static void describe_missing(const struct cdm_collector_options *o, const struct cdm_types *types,
			     struct cdm_description *d)
{
	const char *first = NULL;
	unsigned int others = 0;

	for (const struct cdm_hook *hook = cdm_hooks; hook->program; hook++) {
		if (hook->source != CDM_SOURCE_TRACEPOINT || hook->beside || !is_wanted(hook, o, d) ||
		    cdm_types_tracepoint(types, hook->target))
			continue;
		others += !!first;
		first = first ?: hook->target;
	}
	if (first)
		describe_tracepoints(d, first, others);
}

/* What one source alone does not tell. */
static void describe_untold(const struct cdm_collector_options *o, struct cdm_description *d)
{
	if ((o->features & CDM_F_COUNTED & ~d->features) || (o->events & ~d->events) ||
	    (o->stacks && !d->bpf))
		missing(d, "not all that is asked for comes from the source %s on this kernel; leave out --source",
			cdm_source_name(o->source));
}

/* @more: what is asked for, and what that takes. */
static void describe_hooks(const struct cdm_collector_options *o,
			   const struct cdm_collector_options *more, struct kernel *k,
			   struct cdm_description *d)
{
	for (enum cdm_source s = CDM_SOURCE_TRACEPOINT; s < CDM_NR_SOURCE; s++)
		if (o->source == CDM_SOURCE_ANY || o->source == s)
			describe_source(more, s, k, d);
	if (!o->numa_later)
		describe_beside(more, k, d);
	if (o->source != CDM_SOURCE_TRACEPOINT)
		describe_functions(o, k, d);
	if (o->source == CDM_SOURCE_ANY || o->source == CDM_SOURCE_TRACEPOINT)
		describe_missing(o, k->types, d);
	else
		describe_untold(o, d);
}

/* Something is asked for that the kernel does not count, or has no class for. */
static bool wants_scan(const struct cdm_collector_options *o, const struct cdm_description *d)
{
	return (o->features & (CDM_F_PROC_DEVICE | CDM_F_CGROUP_DEVICE | CDM_F_PER_DEVICE) &&
		!(d->features & CDM_F_PROC_DEVICE)) ||
	       ((o->features & CDM_F_DEVICES) && !cdm_devices_count());
}

/* Device memory of processes, where the kernel does not count it. */
static void describe_scan(const struct cdm_collector_options *o, struct kernel *k,
			  struct cdm_description *d)
{
	static const struct { const char *function; enum cdm_frees frees; } tell[] = {
		{ "free_zone_device_folio", CDM_FREES_FOLIO }, { "free_zone_device_page", CDM_FREES_PAGE },
	};

	if (!wants_scan(o, d))
		return;
	d->scan = (d->features & CDM_F_MIGRATE) && !(d->features_by[CDM_SOURCE_TRACEPOINT] & CDM_F_MIGRATE) &&
		  cdm_proc_shows_pages();
	if (!d->scan)
		return;
	d->features |= CDM_F_PROC_DEVICE;
	d->by_pid = find_function(k, "bpf_task_from_pid");	/* since 6.2 */
	for (size_t i = 0; i < sizeof(tell) / sizeof(tell[0]) && !d->frees && k->functions; i++)
		if (takes_program(k, tell[i].function))
			d->frees = tell[i].frees;
}

/* Return: NULL, or why there are no programs at all. */
static const char *describe_bpf(const struct cdm_collector_options *o, struct cdm_description *d)
{
	struct cdm_collector_options more = *o;
	struct kernel k = { .types = cdm_types_open(), .functions = cdm_allow_functions() };
	const char *refused = k.types ? cdm_allow_programs() :
		"the kernel has no type information, /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)";

	if (refused) {
		missing(d, "no events: %s", refused);
		cdm_types_close(k.types);
		return refused;
	}
	d->bpf = true;
	/* What moves keeps up what scans find. */
	if (wants_scan(o, d))
		more.features |= CDM_F_MIGRATE;
	d->task_iterator = cdm_types_iterator(k.types, "task");
	d->cgroup_iterator = cdm_types_iterator(k.types, "cgroup");
	d->holders = cdm_types_tracepoint(k.types, "cdm_rss");
	describe_hooks(o, &more, &k, d);
	describe_scan(o, &k, d);
	btf__free(k.btf);
	cdm_types_close(k.types);
	return NULL;
}

static void describe_stacks(struct cdm_description *d)
{
	int err = cdm_ksyms_probe();

	if (err == -EPERM)
		missing(d, "kernel stacks are without names: CAP_SYSLOG is needed, see /proc/sys/kernel/kptr_restrict");
	else if (err)
		missing(d, "no kernel stacks: /proc/kallsyms cannot be read (CONFIG_KALLSYMS)");
}

static void describe_header(const struct cdm_collector_options *o, struct cdm_file_header *h)
{
	cdm_file_header_init(h);
	h->emulated = cdm_emulated();
	h->pingpong_window_ns = o->pingpong_window_ns ?:
				WINDOW_NS * (h->emulated ? EMULATED_SLOWER : 1);
	h->pingpong_flips = o->pingpong_flips ?: FLIPS;
}

void cdm_collector_describe(const struct cdm_collector_options *o, struct cdm_description *d)
{
	const char *refused = NULL;

	memset(d, 0, sizeof(*d));
	describe_header(o, &d->header);
	describe_procs(o, d);
	if (o->source == CDM_SOURCE_PROC)
		describe_untold(o, d);
	else
		refused = describe_bpf(o, d);
	describe_no_procs(o, refused, d);
	describe_cgroups(o->features, d);
	describe_devices(o->features, d);
	if (d->bpf && o->stacks)
		describe_stacks(d);
}

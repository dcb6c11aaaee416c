// SPDX-License-Identifier: GPL-2.0
/* What a collector will deliver: options and probes tell, nothing is loaded. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

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

static void describe_procs(unsigned int asked, struct cdm_description *d)
{
	d->features |= CDM_F_CPU;
	if (cdm_proc_has_device())
		d->features |= CDM_F_PROC_DEVICE;
	else if (asked & CDM_F_PROC_DEVICE)
		missing(d, "no device memory of processes: /proc/PID/status has no RssDevHost, the kernel is built without the DEVICE_HOST series, see kernel-patches/");
}

static void describe_cgroups(unsigned int asked, struct cdm_description *d)
{
	struct cdm_cgroups *cgroups = cdm_cgroups_open();

	if (cgroups && cdm_cgroups_have_device(cgroups))
		d->features |= CDM_F_CGROUP_DEVICE;
	else if (asked & CDM_F_CGROUP_DEVICE)
		missing(d, cgroups ?
			"no device memory of cgroups: memory.stat has no device_host, the kernel is built without the DEVICE_HOST series, see kernel-patches/" :
			"no cgroups: the memory controller is not mounted (CONFIG_MEMCG)");
	if (cgroups)
		cdm_cgroups_close(cgroups);
}

/* Without a device there is nothing to be split by device either, which needs no words. */
static void describe_devices(unsigned int asked, struct cdm_description *d)
{
	struct cdm_device_range range;
	bool there = cdm_devices_count() > 0;

	if (there)
		d->features |= CDM_F_DEVICES;
	if (cdm_devices_ranges(&range, 1) > 0)
		d->features |= CDM_F_PER_DEVICE;
	if (!there && (asked & (CDM_F_DEVICES | CDM_F_PER_DEVICE)))
		missing(d, cdm_devices_driver() ?
			"no devices: /sys/class/cdm is empty" :
			"no devices: there is no /sys/class/cdm; is the module cdm loaded?");
	else if (there && (asked & CDM_F_PER_DEVICE & ~d->features))
		missing(d, cdm_devices_hidden() ?
			"no split by device: addresses in /proc/iomem need CAP_SYS_ADMIN" :
			"no split by device: /proc/iomem has no range of a device");
}

/* A program that does nothing, of a kind that needs what the others need. */
static bool may_load(void)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "cdm_probe", "GPL", nothing,
			       sizeof(nothing) / sizeof(nothing[0]), NULL);

	if (fd < 0)
		return errno != EPERM;
	close(fd);
	return true;
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

/* Leaves out what needs a tracepoint that this kernel does not have. */
static void describe_hooks(const struct cdm_collector_options *o, const struct cdm_types *types,
			   struct cdm_description *d)
{
	unsigned int features = o->features & CDM_F_COUNTED, others = 0;
	const char *first = NULL;

	d->events = o->events;
	for (const struct cdm_hook *hook = cdm_hooks; hook->program; hook++) {
		if (!cdm_hook_needed(hook, o->features, o->events) ||
		    cdm_types_tracepoint(types, hook->tracepoint))
			continue;
		features &= ~hook->features;
		d->events &= ~hook->events;
		others += !!first;
		first = first ?: hook->tracepoint;
	}
	d->features |= features;
	if (first)
		describe_tracepoints(d, first, others);
}

static void describe_bpf(const struct cdm_collector_options *o, struct cdm_description *d)
{
	struct cdm_types *types = cdm_types_open();

	if (!types) {
		missing(d, "no events: the kernel has no type information, /sys/kernel/btf/vmlinux (CONFIG_DEBUG_INFO_BTF)");
		return;
	}
	d->bpf = may_load();
	d->cgroup_iterator = cdm_types_iterator(types, "cgroup");
	d->holders = cdm_types_tracepoint(types, "cdm_rss");
	if (d->bpf)
		describe_hooks(o, types, d);
	else
		missing(d, "no events: the kernel refuses BPF programs; run as root, or with CAP_BPF and CAP_PERFMON");
	cdm_types_close(types);
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
	memset(d, 0, sizeof(*d));
	describe_header(o, &d->header);
	describe_procs(o->features, d);
	describe_cgroups(o->features, d);
	describe_devices(o->features, d);
	if (!o->no_bpf)
		describe_bpf(o, d);
	if (d->bpf && o->stacks)
		describe_stacks(d);
}

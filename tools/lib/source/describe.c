// SPDX-License-Identifier: GPL-2.0
/* What a collector will deliver: options and probes tell, nothing is loaded. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "source/bpf.h"
#include "source/ksyms.h"
#include "source/snapshot.h"

void cdm_describe_missing(struct cdm_description *d, const char *format, ...)
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
	if (cdm_proc_has_device())
		d->features |= CDM_F_PROC_DEVICE;
	else if (asked & CDM_F_PROC_DEVICE)
		cdm_describe_missing(d, "no device memory of processes: /proc/PID/status has no RssDevHost, the kernel is built without the DEVICE_HOST series, see kernel-patches/");
}

static void describe_cgroups(unsigned int asked, struct cdm_description *d)
{
	struct cdm_cgroups *cgroups = cdm_cgroups_open();

	if (cgroups && cdm_cgroups_have_device(cgroups))
		d->features |= CDM_F_CGROUP_DEVICE;
	else if (asked & CDM_F_CGROUP_DEVICE)
		cdm_describe_missing(d, cgroups ?
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
		cdm_describe_missing(d, cdm_devices_driver() ?
			"no devices: /sys/class/cdm is empty" :
			"no devices: there is no /sys/class/cdm; is the module cdm loaded?");
	else if (there && (asked & CDM_F_PER_DEVICE & ~d->features))
		cdm_describe_missing(d, cdm_devices_hidden() ?
			"no split by device: addresses in /proc/iomem need CAP_SYS_ADMIN" :
			"no split by device: /proc/iomem has no range of a device");
}

static void describe_stacks(struct cdm_description *d)
{
	int err = cdm_ksyms_probe();

	if (err == -EPERM)
		cdm_describe_missing(d, "stacks are addresses: CAP_SYSLOG is needed for names, see /proc/sys/kernel/kptr_restrict");
	else if (err)
		cdm_describe_missing(d, "no stacks: /proc/kallsyms cannot be read (CONFIG_KALLSYMS)");
}

static void describe_header(const struct cdm_collector_options *o, struct cdm_file_header *h)
{
	cdm_file_header_init(h);
	h->emulated = cdm_emulated();
	h->pingpong_window_ns = o->pingpong_window_ns ?:
				h->emulated ? 400000000ULL : 500000ULL;
	h->pingpong_flips = o->pingpong_flips ?: 3;
}

void cdm_collector_describe(const struct cdm_collector_options *o, struct cdm_description *d)
{
	memset(d, 0, sizeof(*d));
	describe_header(o, &d->header);
	describe_procs(o->features, d);
	describe_cgroups(o->features, d);
	describe_devices(o->features, d);
	if (!o->no_bpf)
		cdm_bpf_describe(o, d);
	if (d->bpf && o->stacks)
		describe_stacks(d);
}

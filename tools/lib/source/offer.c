// SPDX-License-Identifier: GPL-2.0
/* What there is to be had, by which source and how exact. */
#include <stdio.h>

#include "source/collector.h"
#include "source/hooks.h"

const struct cdm_offer cdm_figures[] = {
	{ "figures", "migrations", "migrations", CDM_F_MIGRATE, 0 },
	{ "figures", "reasons", "reasons for pages that stayed", CDM_F_WHY, 0 },
	{ "figures", "evictions", "evictions", CDM_F_EVICT, 0 },
	{ "figures", "faults", "CPU faults on device memory", CDM_F_FAULTS, 0 },
	{ "figures", "ping-pong", "pages to and fro, while shown", CDM_F_PINGPONG, 0 },
	{ "figures", "page-faults", "page faults of user space", CDM_F_PAGEFAULTS, 0 },
	{ "figures", "numa", "NUMA migrations, while shown", CDM_F_NUMA, 0 },
	{ "processes", "device", "device pages of processes", CDM_F_PROC_DEVICE, 0 },
	{ "processes", "rss", "rss and CPU time of processes", CDM_F_CPU, 0 },
	{ "cgroups", "device", "device pages of cgroups", CDM_F_CGROUP_DEVICE, 0 },
	{ "cgroups", "dmem", "device pages by the dmem controller", CDM_F_DMEM, 0 },
	{ "devices", "sysfs", "devices", CDM_F_DEVICES, 0 },
	{ "devices", "per-process", "device pages by device", CDM_F_PER_DEVICE, 0 },
	{ 0 }
};

/* Scans, and the kernel's list of devices, are for what migrates. */
static bool by_scan(const struct cdm_offer *o, const struct cdm_description *d)
{
	return (d->scan && (o->feature & (CDM_F_PROC_DEVICE | CDM_F_PER_DEVICE))) ||
	       (d->cgroup_sums && o->feature == CDM_F_CGROUP_DEVICE) ||
	       (d->pagemaps && o->feature == CDM_F_DEVICES);
}

/* CDM_SOURCE_PROC: no program, or one that files stand in for. */
static enum cdm_source source_of(const struct cdm_offer *o, const struct cdm_description *d)
{
	unsigned int feature = by_scan(o, d) ? CDM_F_MIGRATE : o->feature;

	for (enum cdm_source s = CDM_SOURCE_TRACEPOINT; s < CDM_NR_SOURCE; s++)
		if ((d->features_by[s] & feature) || (d->events_by[s] & o->event))
			return s;
	return CDM_SOURCE_PROC;
}

static bool by_iterator(const struct cdm_offer *o, const struct cdm_description *d)
{
	if (!d->bpf || by_scan(o, d))
		return false;
	if (o->feature == CDM_F_CGROUP_DEVICE)
		return d->cgroup_iterator;
	return d->task_iterator && (o->feature & (CDM_F_PROC_DEVICE | CDM_F_CPU));
}

/* Something that would tell more of it. */
static bool lacks(const struct cdm_offer *o, const struct cdm_description *d)
{
	for (const struct cdm_hook *hook = cdm_hooks; hook->program; hook++)
		if ((d->absent & 1ULL << (hook - cdm_hooks)) &&
		    ((hook->features & o->feature) || (hook->events & o->event)))
			return true;
	return false;
}

/* Tracepoints tell all there is to know, functions do not. Return: what follows the source. */
static const char *how_exact(const struct cdm_offer *o, enum cdm_source source,
			     const struct cdm_description *d)
{
	bool functions = source == CDM_SOURCE_FENTRY || source == CDM_SOURCE_KPROBE;

	if ((o->feature == CDM_F_NUMA || o->event == 1ULL << CDM_EV_NUMA) && lacks(o, d))
		return ", pages and reasons exact; nodes and owners are not told, which takes fentry";
	if (by_scan(o, d) && o->feature == CDM_F_DEVICES)
		return " and references of their pages; columns error and age say how exact";
	if (by_scan(o, d) && o->feature == CDM_F_CGROUP_DEVICE)
		return " and scans, what their processes have; the column error says how exact";
	if (by_scan(o, d))
		return " and scans of page tables, 1 % of a CPU; columns error and age say how exact";
	if (functions && (o->feature == CDM_F_WHY || o->event == 1ULL << CDM_EV_MIGRATE))
		return ", pages exact, reasons in part: pinned has isolate, raced has charge; not collected: untold";
	if (functions && o->event == 1ULL << CDM_EV_EVICT)
		return ", pages exact; whose they are is not told";
	if (o->feature == CDM_F_CGROUP_DEVICE && !by_iterator(o, d))
		return ", exact to 64 pages a CPU, for 2 seconds at most";
	if (o->feature == CDM_F_PER_DEVICE)
		return ", exact while nothing moves";
	if (o->feature == CDM_F_CPU && !by_iterator(o, d))
		return ", exact, time to a tick of the clock";
	return ", exact";
}

bool cdm_offer_tell(const struct cdm_offer *o, const struct cdm_description *d, char *how)
{
	bool there = (d->features & o->feature) || (d->events & o->event);
	enum cdm_source source = source_of(o, d);

	how[0] = '\0';
	if (there)
		snprintf(how, CDM_WHY_LEN, "by %s%s",
			 by_iterator(o, d) ? "iterator" : cdm_source_name(source),
			 how_exact(o, source, d));
	return there;
}

// SPDX-License-Identifier: GPL-2.0
/* What can be had on this machine: each thing is tried, by itself. */
#include <string.h>

#include "base/json.h"
#include "source/bpf.h"

struct probe {
	FILE *out;
	struct cdm_json *json;	/* NULL: text */
	enum cdm_source source;	/* alone; or any */
	int missing;
};

/* How exact what functions tell is; tracepoints and files tell all there is to know. */
static const char *how_exact(const struct cdm_collector_options *o,
			     const struct cdm_description *d, enum cdm_source source)
{
	if (d->absent && ((o->features & CDM_F_NUMA) || (o->events & 1ULL << CDM_EV_NUMA)))
		return ", pages and reasons exact; nodes and owners are not told, which takes fentry";
	if (source == CDM_SOURCE_TRACEPOINT)
		return ", exact";
	if (o->features & CDM_F_PROC_DEVICE)
		return " and scans of page tables, 1 % of a CPU; columns error and age say how exact";
	if ((o->features & CDM_F_WHY) || (o->events & 1ULL << CDM_EV_MIGRATE))
		return ", pages exact, reasons in part: pinned has isolate, raced has charge; not collected: untold";
	return ", exact";
}

/* The source of the only thing that was asked for; CDM_SOURCE_ANY: files. */
static enum cdm_source source_of(const struct cdm_description *d)
{
	for (enum cdm_source s = CDM_SOURCE_TRACEPOINT; s < CDM_NR_SOURCE; s++)
		if (d->features_by[s] || d->events_by[s])
			return s;
	return CDM_SOURCE_ANY;
}

/* @why: NULL: it is there, by @source. */
static void report(struct probe *p, const char *group, const char *name, const char *why,
		   enum cdm_source source, const char *exact)
{
	char how[CDM_WHY_LEN] = "";

	if (!why && source)
		snprintf(how, sizeof(how), "by %s%s", cdm_source_name(source), exact);
	p->missing += !!why;
	if (p->json) {
		cdm_json_open(p->json, NULL, '{');
		cdm_json_string(p->json, "group", group);
		cdm_json_string(p->json, "name", name);
		cdm_json_bool(p->json, "available", !why);
		cdm_json_string(p->json, "why", why);
		cdm_json_string(p->json, "how", how[0] ? how : NULL);
		cdm_json_close(p->json, '}');
	} else {
		fprintf(p->out, "%-9s %-12s %-3s%s%s\n", group, name, why ? "no" : "yes",
			why || how[0] ? "  " : "", why ?: how);
	}
}

static int stop(void *ctx, const struct cdm_task *t)
{
	return 1;
}

/* Return: false, and @why. */
static bool try_bpf(const struct cdm_collector_options *o, const struct cdm_description *d,
		    char *why)
{
	struct cdm_bpf *b = cdm_bpf_open(o, d, NULL, NULL, why);
	bool good = b;

	if (b && !o->features && !o->events && cdm_bpf_tasks(b, stop, NULL) != 1) {
		cdm_error(why, 0, "this kernel has no task iterator");
		good = false;
	}
	if (b)
		cdm_bpf_close(b);
	return good;
}

/* Programs are loaded unless it is a matter of files alone. */
static void probe(struct probe *p, const char *group, const char *name,
		  struct cdm_collector_options o)
{
	struct cdm_description d;
	char why[CDM_WHY_LEN];
	bool good;

	o.filter.dir = o.filter.why = -1;
	o.source = p->source;
	cdm_collector_describe(&o, &d);
	good = !d.nr_missing;
	if (!good)
		cdm_error(why, 0, "%s", d.missing[0]);
	else if (d.bpf)
		good = try_bpf(&o, &d, why);
	report(p, group, name, good ? NULL : why, source_of(&d), how_exact(&o, &d, source_of(&d)));
}

static void probe_counted(struct probe *p)
{
	static const struct { const char *name; unsigned int feature; } counted[] = {
		{ "migrations", CDM_F_MIGRATE }, { "reasons", CDM_F_WHY },
		{ "evictions", CDM_F_EVICT }, { "faults", CDM_F_FAULTS },
		{ "ping-pong", CDM_F_PINGPONG }, { "page-faults", CDM_F_PAGEFAULTS },
		{ "numa", CDM_F_NUMA },
	};

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		probe(p, "figures", counted[i].name,
		      (struct cdm_collector_options) { .features = counted[i].feature });
}

static void probe_events(struct probe *p)
{
	for (unsigned int kind = CDM_EV_MIGRATE; kind < CDM_NR_EV; kind++)
		probe(p, "events", cdm_kind_name(kind),
		      (struct cdm_collector_options) { .events = 1ULL << kind });
	probe(p, "stacks", "symbols", (struct cdm_collector_options) { .stacks = true });
}

static void probe_files(struct probe *p)
{
	static const struct { const char *group, *name; unsigned int feature; } files[] = {
		{ "processes", "device", CDM_F_PROC_DEVICE },
		{ "cgroups", "device", CDM_F_CGROUP_DEVICE },
		{ "devices", "sysfs", CDM_F_DEVICES },
		{ "devices", "per-process", CDM_F_PER_DEVICE },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		probe(p, files[i].group, files[i].name, (struct cdm_collector_options) {
			.features = files[i].feature,
			/* Where files do not tell it programs do. */
			.no_bpf = files[i].feature != CDM_F_PROC_DEVICE ||
				  (p->source <= CDM_SOURCE_TRACEPOINT && cdm_proc_has_device()),
		});
}

int cdm_collector_probe(FILE *out, bool json, enum cdm_source source)
{
	static struct cdm_json writer;
	struct probe p = { .out = out, .json = json ? &writer : NULL, .source = source };

	cdm_json_init(&writer, out, false);
	probe_counted(&p);
	probe_events(&p);
	probe(&p, "processes", "iterator", (struct cdm_collector_options) { 0 });
	probe_files(&p);
	if (json)
		cdm_json_flush(&writer);
	return p.missing > 0;
}

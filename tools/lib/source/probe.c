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

/* @why: NULL: it is there. */
static void report(struct probe *p, const struct cdm_offer *offer, const char *why, const char *how)
{
	/* Few kernels have it, and nothing is wrong with the others. */
	p->missing += why && offer->feature != CDM_F_DMEM;
	if (p->json) {
		cdm_json_open(p->json, NULL, '{');
		cdm_json_string(p->json, "group", offer->group);
		cdm_json_string(p->json, "name", offer->name);
		cdm_json_bool(p->json, "available", !why);
		cdm_json_string(p->json, "why", why);
		cdm_json_string(p->json, "how", !why && how[0] ? how : NULL);
		cdm_json_close(p->json, '}');
	} else {
		fprintf(p->out, "%-9s %-12s %-3s%s%s\n", offer->group, offer->name, why ? "no" : "yes",
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
	bool iterate = o->features & (CDM_F_PROC_DEVICE | CDM_F_CPU), good = b;

	if (b && iterate && cdm_bpf_tasks(b, stop, NULL) != 1) {
		cdm_error(why, 0, "this kernel has no task iterator");
		good = false;
	}
	if (b)
		cdm_bpf_close(b);
	return good;
}

/* The same. @d: what there is of it. */
static bool try_all(const struct cdm_collector_options *o, struct cdm_description *d, char *why)
{
	cdm_collector_describe(o, d);
	if (!d->nr_missing)
		return !d->bpf || try_bpf(o, d, why);
	cdm_error(why, 0, "%s", d->missing[0]);
	return false;
}

static void probe(struct probe *p, const struct cdm_offer *offer, bool stacks)
{
	struct cdm_collector_options o = {
		.features = offer->feature, .events = offer->event, .stacks = stacks,
		.source = p->source, .filter = { .dir = -1, .why = -1 },
	};
	bool needs_bpf = offer->event || stacks || (offer->feature & CDM_F_COUNTED);
	char why[CDM_WHY_LEN], why_files[CDM_WHY_LEN], how[CDM_WHY_LEN];
	struct cdm_description d;
	bool good = try_all(&o, &d, why);

	if (!good && !needs_bpf) {
		o.source = CDM_SOURCE_PROC;
		good = try_all(&o, &d, why_files);
	}
	cdm_offer_tell(offer, &d, how);
	report(p, offer, good ? NULL : why, how);
}

static void probe_event(struct probe *p, unsigned int kind)
{
	const struct cdm_offer event = {
		.group = "events", .name = cdm_kind_name(kind), .event = 1ULL << kind,
	};

	probe(p, &event, false);
}

int cdm_collector_probe(FILE *out, bool json, enum cdm_source source)
{
	static const struct cdm_offer stacks = { .group = "stacks", .name = "symbols" };
	static struct cdm_json writer;
	struct probe p = { .out = out, .json = json ? &writer : NULL, .source = source };

	cdm_json_init(&writer, out, false);
	for (const struct cdm_offer *figure = cdm_figures; figure->name; figure++)
		probe(&p, figure, false);
	for (unsigned int kind = CDM_EV_MIGRATE; kind < CDM_NR_EV; kind++)
		probe_event(&p, kind);
	probe(&p, &stacks, true);
	if (json)
		cdm_json_flush(&writer);
	return p.missing > 0;
}

// SPDX-License-Identifier: GPL-2.0
/* What can be had on this machine: each thing is tried, by itself. */
#include <stdlib.h>
#include <unistd.h>

#include "source/bpf.h"
#include "base/json.h"
#include "source/ksyms.h"
#include "source/snapshot.h"

/* Those that are counted by BPF programs. */
static const struct {
	unsigned int feature;
	const char *name;
} counted[] = {
	{ CDM_F_MIGRATE, "migrations" },
	{ CDM_F_WHY, "reasons" },
	{ CDM_F_EVICT, "evictions" },
	{ CDM_F_FAULTS, "faults" },
	{ CDM_F_PINGPONG, "ping-pong" },
	{ CDM_F_PAGEFAULTS, "page-faults" },
};

struct probe {
	FILE *out;
	struct cdm_json *json;	/* NULL: text */
	int missing;
	char why[256];		/* the first thing that was noted */
};

static void keep_note(void *ctx, const char *text)
{
	struct probe *p = ctx;

	if (!p->why[0])
		snprintf(p->why, sizeof(p->why), "%s", text);
}

static void report(struct probe *p, const char *group, const char *name, bool have)
{
	const char *why = have ? NULL : p->why[0] ? p->why : "not known why";

	p->missing += !have;
	if (p->json) {
		cdm_json_open(p->json, NULL, '{');
		cdm_json_string(p->json, "group", group);
		cdm_json_string(p->json, "name", name);
		cdm_json_bool(p->json, "available", have);
		cdm_json_string(p->json, "why", why);
		cdm_json_close(p->json, '}');
	} else {
		fprintf(p->out, "%-9s %-12s %-3s%s%s\n", group, name, have ? "yes" : "no",
			why ? "  " : "", why ?: "");
	}
	p->why[0] = '\0';
}

static struct cdm_bpf *open_for(struct probe *p, unsigned int features, __u64 events)
{
	const struct cdm_collector_options o = {
		.features = features, .events = events, .filter = { .dir = -1, .why = -1 },
	};

	return cdm_bpf_open(&o, keep_note, p);
}

static void probe_counted(struct probe *p, unsigned int feature, const char *name)
{
	struct cdm_bpf *b = open_for(p, feature, 0);

	report(p, "figures", name, b && (cdm_bpf_features(b) & feature));
	if (b)
		cdm_bpf_close(b);
}

static void probe_event(struct probe *p, unsigned int kind)
{
	struct cdm_bpf *b = open_for(p, 0, 1ULL << kind);

	report(p, "events", cdm_kind_name(kind), b && (cdm_bpf_events(b) & (1ULL << kind)));
	if (b)
		cdm_bpf_close(b);
}

static int stop(void *ctx, const struct cdm_task *t)
{
	return 1;
}

static void probe_iterator(struct probe *p)
{
	struct cdm_bpf *b = open_for(p, 0, 0);

	report(p, "processes", "iterator", b && cdm_bpf_tasks(b, stop, NULL) == 1);
	if (b)
		cdm_bpf_close(b);
}

static void probe_symbols(struct probe *p)
{
	struct cdm_ksyms *k = cdm_ksyms_open();

	if (!k)
		keep_note(p, "/proc/kallsyms cannot be read (CONFIG_KALLSYMS)");
	else if (cdm_ksyms_hidden(k))
		keep_note(p, "addresses in /proc/kallsyms are hidden: CAP_SYSLOG is needed, see /proc/sys/kernel/kptr_restrict");
	report(p, "stacks", "symbols", k && !cdm_ksyms_hidden(k));
	cdm_ksyms_close(k);
}

static void probe_files(struct probe *p)
{
	struct cdm_cgroups *cgroups = cdm_cgroups_open();
	struct cdm_device_range range;
	struct cdm_snap_proc self;

	keep_note(p, "/proc/PID/status has no RssDevHost: this kernel is built without the DEVICE_HOST series, see kernel-patches/");
	report(p, "processes", "device",
	       !cdm_proc_read(getpid(), &self) && self.device != CDM_UNKNOWN);

	keep_note(p, cgroups ? "memory.stat has no device_host: this kernel is built without the DEVICE_HOST series, see kernel-patches/" :
		  "the memory controller is not mounted (CONFIG_MEMCG)");
	report(p, "cgroups", "device", cgroups && cdm_cgroups_have_device(cgroups));
	cdm_cgroups_close(cgroups);

	keep_note(p, "/sys/class/cdm is empty or missing: load the module cdm");
	report(p, "devices", "sysfs", cdm_devices_count() > 0);

	keep_note(p, "addresses in /proc/iomem need CAP_SYS_ADMIN, and there has to be a device");
	report(p, "devices", "per-process", cdm_devices_ranges(&range, 1) > 0);
}

int cdm_collector_probe(FILE *out, bool json)
{
	struct cdm_json *writer = json ? malloc(sizeof(*writer)) : NULL;
	struct probe p = { .out = out, .json = writer };

	if (json && !writer) {
		fprintf(stderr, "cdm: out of memory\n");
		return 1;
	}
	if (writer)
		cdm_json_init(writer, out, false);

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		probe_counted(&p, counted[i].feature, counted[i].name);
	for (unsigned int kind = CDM_EV_MIGRATE; kind < CDM_NR_EV; kind++)
		probe_event(&p, kind);
	probe_iterator(&p);
	probe_symbols(&p);
	probe_files(&p);

	if (writer)
		cdm_json_flush(writer);
	free(writer);
	return p.missing > 0;
}

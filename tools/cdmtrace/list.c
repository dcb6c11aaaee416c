// SPDX-License-Identifier: GPL-2.0
/* What there is, and what would be done. */
#include "list.h"

static void list_fields(const struct cdm_field *f)
{
	for (; f->name; f++)
		printf("    %-16s %s\n", f->name, f->help);
}

static void list_sorts(const struct cdm_event_kind *kind)
{
	const struct cdm_field *f = cdm_event_field(kind, CDM_PLACE_SORT);

	if (!f || !f->names || kind->kind >= CDM_NR_EV)
		return;
	printf("    sorts:");
	for (int i = 0; f->names(i)[0] != '?'; i++)
		printf(" %s:%s", cdm_kind_name(kind->kind), f->names(i));
	putchar('\n');
}

void trace_list(void)
{
	printf("all events\n");
	list_fields(cdm_event_head);
	list_fields(cdm_event_stacks);
	for (const struct cdm_event_kind *k = cdm_event_kinds; k->kind; k++) {
		printf("\n%s%s: %s\n", cdm_kind_name(k->kind), k->usual ? " (usual)" : "", k->help);
		list_sorts(k);
		list_fields(k->fields);
	}
}

void trace_print_kinds(FILE *out, __u64 kinds)
{
	const char *separator = "";

	for (unsigned int i = 1; i < CDM_NR_EV; i++) {
		if (!(kinds & 1ULL << i))
			continue;
		fprintf(out, "%s%s", separator, cdm_kind_name(i));
		separator = ",";
	}
}

static const char *format_name(const struct trace_options *o)
{
	static const char *const names[] = {
		[TRACE_TEXT] = "text", [TRACE_NDJSON] = "ndjson", [TRACE_CSV] = "csv",
		[TRACE_CHROME] = "chrome",
	};

	return names[o->format];
}

void trace_dry_run(const struct trace_options *o)
{
	const struct cdm_filter *by = &o->filter.by;

	printf("source: %s\nevents: ", o->replay ?: "this machine, by BPF");
	trace_print_kinds(stdout, o->filter.kinds);
	printf("\nfilters:");
	if (by->pid)
		printf(" pid=%u", by->pid);
	if (by->tid)
		printf(" tid=%u", by->tid);
	if (by->comm[0])
		printf(" comm=%s", by->comm);
	if (o->cgroup)
		printf(" cgroup=%s", o->cgroup);
	if (by->device[0])
		printf(" device=%s", by->device);
	if (by->dir >= 0)
		printf(" dir=%s", cdm_dir_name(by->dir));
	if (by->why >= 0)
		printf(" reason=%s", cdm_why_name(by->why));
	if (by->min_pages)
		printf(" min_pages=%llu", by->min_pages);
	if (by->min_ns)
		printf(" min_ns=%llu", by->min_ns);
	printf("\nstacks: %s\n", o->stacks || o->folded ? "yes" : "no");
	if (o->report || o->summary)
		printf("at the end: report\n");
	if (o->folded)
		printf("at the end: folded stacks by %s\n", o->by_pages ? "pages" : "events");
	if (!o->report && ((!o->summary && !o->folded) || o->output))
		printf("output: %s to %s\n", format_name(o),
		       o->output ?: o->command ? "standard error" : "standard output");
	if (o->write)
		printf("record: %s\n", o->write);
	if (o->chrome)
		printf("chrome: %s\n", o->chrome);
	if (o->command)
		printf("command: %s\n", o->command[0]);
}

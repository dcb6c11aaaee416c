// SPDX-License-Identifier: GPL-2.0
/*
 * OpenMetrics, and the text format before it. They differ in the name by which
 * counters are described, with "_total" in the older one, and in UNIT and EOF.
 */
#include <string.h>

#include "base/name.h"
#include "table/output-int.h"

struct family {
	char name[80];		/* without "_total" */
	const char *unit;	/* suffix of the name, "" for none */
	bool counter;
	double scale;		/* of the figure to the unit */
};

static const char *view_prefix(enum cdm_view view)
{
	return view == CDM_VIEW_PROC ? "process" : cdm_view_name(view);
}

/* Return: false for columns that are labels, or that others can be made into. */
static bool family_of(const struct cdm_column *col, enum cdm_view view, struct family *f)
{
	f->unit = "";
	f->scale = 1;
	f->counter = col->total;
	switch (col->unit) {
	case CDM_UNIT_BYTES:
		f->unit = "bytes";
		break;
	case CDM_UNIT_NS:
		f->unit = "seconds";
		f->scale = 1e-9;
		break;
	case CDM_UNIT_PERCENT:
		f->unit = "ratio";
		f->scale = 0.01;
		break;
	case CDM_UNIT_PAGES_PER_S:
		f->unit = "pages";
		break;
	case CDM_UNIT_PER_S:
	case CDM_UNIT_COUNT:
		break;
	default:
		return false;
	}
	if (!f->counter && cdm_unit_is_double(col->unit) && col->unit != CDM_UNIT_PERCENT)
		return false;
	snprintf(f->name, sizeof(f->name), "cdm_%s_%s%s%s", view_prefix(view), col->id,
		 *f->unit ? "_" : "", f->unit);
	return true;
}

static void describe(FILE *out, const struct family *f, const char *help, bool open)
{
	const char *total = f->counter && !open ? "_total" : "";

	fprintf(out, "# HELP %s%s %s\n", f->name, total, help);
	fprintf(out, "# TYPE %s%s %s\n", f->name, total, f->counter ? "counter" : "gauge");
	if (open && *f->unit)
		fprintf(out, "# UNIT %s %s\n", f->name, f->unit);
}

static void put_label(FILE *out, const char *name, const char *value, bool first)
{
	fprintf(out, "%s%s=", first ? "{" : ",", name);
	cdm_print_quoted(out, value, CDM_FORM_LABEL);
}

static void put_labels(FILE *out, enum cdm_view view, const void *row)
{
	const struct cdm_proc_row *proc = row;
	char number[24];

	switch (view) {
	case CDM_VIEW_PROC:
		snprintf(number, sizeof(number), "%u", proc->snap->pid);
		put_label(out, "pid", number, true);
		put_label(out, "comm", proc->snap->comm, false);
		put_label(out, "cgroup", proc->cgroup ? proc->cgroup->snap->path : "", false);
		break;
	case CDM_VIEW_CGROUP:
		put_label(out, "cgroup", ((const struct cdm_cgroup_row *)row)->snap->path, true);
		break;
	case CDM_VIEW_DEVICE:
		put_label(out, "device", ((const struct cdm_device_row *)row)->snap->name, true);
		break;
	default:
		snprintf(number, sizeof(number), "%llx", ((const struct cdm_vma_row *)row)->snap->start);
		put_label(out, "start", number, true);
	}
	putc('}', out);
}

static void put_value(FILE *out, const struct cdm_column *col, const struct family *f,
		      const struct cdm_cell *cell)
{
	if (!f->counter && cdm_unit_is_double(col->unit))
		fprintf(out, " %.6g\n", cell->d * f->scale);
	else if (f->scale < 1)
		fprintf(out, " %.9f\n", cell->u * f->scale);
	else
		fprintf(out, " %llu\n", cell->u);
}

static void put_family(FILE *out, const struct cdm_table *t, const struct cdm_column *col,
		       bool open)
{
	bool described = false;
	struct family f;

	if (!family_of(col, t->view, &f))
		return;
	for (size_t i = 0; i < t->nr_rows; i++) {
		struct cdm_cell cell;

		(f.counter ? col->total : col->get)(t->rows[i], &cell);
		if (!cell.known || (col->unit == CDM_UNIT_BYTES && cell.u == CDM_NO_LIMIT))
			continue;
		if (!described)
			describe(out, &f, col->help, open);
		described = true;
		fprintf(out, "%s%s", f.name, f.counter ? "_total" : "");
		put_labels(out, t->view, t->rows[i]);
		put_value(out, col, &f, &cell);
	}
}

/* Why pages stayed, by device: a series for each reason that there was. */
static void put_reasons(FILE *out, const struct cdm_table *t, bool failed, bool open)
{
	struct family f = { .unit = "pages", .counter = true };
	bool described = false;

	snprintf(f.name, sizeof(f.name), "cdm_%s_pages", failed ? "failed" : "skipped");
	for (size_t i = 0; i < t->nr_rows * CDM_NR_WHY; i++) {
		const struct cdm_device_row *row = t->rows[i / CDM_NR_WHY];
		const struct cdm_stats *s = &row->snap->stats;
		unsigned int why = i % CDM_NR_WHY;
		__u64 pages = s->failed[CDM_DIR_IN][why] + s->failed[CDM_DIR_OUT][why];

		if (cdm_why_is_failure(why) != failed || !row->snap->has_stats || !pages)
			continue;
		if (!described)
			describe(out, &f, failed ? "Pages that were to move and could not." :
				 "Pages with nothing to move.", open);
		described = true;
		fprintf(out, "%s_total", f.name);
		put_label(out, "device", row->snap->name, true);
		put_label(out, "reason", cdm_why_name(why), false);
		fprintf(out, "} %llu\n", pages);
	}
}

void cdm_metrics_table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool open)
{
	for (size_t i = 0; i < t->nr_columns; i++)
		put_family(out, t, t->columns[i], open);
	if (t->view != CDM_VIEW_DEVICE)
		return;
	put_reasons(out, t, true, open);
	put_reasons(out, t, false, open);
}

static void put_tool(FILE *out, const char *name, const char *help, __u64 value, bool open)
{
	struct family f = { .unit = "", .counter = true };

	if (value == CDM_UNKNOWN)
		return;
	snprintf(f.name, sizeof(f.name), "%s", name);
	describe(out, &f, help, open);
	fprintf(out, "%s_total %llu\n", f.name, value);
}

void cdm_metrics_end(FILE *out, struct cdm_model *m, bool open)
{
	const struct cdm_snap_end *end = cdm_model_end(m);

	if (end) {
		put_tool(out, "cdm_events_emitted", "Events that reached the tool.", end->emitted,
			 open);
		put_tool(out, "cdm_events_lost", "Events that did not.", end->lost, open);
	}
	if (open)
		fputs("# EOF\n", out);
}

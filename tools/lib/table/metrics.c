// SPDX-License-Identifier: GPL-2.0
/*
 * OpenMetrics, and the text format before it. They differ in the name by which
 * counters are described, with "_total" in the older one, and in INFO, UNIT and EOF.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "base/version.h"
#include "table/column-int.h"
#include "table/output-int.h"

/* What is being written. */
struct exposition {
	FILE *out;
	bool open;			/* OpenMetrics */
	const struct cdm_table *t;
	char **labels;			/* of each row: device="cdm0" */
};

enum type { GAUGE, COUNTER, HISTOGRAM, INFO };

struct family {
	char name[80];		/* without "_total" and the like */
	const char *help;
	const char *unit;	/* suffix of the name, "" for none */
	enum type type;
	double scale;		/* of the figure to the unit */
	bool described;
};

static const char *view_prefix(enum cdm_view view)
{
	return view == CDM_VIEW_PROC ? "process" : cdm_view_name(view);
}

/* --- families --- */

static void describe(const struct exposition *x, struct family *f)
{
	static const char *const types[] = {
		[GAUGE] = "gauge", [COUNTER] = "counter", [HISTOGRAM] = "histogram",
		[INFO] = "info",
	};
	const char *suffix = x->open ? "" : f->type == COUNTER ? "_total" :
			     f->type == INFO ? "_info" : "";

	if (f->described)
		return;
	f->described = true;
	fprintf(x->out, "# HELP %s%s %s\n", f->name, suffix, f->help);
	fprintf(x->out, "# TYPE %s%s %s\n", f->name, suffix,
		types[f->type == INFO && !x->open ? GAUGE : f->type]);
	if (x->open && f->unit && *f->unit)
		fprintf(x->out, "# UNIT %s %s\n", f->name, f->unit);
}

/* What comes before a value. @more: labels besides those of the row, or "". */
static void sample(const struct exposition *x, struct family *f, const char *suffix,
		   const char *labels, const char *more)
{
	describe(x, f);
	fprintf(x->out, "%s%s", f->name, suffix);
	if (*labels || *more)
		fprintf(x->out, "{%s%s%s}", labels, *labels && *more ? "," : "", more);
}

static void put_single(const struct exposition *x, const char *name, const char *help,
		       enum type type, __u64 value)
{
	struct family f = { .help = help, .type = type };

	if (value == CDM_UNKNOWN)
		return;
	snprintf(f.name, sizeof(f.name), "%s", name);
	sample(x, &f, type == COUNTER ? "_total" : "", "", "");
	fprintf(x->out, " %llu\n", value);
}

/* --- rows --- */

static char *put_label(char *p, const char *name, const char *value)
{
	p = stpcpy(stpcpy(p, name), "=");
	return cdm_put_quoted(p, value, SIZE_MAX, CDM_FORM_LABEL);
}

static char *proc_labels(const struct cdm_proc_row *row)
{
	const char *path = row->cgroup ? row->cgroup->snap->path : "";
	char *text = malloc(64 + CDM_NAME_GROWS * (strlen(path) + CDM_COMM_LEN)), *p = text;

	if (!text)
		return NULL;
	p += sprintf(p, "pid=\"%u\",", row->snap->pid);
	p = put_label(p, "comm", row->snap->comm);
	*p++ = ',';
	*put_label(p, "cgroup", path) = '\0';
	return text;
}

static char *numa_labels(const struct cdm_numa_row *row)
{
	const struct cdm_numa_key *key = &row->snap->key;
	const char *path = cdm_model_cgroup_path(row->model, key->cgroup) ?: "";
	char *text = malloc(192 + CDM_NAME_GROWS * (strlen(path) + 2 * CDM_COMM_LEN)), *p = text;

	if (!text)
		return NULL;
	if (row->snap->vmstat) {
		sprintf(p, "source=\"vmstat\",reason=\"%s\"", cdm_vmstat_name(row->snap->vmstat));
		return text;
	}
	p += sprintf(p, "source=\"events\",reason=\"%s\",src=\"%d\",dst=\"%d\",pid=\"%u\",actor_pid=\"%u\",",
		     cdm_reason_name(key->reason), key->src_node, key->dst_node, key->pid,
		     key->actor_pid);
	p = put_label(p, "comm", row->snap->numa.comm);
	*p++ = ',';
	p = put_label(p, "actor", row->snap->numa.actor_comm);
	*p++ = ',';
	*put_label(p, "cgroup", path) = '\0';
	return text;
}

static char *labels_of(enum cdm_view view, const void *row)
{
	const char *name = view == CDM_VIEW_CGROUP ? "cgroup" : "device", *value;
	char *text;

	if (view == CDM_VIEW_PROC)
		return proc_labels(row);
	if (view == CDM_VIEW_NUMA)
		return numa_labels(row);
	value = view == CDM_VIEW_CGROUP ? ((const struct cdm_cgroup_row *)row)->snap->path :
					  ((const struct cdm_device_row *)row)->snap->name;
	text = malloc(16 + CDM_NAME_GROWS * strlen(value));
	if (text)
		*put_label(text, name, value) = '\0';
	return text;
}

/* Return: false for columns that are labels, or that others can be made into. */
static bool family_of(const struct cdm_column *col, enum cdm_view view, struct family *f)
{
	*f = (struct family) {
		.help = col->help, .unit = "", .type = col->total ? COUNTER : GAUGE, .scale = 1,
	};
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
	if (f->type == GAUGE && cdm_unit_is_double(col->unit) && col->unit != CDM_UNIT_PERCENT)
		return false;
	snprintf(f->name, sizeof(f->name), "cdm_%s_%s%s%s", view_prefix(view), col->id,
		 *f->unit ? "_" : "", f->unit);
	return true;
}

static void put_value(FILE *out, const struct cdm_column *col, const struct family *f,
		      const struct cdm_cell *cell)
{
	if (f->type == GAUGE && cdm_unit_is_double(col->unit))
		fprintf(out, " %.6g\n", cell->d * f->scale);
	else if (f->scale < 1)
		fprintf(out, " %.9f\n", cell->u * f->scale);
	else
		fprintf(out, " %llu\n", cell->u);
}

static void put_family(const struct exposition *x, const struct cdm_column *col)
{
	struct family f;

	if (!family_of(col, x->t->view, &f))
		return;
	for (size_t i = 0; i < x->t->nr_rows; i++) {
		struct cdm_cell cell;

		(f.type == COUNTER ? col->total : col->get)(x->t->rows[i], &cell);
		if (!cell.known || (col->unit == CDM_UNIT_BYTES && cell.u == CDM_NO_LIMIT))
			continue;
		sample(x, &f, f.type == COUNTER ? "_total" : "", x->labels[i], "");
		put_value(x->out, col, &f, &cell);
	}
}

/* Why pages stayed, by device: a series for each reason that there was. */
static void put_reasons(const struct exposition *x, bool failed)
{
	struct family f = {
		.help = failed ? "Pages that were to move and could not." :
				 "Pages with nothing to move.",
		.unit = "pages", .type = COUNTER,
	};
	char reason[64];

	snprintf(f.name, sizeof(f.name), "cdm_%s_pages", failed ? "failed" : "skipped");
	for (size_t i = 0; i < x->t->nr_rows * CDM_NR_WHY; i++) {
		const struct cdm_device_row *row = x->t->rows[i / CDM_NR_WHY];
		const struct cdm_stats *s = &row->snap->stats;
		unsigned int why = i % CDM_NR_WHY;
		__u64 pages = s->failed[CDM_DIR_IN][why] + s->failed[CDM_DIR_OUT][why];

		if (cdm_why_is_failure(why) != failed || !row->snap->has_stats || !pages)
			continue;
		snprintf(reason, sizeof(reason), "reason=\"%s\"", cdm_why_name(why));
		sample(x, &f, "_total", x->labels[i / CDM_NR_WHY], reason);
		fprintf(x->out, " %llu\n", pages);
	}
}

/* --- histograms --- */

/*
 * Bounds are 2^n ns. Bucket n of struct cdm_stats has what is less than 2^(n + 1): only
 * what takes that long to the ns is in the next one. What is below the first bound, or
 * above the last, is told by these alone, so that a series has 30 samples, always the same.
 */
enum { FIRST_BOUND = 9, LAST_BOUND = 35 };	/* 512 ns, 34 s */

struct times {
	const __u64 *counts;	/* CDM_HIST */
	__u64 sum_ns;
};

static void put_times(const struct exposition *x, struct family *f, const char *labels,
		      const char *dir, const struct times *times)
{
	const char *comma = *dir ? "," : "";
	__u64 below = 0;
	char more[64];

	for (int n = 0; n < CDM_HIST; n++) {
		below += times->counts[n];
		if (n + 1 < FIRST_BOUND || n + 1 > LAST_BOUND)
			continue;
		snprintf(more, sizeof(more), "%s%sle=\"%.11g\"", dir, comma, ldexp(1e-9, n + 1));
		sample(x, f, "_bucket", labels, more);
		fprintf(x->out, " %llu\n", below);
	}
	snprintf(more, sizeof(more), "%s%sle=\"+Inf\"", dir, comma);
	sample(x, f, "_bucket", labels, more);
	fprintf(x->out, " %llu\n", below);
	sample(x, f, "_sum", labels, dir);
	fprintf(x->out, " %llu.%09llu\n", times->sum_ns / 1000000000, times->sum_ns % 1000000000);
	sample(x, f, "_count", labels, dir);
	fprintf(x->out, " %llu\n", below);
}

static void put_migrations(const struct exposition *x, struct family *f, size_t i,
			   const struct cdm_stats *s)
{
	for (int dir = 0; dir < CDM_NR_DIR; dir++) {
		const struct times times = { s->hist[dir], s->ns[dir] };
		char label[16];

		snprintf(label, sizeof(label), "dir=\"%s\"", cdm_dir_name(dir));
		put_times(x, f, x->labels[i], label, &times);
	}
}

static void put_waits(const struct exposition *x, struct family *f, size_t i,
		      const struct cdm_stats *s)
{
	const struct times times = { s->hist_wait, s->wait_ns };

	put_times(x, f, x->labels[i], "", &times);
}

/* VMAs have none. */
static struct cdm_source source_of(enum cdm_view view, const void *row)
{
	switch (view) {
	case CDM_VIEW_PROC:
		return cdm_proc_source(row);
	case CDM_VIEW_CGROUP:
		return cdm_cgroup_source(row);
	default:
		return cdm_device_source(row);
	}
}

/* Rows for which nothing was counted yet have none. */
static void put_histograms(const struct exposition *x, const char *name, const char *help,
			   unsigned int needs,
			   void (*put)(const struct exposition *x, struct family *f, size_t i,
				       const struct cdm_stats *s))
{
	struct family f = { .help = help, .unit = "seconds", .type = HISTOGRAM };

	snprintf(f.name, sizeof(f.name), "cdm_%s_%s_seconds", view_prefix(x->t->view), name);
	for (size_t i = 0; i < x->t->nr_rows; i++) {
		struct cdm_source src = source_of(x->t->view, x->t->rows[i]);

		if (src.stats && cdm_source_has(&src, needs))
			put(x, &f, i, src.stats);
	}
}

/* --- all --- */

static bool there_before(const struct cdm_table *t, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (t->columns[i] == t->columns[nr])
			return true;
	return false;
}

static void put_table(const struct exposition *x)
{
	const struct cdm_table *t = x->t;

	for (size_t i = 0; i < t->nr_columns; i++)
		if (!there_before(t, i))
			put_family(x, t->columns[i]);
	if (t->histograms) {
		put_histograms(x, "migration", "Time of migration calls.", CDM_F_MIGRATE,
			       put_migrations);
		put_histograms(x, "fault_wait", "Time that the CPU waited for a migration.",
			       CDM_F_FAULTS, put_waits);
	}
	if (t->view == CDM_VIEW_PROC) {
		put_single(x, "cdm_processes", "Processes that there are.", GAUGE, t->nr_all);
		put_single(x, "cdm_processes_reported", "Processes that have series here.", GAUGE,
			   t->nr_rows);
	}
	if (t->view == CDM_VIEW_DEVICE) {
		put_reasons(x, true);
		put_reasons(x, false);
	}
}

static int table(FILE *out, const struct cdm_table *t, bool open)
{
	struct exposition x = { out, open, t, calloc(t->nr_rows + 1, sizeof(*x.labels)) };
	size_t nr = 0;
	int err = 0;

	while (x.labels && nr < t->nr_rows && (x.labels[nr] = labels_of(t->view, t->rows[nr])))
		nr++;
	if (x.labels && nr == t->nr_rows)
		put_table(&x);
	else
		err = -ENOMEM;
	while (nr)
		free(x.labels[--nr]);
	free(x.labels);
	return err;
}

static void put_info(const struct exposition *x, const struct cdm_file_header *h)
{
	struct family f = { .name = "cdm", .help = "What the figures are of; emulated: times are "
			    "those of an emulator.", .type = INFO };
	char labels[CDM_NAME_GROWS * sizeof(h->release) + 64], *p = labels;

	p = put_label(p, "version", CDM_VERSION);
	*p++ = ',';
	p = put_label(p, "release", h->release);
	sprintf(p, ",emulated=\"%u\"", h->emulated);
	sample(x, &f, "_info", labels, "");
	fputs(" 1\n", x->out);
}

static void end(FILE *out, struct cdm_model *m, bool open)
{
	const struct exposition x = { .out = out, .open = open };
	const struct cdm_snap_end *e = cdm_model_end(m);

	put_info(&x, cdm_model_header(m));
	if (e) {
		put_single(&x, "cdm_events_emitted", "Events that reached the tool.", COUNTER,
			   e->emitted);
		put_single(&x, "cdm_events_lost", "Events that did not.", COUNTER, e->lost);
	}
	if (open)
		fputs("# EOF\n", out);
}

static int open_table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first)
{
	return table(out, t, true);
}

static void open_end(FILE *out, struct cdm_model *m)
{
	end(out, m, true);
}

static int older_table(FILE *out, struct cdm_model *m, const struct cdm_table *t, bool first)
{
	return table(out, t, false);
}

static void older_end(FILE *out, struct cdm_model *m)
{
	end(out, m, false);
}

const struct cdm_output cdm_openmetrics_output = { .table = open_table, .end = open_end };
const struct cdm_output cdm_prometheus_output = { .table = older_table, .end = older_end };

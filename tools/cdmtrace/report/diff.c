// SPDX-License-Identifier: GPL-2.0
/*
 * Two recordings side by side. Both are collected as for a report; here what has the
 * same name in both is put together, and what differs is shown, the largest change
 * first. Names, not process ids: those are others on another day.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "report/collect.h"
#include "report/layout.h"

#define TOP	20

static const char the_same[] = "the same in both";

enum { A, B };

/* One figure of something that has a name, on both sides. */
struct diff_row {
	struct cdm_node node;	/* key: hash of both names */
	const char *what;	/* direction or reason, NULL: there is but one figure */
	double value[2];
	char name[];
};

struct diff_set {
	struct cdm_hash rows;
	size_t changed;
};

/* How long calls took that go to or from a device, or faults that waited. */
struct diff_latency {
	const char *device;	/* NULL: all */
	const char *what;
	struct cdm_quantiles *q[2];	/* NULL: none */
	double shifted;		/* percent of them; NAN: there is one side alone */
};

#define MAX_LATENCIES	(2 * REPORT_DEVICES * CDM_NR_DIR + 1)

enum {
	MOVED_PROC, MOVED_CGROUP, MOVED_VMA, MOVED_SITE,
	FAILED_WHY, FAILED_PROC, FAILED_CGROUP, FAILED_VMA,
	SKIPPED_WHY, SKIPPED_PROC,
	TIME_PROC, TIME_CGROUP, TIME_SITE,
	STALL_PROC,
	HELD_PROC, HELD_CGROUP,
	NR_SETS
};

struct diff {
	struct cdm_report *side[2];
	const char *const *path;
	double seconds[2];
	bool no_memory;
	struct diff_set sets[NR_SETS];
	struct diff_latency latencies[MAX_LATENCIES];
	size_t nr_latencies, shifted;
};

static void add(struct diff *d, int set, int side, const char *name, const char *what,
		double value)
{
	size_t len = strlen(name);
	__u64 key = cdm_hash_text(name, len) + (what ? cdm_hash_text(what, strlen(what)) : 0);
	struct cdm_hash *rows = &d->sets[set].rows;
	struct diff_row *row = (void *)cdm_hash_find(rows, key);

	if (!row) {
		row = cdm_hash_take(rows, key, sizeof(*row) + len + 1);
		if (!row) {
			d->no_memory = true;
			return;
		}
		memcpy(row->name, name, len);
		row->what = what;
	}
	row->value[side] += value;
}

static double average_mib(const struct cdm_report *r, const struct report_level *l, double seconds)
{
	return l->known ? l->page_ns / 1e9 / seconds * report_page_mib(r) : 0;
}

/* Those that failed, or those that were skipped. */
static void add_stayed(struct diff *d, int set, int side, const char *name,
		       const __u64 stayed[CDM_NR_WHY], bool failed)
{
	for (int i = 0; i < CDM_NR_WHY; i++)
		if (stayed[i] && cdm_why_is_failure(i) == failed)
			add(d, set, side, name, cdm_why_name(i), stayed[i] / d->seconds[side]);
}

static void add_moved(struct diff *d, int set, int side, const char *name,
		      const __u64 moved[CDM_NR_DIR])
{
	for (int i = 0; i < CDM_NR_DIR; i++)
		if (moved[i])
			add(d, set, side, name, cdm_dir_name(i), moved[i] / d->seconds[side]);
}

static void add_procs(struct diff *d, int side)
{
	struct cdm_report *r = d->side[side];
	double seconds = d->seconds[side];

	for (size_t i = 0; r->procs.slots && i < 1UL << r->procs.bits; i++)
		for (struct cdm_node *n = r->procs.slots[i]; n; n = n->next) {
			const struct report_proc *p = (const struct report_proc *)n;

			add_moved(d, MOVED_PROC, side, p->comm, p->moved);
			add_stayed(d, FAILED_PROC, side, p->comm, p->failed, true);
			add_stayed(d, SKIPPED_PROC, side, p->comm, p->failed, false);
			add(d, TIME_PROC, side, p->comm, NULL, p->ns / 1e3 / seconds);
			add(d, STALL_PROC, side, p->comm, NULL, p->wait_ns / 1e3 / seconds);
			add(d, HELD_PROC, side, p->comm, NULL,
			    average_mib(r, &p->level, seconds));
		}
}

static void add_cgroups(struct diff *d, int side)
{
	struct cdm_report *r = d->side[side];
	double seconds = d->seconds[side];

	for (size_t i = 0; r->cgroups.slots && i < 1UL << r->cgroups.bits; i++)
		for (struct cdm_node *n = r->cgroups.slots[i]; n; n = n->next) {
			const struct report_cgroup *cg = (const struct report_cgroup *)n;
			const char *name = cg->path ?: "(unknown)";

			add_moved(d, MOVED_CGROUP, side, name, cg->moved);
			add_stayed(d, FAILED_CGROUP, side, name, cg->failed, true);
			add(d, TIME_CGROUP, side, name, NULL, cg->ns / 1e3 / seconds);
			add(d, HELD_CGROUP, side, name, NULL,
			    average_mib(r, &cg->level, seconds));
		}
}

static void add_rest(struct diff *d, int side)
{
	struct cdm_report *r = d->side[side];
	const struct cdm_site *const *sites = NULL;
	double seconds = d->seconds[side];
	size_t nr = 0;

	for (int i = 0; i < CDM_NR_VMA; i++) {
		add_moved(d, MOVED_VMA, side, cdm_vma_name(i), r->moved_vma[i]);
		for (int why = 0; why < CDM_NR_WHY; why++)
			if (r->failed_vma[why][i] && cdm_why_is_failure(why))
				add(d, FAILED_VMA, side, cdm_vma_name(i), cdm_why_name(why),
				    r->failed_vma[why][i] / seconds);
	}
	for (int why = 0; why < CDM_NR_WHY; why++)
		if (r->failed[why])
			add(d, cdm_why_is_failure(why) ? FAILED_WHY : SKIPPED_WHY, side,
			    cdm_why_name(why), NULL, r->failed[why] / seconds);
	if (r->sites)
		sites = cdm_folded_sites(r->sites, &nr);
	for (size_t i = 0; i < nr; i++) {
		add(d, MOVED_SITE, side, sites[i]->text, NULL, sites[i]->pages / seconds);
		add(d, TIME_SITE, side, sites[i]->text, NULL, sites[i]->ns / 1e3 / seconds);
	}
}

static void add_latency(struct diff *d, int side, const char *device, const char *what,
			struct cdm_quantiles *q)
{
	struct diff_latency *l = d->latencies, *end = l + d->nr_latencies;

	if (!q->nr)
		return;
	while (l < end && (strcmp(l->what, what) || strcmp(l->device ?: "", device ?: "")))
		l++;
	if (l == end)
		d->nr_latencies++;
	l->device = device;
	l->what = what;
	l->q[side] = q;
}

static void add_latencies(struct diff *d, int side)
{
	struct cdm_report *r = d->side[side];

	for (int i = 0; i < REPORT_DEVICES; i++)
		for (int dir = 0; dir < CDM_NR_DIR; dir++)
			if (r->devices[i].used && r->devices[i].dir[dir])
				add_latency(d, side, cdm_model_device_name(r->model, r->devices[i].id) ?:
					    "(unnamed)", cdm_dir_name(dir), &r->devices[i].dir[dir]->ns);
	add_latency(d, side, NULL, "wait", &r->waits);
}

/* How many of them would have to take another power of two of time to make A of B. */
static double shifted(const struct diff_latency *l)
{
	__u64 log2[2][64];
	double sum = 0;

	if (!l->q[A] || !l->q[B])
		return NAN;
	for (int side = A; side <= B; side++)
		cdm_quantiles_log2(l->q[side], log2[side]);
	for (int i = 0; i < 64; i++)
		sum += fabs(100.0 * log2[B][i] / l->q[B]->nr - 100.0 * log2[A][i] / l->q[A]->nr);
	return sum / 2;
}

static bool same_latency(const struct diff_latency *l)
{
	return l->shifted == 0 && l->q[A]->nr == l->q[B]->nr && l->q[A]->sum == l->q[B]->sum;
}

static int by_shift(const void *a, const void *b)
{
	const struct diff_latency *x = a, *y = b;

	/* What is on one side alone comes first. */
	if (isnan(x->shifted) != isnan(y->shifted))
		return isnan(x->shifted) ? -1 : 1;
	if (x->shifted != y->shifted && !isnan(x->shifted))
		return x->shifted > y->shifted ? -1 : 1;
	return strcmp(x->device ?: "", y->device ?: "") ?: strcmp(x->what, y->what);
}

static int by_change(const void *a, const void *b)
{
	const struct diff_row *x = *(const struct diff_row *const *)a;
	const struct diff_row *y = *(const struct diff_row *const *)b;
	double m = fabs(x->value[B] - x->value[A]), n = fabs(y->value[B] - y->value[A]);

	if (m != n)
		return m > n ? -1 : 1;
	return strcmp(x->name, y->name) ?: strcmp(x->what ?: "", y->what ?: "");
}

/* --- what is printed --- */

/* Columns: the figures in @unit, and what they are about. */
#define FIGURES(unit) \
	{ "a_" unit, "A", REPORT_DOUBLE, 12 }, { "b_" unit, "B", REPORT_DOUBLE, 12 }, \
	{ "change_" unit, "CHANGE", REPORT_CHANGE, 13 }, \
	{ "change_percent", "CHANGE%", REPORT_CHANGE, 11 }
#define OF(key, title)		{ key, title, REPORT_TEXT, -1 }
#define PROC			OF("comm", "PROCESS")
#define CGROUP			OF("cgroup", "CGROUP")
#define VMA			OF("vma", "VMA")
#define SITE			OF("stack", "CALL SITE")
#define DIR			{ "dir", "DIR", REPORT_TEXT, -4 }
#define WHY			{ "why", "WHY", REPORT_TEXT, -11 }
#define WHAT_AT			4	/* where DIR and WHY stand */

static const struct {
	const char *key;
	struct report_column columns[7];
} tables[NR_SETS] = {
	[MOVED_PROC] = { "by_process", { FIGURES("pages_per_s"), DIR, PROC } },
	[MOVED_CGROUP] = { "by_cgroup", { FIGURES("pages_per_s"), DIR, CGROUP } },
	[MOVED_VMA] = { "by_vma", { FIGURES("pages_per_s"), DIR, VMA } },
	[MOVED_SITE] = { "by_call_site", { FIGURES("pages_per_s"), SITE } },
	[FAILED_WHY] = { "by_reason", { FIGURES("pages_per_s"), OF("why", "WHY") } },
	[FAILED_PROC] = { "by_process", { FIGURES("pages_per_s"), WHY, PROC } },
	[FAILED_CGROUP] = { "by_cgroup", { FIGURES("pages_per_s"), WHY, CGROUP } },
	[FAILED_VMA] = { "by_vma", { FIGURES("pages_per_s"), WHY, VMA } },
	[SKIPPED_WHY] = { "by_reason", { FIGURES("pages_per_s"), OF("why", "WHY") } },
	[SKIPPED_PROC] = { "by_process", { FIGURES("pages_per_s"), WHY, PROC } },
	[TIME_PROC] = { "by_process", { FIGURES("us_per_s"), PROC } },
	[TIME_CGROUP] = { "by_cgroup", { FIGURES("us_per_s"), CGROUP } },
	[TIME_SITE] = { "by_call_site", { FIGURES("us_per_s"), SITE } },
	[STALL_PROC] = { "by_process", { FIGURES("us_per_s"), PROC } },
	[HELD_PROC] = { "by_process", { FIGURES("avg_mib"), PROC } },
	[HELD_CGROUP] = { "by_cgroup", { FIGURES("avg_mib"), CGROUP } },
};

static const struct section {
	const char *key, *title;
	int first, end;		/* its tables */
	unsigned int event;	/* kind that it comes from; 0: from snapshots */
} sections[] = {
	{ "moved", "Pages that moved, a second", MOVED_PROC, FAILED_WHY, CDM_EV_MIGRATE },
	{ "failed", "Pages that could not move, a second", FAILED_WHY, SKIPPED_WHY, CDM_EV_MIGRATE },
	{ "skipped", "Pages with nothing to move, a second", SKIPPED_WHY, TIME_PROC, CDM_EV_MIGRATE },
	{ "time", "Time in migrations, us a second", TIME_PROC, STALL_PROC, CDM_EV_MIGRATE },
	{ "stalls", "Time that faults waited, us a second", STALL_PROC, HELD_PROC, CDM_EV_FAULT },
	{ "held", "Device memory held, MiB on average", HELD_PROC, NR_SETS, 0 },
};

static void print_set(struct diff *d, struct report_out *o, int which)
{
	static const struct report_column not_shown = {
		"changes_not_shown", "smaller changes", REPORT_COUNT, 0
	};
	const struct report_column *columns = tables[which].columns;
	const struct diff_set *set = &d->sets[which];
	size_t nr, shown = 0;
	struct diff_row **rows;

	if (!set->changed)
		return;
	rows = (void *)cdm_hash_sorted(&set->rows, &nr, by_change);
	report_table(o, tables[which].key, columns);
	for (; shown < nr && shown < TOP && shown < set->changed; shown++) {
		const double *v = rows[shown]->value;

		report_cell(o, REPORT_D(v[A]));
		report_cell(o, REPORT_D(v[B]));
		report_cell(o, REPORT_D(v[B] - v[A]));
		report_cell(o, v[A] ? REPORT_D(100 * (v[B] - v[A]) / v[A]) : REPORT_NONE);
		if (columns[WHAT_AT + 1].key)
			report_cell(o, REPORT_S(rows[shown]->what));
		report_cell(o, REPORT_S(rows[shown]->name));
		report_row_end(o);
	}
	report_table_end(o);
	if (set->changed > shown && !o->j)
		report_figure(o, &not_shown, REPORT_U(set->changed - shown));
	free(rows);
}

static bool knows(const struct cdm_report *r, unsigned int event)
{
	return event ? r->traced[event] || r->events[event] : r->refreshes;
}

static void print_section(struct diff *d, struct report_out *o, const struct section *s)
{
	bool a = knows(d->side[A], s->event), b = knows(d->side[B], s->event);
	size_t changed = 0;
	char text[128];

	report_section(o, s->key, s->title);
	for (int i = s->first; i < s->end && a && b; i++) {
		changed += d->sets[i].changed;
		print_set(d, o, i);
	}
	snprintf(text, sizeof(text), "not known: no %s%s in %s", s->event ? cdm_kind_name(s->event) : "",
		 s->event ? " events" : "snapshots", a ? "B" : b ? "A" : "both");
	if (!a || !b)
		report_nothing(o, text);
	else if (!changed)
		report_nothing(o, the_same);
	report_section_end(o);
}

static void print_recordings(struct diff *d, struct report_out *o, bool equal)
{
	static const struct report_column columns[] = {
		{ "recording", "", REPORT_TEXT, -2 }, { "duration_s", "SECONDS", REPORT_DOUBLE, 12 },
		{ "snapshots", "SNAPSHOTS", REPORT_COUNT, 10 },
		{ "events", "EVENTS", REPORT_COUNT, 10 }, { "lost_events", "LOST", REPORT_COUNT, 10 },
		{ "kernel", "KERNEL", REPORT_TEXT, -24 }, { "file", "FILE", REPORT_TEXT, -1 }, { 0 }
	};

	report_section(o, "recordings", "What is compared");
	report_table(o, "sides", columns);
	for (int side = A; side <= B; side++) {
		const struct cdm_report *r = d->side[side];
		__u64 events = 0;

		for (int i = 0; i < CDM_NR_EV; i++)
			events += r->events[i];
		report_cell(o, REPORT_S(side == A ? "A" : "B"));
		report_cell(o, REPORT_D(d->seconds[side]));
		report_cell(o, REPORT_U(r->refreshes));
		report_cell(o, REPORT_U(events));
		report_cell(o, REPORT_U(report_lost(r)));
		report_cell(o, REPORT_S(cdm_model_header(r->model)->release));
		report_cell(o, REPORT_S(d->path[side]));
		report_row_end(o);
	}
	report_table_end(o);
	report_remark(o, "note", equal ? "nothing differs: what moved, failed and was held, and how long it took, is the same" :
		      d->seconds[A] != d->seconds[B] ?
		      "the recordings are not equally long: all figures are per second, or averages" :
		      "all figures are per second, or averages");
	report_section_end(o);
}

static struct report_value quantile(struct cdm_quantiles *q, double share)
{
	return q ? REPORT_U(cdm_quantiles_get(q, share)) : REPORT_NONE;
}

static void quantile_cells(struct report_out *o, const struct diff_latency *l, double share)
{
	double a = l->q[A] ? cdm_quantiles_get(l->q[A], share) : 0;
	double b = l->q[B] ? cdm_quantiles_get(l->q[B], share) : 0;

	report_cell(o, quantile(l->q[A], share));
	report_cell(o, quantile(l->q[B], share));
	report_cell(o, a && b ? REPORT_D(100 * (b - a) / a) : REPORT_NONE);
}

/* Of what is on both sides. */
static void print_histogram(struct report_out *o, const struct diff_latency *l)
{
	__u64 log2[2][64] = { 0 };

	for (int side = A; side <= B; side++)
		cdm_quantiles_log2(l->q[side], log2[side]);
	for (int i = 0; i < 64; i++) {
		double share[2];

		if (!log2[A][i] && !log2[B][i])
			continue;
		report_cell(o, REPORT_S(l->device));
		report_cell(o, REPORT_S(l->what));
		report_cell(o, REPORT_U(1ULL << i));
		for (int side = A; side <= B; side++) {
			share[side] = 100.0 * log2[side][i] / l->q[side]->nr;
			report_cell(o, REPORT_D(share[side]));
		}
		report_cell(o, REPORT_D(share[B] - share[A]));
		report_row_end(o);
	}
}

static void print_latency(struct diff *d, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "device", "DEVICE", REPORT_TEXT, -8 }, { "what", "WHAT", REPORT_TEXT, -5 },
		{ "a_calls_per_s", "A CALLS/s", REPORT_DOUBLE, 12 },
		{ "b_calls_per_s", "B CALLS/s", REPORT_DOUBLE, 12 },
		{ "a_p50_ns", "A P50 us", REPORT_NS, 12 }, { "b_p50_ns", "B P50 us", REPORT_NS, 12 },
		{ "p50_change_percent", "CHANGE%", REPORT_CHANGE, 10 },
		{ "a_p99_ns", "A P99 us", REPORT_NS, 12 }, { "b_p99_ns", "B P99 us", REPORT_NS, 12 },
		{ "p99_change_percent", "CHANGE%", REPORT_CHANGE, 10 },
		{ "shifted_percent", "SHIFTED%", REPORT_DOUBLE, 9 }, { 0 }
	};
	static const struct report_column buckets[] = {
		{ "device", "DEVICE", REPORT_TEXT, -8 }, { "what", "WHAT", REPORT_TEXT, -5 },
		{ "from_ns", "FROM us", REPORT_NS, 14 },
		{ "a_percent", "A %", REPORT_DOUBLE, 9 }, { "b_percent", "B %", REPORT_DOUBLE, 9 },
		{ "change_points", "CHANGE", REPORT_CHANGE, 10 }, { 0 }
	};

	report_section(o, "latency", "How long migrations and waiting faults took");
	if (!d->shifted) {
		report_nothing(o, the_same);
		report_section_end(o);
		return;
	}
	report_table(o, "by_device", columns);
	for (size_t i = 0; i < d->nr_latencies; i++) {
		const struct diff_latency *l = &d->latencies[i];

		if (same_latency(l))
			continue;
		report_cell(o, REPORT_S(l->device));
		report_cell(o, REPORT_S(l->what));
		for (int side = A; side <= B; side++)
			report_cell(o, REPORT_D(l->q[side] ? l->q[side]->nr / d->seconds[side] : 0));
		quantile_cells(o, l, 0.5);
		quantile_cells(o, l, 0.99);
		report_cell(o, isnan(l->shifted) ? REPORT_NONE : REPORT_D(l->shifted));
		report_row_end(o);
	}
	report_table_end(o);
	report_table(o, "histogram", buckets);
	for (size_t i = 0; i < d->nr_latencies; i++)
		if (d->latencies[i].shifted > 0)	/* not a number: one of them has none */
			print_histogram(o, &d->latencies[i]);
	report_table_end(o);
	report_remark(o, "shifted_note", "shifted: the share of calls that took another power of two of time than in A.");
	report_section_end(o);
}

/* What is less than the last digit that is shown is no change. */
static bool differs(const struct diff_row *row)
{
	return fabs(row->value[B] - row->value[A]) >= 0.0005;
}

static void count(struct diff_set *set)
{
	for (size_t i = 0; set->rows.slots && i < 1UL << set->rows.bits; i++)
		for (struct cdm_node *n = set->rows.slots[i]; n; n = n->next)
			set->changed += differs((const struct diff_row *)n);
}

/* Return: whether there is any change. */
static bool collect(struct diff *d)
{
	size_t changed = 0;

	for (int side = A; side <= B; side++) {
		add_procs(d, side);
		add_cgroups(d, side);
		add_rest(d, side);
		add_latencies(d, side);
	}
	for (int i = 0; i < NR_SETS; i++) {
		count(&d->sets[i]);
		changed += d->sets[i].changed;
	}
	for (size_t i = 0; i < d->nr_latencies; i++) {
		d->latencies[i].shifted = shifted(&d->latencies[i]);
		d->shifted += !same_latency(&d->latencies[i]);
	}
	qsort(d->latencies, d->nr_latencies, sizeof(d->latencies[0]), by_shift);
	return changed + d->shifted;
}

static void print(struct diff *d, FILE *out, struct cdm_json *j, bool equal)
{
	struct report_out o = { .f = out, .j = j };

	if (j) {
		cdm_json_init(j, out, true);
		cdm_json_open(j, NULL, '{');
		cdm_json_u64(j, "schema", 1);
		cdm_json_bool(j, "equal", equal);
	}
	print_recordings(d, &o, equal);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]) && !equal; i++)
		print_section(d, &o, &sections[i]);
	if (!equal)
		print_latency(d, &o);
	if (j)
		cdm_json_close(j, '}');
}

int cdm_report_diff(struct cdm_report *a, struct cdm_report *b, const char *const paths[2],
		    FILE *out, bool json)
{
	struct diff *d = calloc(1, sizeof(*d));
	struct cdm_json *j = json ? malloc(sizeof(*j)) : NULL;
	int err = d && (j || !json) ? 0 : -ENOMEM;
	bool equal;

	if (err)
		goto end;
	d->side[A] = a;
	d->side[B] = b;
	d->path = paths;
	for (int side = A; side <= B; side++)
		d->seconds[side] = cdm_report_seconds(d->side[side]);
	equal = !collect(d);
	err = d->no_memory ? -ENOMEM : 0;
	if (!err)
		print(d, out, j, equal);
	for (int i = 0; i < NR_SETS; i++) {
		cdm_hash_drop(&d->sets[i].rows, cdm_hash_free_node, NULL);
		cdm_hash_free(&d->sets[i].rows);
	}
end:
	free(j);
	free(d);
	return err;
}

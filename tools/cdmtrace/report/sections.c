// SPDX-License-Identifier: GPL-2.0
/* The report's sections that come from events. */
#include <stdlib.h>

#include "event/event.h"
#include "report/sections.h"

#define TOP	10

static __u64 page_size(const struct cdm_report *r)
{
	return cdm_model_header(r->model)->page_size;
}

/* "none in the recording", or why that says nothing. */
static void none_of(struct cdm_report *r, struct report_out *o, unsigned int kind)
{
	char text[128];

	if (r->traced[kind])
		snprintf(text, sizeof(text), "none: %s events were traced, and there was none",
			 cdm_kind_name(kind));
	else
		snprintf(text, sizeof(text), "not known: no %s event in the recording, they may not have been traced",
			 cdm_kind_name(kind));
	report_nothing(o, text);
}

void report_who(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column figures[] = {
		{ "kernel", "kernel", REPORT_TEXT, 0 }, { "host", "host", REPORT_TEXT, 0 },
		{ "emulated", "emulated (times are not real)", REPORT_BOOL, 0 },
		{ "duration_ns", "duration s", REPORT_TIME, 0 },
		{ "records", "records", REPORT_COUNT, 0 },
		{ "snapshots", "snapshots", REPORT_COUNT, 0 },
		{ "lost_events", "events lost", REPORT_COUNT, 0 },
	};
	static const struct report_column kinds[] = {
		{ "event", "EVENT", REPORT_TEXT, -10 }, { "traced", "TRACED", REPORT_TEXT, -8 },
		{ "shown", "SHOWN", REPORT_COUNT, 10 }, { "seen", "SEEN", REPORT_COUNT, 10 },
		{ "filtered", "FILTERED", REPORT_COUNT, 10 },
		{ "emitted", "EMITTED", REPORT_COUNT, 10 }, { "lost", "LOST", REPORT_COUNT, 10 },
		{ 0 }
	};
	const struct cdm_file_header *h = cdm_model_header(r->model);
	bool accounted = false;

	report_section(o, "header", "What was traced");
	for (int i = 1; i < CDM_NR_EV; i++)
		accounted |= r->traced[i];
	report_figure(o, &figures[0], REPORT_S(h->release));
	report_figure(o, &figures[1], REPORT_S(h->host));
	report_figure(o, &figures[2], REPORT_U(h->emulated));
	report_figure(o, &figures[3], REPORT_U(r->last_ts - r->first_ts));
	report_figure(o, &figures[4], REPORT_U(r->records));
	report_figure(o, &figures[5], REPORT_U(r->refreshes));
	report_figure(o, &figures[6], accounted ? REPORT_U(report_lost(r)) : REPORT_NONE);
	report_table(o, "coverage", kinds);
	for (unsigned int i = 1; i < CDM_NR_EV; i++) {
		const struct cdm_loss *loss = &r->loss[i];
		bool known = r->traced[i];

		if (!known && !r->events[i])
			continue;
		report_cell(o, REPORT_S(cdm_kind_name(i)));
		// cppcheck-suppress literalWithCharPtrCompare ; the macro is for those that may be NULL
		report_cell(o, REPORT_S("yes"));
		report_cell(o, REPORT_U(r->events[i]));
		report_cell(o, known ? REPORT_U(loss->seen) : REPORT_NONE);
		report_cell(o, known ? REPORT_U(loss->filtered) : REPORT_NONE);
		report_cell(o, known ? REPORT_U(loss->emitted) : REPORT_NONE);
		report_cell(o, known ? REPORT_U(loss->lost_ring + loss->lost_map) : REPORT_NONE);
		report_row_end(o);
	}
	report_table_end(o);
	report_section_end(o);
}

static void moves_row(struct cdm_report *r, struct report_out *o, const struct report_device *d,
		      int dir)
{
	struct report_moves *m = d->dir[dir];
	const char *name = cdm_model_device_name(r->model, d->id);
	double ns = m->ns.sum, pages = m->pages, phases = 0;

	for (int i = 0; i < 3; i++)
		phases += m->phase_ns[i];
	report_cell(o, REPORT_S(name));
	report_cell(o, REPORT_S(cdm_dir_name(dir)));
	report_cell(o, REPORT_U(m->ns.nr));
	report_cell(o, REPORT_U(m->requested));
	report_cell(o, REPORT_U(m->pages));
	report_cell(o, REPORT_U(m->pages * page_size(r)));
	report_cell(o, REPORT_U(m->ns.min));
	report_cell(o, REPORT_U(m->ns.sum / m->ns.nr));
	report_cell(o, REPORT_U(cdm_quantiles_get(&m->ns, 0.5)));
	report_cell(o, REPORT_U(cdm_quantiles_get(&m->ns, 0.9)));
	report_cell(o, REPORT_U(cdm_quantiles_get(&m->ns, 0.99)));
	report_cell(o, REPORT_U(m->ns.max));
	report_cell(o, pages ? REPORT_D(ns / 1000 / pages) : REPORT_NONE);
	report_cell(o, ns ? REPORT_D(pages * page_size(r) / ns) : REPORT_NONE);
	for (int i = 0; i < 3; i++)
		report_cell(o, phases ? REPORT_D(100 * m->phase_ns[i] / phases) : REPORT_NONE);
	report_row_end(o);
}

void report_migrations(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "device", "DEVICE", REPORT_TEXT, -8 }, { "dir", "DIR", REPORT_TEXT, -4 },
		{ "calls", "CALLS", REPORT_COUNT, 8 },
		{ "requested_pages", "REQUESTED", REPORT_COUNT, 10 },
		{ "migrated_pages", "MOVED", REPORT_COUNT, 10 },
		{ "migrated_bytes", "MiB", REPORT_BYTES, 10 },
		{ "min_ns", "MIN us", REPORT_NS, 10 }, { "avg_ns", "AVG us", REPORT_NS, 10 },
		{ "p50_ns", "P50 us", REPORT_NS, 10 }, { "p90_ns", "P90 us", REPORT_NS, 10 },
		{ "p99_ns", "P99 us", REPORT_NS, 10 }, { "max_ns", "MAX us", REPORT_NS, 10 },
		{ "us_per_page", "us/PAGE", REPORT_DOUBLE, 9 },
		{ "service_gb_per_s", "GB/s", REPORT_DOUBLE, 8 },
		{ "collect_percent", "COLLECT%", REPORT_DOUBLE, 9 },
		{ "copy_percent", "COPY%", REPORT_DOUBLE, 9 },
		{ "restore_percent", "RESTORE%", REPORT_DOUBLE, 9 },
		{ 0 }
	};

	report_section(o, "migrations", "Migrations by device and direction");
	if (!r->events[CDM_EV_MIGRATE]) {
		none_of(r, o, CDM_EV_MIGRATE);
		report_section_end(o);
		return;
	}
	report_table(o, "by_device", columns);
	for (int i = 0; i < REPORT_DEVICES; i++)
		for (int dir = 0; dir < CDM_NR_DIR; dir++)
			if (r->devices[i].used && r->devices[i].dir[dir])
				moves_row(r, o, &r->devices[i], dir);
	report_table_end(o);
	report_remark(o, "service_rate_note",
		      "GB/s is the rate of service: bytes moved by the time of the calls, waiting included. It is not the bandwidth of the bus.");
	report_section_end(o);
}

/* @columns: the sums, and the text of a site. Return: how many there are. */
static size_t site_table(struct report_out *o, const char *key, const struct report_column *columns,
		       struct cdm_folded *folded)
{
	size_t nr;
	const struct cdm_site *const *all = cdm_folded_sites(folded, &nr);

	if (!nr)
		return 0;
	report_table(o, key, columns);
	for (size_t i = 0; i < nr && i < TOP; i++) {
		report_cell(o, REPORT_U(all[i]->count));
		report_cell(o, REPORT_U(all[i]->pages));
		report_cell(o, REPORT_U(all[i]->ns));
		report_cell(o, REPORT_S(all[i]->text));
		report_row_end(o);
	}
	report_table_end(o);
	return nr;
}

static void sites(struct cdm_report *r, struct report_out *o)
{
#define SUMS \
	{ "events", "EVENTS", REPORT_COUNT, 8 }, { "pages", "PAGES", REPORT_COUNT, 10 }, \
	{ "total_ns", "us", REPORT_NS, 14 }
	static const struct report_column stacks[] = {
		SUMS, { "stack", "CALL SITE", REPORT_TEXT, -1 }, { 0 }
	};
	static const struct report_column functions[] = {
		SUMS, { "function", "FUNCTION OF THE PROGRAM", REPORT_TEXT, -1 }, { 0 }
	};
	char more[80];
	size_t nr;

	if (!r->sites) {
		report_remark(o, "call_sites_note", "no call sites: there are no stacks in the recording (--stacks)");
		return;
	}
	if (!site_table(o, "functions", functions, r->functions))
		report_remark(o, "functions_note", "no functions of programs: the stacks have no part in user space");
	nr = site_table(o, "call_sites", stacks, r->sites);
	snprintf(more, sizeof(more), "%d of %zu; all of them: cdmtrace -r FILE --folded", TOP, nr);
	if (nr > TOP)
		report_remark(o, NULL, more);
}

static int by_pages_moved(const void *a, const void *b)
{
	const struct report_proc *x = *(void *const *)a, *y = *(void *const *)b;
	__u64 m = x->moved[CDM_DIR_IN] + x->moved[CDM_DIR_OUT];
	__u64 n = y->moved[CDM_DIR_IN] + y->moved[CDM_DIR_OUT];

	if (m != n)
		return m < n ? 1 : -1;
	if (x->acted != y->acted)
		return x->acted < y->acted ? 1 : -1;
	return x->node.key < y->node.key ? -1 : x->node.key > y->node.key;
}

/* Whose memory, and who moved it. */
static void processes(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "pid", "PID", REPORT_COUNT, 8 }, { "comm", "COMM", REPORT_TEXT, -16 },
		{ "calls", "CALLS", REPORT_COUNT, 8 },
		{ "in_pages", "IN PAGES", REPORT_COUNT, 10 },
		{ "out_pages", "OUT PAGES", REPORT_COUNT, 10 },
		{ "total_ns", "us", REPORT_NS, 14 },
		{ "moved_by_it_pages", "MOVED BY IT", REPORT_COUNT, 11 },
		{ 0 }
	};
	size_t nr;
	struct report_proc **procs = (void *)cdm_hash_sorted(&r->procs, &nr, by_pages_moved);

	report_table(o, "by_process", columns);
	for (size_t i = 0; i < nr && i < TOP && (procs[i]->calls || procs[i]->acted); i++) {
		report_cell(o, REPORT_U(procs[i]->node.key));
		report_cell(o, REPORT_S(procs[i]->comm));
		report_cell(o, REPORT_U(procs[i]->calls));
		report_cell(o, REPORT_U(procs[i]->moved[CDM_DIR_IN]));
		report_cell(o, REPORT_U(procs[i]->moved[CDM_DIR_OUT]));
		report_cell(o, REPORT_U(procs[i]->ns));
		report_cell(o, REPORT_U(procs[i]->acted));
		report_row_end(o);
	}
	report_table_end(o);
	free(procs);
}

static void causes(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "cause", "CAUSE", REPORT_TEXT, -8 },
		{ "in_calls", "IN CALLS", REPORT_COUNT, 9 }, { "in_pages", "IN PAGES", REPORT_COUNT, 10 },
		{ "in_ns", "IN us", REPORT_NS, 14 },
		{ "out_calls", "OUT CALLS", REPORT_COUNT, 9 },
		{ "out_pages", "OUT PAGES", REPORT_COUNT, 10 }, { "out_ns", "OUT us", REPORT_NS, 14 },
		{ "evictions", "EVICTIONS", REPORT_COUNT, 9 },
		{ "evicted_pages", "EVICTED", REPORT_COUNT, 10 },
		{ "evictions_failed", "FAILED", REPORT_COUNT, 7 },
		{ 0 }
	};

	report_table(o, "by_cause", columns);
	for (unsigned int i = 0; i < CDM_NR_CAUSE; i++) {
		const struct report_cause *c = &r->causes[i];

		report_cell(o, REPORT_S(cdm_cause_name(i)));
		for (int dir = 0; dir < CDM_NR_DIR; dir++) {
			report_cell(o, REPORT_U(c->calls[dir]));
			report_cell(o, REPORT_U(c->pages[dir]));
			report_cell(o, REPORT_U(c->ns[dir]));
		}
		report_cell(o, REPORT_U(c->evictions));
		report_cell(o, REPORT_U(c->evicted));
		report_cell(o, REPORT_U(c->errors));
		report_row_end(o);
	}
	report_table_end(o);
}

void report_reasons(struct cdm_report *r, struct report_out *o)
{
	bool moved = r->events[CDM_EV_MIGRATE] || r->events[CDM_EV_EVICT];

	report_section(o, "causes", "Who wanted it");
	if (moved) {
		causes(r, o);
		processes(r, o);
	} else {
		none_of(r, o, CDM_EV_MIGRATE);
	}
	/* Of other events, too. */
	if (moved || r->sites)
		sites(r, o);
	report_section_end(o);
}

static void reason_row(struct cdm_report *r, struct report_out *o, unsigned int why,
			struct report_proc *const *procs, size_t nr)
{
	const struct report_proc *top = NULL;
	unsigned int vma = 0;
	char who[64];

	for (size_t i = 0; i < nr; i++)
		if (procs[i]->failed[why] && (!top || procs[i]->failed[why] > top->failed[why]))
			top = procs[i];
	for (unsigned int i = 1; i < CDM_NR_VMA; i++)
		if (r->failed_vma[why][i] > r->failed_vma[why][vma])
			vma = i;
	report_cell(o, REPORT_S(cdm_why_name(why)));
	report_cell(o, REPORT_U(r->failed[why]));
	if (top)
		snprintf(who, sizeof(who), "%llu/%s", top->node.key, top->comm);
	report_cell(o, top ? REPORT_S(who) : REPORT_NONE);
	report_cell(o, top ? REPORT_U(top->failed[why]) : REPORT_NONE);
	report_cell(o, REPORT_S(cdm_vma_name(vma)));
	report_cell(o, REPORT_U(r->failed_vma[why][vma]));
	report_cell(o, REPORT_S(cdm_why_hint(why)));
	report_row_end(o);
}

static int by_key(const void *a, const void *b)
{
	const struct cdm_node *x = *(const struct cdm_node *const *)a;
	const struct cdm_node *y = *(const struct cdm_node *const *)b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static __u64 stayed(const struct cdm_report *r, bool failed)
{
	__u64 pages = 0;

	for (int i = 0; i < CDM_NR_WHY; i++)
		pages += cdm_why_is_failure(i) == failed ? r->failed[i] : 0;
	return pages;
}

static void reason_table(struct cdm_report *r, struct report_out *o, const char *key, bool failed)
{
	static const struct report_column columns[] = {
		{ "why", "WHY", REPORT_TEXT, -11 }, { "pages", "PAGES", REPORT_COUNT, 10 },
		{ "top_process", "TOP PROCESS", REPORT_TEXT, -23 },
		{ "top_process_pages", "OF IT", REPORT_COUNT, 10 },
		{ "top_vma", "TOP VMA", REPORT_TEXT, -7 },
		{ "top_vma_pages", "OF IT", REPORT_COUNT, 10 },
		{ "remedy", "WHAT TO DO", REPORT_TEXT, -1 },
		{ 0 }
	};
	size_t nr;
	void **procs = cdm_hash_sorted(&r->procs, &nr, by_key);

	report_table(o, key, columns);
	for (unsigned int i = 0; i < CDM_NR_WHY; i++)
		if (cdm_why_is_failure(i) == failed && r->failed[i])
			reason_row(r, o, i, (struct report_proc **)procs, nr);
	report_table_end(o);
	free(procs);
}

void report_failures(struct cdm_report *r, struct report_out *o)
{
	report_section(o, "failures", "Pages that could not move");
	if (!r->events[CDM_EV_MIGRATE]) {
		none_of(r, o, CDM_EV_MIGRATE);
		report_section_end(o);
		return;
	}
	if (stayed(r, true))
		reason_table(r, o, "by_reason", true);
	else
		report_nothing(o, "none: all pages that were there to be moved did");
	if (stayed(r, false)) {
		report_remark(o, NULL, "Pages with nothing to move, which is no failure:");
		reason_table(r, o, "skipped", false);
	}
	report_section_end(o);
}

static int by_place(const void *a, const void *b)
{
	const struct report_page *x = *(const struct report_page *const *)a;
	const struct report_page *y = *(const struct report_page *const *)b;

	if (x->mm != y->mm)
		return x->mm < y->mm ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Of pages in order: neighbours that went to and fro as often. Return: how many rows are left. */
static size_t join_neighbours(struct report_page **pages, size_t nr, __u64 page_size)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++) {
		struct report_page *last = n ? pages[n - 1] : NULL, *p = pages[i];

		if (last && last->mm == p->mm && last->events == p->events &&
		    last->flips == p->flips && last->addr + last->pages * page_size == p->addr)
			last->pages++;
		else
			pages[n++] = p;
	}
	return n;
}

static int by_flips(const void *a, const void *b)
{
	const struct report_page *x = *(const struct report_page *const *)a;
	const struct report_page *y = *(const struct report_page *const *)b;

	__u64 flips_x = x->flips * x->pages, flips_y = y->flips * y->pages;

	if (flips_x != flips_y)
		return flips_x > flips_y ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

void report_pingpong(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column figures[] = {
		{ "pages", "pages", REPORT_COUNT, 0 }, { "pages_not_shown", "left out", REPORT_COUNT, 0 },
		{ "wasted_bytes", "wasted MiB", REPORT_BYTES, 0 },
	};
	static const struct report_column columns[] = {
		{ "pid", "PID", REPORT_COUNT, 8 }, { "comm", "COMM", REPORT_TEXT, -16 },
		{ "addr", "ADDRESS", REPORT_HEX, 16 }, { "pages", "PAGES", REPORT_COUNT, 8 },
		{ "events", "EVENTS", REPORT_COUNT, 8 },
		{ "flips", "FLIPS", REPORT_COUNT, 8 }, { "wasted_bytes", "WASTED MiB", REPORT_BYTES, 11 },
		{ "suggestion", "WHAT TO DO", REPORT_TEXT, -1 },
		{ 0 }
	};
	size_t nr, rows, shown = 0;
	struct report_page **pages = (void *)cdm_hash_sorted(&r->pages, &nr, by_place);
	__u64 flips = 0;

	report_section(o, "pingpong", "Pages that went to and fro");
	for (size_t i = 0; i < nr; i++)
		flips += pages[i]->flips;
	if (!nr) {
		none_of(r, o, CDM_EV_PINGPONG);
		report_section_end(o);
		return;
	}
	rows = join_neighbours(pages, nr, page_size(r));
	qsort(pages, rows, sizeof(*pages), by_flips);
	rows = rows < TOP ? rows : TOP;
	for (size_t i = 0; i < rows; i++)
		shown += pages[i]->pages;
	report_figure(o, &figures[0], REPORT_U(nr));
	report_figure(o, &figures[1], REPORT_U(nr - shown + r->pages_left_out));
	report_figure(o, &figures[2], REPORT_U(flips * page_size(r)));
	report_table(o, "top_pages", columns);
	for (size_t i = 0; i < rows; i++) {
		const struct report_page *p = pages[i];

		report_cell(o, REPORT_U(p->pid));
		report_cell(o, REPORT_S(p->comm));
		report_cell(o, REPORT_U(p->addr));
		report_cell(o, REPORT_U(p->pages));
		report_cell(o, REPORT_U(p->events));
		report_cell(o, REPORT_U(p->flips));
		report_cell(o, REPORT_U(p->flips * p->pages * page_size(r)));
		report_cell(o, REPORT_S(p->events > 10 ? "keep it in RAM, or let only one side use it" :
					"move it once, before the phase that uses it"));
		report_row_end(o);
	}
	report_table_end(o);
	free(pages);
	report_section_end(o);
}

static int by_wait(const void *a, const void *b)
{
	const struct report_proc *x = *(const struct report_proc *const *)a;
	const struct report_proc *y = *(const struct report_proc *const *)b;

	if (x->wait_ns != y->wait_ns)
		return x->wait_ns > y->wait_ns ? -1 : 1;
	if (x->faults != y->faults)
		return x->faults > y->faults ? -1 : 1;
	return x->node.key < y->node.key ? -1 : 1;
}

static void fault_table(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column columns[] = {
		{ "pid", "PID", REPORT_COUNT, 8 }, { "comm", "COMM", REPORT_TEXT, -16 },
		{ "faults", "FAULTS", REPORT_COUNT, 10 }, { "wait_ns", "STALL us", REPORT_NS, 14 },
		{ 0 }
	};
	size_t nr;
	struct report_proc **procs = (void *)cdm_hash_sorted(&r->procs, &nr, by_wait);

	report_table(o, "top_processes", columns);
	for (size_t i = 0, shown = 0; i < nr && shown < TOP; i++) {
		if (!procs[i]->faults)
			continue;
		shown++;
		report_cell(o, REPORT_U(procs[i]->node.key));
		report_cell(o, REPORT_S(procs[i]->comm));
		report_cell(o, REPORT_U(procs[i]->faults));
		report_cell(o, REPORT_U(procs[i]->wait_ns));
		report_row_end(o);
	}
	report_table_end(o);
	free(procs);
}

void report_faults(struct cdm_report *r, struct report_out *o)
{
	static const struct report_column figures[] = {
		{ "cow", "copied to RAM by a write", REPORT_COUNT, 0 },
		{ "reuse", "written in place", REPORT_COUNT, 0 },
		{ "wait", "waited for a migration", REPORT_COUNT, 0 },
		{ "wait_ns", "stall us", REPORT_NS, 0 }, { "wait_p50_ns", "stall p50 us", REPORT_NS, 0 },
		{ "wait_p99_ns", "stall p99 us", REPORT_NS, 0 },
		{ "wait_max_ns", "stall max us", REPORT_NS, 0 },
	};

	report_section(o, "faults", "CPU faults on device memory");
	if (!r->events[CDM_EV_FAULT]) {
		none_of(r, o, CDM_EV_FAULT);
		report_section_end(o);
		return;
	}
	for (int i = 0; i < CDM_NR_FAULT; i++)
		report_figure(o, &figures[i], REPORT_U(r->faults[i]));
	report_figure(o, &figures[3], REPORT_U(r->waits.sum));
	report_figure(o, &figures[4], REPORT_U(cdm_quantiles_get(&r->waits, 0.5)));
	report_figure(o, &figures[5], REPORT_U(cdm_quantiles_get(&r->waits, 0.99)));
	report_figure(o, &figures[6], r->waits.nr ? REPORT_U(r->waits.max) : REPORT_NONE);
	fault_table(r, o);
	report_section_end(o);
}

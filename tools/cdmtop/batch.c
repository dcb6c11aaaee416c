// SPDX-License-Identifier: GPL-2.0
/* Prints refreshes. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/say.h"
#include "batch.h"
#include "events.h"

/* Figures of device memory, and those that need two refreshes. */
#define FIGURES	(CDM_F_PROC_DEVICE | CDM_F_CGROUP_DEVICE | CDM_F_DEVICES)
#define RATES	(CDM_F_MIGRATE | CDM_F_WHY | CDM_F_FAULTS | CDM_F_PINGPONG | CDM_F_EVICT | \
		 CDM_F_NUMA)

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int print_view(FILE *out, struct cdmtop_source *s, const struct cdmtop_options *o,
		      enum cdm_format format, enum cdm_view view, bool first, bool *seen)
{
	const struct cdm_column *all[CDMTOP_MAX_COLUMNS];
	struct cdm_table t = {
		.view = view, .columns = o->columns, .nr_columns = o->nr_columns,
		.histograms = view <= CDM_VIEW_DEVICE && (o->histograms >> view & 1),
	};
	const struct cdm_query query = cdmtop_query(o, &s->select, view);
	struct cdm_rows rows = { 0 };
	int err;

	if (view != o->view) {
		t.columns = all;
		t.nr_columns = 0;
		for (const struct cdm_column *col = cdm_columns(view); col->id; col++)
			all[t.nr_columns++] = col;
	}
	err = cdm_rows_take(&rows, s->model, &query);
	if (err)
		goto out;
	*seen |= rows.any;
	t.nr_all = t.nr_rows = rows.nr;
	if (cdmtop_metrics(o) && view == CDM_VIEW_PROC && t.nr_rows > o->top)
		t.nr_rows = o->top;
	cdm_rows_sort(&rows, 0, t.nr_rows);
	t.rows = rows.rows;
	err = cdm_output_table(out, format, s->model, &t, first);
out:
	free(rows.rows);
	return err;
}

/* Metrics are of all views, unless one is asked for. */
static int print_refresh(FILE *out, struct cdmtop_source *s, const struct cdmtop_options *o,
			 enum cdm_format format, bool first, bool *seen)
{
	bool all = cdmtop_metrics(o) && !o->view_set;
	int err = print_view(out, s, o, format, o->view, first, seen);

	for (enum cdm_view v = CDM_VIEW_CGROUP; all && !err && v <= CDM_VIEW_DEVICE; v++)
		err = print_view(out, s, o, format, v, first, seen);
	return err ?: cdm_output_end(out, format, s->model);
}

/* Its reader sees one refresh or the other. */
static int write_textfile(struct cdmtop_source *s, const struct cdmtop_options *o, bool *seen)
{
	struct cdm_file file;
	int err = cdm_file_open(&file, o->textfile, 0644, true);
	FILE *out;

	if (err)
		goto out;
	out = fdopen(dup(file.fd), "w");
	err = out ? print_refresh(out, s, o, CDM_PROMETHEUS, true, seen) : -errno;
	if (out && fclose(out) && !err)
		err = -errno;
	if (err)
		cdm_file_discard(&file);
	else
		err = cdm_file_close(&file, 0);
out:
	if (err)
		cdm_say("cannot write %s: %s", o->textfile, cdm_file_error(err));
	return err;
}

/* A closed pipe is no news. Return: @err. */
static int output_failed(const struct cdmtop_options *o, int err)
{
	if (err && err != -EPIPE)
		cdm_say("cannot write %s: %s", o->output ?: "standard output",
			strerror(-err));
	return err;
}

static int show(struct cdmtop_source *s, const struct cdmtop_options *o,
		struct cdmtop_events *events, bool first, bool *seen)
{
	if (o->textfile)
		return write_textfile(s, o, seen);
	if (events)
		return cdmtop_events_refreshed(events);
	return output_failed(o, print_refresh(stdout, s, o, o->format, first, seen));
}

static double seconds_to(const struct timespec *when)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return when->tv_sec - now.tv_sec + (when->tv_nsec - now.tv_nsec) / 1e9;
}

/* Events that are wanted wait in the ring. Return: 0, 1 after a signal, -errno. */
static int sleep_until(struct cdmtop_source *s, struct cdmtop_events *events,
		       const struct timespec *when)
{
	double left;

	while (!caught && (left = seconds_to(when)) > 0) {
		int ret = 0;

		if (!s->writer && !events)
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, when, NULL);
		else
			ret = cdmtop_source_poll(s, left < 0.1 ? left * 1000 + 1 : 100);
		if (ret >= 0 && events)
			ret = cdmtop_events_flush(events);
		if (ret < 0)
			return ret;
	}
	return caught != 0;
}

static void add_seconds(struct timespec *t, double seconds)
{
	long long ns = t->tv_nsec + (long long)(seconds * 1e9);

	t->tv_sec += ns / 1000000000;
	t->tv_nsec = ns % 1000000000;
}

static void print_notes(struct cdmtop_source *s, size_t *nr)
{
	const char *note;

	/* Where something is missing also what there is. */
	if (!*nr && *s->found && cdm_model_note(s->model, 0))
		cdm_say("%s", s->found);
	while ((note = cdm_model_note(s->model, *nr))) {
		cdm_say("%s", note);
		++*nr;
	}
}

/* CPU time alone is not worth the wait if nobody asked for it. */
static bool wants_rates(const struct cdmtop_options *o, unsigned int features)
{
	features &= o->column_list ? RATES | CDM_F_CPU : RATES;
	for (size_t i = 0; i < o->nr_columns; i++)
		if (o->columns[i]->needs & features)
			return true;
	return cdmtop_metrics(o) && features;
}

/* A refresh to compare the first one that is shown with. */
static bool is_baseline(const struct cdmtop_source *s, const struct cdmtop_options *o)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(s->model);

	return s->collector && begin && !begin->interval_ns && wants_rates(o, begin->features);
}

/*
 * Metrics are a state, that at the end of a recording: a stream has it once, as readers
 * refuse a second one.
 */
static bool only_last(const struct cdmtop_source *s, const struct cdmtop_options *o)
{
	return cdmtop_metrics(o) && (!o->textfile || (s->reader && !o->count));
}

static bool lost_events(const struct cdmtop_source *s)
{
	const struct cdm_snap_end *end = cdm_model_end(s->model);

	return end && end->lost && end->lost != CDM_UNKNOWN;
}

/* What ps shows, too. */
static const char *const others[CDM_NR_VIEW] = {
	[CDM_VIEW_PROC] = ", -F pid,comm,rss shows what there is",
	[CDM_VIEW_CGROUP] = ", -F path,charged shows what there is",
};

/* Live rows of the usual columns, with nothing in them but what ps shows. */
static bool knows_nothing(const struct cdmtop_source *s, const struct cdmtop_options *o)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(s->model);

	return s->collector && begin && !(begin->features & (FIGURES | RATES)) &&
	       !o->column_list && !cdmtop_metrics(o) && o->view != CDM_VIEW_EVENTS;
}

static void say_not_found(const struct cdmtop_options *o)
{
	char pid[24] = "";

	if (o->pid)
		snprintf(pid, sizeof(pid), " -p %u", o->pid);
	cdm_say("there is nothing of%s%s%s%s%s; without it all is shown", pid,
		o->cgroup ? " -c " : "", o->cgroup ?: "", o->device ? " -D " : "",
		o->device ?: "");
}

static int finish(struct cdmtop_source *s, const struct cdmtop_options *o, int ret,
		  unsigned long shown, bool seen)
{
	s->worthless = !shown && (ret < 0 || !cdm_model_end(s->model));
	if (ret == -EPIPE) {
		/* As other tools: but what is recorded is complete. */
		signal(SIGPIPE, SIG_DFL);
		return 128 + SIGPIPE;
	}
	if (ret < 0)
		return CDMTOP_FAILED;
	if (caught)
		return caught == SIGINT ? CDMTOP_OK : 128 + caught;
	if (!shown && s->reader && o->view != CDM_VIEW_EVENTS) {
		cdm_say("%s: there is no whole refresh in it", o->replay);
		return CDMTOP_FAILED;
	}
	if (!seen && (o->pid || o->cgroup || o->device)) {
		say_not_found(o);
		return CDMTOP_FAILED;
	}
	if (knows_nothing(s, o)) {
		cdm_say("nothing can be told of device memory here: %s; `cdmtop --features` has the rest%s",
			cdm_model_note(s->model, 0) ?: "--no-bpf and no device", others[o->view] ?: "");
		return CDMTOP_FAILED;
	}
	if (o->strict && lost_events(s)) {
		cdm_say("events were lost");
		return CDMTOP_FAILED;
	}
	return CDMTOP_OK;
}

/* Return: 0 when that was all, 1 after a signal, -errno. */
static int loop(struct cdmtop_source *s, const struct cdmtop_options *o,
		struct cdmtop_events *events, unsigned long *shown, bool *seen)
{
	struct timespec next;
	size_t notes = 0;
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		ret = cdmtop_source_refresh(s);
		if (ret <= 0)
			return ret;
		if (!knows_nothing(s, o))
			print_notes(s, &notes);
		if (!is_baseline(s, o)) {
			ret = only_last(s, o) ? 0 : show(s, o, events, !*shown, seen);
			if (ret)
				return ret;
			++*shown;
		}
		if (caught || (o->count && *shown >= o->count))
			return 0;
		if (s->reader)
			continue;
		add_seconds(&next, o->interval_s);
		ret = sleep_until(s, events, &next);
		if (ret)
			return ret;
	}
}

static void say_only_last(const struct cdmtop_options *o)
{
	if (cdmtop_metrics(o) && !o->textfile && o->count > 1)
		cdm_say("of %lu refreshes the last one is printed, readers of metrics take "
			"one; --textfile has each of them", o->count);
}

int cdmtop_batch(struct cdmtop_source *s, const struct cdmtop_options *o)
{
	struct cdmtop_events *events = NULL;
	unsigned long shown = 0;
	bool seen = false;
	int ret, err = 0;

	catch_signals();
	cdmtop_source_signals(s);
	if (o->view == CDM_VIEW_EVENTS) {
		events = cdmtop_events_open(s, o, &seen);
		if (!events)
			return CDMTOP_FAILED;
	}
	say_only_last(o);
	ret = loop(s, o, events, &shown, &seen);
	if (ret >= 0 && shown && only_last(s, o))
		ret = show(s, o, NULL, true, &seen);
	if (events)
		err = output_failed(o, cdmtop_events_flush(events));
	cdmtop_events_close(events);
	/* -n: that was enough. */
	if (ret == -ECANCELED)
		ret = 0;
	if (err)
		ret = err;
	if (ret < 0 && s->err)
		ret = s->err;
	return finish(s, o, ret, shown, seen);
}

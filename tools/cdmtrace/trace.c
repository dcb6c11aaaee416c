// SPDX-License-Identifier: GPL-2.0
/* From records to outputs, whatever the source. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/say.h"
#include "chrome.h"
#include "folded.h"
#include "report/report.h"
#include "trace.h"

static void cannot_write(const char *path, const char *why)
{
	cdm_say("cannot write %s: %s", strcmp(path, "-") ? path : "standard output", why);
}

/* @whole: of use only when complete. NULL after a message. */
static struct trace_file *open_file(const char *path, bool whole)
{
	struct trace_file *f = calloc(1, sizeof(*f));
	int err = f ? cdm_file_open(&f->file, path, 0644, whole) : -ENOMEM;

	if (err) {
		cannot_write(path, cdm_file_error(err));
		free(f);
		return NULL;
	}
	f->out.fd = f->file.fd;
	return f;
}

/* The command's own output stays what it is. */
static struct trace_file *use_stream(const struct trace_options *o)
{
	struct trace_file *f = open_file("-", false);

	if (f && o->command)
		f->out.fd = STDERR_FILENO;
	return f;
}

/* Return: whether all was written; a pipe that nobody reads any more is no error here. */
static bool close_file(struct trace *t, struct trace_file *f)
{
	int err;

	if (!f)
		return true;
	/* What is not worth to be kept ends here: a heading without events. */
	if (!t->discard)
		cdm_out_flush(&f->out);
	err = f->out.err;
	if (t->discard)
		cdm_file_discard(&f->file);
	else
		err = cdm_file_close(&f->file, err);
	if (err == -EPIPE)
		t->pipe_closed = true;
	else if (err)
		cannot_write(f->file.path ?: "-", strerror(-err));
	free(f);
	return !err || err == -EPIPE;
}

/* Something is made of all events at the end. */
static bool sums_up(const struct trace_options *o)
{
	return o->summary || o->report || o->diff || o->folded;
}

/* Then -o, or standard output, is for that alone. */
static bool only_sums_up(const struct trace_options *o)
{
	return sums_up(o) && !(o->summary && o->output && !o->folded);
}

static bool prints_events(const struct trace_options *o)
{
	return !only_sums_up(o) && (o->output || !o->write || strcmp(o->write, "-"));
}

/* Of a recording, which may have one for each event, only those that want to see them. */
static bool prints_stacks(const struct trace *t)
{
	return t->live || t->o->stacks;
}

/* What was there stays until something can be traced, and of a recording until all is read. */
static bool open_events(struct trace *t)
{
	const struct trace_options *o = t->o;

	if (!prints_events(o))
		return true;
	t->events = o->output ? open_file(o->output, !t->live || o->format == TRACE_CHROME) :
				use_stream(o);
	return t->events;
}

bool trace_open(struct trace *t, const struct trace_options *o)
{
	const char *summary = o->html ?: (only_sums_up(o) ? o->output : NULL) ?: "-";

	t->o = o;
	t->discard = true;
	t->filter = o->filter;
	t->live = !o->replay && !o->diff;
	if (!t->live)
		t->filter.cgroup = o->cgroup;
	if (sums_up(o))
		t->summary = open_file(summary, true);
	if (o->chrome)
		t->chrome_file = open_file(o->chrome, true);
	return (!sums_up(o) || t->summary) && (!o->chrome || t->chrome_file);
}

/* Everything that is made from records; without memory for it there is no run. */
bool trace_start(struct trace *t)
{
	const struct trace_options *o = t->o;
	struct cdm_out *out;
	char why[CDM_WHY_LEN];
	bool chrome, ok;

	if (!open_events(t))
		return false;
	out = t->events ? &t->events->out : NULL;
	chrome = out && o->format == TRACE_CHROME;
	t->model = cdm_model_new(&t->header);
	if (!t->model)
		goto no_memory;
	if (o->write)
		t->writer = cdm_writer_open(o->write, &t->header, why);
	if (o->write && !t->writer) {
		cannot_write(o->write, why);
		return false;
	}
	if (chrome || t->chrome_file)
		t->chrome = cdm_chrome_new(chrome ? out : &t->chrome_file->out, t->model);
	if (out && !chrome)
		t->printer = cdm_printer_new(out, (enum cdm_format)o->format, o->time,
					     prints_stacks(t), o->filter.kinds, t->model);
	if (o->folded)
		t->folded = cdm_folded_new(CDM_FOLD_STACK);
	if (o->summary || o->report)
		t->report = cdm_report_new(t->model);
	ok = (t->chrome || !(chrome || t->chrome_file)) && (t->printer || !out || chrome) &&
	     (t->folded || !o->folded) && (t->report || !(o->summary || o->report)) &&
	     !(o->html && cdm_report_over_time(t->report));
	t->discard = !ok;
	if (ok)
		return true;
no_memory:
	cdm_say("%s", strerror(ENOMEM));
	return false;
}

static int put_loss(struct trace *t, const struct cdm_rec_loss *loss)
{
	struct cdm_loss *last = &t->loss[loss->event];
	__u64 lost = last->lost_ring + last->lost_map;

	*last = loss->total;
	t->traced |= 1ULL << loss->event;
	/* What was not lost is for the report alone. */
	if (t->printer && last->lost_ring + last->lost_map > lost)
		cdm_printer_put(t->printer, &loss->rec);
	return 0;
}

static void put_note(struct trace *t, const struct cdm_rec_note *note)
{
	t->missing = true;
	if (t->live || !t->printer)
		cdm_say("%s", note->text);
	if (t->printer && (!t->live || t->o->format != TRACE_TEXT))
		cdm_printer_put(t->printer, &note->rec);
}

static int put_event(struct trace *t, const struct cdm_ev *ev)
{
	int err = 0;

	if (t->o->max_events && t->shown == t->o->max_events) {
		t->full = true;
		return -ECANCELED;
	}
	t->shown++;
	if (t->printer)
		cdm_printer_put(t->printer, &ev->rec);
	t->left_out |= t->printer && t->o->format == TRACE_TEXT && !prints_stacks(t) && ev->stack >= 0;
	if (t->folded)
		err = cdm_folded_add(t->folded, ev, t->model);
	return err;
}

static int failed_output(struct trace *t)
{
	int err = 0;

	if (t->events)
		err = t->events->out.err;
	if (!err && t->chrome_file)
		err = t->chrome_file->out.err;
	return err ? -ECANCELED : 0;
}

int trace_put(struct trace *t, const struct cdm_rec *rec)
{
	bool event = rec->kind && rec->kind < CDM_NR_EV;
	int err = 0;

	if (event && !cdm_event_match(&t->filter, (const void *)rec, t->model))
		return 0;
	if (event) {
		err = put_event(t, (const void *)rec);
	} else {
		err = cdm_model_feed(t->model, rec);
		err = err < 0 ? err : 0;
		if (rec->kind == CDM_REC_LOSS)
			put_loss(t, (const void *)rec);
		else if (rec->kind == CDM_REC_NOTE)
			put_note(t, (const void *)rec);
		else if (t->printer)
			cdm_printer_put(t->printer, rec);
	}
	if (!err && t->chrome)
		err = cdm_chrome_put(t->chrome, rec);
	if (!err && t->report)
		err = cdm_report_feed(t->report, rec);
	if (!err && t->writer && cdm_writer_put(t->writer, rec))
		err = -ECANCELED;
	return err ?: failed_output(t);
}

void trace_flush(struct trace *t)
{
	if (t->events && t->events->out.used)
		cdm_out_flush(&t->events->out);
	if (t->chrome_file && t->chrome_file->out.used)
		cdm_out_flush(&t->chrome_file->out);
	if (t->writer)
		cdm_writer_flush(t->writer);
}

__u64 trace_lost(const struct trace *t)
{
	__u64 lost = 0;

	for (int i = 0; i < CDM_NR_EV; i++)
		lost += t->loss[i].lost_ring + t->loss[i].lost_map;
	return lost;
}

bool trace_print(struct trace *t, int (*print)(void *ctx, FILE *out), void *ctx)
{
	FILE *out = fdopen(dup(t->summary->out.fd), "w");
	int err;

	if (!out) {
		cdm_say("%m");
		return false;
	}
	err = print(ctx, out);
	if (err)
		cdm_say("%s", strerror(-err));
	if (fflush(out) || ferror(out))
		t->summary->out.err = errno ? -errno : -EIO;
	fclose(out);
	/* A reader that has enough is no error, see close_file(). */
	return !err && (!t->summary->out.err || t->summary->out.err == -EPIPE);
}

static int print_report(void *ctx, FILE *out)
{
	const struct trace *t = ctx;

	return cdm_report_print(t->report, out, t->o->html ? CDM_REPORT_HTML :
				t->o->format == TRACE_NDJSON ? CDM_REPORT_JSON : CDM_REPORT_TEXT);
}

/* As close_file(). */
static bool close_writer(struct trace *t)
{
	char why[CDM_WHY_LEN];
	int err = cdm_writer_close(t->writer, why);

	if (err == -EPIPE)
		t->pipe_closed = true;
	else if (err)
		cannot_write(t->o->write, why);
	return !err || err == -EPIPE;
}

bool trace_end(struct trace *t)
{
	bool ok = true;

	cdm_chrome_end(t->chrome);
	cdm_printer_free(t->printer);
	if (t->left_out)
		cdm_say("events have stacks: --stacks prints them, report those that cost most");
	if (t->folded && t->summary)
		cdm_folded_print(t->folded, &t->summary->out, t->o->by_pages);
	if (t->report && t->writer && t->live)
		cdm_report_recording(t->report, cdm_writer_bytes(t->writer));
	if (t->report && t->summary && !t->discard)
		ok = trace_print(t, print_report, t) && ok;
	cdm_folded_free(t->folded);
	cdm_report_free(t->report);
	ok = close_file(t, t->events) && ok;
	ok = close_file(t, t->chrome_file) && ok;
	ok = close_file(t, t->summary) && ok;
	if (t->writer && t->discard)
		cdm_writer_discard(t->writer);
	else if (t->writer)
		ok = close_writer(t) && ok;
	cdm_model_free(t->model);
	return ok;
}

// SPDX-License-Identifier: GPL-2.0
/* Prints events: those of `--view events -b`, in the formats of cdmtrace. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/say.h"
#include "event/print.h"
#include "events.h"
#include "source/collector.h"

struct cdmtop_events {
	struct cdmtop_source *s;
	const struct cdmtop_options *o;
	struct cdm_event_filter filter;
	struct cdm_printer *printer;
	unsigned long printed;
	bool *seen;
	struct cdm_out out;
};

static int put_event(struct cdmtop_events *e, const struct cdm_ev *ev)
{
	if (!cdm_event_match(&e->filter, ev, e->s->model))
		return 0;
	*e->seen = true;
	if (e->o->filter && !cdm_filter_event(e->o->filter, e->s->model, ev))
		return 0;
	cdm_printer_put(e->printer, &ev->rec);
	e->printed++;
	return e->out.err ?: e->printed == e->o->rows ? -ECANCELED : 0;
}

/* Notes are for stderr, in all views. */
static int take(void *ctx, const struct cdm_rec *rec)
{
	const struct cdm_rec_loss *loss = (const void *)rec;
	struct cdmtop_events *e = ctx;

	if (rec->kind && rec->kind < CDM_NR_EV)
		return put_event(e, (const void *)rec);
	if (rec->kind == CDM_REC_LOSS && !(loss->total.lost_ring + loss->total.lost_map))
		return 0;
	if (rec->kind != CDM_REC_NOTE)
		cdm_printer_put(e->printer, rec);
	return e->out.err;
}

static bool any_events(struct cdmtop_source *s)
{
	const char *note;

	if (s->reader || cdm_collector_events(s->collector))
		return true;
	for (size_t i = 0; (note = cdm_model_note(s->model, i)); i++)
		cdm_say("%s", note);
	cdm_say("there are no events to be had here; `cdmtop --features` says what is missing");
	return false;
}

struct cdmtop_events *cdmtop_events_open(struct cdmtop_source *s, const struct cdmtop_options *o,
					 bool *seen)
{
	__u64 kinds = s->reader ? (1ULL << CDM_NR_EV) - 1 : 0;
	struct cdmtop_events *e;

	if (!any_events(s))
		return NULL;
	if (!s->reader)
		kinds = cdm_collector_events(s->collector);
	e = calloc(1, sizeof(*e));
	if (!e)
		goto no_memory;
	e->s = s;
	e->o = o;
	e->seen = seen;
	e->out.fd = STDOUT_FILENO;
	e->printer = cdm_printer_new(&e->out, o->format, CDM_TIME_WALL, true, kinds, s->model);
	if (!e->printer)
		goto no_memory;
	cdm_select_events(&s->select, &e->filter);
	s->record = take;
	s->ctx = e;
	return e;
no_memory:
	cdm_say("%s", strerror(ENOMEM));
	free(e);
	return NULL;
}

int cdmtop_events_flush(struct cdmtop_events *e)
{
	cdm_out_flush(&e->out);
	return e->out.err;
}

/* What the options mean is there, even if nothing happens to it. */
static int look_for(struct cdmtop_events *e)
{
	enum cdm_view view = e->o->pid ? CDM_VIEW_PROC : e->o->cgroup ? CDM_VIEW_CGROUP :
			     CDM_VIEW_DEVICE;
	const struct cdm_query query = cdmtop_query(e->o, &e->s->select, view);
	struct cdm_rows rows = { 0 };
	int err = cdm_rows_take(&rows, e->s->model, &query);

	*e->seen |= rows.any;
	free(rows.rows);
	return err;
}

int cdmtop_events_refreshed(struct cdmtop_events *e)
{
	int err = look_for(e);

	if (err)
		return err;
	if (cdmtop_events_flush(e))
		return e->out.err;
	e->out.err = cdm_output_end(stdout, e->o->format, e->s->model);
	return e->out.err;
}

void cdmtop_events_close(struct cdmtop_events *e)
{
	if (!e)
		return;
	e->s->record = NULL;
	cdm_printer_free(e->printer);
	free(e);
}

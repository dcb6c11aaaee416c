/* SPDX-License-Identifier: GPL-2.0 */
/* From records to outputs, whatever the source. */
#ifndef CDMTRACE_TRACE_H
#define CDMTRACE_TRACE_H

#include "base/file.h"
#include "base/out.h"
#include "options.h"
#include "record/record.h"

struct trace_file {
	struct cdm_out out;
	struct cdm_file file;
};

struct trace {
	const struct trace_options *o;
	struct cdm_event_filter filter;	/* what is left to do here */
	struct cdm_file_header header;
	struct cdm_model *model;
	struct cdm_writer *writer;
	struct trace_file *events;	/* NULL: not printed */
	struct trace_file *chrome_file;
	struct trace_file *summary;	/* report or folded stacks, at the end */
	struct cdm_printer *printer;
	struct cdm_chrome *chrome;
	struct cdm_folded *folded;
	struct cdm_report *report;
	__u64 shown;			/* events that passed */
	struct cdm_loss loss[CDM_NR_EV];	/* as the last records say */
	__u64 traced;			/* kinds with such a record */
	bool missing;			/* something that was asked for is not there */
	bool full;			/* -n: enough */
	bool left_out;			/* stacks were not printed */
	bool discard;			/* nothing was traced: no file appears */
	bool pipe_closed;
	bool live;
};

/* Opens the files. Return: false after a message. */
bool trace_open(struct trace *t, const struct trace_options *o);
/* What needs to know the source: @t->header is set. False after a message. */
bool trace_start(struct trace *t);
/* Takes any record. Return: 0, -ECANCELED: no more is wanted, -errno. */
int trace_put(struct trace *t, const struct cdm_rec *rec);
void trace_flush(struct trace *t);
/*
 * Prints through a stream into the file that was opened for the end of the run. @print
 * returns 0 or -errno. Return: whether all was written that somebody reads.
 */
bool trace_print(struct trace *t, int (*print)(void *ctx, FILE *out), void *ctx);
/* Ends the outputs. Return: whether all was written. */
bool trace_end(struct trace *t);
__u64 trace_lost(const struct trace *t);

#endif

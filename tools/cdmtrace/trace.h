/* SPDX-License-Identifier: GPL-2.0 */
/* cdmtrace: what its files share. */
#ifndef CDMTRACE_H
#define CDMTRACE_H

#include "base/file.h"
#include "chrome.h"
#include "source/collector.h"
#include "event/event.h"
#include "event/print.h"
#include "folded.h"
#include "report/report.h"

enum { TRACE_OK, TRACE_FAILED, TRACE_USAGE };	/* exit status */

enum trace_format { TRACE_TEXT = CDM_TEXT, TRACE_NDJSON = CDM_NDJSON, TRACE_CSV = CDM_CSV,
		    TRACE_CHROME = CDM_NR_FORMAT };

struct trace_options {
	struct cdm_event_filter filter;
	bool kinds_given;		/* -e */
	enum trace_format format;
	enum cdm_time time;
	const char *output;		/* -o */
	const char *chrome;
	const char *write;
	const char *replay;
	const char *ready_file;
	const char *cgroup;
	bool stacks;
	bool folded;
	bool by_pages;
	bool summary;			/* a report at the end */
	bool report;			/* `cdmtrace report`: nothing else */
	const char *html;		/* a page instead of the report's text */
	bool diff;			/* `cdmtrace diff`: of two recordings */
	const char *recordings[2];	/* A, B */
	int nr_recordings;
	bool features;
	bool list;
	bool dry_run;
	bool strict;
	int verbose;
	__u64 duration_ns;		/* 0: no end */
	__u64 max_events;		/* 0: no end */
	size_t ring_bytes;
	unsigned int rings;
	__u64 pingpong_window_ns;
	unsigned int pingpong_flips;
	bool pingpong_each;
	__u64 snapshots_ns;		/* CDM_UNKNOWN: as the outputs need; 0: none */
	char **command;			/* NULL: none */
};

extern const struct argp trace_argp;

/* A message on stderr, "cdmtrace: ...". */
void trace_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- run.c: from records to outputs --- */

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
 * returns 0 or -errno. Return: whether all was written.
 */
bool trace_print(struct trace *t, int (*print)(void *ctx, FILE *out), void *ctx);
/* Ends the outputs. Return: whether all was written. */
bool trace_end(struct trace *t);
__u64 trace_lost(const struct trace *t);

/* --- sources; return the exit status --- */
int trace_replay(struct trace *t);
int trace_live(struct trace *t);
int trace_diff(struct trace *t);

/* --- list.c --- */
void trace_list(void);
void trace_dry_run(const struct trace_options *o);
/* Kinds that are set, "migrate,evict". */
void trace_print_kinds(FILE *out, __u64 kinds);

#endif

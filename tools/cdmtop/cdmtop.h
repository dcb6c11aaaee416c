/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of cdmtop share. */
#ifndef CDMTOP_H
#define CDMTOP_H

#include "source/collector.h"
#include "table/output.h"
#include "rows.h"

enum { CDMTOP_OK, CDMTOP_FAILED, CDMTOP_USAGE };

#define CDMTOP_MAX_COLUMNS	64

enum cdmtop_colour {
	CDMTOP_COLOUR_AUTO,	/* if the terminal can, and NO_COLOR is not set */
	CDMTOP_COLOUR_ALWAYS,	/* if the terminal can */
	CDMTOP_COLOUR_NEVER,
};

struct cdmtop_options {
	double interval_s;
	bool interval_set;
	double speed;			/* of a replay, INFINITY: as fast as possible; 0: not given */
	unsigned long count;		/* 0: no limit */
	bool batch;
	enum cdm_format format;
	enum cdm_view view;
	bool view_set;
	const char *column_list;	/* of -F, or NULL */
	const char *sort_id;
	/* The view's, from the lists above; end with NULL. */
	const struct cdm_column *columns[CDMTOP_MAX_COLUMNS + 1];
	size_t nr_columns;
	const struct cdm_column *sort;	/* NULL: the order of the model */
	bool reverse;
	const char *filter;
	__u32 pid;
	const char *cgroup;
	const char *device;
	unsigned long rows;		/* 0: all */
	const char *record;
	const char *replay;
	const char *textfile;
	const char *output;		/* file that is standard output; or NULL */
	size_t top;			/* processes in metrics, at most */
	unsigned int histograms;	/* in metrics: bits by enum cdm_view */
	bool for_metrics;		/* one of the last two was asked for */
	__u64 pingpong_window_ns;
	unsigned int pingpong_flips;
	bool no_bpf;
	bool strict;
	bool ascii;			/* no UTF-8 even if the locale has it */
	enum cdmtop_colour colour;
	int verbose;
	bool features;
	bool list_columns;
};

static inline bool cdmtop_metrics(const struct cdmtop_options *o)
{
	return o->textfile || o->format == CDM_OPENMETRICS || o->format == CDM_PROMETHEUS;
}

/* Exits with CDMTOP_USAGE after a message where @argv is wrong. */
void cdmtop_parse(struct cdmtop_options *o, int argc, char **argv);

/* Where records come from: the collector or a recording. */
struct cdmtop_source {
	struct cdm_model *model;
	struct cdm_collector *collector;	/* NULL: replay */
	struct cdm_reader *reader;
	struct cdm_writer *writer;		/* NULL: nothing is recorded */
	int err;				/* of the writer */
	int stopped;				/* by this signal before it began; else 0 or less */
	bool worthless;				/* what is recorded or printed: it failed */
	struct cdm_select select;
	char *cgroup;				/* of @select */
	const char *path;			/* of the recording that is read */
	/* May be NULL: each record, once the model has it. Return: 0 or -errno to stop. */
	int (*record)(void *ctx, const struct cdm_rec *rec);
	void *ctx;
	/* Records of a replayed refresh that has not ended yet. */
	char *pending;
	size_t used;
	size_t room;
};

/* Return: false after a message, or if @s->stopped is a signal. */
bool cdmtop_source_open(struct cdmtop_source *s, const struct cdmtop_options *o,
			unsigned int features, __u64 events);
/* Feeds a refresh. Return: 1; 0 at the end of a recording; -errno. */
int cdmtop_source_refresh(struct cdmtop_source *s);
/* Waits for events for so long, and feeds them. Return: how many, or -errno. */
int cdmtop_source_poll(struct cdmtop_source *s, int timeout_ms);
/* Readable when events wait; negative: there are none to be had. */
int cdmtop_source_fd(const struct cdmtop_source *s);
/* Live: refreshes have the areas of @pid (reader's namespace) from now on; 0: of nobody. */
void cdmtop_source_look_into(struct cdmtop_source *s, __u32 pid);
/*
 * Reads the recording anew, up to the end of refresh @n (0: the start), into a model
 * of its own. Return: 0; -ESPIPE: it is not a file; -errno.
 */
int cdmtop_source_seek(struct cdmtop_source *s, unsigned long n);
/* Return: CDMTOP_OK, or CDMTOP_FAILED after a message. */
int cdmtop_source_close(struct cdmtop_source *s, const struct cdmtop_options *o);

/* Return: exit status, or 128 + the signal that ended it. */
int cdmtop_batch(struct cdmtop_source *s, const struct cdmtop_options *o);

/*
 * Prints events as they come. *@seen: set if there is what -p, -c and -D mean. Return:
 * NULL after a message.
 */
struct cdmtop_events;
struct cdmtop_events *cdmtop_events_open(struct cdmtop_source *s, const struct cdmtop_options *o,
					 bool *seen);
/* Return: 0 or -errno of the output. */
int cdmtop_events_flush(struct cdmtop_events *e);
/* After a refresh. Return: as above. */
int cdmtop_events_refreshed(struct cdmtop_events *e);
void cdmtop_events_close(struct cdmtop_events *e);

/* What the options ask for in @view. */
struct cdm_query cdmtop_query(const struct cdmtop_source *s, const struct cdmtop_options *o,
			      enum cdm_view view);

void cdmtop_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

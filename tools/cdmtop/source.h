/* SPDX-License-Identifier: GPL-2.0 */
/* Where records come from: the collector or a recording. */
#ifndef CDMTOP_SOURCE_H
#define CDMTOP_SOURCE_H

#include <signal.h>

#include "options.h"
#include "record/record.h"
#include "select.h"
#include "source/collector.h"

struct cdmtop_source {
	struct cdm_model *model;
	struct cdm_collector *collector;	/* NULL: replay */
	struct cdm_reader *reader;
	struct cdm_writer *writer;		/* NULL: nothing is recorded */
	int err;				/* of the writer */
	int stopped;				/* by this signal before it began; else 0 or less */
	sigset_t signals;			/* blocked before it was opened */
	char found[CDM_MISSING_LEN];	/* live: see cdm_collector_found() */
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

/*
 * Blocks SIGINT, SIGTERM and SIGHUP if there is something to tidy up after them.
 * Return: false after a message, or if @s->stopped is a signal.
 */
bool cdmtop_source_open(struct cdmtop_source *s, const struct cdmtop_options *o,
			unsigned int features, __u64 events);
/* There are handlers now: signals that were blocked come. */
void cdmtop_source_signals(const struct cdmtop_source *s);
/* Feeds a refresh. Return: 1; 0 at the end of a recording; -errno. */
int cdmtop_source_refresh(struct cdmtop_source *s);
/* Waits for events for so long, and feeds them. Return: how many, or -errno. */
int cdmtop_source_poll(struct cdmtop_source *s, int timeout_ms);
/* Readable when events wait; negative: there are none to be had. */
int cdmtop_source_fd(const struct cdmtop_source *s);
/* Live: by which source figures come. NULL: a recording does not say. */
const struct cdm_description *cdmtop_source_description(const struct cdmtop_source *s);
/* Live: refreshes have the areas of @pid (reader's namespace) from now on; 0: of nobody. */
void cdmtop_source_look_into(struct cdmtop_source *s, __u32 pid);
/* Live: whether somebody looks at pages that go to and fro. */
void cdmtop_source_watch_pingpong(struct cdmtop_source *s, bool on);
/* The same at ordinary migrations. Return: 0 or -errno. */
int cdmtop_source_watch_numa(struct cdmtop_source *s, bool on);
/*
 * Reads the recording anew, up to the end of refresh @n (0: the start), into a model
 * of its own. Return: 0; -ESPIPE: it is not a file; -errno.
 */
int cdmtop_source_seek(struct cdmtop_source *s, unsigned long n);
/* Return: CDMTOP_OK, or CDMTOP_FAILED after a message. */
int cdmtop_source_close(struct cdmtop_source *s, const struct cdmtop_options *o);

#endif

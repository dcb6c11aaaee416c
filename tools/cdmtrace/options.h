/* SPDX-License-Identifier: GPL-2.0 */
/* The command line. */
#ifndef CDMTRACE_OPTIONS_H
#define CDMTRACE_OPTIONS_H

#include "event/filter.h"
#include "event/print.h"

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
	enum cdm_source source;
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
	bool pingpong_each;		/* an event for each page */
	__u64 snapshots_ns;		/* CDM_UNKNOWN: as the outputs need; 0: none */
	char **command;			/* NULL: none */
	const char *live_only;		/* an option that says nothing of a recording; NULL: none */
};

extern const struct argp trace_argp;

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* The command line, and what it asks for. */
#ifndef CDMTOP_OPTIONS_H
#define CDMTOP_OPTIONS_H

#include "rows.h"
#include "table/output.h"

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
	unsigned int named;		/* enum cdm_feature: of columns that are asked for by name */
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
	enum cdm_source source;
	bool strict;
	bool no_config;			/* of the terminal: neither read nor written */
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

/* What the options ask for in @view, of what @select means. */
struct cdm_query cdmtop_query(const struct cdmtop_options *o, const struct cdm_select *select,
			      enum cdm_view view);

#endif

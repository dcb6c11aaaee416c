/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interactive screen of cdmtop. It draws a model, asks its caller to feed
 * that model, and is the only part that knows curses.
 */
#ifndef CDMTOP_UI_H
#define CDMTOP_UI_H

#include "select.h"

enum cdm_ui_view { CDM_UI_PROC, CDM_UI_CGROUP, CDM_UI_DEVICE, CDM_UI_EVENTS, CDM_UI_NR_VIEW };

enum cdm_ui_colour {
	CDM_UI_COLOUR_AUTO,	/* if the terminal can, and NO_COLOR is not set */
	CDM_UI_COLOUR_ALWAYS,	/* if the terminal can */
	CDM_UI_COLOUR_NEVER,
};

/* How a view starts. All zero: the columns that are not extra, and the view's own order. */
struct cdm_ui_view_options {
	const struct cdm_column *const *columns;	/* in order, ends with NULL; or NULL */
	const struct cdm_column *sort;			/* or NULL */
	bool reverse;					/* against @sort's usual order */
};

struct cdm_ui_options {
	struct cdm_model *model;
	void *ctx;			/* of the callbacks */

	/* Live: feeds one refresh, BEGIN to END, into the model. Return: 0 or -errno. */
	int (*refresh)(void *ctx);
	/*
	 * Live, may be NULL: feeds the events that wait, for at most @timeout_ms
	 * (always 0 here). Called when @event_fd is readable, and at least every
	 * 100 ms. Return: how many events; 0 also where it was interrupted; -errno.
	 */
	int (*poll)(void *ctx, int timeout_ms);
	int event_fd;			/* negative: none */
	/* Live, may be NULL: wants VMAs of @pid (reader's namespace) in refreshes; 0: no more. */
	void (*look_into)(void *ctx, __u32 pid);

	/* Replay: feeds up to the next END. Return: 1; 0 at the end of the recording; -errno. */
	bool replay;
	int (*step)(void *ctx);
	/*
	 * Replay: starts anew and feeds @n refreshes, into a model of its own: *@model.
	 * Return: 0; -ESPIPE: that cannot be; -errno.
	 */
	int (*seek)(void *ctx, unsigned long n, struct cdm_model **model);
	double speed;			/* of a replay as recorded; INFINITY: no waiting */

	double interval_s;		/* between refreshes; 0, replay only: as recorded */
	unsigned long count;		/* refreshes until it leaves by itself; 0: no limit */
	const char *source;		/* recording read or written; or NULL */

	enum cdm_ui_view view;		/* that is shown first */
	struct cdm_ui_view_options views[CDM_UI_EVENTS];	/* tables */
	const char *filter;		/* or NULL */
	struct cdm_select select;	/* with a pid it starts with a look into that process */
	enum cdm_ui_colour colour;
	bool ascii;			/* no UTF-8 even if the locale has it */
};

/*
 * Runs until the user leaves. The terminal is as it was before this returns,
 * however it ends; what was written to a stderr that is a terminal meanwhile,
 * comes out then. Nothing in @o is freed.
 *
 * Return: 0 when the user left, with Ctrl-C too, or @count was reached; 1 after a
 * message on stderr; 128 + N when signal N (SIGTERM, SIGHUP, SIGQUIT) ended it.
 */
int cdm_ui_run(const struct cdm_ui_options *o);

#endif

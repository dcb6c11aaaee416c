/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which rows and events are wanted. -p, -c, -d and filters mean the same whether
 * something is printed or on the screen, live or from a recording.
 */
#ifndef CDMTOP_SELECT_H
#define CDMTOP_SELECT_H

#include "table/column.h"
#include "event/filter.h"

struct cdm_select {
	__u32 pid;		/* 0: all */
	const char *cgroup;	/* path below the mount, and those below it; NULL: all */
	const char *device;	/* name; NULL: all */
	size_t rows;		/* at most; 0: all */
};

bool cdm_select_row(const struct cdm_select *s, enum cdm_view view, const void *row);
/* For cdm_event_match(). */
void cdm_select_events(const struct cdm_select *s, struct cdm_event_filter *f);

/* Filters are texts, "a|b": one of them is in what is looked at, whatever the case. */
bool cdm_filter_text(const char *filter, const char *text);
/* In one of the row's texts, or its pid. */
bool cdm_filter_row(const char *filter, enum cdm_view view, const void *row);
/* In one of the event's names, addresses and pids. */
bool cdm_filter_event(const char *filter, const struct cdm_model *m, const struct cdm_ev *ev);

#endif

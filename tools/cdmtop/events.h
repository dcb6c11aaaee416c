/* SPDX-License-Identifier: GPL-2.0 */
/* Events as text, or for programs. */
#ifndef CDMTOP_EVENTS_H
#define CDMTOP_EVENTS_H

#include "source.h"

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

#endif

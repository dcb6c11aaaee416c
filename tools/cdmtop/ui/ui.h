/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interactive screen of cdmtop: draws the model of a source, and asks the source to
 * feed it (source.h). The only part that knows curses.
 */
#ifndef CDMTOP_UI_H
#define CDMTOP_UI_H

struct cdmtop_source;
struct cdmtop_options;

/*
 * Runs until the user leaves. The terminal is as it was before this returns,
 * however it ends; what was written to a stderr that is a terminal meanwhile,
 * comes out then.
 *
 * Return: 0 when the user left, with Ctrl-C too, or @o->count was reached; 1 after a
 * message on stderr; 128 + N when signal N (SIGTERM, SIGHUP, SIGQUIT) ended it.
 */
int cdm_ui_run(struct cdmtop_source *s, const struct cdmtop_options *o);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Where records come from: this machine, or recordings. Each returns the exit status. */
#ifndef CDMTRACE_SOURCES_H
#define CDMTRACE_SOURCES_H

#include "trace.h"

int trace_replay(struct trace *t);
int trace_live(struct trace *t);
int trace_diff(struct trace *t);

#endif

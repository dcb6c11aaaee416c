/* SPDX-License-Identifier: GPL-2.0 */
/* What there is, and what would be done. */
#ifndef CDMTRACE_LIST_H
#define CDMTRACE_LIST_H

#include "options.h"

void trace_list(void);
void trace_dry_run(const struct trace_options *o);
/* Kinds that are set, "migrate,evict". */
void trace_print_kinds(FILE *out, __u64 kinds);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Of the collector alone: which tracepoints and iterators this kernel has. */
#ifndef CDM_TYPES_H
#define CDM_TYPES_H

#include <stdbool.h>

struct cdm_types;

/*
 * Reads the names of the kernel's types, about a millisecond: libbpf takes ten times
 * as long to understand them all. Return: NULL with errno: it tells of none
 * (CONFIG_DEBUG_INFO_BTF).
 */
struct cdm_types *cdm_types_open(void);
void cdm_types_close(struct cdm_types *t);

/* "cdm_rss" */
bool cdm_types_tracepoint(const struct cdm_types *t, const char *name);
/* "cgroup" */
bool cdm_types_iterator(const struct cdm_types *t, const char *name);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_META_H
#define CDM_META_H

#include "record/record.h"

/* Of NDJSON: members are only added, another name or meaning counts up. */
#define CDM_SCHEMA	2

#define CDM_META_MAX	2048

/*
 * The first line of NDJSON, the same for tables and events: what printed them and what
 * they are of. @view: "proc", "events". Writes at most CDM_META_MAX bytes with the line's
 * end, no NUL. Return: what follows.
 */
char *cdm_put_meta(char *p, const struct cdm_file_header *h, const char *view);

#endif

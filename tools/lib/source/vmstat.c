// SPDX-License-Identifier: GPL-2.0
/* Counters of /proc/vmstat: a second opinion of what events say. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/snapshot.h"

#define VMSTAT_MAX	(64 << 10)	/* bytes */

/* CDM_UNKNOWN: this kernel does not count it. */
static __u64 value_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = text; s; s = strchr(s, '\n'), s += !!s)
		if (!strncmp(s, name, len) && s[len] == ' ')
			return strtoull(s + len, NULL, 10);
	return CDM_UNKNOWN;
}

int cdm_vmstat_read(struct cdm_vmstat_values *v)
{
	char text[VMSTAT_MAX], path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/vmstat", cdm_roots.proc);
	n = cdm_read_file(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return n;
	v->failed = value_of(text, "pgmigrate_fail");
	for (int i = CDM_VMSTAT_NONE + 1; i < CDM_NR_VMSTAT; i++)
		v->pages[i] = value_of(text, cdm_vmstat_name(i));
	return 0;
}

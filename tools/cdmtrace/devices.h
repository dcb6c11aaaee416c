/* SPDX-License-Identifier: GPL-2.0 */
/* Devices that recordings name, for -D: one that is in none is an error. */
#ifndef CDMTRACE_DEVICES_H
#define CDMTRACE_DEVICES_H

#include <stdbool.h>

#include "record/record.h"

struct trace_devices {
	const char *wanted;		/* "": any */
	bool found;
	char names[512];		/* " cdm0 cdm1" */
};

/* Takes any record of a recording. */
void trace_devices_look(struct trace_devices *d, const struct cdm_rec *rec);
/* @where: the recordings, "a.cdm". Return: false after a message. */
bool trace_devices_found(const struct trace_devices *d, const char *where);

#endif

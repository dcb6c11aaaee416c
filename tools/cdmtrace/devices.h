/* SPDX-License-Identifier: GPL-2.0 */
/* Devices that there are, for -D: one that is not among them is an error. */
#ifndef CDMTRACE_DEVICES_H
#define CDMTRACE_DEVICES_H

#include <stdbool.h>

#include "record/record.h"

struct trace_devices {
	const char *wanted;		/* "": any */
	bool found;
	char names[512];		/* " cdm0 cdm1" */
};

void trace_devices_name(struct trace_devices *d, const char *name);
/* Takes any record of a recording, and the name in it. */
void trace_devices_look(struct trace_devices *d, const struct cdm_rec *rec);
/* @where: "a.cdm". Return: false after a message. */
bool trace_devices_found(const struct trace_devices *d, const char *where);

#endif

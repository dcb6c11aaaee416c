// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "base/say.h"
#include "devices.h"

static const char *device_of(const struct cdm_rec *rec)
{
	switch (rec->kind) {
	case CDM_SNAP_DEVICE:
		return ((const struct cdm_snap_device *)rec)->name;
	case CDM_REC_DEVICE_ID:
		return ((const struct cdm_rec_device_id *)rec)->id.name;
	case CDM_EV_DEVICE:
		return ((const struct cdm_ev_device *)rec)->name;
	default:
		return NULL;
	}
}

void trace_devices_name(struct trace_devices *d, const char *name)
{
	char word[CDM_NAME_LEN + 2];

	d->found |= !strcmp(name, d->wanted);
	snprintf(word, sizeof(word), " %s", name);
	if (!strstr(d->names, word) && strlen(d->names) + strlen(word) < sizeof(d->names))
		strcat(d->names, word);
}

void trace_devices_look(struct trace_devices *d, const struct cdm_rec *rec)
{
	const char *name = *d->wanted && !d->found ? device_of(rec) : NULL;

	if (name && *name)
		trace_devices_name(d, name);
}

bool trace_devices_found(const struct trace_devices *d, const char *where)
{
	if (!*d->wanted || d->found)
		return true;
	if (*d->names)
		cdm_say("%s: no such device in %s; there are:%s", d->wanted, where, d->names);
	else
		cdm_say("%s: no such device in %s; there is none", d->wanted, where);
	return false;
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "base/say.h"
#include "sources.h"

/* Devices that a recording names, for -D. */
struct devices {
	const char *wanted;		/* "": any */
	bool found;
	char names[512];		/* " cdm0 cdm1" */
};

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

static void look_at(struct devices *d, const struct cdm_rec *rec)
{
	const char *name = *d->wanted && !d->found ? device_of(rec) : NULL;
	char word[CDM_NAME_LEN + 2];

	if (!name || !*name)
		return;
	d->found = !strcmp(name, d->wanted);
	snprintf(word, sizeof(word), " %s", name);
	if (!strstr(d->names, word) && strlen(d->names) + strlen(word) < sizeof(d->names))
		strcat(d->names, word);
}

/* Return: false after a message. */
static bool check(struct trace *t, const struct devices *d)
{
	if (!*d->wanted || d->found || t->full)
		return true;
	if (*d->names)
		cdm_say("%s: no such device in %s; there are:%s", d->wanted, t->o->replay,
			d->names);
	else
		cdm_say("%s: no such device in %s, which names none", d->wanted, t->o->replay);
	t->discard = true;
	return false;
}

int trace_replay(struct trace *t)
{
	struct devices devices = { .wanted = t->filter.by.device };
	char why[CDM_WHY_LEN];
	struct cdm_reader *r = cdm_reader_open(t->o->replay, why);
	const struct cdm_rec *rec;
	int err = 0, n = 0;

	if (!r) {
		cdm_say("%s: %s", t->o->replay, why);
		return TRACE_FAILED;
	}
	t->header = *cdm_reader_header(r);
	/* A copy has no members that this version does not know. */
	t->header.header_len = sizeof(t->header);
	if (!trace_start(t)) {
		cdm_reader_close(r);
		return TRACE_FAILED;
	}
	while (!err && (n = cdm_reader_next(r, &rec, why)) > 0) {
		look_at(&devices, rec);
		err = trace_put(t, rec);
	}
	if (n < 0)
		cdm_say("%s: %s", t->o->replay, why);
	if (!err && cdm_reader_truncated(r))
		cdm_say("%s: ends within a record, read up to the last whole one", t->o->replay);
	if (t->o->strict && !err && cdm_reader_truncated(r))
		n = -EIO;
	cdm_reader_close(r);
	if (err && err != -ECANCELED)
		cdm_say("%s", strerror(-err));
	if (n < 0 || (err && err != -ECANCELED))
		return TRACE_FAILED;
	return err || check(t, &devices) ? TRACE_OK : TRACE_FAILED;
}

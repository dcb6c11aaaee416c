// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "base/say.h"
#include "devices.h"
#include "report/report.h"
#include "sources.h"

/* What was cut short may have named it later. Return: false after a message. */
static bool check(struct trace *t, const struct trace_devices *d)
{
	t->discard = !t->full && !trace_devices_found(d, t->o->replay);
	return !t->discard;
}

int trace_replay(struct trace *t)
{
	struct trace_devices devices = { .wanted = t->filter.by.device };
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
		trace_devices_look(&devices, rec);
		err = trace_put(t, rec);
	}
	if (n < 0)
		cdm_say("%s: %s", t->o->replay, why);
	if (!err && cdm_reader_truncated(r))
		cdm_say("%s: ends within a record, read up to the last whole one", t->o->replay);
	if (t->o->strict && !err && cdm_reader_truncated(r))
		n = -EIO;
	if (t->report)
		cdm_report_recording(t->report, cdm_reader_bytes(r));
	cdm_reader_close(r);
	if (err && err != -ECANCELED)
		cdm_say("%s", strerror(-err));
	if (n < 0 || (err && err != -ECANCELED))
		return TRACE_FAILED;
	return err || check(t, &devices) ? TRACE_OK : TRACE_FAILED;
}

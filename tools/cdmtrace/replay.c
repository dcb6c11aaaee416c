// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "trace.h"

int trace_replay(struct trace *t)
{
	struct cdm_reader *r = cdm_reader_open(t->o->replay);
	const struct cdm_rec *rec;
	int err = 0, n = 0;

	if (!r)
		return TRACE_FAILED;
	t->header = *cdm_reader_header(r);
	/* A copy has no members that this version does not know. */
	t->header.header_len = sizeof(t->header);
	if (!trace_start(t)) {
		cdm_reader_close(r);
		return TRACE_FAILED;
	}
	while (!err && (n = cdm_reader_next(r, &rec)) > 0)
		err = trace_put(t, rec);
	if (!err && cdm_reader_truncated(r))
		trace_error("%s: ends within a record, read up to the last whole one", t->o->replay);
	if (t->o->strict && !err && cdm_reader_truncated(r))
		n = -EIO;
	cdm_reader_close(r);
	if (err && err != -ECANCELED)
		trace_error("%s", strerror(-err));
	return n < 0 || (err && err != -ECANCELED) ? TRACE_FAILED : TRACE_OK;
}

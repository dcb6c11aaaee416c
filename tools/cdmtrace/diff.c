// SPDX-License-Identifier: GPL-2.0
/* `cdmtrace diff A B`: reads both, and says what is different. */
#include <errno.h>
#include <stdlib.h>

#include "base/say.h"
#include "devices.h"
#include "report/report.h"
#include "sources.h"

struct side {
	struct cdm_model *model;
	struct cdm_report *report;
};

struct diff {
	struct side side[2];
	const char *const *paths;
	bool json;
};

/* Return: 0, or -errno and @why. */
static int feed(struct side *s, struct cdm_reader *r, const struct cdm_event_filter *filter,
		struct trace_devices *devices, char *why)
{
	const struct cdm_rec *rec;
	int err = 0, n = 0;

	while (err >= 0 && (n = cdm_reader_next(r, &rec, why)) > 0) {
		bool event = rec->kind && rec->kind < CDM_NR_EV;

		trace_devices_look(devices, rec);
		if (event && !cdm_event_match(filter, (const void *)rec, s->model))
			continue;
		err = event ? 0 : cdm_model_feed(s->model, rec);
		if (err >= 0)
			err = cdm_report_feed(s->report, rec);
	}
	return n < 0 ? n : err < 0 ? cdm_error_errno(why, err) : 0;
}

static bool load(struct trace *t, struct side *s, const char *path,
		 struct trace_devices *devices)
{
	char why[CDM_WHY_LEN];
	struct cdm_reader *r = cdm_reader_open(path, why);
	int err;

	if (!r) {
		cdm_say("%s: %s", path, why);
		return false;
	}
	s->model = cdm_model_new(cdm_reader_header(r));
	s->report = s->model ? cdm_report_new(s->model) : NULL;
	err = s->report ? feed(s, r, &t->filter, devices, why) : cdm_error_errno(why, -ENOMEM);
	if (err)
		cdm_say("%s: %s", path, why);
	if (!err && cdm_reader_truncated(r)) {
		cdm_say("%s: ends within a record, read up to the last whole one", path);
		t->missing = true;
	}
	cdm_reader_close(r);
	if (!err && !cdm_report_seconds(s->report)) {
		cdm_say("%s: nothing in it lasts: there are no rates to compare", path);
		err = -EINVAL;
	}
	return !err;
}

static bool same_pages(const struct side s[2])
{
	if (cdm_model_header(s[0].model)->page_size == cdm_model_header(s[1].model)->page_size)
		return true;
	cdm_say("the recordings are of machines with pages of different sizes: they cannot be compared");
	return false;
}

static int print(void *ctx, FILE *out)
{
	const struct diff *d = ctx;

	return cdm_report_diff(d->side[0].report, d->side[1].report, d->paths, out, d->json);
}

int trace_diff(struct trace *t)
{
	struct diff d = { .paths = t->o->recordings, .json = t->o->format == TRACE_NDJSON };
	struct trace_devices devices = { .wanted = t->filter.by.device };
	bool ok = load(t, &d.side[0], d.paths[0], &devices) &&
		  load(t, &d.side[1], d.paths[1], &devices) && same_pages(d.side) &&
		  trace_devices_found(&devices, "either recording");

	if (ok) {
		t->discard = false;
		ok = trace_print(t, print, &d);
	}
	for (int i = 0; i < 2; i++) {
		cdm_report_free(d.side[i].report);
		cdm_model_free(d.side[i].model);
	}
	return ok ? TRACE_OK : TRACE_FAILED;
}

// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "event/csv.h"
#include "event/json.h"
#include "event/print.h"

struct cdm_printer {
	struct cdm_out *out;
	enum cdm_format format;
	struct cdm_event_text text;
	struct cdm_event_json *json;	/* NULL: another format */
	struct cdm_event_csv *csv;
};

/* What precedes the first record. Return: false: no memory. */
static bool begin(struct cdm_printer *p, enum cdm_time time, bool stacks, __u64 kinds,
		  const struct cdm_model *model)
{
	switch (p->format) {
	case CDM_NDJSON:
		p->json = cdm_event_json_new(model, false);
		if (p->json)
			cdm_event_json_meta(p->json, p->out);
		return p->json;
	case CDM_CSV:
		p->csv = cdm_event_csv_new(model, kinds);
		if (p->csv)
			cdm_event_csv_header(p->csv, p->out);
		return p->csv;
	default:
		cdm_event_text_init(&p->text, model, time, stacks);
		cdm_event_text_header(p->out);
		return true;
	}
}

struct cdm_printer *cdm_printer_new(struct cdm_out *out, enum cdm_format format,
				    enum cdm_time time, bool stacks, __u64 kinds,
				    const struct cdm_model *model)
{
	struct cdm_printer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->out = out;
	p->format = format;
	if (begin(p, time, stacks, kinds, model))
		return p;
	cdm_printer_free(p);
	return NULL;
}

void cdm_printer_free(struct cdm_printer *p)
{
	if (!p)
		return;
	cdm_event_json_free(p->json);
	cdm_event_csv_free(p->csv);
	free(p);
}

static void names_may_have_changed(struct cdm_printer *p)
{
	if (p->json)
		cdm_event_json_renamed(p->json);
	if (p->csv)
		cdm_fields_renamed(&p->csv->fields);
}

void cdm_printer_put(struct cdm_printer *p, const struct cdm_rec *rec)
{
	if (!cdm_event_kind(rec->kind)) {
		if (rec->kind >= CDM_EV_MAX)
			names_may_have_changed(p);
		return;
	}
	if (p->json)
		cdm_event_json_put(p->json, p->out, rec);
	else if (p->csv)
		cdm_event_csv_put(p->csv, p->out, rec);
	else
		cdm_event_text_put(&p->text, p->out, rec);
}

// SPDX-License-Identifier: GPL-2.0
/* What the formats have in common: fields that are prepared once, names that are kept. */
#include <stdlib.h>
#include <string.h>

#include "event/print-int.h"

static void prepare(struct cdm_printed *to, const struct cdm_field *f, enum cdm_format format)
{
	to->field = f;
	to->key_len = snprintf(to->key, sizeof(to->key), ",\"%s\":", f->name);
	if (f->type != CDM_FIELD_ENUM)
		return;
	for (int i = 0; i < MAX_VALUES; i++) {
		const char *name = f->names(i);

		/* Kinds start with 1: there is no name for 0. */
		if (i && !strcmp(name, "?"))
			break;
		to->value_len[i] = snprintf(to->values[i], VALUE_LEN, "%s%s%s",
					    format == CDM_NDJSON ? "\"" : "", name,
					    format == CDM_NDJSON ? "\"" : "");
		to->nr_values = i + 1;
	}
}

static size_t count(const struct cdm_field *f)
{
	size_t nr = 0;

	while (f[nr].name)
		nr++;
	return nr;
}

/* Return: how many it became. */
static size_t prepare_own(struct cdm_printed *to, const struct cdm_field *f,
			  enum cdm_format format)
{
	size_t nr = 0;

	if (format != CDM_CSV || (f->type != CDM_FIELD_FAILED && f->type != CDM_FIELD_SKIPPED)) {
		prepare(to, f, format);
		return 1;
	}
	for (size_t i = 0; i < CDM_NR_WHY; i++)
		if (cdm_field_has_why(f, i))
			prepare(&to[nr++], &cdm_csv_stayed[i], format);
	return nr;
}

static struct cdm_printed *prepare_kind(const struct cdm_event_kind *kind, enum cdm_format format)
{
	/* Losses and notes have only the time and the CPU of the head. */
	bool event = kind->kind < CDM_NR_EV;
	size_t heads = event ? count(cdm_event_head) : 1, own = count(kind->fields), n = 0;
	struct cdm_printed *all = calloc(heads + own + CDM_NR_WHY + 2, sizeof(*all));

	if (!all)
		return NULL;
	for (size_t i = 0; i < heads; i++)
		prepare(&all[n++], &cdm_event_head[i], format);
	for (size_t i = 0; i < own; i++)
		n += prepare_own(&all[n], &kind->fields[i], format);
	if (event)
		prepare(&all[n++], &cdm_event_stack, format);
	return all;
}

struct cdm_printer *cdm_printer_new(struct cdm_out *out, enum cdm_format format,
				    enum cdm_time time, __u64 kinds,
				    const struct cdm_model *model)
{
	struct cdm_printer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->out = out;
	p->format = format;
	p->time = time;
	p->model = model;
	p->second = CDM_UNKNOWN;
	for (const struct cdm_event_kind *k = cdm_event_kinds; k->kind; k++) {
		p->kinds[k->kind] = prepare_kind(k, format);
		if (!p->kinds[k->kind])
			goto err;
	}
	if (format == CDM_NDJSON)
		cdm_print_json_meta(p);
	else if (format == CDM_TEXT)
		cdm_print_text_header(p);
	else if (cdm_print_csv_header(p, kinds))
		goto err;
	return p;
err:
	cdm_printer_free(p);
	return NULL;
}

static void free_names(struct cdm_name *names)
{
	for (int i = 0; i < NAMES; i++)
		free(names[i].text);
}

void cdm_printer_free(struct cdm_printer *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < sizeof(p->kinds) / sizeof(p->kinds[0]); i++) {
		free(p->kinds[i]);
		free(p->cells[i]);
	}
	free_names(p->cgroups);
	free_names(p->devices);
	free(p->columns);
	free(p);
}

static void set_name(struct cdm_printer *p, struct cdm_name *n, const char *name)
{
	size_t len = strnlen(name, NAME_MAX_OUT / CDM_NAME_GROWS - 2);
	char *end;

	free(n->text);
	n->text = malloc(CDM_NAME_GROWS * len + 2);
	n->len = 0;
	n->known = false;
	if (!n->text)
		return;
	if (p->format == CDM_TEXT)
		end = cdm_put_name(n->text, name, len, CDM_FORM_TEXT);
	else
		end = cdm_put_quoted(n->text, name, len,
				     p->format == CDM_CSV ? CDM_FORM_CSV : CDM_FORM_JSON);
	n->len = end - n->text;
	n->known = true;
}

static const struct cdm_name *get_name(struct cdm_printer *p, struct cdm_name *names, __u64 id,
				       const char *(*find)(const struct cdm_model *, __u64))
{
	static const struct cdm_name unknown[] = {
		[CDM_TEXT] = { .text = "-", .len = 1 },
		[CDM_NDJSON] = { .text = "null", .len = 4 },
		[CDM_CSV] = { .text = "", .len = 0 },
	};
	struct cdm_name *n = &names[id % NAMES];
	const char *name;

	if (!n->used || n->id != id || n->stale) {
		bool same = n->used && n->id == id;

		/* The name of what is gone by now stays. */
		n->known = same && n->known;
		n->id = id;
		n->used = true;
		n->stale = false;
		name = id ? find(p->model, id) : NULL;
		if (name)
			set_name(p, n, name);
	}
	return n->known ? n : &unknown[p->format];
}

const struct cdm_name *cdm_printer_cgroup(struct cdm_printer *p, __u64 id)
{
	return get_name(p, p->cgroups, id, cdm_model_cgroup_path);
}

const struct cdm_name *cdm_printer_device(struct cdm_printer *p, __u64 id)
{
	return get_name(p, p->devices, id, cdm_model_device_name);
}

static void names_may_have_changed(struct cdm_printer *p)
{
	for (int i = 0; i < NAMES; i++) {
		p->cgroups[i].stale = true;
		p->devices[i].stale = true;
	}
}

void cdm_printer_put(struct cdm_printer *p, const struct cdm_rec *rec)
{
	if (rec->kind >= sizeof(p->kinds) / sizeof(p->kinds[0]) || !p->kinds[rec->kind]) {
		if (rec->kind >= CDM_EV_MAX)
			names_may_have_changed(p);
		return;
	}
	if (p->format == CDM_NDJSON)
		cdm_print_json(p, rec);
	else if (p->format == CDM_CSV)
		cdm_print_csv(p, rec);
	else
		cdm_print_text(p, rec);
}

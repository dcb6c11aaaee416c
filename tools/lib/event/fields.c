// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/fields.h"

#define STAYED(why, n) [CDM_WHY_##why] = { \
	.name = n "_pages", .type = CDM_FIELD_UINT, .size = sizeof(__u32), \
	.offset = offsetof(struct cdm_ev_migrate, failed[CDM_WHY_##why]) }

/* CSV has reasons as columns of their own, in the place of CDM_FIELD_FAILED and _SKIPPED. */
static const struct cdm_field csv_stayed[CDM_NR_WHY] = {
	STAYED(UNMAPPED, "skipped_unmapped"), STAYED(FOREIGN, "skipped_foreign"),
	STAYED(SWAPPED, "failed_swapped"), STAYED(PINNED, "failed_pinned"),
	STAYED(LOCKED, "failed_locked"), STAYED(ISOLATE, "failed_isolate"),
	STAYED(FILE, "failed_file"), STAYED(WRITEBACK, "failed_writeback"),
	STAYED(LARGE, "failed_large"), STAYED(KSM, "failed_ksm"),
	STAYED(UNSUPPORTED, "failed_unsupported"), STAYED(ALLOC, "failed_alloc"),
	STAYED(CHARGE, "failed_charge"), STAYED(COPY, "failed_copy"),
	STAYED(RACED, "failed_raced"),
};

static void prepare(struct cdm_printed *to, const struct cdm_field *f, enum cdm_format format)
{
	to->field = f;
	to->key_len = snprintf(to->key, sizeof(to->key), ",\"%s\":", f->name);
	if ((f->type == CDM_FIELD_UINT || f->type == CDM_FIELD_ADDRESS) && f->size > 1)
		to->number = f->size;
	if (f->type != CDM_FIELD_ENUM)
		return;
	for (int i = 0; i < CDM_MAX_VALUES; i++) {
		const char *name = f->names(i);

		/* Kinds start with 1: there is no name for 0. */
		if (i && !strcmp(name, "?"))
			break;
		to->value_len[i] = snprintf(to->values[i], CDM_VALUE_LEN, "%s%s%s",
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
			prepare(&to[nr++], &csv_stayed[i], format);
	return nr;
}

static struct cdm_printed *prepare_kind(const struct cdm_event_kind *kind, enum cdm_format format)
{
	size_t heads = kind->kind < CDM_NR_EV ? count(cdm_event_head) : 1, own = count(kind->fields), n = 0;
	struct cdm_printed *all = calloc(heads + own + CDM_NR_WHY + 1, sizeof(*all));

	if (!all)
		return NULL;
	for (size_t i = 0; i < heads; i++)
		prepare(&all[n++], &cdm_event_head[i], format);
	for (size_t i = 0; i < own; i++)
		n += prepare_own(&all[n], &kind->fields[i], format);
	return all;
}

int cdm_fields_init(struct cdm_fields *f, enum cdm_format format, const struct cdm_model *model)
{
	f->format = format;
	f->nr_head = count(cdm_event_head);
	for (int i = 0; i < CDM_NR_STACK_FIELDS; i++)
		prepare(&f->stacks[i], &cdm_event_stacks[i], format);
	f->model = model;
	for (const struct cdm_event_kind *k = cdm_event_kinds; k->kind; k++) {
		f->kinds[k->kind] = prepare_kind(k, format);
		if (!f->kinds[k->kind])
			return -ENOMEM;
	}
	return 0;
}

static void free_names(struct cdm_name *names)
{
	for (int i = 0; i < CDM_NAMES; i++)
		free(names[i].text);
}

void cdm_fields_free(struct cdm_fields *f)
{
	for (size_t i = 0; i < sizeof(f->kinds) / sizeof(f->kinds[0]); i++)
		free(f->kinds[i]);
	free_names(f->cgroups);
	free_names(f->devices);
}

static void set_name(struct cdm_fields *f, struct cdm_name *n, const char *name)
{
	size_t len = strnlen(name, CDM_NAME_MAX_OUT / CDM_NAME_GROWS - 2);

	free(n->text);
	n->text = malloc(CDM_NAME_GROWS * len + 2);
	n->len = 0;
	n->known = false;
	if (!n->text)
		return;
	n->len = cdm_put_quoted(n->text, name, len, f->format == CDM_CSV ? CDM_FORM_CSV :
				CDM_FORM_JSON) - n->text;
	n->known = true;
}

static const struct cdm_name *get_name(struct cdm_fields *f, struct cdm_name *names, __u64 id,
				       const char *(*find)(const struct cdm_model *, __u64))
{
	static const struct cdm_name unknown[] = {
		[CDM_NDJSON] = { .text = "null", .len = 4 },
		[CDM_CSV] = { .text = "", .len = 0 },
	};
	struct cdm_name *n = &names[id % CDM_NAMES];
	const char *name;

	if (!n->used || n->id != id || n->stale) {
		bool same = n->used && n->id == id;

		/* The name of what is gone by now stays. */
		n->known = same && n->known;
		n->id = id;
		n->used = true;
		n->stale = false;
		name = id ? find(f->model, id) : NULL;
		if (name)
			set_name(f, n, name);
	}
	return n->known ? n : &unknown[f->format];
}

const struct cdm_name *cdm_fields_cgroup(struct cdm_fields *f, __u64 id)
{
	return get_name(f, f->cgroups, id, cdm_model_cgroup_path);
}

const struct cdm_name *cdm_fields_device(struct cdm_fields *f, __u64 id)
{
	return get_name(f, f->devices, id, cdm_model_device_name);
}

void cdm_fields_renamed(struct cdm_fields *f)
{
	for (int i = 0; i < CDM_NAMES; i++) {
		f->cgroups[i].stale = true;
		f->devices[i].stale = true;
	}
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "event/filter.h"

#define MAX_SORTS	16

/* What is traced of faults unless asked for: writes in place are many and harmless. */
#define USUAL_FAULTS	(1U << CDM_FAULT_COW | 1U << CDM_FAULT_WAIT)

void cdm_event_filter_init(struct cdm_event_filter *f)
{
	memset(f, 0, sizeof(*f));
	f->by.dir = -1;
	f->by.why = -1;
	for (const struct cdm_event_kind *k = cdm_event_kinds; k->kind; k++)
		if (k->usual)
			f->kinds |= 1ULL << k->kind;
	f->sorts[CDM_EV_FAULT] = USUAL_FAULTS;
}

static bool has(unsigned int kind, enum cdm_field_place place)
{
	return cdm_event_field(cdm_event_kind(kind), place);
}

void cdm_event_filter_narrow(struct cdm_event_filter *f)
{
	for (unsigned int i = 1; i < CDM_NR_EV; i++)
		if ((f->by.dir >= 0 && !has(i, CDM_PLACE_DIR)) ||
		    (f->by.why >= 0 && !has(i, CDM_PLACE_FAILED)) ||
		    (f->by.min_pages && !has(i, CDM_PLACE_MOVED)) ||
		    (f->by.min_ns && !has(i, CDM_PLACE_TIME)))
			f->kinds &= ~(1ULL << i);
}

static int find_kind(const char *name, char *why)
{
	const char *words[CDM_NR_EV + 1] = { NULL };
	int i;

	for (i = 1; i < CDM_NR_EV; i++)
		words[i - 1] = cdm_kind_name(i);
	i = cdm_parse_word(name, "kind of event", words, why);
	return i < 0 ? i : i + 1;
}

static int find_sort(unsigned int kind, const char *name, char *why)
{
	const struct cdm_field *f = cdm_event_field(cdm_event_kind(kind), CDM_PLACE_SORT);
	const char *words[MAX_SORTS + 1] = { NULL };

	for (int i = 0; f && i < MAX_SORTS && strcmp(f->names(i), "?"); i++)
		words[i] = f->names(i);
	return cdm_parse_word(name, "sort of that kind", words, why);
}

int cdm_event_filter_parse(struct cdm_event_filter *f, const char *list, char *why)
{
	__u32 sorts[CDM_NR_EV] = { 0 };
	__u64 kinds = 0, whole = 0;
	char *copy = strdup(list), *save = NULL;
	int err = 0;

	if (!copy)
		return cdm_error_errno(why, -ENOMEM);
	for (char *word = strtok_r(copy, ",", &save); word && !err;
	     word = strtok_r(NULL, ",", &save)) {
		char *sort = strchr(word, ':');
		int kind, which = 0;

		if (sort)
			*sort++ = '\0';
		kind = find_kind(word, why);
		if (kind > 0 && sort)
			which = find_sort(kind, sort, why);
		if (kind < 0 || which < 0) {
			err = -EINVAL;
			continue;
		}
		kinds |= 1ULL << kind;
		if (sort)
			sorts[kind] |= 1U << which;
		else
			whole |= 1ULL << kind;
	}
	free(copy);
	if (!err && !kinds)
		err = find_kind(list, why);
	if (err)
		return err;
	f->kinds = kinds;
	for (int i = 0; i < CDM_NR_EV; i++)
		f->sorts[i] = whole & 1ULL << i ? 0 : sorts[i];
	return 0;
}

bool cdm_path_below(const char *path, const char *below)
{
	size_t len;

	below += strspn(below, "/");
	path += strspn(path, "/");
	len = strlen(below);
	while (len && below[len - 1] == '/')
		len--;
	return !len || (!strncmp(path, below, len) && (!path[len] || path[len] == '/'));
}

static bool who_matches(const struct cdm_event_filter *f, const struct cdm_ev *ev,
			const struct cdm_model *m)
{
	const struct cdm_filter *by = &f->by;
	const char *path;

	if (by->pid && ev->pid != by->pid && ev->actor_pid != by->pid)
		return false;
	if (by->tid && ev->actor_tid != by->tid)
		return false;
	if (by->comm[0] && strncmp(by->comm, ev->comm, CDM_COMM_LEN) &&
	    strncmp(by->comm, ev->actor_comm, CDM_COMM_LEN))
		return false;
	if (by->cgroup && ev->cgroup != by->cgroup)
		return false;
	if (!f->cgroup)
		return true;
	path = cdm_model_cgroup_path(m, ev->cgroup);
	return path && cdm_path_below(path, f->cgroup);
}

static bool is_on(const struct cdm_ev *ev, const char *device, const struct cdm_model *m)
{
	const struct cdm_ev_device *d = (const void *)ev;
	const char *name = cdm_model_device_name(m, ev->device);

	if (ev->rec.kind == CDM_EV_DEVICE)
		name = d->name;
	return name && !strcmp(name, device);
}

bool cdm_event_match(const struct cdm_event_filter *f, const struct cdm_ev *ev,
		     const struct cdm_model *m)
{
	const struct cdm_filter *by = &f->by;
	unsigned int kind = ev->rec.kind;
	__u64 dir, moved, sort;

	if (!(f->kinds & 1ULL << kind) || !who_matches(f, ev, m))
		return false;
	sort = f->sorts[kind] ? cdm_event_value(ev, CDM_PLACE_SORT) : CDM_UNKNOWN;
	if (sort < 32 && !(f->sorts[kind] & 1U << sort))
		return false;
	if (by->device[0] && !is_on(ev, by->device, m))
		return false;
	dir = by->dir >= 0 ? cdm_event_value(ev, CDM_PLACE_DIR) : CDM_UNKNOWN;
	if (dir != CDM_UNKNOWN && dir != (__u64)by->dir)
		return false;
	if (by->why >= 0 && kind == CDM_EV_MIGRATE &&
	    !((const struct cdm_ev_migrate *)ev)->failed[by->why])
		return false;
	moved = by->min_pages ? cdm_event_value(ev, CDM_PLACE_MOVED) : CDM_UNKNOWN;
	if (moved != CDM_UNKNOWN && moved + cdm_event_failed(ev) < by->min_pages)
		return false;
	return !by->min_ns || cdm_event_value(ev, CDM_PLACE_TIME) >= by->min_ns;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a record is what its kind says. Files may be damaged or hostile: what
 * passes here can be used without a further look at lengths, strings and enums.
 */
#include <string.h>

#include "record/record.h"

static bool ends(const char *s, size_t size)
{
	return memchr(s, '\0', size);
}

static bool event_valid(const struct cdm_ev *ev)
{
	return ends(ev->comm, sizeof(ev->comm)) && ends(ev->actor_comm, sizeof(ev->actor_comm));
}

static bool migrate_valid(const struct cdm_rec *rec)
{
	const struct cdm_ev_migrate *m = (const void *)rec;

	return m->dir < CDM_NR_DIR && m->cause < CDM_NR_CAUSE && m->vma < CDM_NR_VMA &&
	       m->memory <= CDM_MEM_PRIVATE;
}

static bool evict_valid(const struct cdm_rec *rec)
{
	return ((const struct cdm_ev_evict *)rec)->cause < CDM_NR_CAUSE;
}

static bool fault_valid(const struct cdm_rec *rec)
{
	const struct cdm_ev_fault *f = (const void *)rec;

	return f->fault < CDM_NR_FAULT && f->vma < CDM_NR_VMA;
}

static bool page_valid(const struct cdm_rec *rec)
{
	return ((const struct cdm_ev_page *)rec)->dir < CDM_NR_DIR;
}

static bool rss_valid(const struct cdm_rec *rec)
{
	return ((const struct cdm_ev_rss *)rec)->why < CDM_NR_RSS;
}

static bool charge_valid(const struct cdm_rec *rec)
{
	return ((const struct cdm_ev_charge *)rec)->charge < CDM_NR_CHARGE;
}

static bool device_event_valid(const struct cdm_rec *rec)
{
	const struct cdm_ev_device *d = (const void *)rec;

	return ends(d->name, sizeof(d->name)) && d->state < CDM_NR_STATE && d->old < CDM_NR_STATE;
}

static bool numa_event_valid(const struct cdm_rec *rec)
{
	const struct cdm_ev_numa *n = (const void *)rec;

	return n->reason < CDM_NR_REASON && n->mode < CDM_NR_MODE;
}

static bool proc_valid(const struct cdm_rec *rec)
{
	const struct cdm_snap_proc *p = (const void *)rec;

	return ends(p->comm, sizeof(p->comm)) && p->nr_devices <= CDM_MAX_DEVICES &&
	       (rec->len == CDM_SNAP_PROC_MIN || rec->len >= sizeof(*p));
}

/* Ends in a string, of what is left of the record behind the fixed part. */
static bool cgroup_valid(const struct cdm_rec *rec)
{
	const struct cdm_snap_cgroup *c = (const void *)rec;

	return c->path[0] == '/' && ends(c->path, rec->len - sizeof(*c));
}

static bool device_valid(const struct cdm_rec *rec)
{
	const struct cdm_snap_device *d = (const void *)rec;

	return ends(d->name, sizeof(d->name)) && d->index < CDM_MAX_DEVICES &&
	       d->state < CDM_NR_STATE;
}

static bool vma_valid(const struct cdm_rec *rec)
{
	const struct cdm_snap_vma *v = (const void *)rec;

	return ends(v->perms, sizeof(v->perms)) && v->vma < CDM_NR_VMA && v->start <= v->end &&
	       ends(v->name, rec->len - sizeof(*v));
}

static bool numa_valid(const struct cdm_rec *rec)
{
	const struct cdm_snap_numa *n = (const void *)rec;

	return n->key.reason < CDM_NR_REASON && n->vmstat < CDM_NR_VMSTAT &&
	       ends(n->numa.comm, sizeof(n->numa.comm)) &&
	       ends(n->numa.actor_comm, sizeof(n->numa.actor_comm));
}

static bool loss_valid(const struct cdm_rec *rec)
{
	return ((const struct cdm_rec_loss *)rec)->event < CDM_NR_EV;
}

static bool stack_valid(const struct cdm_rec *rec)
{
	const struct cdm_rec_stack *s = (const void *)rec;
	const char *p = s->frames, *end = (const char *)rec + rec->len;

	for (__u32 i = 0; i < s->nr; i++) {
		p = memchr(p, '\0', end - p);
		if (!p)
			return false;
		p++;
	}
	return s->id >= 0;
}

/* Of @left bytes at hand. */
static bool frame_valid(const struct cdm_user_frame *f, size_t left)
{
	const size_t head = offsetof(struct cdm_user_frame, names);
	const char *end;

	if (left < head || f->len < head || f->len > left || f->len > CDM_FRAME_MAX || f->len % 8 ||
	    f->build_id_len > sizeof(f->build_id))
		return false;
	end = memchr(f->names, '\0', f->len - head);
	return end && memchr(end + 1, '\0', (const char *)f + f->len - (end + 1));
}

static bool user_stack_valid(const struct cdm_rec *rec)
{
	const struct cdm_rec_user_stack *s = (const void *)rec;
	const struct cdm_user_frame *f = (const void *)s->frames;
	const char *end = (const char *)rec + rec->len;

	for (unsigned int i = 0; i < s->nr; i++, f = cdm_frame_next(f))
		if (!frame_valid(f, end - (const char *)f))
			return false;
	return s->id >= 0 && s->status < CDM_NR_USER;
}

static bool note_valid(const struct cdm_rec *rec)
{
	const struct cdm_rec_note *n = (const void *)rec;

	return ends(n->text, rec->len - sizeof(*n));
}

static bool device_id_valid(const struct cdm_rec *rec)
{
	const struct cdm_rec_device_id *d = (const void *)rec;

	return ends(d->id.name, sizeof(d->id.name));
}

static const struct {
	size_t min;		/* bytes that every version has; 0: no such kind */
	bool (*valid)(const struct cdm_rec *rec);
} kinds[] = {
	[CDM_EV_MIGRATE] = { CDM_EV_MIGRATE_MIN, migrate_valid },
	[CDM_EV_EVICT] = { sizeof(struct cdm_ev_evict), evict_valid },
	[CDM_EV_FAULT] = { sizeof(struct cdm_ev_fault), fault_valid },
	[CDM_EV_PAGE] = { sizeof(struct cdm_ev_page), page_valid },
	[CDM_EV_RSS] = { sizeof(struct cdm_ev_rss), rss_valid },
	[CDM_EV_CHARGE] = { sizeof(struct cdm_ev_charge), charge_valid },
	[CDM_EV_PINGPONG] = { CDM_EV_PINGPONG_MIN, NULL },
	[CDM_EV_DEVICE] = { sizeof(struct cdm_ev_device), device_event_valid },
	[CDM_EV_PAGEFAULT] = { sizeof(struct cdm_ev_pagefault), NULL },
	[CDM_EV_NUMA] = { sizeof(struct cdm_ev_numa), numa_event_valid },
	[CDM_SNAP_BEGIN] = { sizeof(struct cdm_snap_begin), NULL },
	[CDM_SNAP_PROC] = { CDM_SNAP_PROC_MIN, proc_valid },
	[CDM_SNAP_CGROUP] = { sizeof(struct cdm_snap_cgroup) + 1, cgroup_valid },
	[CDM_SNAP_DEVICE] = { sizeof(struct cdm_snap_device), device_valid },
	[CDM_SNAP_VMA] = { sizeof(struct cdm_snap_vma) + 1, vma_valid },
	[CDM_SNAP_END] = { sizeof(struct cdm_snap_end), NULL },
	[CDM_REC_LOSS] = { sizeof(struct cdm_rec_loss), loss_valid },
	[CDM_REC_STACK] = { sizeof(struct cdm_rec_stack), stack_valid },
	[CDM_REC_NOTE] = { sizeof(struct cdm_rec_note) + 1, note_valid },
	[CDM_REC_DEVICE_ID] = { sizeof(struct cdm_rec_device_id), device_id_valid },
	[CDM_SNAP_DELTA] = { sizeof(struct cdm_snap_delta), NULL },
	[CDM_SNAP_STAY] = { sizeof(struct cdm_rec), NULL },
	[CDM_SNAP_SCAN] = { sizeof(struct cdm_snap_scan), NULL },
	[CDM_REC_USER_STACK] = { sizeof(struct cdm_rec_user_stack), user_stack_valid },
	[CDM_SNAP_NUMA] = { sizeof(struct cdm_snap_numa), numa_valid },
	[CDM_SNAP_DMEM] = { sizeof(struct cdm_snap_dmem), NULL },
};

bool cdm_rec_valid(const struct cdm_rec *rec, size_t len)
{
	if (len < sizeof(*rec) || rec->len < sizeof(*rec) || rec->len > len ||
	    rec->len > CDM_REC_MAX || rec->len % 8)
		return false;
	/* A later version's: readers skip what they do not know. */
	if (rec->kind >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[rec->kind].min)
		return true;
	if (rec->len < kinds[rec->kind].min)
		return false;
	if (rec->kind < CDM_NR_EV && !event_valid((const void *)rec))
		return false;
	return !kinds[rec->kind].valid || kinds[rec->kind].valid(rec);
}

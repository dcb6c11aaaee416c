// SPDX-License-Identifier: GPL-2.0
/* The tables of kinds of events and their fields. */
#include <string.h>

#include "event/event.h"

#define MEMBER(s, m)	.offset = offsetof(struct s, m), .size = sizeof(((struct s *)0)->m)
#define F(t, n, s, m, p, h) \
	{ .name = n, .help = h, MEMBER(s, m), .type = CDM_FIELD_##t, .place = CDM_PLACE_##p }
#define ENUM(n, s, m, p, fn, h) \
	{ .name = n, .help = h, MEMBER(s, m), .type = CDM_FIELD_ENUM, .place = CDM_PLACE_##p, \
	  .names = fn }

const struct cdm_field cdm_event_head[] = {
	F(UINT, "ts_ns", cdm_ev, rec.ts, NONE,
	  "when it began, CLOCK_BOOTTIME; of pingpong: when it was found"),
	F(UINT, "cpu", cdm_ev, rec.cpu, NONE, "where it was noticed"),
	F(UINT, "pid", cdm_ev, pid, NONE, "process whose memory it is, 0: nobody's or several"),
	F(TEXT, "comm", cdm_ev, comm, NONE, "its name"),
	F(UINT, "actor_pid", cdm_ev, actor_pid, NONE, "process that ran"),
	F(UINT, "actor_tid", cdm_ev, actor_tid, NONE, "its thread"),
	F(TEXT, "actor_comm", cdm_ev, actor_comm, NONE, "name of that thread"),
	F(UINT, "cgroup_id", cdm_ev, cgroup, NONE, "memory cgroup of the owner"),
	F(CGROUP, "cgroup", cdm_ev, cgroup, NONE, "its path"),
	F(DEVICE, "device", cdm_ev, device, DEVICE, "name of the device"),
	F(ID, "device_id", cdm_ev, device, NONE, "identity of the device"),
	F(ID, "mm", cdm_ev, mm, NONE, "identity of the address space"),
	{ 0 }
};

const struct cdm_field cdm_event_stacks[CDM_NR_STACK_FIELDS + 1] = {
	F(STACK, "stack", cdm_ev, stack, NONE, "kernel functions, innermost first (--stacks)"),
	F(USER_STACK, "ustack", cdm_ev, stack, NONE,
	  "functions of the actor in user space, innermost first (--stacks)"),
	F(USER_WHY, "ustack_why", cdm_ev, stack, NONE,
	  "why those are not there, or are addresses alone"),
	{ 0 }
};

#define END	CALC("end_ns", cdm_event_end, NONE, "when it was over: ts_ns and the duration")
#define CALC(n, fn, p, h) \
	{ .name = n, .help = h, .type = CDM_FIELD_CALC, .calc = fn, .place = CDM_PLACE_##p }

static __u64 migrate_ns(const struct cdm_rec *rec)
{
	const struct cdm_ev_migrate *m = (const void *)rec;

	return m->collect_ns + m->copy_ns + m->restore_ns;
}

/* The kernel counts holes of anonymous memory, as they could be filled on the device. */
static __u64 migrate_found(const struct cdm_rec *rec)
{
	const struct cdm_ev_migrate *m = (const void *)rec;
	__u32 holes = m->vma == CDM_VMA_FILE || m->vma == CDM_VMA_SHMEM ? 0 :
		      m->failed[CDM_WHY_UNMAPPED];

	return m->collected > holes ? m->collected - holes : 0;
}

static const struct cdm_field migrate[] = {
	ENUM("dir", cdm_ev_migrate, dir, DIR, cdm_dir_name, "in: to the device, out: to RAM"),
	F(ADDRESS, "start", cdm_ev_migrate, start, ADDRESS, "address of the range"),
	F(UINT, "range_bytes", cdm_ev_migrate, bytes, LENGTH, "length of the range"),
	F(UINT, "requested_pages", cdm_ev_migrate, requested, PAGES, "pages in the range"),
	CALC("collected_pages", migrate_found, NONE, "found fit to move"),
	F(UINT, "migrated_pages", cdm_ev_migrate, migrated, MOVED, "moved"),
	F(UINT, "already_pages", cdm_ev_migrate, already, IF_ANY, "were there already"),
	CALC("total_ns", migrate_ns, TIME, "duration, the sum of the three phases"),
	END,
	F(UINT, "collect_ns", cdm_ev_migrate, collect_ns, NONE, "collecting and unmapping"),
	F(UINT, "copy_ns", cdm_ev_migrate, copy_ns, NONE, "allocating and copying"),
	F(UINT, "restore_ns", cdm_ev_migrate, restore_ns, NONE, "mapping again"),
	ENUM("cause", cdm_ev_migrate, cause, SORT, cdm_cause_name, "who wanted it"),
	ENUM("memory", cdm_ev_migrate, memory, NONE, cdm_memory_name, "kind of device memory"),
	ENUM("vma", cdm_ev_migrate, vma, WORD, cdm_vma_name, "what the range is"),
	F(FAILED, "failed_pages", cdm_ev_migrate, failed, FAILED,
	  "were to move and could not, by reason"),
	F(SKIPPED, "skipped_pages", cdm_ev_migrate, failed, DETAIL,
	  "nothing to move: unmapped, or foreign, on another device"),
	F(UINT, "untold_pages", cdm_ev_migrate, untold, IF_ANY,
	  "stayed, and the source cannot tell why, see --features"),
	{ 0 }
};

static const struct cdm_field evict[] = {
	F(UINT, "evicted_pages", cdm_ev_evict, evicted, MOVED, "sent to RAM"),
	F(UINT, "left_pages", cdm_ev_evict, left, DETAIL, "still on the device"),
	F(UINT, "total_ns", cdm_ev_evict, ns, TIME, "duration"),
	END,
	F(INT, "ret", cdm_ev_evict, ret, DETAIL, "0 or a negative errno"),
	ENUM("cause", cdm_ev_evict, cause, SORT, cdm_cause_name, "why"),
	{ 0 }
};

static const struct cdm_field fault[] = {
	ENUM("fault", cdm_ev_fault, fault, SORT, cdm_fault_name,
	     "cow: a write copied the page to RAM, reuse: it wrote in place, wait: for a migration"),
	F(ADDRESS, "addr", cdm_ev_fault, addr, ADDRESS, "address that was touched"),
	F(UINT, "pfn", cdm_ev_fault, pfn, NONE, "page frame number"),
	F(UINT, "wait_ns", cdm_ev_fault, wait_ns, TIME, "how long it waited"),
	END,
	ENUM("vma", cdm_ev_fault, vma, WORD, cdm_vma_name, "what the address is in"),
	{ 0 }
};

static const struct cdm_field page[] = {
	ENUM("dir", cdm_ev_page, dir, DIR, cdm_dir_name, "in: to the device, out: to RAM"),
	F(ADDRESS, "addr", cdm_ev_page, addr, ADDRESS, "address of the page"),
	F(UINT, "moved_pages", cdm_ev_page, moved, MOVED, "1: moved, 0: stayed"),
	F(UINT, "src_pfn", cdm_ev_page, src_pfn, DETAIL, "page frame number before"),
	F(UINT, "dst_pfn", cdm_ev_page, dst_pfn, DETAIL, "and after, 0: none"),
	{ 0 }
};

static const struct cdm_field rss[] = {
	ENUM("why", cdm_ev_rss, why, SORT, cdm_rss_name, "why the process has more or fewer"),
	F(INT, "change_pages", cdm_ev_rss, pages, DETAIL, "change of device pages mapped"),
	F(UINT, "pfn", cdm_ev_rss, pfn, DETAIL, "page frame number, of a huge page its first; 0: not known"),
	{ 0 }
};

static __u64 charge_pages(const struct cdm_rec *rec)
{
	return ((const struct cdm_ev_charge *)rec)->pages ?: 1;
}

static const struct cdm_field charge[] = {
	ENUM("charge", cdm_ev_charge, charge, SORT, cdm_charge_name, "what was done to the cgroup"),
	CALC("charge_pages", charge_pages, DETAIL, "pages, several if they are one folio"),
	{ 0 }
};

static const struct cdm_field pingpong[] = {
	F(ADDRESS, "addr", cdm_ev_pingpong, addr, ADDRESS, "address of the first page"),
	F(UINT, "range_bytes", cdm_ev_pingpong, bytes, LENGTH, "length of the range"),
	F(UINT, "range_pages", cdm_ev_pingpong, pages, PAGES, "pages in a row that did"),
	F(UINT, "span_ns", cdm_ev_pingpong, span_ns, TIME, "from the first flip to the last"),
	F(UINT, "flips", cdm_ev_pingpong, flips, DETAIL, "changes of direction, of each page"),
	{ 0 }
};

static const struct cdm_field device[] = {
	F(TEXT, "name", cdm_ev_device, name, DEVICE, "of the device"),
	F(ADDRESS, "start", cdm_ev_device, start, ADDRESS,
	  "physical address, 0: only the state changed"),
	F(UINT, "size_bytes", cdm_ev_device, bytes, LENGTH, "of its memory"),
	ENUM("old_state", cdm_ev_device, old, DETAIL, cdm_state_name, "before"),
	ENUM("state", cdm_ev_device, state, SORT, cdm_state_name, "now"),
	F(INT, "node", cdm_ev_device, node, DETAIL, "NUMA node"),
	{ 0 }
};

static const struct cdm_field pagefault[] = {
	F(ADDRESS, "addr", cdm_ev_pagefault, addr, ADDRESS, "address that was touched"),
	F(ADDRESS, "ip", cdm_ev_pagefault, ip, DETAIL, "by the instruction at"),
	F(UINT, "error_code", cdm_ev_pagefault, error_code, DETAIL, "of the architecture"),
	{ 0 }
};

static const struct cdm_field numa[] = {
	ENUM("reason", cdm_ev_numa, reason, SORT, cdm_reason_name, "why"),
	F(NODE, "src_node", cdm_ev_numa, src_node, DETAIL, "NUMA node that they came from"),
	F(NODE, "dst_node", cdm_ev_numa, dst_node, DETAIL, "and went to"),
	F(UINT, "migrated_pages", cdm_ev_numa, migrated, MOVED, "moved"),
	F(UINT, "not_migrated_pages", cdm_ev_numa, failed, IF_ANY, "were to move and could not"),
	F(UINT, "total_ns", cdm_ev_numa, ns, TIME, "duration of the whole call"),
	END,
	F(UINT, "thp_migrated", cdm_ev_numa, thp_migrated, IF_ANY, "huge pages moved, in one piece"),
	F(UINT, "thp_failed", cdm_ev_numa, thp_failed, IF_ANY, "huge pages that could not"),
	F(UINT, "thp_split", cdm_ev_numa, thp_split, IF_ANY, "huge pages split to move"),
	ENUM("mode", cdm_ev_numa, mode, DETAIL, cdm_mode_name, "how hard the kernel tried"),
	{ 0 }
};

static const struct cdm_field loss[] = {
	ENUM("event", cdm_rec_loss, event, SORT, cdm_kind_name, "kind of event"),
	F(UINT, "seen", cdm_rec_loss, total.seen, DETAIL, "events since the start"),
	F(UINT, "filtered", cdm_rec_loss, total.filtered, NONE, "not asked for"),
	F(UINT, "emitted", cdm_rec_loss, total.emitted, NONE, "handed over"),
	F(UINT, "lost_ring", cdm_rec_loss, total.lost_ring, DETAIL, "lost, the ring was full"),
	F(UINT, "lost_map", cdm_rec_loss, total.lost_map, DETAIL, "lost, a map was full"),
	{ 0 }
};

static const struct cdm_field note[] = {
	{ .name = "text", .help = "what one should know", .place = CDM_PLACE_SORT,
	  .offset = offsetof(struct cdm_rec_note, text), .type = CDM_FIELD_TEXT },
	{ 0 }
};

/* Events in the order of their numbers, so that they are found at once. */
const struct cdm_event_kind cdm_event_kinds[] = {
	{ CDM_EV_MIGRATE, true, "one migration call: pages to a device or to RAM", migrate },
	{ CDM_EV_EVICT, true, "a device was emptied, wholly or in part", evict },
	{ CDM_EV_FAULT, true, "the CPU met device memory; usual: cow and wait", fault },
	{ CDM_EV_PAGE, false, "a page that moved or stayed; many", page },
	{ CDM_EV_RSS, false, "a process has more or fewer device pages; many", rss },
	{ CDM_EV_CHARGE, false, "a device page was charged to a cgroup, or not any more; many",
	  charge },
	{ CDM_EV_PINGPONG, true, "pages went to and fro within a short time", pingpong },
	{ CDM_EV_DEVICE, true, "a device came, went, or changed its state", device },
	{ CDM_EV_PAGEFAULT, false, "any page fault of user space; very many", pagefault },
	{ CDM_EV_NUMA, false, "ordinary pages migrated, between NUMA nodes or within one; many",
	  numa },
	{ CDM_REC_LOSS, false, "events were lost; always shown", loss },
	{ CDM_REC_NOTE, false, "something is not as asked for; always shown", note },
	{ 0 }
};

const struct cdm_event_kind *cdm_event_kind(unsigned int kind)
{
	const struct cdm_event_kind *k = &cdm_event_kinds[CDM_NR_EV - 1];

	if (kind && kind < CDM_NR_EV)
		return &cdm_event_kinds[kind - 1];
	while (k->kind && k->kind != kind)
		k++;
	return k->kind ? k : NULL;
}

const struct cdm_field *cdm_event_field(const struct cdm_event_kind *kind,
					enum cdm_field_place place)
{
	for (const struct cdm_field *f = kind->fields; f->name; f++)
		if (f->place == place)
			return f;
	return NULL;
}

__u64 cdm_event_end(const struct cdm_rec *rec)
{
	switch (rec->kind) {
	case CDM_EV_MIGRATE:
		return rec->ts + migrate_ns(rec);
	case CDM_EV_EVICT:
		return rec->ts + ((const struct cdm_ev_evict *)rec)->ns;
	case CDM_EV_FAULT:
		return rec->ts + ((const struct cdm_ev_fault *)rec)->wait_ns;
	case CDM_EV_NUMA:
		return rec->ts + ((const struct cdm_ev_numa *)rec)->ns;
	default:
		return rec->ts;
	}
}

bool cdm_field_has_why(const struct cdm_field *f, unsigned int why)
{
	return cdm_why_is_failure(why) == (f->type == CDM_FIELD_FAILED);
}

__u64 cdm_field_value(const struct cdm_field *f, const struct cdm_rec *rec)
{
	const char *p = (const char *)rec + f->offset;
	__s32 s32;

	switch (f->type) {
	case CDM_FIELD_INT:
	case CDM_FIELD_NODE:
		memcpy(&s32, p, sizeof(s32));
		return (__s64)s32;
	case CDM_FIELD_CALC:
		return f->calc(rec);
	case CDM_FIELD_TEXT:
	case CDM_FIELD_FAILED:
	case CDM_FIELD_SKIPPED:
		return 0;
	default:
		break;
	}
	switch (f->size) {
	case 1:
		return *(const __u8 *)p;
	case 2:
		return *(const __u16 *)p;
	case 4:
		return *(const __u32 *)p;
	default:
		return *(const __u64 *)p;
	}
}

__u64 cdm_event_value(const struct cdm_ev *ev, enum cdm_field_place place)
{
	const struct cdm_event_kind *kind = cdm_event_kind(ev->rec.kind);
	const struct cdm_field *f = kind ? cdm_event_field(kind, place) : NULL;

	return f ? cdm_field_value(f, &ev->rec) : CDM_UNKNOWN;
}

static __u64 stayed(const struct cdm_ev *ev, bool failed)
{
	const struct cdm_ev_migrate *m = (const void *)ev;
	__u64 sum = 0;

	if (ev->rec.kind != CDM_EV_MIGRATE)
		return 0;
	for (int i = 0; i < CDM_NR_WHY; i++)
		sum += cdm_why_is_failure(i) == failed ? m->failed[i] : 0;
	return sum;
}

__u64 cdm_event_failed(const struct cdm_ev *ev)
{
	if (ev->rec.kind == CDM_EV_NUMA)
		return ((const struct cdm_ev_numa *)ev)->failed;
	return stayed(ev, true);
}

__u64 cdm_event_skipped(const struct cdm_ev *ev)
{
	return stayed(ev, false);
}

__u64 cdm_event_pages(const struct cdm_ev *ev)
{
	__u64 moved = cdm_event_value(ev, CDM_PLACE_MOVED);

	return moved == CDM_UNKNOWN ? 0 : moved;
}

__u64 cdm_event_ns(const struct cdm_ev *ev)
{
	__u64 ns = cdm_event_value(ev, CDM_PLACE_TIME);

	return ns == CDM_UNKNOWN ? 0 : ns;
}

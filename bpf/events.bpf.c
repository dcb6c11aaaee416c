// SPDX-License-Identifier: GPL-2.0
/*
 * Migrations, evictions, faults and charges: aggregated for cdmtop, as events
 * for cdmtrace, from the same hooks. The collector loads only programs whose
 * figures or events are asked for.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "cdm_abi.h"
#include "flavours.h"
#include <bpf/bpf_tracing.h>
#include "owner.bpf.h"
#include "holders.bpf.h"
#include "events.bpf.h"
#include "folio.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* enum migrate_vma_direction */
#define SELECT_SYSTEM	(1 << 0)
#define SELECT_PRIVATE	(1 << 1)
#define SELECT_COHERENT	(1 << 2)
#define SELECT_HOST	(1 << 4)

static __always_inline u64 learn(struct device_host *dh, u64 flags)
{
	struct cdm_device_id id = {};
	u64 key = BPF_CORE_READ(dh, pgmap.range.start);

	if (flags == BPF_NOEXIST && bpf_map_lookup_elem(&devices, &key))
		return key;
	bpf_probe_read_kernel_str(id.name, sizeof(id.name), BPF_CORE_READ(dh, name));
	id.start = key;
	id.bytes = BPF_CORE_READ(dh, pgmap.range.end) + 1 - id.start;
	bpf_map_update_elem(&devices, &key, &id, flags);
	return key;
}

/*
 * Whether the owner of a pgmap is a DEVICE_HOST region: those own themselves.
 * Of other device memory, and of RAM, it is anything or nothing.
 */
static __always_inline bool is_host(u64 owner)
{
	struct device_host *dh = (void *)owner;

	return bpf_core_type_exists(struct device_host) && dh &&
	       (u64)BPF_CORE_READ(dh, pgmap.owner) == owner;
}

static __always_inline struct dev_pagemap *pagemap_of(struct folio *folio)
{
	if (bpf_core_field_exists(struct folio___pgmap, pgmap))
		return BPF_CORE_READ((struct folio___pgmap *)folio, pgmap);
	return BPF_CORE_READ(folio, page.pgmap);
}

/* Of a page that is on one; of pages in RAM it is 0. */
static __always_inline u64 folio_device(struct folio *folio)
{
	u64 owner = (u64)BPF_CORE_READ(pagemap_of(folio), owner);

	return is_host(owner) ? learn((void *)owner, BPF_NOEXIST) : 0;
}

struct search {
	u64 addr;		/* physical */
	u64 device;
};

static long compare_range(void *map, u64 *device, struct cdm_device_id *id, struct search *s)
{
	if (s->addr - id->start >= id->bytes)
		return 0;
	s->device = *device;
	return 1;
}

static __always_inline u64 pfn_device(u64 pfn)
{
	struct search s = { .addr = pfn << page_shift };

	bpf_for_each_map_elem(&devices, compare_range, &s, 0);
	return s.device;
}

static __always_inline bool device_passes(u64 device)
{
	struct cdm_device_id *id;

	if (!filter_device[0])
		return true;
	id = bpf_map_lookup_elem(&devices, &device);
	return id && same(filter_device, id->name);
}

static __always_inline struct call *call_of_thread(void)
{
	return bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL, 0);
}

int fly(u32 pid, s64 pages);

static __always_inline void call_ends(struct call *call)
{
	if (with_resident && call->flying)
		fly(call->pid, -(s64)call->flying);
	__builtin_memset(call, 0, offsetof(struct call, event));
}

/* NULL: there is no memory for it. */
static __always_inline struct call *call_begins(u32 kind)
{
	struct call *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL,
						 BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!call) {
		no_room(kind);
		return NULL;
	}
	/* The kernel remembers few returns at a time: that of the call before was not told. */
	if (call->inside)
		no_room(CDM_EV_MIGRATE);
	call_ends(call);
	call->start = bpf_ktime_get_boot_ns();
	return call;
}

/* Runs @work, which has @s, for each scope that an event belongs to. */
#define for_each_scope(ev, s, work) do {					\
	struct cdm_stats *s;							\
										\
	s = stats_of(CDM_SCOPE_ALL, 0);						\
	if (s) { work; }							\
	if ((ev)->pid && (s = stats_of(CDM_SCOPE_PROC, (ev)->pid))) { work; }	\
	if ((ev)->cgroup && (s = stats_of(CDM_SCOPE_CGROUP, (ev)->cgroup))) { work; } \
	if ((ev)->device && (s = stats_of(CDM_SCOPE_DEVICE, (ev)->device))) { work; } \
} while (0)

/*
 * Not static: the verifier goes through such a function once, and not for all that its
 * callers may have done before.
 */
__noinline int count_migrate(struct cdm_stats *s, const struct cdm_ev_migrate *e, u64 ns)
{
	u32 dir;

	if (!s || !e)
		return 0;
	dir = e->dir == CDM_DIR_OUT;
	add(&s->pages[dir], e->migrated);
	add(&s->calls[dir], 1);
	add(&s->ns[dir], ns);
	add(&s->hist[dir][log2_bucket(ns)], 1);
	for (int i = 0; i < CDM_NR_WHY; i++)
		if (e->failed[i])
			add(&s->failed[dir][i], e->failed[i]);
	return 0;
}

static __always_inline u32 migrate_dir(struct migrate_vma *args)
{
	return args->flags & SELECT_SYSTEM ? CDM_DIR_IN : CDM_DIR_OUT;
}

/* Filters on what happened. */
static __always_inline bool migrate_passes(const struct cdm_ev_migrate *e, u64 ns)
{
	u64 pages = e->migrated;

	if (filter_dir >= 0 && e->dir != filter_dir)
		return false;
	if (filter_why >= 0 && filter_why < CDM_NR_WHY && !e->failed[filter_why])
		return false;
	for (int i = 0; i < CDM_NR_WHY; i++)
		if (cdm_why_is_failure(i))
			pages += e->failed[i];
	return pages >= filter_min_pages && ns >= filter_min_ns;
}

static __always_inline u32 memory_kind(u64 flags, bool host)
{
	if (host || flags & SELECT_HOST)
		return CDM_MEM_HOST;
	if (flags & SELECT_COHERENT)
		return CDM_MEM_COHERENT;
	return flags & SELECT_PRIVATE ? CDM_MEM_PRIVATE : CDM_MEM_UNKNOWN;
}

#include "survey.bpf.h"
#include "residency.bpf.h"

/* The migration of @call is through. */
static __always_inline int migrated(void *ctx, struct mm_struct *mm, struct migrate_vma *args,
				    struct call *call)
{
	struct cdm_loss *count = see(CDM_EV_MIGRATE);
	u64 now = bpf_ktime_get_boot_ns(), ns = now - call->start;
	u64 device = call->device;
	struct task_struct *owner = mm_owner(mm);
	struct cdm_ev_migrate *e = &call->event;

	if (!count)
		return 0;
	__builtin_memset(e, 0, sizeof(*e));
	e->dir = migrate_dir(args);
	/* Its pages tell the device. */
	if (by_functions) {
		survey(e, args, call);
		device = call->device;
	}
	if (with_holders && by_functions && e->migrated && owner)
		hold(owner->tgid);
	if (!e->migrated)
		call->left = NULL;
	else if (with_resident)
		land(call->pid, call->several ? 0 : device, e->migrated, e->dir);
	if (!passes(owner) || !device_passes(device))
		return filtered(CDM_EV_MIGRATE, count);
	if (!by_functions && bpf_core_field_exists(args->failed)) {
		e->migrated = args->migrated;
		e->already = args->already;
		bpf_core_read(e->failed, sizeof(e->failed), &args->failed);
	}
	if (!migrate_passes(e, ns))
		return filtered(CDM_EV_MIGRATE, count);

	head(&e->ev, CDM_EV_MIGRATE, sizeof(*e), call->start, owner, mm);
	e->ev.device = device;
	e->start = args->start;
	e->bytes = args->end - e->start;
	e->requested = args->npages;
	e->collected = args->cpages;
	e->collect_ns = (call->setup ?: now) - call->start;
	e->copy_ns = call->pages ? call->pages - call->setup : 0;
	e->restore_ns = call->pages ? now - call->pages : 0;
	e->memory = call->memory ?: memory_kind(args->flags, call->host);
	e->cause = call->cause;
	e->vma = vma_kind(args->vma);
	if (with_stats)
		for_each_scope(&e->ev, s, count_migrate(s, e, ns));
	finish(ctx, count, &e->ev, sizeof(*e));
	return 0;
}

/* Whose pages may change places from now on, and how many. */
static __always_inline void takes_off(struct call *call, struct migrate_vma *args)
{
	struct task_struct *owner = mm_owner(args->vma->vm_mm);

	if (!owner)
		return;
	call->pid = task_pid(owner);
	call->flying = (args->end - args->start) >> page_shift;
	fly(call->pid, call->flying);
}

static __always_inline int migration_begins(struct migrate_vma *args)
{
	struct call *call = call_begins(CDM_EV_MIGRATE);

	if (!call)
		return 0;
	call->args = (u64)args;
	call->host = is_host((u64)args->pgmap_owner);
	if (call->host)
		call->device = learn(args->pgmap_owner, BPF_NOEXIST);
	else
		call->device = by_functions ? known_device(args->pgmap_owner) :
					      opaque(args->pgmap_owner);
	call->left = bpf_core_field_exists(args->fault_page) ? args->fault_page : NULL;
	if (call->left)
		call->cause = CDM_CAUSE_FAULT;
	if (with_resident)
		takes_off(call, args);
	call->migrating = true;
	return 0;
}

SEC("tp_btf/migrate_vma_start")
int BPF_PROG(migrate_start, struct mm_struct *mm, struct migrate_vma *args)
{
	return migration_begins(args);
}

SEC("tp_btf/migrate_vma_setup")
int BPF_PROG(migrate_setup, struct mm_struct *mm, struct migrate_vma *args)
{
	struct call *call = call_of_thread();

	if (!call || call->args != (u64)args)
		return 0;
	call->setup = bpf_ktime_get_boot_ns();
	/* Some drivers stop here when there is nothing to move. */
	if (!args->cpages) {
		migrated(ctx, mm, args, call);
		call_ends(call);
	}
	return 0;
}

/* The pages of a migration, for events of them and for ping-pong. */
struct walk {
	unsigned long *src, *dst;	/* of migrate_vma */
	union {			/* first the one, then the other: the stack is small */
		struct cdm_ev_page e;
		struct cdm_ev_pingpong p;
	};
	u32 dir;
	bool pass;		/* the filters */
	u64 mm;
	u64 page, end;		/* numbers: the first one, and that after the last */
	/* Of a block: its first page, and those that went to and fro. */
	u64 block;
	u64 hits;		/* bit n: page block + n */
	u64 hit_first;		/* ns, the first flip of any */
	/* Neighbours of them; none: the ends are the same. */
	u64 run, run_end;
	u64 run_first;
};

/* Not static, as above. */
__noinline int end_run(struct walk *w)
{
	struct cdm_ev_pingpong *p;
	struct cdm_loss *count;

	if (!w)
		return 0;
	p = &w->p;
	p->pages = w->run_end - w->run;
	if (!p->pages)
		return 0;
	p->ev.rec.kind = CDM_EV_PINGPONG;
	p->ev.rec.len = sizeof(*p);
	p->addr = w->run << page_shift;
	p->bytes = (u64)p->pages << page_shift;
	p->span_ns = p->ev.rec.ts - w->run_first;
	p->flips = pingpong_flips;
	if (with_stats)
		for_each_scope(&p->ev, s, add(&s->pingpong, p->pages));
	count = see(CDM_EV_PINGPONG);
	if (count && wanted(CDM_EV_PINGPONG))
		emit(NULL, count, p, sizeof(*p));
	return 0;
}

static __always_inline void add_to_run(struct walk *w, u64 page, u64 nr)
{
	if (pingpong_each || w->run_end != page) {
		end_run(w);
		w->run = page;
		w->run_first = w->hit_first;
	}
	w->run_end = page + nr;
	if (w->hit_first < w->run_first)
		w->run_first = w->hit_first;
}

static long visit_hit(u64 i, struct walk *w)
{
	if (w->hits & 1ULL << i % BLOCK_PAGES)
		add_to_run(w, w->block + i, 1);
	return 0;
}

/* Return: whether it went to and fro often enough. */
static __always_inline bool flip(struct page_past *past, u32 dir, u64 now)
{
	u64 last = past->last;

	past->last = now;
	if (past->dir == dir || now - last > pingpong_window_ns) {
		past->dir = dir;
		past->flips = 0;
		return false;
	}
	past->dir = dir;
	if (!past->flips)
		past->first = last;
	if (++past->flips < pingpong_flips)
		return false;
	past->flips = 0;
	return true;
}

static const struct block no_block;

/*
 * Some may be gone that were within the window still: half of them may have been new, the
 * others were not touched. Not exact if several CPUs come here, by a few.
 */
static __always_inline void count_block(u64 now)
{
	if (++blocks_made % (MAX_BLOCKS / 2))
		return;
	if (blocks_full && now - blocks_full < pingpong_window_ns)
		no_room(CDM_EV_PINGPONG);
	blocks_full = now;
}

static __always_inline struct block *block_of(u64 mm, u64 page, u64 now)
{
	struct block_key key = { .mm = mm, .page = page };
	struct block *block = bpf_map_lookup_elem(&blocks, &key);

	if (block)
		return block;
	count_block(now);
	bpf_map_update_elem(&blocks, &key, &no_block, BPF_NOEXIST);
	return bpf_map_lookup_elem(&blocks, &key);
}

/* Not static, as above. */
__noinline u64 moved_pages(struct moves *m)
{
	u64 moved = 0;

	if (!m)
		return 0;
	if (m->huge)
		return m->huge & MIGRATE_PFN_MIGRATE ? ~0ULL : 0;
	for (u32 i = 0; i < BLOCK_PAGES && i < m->nr; i++)
		moved |= (m->src[i] & MIGRATE_PFN_MIGRATE) / MIGRATE_PFN_MIGRATE << i;
	return moved << m->at % BLOCK_PAGES;
}

/* Not static, as above. */
__noinline int flip_each(struct block *block, struct moves *m, u64 moved, u32 dir, u64 now)
{
	if (!block || !m)
		return 0;
	for (u32 i = 0; i < BLOCK_PAGES; i++) {
		struct page_past *past = &block->pages[i];

		if (block->together >> i & 1)
			*past = block->all;
		if (!(moved >> i & 1) || !flip(past, dir, now))
			continue;
		m->hits |= 1ULL << i;
		if (past->first < m->first)
			m->first = past->first;
	}
	block->together = 0;
	return 0;
}

/* Mostly all that moved before move again, so that one of them stands for all. */
static __always_inline void flip_block(struct block *block, struct moves *m, u64 moved, u32 dir,
				       u64 now)
{
	m->hits = 0;
	m->first = now;
	if (!block->used)
		block->together = moved;
	block->used = true;
	if (block->together != moved) {
		flip_each(block, m, moved, dir, now);
	} else if (flip(&block->all, dir, now)) {
		m->hits = moved;
		m->first = block->all.first;
	}
}

/* The entry that stands for all pages of the huge page around @page, or 0. */
static __always_inline unsigned long huge_entry(struct walk *w, u64 page)
{
	u64 first = page - page % HUGE_PAGES;
	unsigned long src = 0;

	if (first >= w->page)
		bpf_probe_read_kernel(&src, sizeof(src), w->src + (first - w->page));
	return src & MIGRATE_PFN_COMPOUND ? src : 0;
}

static long visit_block(u64 n, struct walk *w)
{
	u64 first = w->page - w->page % BLOCK_PAGES + n * BLOCK_PAGES;
	u64 from = n ? first : w->page, end = first + BLOCK_PAGES, now = w->p.ev.rec.ts, nr, moved;
	u32 zero = 0;
	struct moves *m = bpf_map_lookup_elem(&moves, &zero);
	struct block *block;

	if (end > w->end)
		end = w->end;
	nr = end - from;
	if (!m || nr > BLOCK_PAGES)
		return 1;
	if (bpf_probe_read_kernel(m->src, nr * sizeof(*w->src), w->src + (from - w->page)))
		return 1;
	m->nr = nr;
	m->at = from - first;
	m->huge = huge_entry(w, from);
	moved = moved_pages(m);
	if (!moved)
		return 0;
	block = block_of(w->mm, first, now);
	if (!block)
		return 1;
	flip_block(block, m, moved, w->dir, now);
	if (!m->hits)
		return 0;
	w->block = first;
	w->hits = m->hits;
	w->hit_first = m->first;
	if (!pingpong_each && w->hits == ~0ULL >> (BLOCK_PAGES - nr) << m->at % BLOCK_PAGES)
		add_to_run(w, from, nr);
	else
		bpf_loop(BLOCK_PAGES, visit_hit, w, 0);
	return 0;
}

static __always_inline void pingpong(struct walk *w)
{
	u64 blocks = (w->end - 1) / BLOCK_PAGES - w->page / BLOCK_PAGES + 1;

	bpf_loop(blocks, visit_block, w, 0);
	end_run(w);
}

static __always_inline bool watches_pingpong(void)
{
	return with_pingpong && !pingpong_off;
}

static __always_inline bool page_of_huge(struct walk *w, u64 i, unsigned long *src,
					 unsigned long *dst)
{
	u64 nth = (w->page + i) % HUGE_PAGES;

	*src = huge_entry(w, w->page + i);
	if (!*src)
		return false;
	bpf_probe_read_kernel(dst, sizeof(*dst), w->dst + (i - nth));
	*src += nth << MIGRATE_PFN_SHIFT;
	if (*dst)
		*dst += nth << MIGRATE_PFN_SHIFT;
	return true;
}

static long visit_page(u64 i, struct walk *w)
{
	unsigned long src = 0, dst = 0;
	struct cdm_loss *count;

	bpf_probe_read_kernel(&src, sizeof(src), w->src + i);
	bpf_probe_read_kernel(&dst, sizeof(dst), w->dst + i);
	if (!(src | dst) && !page_of_huge(w, i, &src, &dst))
		return 0;
	w->e.addr = (w->page + i) << page_shift;
	w->e.moved = !!(src & MIGRATE_PFN_MIGRATE);
	w->e.src_pfn = src >> MIGRATE_PFN_SHIFT;
	w->e.dst_pfn = dst >> MIGRATE_PFN_SHIFT;
	count = see(CDM_EV_PAGE);
	if (!count)
		return 0;
	if (w->pass)
		emit(NULL, count, &w->e, sizeof(w->e));
	else
		filtered(CDM_EV_PAGE, count);
	return 0;
}

static __always_inline void visit_pages(struct mm_struct *mm, struct migrate_vma *args,
					const struct call *call)
{
	struct walk w = { .mm = (u64)mm, .src = args->src, .dst = args->dst };
	struct task_struct *owner = mm_owner(mm);

	w.page = args->start >> page_shift;
	w.end = w.page + args->npages;
	w.e.ev.device = call->device;
	w.dir = migrate_dir(args);
	w.e.dir = w.dir;
	w.pass = passes(owner) && device_passes(call->device) &&
		 (filter_dir < 0 || w.dir == filter_dir);
	if (w.pass)
		head(&w.e.ev, CDM_EV_PAGE, sizeof(w.e), call->pages, owner, mm);
	if (wanted(CDM_EV_PAGE))
		bpf_loop(w.end - w.page, visit_page, &w, 0);
	if (watches_pingpong() && w.pass)
		pingpong(&w);
}

static __always_inline int pages_changed_places(struct mm_struct *mm, struct migrate_vma *args)
{
	struct call *call = call_of_thread();

	if (!call || call->args != (u64)args)
		return 0;
	call->pages = bpf_ktime_get_boot_ns();
	if (watches_pingpong() || wanted(CDM_EV_PAGE))
		visit_pages(mm, args, call);
	return 0;
}

SEC("tp_btf/migrate_vma_pages")
int BPF_PROG(migrate_pages, struct mm_struct *mm, struct migrate_vma *args)
{
	return pages_changed_places(mm, args);
}

static __always_inline int migration_ends(void *ctx, struct mm_struct *mm,
					  struct migrate_vma *args)
{
	struct call *call = call_of_thread();

	if (!call || call->args != (u64)args)
		return 0;
	migrated(ctx, mm, args, call);
	call_ends(call);
	return 0;
}

SEC("tp_btf/migrate_vma_finalize")
int BPF_PROG(migrate_finalize, struct mm_struct *mm, struct migrate_vma *args)
{
	return migration_ends(ctx, mm, args);
}

/* --- the same by functions, where there are no such tracepoints --- */

static __always_inline int setup_is_over(void *ctx, struct migrate_vma *args, int err)
{
	struct call *call = call_of_thread();

	if (!call || call->args != (u64)args)
		return 0;
	if (err) {
		call_ends(call);
		return 0;
	}
	call->setup = bpf_ktime_get_boot_ns();
	call->unmapped = args->cpages;
	if (call->found < call->unmapped)
		call->found = call->unmapped;
	call->holes = count_holes(args);
	/* Looked up once more: what is kept is on the stack, which has no room for it before 6.8. */
	return args->cpages ? 0 : migration_ends(ctx, args->vma->vm_mm, args);
}

/* All that the kernel could collect is in there, and not yet what it could not unmap. */
static __always_inline int unmapping_begins(void)
{
	struct call *call = call_of_thread();
	struct migrate_vma *args;

	if (!call || !call->migrating || call->setup)
		return 0;
	args = (void *)call->args;
	call->found = BPF_CORE_READ(args, cpages);
	return 0;
}

SEC("fentry/migrate_vma_setup")
int BPF_PROG(setup_begins, struct migrate_vma *args)
{
	return migration_begins(args);
}

SEC("fentry/migrate_device_unmap")
int BPF_PROG(unmap_begins)
{
	return unmapping_begins();
}

SEC("fexit/migrate_vma_setup")
int BPF_PROG(setup_ends, struct migrate_vma *args, int err)
{
	return setup_is_over(ctx, args, err);
}

SEC("fexit/migrate_vma_pages")
int BPF_PROG(pages_ends, struct migrate_vma *args)
{
	return pages_changed_places(args->vma->vm_mm, args);
}

SEC("fexit/migrate_vma_finalize")
int BPF_PROG(finalize_ends, struct migrate_vma *args)
{
	return migration_ends(ctx, args->vma->vm_mm, args);
}

/* --- and by kprobes, where functions take no trampoline --- */

extern void *bpf_rdonly_cast(const void *pointer, u32 type) __ksym __weak;

/* Registers have no types: with this one what it points to is read with loads, as above. */
static __always_inline struct migrate_vma *typed(u64 args)
{
	return bpf_rdonly_cast((void *)args, bpf_core_type_id_kernel(struct migrate_vma));
}

/* Arguments are gone when a function returns: what the thread is in is remembered for that. */
static __always_inline int enter(u64 args)
{
	struct call *call = call_of_thread();

	if (call && call->args == args)
		call->inside = true;
	return 0;
}

/* NULL: it has not entered one of these with a migration that is known. */
static __always_inline struct migrate_vma *leave(void)
{
	struct call *call = call_of_thread();

	if (!call || !call->inside)
		return NULL;
	call->inside = false;
	return typed(call->args);
}

SEC("kprobe/migrate_vma_setup")
int BPF_KPROBE(setup_called, u64 args)
{
	migration_begins(typed(args));
	return enter(args);
}

SEC("kprobe/migrate_device_unmap")
int BPF_KPROBE(unmap_called)
{
	return unmapping_begins();
}

SEC("kretprobe/migrate_vma_setup")
int BPF_KRETPROBE(setup_returned, int err)
{
	struct migrate_vma *args = leave();

	return args ? setup_is_over(ctx, args, err) : 0;
}

SEC("kprobe/migrate_vma_pages")
int BPF_KPROBE(pages_called, u64 args)
{
	return enter(args);
}

SEC("kretprobe/migrate_vma_pages")
int BPF_KRETPROBE(pages_returned)
{
	struct migrate_vma *args = leave();

	return args ? pages_changed_places(args->vma->vm_mm, args) : 0;
}

SEC("kprobe/migrate_vma_finalize")
int BPF_KPROBE(finalize_called, u64 args)
{
	return enter(args);
}

SEC("kretprobe/migrate_vma_finalize")
int BPF_KRETPROBE(finalize_returned)
{
	struct migrate_vma *args = leave();

	return args ? migration_ends(ctx, args->vma->vm_mm, args) : 0;
}

static __always_inline void count_evict(struct cdm_stats *s, u64 pages)
{
	add(&s->pages[CDM_DIR_OUT], pages);
	add(&s->evicted, pages);
}

/* An eviction that began at @start is over. */
static __always_inline int tell_evicted(void *ctx, struct cdm_ev_evict *e, u64 device, u64 start)
{
	struct cdm_loss *count = see(CDM_EV_EVICT);

	if (!count)
		return 0;
	e->ns = bpf_ktime_get_boot_ns() - start;
	if (!passes(NULL) || !device_passes(device) || filter_dir == CDM_DIR_IN ||
	    filter_why >= 0 || e->evicted < filter_min_pages || e->ns < filter_min_ns)
		return filtered(CDM_EV_EVICT, count);

	head(&e->ev, CDM_EV_EVICT, sizeof(*e), start, NULL, NULL);
	e->ev.device = device;
	if (with_stats)
		for_each_scope(&e->ev, s, count_evict(s, e->evicted));
	finish(ctx, count, &e->ev, sizeof(*e));
	return 0;
}

#include "evict.bpf.h"

SEC("tp_btf/cdm_evict_start")
int BPF_PROG(evict_start, struct device_host *dh, u32 reason)
{
	struct call *call = call_begins(CDM_EV_EVICT);

	if (!call)
		return 0;
	call->evicting = true;
	add(&evictions, 1);
	return 0;
}

static __always_inline u32 evict_cause(u32 reason)
{
	if (reason <= CDM_CAUSE_PIN)
		return reason;
	/* FAULT is not one of the kernel's. */
	return reason < CDM_CAUSE_WRITE ? reason + 1 : CDM_CAUSE_WRITE;
}

/* Owners and their cgroups were counted page by page, at cdm_rss. */
SEC("tp_btf/cdm_evict")
int BPF_PROG(evict, struct device_host *dh, u32 reason, unsigned long evicted, unsigned long left,
	     int ret, u64 ns)
{
	struct cdm_ev_evict e = {
		.evicted = evicted, .left = left, .ret = ret, .cause = evict_cause(reason),
	};
	struct call *call = call_of_thread();
	u64 start = call && call->evicting ? call->start : bpf_ktime_get_boot_ns() - ns;

	if (call && call->evicting)
		add(&evictions, -1ULL);
	if (call)
		call_ends(call);
	return tell_evicted(ctx, &e, learn(dh, BPF_NOEXIST), start);
}

/* Then it is taken from all who have it, by the same thread. */
SEC("tp_btf/cdm_page_lost")
int BPF_PROG(page_lost, const struct page *page)
{
	struct call *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL,
						 BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (call)
		call->lost = address_of(page);
	else
		no_room(CDM_EV_RSS);
	return 0;
}

static __always_inline u32 rss_cause(const struct call *call, struct folio *folio, int nr)
{
	if (call && call->evicting)
		return CDM_RSS_EVICT;
	if (call && call->migrating)
		return CDM_RSS_MIGRATE;
	if (nr > 0)
		return CDM_RSS_MAP;
	return nr == -1 && call && folio_has(folio, call->lost) ? CDM_RSS_LOST : CDM_RSS_UNMAP;
}

/*
 * Pages that several processes share have one charge: the last mapping that goes, or
 * the first one that comes back, counts for the cgroup.
 */
static __always_inline void count_evicted_charge(struct folio *folio, int nr)
{
	struct mem_cgroup *memcg = folio_charged_to(folio);
	struct cgroup *cgroup = BPF_CORE_READ(memcg, css.cgroup);
	struct cdm_stats *s;

	if (folio_mappings(folio) != (nr < 0 ? -1 : 0) || !memcg)
		return;
	if (!who_passes(NULL) || (filter_cgroup && !below(cgroup)))
		return;
	s = stats_of(CDM_SCOPE_CGROUP, cgroup_id(cgroup));
	if (s)
		count_evict(s, -(s64)nr);
}

/* A page that could not be moved comes back: the count goes down again. */
static __always_inline void count_evicted(const struct cdm_ev_rss *e, struct folio *folio)
{
	struct cdm_stats *s;

	if (e->ev.pid && (s = stats_of(CDM_SCOPE_PROC, e->ev.pid)))
		count_evict(s, -(s64)e->pages);
	count_evicted_charge(folio, e->pages);
}

/* For each page that any migration moves: what is not wanted must be over soon. */
SEC("tp_btf/cdm_rss")
int BPF_PROG(rss, struct mm_struct *mm, struct folio *folio, int nr)
{
	struct cdm_ev_rss e = { .pages = nr };
	struct task_struct *owner;
	struct cdm_loss *count;
	struct call *call;

	if (with_holders && nr > 0 && (owner = mm_owner(mm)))
		hold(owner->tgid);
	if (!evictions && !wanted(CDM_EV_RSS))
		return 0;
	call = call_of_thread();
	e.why = rss_cause(call, folio, nr);
	if (e.why != CDM_RSS_EVICT && !wanted(CDM_EV_RSS))
		return 0;
	count = see(CDM_EV_RSS);
	if (!count)
		return 0;
	owner = mm_owner(mm);
	e.ev.device = folio_device(folio);
	if (!passes(owner) || !device_passes(e.ev.device))
		return filtered(CDM_EV_RSS, count);

	head(&e.ev, CDM_EV_RSS, sizeof(e), bpf_ktime_get_boot_ns(), owner, mm);
	if (wanted(CDM_EV_RSS))
		e.pfn = device_pfn(call && e.why == CDM_RSS_LOST ? call->lost : address_of(folio));
	if (with_stats && e.why == CDM_RSS_EVICT)
		count_evicted(&e, folio);
	finish(ctx, count, &e.ev, sizeof(e));
	return 0;
}

/* Not static, as above. */
__noinline int count_fault(struct cdm_stats *s, const struct cdm_ev_fault *e)
{
	if (!s || !e || e->fault >= CDM_NR_FAULT)
		return 0;
	add(&s->faults[e->fault], 1);
	if (e->fault != CDM_FAULT_WAIT)
		return 0;
	add(&s->wait_ns, e->wait_ns);
	add(&s->hist_wait[log2_bucket(e->wait_ns)], 1);
	return 0;
}

SEC("tp_btf/cdm_fault")
int BPF_PROG(fault, struct vm_area_struct *vma, unsigned long address, unsigned long pfn, u32 kind,
	     u64 wait_ns)
{
	struct cdm_loss *count = see(CDM_EV_FAULT);
	struct mm_struct *mm = vma->vm_mm;
	struct task_struct *owner = mm_owner(mm);
	struct cdm_ev_fault e = {
		.addr = address, .pfn = pfn, .wait_ns = wait_ns, .fault = kind,
	};

	if (!count)
		return 0;
	e.ev.device = pfn_device(pfn);
	if (!passes(owner) || !device_passes(e.ev.device) || wait_ns < filter_min_ns)
		return filtered(CDM_EV_FAULT, count);

	head(&e.ev, CDM_EV_FAULT, sizeof(e), bpf_ktime_get_boot_ns() - wait_ns, owner, mm);
	e.vma = vma_kind(vma);
	if (with_stats)
		for_each_scope(&e.ev, s, count_fault(s, &e));
	finish(ctx, count, &e.ev, sizeof(e));
	return 0;
}

/* No owner: the process is not known, and the cgroup is that of the charge. */
static __always_inline int charged(void *ctx, struct mem_cgroup *memcg, struct folio *folio,
				   u64 device, u32 charge)
{
	struct cdm_loss *count = see(CDM_EV_CHARGE);
	struct cgroup *cgroup = BPF_CORE_READ(memcg, css.cgroup);
	struct cdm_ev_charge e = { .charge = charge, .pages = folio_pages(folio, folio_flags(folio)) };

	if (!count)
		return 0;
	if (!who_passes(NULL) || (filter_cgroup && !below(cgroup)) || !device_passes(device))
		return filtered(CDM_EV_CHARGE, count);

	head(&e.ev, CDM_EV_CHARGE, sizeof(e), bpf_ktime_get_boot_ns(), NULL, NULL);
	e.ev.device = device;
	e.ev.cgroup = cgroup_id(cgroup);
	finish(ctx, count, &e.ev, sizeof(e));
	return 0;
}

SEC("tp_btf/cdm_charge")
int BPF_PROG(charge, struct mem_cgroup *memcg, struct folio *folio)
{
	return charged(ctx, memcg, folio, folio_device(folio), CDM_CHARGE);
}

SEC("tp_btf/cdm_uncharge")
int BPF_PROG(uncharge, struct mem_cgroup *memcg, struct folio *folio)
{
	return charged(ctx, memcg, folio, folio_device(folio), CDM_UNCHARGE);
}

/* The charge goes with the data; the one of the two folios that is on a device counts. */
SEC("tp_btf/cdm_transfer")
int BPF_PROG(transfer, struct mem_cgroup *memcg, struct folio *src, struct folio *dst)
{
	u64 to = folio_device(dst);

	return charged(ctx, memcg, dst, to ?: folio_device(src),
		       to ? CDM_TRANSFER_IN : CDM_TRANSFER_OUT);
}

/* Whoever did it: a device's state concerns everybody. */
static __always_inline int device_event(struct device_host *dh, u32 old, u32 state, s32 node,
					bool region)
{
	struct cdm_loss *count = see(CDM_EV_DEVICE);
	/* Another device may have been there before. */
	u64 device = learn(dh, BPF_ANY);
	struct cdm_ev_device e = { .old = old, .state = state, .node = node };

	if (!count)
		return 0;
	if (!device_passes(device))
		return filtered(CDM_EV_DEVICE, count);

	head(&e.ev, CDM_EV_DEVICE, sizeof(e), bpf_ktime_get_boot_ns(), NULL, NULL);
	e.ev.device = device;
	bpf_probe_read_kernel_str(e.name, sizeof(e.name), BPF_CORE_READ(dh, name));
	if (region) {
		e.start = BPF_CORE_READ(dh, pgmap.range.start);
		e.bytes = BPF_CORE_READ(dh, pgmap.range.end) + 1 - e.start;
	}
	if (wanted(CDM_EV_DEVICE))
		emit(NULL, count, &e, sizeof(e));
	return 0;
}

SEC("tp_btf/cdm_region_add")
int BPF_PROG(region_add, struct device_host *dh, struct range *range, int nid)
{
	struct cdm_stats_key key = { .scope = CDM_SCOPE_DEVICE, .id = learn(dh, BPF_ANY) };

	/* The figures of whatever was there before are not this one's. */
	bpf_map_delete_elem(&stats, &key);
	return device_event(dh, CDM_ST_REMOVED, CDM_ST_ONLINE, nid, true);
}

SEC("tp_btf/cdm_region_remove")
int BPF_PROG(region_remove, struct device_host *dh, struct range *range, int nid)
{
	return device_event(dh, CDM_ST_DRAINING, CDM_ST_REMOVED, nid, true);
}

SEC("tp_btf/cdm_state")
int BPF_PROG(state, struct device_host *dh, u32 old, u32 new)
{
	return device_event(dh, old, new, BPF_CORE_READ(dh, nid), false);
}

/* Every page fault of user space: there on any kernel, with or without devices. */
SEC("tp_btf/page_fault_user")
int BPF_PROG(pagefault, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct cdm_loss *count = see(CDM_EV_PAGEFAULT);
	struct cdm_ev_pagefault e = { .addr = address, .error_code = error_code };

	if (!count)
		return 0;
	if (!passes(task))
		return filtered(CDM_EV_PAGEFAULT, count);

	head(&e.ev, CDM_EV_PAGEFAULT, sizeof(e), bpf_ktime_get_boot_ns(), task,
	     task->mm);
	e.ip = regs->ip;
	if (with_stats)
		for_each_scope(&e.ev, s, add(&s->pagefaults, 1));
	finish(ctx, count, &e.ev, sizeof(e));
	return 0;
}

#include "numa.bpf.h"

/* Nobody will see them any more. Those of its cgroup stay. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(figures_end, struct task_struct *task)
{
	struct cdm_stats_key key = { .id = task_pid(task), .scope = CDM_SCOPE_PROC };

	if (!task->signal->live.counter)
		bpf_map_delete_elem(&stats, &key);
	return 0;
}

/* Descendants of filter_pid, from their first event to their last. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(child_begins, struct task_struct *parent, struct task_struct *child)
{
	u32 tgid = child->tgid;
	u8 yes = 1;

	if (pid_passes(parent) && task_pid(child) != filter_pid &&
	    bpf_map_update_elem(&children, &tgid, &yes, BPF_ANY))
		no_room(0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(child_ends, struct task_struct *task)
{
	u32 tgid = task->tgid;

	/* Its last thread, the memory is gone by now. */
	if (!task->signal->live.counter)
		bpf_map_delete_elem(&children, &tgid);
	return 0;
}

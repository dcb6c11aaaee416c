/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a reader needs to keep up figures of device memory that the kernel does not count:
 * where there is such memory, and how many pages of it were given back.
 */
#ifndef CDM_RESIDENCY_BPF_H
#define CDM_RESIDENCY_BPF_H

extern const void pgmap_array __ksym __weak;	/* of mm/memremap.c, by page number */

#define XA_LEVELS	11	/* of 64 slots each, of all numbers of 64 bits */
#define XA_STEPS	(1 << 20)
#define XA_SIBLINGS	256	/* internal entries below it stand for the slot of that number */

/* Pages of all device memory since the start, whoever moved them. */
__u64 device_ins;
__u64 device_outs;
__u64 device_frees;		/* given back to drivers, but by a call that is under way */
__u64 device_gone;		/* of them, those that did not migrate */
__s64 device_flying;		/* of the ranges of calls that are under way */
__u64 residents;		/* entries that were made in the map of that name */

/* Threads that are in a call. Of several with one place only the last one is there. */
#define MOVERS		64
__u64 movers[MOVERS];

/* Bound: pairs of processes and devices; full: those that moved longest ago go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct cdm_resident_key);
	__type(value, struct cdm_resident);
} resident SEC(".maps");

static const struct cdm_resident no_resident;

static __always_inline struct cdm_resident *resident_of(u32 pid, u64 device)
{
	struct cdm_resident_key key = { .device = device, .pid = pid };
	struct cdm_resident *r = bpf_map_lookup_elem(&resident, &key);

	if (r)
		return r;
	add(&residents, 1);
	bpf_map_update_elem(&resident, &key, &no_resident, BPF_NOEXIST);
	r = bpf_map_lookup_elem(&resident, &key);
	if (!r)
		no_room(CDM_EV_MIGRATE);
	else if (!r->since)
		r->since = bpf_ktime_get_boot_ns();
	return r;
}

static __always_inline u64 *mover(u64 task)
{
	return &movers[task / 4096 % MOVERS];	/* each is larger than that */
}

/* A call with @pages of @pid begins, or with fewer than 0 it ends. Not static, as above. */
__noinline int fly(u32 pid, s64 pages)
{
	struct cdm_resident *r = resident_of(pid, 0);
	u64 task = bpf_get_current_task();

	*mover(task) = pages > 0 ? task : 0;
	if (r)
		__sync_fetch_and_add(&r->flying, pages);
	__sync_fetch_and_add(&device_flying, pages);
	return 0;
}

/* Pages have moved. @device 0: to or from several. Not static, as above. */
__noinline int land(u32 pid, u64 device, u64 pages, u32 dir)
{
	struct cdm_resident *r;

	add(dir == CDM_DIR_IN ? &device_ins : &device_outs, pages);
	r = device ? resident_of(pid, device) : NULL;
	if (r)
		add(&r->pages[dir == CDM_DIR_OUT], pages);
	r = resident_of(pid, 0);
	if (r)
		add(&r->pages[dir == CDM_DIR_OUT], pages);
	return 0;
}

struct xa_walk {
	u64 index;		/* the next one to look at */
	u64 past;		/* the last one of what was found */
};

static __always_inline bool xa_is_internal(u64 entry)
{
	return (entry & 3) == 2;
}

static __always_inline bool xa_is_node(u64 entry)
{
	return xa_is_internal(entry) && entry > 4096;
}

static __always_inline u64 xa_slot(struct xa_node *node, u64 n)
{
	u64 entry = 0;

	bpf_probe_read_kernel(&entry, sizeof(entry), (void **)&node->slots[0] + n);
	return entry;
}

/* The entry at w->index, and in w->past how far it goes. */
static __always_inline u64 xa_find(struct xa_walk *w)
{
	struct xarray *xa = (void *)&pgmap_array;
	u64 entry = (u64)BPF_CORE_READ(xa, xa_head);
	u64 slots = bpf_core_field_size(((struct xa_node *)0)->slots) / sizeof(void *);

	w->past = ~0ULL;
	for (int level = 0; level < XA_LEVELS && xa_is_node(entry); level++) {
		struct xa_node *node = (void *)(entry - 2);
		u8 shift = BPF_CORE_READ(node, shift);
		u64 n = w->index >> (shift & 63);

		/* Only the first node may be too small for it. */
		if (!level && n >= slots)
			return 0;
		n &= slots - 1;
		w->past = w->index | ((1ULL << (shift & 63)) - 1);
		entry = xa_slot(node, n);
		if (xa_is_internal(entry) && entry < 4 * XA_SIBLINGS)
			entry = xa_slot(node, entry >> 2);
	}
	return entry;
}

static long visit_pagemap(u64 step, struct xa_walk *w)
{
	u64 entry = xa_find(w);

	if (entry && !(entry & 3))
		pagemap_device((void *)entry);
	if (w->past == ~0ULL)
		return 1;
	w->index = w->past + 1;
	return 0;
}

/* Learns of all device memory, also of that on which nothing migrates. Run by the reader. */
SEC("syscall")
int find_pagemaps(void *ctx)
{
	struct xa_walk w = {};

	if (!&pgmap_array)
		return 0;
	bpf_loop(XA_STEPS, visit_pagemap, &w, 0);
	return 1;
}

#define PAGE_BLOCK	64	/* struct page, read at once: device memory comes in pieces of 512 */
#define PAGE_STRUCT	64	/* bytes, with all that Linux may be built with */

/* One program at a time uses it, on its CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, char[PAGE_BLOCK * PAGE_STRUCT]);
} page_block SEC(".maps");

/* References of the pages of a block tell whether they are in use: those of a large folio its head's. */
static long visit_pages_block(u64 n, struct cdm_used *w)
{
	const u32 size = bpf_core_type_size(struct page);
	const u32 refs = bpf_core_field_offset(struct page, _refcount);
	struct page *first = (void *)(vmemmap + (w->pfn + n * PAGE_BLOCK) * size);
	u32 zero = 0;
	char *block = bpf_map_lookup_elem(&page_block, &zero);

	if (!block || size > PAGE_STRUCT || bpf_probe_read_kernel(block, PAGE_BLOCK * size, first)) {
		w->used = ~0ULL;	/* not known */
		return 1;
	}
	for (u32 i = 0; i < PAGE_BLOCK; i++) {
		s32 count = *(s32 *)(block + i * size + refs);
		u64 flags = *(u64 *)(block + i * size);

		if (count > 0)
			w->used += folio_pages((void *)first + i * size, flags);
	}
	return 0;
}

/* How much of a device is in use. Run by the reader. */
SEC("syscall")
int count_used(struct cdm_used *ctx)
{
	struct cdm_used w = { .pfn = ctx->pfn, .pages = ctx->pages };

	if (!vmemmap)
		find_pagemap(w.pfn);
	if (!vmemmap)
		return 0;
	bpf_loop(w.pages / PAGE_BLOCK, visit_pages_block, &w, 0);
	ctx->used = w.used;
	return w.used <= w.pages;
}

/* For each page: what is looked up takes time. */
static __always_inline bool is_migrating(void)
{
	u64 task = bpf_get_current_task();
	struct call *call;

	if (*mover(task) == task)
		return true;
	call = call_of_thread();
	return call && call->migrating;
}

/* A fault has brought its contents home. */
static __always_inline bool was_left(struct folio *folio)
{
	struct call *call = call_of_thread();

	if (!call || call->left != (void *)folio)
		return false;
	call->left = NULL;
	return true;
}

/* What migrates is given back by the thread that migrates it, and is counted as going home. */
static __always_inline int given_back(struct folio *folio)
{
	u32 pages;

	if (is_migrating())
		return 0;
	pages = folio_pages(folio, folio_flags(folio));
	add(&device_frees, pages);
	if (!was_left(folio))
		add(&device_gone, pages);
	return 0;
}

SEC("fentry/free_zone_device_folio")
int BPF_PROG(folio_freed, struct folio *folio)
{
	return given_back(folio);
}

/* Its name before 6.10. */
SEC("fentry/free_zone_device_page")
int BPF_PROG(page_freed, struct page *page)
{
	return given_back((void *)page);
}

#endif

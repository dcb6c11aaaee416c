/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What became of the pages of a migration, where the kernel does not say: by the bits of
 * its arrays src[] and dst[] after each step. And whose device memory it is.
 */
#ifndef CDM_SURVEY_BPF_H
#define CDM_SURVEY_BPF_H

#define MIGRATE_PFN_VALID	1UL
#define SURVEY_PAGES		64	/* read at once */

/* Bound: kinds of device memory seen; full: it has no name. By the address of its range. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, struct cdm_pagemap);
} pagemaps SEC(".maps");

/* Bound: as above. The device, an address, of an owner that migrated before. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, u64);
} owners SEC(".maps");

/* Of a call; what it is about, and from @nr on what was found. */
struct tally {
	u64 src[SURVEY_PAGES], dst[SURVEY_PAGES];
	unsigned long *all_src, *all_dst;	/* of migrate_vma */
	u64 nr_all;
	bool in;		/* to the device */
	u32 nr;			/* of them */
	u32 holes;		/* to be filled, for nothing is there */
	u32 moved;
	u32 filled;		/* of moved, those that were holes */
	u32 no_dst;		/* a page, but the driver gave no other one for it */
	u32 late;		/* it did, and the page could not go there */
	u32 late_holes;
	u32 undone;		/* it changed places, and then the driver took it back */
	u64 pfn;		/* of the last page on a device */
	u64 spread;		/* bits in which those of others are different */
};

/* One program at a time uses it, on its CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tally);
} tallies SEC(".maps");

/* Of entries: what all of them have, and what any has. */
struct bits {
	u64 all, any;
};

/* Mostly each is a page and all of them move, which is told without a branch for each. */
static __always_inline bool all_moved(const struct tally *t, struct bits *src, struct bits *dst)
{
	for (u32 i = 0; i < SURVEY_PAGES && i < t->nr; i++) {
		src->all &= t->src[i];
		src->any |= t->src[i];
		dst->all &= t->dst[i];
		dst->any |= t->dst[i];
	}
	return src->all & MIGRATE_PFN_VALID && src->all & MIGRATE_PFN_MIGRATE &&
	       dst->all & MIGRATE_PFN_VALID;
}

/* A page on the device, and in which bits of their numbers others of it differ. */
static __always_inline void met(struct tally *t, u64 pfn, u64 spread)
{
	t->spread |= spread | (t->pfn ? t->pfn ^ pfn : 0);
	t->pfn = pfn;
}

/* Not static: the verifier goes through it once. */
__noinline int count_entries(struct tally *t)
{
	struct bits src_bits = { ~0ULL, 0 }, dst_bits = { ~0ULL, 0 };
	u64 pfn, spread;

	if (!t)
		return 0;
	if (all_moved(t, &src_bits, &dst_bits)) {
		t->moved += t->nr;
		pfn = t->dst[0];
		spread = dst_bits.all ^ dst_bits.any;
		barrier_var(pfn);	/* or t->in becomes a part of an address, without bounds */
		if (!t->in) {
			pfn = t->src[0];
			spread = src_bits.all ^ src_bits.any;
		}
		met(t, pfn >> MIGRATE_PFN_SHIFT, spread >> MIGRATE_PFN_SHIFT);
		return 0;
	}
	for (u32 i = 0; i < SURVEY_PAGES && i < t->nr; i++) {
		u64 src = t->src[i], dst = t->dst[i];
		bool page = src & MIGRATE_PFN_VALID, go = src & MIGRATE_PFN_MIGRATE;

		if (go && dst) {
			t->moved++;
			t->filled += !page;
			met(t, (t->in ? dst : src) >> MIGRATE_PFN_SHIFT, 0);
		} else if (page) {
			t->undone += go;
			t->late += !go && dst;
			t->no_dst += !go && !dst;
		} else if (dst) {
			t->late_holes++;
		}
	}
	return 0;
}

/* Those to be filled, for nothing is there. Not static, as above. */
__noinline u32 hole_entries(struct tally *t)
{
	u32 holes = 0;

	if (!t)
		return 0;
	for (u32 i = 0; i < SURVEY_PAGES && i < t->nr; i++) {
		u64 src = t->src[i];

		holes += (src / MIGRATE_PFN_MIGRATE & ~src & 1);
	}
	return holes;
}

/* A block of src[]. All is in the tally: before 6.8 there is little room on the stack. */
static __always_inline bool read_src(struct tally *t, u64 from)
{
	u64 nr = t->nr_all - from;

	if (nr > SURVEY_PAGES)
		nr = SURVEY_PAGES;
	t->nr = nr;
	return !bpf_probe_read_kernel(t->src, nr * sizeof(*t->src), t->all_src + from);
}

static long survey_block(u64 n, void *unused)
{
	u32 zero = 0;
	struct tally *t = bpf_map_lookup_elem(&tallies, &zero);
	u64 from = n * SURVEY_PAGES;

	if (!t || !read_src(t, from) || t->nr > SURVEY_PAGES ||
	    bpf_probe_read_kernel(t->dst, t->nr * sizeof(*t->dst), t->all_dst + from))
		return 1;
	count_entries(t);
	return 0;
}

static long holes_of_block(u64 n, void *unused)
{
	u32 zero = 0;
	struct tally *t = bpf_map_lookup_elem(&tallies, &zero);

	if (!t || !read_src(t, n * SURVEY_PAGES))
		return 1;
	t->holes += hole_entries(t);
	return 0;
}

/* NULL: never. */
static __always_inline struct tally *take_tally(unsigned long *src, unsigned long *dst, u64 nr,
						bool in, long (*visit)(u64, void *))
{
	u32 zero = 0;
	struct tally *t = bpf_map_lookup_elem(&tallies, &zero);

	if (!t)
		return NULL;
	__builtin_memset(&t->nr, 0, sizeof(*t) - offsetof(struct tally, nr));
	t->all_src = src;
	t->all_dst = dst;
	t->nr_all = nr;
	t->in = in;
	bpf_loop((t->nr_all + SURVEY_PAGES - 1) / SURVEY_PAGES, visit, NULL, 0);
	return t;
}

static __always_inline u32 count_holes(struct migrate_vma *args)
{
	struct tally *t = take_tally(args->src, args->dst, args->npages, false, holes_of_block);

	return t ? t->holes : 0;
}

#define VMEMMAP_STEP	(1ULL << 30)	/* x86: its start is a multiple of PUD_SIZE */
#define VMEMMAP_STEPS	64		/* each has the pages of 64 GiB */
#define PAGEMAP_BLOCK	(2ULL << 20)	/* as large as folios get that migrate */

__u64 vmemmap;				/* where all struct page are; 0: not found yet */
bool sought_vmemmap;			/* for a page: that is not tried for each */

static __always_inline struct dev_pagemap *pagemap_of_pfn(u64 start, u64 pfn)
{
	return pagemap_of((struct folio *)(start + pfn * bpf_core_type_size(struct page)));
}

/*
 * If all struct page start at @start. If not, something else is read, which is no range with
 * @pfn; or the page of another pfn of a range that is larger than a step, whose last block is
 * outside then. (Of a block the first page, since a folio may have told the others nothing.)
 */
static __always_inline struct dev_pagemap *pagemap_at(u64 start, u64 pfn)
{
	struct dev_pagemap *map = pagemap_of_pfn(start, pfn);
	u64 first = BPF_CORE_READ(map, range.start), end = BPF_CORE_READ(map, range.end) + 1;
	u64 addr = pfn << page_shift, last = (end - 1) & ~(PAGEMAP_BLOCK - 1);

	if (!first || addr < first || addr >= end || (first | end) & ((1ULL << page_shift) - 1))
		return NULL;
	return last < first || pagemap_of_pfn(start, last >> page_shift) == map ? map : NULL;
}

/* The address of a struct page in RAM: that of the first page of a ring; 0: there is none. */
static __always_inline u64 some_page(void)
{
	struct bpf_ringbuf_map *map = NULL;
	struct page **pages;
	u64 page = 0;
	u32 zero = 0;
	void *ring = bpf_map_lookup_elem(&rings, &zero);

	if (!ring)
		return 0;
	/* By way of memory it is a pointer to read from. */
	bpf_probe_read_kernel(&map, sizeof(map), &ring);
	pages = BPF_CORE_READ(map, rb, pages);
	bpf_probe_read_kernel(&page, sizeof(page), pages);
	return page;
}

/*
 * The address of the one that @pfn is on; 0: not known. The address of vmemmap_base is
 * hidden from those who may not read symbols, so its value is found. Not static, as above.
 */
__noinline u64 find_pagemap(u64 pfn)
{
	u64 start, map;

	if (!pfn)
		return 0;
	if (vmemmap)
		return (u64)pagemap_at(vmemmap, pfn);
	start = some_page() & ~(VMEMMAP_STEP - 1);
	for (u32 n = 0; start && n < VMEMMAP_STEPS; n++, start -= VMEMMAP_STEP) {
		map = (u64)pagemap_at(start, pfn);
		if (!map)
			continue;
		vmemmap = start;
		return map;
	}
	return 0;
}

/* Of a struct page of device memory, by its address; 0: not known. Not static, as above. */
__noinline u64 device_pfn(u64 page)
{
	struct dev_pagemap *map = pagemap_of((struct folio *)page);

	if (!vmemmap && !sought_vmemmap) {
		sought_vmemmap = true;
		find_pagemap(BPF_CORE_READ(map, range.start) >> page_shift);
	}
	return vmemmap ? (page - vmemmap) / bpf_core_type_size(struct page) : 0;
}

static __always_inline u32 pagemap_memory(struct dev_pagemap *map)
{
	u32 type = BPF_CORE_READ(map, type);

	if (type == bpf_core_enum_value(enum memory_type___cdm, MEMORY_DEVICE_PRIVATE))
		return CDM_MEM_PRIVATE;
	return type == bpf_core_enum_value(enum memory_type___cdm, MEMORY_DEVICE_COHERENT) ?
	       CDM_MEM_COHERENT : CDM_MEM_UNKNOWN;
}

static const char symbol_format[] = "%ps";	/* "function [module]" */

/* Its driver is told by the module of a function of it. */
static __always_inline void learn_pagemap(struct dev_pagemap *map, u64 start)
{
	struct cdm_device_id id = { .start = start };
	struct cdm_pagemap p = { .memory = pagemap_memory(map) };
	u64 owner = (u64)BPF_CORE_READ(map, owner);
	u64 function = (u64)BPF_CORE_READ(map, ops, page_free);

	bpf_snprintf(p.function, sizeof(p.function), symbol_format, &function, sizeof(function));
	id.bytes = BPF_CORE_READ(map, range.end) + 1 - start;
	bpf_map_update_elem(&pagemaps, &start, &p, BPF_ANY);
	bpf_map_update_elem(&devices, &start, &id, BPF_NOEXIST);
	bpf_map_update_elem(&owners, &owner, &start, BPF_ANY);
}

/* The device of an owner; until one of its pages was seen, a number of the owner. */
static __always_inline u64 known_device(void *owner)
{
	u64 key = (u64)owner, *start = bpf_map_lookup_elem(&owners, &key);

	return start ? *start : opaque(owner);
}

static __always_inline u64 pagemap_device(struct dev_pagemap *map)
{
	u64 start = BPF_CORE_READ(map, range.start);

	if (pagemap_memory(map) != CDM_MEM_UNKNOWN && !bpf_map_lookup_elem(&pagemaps, &start))
		learn_pagemap(map, start);
	return start;
}

/* The one that @pfn is on; 0: that which the owner is known to have. */
static __always_inline void tell_device(struct call *call, u64 pfn)
{
	struct dev_pagemap *map = (void *)find_pagemap(pfn);
	struct cdm_pagemap *known;

	if (call->host)
		return;
	if (map)
		call->device = pagemap_device(map);
	known = bpf_map_lookup_elem(&pagemaps, &call->device);
	if (known)
		call->memory = known->memory;
}

/* Whether all pages are on @device, as far as the numbers of the first and the last can tell. */
static __always_inline bool on_one_device(u64 device, const struct tally *t)
{
	struct cdm_device_id *id = bpf_map_lookup_elem(&devices, &device);
	u64 mask = t->spread;

	for (u32 shift = 1; shift < 64; shift *= 2)
		mask |= mask >> shift;
	return id && (t->pfn & ~mask) << page_shift >= id->start &&
	       (t->pfn | mask) << page_shift < id->start + id->bytes;
}

/*
 * Exact: what moved, nothing there, no destination. "pinned" has those that could not be
 * isolated, too, "raced" those that could not be charged; of files neither is known.
 */
static __always_inline void survey(struct cdm_ev_migrate *e, struct migrate_vma *args,
				   struct call *call)
{
	struct tally *t = take_tally(args->src, args->dst, args->npages, e->dir == CDM_DIR_IN,
				     survey_block);
	u32 told, stayed = call->holes;

	if (!t)
		return;
	tell_device(call, t->pfn);
	call->several = !on_one_device(call->device, t);
	e->migrated = call->pages ? t->moved : 0;
	if (call->pages)
		stayed -= t->filled + t->late_holes;
	e->failed[CDM_WHY_UNMAPPED] = stayed;
	e->failed[CDM_WHY_PINNED] = call->found - call->unmapped;
	e->failed[CDM_WHY_ALLOC] = t->no_dst + (call->pages ? 0 : t->undone);
	e->failed[CDM_WHY_COPY] = call->pages ? t->undone : 0;
	if (!args->vma->vm_file)
		e->failed[CDM_WHY_RACED] = t->late + t->late_holes;
	told = e->migrated;
	for (int i = 0; i < CDM_NR_WHY; i++)
		told += e->failed[i];
	e->untold = args->npages - told;
}

#endif

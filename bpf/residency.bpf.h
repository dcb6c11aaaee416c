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

/* Pages given back to drivers, by whomever. */
__u64 device_frees;

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
	struct dev_pagemap *map = (void *)entry;
	u64 start;

	if (entry && !(entry & 3) && pagemap_memory(map) != CDM_MEM_UNKNOWN) {
		start = BPF_CORE_READ(map, range.start);
		if (!bpf_map_lookup_elem(&pagemaps, &start))
			learn_pagemap(map, start);
	}
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

SEC("fentry/free_zone_device_folio")
int BPF_PROG(folio_freed)
{
	__sync_fetch_and_add(&device_frees, 1);
	return 0;
}

/* Its name before 6.10. */
SEC("fentry/free_zone_device_page")
int BPF_PROG(page_freed)
{
	__sync_fetch_and_add(&device_frees, 1);
	return 0;
}

#endif

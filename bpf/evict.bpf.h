/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device memory that is emptied, as functions of the kernel tell it: a driver names pages of
 * the device, or somebody pins one for long. Nobody tells whose pages they are.
 */
#ifndef CDM_EVICT_BPF_H
#define CDM_EVICT_BPF_H

static __always_inline int emptying_begins(const void *what, struct dev_pagemap *map, u32 cause)
{
	struct call *call = call_begins(CDM_EV_EVICT);

	if (!call)
		return 0;
	call->args = (u64)what;
	call->cause = cause;
	call->device = map ? pagemap_device(map) : 0;
	call->evicting = true;
	add(&evictions, 1);
	return 0;
}

static __always_inline bool emptying(const struct call *call, const void *what)
{
	return call && call->evicting && call->args == (u64)what;
}

static __always_inline int emptying_ends(void *ctx, struct call *call, u64 evicted, u64 left)
{
	struct cdm_ev_evict e = { .evicted = evicted, .left = left, .cause = call->cause };

	add(&evictions, -1ULL);
	tell_evicted(ctx, &e, call->device, call->start);
	call_ends(call);
	return 0;
}

SEC("fentry/migrate_device_range")
int BPF_PROG(range_begins, unsigned long *src, unsigned long start)
{
	return emptying_begins(src, (void *)find_pagemap(start), CDM_CAUSE_EVICT);
}

/* Its pages need not be neighbours. Since 6.15. */
SEC("fentry/migrate_device_pfns")
int BPF_PROG(pfns_begin, unsigned long *src)
{
	u64 first = 0;

	bpf_probe_read_kernel(&first, sizeof(first), src);
	return emptying_begins(src, (void *)find_pagemap(first), CDM_CAUSE_EVICT);
}

/* Also of other migrations, for which it must be over soon. */
SEC("fexit/migrate_device_finalize")
int BPF_PROG(range_ends, unsigned long *src, unsigned long *dst, unsigned long nr)
{
	struct tally *t;
	struct call *call;

	if (!evictions)
		return 0;
	call = call_of_thread();
	if (!emptying(call, src))
		return 0;
	t = take_tally(src, dst, nr, false, survey_block);
	return t ? emptying_ends(ctx, call, t->moved, t->no_dst + t->late + t->undone) : 0;
}

static __always_inline int pin_is_over(void *ctx, const void *what, int err)
{
	struct call *call = call_of_thread();

	return emptying(call, what) ? emptying_ends(ctx, call, !err, !!err) : 0;
}

SEC("fentry/migrate_device_coherent_folio")
int BPF_PROG(pin_begins, struct folio *folio)
{
	return emptying_begins(folio, pagemap_of(folio), CDM_CAUSE_PIN);
}

SEC("fexit/migrate_device_coherent_folio")
int BPF_PROG(pin_ends, struct folio *folio, int err)
{
	return pin_is_over(ctx, folio, err);
}

/* Their name before 6.11. */
SEC("fentry/migrate_device_coherent_page")
int BPF_PROG(pin_page_begins, struct page *page)
{
	return emptying_begins(page, pagemap_of((struct folio *)page), CDM_CAUSE_PIN);
}

SEC("fexit/migrate_device_coherent_page")
int BPF_PROG(pin_page_ends, struct page *page, int err)
{
	return pin_is_over(ctx, page, err);
}

#endif

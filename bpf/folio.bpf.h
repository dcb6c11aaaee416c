/* SPDX-License-Identifier: GPL-2.0 */
/* How large a folio is and whose, on kernels of all ages. For events.bpf.c. */
#ifndef CDM_FOLIO_BPF_H
#define CDM_FOLIO_BPF_H

/* Of a typed pointer. */
static __always_inline u64 folio_flags(struct folio *folio)
{
	struct page___memdesc *page = (void *)folio;

	return bpf_core_field_exists(page->flags.f) ? page->flags.f : folio->page.flags;
}

static __always_inline bool folio_is_large(u64 flags)
{
	return flags & 1ULL << bpf_core_enum_value(enum pageflags___cdm, PG_head);
}

static __always_inline u32 folio_pages(struct folio *folio, u64 flags)
{
	struct folio___nr *later = (void *)folio;

	if (!folio_is_large(flags))
		return 1;
	return bpf_core_field_exists(later->_nr_pages) ? BPF_CORE_READ(later, _nr_pages) :
							 BPF_CORE_READ(folio, _folio_nr_pages);
}

/* @page: the address of a struct page. */
static __always_inline bool folio_has(struct folio *folio, u64 page)
{
	return page - address_of(folio) <
	       folio_pages(folio, folio_flags(folio)) * bpf_core_type_size(struct page);
}

#define MEMCG_DATA_FLAGS 7UL

/* What it is charged to, or NULL. Of a typed pointer. */
static __always_inline struct mem_cgroup *folio_charged_to(struct folio *folio)
{
	struct obj_cgroup *objcg = (void *)(folio->memcg_data & ~MEMCG_DATA_FLAGS);

	return bpf_core_field_exists(objcg->is_root) ? BPF_CORE_READ(objcg, memcg) : (void *)objcg;
}

/* Less one, as the kernel counts them. */
static __always_inline int folio_mappings(struct folio *folio)
{
	return folio_is_large(folio_flags(folio)) ? folio->_large_mapcount.counter :
						    folio->_mapcount.counter;
}

#endif

// SPDX-License-Identifier: GPL-2.0
#include "source/hooks.h"

#define EV(kind)	(1ULL << CDM_EV_##kind)
#define HOOK(p, s, t, f, e, ...) { .program = p, .source = CDM_SOURCE_##s, .target = t, \
				   .features = f, .events = e, __VA_ARGS__ }

#define MIGRATION	(CDM_F_MIGRATE | CDM_F_WHY | CDM_F_PINGPONG)
#define MIGRATION_EVENTS (EV(MIGRATE) | EV(PAGE) | EV(PINGPONG))

const struct cdm_hook cdm_hooks[] = {
	HOOK("migrate_start", TRACEPOINT, "migrate_vma_start", MIGRATION,
	     MIGRATION_EVENTS | EV(RSS)),
	HOOK("migrate_setup", TRACEPOINT, "migrate_vma_setup", CDM_F_MIGRATE | CDM_F_WHY, EV(MIGRATE)),
	HOOK("migrate_pages", TRACEPOINT, "migrate_vma_pages", CDM_F_MIGRATE | CDM_F_PINGPONG,
	     MIGRATION_EVENTS),
	HOOK("migrate_finalize", TRACEPOINT, "migrate_vma_finalize", MIGRATION,
	     MIGRATION_EVENTS | EV(RSS)),
	HOOK("evict_start", TRACEPOINT, "cdm_evict_start", CDM_F_EVICT, EV(EVICT) | EV(RSS)),
	HOOK("evict", TRACEPOINT, "cdm_evict", CDM_F_EVICT, EV(EVICT) | EV(RSS)),
	HOOK("page_lost", TRACEPOINT, "cdm_page_lost", 0, EV(RSS)),
	HOOK("rss", TRACEPOINT, "cdm_rss", CDM_F_EVICT, EV(RSS)),
	HOOK("fault", TRACEPOINT, "cdm_fault", CDM_F_FAULTS, EV(FAULT)),
	HOOK("charge", TRACEPOINT, "cdm_charge", 0, EV(CHARGE)),
	HOOK("uncharge", TRACEPOINT, "cdm_uncharge", 0, EV(CHARGE)),
	HOOK("transfer", TRACEPOINT, "cdm_transfer", 0, EV(CHARGE)),
	HOOK("region_add", TRACEPOINT, "cdm_region_add", CDM_F_MIGRATE | CDM_F_EVICT, EV(DEVICE)),
	HOOK("region_remove", TRACEPOINT, "cdm_region_remove", 0, EV(DEVICE)),
	HOOK("state", TRACEPOINT, "cdm_state", 0, EV(DEVICE)),
	HOOK("pagefault", TRACEPOINT, "page_fault_user", CDM_F_PAGEFAULTS, EV(PAGEFAULT)),

	HOOK("setup_begins", FENTRY, "migrate_vma_setup", MIGRATION, MIGRATION_EVENTS),
	HOOK("setup_ends", FENTRY, "migrate_vma_setup", MIGRATION, MIGRATION_EVENTS),
	HOOK("unmap_begins", FENTRY, "migrate_device_unmap", CDM_F_WHY, EV(MIGRATE),
	     .optional = true),
	HOOK("pages_ends", FENTRY, "migrate_vma_pages", MIGRATION, MIGRATION_EVENTS),
	HOOK("finalize_ends", FENTRY, "migrate_vma_finalize", MIGRATION, MIGRATION_EVENTS),

	/* Beside migrations they add to what is told of devices. */
	HOOK("range_begins", FENTRY, "migrate_device_range", 0, EV(EVICT)),
	HOOK("range_begins", FENTRY, "migrate_device_range", CDM_F_MIGRATE, 0, .optional = true),
	HOOK("range_ends", FENTRY, "migrate_device_finalize", 0, EV(EVICT)),
	HOOK("range_ends", FENTRY, "migrate_device_finalize", CDM_F_MIGRATE, 0, .optional = true),
	HOOK("pfns_begin", FENTRY, "migrate_device_pfns", CDM_F_MIGRATE, EV(EVICT), .optional = true),
	HOOK("pin_begins", FENTRY, "migrate_device_coherent_folio", CDM_F_MIGRATE, EV(EVICT),
	     .optional = true),
	HOOK("pin_ends", FENTRY, "migrate_device_coherent_folio", CDM_F_MIGRATE, EV(EVICT),
	     .optional = true),
	HOOK("pin_page_begins", FENTRY, "migrate_device_coherent_page", CDM_F_MIGRATE, EV(EVICT),
	     .optional = true),
	HOOK("pin_page_ends", FENTRY, "migrate_device_coherent_page", CDM_F_MIGRATE, EV(EVICT),
	     .optional = true),

	HOOK("setup_called", KPROBE, "migrate_vma_setup", MIGRATION, MIGRATION_EVENTS),
	HOOK("setup_returned", KPROBE, "migrate_vma_setup", MIGRATION, MIGRATION_EVENTS),
	HOOK("unmap_called", KPROBE, "migrate_device_unmap", CDM_F_WHY, EV(MIGRATE),
	     .optional = true),
	HOOK("pages_called", KPROBE, "migrate_vma_pages", MIGRATION, MIGRATION_EVENTS),
	HOOK("pages_returned", KPROBE, "migrate_vma_pages", MIGRATION, MIGRATION_EVENTS),
	HOOK("finalize_called", KPROBE, "migrate_vma_finalize", MIGRATION, MIGRATION_EVENTS),
	HOOK("finalize_returned", KPROBE, "migrate_vma_finalize", MIGRATION, MIGRATION_EVENTS),

	HOOK("numa_end", TRACEPOINT, "mm_migrate_pages", CDM_F_NUMA, EV(NUMA)),
	HOOK("numa_moved", FENTRY, "folio_migrate_flags", CDM_F_NUMA, EV(NUMA), .beside = true),
	HOOK("numa_remap", FENTRY, "remove_migration_pte", CDM_F_NUMA, EV(NUMA), .beside = true),
	HOOK("numa_pte", TRACEPOINT, "remove_migration_pte", CDM_F_NUMA, EV(NUMA), .beside = true),
	HOOK("numa_pmd", TRACEPOINT, "remove_migration_pmd", CDM_F_NUMA, EV(NUMA), .beside = true),
	HOOK("numa_start", TRACEPOINT, "mm_migrate_pages_start", CDM_F_NUMA, EV(NUMA)),
	{ 0 }
};

const char *const cdm_source_names[] = { "any", "tracepoint", "fentry", "kprobe", "proc", NULL };

bool cdm_hook_needed(const struct cdm_hook *hook, const struct cdm_description *d)
{
	if (d->absent & 1ULL << (hook - cdm_hooks))
		return false;
	if (hook->beside)
		return (hook->features & d->features) || (hook->events & d->events);
	return (hook->features & d->features_by[hook->source]) ||
	       (hook->events & d->events_by[hook->source]);
}

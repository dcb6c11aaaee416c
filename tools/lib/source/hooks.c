// SPDX-License-Identifier: GPL-2.0
#include "record/record.h"
#include "source/hooks.h"

#define EV(kind)	(1ULL << CDM_EV_##kind)

const struct cdm_hook cdm_hooks[] = {
	{ "migrate_start", "migrate_vma_start", CDM_F_MIGRATE | CDM_F_WHY | CDM_F_PINGPONG,
	  EV(MIGRATE) | EV(PAGE) | EV(PINGPONG) | EV(RSS) },
	{ "migrate_setup", "migrate_vma_setup", CDM_F_MIGRATE | CDM_F_WHY, EV(MIGRATE) },
	{ "migrate_pages", "migrate_vma_pages", CDM_F_MIGRATE | CDM_F_PINGPONG,
	  EV(MIGRATE) | EV(PAGE) | EV(PINGPONG) },
	{ "migrate_finalize", "migrate_vma_finalize",
	  CDM_F_MIGRATE | CDM_F_WHY | CDM_F_PINGPONG,
	  EV(MIGRATE) | EV(PAGE) | EV(PINGPONG) | EV(RSS) },
	{ "evict_start", "cdm_evict_start", CDM_F_EVICT, EV(EVICT) | EV(RSS) },
	{ "evict", "cdm_evict", CDM_F_EVICT, EV(EVICT) | EV(RSS) },
	{ "rss", "cdm_rss", CDM_F_EVICT, EV(RSS) },
	{ "fault", "cdm_fault", CDM_F_FAULTS, EV(FAULT) },
	{ "charge", "cdm_charge", 0, EV(CHARGE) },
	{ "uncharge", "cdm_uncharge", 0, EV(CHARGE) },
	{ "transfer", "cdm_transfer", 0, EV(CHARGE) },
	{ "region_add", "cdm_region_add", CDM_F_MIGRATE | CDM_F_EVICT, EV(DEVICE) },
	{ "region_remove", "cdm_region_remove", 0, EV(DEVICE) },
	{ "state", "cdm_state", 0, EV(DEVICE) },
	{ "pagefault", "page_fault_user", CDM_F_PAGEFAULTS, EV(PAGEFAULT) },
	{ 0 }
};

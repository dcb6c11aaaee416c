/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Of the collector alone: device memory of processes on kernels that do not count it. Page
 * tables are scanned, and until the next scan what migrated to and fro is added.
 *
 * Exact as long as no page went otherwise: pages given back to drivers without a migration
 * home may have been anybody's, and those that several processes map, or a fork has seen,
 * go from each of them untold. So many the figure may be too high; what was under way
 * during the scan, or is now, it may be off in either direction. Such a process is scanned
 * again soon, the others once in a minute. After migrations were missed nothing is known
 * until the next scan.
 *
 * How much of a device is in use is told by the references of all its pages.
 */
#ifndef CDM_RESIDENCY_H
#define CDM_RESIDENCY_H

#include "source/bpf.h"

struct cdm_residency;

/*
 * Scans processes until CREDIT is used up, so that the first refresh has figures. @b has
 * found pagemaps, and outlives it. NULL: no memory.
 */
struct cdm_residency *cdm_residency_open(struct cdm_bpf *b);
void cdm_residency_close(struct cdm_residency *r);

/* Before a refresh: looks for new devices, and whether something was missed. */
void cdm_residency_begin(struct cdm_residency *r);

/*
 * Sets @snap->device, device_anon and per_device, CDM_UNKNOWN before its first scan, and
 * @scan but for its head. @moved: it has figures of migrations. Return: whether @scan says
 * something. What needs a scan is remembered.
 */
bool cdm_residency_tell(struct cdm_residency *r, struct cdm_snap_proc *snap, bool moved,
			struct cdm_snap_scan *scan);
/* The same of what is in use of a device; looks at it first, if that changed. */
bool cdm_residency_tell_device(struct cdm_residency *r, struct cdm_snap_device *snap,
			       struct cdm_snap_scan *scan);

/*
 * Between refreshes: scans those that cdm_residency_tell() met, who need it most first, in
 * no more than 1 % of a CPU since the start. Forgets those it did not meet if @all were.
 */
void cdm_residency_update(struct cdm_residency *r, bool all);

#endif

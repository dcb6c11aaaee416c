/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's file systems; what cannot be mounted fails. */
#ifndef CDM_VM_MOUNTS_H
#define CDM_VM_MOUNTS_H

#include "config.h"

/* The host's files become the root, what is written to them stays in memory. */
void enter_host_root(const struct config *c);
void mount_system(void);
/* The folders that the host shows read-write. */
void mount_shares(const struct config *c);
void swap_on(void);

#endif

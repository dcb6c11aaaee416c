/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_MODULE_H
#define CDM_VM_MODULE_H

#include "config.h"

/* Files in the root, in this order: what the rest of init needs. Fails if it cannot. */
void load_boot_modules(const struct list *names);
/* With what it depends on; tells the host if it cannot. */
void load_module(const char *name);

#endif

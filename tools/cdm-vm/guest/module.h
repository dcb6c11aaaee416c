/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_MODULE_H
#define CDM_VM_MODULE_H

/* With what it depends on; tells the host if it cannot. */
void load_module(const char *name);

#endif

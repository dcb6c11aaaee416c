/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_MODULES_H
#define CDM_VM_MODULES_H

#include "util.h"

/*
 * Adds the paths of those modules that a kernel needs before it sees the host's files, in
 * the order in which they are to be loaded: a distribution's kernel has little built in.
 * @modules: its folder of modules by version.
 */
void find_boot_modules(const char *image, const char *modules, struct strings *paths);

#endif

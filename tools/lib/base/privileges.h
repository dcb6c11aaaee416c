/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_PRIVILEGES_H
#define CDM_PRIVILEGES_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Gives up every capability but those for reading /proc of other users'
 * processes, and with @pagemap the one that shows physical addresses. To be
 * called when all programs are attached. Does nothing without privileges.
 */
void cdm_privileges_drop(bool pagemap);

/*
 * fopen(), rename() and unlink() as they were before cdm_privileges_drop(): a file
 * that is named only when it is complete may be in a folder of someone else. With
 * errno, as those.
 */
FILE *cdm_privileged_fopen(const char *path, const char *mode);
int cdm_privileged_rename(const char *from, const char *to);
int cdm_privileged_unlink(const char *path);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_PRIVILEGES_H
#define CDM_PRIVILEGES_H

#include <stdbool.h>

/*
 * Gives up every capability but those for reading /proc of other users'
 * processes, and with @pagemap the one that shows physical addresses. To be
 * called when all programs are attached. Does nothing without privileges.
 */
void cdm_privileges_drop(bool pagemap);

/*
 * Files that are named only when they are complete: on before and off after, so
 * that root may still write into the folders of others then. Only if the program
 * started with that privilege, and without effect before cdm_privileges_drop().
 */
void cdm_privileges_files(bool on);

#endif

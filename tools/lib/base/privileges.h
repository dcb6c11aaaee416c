/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_PRIVILEGES_H
#define CDM_PRIVILEGES_H

#include <stdbool.h>

/*
 * Gives up every capability but those for reading /proc of other users'
 * processes, with @pagemap the one that shows physical addresses, and with @mapped that
 * which opens the files they have mapped. To be called when all programs are attached, or
 * with @programs: more may be loaded while cdm_privileges_raise() is on. Again, it gives up
 * more. Does nothing without privileges.
 */
void cdm_privileges_drop(bool pagemap, bool mapped, bool programs);
/*
 * Files of everybody may be written to until it is off again, if that was so before
 * cdm_privileges_drop(), and programs be loaded, if that was kept. Keeps errno.
 */
void cdm_privileges_raise(bool on);

#endif

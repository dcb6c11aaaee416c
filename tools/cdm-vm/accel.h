/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_ACCEL_H
#define CDM_VM_ACCEL_H

#include "options.h"

enum accel choose_accel(const struct options *o);

#endif

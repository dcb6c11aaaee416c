/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_INITRAMFS_H
#define CDM_VM_INITRAMFS_H

#include "util.h"

int initramfs_create(const struct buffer *config);

#endif

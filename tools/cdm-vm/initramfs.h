/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_INITRAMFS_H
#define CDM_VM_INITRAMFS_H

#include "util.h"

/* @modules: paths of files that init loads first, in this order. Return: a descriptor. */
int initramfs_create(const struct buffer *config, const struct strings *modules);

#endif

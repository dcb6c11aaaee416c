/* SPDX-License-Identifier: GPL-2.0 */
/* Names for the kernel's addresses, from /proc/kallsyms. */
#ifndef CDM_KSYMS_H
#define CDM_KSYMS_H

#include <linux/types.h>
#include <stddef.h>

struct cdm_ksyms;

/*
 * Reads the functions of the kernel and its modules as of now, some megabytes; to
 * be done before privileges are dropped. Return: NULL with errno.
 */
struct cdm_ksyms *cdm_ksyms_open(void);
void cdm_ksyms_close(struct cdm_ksyms *k);

/*
 * Whether that gives names. Return: 0; -EPERM: all addresses are shown as 0, see
 * /proc/sys/kernel/kptr_restrict, or CAP_SYSLOG; -errno.
 */
int cdm_ksyms_probe(void);

/*
 * Name of the function that @addr is in, valid as long as @k. "[unknown]" if there is
 * none for it: the address itself would tell where the kernel is in memory.
 */
const char *cdm_ksyms_name(const struct cdm_ksyms *k, __u64 addr);

#endif

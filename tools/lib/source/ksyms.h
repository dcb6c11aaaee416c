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
 * Name of the function that @addr is in. Return: @k's own string, or "0x..." in
 * @buf, of @size bytes, where no function is known for it.
 */
const char *cdm_ksyms_name(const struct cdm_ksyms *k, __u64 addr, char *buf, size_t size);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* A program or library: the functions in it, and how their frames lie on the stack. */
#ifndef CDM_MODULE_H
#define CDM_MODULE_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/stat.h>

#define CDM_BUILD_ID_MAX	20	/* bytes; longer ones are not taken */

/**
 * struct cdm_module - what is known of a file that is code
 *
 * A file without symbols, or that is no ELF file, is one without functions.
 */
struct cdm_module;

/*
 * @fd is the module's from then on, or closed. Symbols are those of the file, or of the
 * one in /usr/lib/debug with its build id; nothing is fetched from elsewhere.
 * Return: NULL: no memory.
 */
struct cdm_module *cdm_module_open(int fd);
void cdm_module_close(struct cdm_module *m);
/* Whether @file is the one that it was opened from, and has not been written to since. */
bool cdm_module_is(const struct cdm_module *m, const struct stat *file);
/*
 * The address that nm and addr2line show of what is @offset bytes from the start of the
 * file; @offset itself if that is not known.
 */
__u64 cdm_module_address(const struct cdm_module *m, __u64 offset);
/* The function that an address of the file is in. Return: NULL: there is no symbol for it. */
const char *cdm_module_function(const struct cdm_module *m, __u64 addr, __u64 *start);
/* Return: its bytes, 0: there is none. */
unsigned int cdm_module_build_id(const struct cdm_module *m, const unsigned char **id);
/*
 * Where the return address of the function lies that is at @addr: bytes from the top of
 * the stack, a multiple of 8. Negative: not known, or the frame pointer tells.
 */
__s32 cdm_module_return_at(struct cdm_module *m, __u64 addr);

#endif

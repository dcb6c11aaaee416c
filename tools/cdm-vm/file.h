/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_FILE_H
#define CDM_VM_FILE_H

#include <stddef.h>

/* Return: 0 or -1, with errno. */
int write_file(const char *path, const char *text);
/* The whole file with a NUL after it, to be freed, or NULL. @len: may be NULL. */
char *read_file(const char *path, size_t *len);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What modules.dep says, "path: dependency dependency..."; used by host and guest. */
#ifndef CDM_VM_MODDEP_H
#define CDM_VM_MODDEP_H

#include <stddef.h>

/* "/x/y-z.ko.xz" -> "y_z", as the kernel names it. */
void module_name(const char *path, char *name, size_t size);
/* The line of module @name in the file's text, to be freed; NULL: it has none. */
char *moddep_find(const char *text, const char *name);
/*
 * Passes the paths of a line, which is used up, in the order in which they are to be
 * loaded. Return: 0, or what @each returned if that was not 0.
 */
int moddep_each(char *line, int (*each)(void *ctx, const char *path), void *ctx);

#endif

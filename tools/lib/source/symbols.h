/* SPDX-License-Identifier: GPL-2.0 */
/* A sorted table of functions: of the kernel, of a file, of what a runtime compiled. */
#ifndef CDM_SYMBOLS_H
#define CDM_SYMBOLS_H

#include <linux/types.h>
#include <stddef.h>

struct cdm_symbol {
	__u64 addr;
	__u64 end;
	size_t name;		/* offset in names */
	unsigned int rank;	/* of several at an address the lowest is taken */
};

/* All 0: empty. */
struct cdm_symbols {
	struct cdm_symbol *rows;	/* by address, once sorted */
	size_t nr, room;
	char *names;
	size_t names_len, names_room;
};

/* @size 0: up to the next one. @name is copied. Return: 0 or -ENOMEM. */
int cdm_symbols_add(struct cdm_symbols *s, __u64 addr, __u64 size, const char *name,
		    unsigned int rank);
/* Once all are there. */
void cdm_symbols_sort(struct cdm_symbols *s);
/* The function that @addr is in, and where it starts. Return: NULL: it is in none. */
const char *cdm_symbols_find(const struct cdm_symbols *s, __u64 addr, __u64 *start);
void cdm_symbols_free(struct cdm_symbols *s);

#endif

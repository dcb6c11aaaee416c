// SPDX-License-Identifier: GPL-2.0
/* A sorted table of the kernel's functions, names in one block beside it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/ksyms.h"
#include "source/snapshot.h"

/* No function is larger; what is further away from one is code without a name. */
#define MAX_FUNCTION	(256ULL << 10)

struct symbol {
	__u64 addr;
	size_t name;		/* offset in names */
};

struct cdm_ksyms {
	struct symbol *symbols;	/* by address */
	size_t nr, room;
	char *names;
	size_t names_len, names_room;
};

static int grow(void **array, size_t *room, size_t need, size_t size)
{
	size_t new_room = *room ? *room : 4096;
	void *bigger;

	if (need <= *room)
		return 0;
	while (new_room < need)
		new_room *= 2;
	bigger = realloc(*array, new_room * size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	*room = new_room;
	return 0;
}

static int add(struct cdm_ksyms *k, __u64 addr, const char *name)
{
	size_t len = strlen(name) + 1;

	if (grow((void **)&k->symbols, &k->room, k->nr + 1, sizeof(*k->symbols)) ||
	    grow((void **)&k->names, &k->names_room, k->names_len + len, 1))
		return -ENOMEM;
	k->symbols[k->nr++] = (struct symbol){ addr, k->names_len };
	memcpy(k->names + k->names_len, name, len);
	k->names_len += len;
	return 0;
}

/*
 * "ffffffff81000000 T name", and "\t[module]" after those of modules. Return: NULL if
 * that is no function: stacks have nothing else.
 */
static char *parse_function(char *line, __u64 *addr)
{
	char *type, *name;

	*addr = strtoull(line, &type, 16);
	/* Weak ones included. */
	if (type == line || type[0] != ' ' || !type[1] || type[2] != ' ' ||
	    !strchr("tTwW", type[1]))
		return NULL;
	name = type + 3;
	name[strcspn(name, " \t\n")] = '\0';
	return name;
}

static int add_line(struct cdm_ksyms *k, char *line)
{
	__u64 addr;
	char *name = parse_function(line, &addr);

	return name && addr ? add(k, addr, name) : 0;
}

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int read_all(struct cdm_ksyms *k, FILE *in)
{
	char *line = NULL;
	size_t size = 0;
	int err = 0;

	while (!err && getline(&line, &size, in) > 0)
		err = add_line(k, line);
	if (!err && ferror(in))
		err = -EIO;
	free(line);
	return err;
}

static FILE *open_symbols(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/kallsyms", cdm_roots.proc);
	return fopen(path, "re");
}

/* The first function tells for all. */
int cdm_ksyms_probe(void)
{
	FILE *in = open_symbols();
	int err = -ENODATA;
	char line[512];
	__u64 addr;

	if (!in)
		return -errno;
	while (err == -ENODATA && fgets(line, sizeof(line), in))
		if (parse_function(line, &addr))
			err = addr ? 0 : -EPERM;
	fclose(in);
	return err;
}

struct cdm_ksyms *cdm_ksyms_open(void)
{
	FILE *in = open_symbols();
	struct cdm_ksyms *k;
	int err;

	if (!in)
		return NULL;
	k = calloc(1, sizeof(*k));
	err = k ? read_all(k, in) : -ENOMEM;
	fclose(in);
	if (err) {
		cdm_ksyms_close(k);
		errno = -err;
		return NULL;
	}
	if (k->nr)
		qsort(k->symbols, k->nr, sizeof(*k->symbols), by_addr);
	return k;
}

void cdm_ksyms_close(struct cdm_ksyms *k)
{
	if (!k)
		return;
	free(k->symbols);
	free(k->names);
	free(k);
}

const char *cdm_ksyms_name(const struct cdm_ksyms *k, __u64 addr)
{
	size_t low = 0, high = k->nr;

	/* The first symbol above @addr: the one before it is the function. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (k->symbols[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && addr - k->symbols[low - 1].addr < MAX_FUNCTION)
		return k->names + k->symbols[low - 1].name;
	return "[unknown]";
}

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
	bool hidden;
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

/* "ffffffff81000000 T name", and "\t[module]" after those of modules. */
static int add_line(struct cdm_ksyms *k, char *line)
{
	char *type, *name;
	__u64 addr;

	addr = strtoull(line, &type, 16);
	if (type == line || type[0] != ' ' || !type[1] || type[2] != ' ')
		return 0;
	/* Functions only, weak ones included: stacks have nothing else. */
	if (!strchr("tTwW", type[1]))
		return 0;
	if (!addr) {
		k->hidden = true;
		return 0;
	}
	name = type + 3;
	name[strcspn(name, " \t\n")] = '\0';
	return add(k, addr, name);
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

struct cdm_ksyms *cdm_ksyms_open(void)
{
	struct cdm_ksyms *k = NULL;
	char path[4096];
	int err;
	FILE *in;

	snprintf(path, sizeof(path), "%s/kallsyms", cdm_roots.proc);
	in = fopen(path, "re");
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

bool cdm_ksyms_hidden(const struct cdm_ksyms *k)
{
	return k->hidden;
}

const char *cdm_ksyms_name(const struct cdm_ksyms *k, __u64 addr, char *buf, size_t size)
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
	snprintf(buf, size, "0x%llx", (unsigned long long)addr);
	return buf;
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/ksyms.h"
#include "source/snapshot.h"
#include "source/symbols.h"

struct cdm_ksyms {
	struct cdm_symbols symbols;
};

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

	return name && addr ? cdm_symbols_add(&k->symbols, addr, 0, name, 0) : 0;
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
	cdm_symbols_sort(&k->symbols);
	return k;
}

void cdm_ksyms_close(struct cdm_ksyms *k)
{
	if (!k)
		return;
	cdm_symbols_free(&k->symbols);
	free(k);
}

const char *cdm_ksyms_name(const struct cdm_ksyms *k, __u64 addr)
{
	__u64 start;
	const char *name = cdm_symbols_find(&k->symbols, addr, &start);

	return name ?: "[unknown]";
}

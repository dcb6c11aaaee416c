// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "moddep.h"

void module_name(const char *path, char *name, size_t size)
{
	const char *base = strrchr(path, '/');
	char *c;

	snprintf(name, size, "%s", base ? base + 1 : path);
	name[strcspn(name, ".")] = '\0';
	for (c = name; *c; c++)
		if (*c == '-')
			*c = '_';
}

static int is_line_of(const char *line, size_t len, const char *wanted)
{
	const char *colon = memchr(line, ':', len);
	char path[4096], name[64];

	if (!colon)
		return 0;
	snprintf(path, sizeof(path), "%.*s", (int)(colon - line), line);
	module_name(path, name, sizeof(name));
	return !strcmp(name, wanted);
}

char *moddep_find(const char *text, const char *name)
{
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (is_line_of(text, len, name))
			return strndup(text, len);
	}
	return NULL;
}

/* What comes last in the line is needed first. */
int moddep_each(char *line, int (*each)(void *ctx, const char *path), void *ctx)
{
	char *space;
	int ret;

	while ((space = strrchr(line, ' '))) {
		ret = space[1] ? each(ctx, space + 1) : 0;
		if (ret)
			return ret;
		*space = '\0';
	}
	line[strcspn(line, ":")] = '\0';
	return each(ctx, line);
}

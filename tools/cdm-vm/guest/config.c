// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "config.h"
#include "../file.h"

static void list_add(struct list *l, char *text)
{
	if (l->n == MAX_LIST)
		fail("more than %d arguments or variables for the guest", MAX_LIST);
	l->v[l->n++] = text;
}

static void set_option(struct config *c, const char *key, char *value)
{
	if (!strcmp(key, "arg"))
		list_add(&c->arg, value);
	else if (!strcmp(key, "env"))
		list_add(&c->env, value);
	else if (!strcmp(key, "boot"))
		list_add(&c->boot, value);
	else if (!strcmp(key, "rw"))
		list_add(&c->rw, value);
	else if (!strcmp(key, "probe"))
		c->probe = true;
	else if (!strcmp(key, "tty"))
		c->tty = true;
	else if (!strcmp(key, "errpipe"))
		c->errpipe = true;
	else if (!strcmp(key, "rows"))
		c->rows = atoi(value);
	else if (!strcmp(key, "columns"))
		c->columns = atoi(value);
	else if (!strcmp(key, "modules"))
		c->modules = value;
	else if (!strcmp(key, "modprobe"))
		c->modprobe = value;
	else if (!strcmp(key, "cwd"))
		c->cwd = value;
	else if (!strcmp(key, "cwd-must-exist"))
		c->cwd_must_exist = true;
	else if (!strcmp(key, "swap"))
		c->swap = true;
	else if (!strcmp(key, "kmemleak"))
		c->kmemleak = true;
	else if (!strcmp(key, "uid"))
		c->uid = strtoul(value, NULL, 10), c->as_user = true;
	else if (!strcmp(key, "gid"))
		c->gid = strtoul(value, NULL, 10);
	else if (!strcmp(key, "group") && c->nr_groups < 256)
		c->groups[c->nr_groups++] = strtoul(value, NULL, 10);
}

void read_config(struct config *c)
{
	size_t len;
	char *data = read_file(CONFIG_PATH, &len);
	char *at, *end, *equals;

	if (!data)
		fail("no %s in the initramfs", CONFIG_PATH);
	end = data + len;
	for (at = data; at < end; at += strlen(at) + 1) {
		equals = strchr(at, '=');
		if (!equals)
			continue;
		*equals = '\0';
		set_option(c, at, equals + 1);
		at = equals + 1;
	}
}

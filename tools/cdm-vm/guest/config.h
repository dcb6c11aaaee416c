/* SPDX-License-Identifier: GPL-2.0 */
/* What the host wants of the guest, from the initramfs. */
#ifndef CDM_VM_CONFIG_H
#define CDM_VM_CONFIG_H

#include <stdbool.h>

#define MAX_LIST 512

struct list {
	char *v[MAX_LIST + 1];	/* NULL-terminated */
	int n;
};

struct config {
	bool probe, tty, errpipe, swap, kmemleak, cwd_must_exist, as_user;
	int rows, columns;
	unsigned int uid, gid, groups[256];
	int nr_groups;
	char *modules, *modprobe, *cwd;
	struct list boot, rw, env, arg;
};

/* Fails without a configuration. */
void read_config(struct config *c);

#endif

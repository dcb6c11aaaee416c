/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's first process: configuration and the parts of init. */
#ifndef CDM_VM_INIT_H
#define CDM_VM_INIT_H

#include <stdbool.h>
#include <stddef.h>

#include "proto.h"

#define MAX_LIST 512
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

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
	struct list rw, env, arg;
};

/* init.c */
extern int ports[NR_PORTS];	/* -1: not open yet */
void tell(enum msg_type type, const char *fmt, ...) PRINTF(2, 3);
void fail(const char *fmt, ...) PRINTF(1, 2) __attribute__((noreturn));
void power_off(void) __attribute__((noreturn));
int write_file(const char *path, const char *text);
char *read_file(const char *path, size_t *len);

/* init-fs.c */
void enter_host_root(const struct config *c);
void mount_system(void);
void mount_shares(const struct config *c);
void swap_on(void);

/* init-module.c */
void load_module(const char *name);

/* init-run.c */
void run_command(const struct config *c) __attribute__((noreturn));

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_OPTIONS_H
#define CDM_VM_OPTIONS_H

#include "util.h"

enum accel {
	ACCEL_AUTO,
	ACCEL_KVM,
	ACCEL_TCG,
};

struct cdm_device {
	uint64_t size;
	uint64_t address;	/* reserved devices only */
	bool reserved;
	int node;		/* -1: not asked for */
};

#define MAX_CDM_DEVICES 64

struct options {
	char *exe_dir;		/* where cdm-vm itself is */
	char *project;		/* NULL: cdm-vm is not in its source tree */

	char *kernel;		/* as given: a bzImage or a directory */
	char *image;		/* the bzImage */
	char *modules;		/* .../lib/modules, or NULL */
	struct strings boot_modules;	/* paths, see modules.h */
	bool debug_kernel;

	uint64_t memory;
	int cpus;
	int numa;
	bool far;		/* the last of them has no processors, and is slower */
	uint64_t swap;
	struct cdm_device cdm[MAX_CDM_DEVICES];
	int nr_cdm;
	bool modprobe;

	enum accel accel;
	bool icount;
	double timeout;		/* seconds, 0: none */
	int gdb_port;		/* 0: none */
	bool gdb_wait;
	char *monitor;

	bool dmesg_check;
	char *dmesg;		/* NULL: the default place */
	struct strings allow;
	int kmemleak;		/* -1: if it is a debug kernel */

	struct strings append, env, rw, qemu_args, command;
	char *cwd;
	bool cwd_given;
	bool as_user;
	bool dry_run;
};

void options_parse(struct options *o, int argc, char **argv);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_QEMU_H
#define CDM_VM_QEMU_H

#include "options.h"
#include "proto.h"

/* Descriptors come in pairs: [0] is cdm-vm's end, [1] is QEMU's. */
struct vm {
	const struct options *o;
	enum accel accel;
	bool probe;		/* boots only to see whether it boots */
	pid_t pid;
	int port[NR_PORTS][2];
	int console[2];
	int errors[2];		/* QEMU's stderr */
	int initramfs;
	int swap;		/* -1: none */
};

void place_reserved_devices(struct options *o);
void vm_prepare(struct vm *vm, const struct buffer *config);
void vm_command(const struct vm *vm, struct strings *argv);
void vm_start(struct vm *vm, char **argv);
char *shell_command(char **argv);

#endif

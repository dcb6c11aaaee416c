/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_PROXY_H
#define CDM_VM_PROXY_H

#include "qemu.h"

enum outcome {
	OUTCOME_EXITED,		/* status is the command's */
	OUTCOME_DIED,		/* the VM ended without saying why */
	OUTCOME_FAILED,		/* the guest's init said why */
	OUTCOME_NO_BOOT,	/* the guest's init did not start the command */
	OUTCOME_TIMEOUT,
	OUTCOME_SIGNAL,		/* status is the signal that cdm-vm got */
};

struct result {
	enum outcome outcome;
	int status;
	bool ready;		/* the command had been started */
	bool untouched;		/* it had not, nor was any of its input read */
	struct buffer dmesg;
	struct buffer console;	/* of an orderly end, only what followed the log */
	struct buffer errors;	/* what QEMU said */
};

void block_signals(void);
void run_vm(struct vm *vm, bool tty, double boot_limit, double limit, struct result *r);
void result_free(struct result *r);

bool terminal_size(uint64_t *rows, uint64_t *columns);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_COMMAND_H
#define CDM_VM_COMMAND_H

#include "config.h"

/* Runs the command, copies its streams, and ends the machine when it ends. */
void run_command(const struct config *c) __attribute__((noreturn));

#endif

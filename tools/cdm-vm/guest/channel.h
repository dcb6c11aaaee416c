/* SPDX-License-Identifier: GPL-2.0 */
/* The guest's end of the ports to the host, and what is said through them. */
#ifndef CDM_VM_CHANNEL_H
#define CDM_VM_CHANNEL_H

#include "../proto.h"

#define PRINTF(f, a) __attribute__((format(printf, f, a)))

extern int ports[NR_PORTS];	/* -1: not open yet */

/* QEMU announces its ports one by one; fails if one does not come. */
void open_ports(void);
/* A message to the host; before there are ports, on the console. */
void tell(enum msg_type type, const char *fmt, ...) PRINTF(2, 3);
/* The guest cannot go on: says why, and ends the machine. */
void fail(const char *fmt, ...) PRINTF(1, 2) __attribute__((noreturn));
void power_off(void) __attribute__((noreturn));

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_GATE_H
#define CDM_VM_GATE_H

#include "util.h"

struct gate;

struct gate *gate_create(void);
void gate_allow(struct gate *g, const char *path);
int gate_check(struct gate *g, const char *log);
void gate_destroy(struct gate *g);

#endif

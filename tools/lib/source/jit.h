/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that a runtime compiled, from the file that it keeps of them for perf(1):
 * /tmp/perf-PID.map (python3 -X perf, node --perf-basic-prof, java's perf-map-agent).
 */
#ifndef CDM_JIT_H
#define CDM_JIT_H

#include <linux/types.h>

struct cdm_jit;

/* NULL: no memory. */
struct cdm_jit *cdm_jit_open(__u32 pid);
void cdm_jit_close(struct cdm_jit *jit);
/* Looks into the file again if it has grown. Return: NULL: it has no such function. */
const char *cdm_jit_function(struct cdm_jit *jit, __u64 addr, __u64 *start);

#endif

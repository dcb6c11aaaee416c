/* SPDX-License-Identifier: GPL-2.0 */
/* Of the collector alone: what the running kernel lets BPF programs do, found out by trying. */
#ifndef CDM_ALLOW_H
#define CDM_ALLOW_H

#include <stdbool.h>

/* NULL: programs such as those of bpf/ may be loaded; else why not, and what to do. */
const char *cdm_allow_programs(void);

/* false: the kernel's functions would take programs, and never call them. */
bool cdm_allow_functions(void);

#endif

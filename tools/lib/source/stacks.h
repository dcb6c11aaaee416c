/* SPDX-License-Identifier: GPL-2.0 */
/* Of the collector alone: stacks of events get names and an id of their own. */
#ifndef CDM_STACKS_H
#define CDM_STACKS_H

#include "source/bpf.h"
#include "source/snapshot.h"

/**
 * struct cdm_stacks - tells stacks by name, each different one once
 *
 * Those of processes that run the same program are the same, wherever it lies in their
 * address spaces.
 */
struct cdm_stacks;

/*
 * Addresses come from @b. Reads /proc/kallsyms, which is to be done before privileges are
 * dropped. Return: NULL: no memory.
 */
struct cdm_stacks *cdm_stacks_open(struct cdm_bpf *b, cdm_emit_fn emit, void *ctx);
void cdm_stacks_close(struct cdm_stacks *s);
/*
 * Sets *@id to that of the stack of @ev, -1: there is none. Emits it before it is used for
 * the first time. Return: 0 or -errno.
 */
int cdm_stacks_id(struct cdm_stacks *s, const struct cdm_ev *ev, const struct cdm_user *user,
		  __s32 *id);

#endif

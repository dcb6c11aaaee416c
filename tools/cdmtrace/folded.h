/* SPDX-License-Identifier: GPL-2.0 */
/* Call sites: stacks with what was done there, for flame graphs and the report. */
#ifndef CDM_FOLDED_H
#define CDM_FOLDED_H

#include "base/out.h"
#include "model/model.h"

struct cdm_folded;

/* A thread's name and its stack or function, and the sums. */
struct cdm_site {
	const char *text;	/* see enum cdm_fold */
	__u64 count;		/* events */
	__u64 pages;		/* that they moved */
	__u64 ns;
};

enum cdm_fold {
	CDM_FOLD_STACK,		/* "comm;main;touch;asm_exc_page_fault_[k]" */
	CDM_FOLD_FUNCTION,	/* "comm;touch": the innermost function of the program itself */
};

struct cdm_folded *cdm_folded_new(enum cdm_fold by);	/* NULL: no memory */
void cdm_folded_free(struct cdm_folded *f);
/*
 * Stacks come from @m. Events without one count as "[no stack]", by function not at all.
 * 0 or -ENOMEM.
 */
int cdm_folded_add(struct cdm_folded *f, const struct cdm_ev *ev, const struct cdm_model *m);
/* By pages and then by count, most first; valid until the next call. */
const struct cdm_site *const *cdm_folded_sites(struct cdm_folded *f, size_t *nr);
/* A line for each, "comm;outer;inner 12". */
void cdm_folded_print(struct cdm_folded *f, struct cdm_out *out, bool by_pages);

#endif

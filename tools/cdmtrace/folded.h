/* SPDX-License-Identifier: GPL-2.0 */
/* Call sites: kernel stacks with what was done there, for flame graphs and the report. */
#ifndef CDM_FOLDED_H
#define CDM_FOLDED_H

#include "base/out.h"
#include "model/model.h"

struct cdm_folded;

/* A stack, or a thread's name and its stack, and its sums. */
struct cdm_site {
	const char *text;	/* "comm;outer;...;inner" */
	__u64 count;		/* events */
	__u64 pages;		/* that they moved */
	__u64 ns;
};

struct cdm_folded *cdm_folded_new(void);	/* NULL: no memory */
void cdm_folded_free(struct cdm_folded *f);
/* Stacks come from @m. Events without one count as "[no stack]". 0 or -ENOMEM. */
int cdm_folded_add(struct cdm_folded *f, const struct cdm_ev *ev, const struct cdm_model *m);
/* By pages and then by count, most first; valid until the next call. */
const struct cdm_site *const *cdm_folded_sites(struct cdm_folded *f, size_t *nr);
/* A line for each, "comm;outer;inner 12". */
void cdm_folded_print(struct cdm_folded *f, struct cdm_out *out, bool by_pages);

#endif

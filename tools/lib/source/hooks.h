/* SPDX-License-Identifier: GPL-2.0 */
/* Of the collector alone: which programs the features and events need, by each source. */
#ifndef CDM_HOOKS_H
#define CDM_HOOKS_H

#include <linux/types.h>
#include <stdbool.h>

#include "source/collector.h"

struct cdm_hook {
	const char *program;	/* in bpf/ */
	enum cdm_source source;
	const char *target;	/* the tracepoint or function that it is attached to */
	unsigned int features;	/* enum cdm_feature that cannot do without it */
	__u64 events;		/* bits of 1 << enum cdm_kind that cannot */
	bool optional;		/* they can, but tell less */
	bool beside;		/* the same, whatever source they come from */
};

/* Ends with no program. What one source has not the next one may. */
extern const struct cdm_hook cdm_hooks[];

/* Whether what @d takes of features and events from the hook's source needs it. */
bool cdm_hook_needed(const struct cdm_hook *hook, const struct cdm_description *d);

#endif

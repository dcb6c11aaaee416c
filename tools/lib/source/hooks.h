/* SPDX-License-Identifier: GPL-2.0 */
/* Of the collector alone: which programs the features and events need. */
#ifndef CDM_HOOKS_H
#define CDM_HOOKS_H

#include <linux/types.h>
#include <stdbool.h>

struct cdm_hook {
	const char *program;	/* in bpf/ */
	const char *tracepoint;	/* that it is attached to */
	unsigned int features;	/* enum cdm_feature that cannot do without it */
	__u64 events;		/* bits of 1 << enum cdm_kind that cannot */
};

extern const struct cdm_hook cdm_hooks[];	/* ends with no program */

static inline bool cdm_hook_needed(const struct cdm_hook *hook, unsigned int features,
				   __u64 events)
{
	return (hook->features & features) || (hook->events & events);
}

#endif

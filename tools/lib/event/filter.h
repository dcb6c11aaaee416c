/* SPDX-License-Identifier: GPL-2.0 */
/* Which events to show: the same conditions in BPF, and here for recordings. */
#ifndef CDM_EVENT_FILTER_H
#define CDM_EVENT_FILTER_H

#include "event/event.h"
#include "model/model.h"
#include "source/collector.h"

/*
 * What to show. A condition on something that a kind does not have, such as a
 * direction, does not concern that kind; BPF does the same.
 */
struct cdm_event_filter {
	__u64 kinds;			/* bits of 1 << enum cdm_kind */
	__u32 sorts[CDM_NR_EV];		/* bits by the value of CDM_PLACE_SORT; 0: all */
	struct cdm_filter by;
	const char *cgroup;		/* path, and those below; NULL: by.cgroup */
};

void cdm_event_filter_init(struct cdm_event_filter *f);
/* Takes "migrate,fault:cow" into @f. Return: 0; -EINVAL or -ENOMEM, and @why (base/error.h). */
int cdm_event_filter_parse(struct cdm_event_filter *f, const char *list, char *why);
/* Leaves out the kinds that have nothing of what is asked for, such as a reason. */
void cdm_event_filter_narrow(struct cdm_event_filter *f);
/* Whether the cgroup @path is @below or one of its descendants; slashes around do not count. */
bool cdm_path_below(const char *path, const char *below);
bool cdm_event_match(const struct cdm_event_filter *f, const struct cdm_ev *ev,
		     const struct cdm_model *m);

#endif

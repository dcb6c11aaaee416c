/* SPDX-License-Identifier: GPL-2.0 */
/* Events as aligned lines for people. */
#ifndef CDM_EVENT_TEXT_H
#define CDM_EVENT_TEXT_H

#include "base/out.h"
#include "model/model.h"

enum cdm_time { CDM_TIME_WALL, CDM_TIME_BOOT, CDM_TIME_DELTA, CDM_NR_TIME };

struct cdm_event_text {
	const struct cdm_model *model;
	enum cdm_time time;
	bool stacks;			/* with those that events have */
	__u64 last_ts;			/* 0: none yet */
	__u64 second;			/* that @clock is of */
	char clock[16];
};

void cdm_event_text_init(struct cdm_event_text *t, const struct cdm_model *model,
			 enum cdm_time time, bool stacks);
void cdm_event_text_header(struct cdm_out *out);
/* A line, and with stacks one for each frame, the kernel's first. */
void cdm_event_text_put(struct cdm_event_text *t, struct cdm_out *out, const struct cdm_rec *rec);

#endif

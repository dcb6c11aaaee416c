/* SPDX-License-Identifier: GPL-2.0 */
/* Frames of stacks in user space, as people and programs read them. */
#ifndef CDM_EVENT_FRAME_H
#define CDM_EVENT_FRAME_H

#include "base/name.h"
#include "record/record.h"

/* Bytes that may be needed for any of the following. */
size_t cdm_frame_room(const struct cdm_user_frame *f);
/* "main"; "libfoo.so+0x1139" without a symbol; "0x7f0000001139" where there is no file. */
char *cdm_put_frame(char *p, const struct cdm_user_frame *f, enum cdm_form form);
/* "main+0x1b (/srv/bin/db)" */
char *cdm_put_frame_text(char *p, const struct cdm_user_frame *f);
/* {"function":"main","function_offset":27,"module":"/srv/bin/db","offset":4409,"build_id":"1f..."} */
char *cdm_put_frame_json(char *p, const struct cdm_user_frame *f);

#endif

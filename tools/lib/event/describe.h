/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people read of an event: the same words, numbers and order in lines of text
 * and on the screen.
 */
#ifndef CDM_EVENT_DESCRIBE_H
#define CDM_EVENT_DESCRIBE_H

#include "event/event.h"
#include "model/model.h"

#define CDM_DESCRIBE_MAX	(8 << 10)

/*
 * Writes what stands at @place at @p, which has room for CDM_DESCRIBE_MAX bytes, "-"
 * where the kind has nothing there. CDM_PLACE_ADDRESS is "start-end" where there is a
 * length; CDM_PLACE_DETAIL all that has no place of its own, what failed first:
 * "pinned:13 driver heap". Return: what follows; there is no NUL.
 */
char *cdm_describe(char *p, const struct cdm_rec *rec, enum cdm_field_place place,
		   const struct cdm_model *m);
/* "1412/redis-server"; "-" for nobody. */
char *cdm_describe_who(char *p, __u32 pid, const char *comm);

#endif

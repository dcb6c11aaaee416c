/* SPDX-License-Identifier: GPL-2.0 */
/* Events as JSON objects. */
#ifndef CDM_EVENT_JSON_H
#define CDM_EVENT_JSON_H

#include "event/fields.h"

#define CDM_JSON_HEADS		64
#define CDM_JSON_HEAD_MAX	512	/* bytes; longer ones are not kept */

/* Who an event is of, as it was printed last: most events are of the same few. */
struct cdm_json_head {
	struct cdm_ev ev;		/* its @rec does not count */
	size_t len;			/* 0: none */
	char text[CDM_JSON_HEAD_MAX];
};

/* {"type":"migrate" */
struct cdm_json_start {
	size_t len;
	char text[32];
};

struct cdm_event_json {
	struct cdm_fields fields;
	struct cdm_json_start starts[CDM_REC_DEVICE_ID];
	struct cdm_json_head heads[CDM_JSON_HEADS];
};

/* @hex: addresses are "0x7f00...", for people, and not numbers. NULL: no memory. */
struct cdm_event_json *cdm_event_json_new(const struct cdm_model *model, bool hex);
void cdm_event_json_free(struct cdm_event_json *j);
/* The first line of NDJSON, what the recording is. */
void cdm_event_json_meta(struct cdm_event_json *j, struct cdm_out *out);
/* A line: an object with all fields. */
void cdm_event_json_put(struct cdm_event_json *j, struct cdm_out *out, const struct cdm_rec *rec);
/*
 * The fields that the kind has besides the head, "key":value,... without braces,
 * at @s, which has room for CDM_RECORD_MAX_OUT. Return: what follows.
 */
char *cdm_event_json_own(struct cdm_event_json *j, char *s, const struct cdm_rec *rec);
/* Names may have changed. */
void cdm_event_json_renamed(struct cdm_event_json *j);

#endif

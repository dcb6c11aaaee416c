/* SPDX-License-Identifier: GPL-2.0 */
/* Writes JSON to a stream, two blanks a level; text that is not UTF-8 is replaced. */
#ifndef CDMCTL_JSON_H
#define CDMCTL_JSON_H

#include <stdbool.h>
#include <stdio.h>

struct json {
	FILE *out;
	int depth;
	bool empty;	/* the object or array that is open has no member yet */
};

/* @key: NULL within arrays and for the outermost value. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_string(struct json *j, const char *key, const char *value);	/* NULL: null */
void json_unsigned(struct json *j, const char *key, unsigned long long value);
void json_signed(struct json *j, const char *key, long long value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
/* CDM_UNKNOWN is null. */
void json_known(struct json *j, const char *key, unsigned long long value);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes JSON to a stream, nothing is allocated. Keys are constants that need no
 * escapes; texts are written by the rule of name.h.
 */
#ifndef CDM_JSON_H
#define CDM_JSON_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <linux/types.h>

#define CDM_JSON_BUF	(64 << 10)	/* bytes collected before they go to the stream */

struct cdm_json {
	FILE *out;
	bool pretty;		/* a line for each value, two blanks a level */
	bool more;		/* what is open has a member already */
	unsigned int depth;
	size_t used;
	char buf[CDM_JSON_BUF];
};

/* Leaves @j->buf alone. */
void cdm_json_init(struct cdm_json *j, FILE *out, bool pretty);
/*
 * Hands over what was collected. Also when the outermost value is closed, if it
 * is pretty; NDJSON waits until the buffer is full. Errors stay in the stream,
 * see ferror().
 */
void cdm_json_flush(struct cdm_json *j);

/* For the functions below: what comes before a value; @key NULL: none. */
void cdm_json_start(struct cdm_json *j, const char *key, size_t len);
void cdm_json_put_open(struct cdm_json *j, char bracket);
void cdm_json_put_string(struct cdm_json *j, const char *value);
void cdm_json_put_u64(struct cdm_json *j, __u64 value);
void cdm_json_put_s64(struct cdm_json *j, __s64 value);
void cdm_json_put_double(struct cdm_json *j, double value);
void cdm_json_put_word(struct cdm_json *j, const char *word);

/* Inline, so that the length of a constant key costs nothing. */
static inline void cdm_json_key(struct cdm_json *j, const char *key)
{
	cdm_json_start(j, key, key ? strlen(key) : 0);
}

/* @key: NULL within arrays and for the outermost value. @bracket: '{' or '['. */
static inline void cdm_json_open(struct cdm_json *j, const char *key, char bracket)
{
	cdm_json_key(j, key);
	cdm_json_put_open(j, bracket);
}

/* @bracket: '}' or ']'. A newline follows the outermost one. */
void cdm_json_close(struct cdm_json *j, char bracket);

/* NULL is null. */
static inline void cdm_json_string(struct cdm_json *j, const char *key, const char *value)
{
	cdm_json_key(j, key);
	cdm_json_put_string(j, value);
}

static inline void cdm_json_u64(struct cdm_json *j, const char *key, __u64 value)
{
	cdm_json_key(j, key);
	cdm_json_put_u64(j, value);
}

static inline void cdm_json_s64(struct cdm_json *j, const char *key, __s64 value)
{
	cdm_json_key(j, key);
	cdm_json_put_s64(j, value);
}

/* Three decimals at most; what is not finite is null. */
static inline void cdm_json_double(struct cdm_json *j, const char *key, double value)
{
	cdm_json_key(j, key);
	cdm_json_put_double(j, value);
}

static inline void cdm_json_bool(struct cdm_json *j, const char *key, bool value)
{
	cdm_json_key(j, key);
	cdm_json_put_word(j, value ? "true" : "false");
}

static inline void cdm_json_null(struct cdm_json *j, const char *key)
{
	cdm_json_key(j, key);
	cdm_json_put_word(j, "null");
}

/* CDM_UNKNOWN (record.h) is null. */
static inline void cdm_json_known(struct cdm_json *j, const char *key, __u64 value)
{
	cdm_json_key(j, key);
	if (value == ~0ULL)
		cdm_json_put_word(j, "null");
	else
		cdm_json_put_u64(j, value);
}

#endif

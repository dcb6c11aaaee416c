// SPDX-License-Identifier: GPL-2.0
#include <math.h>

#include "base/json.h"
#include "base/name.h"
#include "base/put.h"

#define LONGEST	48	/* a number, or what surrounds a key */
#define CHUNK	1024	/* of a text */

void cdm_json_init(struct cdm_json *j, FILE *out, bool pretty)
{
	j->out = out;
	j->pretty = pretty;
	j->more = false;
	j->depth = 0;
	j->used = 0;
}

void cdm_json_flush(struct cdm_json *j)
{
	fwrite(j->buf, 1, j->used, j->out);
	j->used = 0;
}

/* Makes sure that @n bytes fit, which are at most some thousand. */
static inline void room(struct cdm_json *j, size_t n)
{
	if (j->used + n > sizeof(j->buf))
		cdm_json_flush(j);
}

static void put(struct cdm_json *j, const char *s, size_t len)
{
	room(j, len);
	memcpy(j->buf + j->used, s, len);
	j->used += len;
}

static void new_line(struct cdm_json *j)
{
	room(j, 1 + 2 * j->depth);
	j->buf[j->used++] = '\n';
	memset(j->buf + j->used, ' ', 2 * j->depth);
	j->used += 2 * j->depth;
}

void cdm_json_start(struct cdm_json *j, const char *key, size_t len)
{
	if (j->more)
		put(j, ",", 1);
	if (j->pretty && j->depth)
		new_line(j);
	j->more = true;
	if (!key)
		return;
	room(j, len + LONGEST);
	j->buf[j->used++] = '"';
	memcpy(j->buf + j->used, key, len);
	j->used += len;
	j->buf[j->used++] = '"';
	j->buf[j->used++] = ':';
	if (j->pretty)
		j->buf[j->used++] = ' ';
}

void cdm_json_put_open(struct cdm_json *j, char bracket)
{
	put(j, &bracket, 1);
	j->depth++;
	j->more = false;
}

void cdm_json_close(struct cdm_json *j, char bracket)
{
	j->depth--;
	if (j->pretty && j->more)
		new_line(j);
	put(j, &bracket, 1);
	j->more = j->depth > 0;
	if (j->depth)
		return;
	put(j, "\n", 1);
	if (j->pretty)
		cdm_json_flush(j);
}

/* Bytes of @s that are written at once; not half a character, which would be none. */
static size_t chunk(const char *s)
{
	size_t len = strnlen(s, CHUNK);

	if (s[len])
		while (len > 1 && (s[len] & 0xc0) == 0x80)
			len--;
	return len;
}

void cdm_json_put_string(struct cdm_json *j, const char *value)
{
	if (!value) {
		cdm_json_put_word(j, "null");
		return;
	}
	put(j, "\"", 1);
	for (size_t len; *value; value += len) {
		len = chunk(value);
		room(j, CDM_NAME_GROWS * len);
		j->used = cdm_put_name(j->buf + j->used, value, len, CDM_FORM_JSON) - j->buf;
	}
	put(j, "\"", 1);
}

void cdm_json_put_u64(struct cdm_json *j, __u64 value)
{
	room(j, LONGEST);
	j->used = cdm_put_u64(j->buf + j->used, value) - j->buf;
}

void cdm_json_put_s64(struct cdm_json *j, __s64 value)
{
	room(j, LONGEST);
	j->used = cdm_put_s64(j->buf + j->used, value) - j->buf;
}

void cdm_json_put_double(struct cdm_json *j, double value)
{
	__u64 thousandths;
	char *p;

	if (!isfinite(value)) {
		cdm_json_put_word(j, "null");
		return;
	}
	if (fabs(value) >= 1e15) {
		room(j, LONGEST);
		j->used += snprintf(j->buf + j->used, LONGEST, "%.17g", value);
		return;
	}
	thousandths = llrint(fabs(value) * 1000);
	room(j, LONGEST);
	p = j->buf + j->used;
	if (value < 0 && thousandths)
		*p++ = '-';
	p = cdm_put_u64(p, thousandths / 1000);
	if (thousandths % 1000) {
		*p++ = '.';
		p = cdm_put_padded(p, thousandths % 1000, 3);
		while (p[-1] == '0')
			p--;
	}
	j->used = p - j->buf;
}

void cdm_json_put_word(struct cdm_json *j, const char *word)
{
	put(j, word, strlen(word));
}

// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "json.h"
#include "record.h"

/* Length of the UTF-8 character at @s, 0 if it is not one. */
static size_t utf8_len(const unsigned char *s)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int c = *s;
	size_t len = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;

	if (len < 2)
		return len;
	c &= 0x7f >> len;
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	return c < least[len] || c > 0x10ffff || c >> 11 == 27 ? 0 : len;
}

static void put_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', out);
	while (*s) {
		size_t len = utf8_len(s);

		if (!len)
			fputs("\\ufffd", out);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fwrite(s, 1, len, out);
		s += len ? len : 1;
	}
	putc('"', out);
}

static void new_line(struct json *j)
{
	fprintf(j->out, "\n%*s", 2 * j->depth, "");
}

static void start(struct json *j, const char *key)
{
	if (j->depth) {
		if (!j->empty)
			putc(',', j->out);
		new_line(j);
	}
	j->empty = false;
	if (key) {
		put_string(j->out, key);
		fputs(": ", j->out);
	}
}

void json_open(struct json *j, const char *key, char bracket)
{
	start(j, key);
	putc(bracket, j->out);
	j->depth++;
	j->empty = true;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (!j->empty)
		new_line(j);
	j->empty = false;
	putc(bracket, j->out);
	if (!j->depth)
		putc('\n', j->out);
}

void json_string(struct json *j, const char *key, const char *value)
{
	if (!value) {
		json_null(j, key);
		return;
	}
	start(j, key);
	put_string(j->out, value);
}

void json_unsigned(struct json *j, const char *key, unsigned long long value)
{
	start(j, key);
	fprintf(j->out, "%llu", value);
}

void json_signed(struct json *j, const char *key, long long value)
{
	start(j, key);
	fprintf(j->out, "%lld", value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	start(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	start(j, key);
	fputs("null", j->out);
}

void json_known(struct json *j, const char *key, unsigned long long value)
{
	if (value == CDM_UNKNOWN)
		json_null(j, key);
	else
		json_unsigned(j, key, value);
}

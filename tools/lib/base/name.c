// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <wchar.h>

#include <linux/types.h>

#include "base/name.h"

static const char hex[] = "0123456789abcdef";

/* As every format has it: nearly all that ever comes. */
static inline bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != ';' && c != '&' &&
	       c != '<' && c != '>';
}

/* Return: the length of the character at @s, 0 if it is none. */
static size_t decode(const char *text, size_t max, __u32 *code)
{
	static const __u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	__u32 c = *s;
	size_t len = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;

	*code = c;
	if (len < 2)
		return len;
	if (len > max)
		return 0;
	c &= 0x7f >> len;
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	*code = c;
	return c < least[len] || c > 0x10ffff || c >> 11 == 27 ? 0 : len;
}

/* Unicode's categories Cc, Cf, Zl and Zp, and what is no character. */
static bool can_be_seen(__u32 c)
{
	static const struct { __u32 from, to; } hidden[] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x600, 0x605 }, { 0x61c, 0x61c },
		{ 0x6dd, 0x6dd }, { 0x70f, 0x70f }, { 0x890, 0x891 }, { 0x8e2, 0x8e2 },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
		{ 0xfdd0, 0xfdef }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0x110bd, 0x110bd },
		{ 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 },
		{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]) && c >= hidden[i].from; i++)
		if (c <= hidden[i].to)
			return false;
	return (c & 0xfffe) != 0xfffe;
}

size_t cdm_name_char(const char *s, size_t max, bool *visible)
{
	__u32 code;
	size_t len = decode(s, max, &code);

	*visible = len && can_be_seen(code);
	return len ?: 1;
}

static int char_width(const char *s, size_t len)
{
	__u32 code;
	int width;

	if (!decode(s, len, &code))
		return 1;
	/* Not known in the C locale. */
	width = wcwidth(code);
	return width < 0 ? 1 : width;
}

int cdm_name_width(const char *s, size_t max)
{
	size_t ascii = 0, len;
	bool visible;
	int width;

	/* Nearly all that ever comes; control characters have a "?" for each. */
	while (ascii < max && (signed char)s[ascii] > 0)
		ascii++;
	width = ascii;
	for (size_t i = ascii; i < max && s[i]; i += len) {
		len = cdm_name_char(s + i, max - i, &visible);
		width += len == 1 || !visible ? 1 : char_width(s + i, len);
	}
	return width;
}

static char *put_hex(char *p, const char *s, size_t len, const char *prefix)
{
	for (size_t i = 0; i < len; i++) {
		p = stpcpy(p, prefix);
		*p++ = hex[(unsigned char)s[i] >> 4];
		*p++ = hex[s[i] & 15];
	}
	return p;
}

static char *put_code(char *p, __u32 code)
{
	if (code > 0xffff) {
		code -= 0x10000;
		p = put_code(p, 0xd800 | code >> 10);
		code = 0xdc00 | (code & 0x3ff);
	}
	p = stpcpy(p, "\\u");
	for (int shift = 12; shift >= 0; shift -= 4)
		*p++ = hex[code >> shift & 15];
	return p;
}

static char *put_invisible(char *p, const char *s, size_t len, enum cdm_form form)
{
	__u32 code;

	switch (form) {
	case CDM_FORM_TEXT:
	case CDM_FORM_HTML:
		*p++ = '?';
		return p;
	case CDM_FORM_JSON:
		return decode(s, len, &code) ? put_code(p, code) : stpcpy(p, "\xef\xbf\xbd");
	case CDM_FORM_LABEL:
		return put_hex(p, s, len, "\\\\x");
	default:
		return put_hex(p, s, len, "\\x");
	}
}

/* What the formats use themselves; NULL: it goes out as it is. */
static const char *special(char c, enum cdm_form form)
{
	static const char *const backslash[] = {
		[CDM_FORM_JSON] = "\\\\", [CDM_FORM_CSV] = "\\\\", [CDM_FORM_LABEL] = "\\\\\\\\",
		[CDM_FORM_FOLDED] = "\\\\", [CDM_FORM_HTML] = NULL,
	};
	static const char *const quote[] = {
		[CDM_FORM_JSON] = "\\\"", [CDM_FORM_CSV] = "\"\"", [CDM_FORM_LABEL] = "\\\"",
		[CDM_FORM_FOLDED] = NULL, [CDM_FORM_HTML] = "&quot;",
	};

	if (c == '\\')
		return backslash[form];
	if (c == '"')
		return quote[form];
	if (form == CDM_FORM_HTML)
		return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;
	return c == ';' && form == CDM_FORM_FOLDED ? "\\x3b" : NULL;
}

/* A character that is not plain. Return: what follows, *@taken: bytes of @s. */
static char *put_char(char *p, const char *s, size_t max, enum cdm_form form, size_t *taken)
{
	const char *instead = special(*s, form);
	bool visible;

	*taken = cdm_name_char(s, max, &visible);
	if (instead)
		return stpcpy(p, instead);
	return visible ? mempcpy(p, s, *taken) : put_invisible(p, s, *taken, form);
}

char *cdm_put_name(char *p, const char *s, size_t max, enum cdm_form form)
{
	for (size_t i = 0, taken; i < max && s[i]; i += taken) {
		if (is_plain(s[i])) {
			*p++ = s[i];
			taken = 1;
		} else {
			p = put_char(p, s + i, max - i, form, &taken);
		}
	}
	return p;
}

static bool wants_quotes(const char *s, size_t max, enum cdm_form form)
{
	size_t len = strnlen(s, max);

	return form != CDM_FORM_CSV || memchr(s, ',', len) || memchr(s, '"', len);
}

char *cdm_put_quoted(char *p, const char *s, size_t max, enum cdm_form form)
{
	if (!wants_quotes(s, max, form))
		return cdm_put_name(p, s, max, form);
	*p++ = '"';
	p = cdm_put_name(p, s, max, form);
	*p++ = '"';
	return p;
}

void cdm_print_name(FILE *out, const char *s, enum cdm_form form)
{
	char buf[512];

	while (*s) {
		char *p = buf;

		for (size_t taken; *s && p < buf + sizeof(buf) - 4 * CDM_NAME_GROWS; s += taken)
			p = put_char(p, s, 4, form, &taken);
		// cppcheck-suppress uninitvar ; put_char() has written up to p
		fwrite(buf, 1, p - buf, out);
	}
}

void cdm_print_quoted(FILE *out, const char *s, enum cdm_form form)
{
	const char *quote = wants_quotes(s, strlen(s), form) ? "\"" : "";

	fputs(quote, out);
	cdm_print_name(out, s, form);
	fputs(quote, out);
}

// SPDX-License-Identifier: GPL-2.0
/* Names in each format: what is expected, written out, and the way back from random bytes. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/name.h"

static const char *put(const char *name, enum cdm_form form, bool quoted)
{
	static char buf[4096];
	char *end;

	memset(buf, '#', sizeof(buf));
	end = (quoted ? cdm_put_quoted : cdm_put_name)(buf, name, strlen(name), form);
	assert_true((size_t)(end - buf) <= CDM_NAME_GROWS * strlen(name) + 2 * quoted);
	*end = '\0';
	return buf;
}

static void each_format(void **state)
{
	static const struct {
		const char *name, *text, *json, *csv, *label, *folded;
	} names[] = {
		{ "redis-server", "redis-server", "\"redis-server\"", "redis-server",
		  "\"redis-server\"", "redis-server" },
		{ "größe", "größe", "\"größe\"", "größe", "\"größe\"", "größe" },
		{ "\033[31m\a", "?[31m?", "\"\\u001b[31m\\u0007\"", "\\x1b[31m\\x07",
		  "\"\\\\x1b[31m\\\\x07\"", "\\x1b[31m\\x07" },
		{ "a\nb\x7f", "a?b?", "\"a\\u000ab\\u007f\"", "a\\x0ab\\x7f", "\"a\\\\x0ab\\\\x7f\"",
		  "a\\x0ab\\x7f" },
		{ "a,\"b;\\", "a,\"b;\\", "\"a,\\\"b;\\\\\"", "\"a,\"\"b;\\\\\"",
		  "\"a,\\\"b;\\\\\\\\\"", "a,\"b\\x3b\\\\" },
		{ "\xff\xc3(\x80", "?\?(?", "\"\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\"",
		  "\\xff\\xc3(\\x80", "\"\\\\xff\\\\xc3(\\\\x80\"", "\\xff\\xc3(\\x80" },
		{ "\xe2\x80\xaegpj", "?gpj", "\"\\u202egpj\"", "\\xe2\\x80\\xaegpj",
		  "\"\\\\xe2\\\\x80\\\\xaegpj\"", "\\xe2\\x80\\xaegpj" },
		{ "\xc2\x9b\xf3\xa0\x81\x81", "??", "\"\\u009b\\udb40\\udc41\"",
		  "\\xc2\\x9b\\xf3\\xa0\\x81\\x81",
		  "\"\\\\xc2\\\\x9b\\\\xf3\\\\xa0\\\\x81\\\\x81\"",
		  "\\xc2\\x9b\\xf3\\xa0\\x81\\x81" },
		/* A surrogate, beyond Unicode, longer than it need be, cut off. */
		{ "\xed\xa0\x80", "???", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
		  "\\xed\\xa0\\x80", "\"\\\\xed\\\\xa0\\\\x80\"", "\\xed\\xa0\\x80" },
		{ "\xc1\x81\xe2\x82", "?\???",
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"",
		  "\\xc1\\x81\\xe2\\x82", "\"\\\\xc1\\\\x81\\\\xe2\\\\x82\"",
		  "\\xc1\\x81\\xe2\\x82" },
		{ "", "", "\"\"", "", "\"\"", "" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_string_equal(put(names[i].name, CDM_FORM_TEXT, false), names[i].text);
		assert_string_equal(put(names[i].name, CDM_FORM_JSON, true), names[i].json);
		assert_string_equal(put(names[i].name, CDM_FORM_CSV, true), names[i].csv);
		assert_string_equal(put(names[i].name, CDM_FORM_LABEL, true), names[i].label);
		assert_string_equal(put(names[i].name, CDM_FORM_FOLDED, false), names[i].folded);
	}
}

static void html(void **state)
{
	assert_string_equal(put("<a href=\"x\">&\033größe\\;'", CDM_FORM_HTML, false),
			    "&lt;a href=&quot;x&quot;&gt;&amp;?größe\\;'");
	assert_string_equal(put("\xff\xe2\x80\xae", CDM_FORM_HTML, false), "??");
}

/* The C library's idea of what is UTF-8 and can be printed. */
static void assert_clean(const char *s)
{
	wchar_t wide[4096];

	assert_true(mbstowcs(wide, s, 4096) != (size_t)-1);
	for (const wchar_t *c = wide; *c; c++)
		assert_false(*c < 0x20 || (*c >= 0x7f && *c < 0xa0) || *c == 0x202e);
}

static void undo(char *s)
{
	char *to = s;
	unsigned int byte;

	for (; *s; s++) {
		if (*s == '\\' && s[1] == '\\') {
			*to++ = *s++;
		} else if (*s == '\\') {
			assert_int_equal(sscanf(s, "\\x%2x", &byte), 1);
			*to++ = byte;
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* As a reader of labels: \\ and \" */
static void undo_label(char *s)
{
	char *to = s;

	for (; *s; s++)
		*to++ = *s == '\\' ? *++s : *s;
	*to = '\0';
}

static void random_names(void **state)
{
	/* Bytes of which trouble is made, more often than chance has it. */
	static const char often[] = "\\\"x1b;,\n\x1b\xe2\x80\xae\xc3\xa4\xf0\x9f\x98\x80\xff";
	char name[64], got[512];

	srand(1);
	for (int n = 0; n < 200000; n++) {
		size_t len = rand() % sizeof(name);

		for (size_t i = 0; i < len; i++)
			name[i] = rand() % 2 ? often[rand() % (sizeof(often) - 1)] : rand() % 255 + 1;
		name[len ? len - 1 : 0] = '\0';

		assert_clean(put(name, CDM_FORM_TEXT, false));
		assert_int_equal(cdm_name_width(put(name, CDM_FORM_TEXT, false), SIZE_MAX),
				 cdm_name_width(name, sizeof(name)));
		assert_clean(put(name, CDM_FORM_JSON, true));
		strcpy(got, put(name, CDM_FORM_FOLDED, false));
		assert_clean(got);
		assert_null(strchr(got, ';'));
		undo(got);
		assert_string_equal(got, name);
		strcpy(got, put(name, CDM_FORM_LABEL, false));
		assert_clean(got);
		undo_label(got);
		undo(got);
		assert_string_equal(got, name);
	}
}

static void streams(void **state)
{
	size_t len = 300000, size;
	char *name = malloc(len + 1), *want = malloc(CDM_NAME_GROWS * len + 3), *got, *end;
	FILE *out = open_memstream(&got, &size);

	for (size_t i = 0; i < len; i++)
		name[i] = "a\033\xe2\x80\xae\\\"\xc3\xa4\xff,"[i % 11];
	name[len] = '\0';
	end = cdm_put_quoted(want, name, SIZE_MAX, CDM_FORM_CSV);
	cdm_print_quoted(out, name, CDM_FORM_CSV);
	fclose(out);
	assert_int_equal(size, end - want);
	assert_memory_equal(got, want, size);
	free(name);
	free(want);
	free(got);
}

static void widths(void **state)
{
	assert_int_equal(cdm_name_width("abc", SIZE_MAX), 3);
	assert_int_equal(cdm_name_width("abc", 2), 2);
	assert_int_equal(cdm_name_width("größe", SIZE_MAX), 5);
	assert_int_equal(cdm_name_width("漢字", SIZE_MAX), 4);
	assert_int_equal(cdm_name_width("\033\xe2\x80\xae\xff", SIZE_MAX), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format), cmocka_unit_test(html), cmocka_unit_test(random_names),
		cmocka_unit_test(streams), cmocka_unit_test(widths),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0
/* What options are given as: numbers, sizes, durations, words. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/parse.h"
#include "event/filter.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define UNTOUCHED	4711

/* A text, and what comes of it: a value, or an error and what it says. */
struct sample {
	const char *text;
	int err;
	__u64 value;
	const char *why;
};

static void compare(const struct sample *s, int err, __u64 value, const char *why)
{
	if (err != s->err)
		print_message("'%s': %d, '%s'\n", s->text, err, err ? why : "");
	assert_int_equal(err, s->err);
	assert_int_equal(value, err ? UNTOUCHED : s->value);
	if (err)
		assert_string_equal(why, s->why);
}

static void numbers(void **state)
{
	static const struct sample samples[] = {
		{ "1", 0, 1, NULL },
		{ "1000", 0, 1000, NULL },
		{ "010", 0, 10, NULL },
		{ "0x1F", 0, 31, NULL },
		{ "0", -ERANGE, 0, "0 is less than 1" },
		{ "1001", -ERANGE, 0, "1001 is more than 1000" },
		{ "0x", -EINVAL, 0, "'0x' is not a number" },
		{ "", -EINVAL, 0, "'' is not a number" },
		{ "-5", -EINVAL, 0, "'-5' is not a number" },
		{ "+5", -EINVAL, 0, "'+5' is not a number" },
		{ " 5", -EINVAL, 0, "' 5' is not a number" },
		{ "5 ", -EINVAL, 0, "'5 ' is not a number" },
		{ "5x", -EINVAL, 0, "'5x' is not a number" },
		{ "1.5", -EINVAL, 0, "'1.5' is not a number" },
		{ "18446744073709551616", -ERANGE, 0, "18446744073709551616 is more than 1000" },
		{ "0x10000000000000000", -ERANGE, 0, "0x10000000000000000 is more than 1000" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		char why[CDM_WHY_LEN];
		__u64 value = UNTOUCHED;
		int err = cdm_parse_number(samples[i].text, 1, 1000, &value, why);

		compare(&samples[i], err, value, why);
	}
}

static void addresses(void **state)
{
	static const struct sample samples[] = {
		{ "7f2c40000000", 0, 0x7f2c40000000, NULL },
		{ "0x10", 0, 16, NULL },
		{ "10", 0, 16, NULL },
		{ "xyz", -EINVAL, 0, "'xyz' is not an address in hexadecimal" },
		{ "", -EINVAL, 0, "'' is not an address in hexadecimal" },
		{ "11111111111111111", -EINVAL, 0,
		  "'11111111111111111' is not an address in hexadecimal" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		char why[CDM_WHY_LEN];
		__u64 value = UNTOUCHED;
		int err = cdm_parse_address(samples[i].text, &value, why);

		compare(&samples[i], err, value, why);
	}
}

#define NO_SIZE(text)	"'" text "' is not a size, such as 64K, 2M or 1G"

static void sizes(void **state)
{
	static const struct sample samples[] = {
		{ "4096", 0, 4096, NULL },
		{ "4k", 0, 4096, NULL },
		{ "64K", 0, 64 << 10, NULL },
		{ "0x10M", 0, 16 << 20, NULL },
		{ "2G", 0, 2ULL << 30, NULL },
		{ "1T", 0, 1ULL << 40, NULL },
		{ "1023", -ERANGE, 0, "1023 is less than 1K" },
		{ "3T", -ERANGE, 0, "3T is more than 2T" },
		{ "20000000T", -ERANGE, 0, "20000000T is more than 2T" },
		{ "1P", -EINVAL, 0, NO_SIZE("1P") },
		{ "1MB", -EINVAL, 0, NO_SIZE("1MB") },
		{ "1.5G", -EINVAL, 0, NO_SIZE("1.5G") },
		{ "K", -EINVAL, 0, NO_SIZE("K") },
		{ "", -EINVAL, 0, NO_SIZE("") },
		{ "-1K", -EINVAL, 0, NO_SIZE("-1K") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		char why[CDM_WHY_LEN];
		__u64 value = UNTOUCHED;
		int err = cdm_parse_size(samples[i].text, 1024, 2ULL << 40, &value, why);

		compare(&samples[i], err, value, why);
	}
}

#define NO_TIME(text)	"'" text "' is not a duration, such as 500us, 20ms or 1.5s; " \
			"without a unit it is ms"

static void times(void **state)
{
	static const struct sample samples[] = {
		{ "500us", 0, 500000, NULL },
		{ "100000ns", 0, 100000, NULL },
		{ "7", 0, 7000000, NULL },
		{ "1.5s", 0, 1500000000, NULL },
		{ ".5s", 0, 500000000, NULL },
		{ "0.3s", 0, 300000000, NULL },
		{ "2m", 0, 120 * CDM_NS_PER_S, NULL },
		{ "1h", 0, 3600 * CDM_NS_PER_S, NULL },
		{ "1d", 0, CDM_NS_PER_DAY, NULL },
		{ "0", -ERANGE, 0, "0 is less than 0.05ms" },
		{ "49us", -ERANGE, 0, "49us is less than 0.05ms" },
		{ "25h", -ERANGE, 0, "25h is more than 86400000ms" },
		{ "99999999999999999999d", -ERANGE, 0,
		  "99999999999999999999d is more than 86400000ms" },
		{ "soon", -EINVAL, 0, NO_TIME("soon") },
		{ "", -EINVAL, 0, NO_TIME("") },
		{ "s", -EINVAL, 0, NO_TIME("s") },
		{ ".", -EINVAL, 0, NO_TIME(".") },
		{ "1.2.3s", -EINVAL, 0, NO_TIME("1.2.3s") },
		{ "-1s", -EINVAL, 0, NO_TIME("-1s") },
		{ "1e3s", -EINVAL, 0, NO_TIME("1e3s") },
		{ "0x10s", -EINVAL, 0, NO_TIME("0x10s") },
		{ "nan", -EINVAL, 0, NO_TIME("nan") },
		{ "5 s", -EINVAL, 0, NO_TIME("5 s") },
		{ "5S", -EINVAL, 0, NO_TIME("5S") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		char why[CDM_WHY_LEN];
		__u64 value = UNTOUCHED;
		int err = cdm_parse_time(samples[i].text, "ms", 50000, CDM_NS_PER_DAY, &value, why);

		compare(&samples[i], err, value, why);
	}
}

static void words(void **state)
{
	static const char *const some[] = { "text", "ndjson", "csv", NULL };
	char why[CDM_WHY_LEN];

	assert_int_equal(cdm_parse_word("text", "format", some, why), 0);
	assert_int_equal(cdm_parse_word("csv", "format", some, why), 2);
	assert_int_equal(cdm_parse_word("json", "format", some, why), -EINVAL);
	assert_string_equal(why, "'json': no such format; did you mean 'ndjson'? "
				 "There are: text ndjson csv");
	assert_int_equal(cdm_parse_word("Text", "format", some, why), -EINVAL);
	assert_int_equal(cdm_parse_word("", "format", some, why), -EINVAL);
	assert_string_equal(why, "'': no such format; there are: text ndjson csv");
}

static void long_words(void **state)
{
	const char *many[100] = { NULL };
	char word[80], text[2000], why[CDM_WHY_LEN];

	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	memset(text, 't', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i + 1 < ARRAY_SIZE(many); i++)
		many[i] = word;
	assert_int_equal(cdm_parse_word(text, "word", many, why), -EINVAL);
	assert_int_equal(strlen(why), CDM_WHY_LEN - 1);
}

static void kinds_of_events(void **state)
{
	struct cdm_event_filter f;
	char why[CDM_WHY_LEN];

	cdm_event_filter_init(&f);
	assert_int_equal(cdm_event_filter_parse(&f, "fault:cow,evict", why), 0);
	assert_int_equal(f.kinds, 1ULL << CDM_EV_FAULT | 1ULL << CDM_EV_EVICT);
	assert_int_equal(f.sorts[CDM_EV_FAULT], 1U << CDM_FAULT_COW);
	assert_int_equal(cdm_event_filter_parse(&f, "evict,migrat", why), -EINVAL);
	assert_non_null(strstr(why, "'migrat': no such kind of event; did you mean 'migrate'?"));
	assert_int_equal(cdm_event_filter_parse(&f, "zzzzzz", why), -EINVAL);
	assert_non_null(strstr(why, "'zzzzzz': no such kind of event; there are: migrate "));
	assert_int_equal(cdm_event_filter_parse(&f, "fault:reus", why), -EINVAL);
	assert_non_null(strstr(why, "did you mean 'reuse'?"));
	assert_int_equal(cdm_event_filter_parse(&f, ",", why), -EINVAL);
	/* What is wrong changes nothing. */
	assert_int_equal(f.kinds, 1ULL << CDM_EV_FAULT | 1ULL << CDM_EV_EVICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(addresses),
		cmocka_unit_test(sizes),
		cmocka_unit_test(times),
		cmocka_unit_test(words),
		cmocka_unit_test(long_words),
		cmocka_unit_test(kinds_of_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

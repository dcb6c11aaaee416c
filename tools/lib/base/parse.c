// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"

#define DIGITS		"0123456789"
#define HEX_DIGITS	DIGITS "abcdefABCDEF"

/* strtoull() also takes blanks, signs and octal numbers. Return: what follows, or NULL. */
static const char *parse_digits(const char *text, int base, __u64 *value)
{
	size_t len = strspn(text, base == 16 ? HEX_DIGITS : DIGITS);

	errno = 0;
	if (!len)
		return NULL;
	*value = strtoull(text, NULL, base);
	return errno ? NULL : text + len;
}

static const char *skip_0x(const char *text)
{
	return !strncmp(text, "0x", 2) ? text + 2 : text;
}

static const char *parse_integer(const char *text, __u64 *value)
{
	const char *digits = skip_0x(text);

	return parse_digits(digits, digits == text ? 10 : 16, value);
}

/* @limit: the one that @value is beyond, as it is told. */
static int out_of_range(const char *text, bool less, const char *limit, char *why)
{
	return cdm_error(why, -ERANGE, "%s is %s than %s", text, less ? "less" : "more", limit);
}

static int check_range(const char *text, __u64 value, __u64 min, __u64 max, char *why)
{
	char limit[24];

	if (value >= min && value <= max)
		return 0;
	snprintf(limit, sizeof(limit), "%llu", value < min ? min : max);
	return out_of_range(text, value < min, limit, why);
}

/* More than there are numbers for. */
static int too_much(const char *text, __u64 max, char *why)
{
	char limit[24];

	snprintf(limit, sizeof(limit), "%llu", max);
	return out_of_range(text, false, limit, why);
}

int cdm_parse_number(const char *text, __u64 min, __u64 max, __u64 *value, char *why)
{
	const char *end;
	__u64 n;

	end = parse_integer(text, &n);
	if (!end && errno == ERANGE)
		return too_much(text, max, why);
	if (!end || *end)
		return cdm_error(why, -EINVAL, "'%s' is not a number", text);
	if (check_range(text, n, min, max, why))
		return -ERANGE;
	*value = n;
	return 0;
}

int cdm_parse_address(const char *text, __u64 *address, char *why)
{
	const char *end;
	__u64 n;

	end = parse_digits(skip_0x(text), 16, &n);
	if (!end || *end)
		return cdm_error(why, -EINVAL, "'%s' is not an address in hexadecimal", text);
	*address = n;
	return 0;
}

static const char size_units[] = "KMGT";

/* In the largest unit that it is a multiple of. */
static void format_size(__u64 bytes, char *buf, size_t size)
{
	unsigned int unit = 0;

	for (; unit < 4 && bytes && !(bytes % 1024); unit++)
		bytes /= 1024;
	snprintf(buf, size, "%llu%.1s", bytes, unit ? &size_units[unit - 1] : "");
}

int cdm_parse_size(const char *text, __u64 min, __u64 max, __u64 *bytes, char *why)
{
	unsigned int shift = 0;
	const char *end, *unit;
	char limit[24];
	__u64 n;

	end = parse_integer(text, &n);
	if (end && *end) {
		unit = strchr(size_units, *end & ~0x20);
		if (unit && !end[1])
			shift = 10 * (unit - size_units + 1);
	}
	if (!end || (*end && !shift))
		return cdm_error(why, -EINVAL, "'%s' is not a size, such as 64K, 2M or 1G", text);
	n = n << shift >> shift == n ? n << shift : ~0ULL;
	if (n < min || n > max) {
		format_size(n < min ? min : max, limit, sizeof(limit));
		return out_of_range(text, n < min, limit, why);
	}
	*bytes = n;
	return 0;
}

/* ns, 0: no unit of time */
static double time_unit(const char *name)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
		{ "m", 60e9 }, { "h", 3600e9 }, { "d", 86400e9 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(name, units[i].name))
			return units[i].ns;
	return 0;
}

int cdm_parse_time(const char *text, const char *unit, __u64 min, __u64 max, __u64 *ns, char *why)
{
	/* strtod() also takes signs, exponents, hexadecimal numbers, "inf" and "nan". */
	const char *end = text + strspn(text, DIGITS ".");
	double scale = time_unit(*end ? end : unit), n;
	char limit[32], *stop;

	n = strtod(text, &stop);
	if (!scale || stop == text || stop != end)
		return cdm_error(why, -EINVAL, "'%s' is not a duration, such as 500us, 20ms or 1.5s; "
			       "without a unit it is %s", text, unit);
	n = n * scale + 0.5;
	if (n < min || n >= (double)max + 1) {
		snprintf(limit, sizeof(limit), "%.15g%s", (n < min ? min : max) / time_unit(unit),
			 unit);
		return out_of_range(text, n < min, limit, why);
	}
	*ns = n;
	return 0;
}

/* Edit distance, of short words. */
static unsigned int distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	unsigned int row[33];

	if (n > 32 || strlen(a) > 32)
		return ~0U;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; *a; a++, i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			unsigned int best = diagonal + (*a != b[j - 1]);

			diagonal = row[j];
			best = best < row[j] + 1 ? best : row[j] + 1;
			row[j] = best < row[j - 1] + 1 ? best : row[j - 1] + 1;
		}
	}
	return row[n];
}

const char *cdm_nearest(const char *word, const char *const *words)
{
	unsigned int least = strlen(word) / 2 + 1;
	const char *nearest = NULL;

	if (least > 3)
		least = 3;
	for (; *words; words++) {
		unsigned int d = distance(word, *words);

		if (d < least) {
			least = d;
			nearest = *words;
		}
	}
	return nearest;
}

/* Adds to the text in @why, as much as there is room for. */
static void add_to(char *why, const char *text)
{
	size_t len = strlen(why);

	snprintf(why + len, CDM_WHY_LEN - len, "%s", text);
}

int cdm_parse_word(const char *text, const char *what, const char *const *words, char *why)
{
	const char *near;

	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], text))
			return i;
	near = cdm_nearest(text, words);
	cdm_error(why, -EINVAL, "'%.64s': no such %s", text, what);
	if (near) {
		add_to(why, "; did you mean '");
		add_to(why, near);
		add_to(why, "'? There are:");
	} else {
		add_to(why, "; there are:");
	}
	for (; *words; words++) {
		add_to(why, " ");
		add_to(why, *words);
	}
	return -EINVAL;
}

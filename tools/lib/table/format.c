// SPDX-License-Identifier: GPL-2.0
/* Cells as people read them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "table/column.h"
#include "base/name.h"
#include "base/put.h"

/* As snprintf() does, which takes ten times as long for it. */
static int put_number(char *buf, size_t size, __u64 whole, int tenth, const char *suffix)
{
	char text[CDM_U64_MAX_OUT + 8], *end = cdm_put_u64(text, whole);
	size_t len;

	if (tenth >= 0) {
		*end++ = '.';
		*end++ = '0' + tenth;
	}
	end = stpcpy(end, suffix);
	len = end - text;
	memcpy(buf, text, len < size ? len + 1 : size);
	buf[size - 1] = '\0';
	return len;
}

static int put_rounded(char *buf, size_t size, double value, bool whole, const char *suffix)
{
	__u64 tenths = whole ? 0 : llrint(10 * value);

	return whole ? put_number(buf, size, llrint(value), -1, suffix) :
		       put_number(buf, size, tenths / 10, tenths % 10, suffix);
}

/* "12.3" or "123" and @suffix: the digits that matter. */
static int put_scaled(char *buf, size_t size, double value, const char *suffix, int width)
{
	bool whole = value == floor(value) || value >= 99.95;
	int len = put_rounded(buf, size, value, whole, suffix);

	if (!whole && width && len > width)
		len = put_rounded(buf, size, value, true, suffix);
	return len;
}

/* Divides by @base until it is short enough, and by as many steps as are usual. */
static int format_scaled(char *buf, size_t size, double value, double base,
			 const char *const *suffixes, int width)
{
	int i = 0, len;

	/* What would be shown as 1024K is 1M. */
	while (suffixes[i + 1] && value >= base - 0.5) {
		value /= base;
		i++;
	}
	len = put_scaled(buf, size, value, suffixes[i], width);
	while (width && len > width && suffixes[i + 1]) {
		value /= base;
		len = put_scaled(buf, size, value, suffixes[++i], width);
	}
	return len;
}

static const char *const binary[] = { "B", "K", "M", "G", "T", "P", "E", NULL };
static const char *const decimal[] = { "", "k", "M", "G", "T", "P", NULL };

static int format_bytes(char *buf, size_t size, double bytes, int width)
{
	return bytes > 0 ? format_scaled(buf, size, bytes, 1024, binary, width) :
			   put_number(buf, size, 0, -1, "");
}

static int format_ns(char *buf, size_t size, __u64 ns, int width)
{
	static const char *const units[] = { "ns", "us", "ms", "s", NULL };

	return format_scaled(buf, size, ns, 1000, units, width);
}

static int format_count(char *buf, size_t size, __u64 n, int width)
{
	int len = put_number(buf, size, n, -1, "");

	return !width || len <= width ? len : format_scaled(buf, size, n, 1000, decimal, width);
}

/* Small rates are not nothing. */
static int format_rate(char *buf, size_t size, double rate, int width)
{
	if (rate > 0 && rate < 0.05)
		return snprintf(buf, size, "%s", "<0.1");
	return format_scaled(buf, size, rate, 1000, decimal, width);
}

static int format_percent(char *buf, size_t size, double percent)
{
	return put_rounded(buf, size, percent, percent >= 99.95, "");
}

/* The next character of @s, at @len bytes and @width columns; '?' where it is not printable. */
static const char *next_char(const char *s, size_t *len, int *width)
{
	mbstate_t state = { 0 };
	bool visible;
	wchar_t wc;

	/* Nearly all, and the C library takes its time to say so. */
	if (*s >= ' ' && *s <= '~') {
		*len = *width = 1;
		return s;
	}
	*len = cdm_name_char(s, 4, &visible);
	if (visible && mbrtowc(&wc, s, *len, &state) == *len && wcwidth(wc) > 0) {
		*width = wcwidth(wc);
		return s;
	}
	*width = 1;
	return "?";
}

static int text_width(const char *s)
{
	int width, sum = 0;
	size_t len;

	for (; *s; s += len, sum += width)
		next_char(s, &len, &width);
	return sum;
}

static int format_text(char *buf, size_t size, const char *s, int max)
{
	size_t len = 0, fill = 0;
	int width;
	bool cut;

	/* Nearly all: a short one without anything special. */
	while (s[len] >= ' ' && s[len] <= '~')
		len++;
	if (!s[len] && len < size && (!max || len <= (size_t)max)) {
		memcpy(buf, s, len + 1);
		return len;
	}
	cut = max && text_width(s) > max;
	for (; *s; s += len) {
		const char *c = next_char(s, &len, &width);
		size_t bytes = c == s ? len : 1;

		if (fill + bytes + 2 > size || (cut && max - width < 1))
			break;
		memcpy(buf + fill, c, bytes);
		fill += bytes;
		max -= width;
	}
	if (*s && fill + 1 < size)
		buf[fill++] = '~';
	buf[fill] = '\0';
	return fill;
}

static int format_known(const struct cdm_column *col, const struct cdm_cell *cell, char *buf,
			size_t size, int width)
{
	switch (col->unit) {
	case CDM_UNIT_TEXT:
		return format_text(buf, size, cell->s, width);
	case CDM_UNIT_BYTES:
		return cell->u == CDM_NO_LIMIT ? snprintf(buf, size, "max") :
		       format_bytes(buf, size, cell->u, width);
	case CDM_UNIT_BYTES_PER_S:
		return format_bytes(buf, size, cell->d, width);
	case CDM_UNIT_PAGES_PER_S:
		return format_bytes(buf, size, cell->d * cell->page_size, width);
	case CDM_UNIT_PER_S:
		return format_rate(buf, size, cell->d, width);
	case CDM_UNIT_NS:
		return format_ns(buf, size, cell->u, width);
	case CDM_UNIT_PERCENT:
		return format_percent(buf, size, cell->d);
	case CDM_UNIT_ADDRESS:
		return snprintf(buf, size, "%llx", cell->u);
	default:
		return format_count(buf, size, cell->u, width);
	}
}

static int format_about(const struct cdm_column *col, const struct cdm_cell *cell, char *buf,
			size_t size, int width)
{
	buf[0] = '~';
	return 1 + format_known(col, cell, buf + 1, size - 1, width ? width - 1 : 0);
}

int cdm_cell_format(const struct cdm_column *col, const struct cdm_cell *cell, char *buf,
		    size_t size, int width)
{
	int max = abs(width), len;

	if (!cell->known) {
		strcpy(buf, "-");
		return 1;
	}
	if (col->unit == CDM_UNIT_BYTES && cell->about)
		len = format_about(col, cell, buf, size, max);
	else
		len = format_known(col, cell, buf, size, max);
	if (col->unit == CDM_UNIT_TEXT || ((!max || len <= max) && len < (int)size))
		return len;
	/* A cut number would be another one. */
	if (!max || max >= (int)size)
		max = size - 1;
	memset(buf, '#', max);
	buf[max] = '\0';
	return max;
}

// SPDX-License-Identifier: GPL-2.0
#include <endian.h>

#include "base/put.h"

#define EIGHT	100000000ULL

/*
 * The decimal digits of @value, below EIGHT, in bytes, the first in the lowest. It is
 * divided into two halves, these into quarters, these into digits, all at once: of each
 * part the quotient stays where it is and the rest goes @bits up.
 */
static inline __u64 split(__u64 parts, __u64 quotients, __u64 by, int bits)
{
	return (parts << bits) - quotients * ((by << bits) - 1);
}

static inline __u64 digits_of(__u32 value)
{
	__u64 x = split(value, value / 10000, 10000, 32);

	x = split(x, x * 10486 >> 20 & 0x0000007f0000007f, 100, 16);
	return split(x, x * 103 >> 10 & 0x000f000f000f000f, 10, 8);
}

static inline char *put_digits(char *p, __u64 digits, unsigned int zeros)
{
	digits = htole64((digits | 0x3030303030303030) >> 8 * zeros);
	memcpy(p, &digits, sizeof(digits));
	return p + 8 - zeros;
}

/* Without the zeros in front. */
static inline char *put_first(char *p, __u32 value)
{
	__u64 digits = digits_of(value);

	return put_digits(p, digits, __builtin_ctzll(digits | 1ULL << 56) / 8);
}

char *cdm_put_u64(char *p, __u64 value)
{
	if (value < 10) {
		*p = '0' + value;
		return p + 1;
	}
	if (value < EIGHT)
		return put_first(p, value);
	if (value < EIGHT * EIGHT) {
		p = put_first(p, value / EIGHT);
	} else {
		p = put_first(p, value / EIGHT / EIGHT);
		p = put_digits(p, digits_of(value / EIGHT % EIGHT), 0);
	}
	return put_digits(p, digits_of(value % EIGHT), 0);
}

/* Not inline, for it is the rare case, and the other one has no need of a stack then. */
static __attribute__((noinline)) char *put_far(char *p, __u64 value, struct cdm_put_near *n)
{
	if (value >= EIGHT) {
		n->high = value / EIGHT;
		n->len = cdm_put_u64(n->text, n->high) - n->text;
	}
	return cdm_put_u64(p, value);
}

char *cdm_put_u64_near(char *p, __u64 value, struct cdm_put_near *n)
{
	__u64 high = value / EIGHT;

	if (!high || high != n->high)
		return put_far(p, value, n);
	memcpy(p, n->text, sizeof(n->text));
	return put_digits(p + n->len, digits_of(value - high * EIGHT), 0);
}

char *cdm_put_s64(char *p, __s64 value)
{
	if (value >= 0)
		return cdm_put_u64(p, value);
	*p++ = '-';
	return cdm_put_u64(p, -(__u64)value);
}

char *cdm_put_xdigits(char *p, __u64 value)
{
	unsigned int digits = value ? (63 - __builtin_clzll(value)) / 4 + 1 : 1;

	for (unsigned int i = digits; i-- > 0; )
		*p++ = "0123456789abcdef"[value >> (4 * i) & 15];
	return p;
}

char *cdm_put_hex(char *p, __u64 value)
{
	return cdm_put_xdigits(CDM_PUT(p, "0x"), value);
}

char *cdm_put_padded(char *p, __u64 value, unsigned int width)
{
	for (unsigned int i = width; i-- > 0; value /= 10)
		p[i] = '0' + value % 10;
	return p + width;
}

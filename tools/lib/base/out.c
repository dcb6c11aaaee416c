// SPDX-License-Identifier: GPL-2.0
#include "base/file.h"
#include "base/out.h"

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";
static const char hex[] = "0123456789abcdef";

void cdm_out_flush(struct cdm_out *o)
{
	if (!o->err)
		o->err = cdm_write(o->fd, o->data, o->used);
	o->used = 0;
}

/* Copies of a fixed length are a few instructions, others are a call. */
char *cdm_put_u64(char *p, __u64 value)
{
	char digits[2 * CDM_U64_MAX_OUT], *end = digits + CDM_U64_MAX_OUT, *d = end;

	while (value >= 100) {
		d -= 2;
		memcpy(d, pairs + 2 * (value % 100), 2);
		value /= 100;
	}
	if (value >= 10) {
		d -= 2;
		memcpy(d, pairs + 2 * value, 2);
	} else {
		*--d = '0' + value;
	}
	memcpy(p, d, CDM_U64_MAX_OUT);
	return p + (end - d);
}

char *cdm_put_s64(char *p, __s64 value)
{
	if (value >= 0)
		return cdm_put_u64(p, value);
	*p++ = '-';
	return cdm_put_u64(p, -(__u64)value);
}

char *cdm_put_hex(char *p, __u64 value)
{
	unsigned int digits = value ? (63 - __builtin_clzll(value)) / 4 + 1 : 1;

	p = CDM_PUT(p, "0x");
	for (unsigned int i = digits; i-- > 0; )
		*p++ = hex[value >> (4 * i) & 15];
	return p;
}

char *cdm_put_padded(char *p, __u64 value, unsigned int width)
{
	for (unsigned int i = width; i-- > 0; value /= 10)
		p[i] = '0' + value % 10;
	return p + width;
}

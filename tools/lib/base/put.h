/* SPDX-License-Identifier: GPL-2.0 */
/* Writes numbers, for all formats: each function writes at @p and returns what follows. */
#ifndef CDM_PUT_H
#define CDM_PUT_H

#include <string.h>

#include <linux/types.h>

static inline char *cdm_put(char *p, const char *s, size_t len)
{
	memcpy(p, s, len);
	return p + len;
}

#define CDM_PUT(p, constant)	cdm_put(p, constant, sizeof(constant) - 1)

/* Bytes of a number, all of which may be written to. */
#define CDM_U64_MAX_OUT	24

char *cdm_put_u64(char *p, __u64 value);
/* Digits that the numbers of a field have in common with the one before: they are kept. */
struct cdm_put_near {
	__u64 high;		/* without the last eight digits; 0: none */
	__u32 len;
	char text[CDM_U64_MAX_OUT];
};
/* As cdm_put_u64(). @n is all 0 at first. */
char *cdm_put_u64_near(char *p, __u64 value, struct cdm_put_near *n);
char *cdm_put_s64(char *p, __s64 value);
char *cdm_put_hex(char *p, __u64 value);
char *cdm_put_xdigits(char *p, __u64 value);	/* without "0x" */
/* @value with two digits or more, zeros in front up to @width. */
char *cdm_put_padded(char *p, __u64 value, unsigned int width);

#endif

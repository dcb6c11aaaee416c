/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What options are given as: numbers, sizes, durations, words. A function that returns
 * -EINVAL (not of that form) or -ERANGE (too much or too little) leaves the value alone
 * and says in @why (base/error.h) what is wrong: "'12x' is not a number". See usage.h for
 * argp.
 */
#ifndef CDM_PARSE_H
#define CDM_PARSE_H

#include <linux/types.h>

#include "base/error.h"

#define CDM_NS_PER_US	1000ULL
#define CDM_NS_PER_MS	1000000ULL
#define CDM_NS_PER_S	1000000000ULL
#define CDM_NS_PER_DAY	(86400 * CDM_NS_PER_S)

/* "12", "0x1f"; no sign, no blanks. @min to @max. */
int cdm_parse_number(const char *text, __u64 min, __u64 max, __u64 *value, char *why);

/* Hexadecimal with or without 0x, as in /proc/PID/maps. */
int cdm_parse_address(const char *text, __u64 *address, char *why);

/* "4096", "64K", "16M", "2G", "1T", powers of 1024, in either case. In bytes. */
int cdm_parse_size(const char *text, __u64 min, __u64 max, __u64 *bytes, char *why);

/*
 * "500us", "1.5s", "2h"; ns us ms s m h d. A number alone is in @unit, one of these,
 * which the message has too. In ns.
 */
int cdm_parse_time(const char *text, const char *unit, __u64 min, __u64 max, __u64 *ns, char *why);

/*
 * One of @words, which end with NULL; @what they are, for the message, "format".
 * Return: its index, or -EINVAL with the nearest one and all that there are in @why.
 */
int cdm_parse_word(const char *text, const char *what, const char *const *words, char *why);

/* The nearest of @words, which end with NULL, for "did you mean"; NULL: none is near. */
const char *cdm_nearest(const char *word, const char *const *words);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_SAY_H
#define CDM_SAY_H

/*
 * A line on stderr, "cdmtop: ...", after what is on its way to stdout. Names of others in
 * it are written by the rule of name.h. errno is the caller's, for %m, and stays.
 */
void cdm_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How libcdm tells what went wrong. It prints nothing. A function that can fail for a
 * reason of which a user should hear takes @why, a buffer of CDM_WHY_LEN bytes that is
 * the caller's. It returns a negative errno, or NULL, and has written there what is
 * wrong, why, and what to do, in words that fit after the name of the thing that it is
 * about (a file, an option, a feature): no program's name, no capital, no period. Where
 * it succeeds @why is left alone. Functions without @why fail as their errno says.
 *
 * Tools print it, behind their own name.
 */
#ifndef CDM_ERROR_H
#define CDM_ERROR_H

#define CDM_WHY_LEN	512

/* Writes the reason. Return: @err. */
int cdm_error(char *why, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What the errno -@err says. Return: @err. */
int cdm_error_errno(char *why, int err);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What the command lines of all tools have in common, for argp. */
#ifndef CDM_USAGE_H
#define CDM_USAGE_H

#include <argp.h>

#include "base/parse.h"

/* It exits, which glibc's header does not say. */
void argp_error(const struct argp_state *state, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/*
 * argp_parse() with -h, --help, --usage, -V and --version instead of argp's own, which
 * have no -h. Set argp_program_version before. A usage error exits with status 2; help
 * that cannot be written, with status 1.
 */
error_t cdm_usage_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			void *input);

/*
 * Of a program that has printed what it was asked for. Return: @status, or 1 after a
 * message if that cannot be written.
 */
int cdm_usage_end(int status);

/*
 * As cdm_parse_*(), of the option @name. Return: the value; what is none is a usage
 * error, "NAME: what is wrong".
 */
__u64 cdm_arg_number(struct argp_state *state, const char *name, const char *text, __u64 min,
		     __u64 max);
__u64 cdm_arg_size(struct argp_state *state, const char *name, const char *text, __u64 min,
		   __u64 max);
__u64 cdm_arg_time(struct argp_state *state, const char *name, const char *text, const char *unit,
		   __u64 min, __u64 max);
__u64 cdm_arg_address(struct argp_state *state, const char *name, const char *text);
/* @what the words are is the option's name without its dashes. Return: the index. */
unsigned int cdm_arg_word(struct argp_state *state, const char *name, const char *text,
			  const char *const *words);

#endif

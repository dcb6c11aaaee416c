/* SPDX-License-Identifier: GPL-2.0 */
/* What the command lines of all tools have: -h, --help, --usage, -V, --version. */
#ifndef CDM_USAGE_H
#define CDM_USAGE_H

#include <argp.h>

/*
 * argp_parse() with these options instead of argp's own, which have no -h. Set
 * argp_program_version before. A usage error exits with status 2; help that cannot be
 * written, with status 1.
 */
error_t cdm_usage_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			void *input);

#endif

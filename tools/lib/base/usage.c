// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/usage.h"

#define EXIT_USAGE	2

enum { OPT_USAGE = 0x1000 };

static const struct argp_option options[] = {
	{ "help", 'h', NULL, 0, "this text", -1 },
	{ NULL, '?', NULL, OPTION_ALIAS, NULL, -1 },
	{ "usage", OPT_USAGE, NULL, 0, "the options in short", -1 },
	{ "version", 'V', NULL, 0, "the version", -1 },
	{ 0 }
};

/* A full disk shows only when what was printed leaves the buffer. */
int cdm_usage_end(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: cannot write standard output: %s\n", program_invocation_short_name,
		strerror(errno));
	return status ?: EXIT_FAILURE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'h':
	case '?':
		argp_state_help(state, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK);
		exit(cdm_usage_end(EXIT_SUCCESS));
	case OPT_USAGE:
		argp_state_help(state, stdout, ARGP_HELP_USAGE);
		exit(cdm_usage_end(EXIT_SUCCESS));
	case 'V':
		puts(argp_program_version);
		exit(cdm_usage_end(EXIT_SUCCESS));
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp usage = { .options = options, .parser = parse };

error_t cdm_usage_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			void *input)
{
	/* @input is for the first child. */
	const struct argp_child children[] = { { argp, 0, NULL, 0 }, { &usage, 0, NULL, -1 }, { 0 } };
	const struct argp top = { .children = children };

	argp_err_exit_status = EXIT_USAGE;
	return argp_parse(&top, argc, argv, flags | ARGP_NO_HELP, NULL, input);
}

__u64 cdm_arg_number(struct argp_state *state, const char *name, const char *text, __u64 min,
		     __u64 max)
{
	char why[CDM_WHY_LEN];
	__u64 value = 0;

	if (cdm_parse_number(text, min, max, &value, why))
		argp_error(state, "%s: %s", name, why);
	return value;
}

__u64 cdm_arg_size(struct argp_state *state, const char *name, const char *text, __u64 min,
		   __u64 max)
{
	char why[CDM_WHY_LEN];
	__u64 bytes = 0;

	if (cdm_parse_size(text, min, max, &bytes, why))
		argp_error(state, "%s: %s", name, why);
	return bytes;
}

__u64 cdm_arg_time(struct argp_state *state, const char *name, const char *text, const char *unit,
		   __u64 min, __u64 max)
{
	char why[CDM_WHY_LEN];
	__u64 ns = 0;

	if (cdm_parse_time(text, unit, min, max, &ns, why))
		argp_error(state, "%s: %s", name, why);
	return ns;
}

__u64 cdm_arg_address(struct argp_state *state, const char *name, const char *text)
{
	char why[CDM_WHY_LEN];
	__u64 address = 0;

	if (cdm_parse_address(text, &address, why))
		argp_error(state, "%s: %s", name, why);
	return address;
}

unsigned int cdm_arg_word(struct argp_state *state, const char *name, const char *text,
			  const char *const *words)
{
	char why[CDM_WHY_LEN];
	int index = cdm_parse_word(text, name + strspn(name, "-"), words, why);

	if (index < 0)
		argp_error(state, "%s: %s", name, why);
	return index < 0 ? 0 : index;
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/usage.h"

#define EXIT_USAGE	2
#define MAX_OPTIONS	128

enum { OPT_USAGE = 0x1000, OPT_LIST_OPTIONS };

static const struct argp_option options[] = {
	{ "help", 'h', NULL, 0, "this text", -1 },
	{ NULL, '?', NULL, OPTION_ALIAS, NULL, -1 },
	{ "usage", OPT_USAGE, NULL, 0, "the options in short", -1 },
	{ "version", 'V', NULL, 0, "the version", -1 },
	{ "list-options", OPT_LIST_OPTIONS, NULL, OPTION_HIDDEN, NULL, -1 },
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

/*
 * For manuals and completion: letter, name, value ("[VALUE]" if it may be left out) and
 * text of each option, between tabs; a heading has the text alone.
 */
static void list_options(const struct argp_option *o)
{
	for (; o->name || o->key || o->doc; o++) {
		bool optional = o->flags & OPTION_ARG_OPTIONAL;

		if (o->flags & (OPTION_HIDDEN | OPTION_ALIAS))
			continue;
		if (o->key > ' ' && o->key < 0x7f)
			putchar(o->key);
		printf("\t%s\t%s%s%s\t%s\n", o->name ?: "", optional ? "[" : "", o->arg ?: "",
		       optional ? "]" : "", o->doc);
	}
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
	case OPT_LIST_OPTIONS:
		list_options(state->root_argp->children->argp->options);
		list_options(options);
		exit(cdm_usage_end(EXIT_SUCCESS));
	case 'V':
		puts(argp_program_version);
		exit(cdm_usage_end(EXIT_SUCCESS));
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp usage = { .options = options, .parser = parse };

/* Of the options of @argp and those of all tools: that with letter @key, or the one that @name is or begins. */
static const struct argp_option *find(const struct argp *argp, int key, const char *name)
{
	const struct argp_option *const all[] = { argp->options, options };
	size_t len = name ? strcspn(name, "=") : 0;

	for (int i = 0; i < 2; i++)
		for (const struct argp_option *o = all[i]; o->name || o->key || o->doc; o++)
			if (name ? o->name && !strncmp(o->name, name, len) : o->key == key)
				return o;
	return NULL;
}

/* argp says only that it does not know an option. */
static void suggest(const struct argp *argp, const char *tool, const char *name)
{
	const char *words[MAX_OPTIONS + 4] = { "help", "usage", "version" }, *nearest;
	char wrong[64];
	int n = 3;

	for (const struct argp_option *o = argp->options; o->name || o->doc; o++)
		if (o->name && n < MAX_OPTIONS)
			words[n++] = o->name;
	snprintf(wrong, sizeof(wrong), "%.*s", (int)strcspn(name, "="), name);
	nearest = cdm_nearest(wrong, words);
	if (nearest)
		fprintf(stderr, "%s: --%s: no such option; did you mean --%s?\n", tool, wrong,
			nearest);
}

static bool needs_value(const struct argp_option *o)
{
	return o && o->arg && !(o->flags & OPTION_ARG_OPTIONAL);
}

/* Whether the value of the option in @word is the next word. */
static bool takes_next(const struct argp *argp, const char *word)
{
	if (!strncmp(word, "--", 2))
		return !strchr(word, '=') && needs_value(find(argp, 0, word + 2));
	while (*++word)
		if (needs_value(find(argp, *word, NULL)))
			return !word[1];
	return false;
}

/* Up to where a command begins, whose options are its own. */
static void check_names(const struct argp *argp, int argc, char **argv, unsigned int flags)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		bool option = argv[i][0] == '-' && argv[i][1];

		if (!option && (flags & ARGP_IN_ORDER))
			return;
		if (!strncmp(argv[i], "--", 2) && !find(argp, 0, argv[i] + 2))
			suggest(argp, argv[0], argv[i] + 2);
		i += option && takes_next(argp, argv[i]);
	}
}

error_t cdm_usage_parse(const struct argp *argp, int argc, char **argv, unsigned int flags,
			void *input)
{
	/* @input is for the first child. */
	const struct argp_child children[] = { { argp, 0, NULL, 0 }, { &usage, 0, NULL, -1 }, { 0 } };
	const struct argp top = { .children = children };

	argp_err_exit_status = EXIT_USAGE;
	/* It is what getopt's messages begin with. */
	argv[0] = basename(argv[0]);
	check_names(argp, argc, argv, flags);
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

// SPDX-License-Identifier: GPL-2.0
/* cdmctl: devices, migration, placement and faults of coherent device memory. */
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "ctl.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "list", ctl_list, "devices: size, use, node, state" },
	{ "status", ctl_status, "devices, processes and cgroups with device memory" },
	{ "migrate", ctl_migrate, "move memory of a process to a device, or home" },
	{ "evict", ctl_evict, "bring a process, or all of a device, home" },
	{ "run", ctl_run, "run a program with its memory on a device" },
	{ "inject", ctl_inject, "make a device misbehave" },
	{ "engine", ctl_engine, "let a device's engine work on a process's memory" },
	{ "bind", ctl_bind, "make a device of the memory of a devdax device" },
	{ "unbind", ctl_unbind, "give that back to devdax" },
};

static void help(FILE *out)
{
	fputs("Usage: cdmctl COMMAND [OPTION...]\n"
	      "Controls coherent device memory (CDM), /dev/cdmN.\n\n"
	      "Commands:\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].help);
	fputs("\nOptions:\n"
	      "  -h, -?, --help this text; `cdmctl COMMAND --help` says more\n"
	      "  -V, --version  the version\n\n"
	      "Exit status: 0 success, 1 failure (also of a part, see `cdmctl migrate --help`),\n"
	      "2 usage.\n\n"
	      "EXAMPLES\n"
	      "  cdmctl list\n"
	      "  cdmctl migrate -p 1412 --to cdm0 --vma heap\n"
	      "  cdmctl evict -p 1412\n"
	      "  cdmctl run --place heap=cdm0 -- redis-server\n", out);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int usage(const char *name)
{
	if (name)
		cdm_say("%s: no such command; see `cdmctl --help`", name);
	else
		cdm_say("a command is missing; see `cdmctl --help`");
	return CTL_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *command;
	const char *name = argc > 1 ? argv[1] : NULL;
	char title[32];

	argp_program_version = "cdmctl " CDM_VERSION;

	if (name && !strcmp(name, "help") && argc > 2 && find(argv[2])) {
		name = argv[2];
		argv[2] = "--help";
	}
	if (!name)
		return usage(NULL);
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "-?") ||
	    !strcmp(name, "help")) {
		help(stdout);
		return cdm_usage_end(CTL_OK);
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		puts(argp_program_version);
		return cdm_usage_end(CTL_OK);
	}
	command = find(name);
	if (!command)
		return usage(name);

	snprintf(title, sizeof(title), "cdmctl %s", name);
	argv[1] = title;
	return cdm_usage_end(command->run(argc - 1, argv + 1));
}

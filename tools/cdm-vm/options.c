// SPDX-License-Identifier: GPL-2.0
/* The command line, checked completely before anything is started. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/usage.h"
#include "base/version.h"
#include "modules.h"
#include "options.h"

enum {
	OPT_KERNEL = 'k',
	OPT_MEMORY = 'm',
	OPT_APPEND = 'a',
	OPT_CWD = 'C',
	OPT_VERBOSE = 'v',
	OPT_CDM = 'D',
	OPT_CPUS = 0x100,
	OPT_TIMEOUT,
	OPT_ENV,
	OPT_NUMA,
	OPT_SWAP,
	OPT_DEBUG_KERNEL,
	OPT_NO_MODPROBE,
	OPT_GDB,
	OPT_GDB_WAIT,
	OPT_MONITOR,
	OPT_ACCEL,
	OPT_ICOUNT,
	OPT_DMESG,
	OPT_ALLOW,
	OPT_NO_DMESG_CHECK,
	OPT_KMEMLEAK,
	OPT_NO_KMEMLEAK,
	OPT_USER,
	OPT_RW,
	OPT_QEMU_ARG,
	OPT_DRY_RUN,
};

static const struct argp_option argp_options[] = {
	{ 0, 0, 0, 0, "Kernel and machine:", 1 },
	{ "kernel", OPT_KERNEL, "PATH", 0,
	  "A bzImage, or a directory with bzImage and lib/modules/VERSION/ (default: build/kernel of the project)", 0 },
	{ "debug-kernel", OPT_DEBUG_KERNEL, 0, 0,
	  "Use build/kernel-debug: lockdep, KASAN, kmemleak; more memory and a kmemleak scan at the end", 0 },
	{ "append", OPT_APPEND, "ARGS", 0, "Add to the kernel command line (repeatable)", 0 },
	{ "memory", OPT_MEMORY, "SIZE", 0, "Guest memory (default 2G, 4G for a debug kernel)", 0 },
	{ "cpus", OPT_CPUS, "N", 0, "Guest processors (default 2)", 0 },
	{ "numa", OPT_NUMA, "N[,far]", 0,
	  "Split memory and processors evenly over N nodes; far: the last one has no processors and is slower, as CXL memory is (needs CONFIG_ACPI_HMAT)", 0 },
	{ "swap", OPT_SWAP, "SIZE", 0, "Give the guest SIZE of swap, switched on", 0 },
	{ "accel", OPT_ACCEL, "auto|kvm|tcg", 0,
	  "How QEMU runs the guest (auto: KVM if a test boot succeeds; the answer is cached)", 0 },
	{ "icount", OPT_ICOUNT, 0, 0,
	  "One guest nanosecond is one instruction; one processor, TCG: for cost comparisons", 0 },
	{ "qemu-arg", OPT_QEMU_ARG, "ARG", 0, "One more argument for QEMU (repeatable)", 0 },

	{ 0, 0, 0, 0, "Coherent device memory:", 2 },
	{ "cdm", OPT_CDM, "SIZE[,pci|reserved][,node=N]", 0,
	  "Add a CDM device: a PCI memory BAR, or a reserved range of guest memory (repeatable); loads the cdm module", 0 },
	{ "no-modprobe", OPT_NO_MODPROBE, 0, 0, "Do not load the cdm module", 0 },

	{ 0, 0, 0, 0, "The command and what it sees:", 3 },
	{ "rw", OPT_RW, "DIR", 0,
	  "Show this host folder read-write, at its own path (repeatable); the project folder always is", 0 },
	{ "env", OPT_ENV, "NAME=VALUE", 0, "Set an environment variable (repeatable)", 0 },
	{ "cwd", OPT_CWD, "DIR", 0, "Start the command there (default: the current folder)", 0 },
	{ "user", OPT_USER, 0, 0, "Run the command with your user and group ids, not as root", 0 },
	{ "timeout", OPT_TIMEOUT, "TIME", 0, "Stop the VM after that time (seconds, or 5m), with exit status 124", 0 },

	{ 0, 0, 0, 0, "The kernel's log:", 4 },
	{ "dmesg", OPT_DMESG, "FILE", 0, "Save the kernel's log there (default: build/cdm-vm/dmesg.log)", 0 },
	{ "allow", OPT_ALLOW, "FILE", 0, "More lines that are no failure (repeatable), same format as dmesg-allow", 0 },
	{ "no-dmesg-check", OPT_NO_DMESG_CHECK, 0, 0, "Do not look for warnings, oopses and the like", 0 },
	{ "kmemleak", OPT_KMEMLEAK, 0, 0, "Scan for kernel memory leaks at the end (takes a while)", 0 },
	{ "no-kmemleak", OPT_NO_KMEMLEAK, 0, 0, "No such scan, even on a debug kernel", 0 },

	{ 0, 0, 0, 0, "Looking inside:", 5 },
	{ "verbose", OPT_VERBOSE, 0, 0, "Show the QEMU command line and the kernel's console on stderr", 0 },
	{ "dry-run", OPT_DRY_RUN, 0, 0, "Print the QEMU command line and exit", 0 },
	{ "gdb", OPT_GDB, "PORT", OPTION_ARG_OPTIONAL, "Let gdb connect to 127.0.0.1:PORT (default 1234)", 0 },
	{ "gdb-wait", OPT_GDB_WAIT, 0, 0, "The same, and do not start before gdb says so", 0 },
	{ "monitor", OPT_MONITOR, "PATH", 0, "QMP monitor on this UNIX socket", 0 },
	{ 0 }
};

static const char doc[] =
	"Boot a Linux kernel in QEMU over this machine's own files and run COMMAND in it (default: a shell).\v"
	"The guest sees the host's files; what it writes is forgotten, except in the project folder and in --rw "
	"folders. /tmp, /run and /dev/shm are its own. Terminal, stdin, stdout, stderr and the exit status are the "
	"command's. When the command ends, so does the VM, with all that was left in the background. In a terminal, "
	"three times Ctrl-] stops a guest that hangs.\n"
	"\n"
	"Exit status: the command's own, 128+N if signal N ended it, 127 or 126 if it cannot be found or run; else\n"
	"    2  usage error\n"
	"  124  --timeout\n"
	"  125  the VM could not be started, or it died before the command ended\n"
	"  126  the command succeeded, but the kernel's log shows a problem\n"
	"\n"
	"Examples:\n"
	"  cdm-vm                                   a shell on build/kernel\n"
	"  cdm-vm -- uname -r                       one command\n"
	"  echo hi | cdm-vm -- cat                  stdin and stdout are pipes\n"
	"  cdm-vm --cdm 256M -- cdmctl list         a CDM device behind a PCI BAR\n"
	"  cdm-vm --cdm 1G,reserved,node=1 --numa 2 -- cdmtop\n"
	"  cdm-vm --debug-kernel --cdm 256M -- ./program\n"
	"  cdm-vm --gdb-wait -v                     then, in gdb: target remote :1234\n"
	"  cdm-vm --qemu-arg=-device --qemu-arg=pcie-root-port,id=rp0 --monitor qmp\n"
	"  cdm-vm --kernel /boot/vmlinuz-X --no-dmesg-check -- dmesg\n";

/* More than this is a slip of the keyboard. */
#define MAX_MEMORY	(64ULL << 40)
#define MAX_TIMEOUT	(100 * CDM_NS_PER_DAY)

static uint64_t parse_size(struct argp_state *state, const char *name, const char *text,
			   uint64_t min)
{
	uint64_t size = cdm_arg_size(state, name, text, min, MAX_MEMORY);

	if (size % MIB)
		argp_error(state, "%s: %s is not a multiple of 1M", name, text);
	return size;
}

static void parse_cdm(struct argp_state *state, struct options *o, const char *arg)
{
	struct cdm_device *dev = &o->cdm[o->nr_cdm];
	char *copy = xstrdup(arg);
	char *rest = copy;
	char *word;

	if (o->nr_cdm == MAX_CDM_DEVICES)
		argp_error(state, "--cdm: at most %d devices", MAX_CDM_DEVICES);
	dev->node = -1;
	dev->size = parse_size(state, "--cdm", strsep(&rest, ","), MIB);
	while ((word = strsep(&rest, ","))) {
		if (!strcmp(word, "reserved"))
			dev->reserved = true;
		else if (!strcmp(word, "pci"))
			dev->reserved = false;
		else if (!strncmp(word, "node=", 5))
			dev->node = cdm_arg_number(state, "--cdm node", word + 5, 0, 1023);
		else
			argp_error(state, "--cdm: '%s' is not one of pci, reserved, node=N", word);
	}
	if (!dev->reserved && (dev->size & (dev->size - 1)))
		argp_error(state, "--cdm: the size of a PCI device must be a power of two, %s is not", arg);
	o->nr_cdm++;
	free(copy);
}

static void parse_numa(struct argp_state *state, struct options *o, const char *arg)
{
	char *copy = xstrdup(arg), *rest = copy;
	const char *number = strsep(&rest, ",");

	if (rest && strcmp(rest, "far"))
		argp_error(state, "--numa: '%s' is not 'far'", rest);
	o->far = rest;
	o->numa = cdm_arg_number(state, "--numa", number, o->far ? 2 : 1, 64);
	free(copy);
}

static void parse_monitor(struct argp_state *state, struct options *o, const char *arg)
{
	if (strlen(arg) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		argp_error(state, "--monitor: the path is too long for a UNIX socket");
	o->monitor = xstrdup(arg);
}

static char *real_dir(struct argp_state *state, const char *name, const char *arg)
{
	char *path = realpath(arg, NULL);
	struct stat st;

	if (!path || stat(path, &st))
		argp_error(state, "%s: %s: %s", name, arg, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		argp_error(state, "%s: %s is not a folder", name, arg);
	return path;
}

static void parse_rw(struct argp_state *state, struct options *o, const char *arg)
{
	char *path = real_dir(state, "--rw", arg);

	if (!strcmp(path, "/"))
		argp_error(state, "--rw: the guest may not write to the whole host; name the folders that it needs");
	strings_add(&o->rw, path);
	free(path);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	static const char *const accels[] = {
		[ACCEL_AUTO] = "auto", [ACCEL_KVM] = "kvm", [ACCEL_TCG] = "tcg", NULL
	};
	struct options *o = state->input;

	switch (key) {
	case OPT_KERNEL:
		o->kernel = xstrdup(arg);
		break;
	case OPT_DEBUG_KERNEL:
		o->debug_kernel = true;
		break;
	case OPT_APPEND:
		strings_add(&o->append, arg);
		break;
	case OPT_MEMORY:
		o->memory = parse_size(state, "--memory", arg, 64 * MIB);
		break;
	case OPT_CPUS:
		o->cpus = cdm_arg_number(state, "--cpus", arg, 1, 255);
		break;
	case OPT_NUMA:
		parse_numa(state, o, arg);
		break;
	case OPT_SWAP:
		o->swap = parse_size(state, "--swap", arg, MIB);
		break;
	case OPT_ACCEL:
		o->accel = (enum accel)cdm_arg_word(state, "--accel", arg, accels);
		break;
	case OPT_ICOUNT:
		o->icount = true;
		break;
	case OPT_QEMU_ARG:
		strings_add(&o->qemu_args, arg);
		break;
	case OPT_CDM:
		parse_cdm(state, o, arg);
		break;
	case OPT_NO_MODPROBE:
		o->modprobe = false;
		break;
	case OPT_RW:
		parse_rw(state, o, arg);
		break;
	case OPT_ENV:
		if (!strchr(arg, '=') || *arg == '=')
			argp_error(state, "--env: '%s' is not NAME=VALUE", arg);
		strings_add(&o->env, arg);
		break;
	case OPT_CWD:
		o->cwd = real_dir(state, "--cwd", arg);
		o->cwd_given = true;
		break;
	case OPT_USER:
		o->as_user = true;
		break;
	case OPT_TIMEOUT:
		o->timeout = cdm_arg_time(state, "--timeout", arg, "s", CDM_NS_PER_MS,
					  MAX_TIMEOUT) / 1e9;
		break;
	case OPT_DMESG:
		o->dmesg = xstrdup(arg);
		break;
	case OPT_ALLOW:
		strings_add(&o->allow, arg);
		break;
	case OPT_NO_DMESG_CHECK:
		o->dmesg_check = false;
		break;
	case OPT_KMEMLEAK:
		o->kmemleak = 1;
		break;
	case OPT_NO_KMEMLEAK:
		o->kmemleak = 0;
		break;
	case OPT_VERBOSE:
		verbose = true;
		break;
	case OPT_DRY_RUN:
		o->dry_run = true;
		break;
	case OPT_GDB_WAIT:
		o->gdb_wait = true;
		if (!o->gdb_port)
			o->gdb_port = 1234;
		break;
	case OPT_GDB:
		o->gdb_port = arg ? cdm_arg_number(state, "--gdb", arg, 1, 65535) : 1234;
		break;
	case OPT_MONITOR:
		parse_monitor(state, o, arg);
		break;
	case ARGP_KEY_ARG:
		/* The command begins: what follows is its own, options too. */
		state->next--;
		while (state->next < state->argc)
			strings_add(&o->command, state->argv[state->next++]);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The executable is <project>/tools/cdm-vm/cdm-vm, or it has no project. */
static void find_project(struct options *o)
{
	static const char below[] = "/tools/cdm-vm";
	char *exe = realpath("/proc/self/exe", NULL);
	char *slash;
	size_t len;

	if (!exe)
		die("cannot find my own executable: is /proc mounted?");
	slash = strrchr(exe, '/');
	*slash = '\0';
	o->exe_dir = exe;
	len = strlen(exe);
	if (len <= strlen(below) || strcmp(exe + len - strlen(below), below))
		return;
	o->project = xstrdup(exe);
	o->project[len - strlen(below)] = '\0';
}

static void find_kernel(struct options *o)
{
	const char *flavour = o->debug_kernel ? "kernel-debug" : "kernel";
	const char *target = o->debug_kernel ? "make kernel-debug" : "make kernel";
	bool given = o->kernel;
	char *path, *dir, *modules;
	struct stat st;

	if (!given && !o->project)
		die("no kernel: this cdm-vm is not in its source tree; name a kernel with --kernel");
	if (!given)
		o->kernel = xasprintf("%s/build/%s", o->project, flavour);

	path = realpath(o->kernel, NULL);
	if (!path || stat(path, &st))
		die("no kernel at %s: %s; %s%s", o->kernel, strerror(errno),
		    given ? "check --kernel" : "build one with: ", given ? "" : target);
	if (S_ISDIR(st.st_mode)) {
		dir = path;
		o->image = xasprintf("%s/bzImage", path);
	} else {
		dir = xstrdup(path);
		*strrchr(dir, '/') = '\0';
		o->image = path;
	}
	if (access(o->image, R_OK))
		die("cannot read the kernel %s: %s", o->image, strerror(errno));

	modules = xasprintf("%s/lib/modules", dir);
	if (!access(modules, F_OK))
		o->modules = realpath(modules, NULL);
	free(modules);
	if (o->modules)
		find_boot_modules(o->image, o->modules, &o->boot_modules);
}

static void default_command(struct options *o)
{
	const char *shell = getenv("SHELL");

	strings_add(&o->command, shell && *shell ? shell : "bash");
}

void options_parse(struct options *o, int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.args_doc = "[--] [COMMAND [ARG...]]",
		.doc = doc,
	};
	int i;

	memset(o, 0, sizeof(*o));
	o->cpus = 2;
	o->modprobe = true;
	o->dmesg_check = true;
	o->kmemleak = -1;

	argp_program_version = "cdm-vm " CDM_VERSION;
	cdm_usage_parse(&argp, argc, argv, ARGP_IN_ORDER, o);

	if (o->icount && o->accel == ACCEL_KVM) {
		say("--icount counts instructions, which KVM cannot: use it without --accel kvm");
		exit(EXIT_USAGE);
	}
	if (o->icount) {
		o->accel = ACCEL_TCG;
		o->cpus = 1;
	}
	for (i = 0; i < o->nr_cdm; i++)
		if (o->cdm[i].node >= (o->numa ?: 1))
			note("--cdm: node %d is not one of the %d NUMA nodes of the guest",
			     o->cdm[i].node, o->numa ?: 1);
	if (!o->memory)
		o->memory = o->debug_kernel ? 4 * GIB : 2 * GIB;
	if (o->kmemleak < 0)
		o->kmemleak = o->debug_kernel;
	if (!o->command.n)
		default_command(o);
	if (!o->cwd)
		o->cwd = getcwd(NULL, 0);
	if (!o->cwd)
		o->cwd = xstrdup("/");

	find_project(o);
	find_kernel(o);
	if (o->project && !access(o->project, W_OK))
		strings_add(&o->rw, o->project);
}

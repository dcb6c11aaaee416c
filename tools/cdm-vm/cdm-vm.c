// SPDX-License-Identifier: GPL-2.0
/*
 * cdm-vm - boot a kernel in QEMU over the host's files, run one command in it.
 *
 * See --help for what it does, proto.h for how host and guest talk, and guest/init.c
 * for the guest's side.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accel.h"
#include "gate.h"
#include "options.h"
#include "proxy.h"
#include "qemu.h"

#define BOOT_SECONDS 90
#define BOOT_SECONDS_DEBUG 300
#define CONSOLE_LINES 20

/* Programs are confused by missing standard descriptors, and so are we. */
static void open_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* A background job must not take over the terminal. */
static bool wants_tty(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	       tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void add_config(struct buffer *b, const char *key, const char *value)
{
	buffer_addf(b, "%s=%s", key, value);
	buffer_add(b, "", 1);
}

static void add_number(struct buffer *b, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	add_config(b, key, text);
}

static void add_environment(const struct options *o, struct buffer *b)
{
	static const char * const kept[] = {
		"HOME", "TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE", "SHELL", "TZ", "NO_COLOR",
	};
	static const char system_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const char *path = getenv("PATH");
	const char *value;
	char *text;
	size_t i;

	text = path && *path ? xasprintf("PATH=%s:%s", path, system_path) :
			       xasprintf("PATH=%s", system_path);
	add_config(b, "env", text);
	free(text);
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		value = getenv(kept[i]);
		if (!value)
			continue;
		text = xasprintf("%s=%s", kept[i], value);
		add_config(b, "env", text);
		free(text);
	}
	value = o->as_user ? getenv("USER") : "root";
	text = xasprintf("USER=%s", value ?: "root");
	add_config(b, "env", text);
	free(text);
	if (!getenv("HOME"))
		add_config(b, "env", "HOME=/root");
	for (i = 0; i < o->env.n; i++)
		add_config(b, "env", o->env.v[i]);
}

static void add_identity(struct buffer *b)
{
	gid_t groups[256];
	int i, n = getgroups(ARRAY_SIZE(groups), groups);

	add_number(b, "uid", getuid());
	add_number(b, "gid", getgid());
	for (i = 0; i < n; i++)
		add_number(b, "group", groups[i]);
}

static void build_config(const struct options *o, bool tty, struct buffer *b)
{
	uint64_t rows, columns;
	size_t i;

	if (tty)
		add_number(b, "tty", 1);
	if (tty && terminal_size(&rows, &columns)) {
		add_number(b, "rows", rows);
		add_number(b, "columns", columns);
	}
	if (tty && !isatty(STDERR_FILENO))
		add_number(b, "errpipe", 1);
	if (o->modules)
		add_config(b, "modules", o->modules);
	for (i = 0; i < o->rw.n; i++)
		add_config(b, "rw", o->rw.v[i]);
	if (o->nr_cdm && o->modprobe)
		add_config(b, "modprobe", "cdm");
	if (o->swap)
		add_number(b, "swap", 1);
	if (o->kmemleak)
		add_number(b, "kmemleak", 1);
	if (o->as_user)
		add_identity(b);
	add_config(b, "cwd", o->cwd);
	if (o->cwd_given)
		add_number(b, "cwd-must-exist", 1);
	add_environment(o, b);
	for (i = 0; i < o->command.n; i++)
		add_config(b, "arg", o->command.v[i]);
}

static struct gate *load_gate(const struct options *o)
{
	struct gate *g = gate_create();
	char *path = xasprintf("%s/dmesg-allow", o->exe_dir);
	size_t i;

	if (!access(path, F_OK))
		gate_allow(g, path);
	for (i = 0; i < o->allow.n; i++)
		gate_allow(g, o->allow.v[i]);
	free(path);
	return g;
}

static bool write_log(const char *path, const struct result *r)
{
	char *temporary = xasprintf("%s.%d", path, getpid());
	FILE *f = fopen(temporary, "we");
	bool ok = f;

	if (!f)
		goto out;
	fwrite(r->dmesg.data ?: "", 1, r->dmesg.len, f);
	if (r->outcome != OUTCOME_EXITED)
		fprintf(f, "--- the end of the console ---\n%s", last_lines(&r->console, 200));
	ok = !fclose(f) && !rename(temporary, path);
	if (!ok)
		unlink(temporary);
out:
	free(temporary);
	return ok;
}

/* Where the log went, or NULL. A parallel run may replace the default one. */
static char *save_log(const struct options *o, const struct result *r, bool failed)
{
	const char *tmp = getenv("TMPDIR");
	char *path;

	if (o->dmesg) {
		if (write_log(o->dmesg, r))
			return xstrdup(o->dmesg);
		say("cannot write the kernel's log to %s: %s", o->dmesg, strerror(errno));
		return NULL;
	}
	if (o->project) {
		path = xasprintf("%s/build/cdm-vm", o->project);
		make_dirs(path);
		free(path);
		path = xasprintf("%s/build/cdm-vm/dmesg.log", o->project);
		if (write_log(path, r))
			return path;
		free(path);
	}
	if (!failed)
		return NULL;
	path = xasprintf("%s/cdm-vm-dmesg.%d", tmp ?: "/tmp", getpid());
	if (write_log(path, r))
		return path;
	free(path);
	return NULL;
}

static void print_tail(const char *title, const struct buffer *b)
{
	const char *text;

	if (!b->len)
		return;
	text = last_lines(b, CONSOLE_LINES);
	say("%s:", title);
	say_text(text, strlen(text));
	if (b->data[b->len - 1] != '\n')
		fputc('\n', stderr);
}

/* In verbose mode the console and QEMU's messages have been shown already. */
static void print_last_words(const struct result *r)
{
	if (verbose)
		return;
	print_tail("QEMU says", &r->errors);
	if (r->console.len)
		print_tail("last on the console", &r->console);
	else
		print_tail("last in the kernel's log", &r->dmesg);
}

static int judge(const struct options *o, const struct result *r)
{
	switch (r->outcome) {
	case OUTCOME_EXITED:
		return r->status;
	case OUTCOME_SIGNAL:
		return 128 + r->status;
	case OUTCOME_TIMEOUT:
		say("stopped: the VM had --timeout %g seconds", o->timeout);
		return EXIT_TIMEOUT;
	case OUTCOME_NO_BOOT:
		say("stopped: the guest did not come up in time");
		return EXIT_VM;
	case OUTCOME_DIED:
		say(r->ready ? "the VM died before the command ended" : "the VM did not start");
		return EXIT_VM;
	case OUTCOME_FAILED:
		return EXIT_VM;
	}
	return EXIT_VM;
}

/* The console tells what came after the log: a panic, trouble at power-off. */
static int check_log(struct gate *g, const struct result *r)
{
	int found = gate_check(g, r->dmesg.data ?: "");

	if (r->console.len)
		found += gate_check(g, r->console.data);
	return found;
}

static int finish(const struct options *o, struct gate *g, const struct result *r)
{
	bool ended = r->outcome == OUTCOME_EXITED || r->outcome == OUTCOME_SIGNAL;
	int status = judge(o, r);
	int found = o->dmesg_check ? check_log(g, r) : 0;
	char *path;

	if (found && !status)
		status = EXIT_GATE;
	if (!found && !ended)
		print_last_words(r);
	/* QEMU did not get as far as a kernel: keep the log of the last run. */
	if (!r->dmesg.len && !r->console.len)
		return status;
	path = save_log(o, r, found || !ended);
	if (path && (found || !ended))
		say("the kernel's log is in %s", path);
	free(path);
	return status;
}

/*
 * QEMU before 8.1, where there is no KVM, now and then runs a breakpoint that the kernel
 * had there while it patched itself, and has no more (https://bugzilla.redhat.com/2216496).
 * At boot it is the end of the VM, once in hundreds. What QEMU says it would say again.
 */
static bool may_start_again(const struct result *r)
{
	return r->outcome == OUTCOME_DIED && r->untouched && !r->errors.len;
}

static void run_once(struct vm *vm, const struct buffer *config, bool tty, struct result *r)
{
	const struct options *o = vm->o;
	double boot_limit = o->debug_kernel ? BOOT_SECONDS_DEBUG : BOOT_SECONDS;
	struct strings argv = { 0 };
	char *text;

	vm_prepare(vm, config);
	vm_command(vm, &argv);
	text = shell_command(argv.v);
	if (o->dry_run) {
		puts(text);
		exit(0);
	}
	note("%s", text);
	free(text);

	vm_start(vm, argv.v);
	run_vm(vm, tty, o->gdb_port ? 0 : boot_limit, o->timeout, r);
	if (o->monitor)
		unlink(o->monitor);
	strings_free(&argv);
}

static int run(const struct options *o)
{
	struct gate *g = load_gate(o);
	struct vm vm = { .o = o };
	struct buffer config = { 0 };
	struct result r;
	bool tty = wants_tty();
	int status;

	block_signals();
	vm.accel = choose_accel(o);
	build_config(o, tty, &config);
	run_once(&vm, &config, tty, &r);
	if (may_start_again(&r)) {
		say("the VM did not start, once again");
		result_free(&r);
		run_once(&vm, &config, tty, &r);
	}
	status = finish(o, g, &r);

	result_free(&r);
	buffer_free(&config);
	gate_destroy(g);
	return status;
}

int main(int argc, char **argv)
{
	struct options o;

	open_standard_files();
	options_parse(&o, argc, argv);
	place_reserved_devices(&o);
	return run(&o);
}

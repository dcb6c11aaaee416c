// SPDX-License-Identifier: GPL-2.0
/* Functions at addresses of processes; nm(1) and the loader are the second opinion. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/jit.h"
#include "source/module.h"
#include "source/snapshot.h"
#include "source/space.h"

int known_function(int n);
__attribute__((noinline)) int known_function(int n)
{
	return n * 17 + getpid();
}

static struct cdm_user user_of(pid_t pid, __u64 mm)
{
	struct cdm_user user = { .mm = mm };

	assert_int_equal(cdm_proc_start_stack(pid, &user.start_stack), 0);
	return user;
}

/* The address of known_function() as nm has it. */
static __u64 nm_address(void)
{
	char command[128], line[512];
	__u64 address = 0;
	FILE *in;

	snprintf(command, sizeof(command), "nm /proc/%d/exe", getpid());
	in = popen(command, "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in))
		if (strstr(line, " T known_function\n"))
			address = strtoull(line, NULL, 16);
	pclose(in);
	return address;
}

static void test_self(void **state)
{
	struct cdm_user user = user_of(getpid(), 64);
	struct cdm_spaces *s = cdm_spaces_open();
	struct cdm_space *space = cdm_spaces_get(s, getpid(), &user);
	char exe[4096] = "";
	struct cdm_code code;
	const unsigned char *id;

	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	assert_int_equal(cdm_space_status(space), CDM_USER_KNOWN);
	assert_true(cdm_space_find(space, (uintptr_t)known_function + 3, &code));
	assert_string_equal(code.function, "known_function");
	assert_int_equal(code.function_offset, 3);
	assert_int_equal(code.addr, nm_address() + 3);
	assert_string_equal(code.name, exe);
	assert_true(code.program);
	assert_int_equal(cdm_module_build_id(code.module, &id), 20);

	assert_true(cdm_space_find(space, (uintptr_t)mmap, &code));
	assert_false(code.program);
	assert_int_equal(code.function_offset, 0);
	assert_non_null(strstr(code.name, ".so"));
	/* Data is no code. */
	assert_false(cdm_space_find(space, (uintptr_t)&user, &code));
	assert_false(cdm_space_find(space, 0, &code));
	assert_ptr_equal(cdm_spaces_get(s, getpid(), &user), space);
	cdm_spaces_close(s);
}

/* Where nothing can be looked at it says so. */
static void test_status(void **state)
{
	struct cdm_user user = user_of(getpid(), 64), nobody = { 0 };
	struct cdm_spaces *s = cdm_spaces_open();
	pid_t child = fork();

	if (!child)
		_exit(0);
	waitid(P_PID, child, &(siginfo_t) { 0 }, WEXITED | WNOWAIT);
	/* A zombie has no mappings, and later it is not there at all. */
	assert_int_equal(cdm_space_status(cdm_spaces_get(s, child, &user)), CDM_USER_ENDED);
	waitpid(child, NULL, 0);
	user.mm = 128;
	assert_int_equal(cdm_space_status(cdm_spaces_get(s, child, &user)), CDM_USER_ENDED);
	assert_int_equal(cdm_space_status(cdm_spaces_get(s, 1, &nobody)), CDM_USER_KERNEL);
	assert_int_equal(cdm_space_status(cdm_spaces_get(s, 0, &user)), CDM_USER_ELSEWHERE);
	/* It runs another program by now. */
	user.start_stack -= 4096;
	assert_int_equal(cdm_space_status(cdm_spaces_get(s, getpid(), &user)), CDM_USER_ENDED);
	cdm_spaces_close(s);
}

/* What is mapped later is found, and what was known of it stays when it has ended. */
static void test_update(void **state)
{
	struct cdm_user user = user_of(getpid(), 64);
	struct cdm_spaces *s = cdm_spaces_open();
	struct cdm_space *space = cdm_spaces_get(s, getpid(), &user);
	struct cdm_code code;
	char *fresh = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_false(cdm_space_find(space, (uintptr_t)fresh, &code));
	cdm_space_update(space, true);
	assert_true(cdm_space_find(space, (uintptr_t)fresh, &code));
	assert_string_equal(code.name, "");
	assert_int_equal(code.addr, (uintptr_t)fresh);
	munmap(fresh, 4096);
	cdm_spaces_close(s);
}

static void test_ended(void **state)
{
	struct cdm_spaces *s = cdm_spaces_open();
	struct cdm_space *space;
	struct cdm_user user;
	struct cdm_code code;
	pid_t child = fork();

	if (!child)
		for (;;)
			pause();
	user = user_of(child, 64);
	space = cdm_spaces_get(s, child, &user);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cdm_space_update(space, true);
	assert_true(cdm_space_find(space, (uintptr_t)known_function, &code));
	assert_string_equal(code.function, "known_function");
	cdm_spaces_close(s);
}

static void write_map(const char *path, const char *text, uid_t owner)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	if (owner)
		assert_int_equal(chown(path, owner, -1), 0);
}

static void test_compiled(void **state)
{
	struct cdm_jit *jit = cdm_jit_open(getpid());
	char path[64];
	__u64 start;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	assert_null(cdm_jit_function(jit, 0x1000, &start));
	write_map(path, "1000 20 py::main:/srv/a b.py\nnonsense\n2000 zz\n3000 0 empty\n", 0);
	assert_string_equal(cdm_jit_function(jit, 0x101f, &start), "py::main:/srv/a b.py");
	assert_int_equal(start, 0x1000);
	assert_null(cdm_jit_function(jit, 0x1020, &start));
	assert_null(cdm_jit_function(jit, 0x3000, &start));
	/* It grows. */
	write_map(path, "1000 20 py::main:/srv/a b.py\n2000 8 py::later\n4000 8 more and more\n", 0);
	assert_string_equal(cdm_jit_function(jit, 0x2007, &start), "py::later");
	cdm_jit_close(jit);
	/* What is not the process's own is not believed. */
	unlink(path);
	jit = cdm_jit_open(getpid());
	assert_int_equal(symlink("/proc/self/maps", path), 0);
	assert_null(cdm_jit_function(jit, 0x1000, &start));
	unlink(path);
	if (!geteuid()) {
		write_map(path, "1000 20 lie\n", 12345);
		assert_null(cdm_jit_function(jit, 0x1000, &start));
		unlink(path);
	}
	cdm_jit_close(jit);
}

/* A file that is no program has no functions, and is no harm. */
static void test_no_elf(void **state)
{
	static const char *const texts[] = { "", "\177ELF", "#!/bin/sh\necho\n" };
	struct cdm_module *m;
	__u64 start;

	for (int i = 0; i < 3; i++) {
		FILE *file = tmpfile();

		fputs(texts[i], file);
		fflush(file);
		m = cdm_module_open(dup(fileno(file)));
		assert_non_null(m);
		assert_null(cdm_module_function(m, 1, &start));
		assert_int_equal(cdm_module_address(m, 17), 17);
		assert_true(cdm_module_return_at(m, 1) < 0);
		cdm_module_close(m);
		fclose(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_self), cmocka_unit_test(test_status),
		cmocka_unit_test(test_update), cmocka_unit_test(test_ended),
		cmocka_unit_test(test_compiled), cmocka_unit_test(test_no_elf),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("spaces", tests, NULL, NULL);
}

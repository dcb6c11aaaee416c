// SPDX-License-Identifier: GPL-2.0
/* Files that get their name when they are complete. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

static char dir[] = "/tmp/cdm-file.XXXXXX", path[64], part[64];

static const char *content(const char *name)
{
	static char buf[64];
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return "(none)";
	buf[n] = '\0';
	return buf;
}

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(cdm_write(fd, text, strlen(text)), 0);
	close(fd);
}

static int begin(void **state)
{
	unlink(path);
	unlink(part);
	return 0;
}

static void complete(void **state)
{
	struct cdm_file f;

	put(path, "old");
	assert_int_equal(cdm_file_open(&f, path, 0600, true), 0);
	assert_int_equal(cdm_write(f.fd, "new", 3), 0);
	assert_string_equal(content(path), "old");
	assert_string_equal(content(part), "new");
	assert_int_equal(cdm_file_close(&f, 0), 0);
	assert_string_equal(content(path), "new");
	assert_string_equal(content(part), "(none)");
}

static void failed(void **state)
{
	struct cdm_file f;

	put(path, "old");
	assert_int_equal(cdm_file_open(&f, path, 0600, true), 0);
	assert_int_equal(cdm_write(f.fd, "half", 4), 0);
	assert_int_equal(cdm_file_close(&f, -ENOSPC), -ENOSPC);
	assert_string_equal(content(path), "old");
	assert_string_equal(content(part), "half");
}

static void discarded(void **state)
{
	struct cdm_file f;

	put(path, "old");
	assert_int_equal(cdm_file_open(&f, path, 0600, true), 0);
	cdm_file_discard(&f);
	assert_string_equal(content(path), "old");
	assert_string_equal(content(part), "(none)");
}

/* What a program left that died is written over, what one writes is not. */
static void part_of_others(void **state)
{
	struct cdm_file f, g;

	put(part, "longer than what comes");
	assert_int_equal(cdm_file_open(&f, path, 0600, true), 0);
	assert_int_equal(cdm_write(f.fd, "new", 3), 0);
	assert_int_equal(cdm_file_open(&g, path, 0600, true), -EBUSY);
	assert_int_equal(cdm_file_close(&f, 0), 0);
	assert_string_equal(content(path), "new");
	assert_int_equal(cdm_file_open(&g, path, 0600, true), 0);
	assert_int_equal(cdm_file_close(&g, 0), 0);
	assert_string_equal(content(path), "");
}

static void in_place(void **state)
{
	struct cdm_file f;

	assert_int_equal(cdm_file_open(&f, path, 0600, false), 0);
	assert_int_equal(cdm_write(f.fd, "grows", 5), 0);
	assert_string_equal(content(path), "grows");
	cdm_file_discard(&f);
	assert_string_equal(content(path), "grows");

	assert_int_equal(cdm_file_open(&f, "/dev/full", 0600, true), 0);
	assert_null(f.part);
	assert_int_equal(cdm_write(f.fd, "x", 1), -ENOSPC);
	assert_int_equal(cdm_file_close(&f, 0), 0);

	assert_int_equal(cdm_file_open(&f, "-", 0600, true), 0);
	assert_int_equal(f.fd, STDOUT_FILENO);
	assert_int_equal(cdm_file_close(&f, 0), 0);
	assert_true(fcntl(STDOUT_FILENO, F_GETFD) >= 0);

	assert_int_equal(cdm_file_open(&f, "/no/such/folder/x", 0600, true), -ENOENT);
}

/* The name cannot be had: what was written is kept. */
static void no_name(void **state)
{
	struct cdm_file f;

	assert_int_equal(cdm_file_open(&f, path, 0600, true), 0);
	assert_int_equal(cdm_write(f.fd, "new", 3), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(cdm_file_close(&f, 0), -EISDIR);
	assert_string_equal(content(part), "new");
	rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(complete, begin),
		cmocka_unit_test_setup(failed, begin),
		cmocka_unit_test_setup(discarded, begin),
		cmocka_unit_test_setup(part_of_others, begin),
		cmocka_unit_test_setup(in_place, begin),
		cmocka_unit_test_setup(no_name, begin),
	};
	int ret;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/a", dir);
	snprintf(part, sizeof(part), "%s/a.part", dir);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	begin(NULL);
	rmdir(dir);
	return ret;
}

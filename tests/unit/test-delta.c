// SPDX-License-Identifier: GPL-2.0
/* Refreshes in recordings: what was put in comes out, though most of it is not there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/record.h"

#define SECOND	1000000000ULL

static char dir[] = "/tmp/cdm-delta-XXXXXX";
static char path[64];
static char why[CDM_WHY_LEN];
static struct cdm_writer *writer;

/* All that was put into the file, as it is expected back. */
static char *wanted;
static size_t nr_wanted, room_wanted;

static int make_dir(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/a.cdm", dir);
	return 0;
}

static int remove_dir(void **state)
{
	free(wanted);
	unlink(path);
	return rmdir(dir);
}

static void start(void)
{
	struct cdm_file_header h;

	nr_wanted = 0;
	cdm_file_header_init(&h);
	writer = cdm_writer_open(path, &h, why);
	assert_non_null(writer);
}

static void put(void *record, unsigned int kind, size_t len, __u64 ts)
{
	struct cdm_rec *rec = record;

	*rec = (struct cdm_rec) { kind, 0, len, ts };
	assert_int_equal(cdm_writer_put(writer, rec), 0);
	if (nr_wanted + len > room_wanted) {
		room_wanted = 2 * room_wanted + len;
		wanted = realloc(wanted, room_wanted);
		assert_non_null(wanted);
	}
	memcpy(wanted + nr_wanted, rec, len);
	nr_wanted += len;
}

static void put_begin(__u64 ts)
{
	struct cdm_snap_begin begin = { .interval_ns = SECOND };

	put(&begin, CDM_SNAP_BEGIN, sizeof(begin), ts);
}

static void put_end(__u64 ts)
{
	struct cdm_snap_end end = { .tool_cpu_ns = ts };

	put(&end, CDM_SNAP_END, sizeof(end), ts);
}

static void put_proc(__u32 pid, __u64 rss, bool stats, __u64 ts)
{
	struct cdm_snap_proc p = { .pid = pid, .rss = rss, .comm = "idle" };

	p.stats.pages[CDM_DIR_IN] = stats ? rss : 0;
	put(&p, CDM_SNAP_PROC, stats ? sizeof(p) : CDM_SNAP_PROC_MIN, ts);
}

static void put_cgroup(__u64 id, __u64 charged, __u64 ts)
{
	struct {
		struct cdm_snap_cgroup c;
		char path[32];
	} cg = { .c = { .id = id, .charged = charged } };

	snprintf(cg.path, sizeof(cg.path), "/cgroup%llu", id);
	put(&cg, CDM_SNAP_CGROUP, sizeof(cg), ts);
}

/* Reads the file: its records are those wanted, byte by byte. Return: its size. */
static size_t finish(void)
{
	const struct cdm_rec *rec;
	struct cdm_reader *r;
	struct stat st;
	size_t at = 0;

	assert_int_equal(cdm_writer_close(writer, why), 0);
	r = cdm_reader_open(path, why);
	assert_non_null(r);
	for (; cdm_reader_next(r, &rec, why) == 1; at += rec->len) {
		assert_int_equal((uintptr_t)rec % 8, 0);
		assert_true(at + rec->len <= nr_wanted);
		assert_memory_equal(rec, wanted + at, rec->len);
	}
	assert_int_equal(at, nr_wanted);
	cdm_reader_close(r);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

/* Processes come, go and change, in any order; events, and refreshes that never end. */
static void test_random(void **state)
{
	struct { __u32 pid; __u64 rss; bool stats; } procs[97];
	size_t nr = 0;

	srand(7);
	start();
	for (__u64 n = 1; n <= 1009; n++) {
		struct cdm_ev_pingpong ev = { .flips = n };

		for (int i = 0; i < 5; i++) {
			size_t k = nr ? rand() % nr : 0;

			if (nr < 97 && rand() % 3 == 0) {
				memmove(&procs[k + 1], &procs[k], (nr++ - k) * sizeof(procs[0]));
				procs[k].pid = rand() % 500;
				procs[k].stats = false;
			} else if (nr && rand() % 3 == 0) {
				memmove(&procs[k], &procs[k + 1], (--nr - k) * sizeof(procs[0]));
			} else if (nr) {
				procs[k].rss = rand();
				procs[k].stats |= rand() % 9 == 0;
			}
		}
		put_begin(n);
		for (size_t i = 0; i < nr; i++) {
			put_proc(procs[i].pid, procs[i].rss, procs[i].stats, n);
			if (rand() % 50 == 0)
				put(&ev, CDM_EV_PINGPONG, sizeof(ev), n);
		}
		put_cgroup(n / 50, n / 7, n);
		put_cgroup(~0ULL, 1, n);
		if (n % 13)
			put_end(n);
		if (n % 31 == 0)
			put_proc(1, n, true, n);	/* of no refresh */
	}
	finish();
}

static size_t record(int refreshes, int idle, int busy)
{
	start();
	for (__u64 n = 1; n <= (__u64)refreshes; n++) {
		put_begin(n);
		for (int i = 0; i < idle; i++)
			put_proc(i, i < busy ? n : 7, false, n);
		put_end(n);
	}
	return finish();
}

/* What does not change costs nothing, and all that is there for safety as much again. */
static void test_size(void **state)
{
	const size_t fixed = sizeof(struct cdm_snap_begin) + sizeof(struct cdm_snap_end) +
			     sizeof(struct cdm_snap_delta) + sizeof(struct cdm_delta_step);
	const size_t change = sizeof(struct cdm_delta_step) + sizeof(struct cdm_delta_run) + 8;
	size_t whole = record(1, 1000, 0);

	assert_in_range(record(101, 1000, 0) - whole, 100 * (fixed - 24), 100 * fixed);
	assert_in_range(record(101, 1000, 3) - whole, 300 * change, 100 * (fixed + 3 * change));
	/* 2,000 of them cost more than one whole refresh. */
	assert_in_range(record(2001, 1000, 3), 2000 * (fixed + 3 * change - 24) + whole,
			2 * 2000 * (fixed + 3 * change) + whole);
}

/* A whole refresh comes once the changes since the last have cost as much as one. */
static void test_recovers(void **state)
{
	int right = 0, wrong = 0, since = 0;
	const __u64 seven = 7, eight = 8;
	const struct cdm_rec *rec;
	struct cdm_reader *r;
	FILE *f;

	record(400, 10, 0);
	/* One bit of a row of the first refresh. */
	f = fopen(path, "r+");
	assert_non_null(f);
	fseek(f, sizeof(struct cdm_file_header) + sizeof(struct cdm_snap_begin) +
		 offsetof(struct cdm_snap_proc, rss), SEEK_SET);
	assert_int_equal(fwrite(&eight, sizeof(eight), 1, f), 1);
	fclose(f);
	r = cdm_reader_open(path, why);
	assert_non_null(r);
	while (cdm_reader_next(r, &rec, why) == 1) {
		const struct cdm_snap_proc *p = (const void *)rec;

		if (rec->kind != CDM_SNAP_PROC || p->pid)
			continue;
		if (p->rss == seven)
			right++;
		else
			wrong++;
		since = p->rss == seven ? since : right + wrong;
	}
	cdm_reader_close(r);
	assert_int_equal(right + wrong, 400);
	assert_in_range(wrong, 2, 30);
	assert_int_equal(since, wrong);
}

/* Wherever the file ends, what was read up to there is right. */
static void test_truncated(void **state)
{
	size_t size = record(5, 7, 2);

	for (size_t cut = sizeof(struct cdm_file_header); cut < size; cut += 4) {
		const struct cdm_rec *rec;
		struct cdm_reader *r;
		size_t at = 0;
		int ret;

		record(5, 7, 2);
		assert_int_equal(truncate(path, cut), 0);
		r = cdm_reader_open(path, why);
		assert_non_null(r);
		for (; (ret = cdm_reader_next(r, &rec, why)) == 1; at += rec->len)
			assert_memory_equal(rec, wanted + at, rec->len);
		assert_int_equal(ret, 0);
		assert_true(at < nr_wanted);
		cdm_reader_close(r);
	}
}

static int read_all(void)
{
	struct cdm_reader *r = cdm_reader_open(path, why);
	const struct cdm_rec *rec;
	int ret;

	assert_non_null(r);
	do
		ret = cdm_reader_next(r, &rec, why);
	while (ret == 1);
	cdm_reader_close(r);
	return ret;
}

struct delta {
	struct cdm_rec rec;
	__u64 words[8];
};

/* A refresh of one process, and then @nr words of steps in another one, or behind it. */
static int read_with(const __u64 *words, size_t nr, bool inside)
{
	struct delta delta = { 0 };

	memcpy(delta.words, words, nr * sizeof(*words));
	start();
	put_begin(1);
	put_proc(1, 1, false, 1);
	put_end(1);
	put_begin(2);
	if (!inside)
		put_end(2);
	put(&delta, CDM_SNAP_DELTA, sizeof(delta.rec) + nr * sizeof(__u64), 2);
	assert_int_equal(cdm_writer_close(writer, why), 0);
	return read_all();
}

static __u64 word(const void *of)
{
	__u64 word;

	memcpy(&word, of, sizeof(word));
	return word;
}

static __u64 step(__u32 same, __u16 drop, __u16 words)
{
	return word(&(struct cdm_delta_step){ same, drop, words });
}

static __u64 run(__u32 at, __u32 nr)
{
	return word(&(struct cdm_delta_run){ at, nr });
}

static void test_hostile(void **state)
{
	const __u32 end = CDM_SNAP_PROC_MIN / 8, comm = offsetof(struct cdm_snap_proc, comm) / 8;
	const struct {
		size_t nr;
		__u64 words[8];
	} good[] = {
		{ 0 }, { 1, { step(1, 0, 0) } }, { 1, { step(0, 1, 0) } }, { 1, { step(0, 0, 0) } },
		{ 3, { step(0, 0, 0), step(0, 1, 0), step(0, 0, 0) } },
		{ 3, { step(0, 0, 2), run(end - 1, 1), 0 } },
		{ 5, { step(0, 0, 4), run(2, 1), 5, run(4, 1), 6 } },
		{ 2, { step(0, 0, 1), run(end, 0) } },
	}, bad[] = {
		{ 1, { step(2, 0, 0) } }, { 1, { step(0, 2, 0) } }, { 1, { step(1, 1, 0) } },
		{ 1, { step(~0U, 0, 0) } }, { 1, { step(~0U, 2, 0) } },
		{ 2, { step(1, 0, 0), step(1, 0, 0) } }, { 2, { step(~0U, 1, 0), step(1, 0, 0) } },
		{ 3, { step(1, 0, 2), run(2, 1), 5 } }, { 1, { step(0, 0, 1) } },
		{ 2, { step(0, 0, 2), run(2, 1) } }, { 3, { step(0, 0, ~0), run(2, 1), 5 } },
		{ 3, { step(0, 0, 2), run(0, 1), 5 } }, { 3, { step(0, 0, 2), run(1, 1), 5 } },
		{ 3, { step(0, 0, 2), run(end, 1), 5 } }, { 4, { step(0, 0, 3), run(~0U, 2), 5, 6 } },
		{ 3, { step(0, 0, 2), run(2, 2), 5 } }, { 3, { step(0, 0, 2), run(2, ~0U), 5 } },
		{ 4, { step(0, 0, 3), run(comm, 2), ~0ULL, ~0ULL } },
	};

	struct delta twice = { .words = { step(1, 0, 0) } };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(read_with(good[i].words, good[i].nr, true), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_with(bad[i].words, bad[i].nr, true), -EINVAL);
	assert_int_equal(read_with(good[1].words, 1, false), -EINVAL);
	/* Twice what is there once. */
	start();
	put_begin(1);
	put_proc(1, 1, false, 1);
	put_begin(2);
	for (int i = 0; i < 2; i++)
		put(&twice, CDM_SNAP_DELTA, sizeof(twice.rec) + sizeof(__u64), 2);
	assert_int_equal(cdm_writer_close(writer, why), 0);
	assert_int_equal(read_all(), -EINVAL);
}

static void test_private(void **state)
{
	char part[80];
	struct stat st;
	FILE *f;

	snprintf(part, sizeof(part), "%s.part", path);
	umask(0);
	for (int left = 0; left < 2; left++) {
		unlink(path);
		f = left ? fopen(part, "w") : NULL;
		if (f)
			fclose(f);
		record(1, 1, 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random), cmocka_unit_test(test_size),
		cmocka_unit_test(test_recovers), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_hostile), cmocka_unit_test(test_private),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

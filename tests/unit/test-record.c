// SPDX-License-Identifier: GPL-2.0
/* Recordings: what was written is read, what is damaged is refused. */
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

static char dir[] = "/tmp/cdm-record-XXXXXX";
static char path[64], part[64];
static char why[CDM_WHY_LEN];

static int make_dir(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/a.cdm", dir);
	snprintf(part, sizeof(part), "%s/a.cdm.part", dir);
	return 0;
}

static int remove_dir(void **state)
{
	unlink(path);
	unlink(part);
	return rmdir(dir);
}

static struct cdm_ev_migrate migrate(void)
{
	return (struct cdm_ev_migrate) {
		.ev.rec = { CDM_EV_MIGRATE, 0, sizeof(struct cdm_ev_migrate), 42 },
		.ev.comm = "a", .requested = 7, .migrated = 7,
	};
}

static void write_events(int n)
{
	struct cdm_ev_migrate m = migrate();
	struct cdm_file_header h;
	struct cdm_writer *w;

	cdm_file_header_init(&h);
	w = cdm_writer_open(path, &h, why);
	assert_non_null(w);
	for (int i = 0; i < n; i++) {
		m.ev.rec.ts = i;
		assert_int_equal(cdm_writer_put(w, &m.ev.rec), 0);
	}
	assert_int_equal(access(part, F_OK), 0);
	assert_int_equal(cdm_writer_bytes(w), sizeof(h) + n * sizeof(m));
	assert_int_equal(cdm_writer_close(w, why), 0);
}

/* More than fits into any buffer. */
static void test_round_trip(void **state)
{
	const struct cdm_rec *rec;
	struct cdm_reader *r;
	int n = 20011, i;

	write_events(n);
	assert_int_not_equal(access(part, F_OK), 0);
	r = cdm_reader_open(path, why);
	assert_non_null(r);
	for (i = 0; cdm_reader_next(r, &rec, why) == 1; i++) {
		assert_int_equal(rec->ts, i);
		assert_int_equal((uintptr_t)rec % 8, 0);
	}
	assert_int_equal(i, n);
	assert_false(cdm_reader_truncated(r));
	cdm_reader_close(r);
}

/* Wherever the file ends, all whole records are read. */
static void test_truncated(void **state)
{
	const size_t len = sizeof(struct cdm_ev_migrate), head = sizeof(struct cdm_file_header);

	for (size_t cut = 0; cut <= 2 * len; cut++) {
		size_t size = head + 2 * len - cut, whole = (2 * len - cut) / len, i;
		const struct cdm_rec *rec;
		struct cdm_reader *r;

		write_events(2);
		assert_int_equal(truncate(path, size), 0);
		r = cdm_reader_open(path, why);
		assert_non_null(r);
		for (i = 0; cdm_reader_next(r, &rec, why) == 1; i++)
			;
		assert_int_equal(i, whole);
		assert_int_equal(cdm_reader_truncated(r), cut % len != 0);
		cdm_reader_close(r);
	}
	assert_int_equal(truncate(path, head - 1), 0);
	assert_null(cdm_reader_open(path, why));
	assert_int_equal(truncate(path, 0), 0);
	assert_null(cdm_reader_open(path, why));
}

/* Nothing is printed: what is wrong is told. */
static void refused(const char *name, const char *reason)
{
	why[0] = '\0';
	assert_null(cdm_reader_open(name, why));
	assert_string_equal(why, reason);
}

static void patch(off_t at, const void *data, size_t len)
{
	FILE *f = fopen(path, "r+");

	assert_non_null(f);
	fseek(f, at, SEEK_SET);
	fwrite(data, len, 1, f);
	fclose(f);
}

static void test_foreign(void **state)
{
	const __u32 swapped = 0x04030201, version = CDM_FILE_VERSION + 1, page = 4095;

	write_events(1);
	patch(offsetof(struct cdm_file_header, byte_order), &swapped, 4);
	refused(path, "was recorded on a machine of the other byte order; read it there");
	write_events(1);
	patch(offsetof(struct cdm_file_header, version), &version, 4);
	refused(path, "has a format of another version; a newer cdmtop may read it");
	write_events(1);
	patch(offsetof(struct cdm_file_header, page_size), &page, 4);
	refused(path, "has a damaged header");
	refused("/nonexistent", "No such file or directory");
	refused("/", "Is a directory");
}

static void test_impossible_length(void **state)
{
	static const __u32 lengths[] = { 0, 8, 17, CDM_REC_MAX + 8, ~0U };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const struct cdm_rec *rec;
		struct cdm_reader *r;

		write_events(1);
		patch(sizeof(struct cdm_file_header) + offsetof(struct cdm_rec, len), &lengths[i], 4);
		r = cdm_reader_open(path, why);
		assert_non_null(r);
		assert_true(cdm_reader_next(r, &rec, why) < 0);
		assert_string_equal(why, "is damaged: a record has an impossible length");
		cdm_reader_close(r);
	}
}

static void test_valid(void **state)
{
	struct cdm_ev_migrate m = migrate();
	struct cdm_snap_proc p = { .rec = { CDM_SNAP_PROC, 0, CDM_SNAP_PROC_MIN, 0 } };
	struct { struct cdm_rec rec; char text[8]; } note = { { CDM_REC_NOTE, 0, 24, 0 }, "1234567" };

	assert_true(cdm_rec_valid(&m.ev.rec, sizeof(m)));
	assert_false(cdm_rec_valid(&m.ev.rec, sizeof(m) - 8));
	m.dir = CDM_NR_DIR;
	assert_false(cdm_rec_valid(&m.ev.rec, sizeof(m)));
	m = migrate();
	memset(m.ev.comm, 'x', sizeof(m.ev.comm));
	assert_false(cdm_rec_valid(&m.ev.rec, sizeof(m)));

	assert_true(cdm_rec_valid(&p.rec, sizeof(p)));
	p.rec.len += 8;
	assert_false(cdm_rec_valid(&p.rec, sizeof(p)));
	p.rec.len = sizeof(p);
	p.nr_devices = CDM_MAX_DEVICES + 1;
	assert_false(cdm_rec_valid(&p.rec, sizeof(p)));

	assert_true(cdm_rec_valid(&note.rec, sizeof(note)));
	note.text[7] = '8';
	assert_false(cdm_rec_valid(&note.rec, sizeof(note)));
}

static void test_user_stack(void **state)
{
	union {
		struct cdm_rec_user_stack stack;
		char room[CDM_FRAME_MAX + 256];
	} u = { .stack = { .id = 1, .nr = 2 } };
	struct cdm_user_frame *first = (void *)u.stack.frames, *last;
	const size_t len = sizeof(u.stack) + 56 + 48;

	first->len = 56;
	memcpy(first->names, "main\0/bin", 10);
	last = (void *)cdm_frame_next(first);
	last->len = 48;		/* two empty names */
	u.stack.rec = (struct cdm_rec) { CDM_REC_USER_STACK, 0, len, 0 };
	assert_true(cdm_rec_valid(&u.stack.rec, len));
	assert_string_equal(cdm_frame_module(first), "/bin");
	assert_string_equal(cdm_frame_module(last), "");

	for (size_t cut = sizeof(u.stack); cut < len; cut += 8) {
		u.stack.rec.len = cut;
		assert_false(cdm_rec_valid(&u.stack.rec, cut));
	}
	u.stack.rec.len = len;
	u.stack.nr = 3;
	assert_false(cdm_rec_valid(&u.stack.rec, len));
	u.stack.nr = 2;
	u.stack.status = CDM_NR_USER;
	assert_false(cdm_rec_valid(&u.stack.rec, len));
	u.stack.status = 0;
	last->build_id_len = 21;
	assert_false(cdm_rec_valid(&u.stack.rec, len));
	last->build_id_len = 20;
	memset(last->names, 'x', 3);	/* one of them does not end */
	assert_false(cdm_rec_valid(&u.stack.rec, len));
	memset(last->names, 0, 3);
	assert_true(cdm_rec_valid(&u.stack.rec, len));
	first->len = 0;
	assert_false(cdm_rec_valid(&u.stack.rec, len));
	first->len = CDM_FRAME_MAX + 8;
	u.stack.nr = 1;
	u.stack.rec.len = sizeof(u.stack) + first->len;
	assert_false(cdm_rec_valid(&u.stack.rec, sizeof(u)));
}

/* Recordings from before there were pages of which nobody can tell why they stayed. */
static void test_shorter_migration(void **state)
{
	struct cdm_ev_migrate m = migrate();
	const struct cdm_ev_migrate *read;
	const struct cdm_rec *rec;
	struct cdm_file_header h;
	struct cdm_writer *w;
	struct cdm_reader *r;

	cdm_file_header_init(&h);
	w = cdm_writer_open(path, &h, why);
	assert_non_null(w);
	m.untold = 5;
	m.ev.rec.len = CDM_EV_MIGRATE_MIN;
	for (int i = 0; i < 2; i++)
		assert_int_equal(cdm_writer_put(w, &m.ev.rec), 0);
	assert_int_equal(cdm_writer_close(w, why), 0);

	r = cdm_reader_open(path, why);
	assert_non_null(r);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(cdm_reader_next(r, &rec, why), 1);
		read = (const void *)rec;
		assert_int_equal(rec->len, sizeof(*read));
		assert_int_equal(read->migrated, 7);
		assert_int_equal(read->untold, 0);
	}
	assert_int_equal(cdm_reader_next(r, &rec, why), 0);
	cdm_reader_close(r);
}

static void test_full_disk(void **state)
{
	struct cdm_ev_migrate m = migrate();
	struct cdm_file_header h;
	struct cdm_writer *w;

	cdm_file_header_init(&h);
	w = cdm_writer_open("/dev/full", &h, why);
	assert_non_null(w);
	assert_int_equal(cdm_writer_put(w, &m.ev.rec), 0);
	assert_int_equal(cdm_writer_flush(w), -ENOSPC);
	assert_int_equal(cdm_writer_put(w, &m.ev.rec), -ENOSPC);
	assert_int_equal(cdm_writer_close(w, why), -ENOSPC);
	assert_string_equal(why, "No space left on device");
	assert_int_equal(access("/dev/full.part", F_OK), -1);
}

/* Reasons of the kernel and of cdmctl's requests, each with what is to be done about it. */
static void test_reasons(void **state)
{
	for (unsigned int i = 0; i < CDM_NR_REFUSAL; i++) {
		assert_string_not_equal(cdm_why_name(i), "?");
		assert_non_null(cdm_why_hint(i));
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(cdm_why_name(i), cdm_why_name(j));
	}
	assert_string_equal(cdm_why_name(CDM_NR_REFUSAL), "?");
	assert_non_null(strstr(cdm_why_hint(CDM_NR_REFUSAL), "newer"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_foreign), cmocka_unit_test(test_impossible_length),
		cmocka_unit_test(test_valid), cmocka_unit_test(test_user_stack),
		cmocka_unit_test(test_shorter_migration), cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

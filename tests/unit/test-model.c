// SPDX-License-Identifier: GPL-2.0
/* The model, columns and figures, from records made here. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "table/column.h"
#include "base/json.h"

static struct cdm_model *m;

static int setup(void **state)
{
	struct cdm_file_header h = { .page_size = 4096 };

	m = cdm_model_new(&h);
	return m ? 0 : -1;
}

static int teardown(void **state)
{
	cdm_model_free(m);
	return 0;
}

static void feed(void *rec, unsigned int kind, size_t len)
{
	struct cdm_rec *head = rec;

	head->kind = kind;
	head->len = len;
	assert_true(cdm_rec_valid(head, len));
	assert_int_equal(cdm_model_feed(m, head), kind == CDM_SNAP_END);
}

static void begin(__u64 interval_ns)
{
	struct cdm_snap_begin b = { .interval_ns = interval_ns, .features = ~0U };

	feed(&b, CDM_SNAP_BEGIN, sizeof(b));
}

static void end(void)
{
	struct cdm_snap_end e = { .bpf_ns = CDM_UNKNOWN };

	feed(&e, CDM_SNAP_END, sizeof(e));
}

static void proc(__u32 pid, __u64 start_ns, __u64 in)
{
	struct cdm_snap_proc p = {
		.pid = pid, .start_ns = start_ns, .cgroup = 5, .rss = 100, .device = 25,
		.comm = "x", .stats.pages[CDM_DIR_IN] = in,
	};

	feed(&p, CDM_SNAP_PROC, sizeof(p));
}

static void cgroup(__u64 id, const char *path)
{
	static char buf[sizeof(struct cdm_snap_cgroup) + 64] __attribute__((aligned(8)));
	struct cdm_snap_cgroup *c = (void *)buf;

	memset(buf, 0, sizeof(buf));
	c->id = id;
	c->limit = CDM_NO_LIMIT;
	strcpy(c->path, path);
	feed(c, CDM_SNAP_CGROUP, (sizeof(*c) + strlen(path) + 8) & ~7UL);
}

/* One that did something, below another one. */
static void busy_cgroup(__u64 id, __u64 parent, const char *path, __u64 in)
{
	static char buf[sizeof(struct cdm_snap_cgroup) + 64] __attribute__((aligned(8)));
	struct cdm_snap_cgroup *c = (void *)buf;

	memset(buf, 0, sizeof(buf));
	c->id = id;
	c->parent = parent;
	c->has_stats = 1;
	c->stats.pages[CDM_DIR_IN] = in;
	strcpy(c->path, path);
	feed(c, CDM_SNAP_CGROUP, (sizeof(*c) + strlen(path) + 8) & ~7UL);
}

static const struct cdm_cgroup_row *cgroup_row(__u64 id)
{
	struct cdm_cgroup_row **rows;
	size_t nr;

	rows = cdm_model_cgroups(m, &nr);
	for (size_t i = 0; i < nr; i++)
		if (rows[i]->snap->id == id)
			return rows[i];
	fail();
	return NULL;
}

static void in_of_cgroup(__u64 id, __u64 total, __u64 delta)
{
	const struct cdm_cgroup_row *row = cgroup_row(id);

	assert_int_equal(row->stats->pages[CDM_DIR_IN], total);
	assert_int_equal(row->activity.delta->d.pages[CDM_DIR_IN], delta);
}

static struct cdm_cell cell_of(const char *id)
{
	const struct cdm_column *col = cdm_column_find(CDM_VIEW_PROC, id);
	struct cdm_cell cell;
	size_t nr;

	assert_non_null(col);
	col->get(cdm_model_procs(m, &nr)[0], &cell);
	assert_int_equal(nr, 1);
	return cell;
}

/* 997 pages in 2 seconds. */
static void test_rates(void **state)
{
	begin(0);
	proc(7, 1, 1000);
	end();
	assert_false(cell_of("in").known);
	begin(2000000000);
	proc(7, 1, 1997);
	end();
	assert_true(cell_of("in").known);
	assert_true(cell_of("in").d == 498.5);
	assert_true(cell_of("share").d == 25);
	/* Counters that start anew are not a huge rate. */
	begin(1000000000);
	proc(7, 1, 13);
	end();
	assert_true(cell_of("in").d == 13);
	/* Nor are those of another process under the pid. */
	begin(1000000000);
	proc(7, 2, 17);
	end();
	assert_true(cell_of("in").d == 17);
}

static void test_vanish(void **state)
{
	size_t nr;

	begin(0);
	for (int pid = 1; pid <= 1009; pid++)
		proc(pid, pid, 0);
	end();
	cdm_model_procs(m, &nr);
	assert_int_equal(nr, 1009);
	begin(1000000000);
	proc(500, 500, 0);
	proc(500, 500, 0);
	end();
	assert_int_equal(cdm_model_procs(m, &nr)[0]->snap->pid, 500);
	assert_int_equal(nr, 1);
	/* Nothing is remembered of it, what it did counts from its start. */
	begin(1000000000);
	proc(7, 1, 30);
	end();
	begin(1000000000);
	proc(500, 500, 0);
	end();
	begin(1000000000);
	proc(7, 1, 40);
	end();
	assert_true(cell_of("in").d == 40);
}

/* All figures of a cgroup have those of its descendants in them, as memory.current does. */
static void test_descendants(void **state)
{
	begin(0);
	busy_cgroup(1, 0, "/", 0);
	busy_cgroup(2, 1, "/a", 100);
	busy_cgroup(3, 2, "/a/b", 7);
	busy_cgroup(5, 2, "/a/c", 1000);
	proc(7, 1, 0);
	end();
	in_of_cgroup(1, 1107, 0);
	in_of_cgroup(3, 7, 0);
	assert_int_equal(cgroup_row(2)->nr_procs, 1);
	assert_int_equal(cgroup_row(1)->procs_device, 25);
	begin(1000000000);
	busy_cgroup(1, 0, "/", 0);
	busy_cgroup(2, 1, "/a", 100);
	busy_cgroup(3, 2, "/a/b", 20);
	busy_cgroup(5, 2, "/a/c", 1003);
	end();
	in_of_cgroup(1, 1123, 16);
	in_of_cgroup(2, 1123, 16);
	in_of_cgroup(5, 1003, 3);
	/* What was removed keeps counting for those above it. */
	begin(1000000000);
	busy_cgroup(1, 0, "/", 0);
	busy_cgroup(2, 1, "/a", 101);
	end();
	in_of_cgroup(1, 1124, 1);
	/* A loop, which only a damaged recording has. */
	begin(1000000000);
	busy_cgroup(1, 2, "/", 0);
	busy_cgroup(2, 1, "/a", 101);
	end();
	in_of_cgroup(1, 1124, 0);
}

static void test_tree(void **state)
{
	static const char *const wanted[] = { "/", "/a", "/a/b", "/a/z", "/a-b", "/b" };
	struct cdm_cgroup_row **rows;
	size_t nr;

	begin(0);
	cgroup(5, "/a/b");
	cgroup(4, "/b");
	cgroup(3, "/a-b");
	cgroup(2, "/a");
	cgroup(6, "/a/z");
	cgroup(1, "/");
	proc(1, 1, 0);
	proc(2, 2, 0);
	end();
	rows = cdm_model_cgroups(m, &nr);
	assert_int_equal(nr, 6);
	for (size_t i = 0; i < nr; i++)
		assert_string_equal(rows[i]->snap->path, wanted[i]);
	assert_int_equal(rows[0]->depth, 0);
	assert_int_equal(rows[2]->depth, 2);
	assert_int_equal(rows[2]->nr_procs, 2);
	assert_int_equal(rows[2]->procs_device, 50);
	assert_string_equal(cdm_model_cgroup_path(m, 5), "/a/b");
	assert_null(cdm_model_cgroup_path(m, 99));
}

static void test_events(void **state)
{
	static struct cdm_event_row rows[CDM_MODEL_EVENTS];
	size_t nr;

	for (__u32 i = 0; i < 3000; i++) {
		struct cdm_ev_migrate e = { .ev = { .rec.ts = i, .pid = i % 2 + 1 } };

		feed(&e, CDM_EV_MIGRATE, sizeof(e));
	}
	nr = cdm_model_events(m, 0, rows, CDM_MODEL_EVENTS);
	assert_int_equal(nr, CDM_MODEL_EVENTS);
	assert_int_equal(rows[0].ev->rec.ts, 3000 - CDM_MODEL_EVENTS);
	assert_int_equal(rows[nr - 1].ev->rec.ts, 2999);
	nr = cdm_model_events(m, 2, rows, 3);
	assert_int_equal(nr, 3);
	assert_int_equal(rows[0].ev->rec.ts, 2995);
	assert_int_equal(rows[2].ev->rec.ts, 2999);
	assert_int_equal(cdm_model_events(m, 77, rows, CDM_MODEL_EVENTS), 0);
}

/* What is not known is neither 0 nor first. */
static void test_unknown(void **state)
{
	const struct cdm_column *col = cdm_column_find(CDM_VIEW_PROC, "cdm");
	struct cdm_snap_proc a = { .pid = 1, .device = CDM_UNKNOWN }, b = { .pid = 2, .device = 3 };
	struct cdm_proc_row x = { .model = m, .snap = &a }, y = { .model = m, .snap = &b };
	struct cdm_cell cell;
	char buf[16];

	col->get(&x, &cell);
	assert_false(cell.known);
	cdm_cell_format(col, &cell, buf, sizeof(buf), 6);
	assert_string_equal(buf, "-");
	assert_int_equal(cdm_column_compare(col, &x, &y, false), 1);
	assert_int_equal(cdm_column_compare(col, &x, &y, true), 1);
}

/* What a scan found is marked where it may be off, until a refresh that does not say so. */
static void test_scan(void **state)
{
	struct cdm_snap_scan scan = { .pid = 1, .error = 5, .age_ns = 7 };
	struct cdm_proc_row **rows;
	struct cdm_cell cell;
	char buf[16];
	size_t nr;

	begin(0);
	feed(&scan, CDM_SNAP_SCAN, sizeof(scan));
	proc(1, 1, 0);
	feed(&scan, CDM_SNAP_SCAN, sizeof(scan));
	proc(2, 1, 0);
	end();
	rows = cdm_model_procs(m, &nr);
	assert_true(nr == 2 && rows[0]->bound.error == 5 && rows[0]->bound.age_ns == 7);
	assert_true(!rows[1]->bound.error && rows[1]->bound.age_ns == CDM_UNKNOWN);
	cdm_column_find(CDM_VIEW_PROC, "cdm")->get(rows[0], &cell);
	cdm_cell_format(cdm_column_find(CDM_VIEW_PROC, "cdm"), &cell, buf, sizeof(buf), 6);
	assert_string_equal(buf, "~100K");
	cdm_column_find(CDM_VIEW_PROC, "error")->get(rows[0], &cell);
	assert_true(cell.known && cell.u == 5 * 4096);
	cdm_column_find(CDM_VIEW_PROC, "age")->get(rows[1], &cell);
	assert_false(cell.known);
	begin(1);
	proc(1, 1, 0);
	end();
	cdm_column_find(CDM_VIEW_PROC, "cdm")->get(cdm_model_procs(m, &nr)[0], &cell);
	assert_false(cell.about);
}

static const char *text(enum cdm_view view, const char *id, const void *row)
{
	const struct cdm_column *col = cdm_column_find(view, id);
	static char buf[CDM_CELL_TEXT];
	struct cdm_cell cell = { 0 };

	col->get(row, &cell);
	cdm_cell_format(col, &cell, buf, sizeof(buf), 0);
	return buf;
}

/* Of devices by a look at their pages, of cgroups by their processes. */
static void test_scan_sums(void **state)
{
	struct cdm_snap_device d = { .index = 1, .size = 256, .used = 25, .name = "test_hmm.0" };
	struct cdm_snap_scan of_device = { .index = 1, .error = 3, .age_ns = 9 };
	struct cdm_snap_scan of_proc = { .pid = 1, .error = 5, .age_ns = 7 };
	struct cdm_snap_proc p = {
		.pid = 1, .cgroup = 5, .rss = 100, .device = 25, .nr_devices = 2,
		.per_device = { 0, 25 }, .comm = "x",
	};
	static char buf[sizeof(struct cdm_snap_cgroup) + 8] __attribute__((aligned(8)));
	struct cdm_snap_cgroup *c = (void *)buf;
	const void *cg, *dev, *row;
	size_t nr;

	c->id = 5;
	c->charged = 100;
	c->device = CDM_UNKNOWN;
	strcpy(c->path, "/a");
	begin(0);
	feed(&d, CDM_SNAP_DEVICE, sizeof(d));
	feed(&of_device, CDM_SNAP_SCAN, sizeof(of_device));
	feed(c, CDM_SNAP_CGROUP, sizeof(buf));
	feed(&p, CDM_SNAP_PROC, sizeof(p));
	feed(&of_proc, CDM_SNAP_SCAN, sizeof(of_proc));
	end();
	dev = cdm_model_devices(m, &nr)[0];
	cg = cdm_model_cgroups(m, &nr)[0];
	row = cdm_model_procs(m, &nr)[0];
	assert_string_equal(text(CDM_VIEW_DEVICE, "used", dev), "~100K");
	assert_string_equal(text(CDM_VIEW_DEVICE, "error", dev), "12K");
	assert_string_equal(text(CDM_VIEW_DEVICE, "age", dev), "9ns");
	assert_string_equal(text(CDM_VIEW_PROC, "dev", row), "test_hmm.0:~100K");
	assert_string_equal(text(CDM_VIEW_CGROUP, "cdm", cg), "~100K");
	assert_string_equal(text(CDM_VIEW_CGROUP, "error", cg), "20K");
	assert_string_equal(text(CDM_VIEW_CGROUP, "share", cg), "25.0");
	/* What the kernel charges is better. */
	c->device = 7;
	begin(1);
	feed(c, CDM_SNAP_CGROUP, sizeof(buf));
	feed(&p, CDM_SNAP_PROC, sizeof(p));
	end();
	cg = cdm_model_cgroups(m, &nr)[0];
	assert_string_equal(text(CDM_VIEW_CGROUP, "cdm", cg), "28K");
	assert_string_equal(text(CDM_VIEW_CGROUP, "error", cg), "-");
}

/* Who moved what is on devices, and whose it is. */
static void test_dmem(void **state)
{
	static char buf[sizeof(struct cdm_snap_cgroup) + 8] __attribute__((aligned(8)));
	struct cdm_snap_dmem dmem = { .cgroup = 5, .device = 25 };
	struct cdm_snap_cgroup *c = (void *)buf;
	const void *cg;
	size_t nr;

	c->id = 5;
	c->charged = 100;
	c->device = 32;
	strcpy(c->path, "/a");
	begin(0);
	feed(&dmem, CDM_SNAP_DMEM, sizeof(dmem));	/* of no cgroup */
	feed(c, CDM_SNAP_CGROUP, sizeof(buf));
	end();
	cg = cdm_model_cgroups(m, &nr)[0];
	assert_string_equal(text(CDM_VIEW_CGROUP, "dmem", cg), "-");
	assert_string_equal(text(CDM_VIEW_CGROUP, "by_others", cg), "-");
	assert_string_equal(text(CDM_VIEW_CGROUP, "for_others", cg), "-");
	begin(1);
	feed(c, CDM_SNAP_CGROUP, sizeof(buf));
	feed(&dmem, CDM_SNAP_DMEM, sizeof(dmem));
	end();
	cg = cdm_model_cgroups(m, &nr)[0];
	assert_string_equal(text(CDM_VIEW_CGROUP, "dmem", cg), "100K");
	assert_string_equal(text(CDM_VIEW_CGROUP, "by_others", cg), "28K");
	assert_string_equal(text(CDM_VIEW_CGROUP, "for_others", cg), "0");
	c->device = 0;
	begin(2);
	feed(c, CDM_SNAP_CGROUP, sizeof(buf));
	feed(&dmem, CDM_SNAP_DMEM, sizeof(dmem));
	end();
	cg = cdm_model_cgroups(m, &nr)[0];
	assert_string_equal(text(CDM_VIEW_CGROUP, "by_others", cg), "0");
	assert_string_equal(text(CDM_VIEW_CGROUP, "for_others", cg), "100K");
}

static void test_format(void **state)
{
	static const struct { enum cdm_unit unit; __u64 u; double d; int width; const char *want; } t[] = {
		{ CDM_UNIT_BYTES, 0, 0, 6, "0" }, { CDM_UNIT_BYTES, 4096, 0, 6, "4K" },
		{ CDM_UNIT_BYTES, 1 << 20, 0, 6, "1M" }, { CDM_UNIT_BYTES, 3153 << 12, 0, 6, "12.3M" },
		{ CDM_UNIT_BYTES, CDM_NO_LIMIT, 0, 6, "max" },
		{ CDM_UNIT_NS, 310000, 0, 6, "310us" }, { CDM_UNIT_NS, 2100000, 0, 6, "2.1ms" },
		{ CDM_UNIT_NS, 7, 0, 6, "7ns" }, { CDM_UNIT_PER_S, 0, 1800, 6, "1.8k" },
		{ CDM_UNIT_PER_S, 0, 0.01, 6, "<0.1" }, { CDM_UNIT_PERCENT, 0, 41.25, 5, "41.2" },
		{ CDM_UNIT_PERCENT, 0, 100, 5, "100" }, { CDM_UNIT_NONE, 4194304, 0, 7, "4194304" },
		{ CDM_UNIT_ADDRESS, 0x7fff12345000, 0, 4, "####" },
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cdm_column col = { .unit = t[i].unit };
		struct cdm_cell cell = { .known = true };
		char buf[32];

		if (cdm_unit_is_double(col.unit))
			cell.d = t[i].d;
		else
			cell.u = t[i].u;
		cdm_cell_format(&col, &cell, buf, sizeof(buf), t[i].width);
		assert_string_equal(buf, t[i].want);
	}
}

static void test_text(void **state)
{
	const struct cdm_column col = { .unit = CDM_UNIT_TEXT };
	struct cdm_cell cell = { .known = true, .s = "\033[2Jred\n" };
	char buf[32];

	cdm_cell_format(&col, &cell, buf, sizeof(buf), -12);
	assert_string_equal(buf, "?[2Jred?");
	cell.s = "redis-server";
	cdm_cell_format(&col, &cell, buf, sizeof(buf), -8);
	assert_string_equal(buf, "redis-s~");
	cell.s = "äöüäöü";
	cdm_cell_format(&col, &cell, buf, sizeof(buf), -6);
	assert_string_equal(buf, "äöüäöü");
	cdm_cell_format(&col, &cell, buf, 8, -6);
	assert_true(strlen(buf) < 8);
}

static void test_quantile(void **state)
{
	__u64 hist[CDM_HIST] = { 0 };

	assert_true(cdm_hist_quantile(hist, 0.5) == CDM_UNKNOWN);
	hist[10] = 100;
	assert_int_equal(cdm_hist_quantile(hist, 0.5), 1536);
	hist[20] = 1;
	assert_in_range(cdm_hist_quantile(hist, 0.999), 1 << 20, 1 << 21);
}

/* Holes, and what is on another device, nobody failed to move. */
static void test_reasons(void **state)
{
	struct cdm_stats s = { 0 };

	s.failed[CDM_DIR_IN][CDM_WHY_UNMAPPED] = 1009;
	s.failed[CDM_DIR_OUT][CDM_WHY_FOREIGN] = 13;
	assert_int_equal(cdm_stats_skipped(&s), 1022);
	assert_int_equal(cdm_stats_failed(&s), 0);
	assert_int_equal(cdm_why_top(&s), -1);
	s.failed[CDM_DIR_IN][CDM_WHY_PINNED] = 3;
	s.failed[CDM_DIR_IN][CDM_WHY_LOCKED] = 2;
	s.failed[CDM_DIR_OUT][CDM_WHY_LOCKED] = 2;
	assert_int_equal(cdm_stats_skipped(&s), 1022);
	assert_int_equal(cdm_stats_failed(&s), 7);
	assert_int_equal(cdm_why_top(&s), CDM_WHY_LOCKED);
}

static void test_json(void **state)
{
	static struct cdm_json j;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	cdm_json_init(&j, out, false);
	for (int i = 0; i < 2; i++) {
		cdm_json_open(&j, NULL, '{');
		cdm_json_string(&j, "s", "a\"\\\n\xff\xc3\xa4");
		cdm_json_s64(&j, "i", INT64_MIN);
		cdm_json_double(&j, "d", -0.25);
		cdm_json_known(&j, "n", CDM_UNKNOWN);
		cdm_json_open(&j, "a", '[');
		cdm_json_u64(&j, NULL, 1);
		cdm_json_u64(&j, NULL, UINT64_MAX);
		cdm_json_close(&j, ']');
		cdm_json_close(&j, '}');
	}
	cdm_json_flush(&j);
	fclose(out);
	text[len / 2] = '\0';
	assert_string_equal(text, "{\"s\":\"a\\\"\\\\\\u000a\xef\xbf\xbd\xc3\xa4\","
			    "\"i\":-9223372036854775808,\"d\":-0.25,\"n\":null,"
			    "\"a\":[1,18446744073709551615]}\n");
	free(text);
}

static void idle(__u32 pid, __u64 device, __u64 rss)
{
	struct cdm_snap_proc p = { .pid = pid, .start_ns = 1, .rss = rss, .device = device };

	feed(&p, CDM_SNAP_PROC, CDM_SNAP_PROC_MIN);
}

static void stay(void)
{
	struct cdm_rec rec;

	feed(&rec, CDM_SNAP_STAY, sizeof(rec));
}

/* 0: there is no such row; unsorted they have no order. */
static __u64 rss_of(__u32 pid, size_t wanted)
{
	struct cdm_proc_row **rows;
	__u64 rss = 0;
	size_t nr;

	rows = cdm_model_procs(m, &nr);
	assert_int_equal(nr, wanted);
	for (size_t i = 0; i < nr; i++)
		if (rows[i]->snap->pid == pid)
			rss = rows[i]->snap->rss;
	return rss;
}

/* Those who have nothing stay; who has or had something is told again, or has ended. */
static void test_stay(void **state)
{
	begin(0);
	idle(1, 0, 10);
	idle(2, 5, 20);
	idle(3, 0, 30);
	end();
	begin(1);
	stay();
	idle(2, 6, 21);
	end();
	assert_int_equal(rss_of(1, 3), 10);
	assert_int_equal(rss_of(2, 3), 21);
	begin(1);
	stay();
	idle(1, 7, 11);
	end();
	assert_int_equal(rss_of(2, 2), 0);
	assert_int_equal(rss_of(1, 2), 11);
	begin(1);
	stay();
	end();
	assert_int_equal(rss_of(1, 1), 0);
	assert_int_equal(rss_of(3, 1), 30);
	begin(1);
	idle(3, 0, 31);
	idle(4, 0, 40);
	end();
	/* A refresh that did not come to its end, and one without any. */
	begin(1);
	idle(5, 0, 50);
	begin(1);
	stay();
	stay();
	end();
	assert_int_equal(rss_of(5, 1), 50);
}

/* Neither who had something and ended, nor who was told in a refresh of those alone. */
static void test_stay_ended(void **state)
{
	begin(0);
	idle(1, 5, 10);
	idle(2, 0, 20);
	idle(3, 0, 30);
	end();
	begin(1);
	stay();
	idle(2, 0, 21);
	end();
	assert_int_equal(rss_of(1, 2), 0);
	assert_int_equal(rss_of(2, 2), 21);
	begin(1);
	stay();
	end();
	assert_int_equal(rss_of(2, 1), 0);
	assert_int_equal(rss_of(3, 1), 30);
}

static void begin_at(__u64 seconds)
{
	struct cdm_snap_begin b = { .interval_ns = 1, .features = ~0U };

	b.rec = (struct cdm_rec) { CDM_SNAP_BEGIN, 0, sizeof(b), seconds * 1000000000 };
	assert_int_equal(cdm_model_feed(m, &b.rec), 0);
}

static void worked(__u32 pid, __u64 start_ns, __u32 cpu_ms)
{
	struct cdm_snap_proc p = { .pid = pid, .start_ns = start_ns, .cpu_ms = cpu_ms };

	feed(&p, CDM_SNAP_PROC, CDM_SNAP_PROC_MIN);
}

/* NAN is not equal to anything. */
static double cpu_of(__u32 pid)
{
	struct cdm_proc_row **rows;
	size_t nr;

	rows = cdm_model_procs(m, &nr);
	for (size_t i = 0; i < nr; i++)
		if (rows[i]->snap->pid == pid)
			return rows[i]->cpu;
	return -1;
}

/* Since a process was told the last time, which may be some refreshes ago. */
static void test_cpu(void **state)
{
	struct cdm_snap_begin without = { .interval_ns = 1 };

	begin_at(10);
	worked(1, 1, 1000);
	worked(2, 1, UINT32_MAX - 499);
	worked(3, 1, 70);
	end();
	assert_true(isnan(cpu_of(1)));
	begin_at(12);
	worked(1, 1, 1250);
	worked(2, 1, 500);
	worked(3, 2, 7000);
	worked(4, 1, 5);
	end();
	assert_true(cpu_of(1) == 12.5 && cpu_of(2) == 50);
	assert_true(isnan(cpu_of(3)) && isnan(cpu_of(4)));
	begin_at(13);
	stay();
	worked(4, 1, 15);
	end();
	assert_true(cpu_of(1) == 12.5 && cpu_of(4) == 1);
	begin_at(14);
	worked(1, 1, 6250);
	worked(2, 1, 490);
	worked(4, 1, 15);
	end();
	assert_true(cpu_of(1) == 250 && cpu_of(2) == 0 && cpu_of(4) == 0);
	feed(&without, CDM_SNAP_BEGIN, sizeof(without));
	worked(1, 1, 9999);
	end();
	assert_true(isnan(cpu_of(1)));
}

static void numa_row(__u32 reason, __u64 pages, __u64 failed)
{
	struct cdm_snap_numa n = {
		.key = { .pid = 7, .actor_pid = 8, .reason = reason, .src_node = 0, .dst_node = 1 },
		.numa = { .calls = pages, .pages = pages, .failed = failed, .comm = "x" },
	};

	n.numa.hist[10] = pages;
	feed(&n, CDM_SNAP_NUMA, sizeof(n));
}

static double numa_figure(size_t i, const char *id, bool *known)
{
	const struct cdm_column *col = cdm_column_find(CDM_VIEW_NUMA, id);
	struct cdm_numa_row **rows;
	struct cdm_cell cell;
	size_t nr;

	rows = cdm_model_numas(m, &nr);
	assert_true(i < nr);
	col->get(rows[i], &cell);
	*known = cell.known;
	return cdm_unit_is_double(col->unit) ? cell.d : cell.u;
}

static void test_numa(void **state)
{
	struct cdm_snap_numa kernel = { .vmstat = CDM_VMSTAT_PROMOTE, .numa.pages = 5,
					.key = { .src_node = CDM_NO_NODE, .dst_node = CDM_NO_NODE } };
	struct cdm_numa_row **rows;
	bool known;
	size_t nr;

	begin(0);
	numa_row(CDM_REASON_DEMOTION, 100, 3);
	end();
	numa_figure(0, "moved", &known);
	assert_false(known);
	begin(2000000000);
	feed(&kernel, CDM_SNAP_NUMA, sizeof(kernel));
	numa_row(CDM_REASON_DEMOTION, 160, 3);
	numa_row(CDM_REASON_DAMON, 40, 0);
	end();
	cdm_model_numas(m, &nr);
	assert_int_equal(nr, 3);
	assert_true(numa_figure(0, "pages", &known) == 5);
	numa_figure(0, "src", &known);
	assert_false(known);
	numa_figure(0, "fail", &known);
	assert_false(known);
	assert_true(numa_figure(1, "moved", &known) == 30 && known);
	assert_true(numa_figure(1, "fail", &known) == 0 && known);
	assert_true(numa_figure(1, "dst", &known) == 1);
	assert_true(numa_figure(1, "p50", &known) >= 1024 && known);
	/* A row that was not there before has done all of it since. */
	assert_true(numa_figure(2, "moved", &known) == 20 && known);
	/* One that was dropped, and is there again, starts from nothing. */
	begin(1000000000);
	numa_row(CDM_REASON_DEMOTION, 10, 0);
	end();
	rows = cdm_model_numas(m, &nr);
	assert_int_equal(nr, 1);
	assert_int_equal(rows[0]->delta.pages, 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_rates), TEST(test_vanish), TEST(test_tree), TEST(test_descendants), TEST(test_events),
		TEST(test_unknown), TEST(test_scan), TEST(test_scan_sums), TEST(test_dmem), TEST(test_format), TEST(test_text), TEST(test_quantile),
		TEST(test_reasons), TEST(test_json), TEST(test_stay), TEST(test_stay_ended), TEST(test_cpu),
		TEST(test_numa),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

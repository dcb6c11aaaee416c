// SPDX-License-Identifier: GPL-2.0
/* Residency by scans: which figures hold, within which bound, when what was counted is told here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "../../tools/lib/source/residency.c"

/* What programs in the kernel would have counted. */
static struct {
	struct cdm_resident all, by[2];
	struct cdm_device_range ranges[2];
	int nr_ranges;
	__u64 gone, missed, forgotten, changes, flying, used;
	__u32 forks;
} kernel;

void cdm_bpf_resident(const struct cdm_bpf *b, __u32 pid, __u64 device, struct cdm_resident *r)
{
	*r = !device ? kernel.all : kernel.by[device == kernel.ranges[1].start];
}

__u64 cdm_bpf_gone(const struct cdm_bpf *b)
{
	return kernel.gone;
}

bool cdm_bpf_counts_frees(const struct cdm_bpf *b)
{
	return true;
}

__u32 cdm_bpf_forks(const struct cdm_bpf *b, __u32 pid)
{
	return kernel.forks;
}

__u64 cdm_bpf_changes(const struct cdm_bpf *b, __u64 *flying)
{
	*flying = kernel.flying;
	return kernel.changes;
}

__u64 cdm_bpf_missed(const struct cdm_bpf *b)
{
	return kernel.missed;
}

__u64 cdm_bpf_forgotten(const struct cdm_bpf *b)
{
	return kernel.forgotten;
}

bool cdm_bpf_find_pagemaps(struct cdm_bpf *b)
{
	return true;
}

int cdm_bpf_ranges(const struct cdm_bpf *b, struct cdm_device_range *ranges, int max)
{
	memcpy(ranges, kernel.ranges, kernel.nr_ranges * sizeof(*ranges));
	return kernel.nr_ranges;
}

bool cdm_bpf_count_used(const struct cdm_bpf *b, __u64 start, __u64 pages, __u64 *used)
{
	*used = kernel.used;
	return true;
}

void cdm_bpf_hold(struct cdm_bpf *b, __u32 pid)
{
}

static char root[] = "/tmp/cdm-residency.XXXXXX";
static struct cdm_residency *r;
static struct cdm_snap_scan said;

static void put(const char *name, const void *data, size_t size)
{
	char path[64];
	FILE *out;

	snprintf(path, sizeof(path), "%s/7/%s", root, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fwrite(data, size, 1, out);
	fclose(out);
}

/* The process has @first pages on the first device, and @second on the second. */
static void has(unsigned int first, unsigned int second)
{
	__u64 pagemap[17] = { 0 };

	for (unsigned int i = 0; i < first + second; i++)
		pagemap[i + 1] = 1ULL << 63 | (i < first ? 0x100 + i : 0x200 + i);
	put("pagemap", pagemap, sizeof(pagemap));
}

static const char smaps[] =
	"1000-11000 rw-p 00000000 00:00 0 \n"
	"Rss:                  64 kB\nShared_Clean:          0 kB\nShared_Dirty:          0 kB\n";

static int start(void **state)
{
	char path[64];

	strcpy(strrchr(root, '.'), ".XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(path, sizeof(path), "%s/7", root);
	mkdir(path, 0755);
	put("smaps", smaps, strlen(smaps));
	cdm_roots = (struct cdm_roots) { .proc = root, .sys = root };
	memset(&kernel, 0, sizeof(kernel));
	kernel.ranges[0] = (struct cdm_device_range) { 0, 0x100000, 0x200000 };
	kernel.ranges[1] = (struct cdm_device_range) { 1, 0x200000, 0x300000 };
	kernel.nr_ranges = 2;
	has(5, 3);
	r = cdm_residency_open(NULL);
	return !r;
}

static int stop(void **state)
{
	char command[64];

	cdm_residency_close(r);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static bool has_figures = true;

static struct cdm_snap_proc told(void)
{
	struct cdm_snap_proc p = { .pid = 7, .rss = 16 };

	cdm_residency_begin(r);
	said = (struct cdm_snap_scan) { 0 };
	cdm_residency_tell(r, &p, has_figures, &said);
	return p;
}

static struct cdm_snap_proc scanned(void)
{
	told();
	cdm_residency_update(r, false);
	return told();
}

static void moves(__u64 in, __u64 out, int device)
{
	struct cdm_resident *which[] = { &kernel.all, device < 0 ? NULL : &kernel.by[device] };

	for (int i = 0; i < 2 && which[i]; i++) {
		which[i]->since = which[i]->since ?: 1;
		which[i]->pages[CDM_DIR_IN] += in;
		which[i]->pages[CDM_DIR_OUT] += out;
	}
}

static void test_moves(void **state)
{
	struct cdm_snap_proc p = told();

	assert_true(p.device == CDM_UNKNOWN && !p.nr_devices);
	p = scanned();
	assert_true(p.device == 8 && p.device_anon == 8 && !said.error);
	assert_true(p.nr_devices == 2 && p.per_device[0] == 5 && p.per_device[1] == 3);
	moves(4, 0, 0);
	moves(0, 2, 1);
	p = told();
	assert_true(p.device == 10 && p.per_device[0] == 9 && p.per_device[1] == 1 && !said.error);
}

/* Those of several devices in one call: the sum is right, the split is not told. */
static void test_several(void **state)
{
	struct cdm_snap_proc p = scanned();

	moves(3, 0, -1);
	p = told();
	assert_true(p.device == 11 && !said.error && !p.nr_devices);
	has(7, 4);
	told();
	p = scanned();
	assert_true(p.device == 11 && p.nr_devices == 2 && p.per_device[0] == 7);
}

static void test_bounds(void **state)
{
	scanned();
	kernel.gone = 3;
	assert_true(told().device == 8 && said.error == 3);
	kernel.gone = 100;
	told();
	assert_int_equal(said.error, 8);
	assert_true(scanned().device == 8 && !said.error);
	kernel.forks = 1;
	told();
	assert_int_equal(said.error, 8);
	assert_true(scanned().device == 8 && !said.error);
	/* May be too few as well. */
	kernel.all.since = 1;
	kernel.all.flying = 20;
	told();
	assert_int_equal(said.error, 20);
	cdm_residency_update(r, false);
	kernel.all.flying = 0;
	told();
	assert_int_equal(said.error, 20);
	assert_true(scanned().device == 8 && !said.error);
}

/* Whatever was missed, nothing is known until it is scanned again. */
static void test_lost(void **state)
{
	__u64 *const numbers[] = { &kernel.missed, &kernel.forgotten, &kernel.ranges[1].end };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		assert_int_equal(scanned().device, 8);
		++*numbers[i];
		assert_true(told().device == CDM_UNKNOWN);
	}
	assert_int_equal(scanned().device, 8);
	moves(2, 0, 0);
	has(7, 3);
	told();
	assert_int_equal(scanned().device, 10);
	/* Dropped for want of room, and made again. */
	kernel.all = (struct cdm_resident) { .since = 2, .pages = { 1, 0 } };
	assert_true(told().device == CDM_UNKNOWN);
}

/* Nothing of it passes the filters, and nothing is on a device: it is told all the same. */
static void test_filtered(void **state)
{
	has(0, 0);
	moves(8, 8, 0);
	assert_int_equal(scanned().device, 0);
	has_figures = false;
	assert_int_equal(told().device, 0);
	moves(4, 0, 0);
	assert_int_equal(told().device, 4);
	has_figures = true;
}

static void test_device(void **state)
{
	struct cdm_snap_device d = { .device = 0x100000, .size = 256, .used = CDM_UNKNOWN };
	struct cdm_snap_scan scan;

	kernel.used = 77;
	assert_true(cdm_residency_tell_device(r, &d, &scan));
	assert_true(d.used == 77 && d.free == 179 && !scan.error && !scan.pid);
	kernel.flying = 4;
	assert_true(cdm_residency_tell_device(r, &d, &scan));
	assert_int_equal(scan.error, 4);
	kernel.flying = 0;
	/* While pages move there is no look, but their count. */
	kernel.changes = 9;
	kernel.used = 80;
	d.stats.pages[CDM_DIR_IN] = 7;
	d.stats.pages[CDM_DIR_OUT] = 2;
	assert_true(cdm_residency_tell_device(r, &d, &scan));
	assert_true(d.used == 82 && d.free == 174 && scan.error == 9);
	/* What moved between the count and a look may be in both. */
	kernel.changes = 11;
	r->devices[0].looked_ns = 0;
	assert_true(cdm_residency_tell_device(r, &d, &scan));
	assert_true(d.used == 80 && scan.error == 2);
	assert_true(cdm_residency_tell_device(r, &d, &scan));
	assert_true(d.used == 80 && !scan.error);
	/* No time left for another look. */
	r->devices_ns = ~0ULL / 2;
	kernel.changes = 15;
	for (int i = 0; i < 2; i++) {
		assert_true(cdm_residency_tell_device(r, &d, &scan));
		assert_true(d.used == 80 && scan.error == 4);
	}
	d.device = 0x200000;
	assert_false(cdm_residency_tell_device(r, &d, &scan));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_moves, start, stop),
		cmocka_unit_test_setup_teardown(test_several, start, stop),
		cmocka_unit_test_setup_teardown(test_bounds, start, stop),
		cmocka_unit_test_setup_teardown(test_lost, start, stop),
		cmocka_unit_test_setup_teardown(test_filtered, start, stop),
		cmocka_unit_test_setup_teardown(test_device, start, stop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("residency", tests, NULL, NULL);
}

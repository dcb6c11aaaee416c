// SPDX-License-Identifier: GPL-2.0
/* /proc, cgroups and sysfs: the parsers on made-up trees, the rest on this machine. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/snapshot.h"

static char root[] = "/tmp/cdm-snapshot.XXXXXX";

/* Makes all directories that @path below root needs, and the file. */
static void put(const char *path, const char *text)
{
	char full[256];
	FILE *out;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *s = full + strlen(root) + 1; (s = strchr(s, '/')); *s++ = '/') {
		*s = '\0';
		mkdir(full, 0755);
	}
	out = fopen(full, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static int fake_roots(void **state)
{
	static char sys[64];

	if (!mkdtemp(root))
		return -1;
	snprintf(sys, sizeof(sys), "%s/sys", root);
	cdm_roots = (struct cdm_roots) { .proc = root, .sys = sys };
	return 0;
}

static int real_roots(void **state)
{
	char command[64];

	cdm_roots = (struct cdm_roots) { "/proc", "/sys", "/dev" };
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void put_pagemap(const __u64 *entries, size_t nr)
{
	char path[64];
	FILE *out;

	put("7/pagemap", "");
	snprintf(path, sizeof(path), "%s/7/pagemap", root);
	out = fopen(path, "w");
	assert_non_null(out);
	fwrite(entries, sizeof(*entries), nr, out);
	fclose(out);
}

#define STAT_REST " S 1 7 7 0 -1 4194560 100 0 0 0 512 6 7 8 20 0 1 0 4242 1000000 200 0\n"
#define STATUS_TOP(pid) "Name:\tx\nTgid:\t" pid "\nPid:\t" pid "\nUid:\t1000\t1001\t1002\t1003\n"

static void test_comm(void **state)
{
	struct cdm_snap_proc snap;

	put("7/stat", "7 (a b) (c) d)" STAT_REST);
	put("7/status", STATUS_TOP("7") "VmRSS:\t  4096 kB\nRssDevHost:\t  1024 kB\n");
	assert_int_equal(cdm_proc_read(7, &snap), 0);
	assert_string_equal(snap.comm, "a b) (c) d");
	assert_int_equal(snap.uid, 1001);
	assert_int_equal(snap.rss, 4096 * 1024 / sysconf(_SC_PAGESIZE));
	assert_int_equal(snap.device, 1024 * 1024 / sysconf(_SC_PAGESIZE));
	assert_int_equal(snap.device_anon, snap.device);
	assert_true(snap.device_file == CDM_UNKNOWN && snap.device_shmem == CDM_UNKNOWN);
	/* Which of them is on the device the kernel does not tell. */
	put("7/status", STATUS_TOP("7") "VmRSS:\t  4096 kB\nRssFile:\t  512 kB\nRssDevHost:\t  1024 kB\n");
	assert_int_equal(cdm_proc_read(7, &snap), 0);
	assert_true(snap.device != CDM_UNKNOWN && snap.device_anon == CDM_UNKNOWN);
	put("7/status", STATUS_TOP("7") "VmRSS:\t  4096 kB\nRssShmem:\t  512 kB\nRssDevHost:\t  1024 kB\n");
	assert_int_equal(cdm_proc_read(7, &snap), 0);
	assert_true(snap.device != CDM_UNKNOWN && snap.device_anon == CDM_UNKNOWN);
	assert_int_equal(snap.cpu_ms, (512 + 6) * 1000 / sysconf(_SC_CLK_TCK));
	assert_int_equal(snap.start_ns, 4242 * (1000000000ULL / sysconf(_SC_CLK_TCK)));
	assert_int_equal(snap.rec.len, CDM_SNAP_PROC_MIN);
}

static void test_proc_unknown(void **state)
{
	struct cdm_snap_proc snap;

	put("8/stat", "8 (x)" STAT_REST);
	put("8/status", STATUS_TOP("8") "VmRSS:\t  4096 kB\n");
	assert_int_equal(cdm_proc_read(8, &snap), 0);
	assert_true(snap.device == CDM_UNKNOWN && snap.device_anon == CDM_UNKNOWN);

	/* A kernel thread: no memory, and that is known. */
	put("9/stat", "9 (a_name_that_is_longer_than_comm)" STAT_REST);
	put("9/status", STATUS_TOP("9"));
	assert_int_equal(cdm_proc_read(9, &snap), 0);
	assert_true(snap.rss == 0 && snap.device == 0 && snap.device_file == 0);
	assert_string_equal(snap.comm, "a_name_that_is_");
}

static void test_proc_errors(void **state)
{
	struct cdm_snap_proc snap;

	assert_int_equal(cdm_proc_read(4711, &snap), -ESRCH);
	/* The id of a thread. */
	put("11/stat", "11 (x)" STAT_REST);
	put("11/status", STATUS_TOP("10"));
	assert_int_equal(cdm_proc_read(11, &snap), -ESRCH);
	put("12/stat", "garbage");
	assert_int_equal(cdm_proc_read(12, &snap), -EPROTO);
	put("12/stat", "12 (x) S 1");
	assert_int_equal(cdm_proc_read(12, &snap), -EPROTO);
}

static const char smaps[] =
	"1000-5000 rw-p 00000000 00:00 0                          [heap]\n"
	"Rss:                  16 kB\nShared_Clean:          0 kB\nShared_Dirty:          4 kB\nRssDevHost:            8 kB\nVmFlags: rd wr\n"
	"7000-9000 r--p 00000000 08:01 55                         /a file with blanks\n"
	"Rss:                   8 kB\nRssDevHost:            0 kB\nVmFlags: rd\n"
	"a000-b000 rw-p 00000000 00:00 0 \n"
	"Rss:                   4 kB\nRssDevHost:            4 kB\nVmFlags: rd wr\n"
	"c000-d000 r--p 00000000 00:00 0                          [vvar]\n"
	"Rss:                   0 kB\nRssDevHost:            0 kB\nVmFlags: rd io pf\n";

static struct cdm_vma seen[8];
static char names[8][32];
static int nr_seen;

static int see_vma(void *ctx, const struct cdm_vma *vma)
{
	seen[nr_seen] = *vma;
	snprintf(names[nr_seen++], sizeof(names[0]), "%s", vma->name);
	return 0;
}

static int count_record(void *ctx, const struct cdm_rec *rec)
{
	const struct cdm_snap_vma *v = (const void *)rec;

	assert_int_equal(rec->len % 8, 0);
	assert_true(v->device == 2 || v->device == 1);
	++*(int *)ctx;
	return 0;
}

static void test_vmas(void **state)
{
	int records = 0;

	if (sysconf(_SC_PAGESIZE) != 4096)
		skip();
	put("7/smaps", smaps);
	assert_int_equal(cdm_proc_maps(7, true, see_vma, NULL), 0);
	assert_int_equal(nr_seen, 4);
	assert_int_equal(seen[0].kind, CDM_VMA_HEAP);
	assert_true(seen[0].start == 0x1000 && seen[0].end == 0x5000);
	assert_true(seen[0].rss == 4 && seen[0].device == 2);
	assert_int_equal(seen[1].kind, CDM_VMA_FILE);
	assert_string_equal(names[1], "/a file with blanks");
	assert_int_equal(seen[2].kind, CDM_VMA_ANON);
	assert_string_equal(seen[2].perms, "rw-p");
	assert_true(seen[3].special && !seen[0].special && !seen[1].special);

	assert_int_equal(cdm_proc_vmas(7, count_record, &records), 0);
	assert_int_equal(records, 2);
	assert_int_equal(cdm_proc_vmas(4711, count_record, &records), -ESRCH);
}

static void test_per_device(void **state)
{
	const struct cdm_device_range one = { 1, 0x100000, 0x200000 };
	const struct cdm_device_range two[] = { { 0, 0x100000, 0x200000 }, { 2, 0x200000, 0x300000 } };
	__u64 pagemap[16] = { [1] = 1ULL << 63 | 0x100, [2] = 1ULL << 63 | 0x1ff,
			      [3] = 1ULL << 63 | 0x500, [10] = 1ULL << 63 | 0x200 };
	struct cdm_snap_proc snap = { .pid = 7, .device = 3 };

	if (sysconf(_SC_PAGESIZE) != 4096)
		skip();
	put("7/smaps", smaps);
	put_pagemap(pagemap, 16);
	assert_int_equal(cdm_proc_walk_devices(&snap, two, 2), 0);
	assert_int_equal(snap.nr_devices, 3);
	assert_true(snap.per_device[0] == 2 && snap.per_device[1] == 0 && snap.per_device[2] == 1);
	assert_int_equal(cdm_proc_walk_devices(&snap, &one, 1), 0);
	assert_true(snap.nr_devices == 2 && snap.per_device[1] == 3 && snap.per_device[0] == 0);

	/* Frame numbers are hidden. */
	for (int i = 0; i < 16; i++)
		pagemap[i] &= 1ULL << 63;
	put_pagemap(pagemap, 16);
	assert_int_equal(cdm_proc_walk_devices(&snap, two, 2), -EPERM);
	assert_int_equal(snap.nr_devices, 0);
	snap.device = CDM_UNKNOWN;
	assert_int_equal(cdm_proc_walk_devices(&snap, two, 2), -EOPNOTSUPP);
}

/* Whatever is in private memory, also what only the device reaches; not in a file. */
static void test_scan(void **state)
{
	const struct cdm_device_range ranges[] = { { 0, 0x100000, 0x200000 }, { 1, 0x200000, 0x300000 } };
	const __u64 there = 1ULL << 63, swapped = 1ULL << 62;
	__u64 pagemap[16] = { [1] = there | 0x100, [2] = swapped | 0x2ff << 5 | 30,
			      [3] = there | 0x500, [4] = swapped | 0x1ff << 5 | 2 };
	struct cdm_scan scan;

	if (sysconf(_SC_PAGESIZE) != 4096)
		skip();
	put("7/smaps", smaps);
	put_pagemap(pagemap, 16);
	assert_int_equal(cdm_proc_scan(7, ranges, 2, &scan), 0);
	assert_true(scan.device == 2 && scan.per_device[0] == 1 && scan.per_device[1] == 1);
	assert_int_equal(scan.shared, 1);
	assert_int_equal(cdm_proc_scan(7, ranges + 1, 1, &scan), 0);
	assert_true(scan.device == 1 && scan.per_device[1] == 1 && scan.shared == 1);
	assert_int_equal(cdm_proc_scan(4711, ranges, 2, &scan), -ESRCH);
	assert_false(cdm_proc_shows_pages());
}

static void put_device(const char *name, const char *state)
{
	char path[64];

	snprintf(path, sizeof(path), "sys/class/cdm/%s/size", name);
	put(path, "1048576\n");
	snprintf(path, sizeof(path), "sys/class/cdm/%s/used", name);
	put(path, "65536\n");
	snprintf(path, sizeof(path), "sys/class/cdm/%s/free", name);
	put(path, "983040\n");
	snprintf(path, sizeof(path), "sys/class/cdm/%s/node", name);
	put(path, "1\n");
	snprintf(path, sizeof(path), "sys/class/cdm/%s/state", name);
	put(path, state);
}

static void test_devices(void **state)
{
	struct cdm_snap_device d[CDM_MAX_DEVICES];
	struct cdm_device_range r[4];

	assert_int_equal(cdm_devices_count(), 0);
	assert_int_equal(cdm_devices_read(d, CDM_MAX_DEVICES), 0);
	put_device("cdm10", "hung\n");
	put_device("cdm2", "online\n");
	put("sys/class/cdm/other/size", "1\n");
	assert_int_equal(cdm_devices_count(), 2);
	assert_int_equal(cdm_devices_read(d, CDM_MAX_DEVICES), 2);
	assert_true(d[0].index == 2 && d[1].index == 10);
	assert_true(d[0].state == CDM_ST_ONLINE && d[1].state == CDM_ST_HUNG);
	assert_int_equal(d[0].size, 1048576 / sysconf(_SC_PAGESIZE));
	assert_int_equal(d[0].used, 65536 / sysconf(_SC_PAGESIZE));
	assert_int_equal(d[0].node, 1);
	assert_true(d[0].quarantined == CDM_UNKNOWN);

	assert_true(cdm_devices_driver());
	put("iomem", "00000000-00000fff : Reserved\n  140000000-14fffffff : cdm2\n");
	assert_false(cdm_devices_hidden());
	assert_int_equal(cdm_devices_ranges(r, 4), 1);
	assert_true(r[0].index == 2 && r[0].start == 0x140000000 && r[0].end == 0x150000000);
	put("iomem", "00000000-00000000 : Reserved\n  00000000-00000000 : cdm2\n");
	assert_int_equal(cdm_devices_ranges(r, 4), 0);
	assert_true(cdm_devices_hidden());
}

static void put_cgroup(const char *path, const char *current, const char *max, const char *device)
{
	char name[128], text[64];

	snprintf(name, sizeof(name), "cg/%s/memory.current", path);
	put(name, current);
	snprintf(name, sizeof(name), "cg/%s/memory.max", path);
	put(name, max);
	snprintf(name, sizeof(name), "cg/%s/memory.stat", path);
	snprintf(text, sizeof(text), "anon 1\ndevice_host %s\nfile 3\n", device);
	put(name, text);
}

struct cgroups_seen {
	struct cdm_snap_cgroup snap[8];
	char path[8][32];
	__u64 dmem[8];
	int nr;
};

static int see_cgroup(void *ctx, const struct cdm_rec *rec)
{
	const struct cdm_snap_cgroup *snap = (const void *)rec;
	const struct cdm_snap_dmem *dmem = (const void *)rec;
	struct cgroups_seen *s = ctx;

	if (rec->kind == CDM_SNAP_DMEM) {
		assert_true(dmem->cgroup == s->snap[s->nr - 1].id);
		s->dmem[s->nr - 1] = dmem->device;
		return 0;
	}
	s->dmem[s->nr] = CDM_UNKNOWN;
	memcpy(&s->snap[s->nr], snap, sizeof(*snap));
	snprintf(s->path[s->nr++], sizeof(s->path[0]), "%s", snap->path);
	return 0;
}

static struct cdm_snap_cgroup *find_cgroup(struct cgroups_seen *s, const char *path)
{
	for (int i = 0; i < s->nr; i++)
		if (!strcmp(s->path[i], path))
			return &s->snap[i];
	return NULL;
}

static void test_cgroups(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	struct cgroups_seen s = { 0 };
	struct cdm_cgroups *c;
	char line[128], command[128];
	__u64 a;

	assert_null(cdm_cgroups_open());
	assert_int_equal(errno, ENOENT);

	snprintf(line, sizeof(line), "30 1 0:26 / %s/cg rw - cgroup2 none rw\n", root);
	put("self/mountinfo", line);
	put("cg/cgroup.controllers", "cpu memory\n");
	put("cg/memory.stat", "device_host 0\n");
	put_cgroup("a", "81920\n", "max\n", "8192");
	put_cgroup("a/b", "40960\n", "1048576\n", "4096");
	put("7/cgroup", "4:cpu:/elsewhere\n0::/a/b\n");

	c = cdm_cgroups_open();
	assert_non_null(c);
	assert_true(cdm_cgroups_have_device(c));
	assert_int_equal(cdm_cgroups_refresh(c, 0, NULL, see_cgroup, &s), 0);
	assert_int_equal(s.nr, 3);
	assert_true(find_cgroup(&s, "/")->charged == CDM_UNKNOWN);
	assert_true(find_cgroup(&s, "/")->limit == CDM_NO_LIMIT);
	assert_true(find_cgroup(&s, "/a")->limit == CDM_NO_LIMIT);
	assert_int_equal(find_cgroup(&s, "/a")->charged, 81920 / page);
	assert_int_equal(find_cgroup(&s, "/a")->device, 8192 / page);
	assert_int_equal(find_cgroup(&s, "/a/b")->limit, 1048576 / page);
	assert_int_equal(find_cgroup(&s, "/a/b")->parent, find_cgroup(&s, "/a")->id);

	a = cdm_cgroups_id(c, "a");
	assert_int_equal(a, find_cgroup(&s, "/a")->id);
	assert_string_equal(cdm_cgroups_path(c, a), "/a");
	assert_int_equal(cdm_cgroups_id(c, "/a/"), a);
	snprintf(line, sizeof(line), "%s/cg/a", root);
	assert_int_equal(cdm_cgroups_id(c, line), a);
	assert_int_equal(cdm_cgroups_id(c, "/none"), 0);
	assert_int_equal(cdm_cgroups_id(c, "../../etc"), 0);
	assert_int_equal(cdm_cgroups_of(c, 7), find_cgroup(&s, "/a/b")->id);
	assert_int_equal(cdm_cgroups_of(c, 4711), 0);

	/* One subtree; a cgroup that came; values that changed behind open files. */
	put_cgroup("a/new", "0\n", "max\n", "0");
	put_cgroup("a", "163840\n", "max\n", "8192");
	memset(&s, 0, sizeof(s));
	assert_int_equal(cdm_cgroups_refresh(c, a, NULL, see_cgroup, &s), 0);
	assert_int_equal(s.nr, 3);
	assert_non_null(find_cgroup(&s, "/a/new"));
	assert_int_equal(find_cgroup(&s, "/a")->charged, 163840 / page);

	/* One that went. */
	snprintf(command, sizeof(command), "rm -r %s/cg/a/b", root);
	assert_int_equal(system(command), 0);
	memset(&s, 0, sizeof(s));
	assert_int_equal(cdm_cgroups_refresh(c, 0, NULL, see_cgroup, &s), 0);
	assert_null(find_cgroup(&s, "/a/b"));
	assert_int_equal(cdm_cgroups_of(c, 7), 0);
	cdm_cgroups_close(c);
}

/* What cgroups say goes before what processes say, which is asked for the others. */
static void test_cgroup_members(void **state)
{
	static const __u32 members[] = { 7, 30, 4194304 };
	struct cgroups_seen s = { 0 };
	struct cdm_cgroups *c;
	char line[128];

	snprintf(line, sizeof(line), "30 1 0:26 / %s/cg rw - cgroup2 none rw\n", root);
	put("self/mountinfo", line);
	put("cg/cgroup.controllers", "cpu memory\n");
	put("cg/cgroup.procs", "1\n900\n0\n");
	put_cgroup("a", "81920\n", "max\n", "8192");
	put_cgroup("e", "81920\n", "max\n", "8192");
	put("cg/e/cgroup.procs", "30\n7\n4194304\n");
	put("7/cgroup", "0::/a\n");
	put("8/cgroup", "0::/a\n");

	c = cdm_cgroups_open();
	assert_non_null(c);
	cdm_cgroups_take_members(c);
	assert_int_equal(cdm_cgroups_of(c, 7), cdm_cgroups_id(c, "/a"));
	assert_int_equal(cdm_cgroups_refresh(c, 0, NULL, see_cgroup, &s), 0);
	assert_int_equal(cdm_cgroups_of(c, 1), find_cgroup(&s, "/")->id);
	assert_int_equal(cdm_cgroups_of(c, 900), find_cgroup(&s, "/")->id);
	for (int i = 0; i < 3; i++)
		assert_int_equal(cdm_cgroups_of(c, members[i]), find_cgroup(&s, "/e")->id);
	assert_int_equal(cdm_cgroups_of(c, 8), find_cgroup(&s, "/a")->id);
	assert_int_equal(cdm_cgroups_of(c, 0), 0);
	assert_int_equal(cdm_cgroups_of(c, 31), 0);

	/* It moved. */
	put("cg/e/cgroup.procs", "30\n");
	put("cg/a/cgroup.procs", "7\n");
	memset(&s, 0, sizeof(s));
	assert_int_equal(cdm_cgroups_refresh(c, 0, NULL, see_cgroup, &s), 0);
	assert_int_equal(cdm_cgroups_of(c, 7), find_cgroup(&s, "/a")->id);
	assert_int_equal(cdm_cgroups_of(c, 30), find_cgroup(&s, "/e")->id);
	assert_int_equal(cdm_cgroups_of(c, 4194304), 0);
	cdm_cgroups_close(c);
}

static __u64 dmem_of(struct cgroups_seen *s, const char *path)
{
	struct cdm_snap_cgroup *snap = find_cgroup(s, path);

	assert_non_null(snap);
	return s->dmem[snap - s->snap];
}

/* Regions that are not ours do not count, nor does a controller that is not on. */
static void test_dmem(void **state)
{
	long page = sysconf(_SC_PAGESIZE);
	struct cgroups_seen s = { 0 };
	struct cdm_cgroups *c;
	char line[128];

	snprintf(line, sizeof(line), "30 1 0:26 / %s/cg rw - cgroup2 none rw\n", root);
	put("self/mountinfo", line);
	put("cg/cgroup.controllers", "cpu memory dmem\n");
	put("cg/dmem.capacity", "drm/0/vram0 8192\n");
	c = cdm_cgroups_open();
	assert_non_null(c);
	assert_false(cdm_cgroups_have_dmem(c));

	put("cg/dmem.capacity", "drm/0/vram0 8192\ndevice_host/cdm0 67108864\n");
	put("cg/dmem.current", "drm/0/vram0 8192\ndevice_host/cdm0 81920\ndevice_host/cdm1 40960\n");
	put_cgroup("a", "81920\n", "max\n", "8192");
	put("cg/a/dmem.current", "device_host/cdm0 81920\ndevice_host/cdm1 0\n");
	put_cgroup("a/b", "81920\n", "max\n", "8192");
	put_cgroup("d", "0\n", "max\n", "0");
	put("cg/d/dmem.current", "drm/0/vram0 8192\n");
	assert_true(cdm_cgroups_have_dmem(c));
	assert_int_equal(cdm_cgroups_refresh(c, 0, NULL, see_cgroup, &s), 0);
	assert_true(dmem_of(&s, "/") == CDM_UNKNOWN);
	cdm_cgroups_close(c);

	c = cdm_cgroups_open();
	cdm_cgroups_take_dmem(c);
	memset(&s, 0, sizeof(s));
	assert_int_equal(cdm_cgroups_refresh(c, 0, NULL, see_cgroup, &s), 0);
	assert_int_equal(dmem_of(&s, "/"), 122880 / page);
	assert_int_equal(dmem_of(&s, "/a"), 81920 / page);
	assert_true(dmem_of(&s, "/a/b") == CDM_UNKNOWN);
	assert_true(dmem_of(&s, "/d") == CDM_UNKNOWN);
	cdm_cgroups_close(c);
}

static int find_stack(void *ctx, const struct cdm_vma *vma)
{
	if (vma->kind == CDM_VMA_STACK)
		*(struct cdm_vma *)ctx = *vma;
	return 0;
}

static void test_self(void **state)
{
	const uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	struct cdm_snap_proc snap;
	struct cdm_vma stack = { 0 };
	char comm[32] = "";

	assert_true(cdm_read_file(-1, "/proc/self/comm", comm, sizeof(comm)) > 0);
	comm[strcspn(comm, "\n")] = '\0';
	assert_int_equal(cdm_proc_read(getpid(), &snap), 0);
	assert_string_equal(snap.comm, comm);
	assert_int_equal(snap.uid, geteuid());
	assert_true(snap.rss > 0);
	assert_int_equal(cdm_proc_maps(getpid(), false, find_stack, &stack), 0);
	/* The sanitizer may have local variables elsewhere. */
	assert_true(stack.start <= frame && frame < stack.end);
}

int main(void)
{
	const struct CMUnitTest fake[] = {
		cmocka_unit_test(test_comm), cmocka_unit_test(test_proc_unknown),
		cmocka_unit_test(test_proc_errors), cmocka_unit_test(test_vmas),
		cmocka_unit_test(test_per_device), cmocka_unit_test(test_scan), cmocka_unit_test(test_devices),
		cmocka_unit_test(test_cgroups), cmocka_unit_test(test_cgroup_members),
		cmocka_unit_test(test_dmem),
	};
	const struct CMUnitTest real[] = { cmocka_unit_test(test_self) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("trees", fake, fake_roots, real_roots) +
	       cmocka_run_group_tests_name("machine", real, NULL, NULL);
}

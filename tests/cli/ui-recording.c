// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the recording that test-cdmtop-ui.sh looks at: two devices, a tree of
 * cgroups, processes of which a few hold device memory, and names that are meant
 * to upset the screen.
 *
 *   ui-recording FILE REFRESHES PROCESSES LOST [bare|traced]
 *
 * bare: as of a machine that has neither devices nor the series; traced: as cdmtrace
 * records it, events and levels without rates.
 */
#include <stdlib.h>
#include <string.h>

#include "record/record.h"

#define LEVELS (CDM_F_PROC_DEVICE | CDM_F_CGROUP_DEVICE | CDM_F_DEVICES)
#define HOLDERS 4	/* the first processes, the others hold nothing */

static struct cdm_writer *writer;
static char why[CDM_WHY_LEN];
static __u64 now = 100000000000ULL;
static bool bare, traced;
static struct cdm_stats device_stats[2], holder_stats[HOLDERS];

static void put(void *record, int kind, size_t len)
{
	struct cdm_rec *rec = record;

	rec->kind = kind;
	rec->len = (len + 7) / 8 * 8;
	rec->ts = now;
	if (!cdm_rec_valid(rec, rec->len) || cdm_writer_put(writer, rec))
		abort();
}

static const char *comm_of(int i)
{
	static const char *const names[] = { "redis-server", "python3", "sqlite3", "stress-ng",
					     "\033[31mred\a", "größe", "bash" };

	return names[i % 7];
}

static void put_note(const char *text)
{
	char buf[256] = "";
	struct cdm_rec_note *note = (void *)buf;

	strcpy(note->text, text);
	put(note, CDM_REC_NOTE, sizeof(*note) + strlen(text) + 1);
}

static void put_migrations(void)
{
	for (int i = 0; i < 8; i++) {
		struct cdm_ev_migrate e = { .requested = 512, .collected = 512, .migrated = 512 };

		now += 1000;
		e.ev.pid = e.ev.actor_pid = 1000 + i % HOLDERS;
		strcpy(e.ev.comm, comm_of(i % HOLDERS));
		e.ev.cgroup = i % 2 ? 11 : 12;
		e.ev.device = 0x100 + i % 2;
		e.ev.stack = -1;
		e.start = 0x7f0000000000ULL + i * 0x200000ULL;
		e.bytes = 0x200000;
		e.dir = i & 1;
		e.collect_ns = 20000;
		e.copy_ns = 300000;
		e.memory = CDM_MEM_HOST;
		if (i == 4) {
			e.migrated = 499;
			e.failed[CDM_WHY_PINNED] = 13;
		}
		put(&e, CDM_EV_MIGRATE, sizeof(e));
	}
}

static void put_devices(void)
{
	for (__u32 i = 0; i < 2; i++) {
		struct cdm_snap_device d = { .index = i, .has_stats = 1, .size = 16384,
			.used = i ? 1024 : 15565, .device = 0x100 + i };

		d.free = d.size - d.used;
		d.state = i ? CDM_ST_DRAINING : CDM_ST_ONLINE;
		snprintf(d.name, sizeof(d.name), "cdm%u", i);
		device_stats[i].pages[CDM_DIR_IN] += 2560;
		device_stats[i].calls[CDM_DIR_IN] += 5;
		device_stats[i].hist[CDM_DIR_IN][18] += 5;
		d.stats = device_stats[i];
		put(&d, CDM_SNAP_DEVICE, sizeof(d));
	}
}

static void put_cgroup(__u64 id, __u64 parent, const char *path, __u64 device, __u64 limit)
{
	char buf[sizeof(struct cdm_snap_cgroup) + 64] = "";
	struct cdm_snap_cgroup *c = (void *)buf;

	c->id = id;
	c->parent = parent;
	c->charged = 2 * device + 256;
	c->device = device;
	c->limit = limit;
	strcpy(c->path, path);
	put(c, CDM_SNAP_CGROUP, sizeof(*c) + strlen(path) + 1);
}

static void put_holder_stats(struct cdm_stats *s, int i)
{
	for (int dir = 0; dir < CDM_NR_DIR; dir++) {
		s->pages[dir] += 1024 * (HOLDERS - i);
		s->calls[dir] += 7;
		s->hist[dir][16 + i] += 7;
	}
	s->failed[CDM_DIR_IN][CDM_WHY_PINNED] += 13;
	s->hist_wait[12] += 3;
}

static void put_process(int i)
{
	struct cdm_snap_proc p = { .pid = 1000 + i, .cgroup = i % 2 ? 11 : 12,
		.start_ns = 1 + i, .rss = 8192 };
	bool holds = i < HOLDERS && !bare;

	if (i == 5)
		p.cgroup = 14;
	if (i == 7)
		p.cgroup = 15;

	strcpy(p.comm, comm_of(i));
	if (holds) {
		p.device = p.device_anon = 4096 - 1024 * i;
		put_holder_stats(&holder_stats[i], i);
		p.stats = holder_stats[i];
	}
	/* One that could not be read. */
	if (bare || i == HOLDERS + 2)
		p.device = p.device_anon = p.device_file = p.device_shmem = CDM_UNKNOWN;
	put(&p, CDM_SNAP_PROC, holds ? sizeof(p) : CDM_SNAP_PROC_MIN);
}

static void put_vma(__u64 start, enum cdm_abi_vma kind, const char *name)
{
	char buf[sizeof(struct cdm_snap_vma) + 64] = "";
	struct cdm_snap_vma *v = (void *)buf;

	v->pid = 1000;
	v->vma = kind;
	v->start = start;
	v->end = start + 0x1000000;
	v->rss = 4096;
	v->device = 2048;
	strcpy(v->perms, "rw-p");
	strcpy(v->name, name);
	put(v, CDM_SNAP_VMA, sizeof(*v) + strlen(name) + 1);
}

static void put_refresh(int n, int processes, __u64 lost)
{
	struct cdm_snap_begin begin = { .interval_ns = n ? 1000000000 : 0,
		.features = bare ? 0 : traced ? LEVELS : 0x3ff & ~(CDM_F_PER_DEVICE | CDM_F_PAGEFAULTS) };
	struct cdm_snap_end end = { .emitted = bare ? 0 : 8 * (n + 1), .lost = n ? lost : 0,
		.tool_cpu_ns = 3000000ULL * (n + 1), .bpf_ns = 1000000ULL * (n + 1),
		.bpf_runs = 9000ULL * (n + 1), .tool_rss = 12 << 20 };

	now += 1000000000;
	if (!bare)
		put_migrations();
	put(&begin, CDM_SNAP_BEGIN, sizeof(begin));
	if (!bare)
		put_devices();
	put_cgroup(1, 0, "/", 10240, CDM_NO_LIMIT);
	put_cgroup(10, 1, "/system.slice", 10240, CDM_NO_LIMIT);
	put_cgroup(11, 10, "/system.slice/db.service", 4096, 16384);
	put_cgroup(15, 11, "/system.slice/db.service/inner", 0, CDM_NO_LIMIT);
	put_cgroup(12, 10, "/system.slice/web.service", 6144, CDM_NO_LIMIT);
	/* A name that there is twice. */
	put_cgroup(13, 1, "/user.slice", 0, CDM_NO_LIMIT);
	put_cgroup(14, 13, "/user.slice/db.service", 0, CDM_NO_LIMIT);
	for (int i = 0; i < processes; i++)
		put_process(i);
	put_vma(0x55aa00000000ULL, CDM_VMA_HEAP, "[heap]");
	put_vma(0x7f0000000000ULL, CDM_VMA_ANON, "");
	put(&end, CDM_SNAP_END, sizeof(end));
}

int main(int argc, char **argv)
{
	struct cdm_file_header header;

	if (argc < 5)
		return 2;
	bare = argc > 5 && !strcmp(argv[5], "bare");
	traced = argc > 5 && !strcmp(argv[5], "traced");
	cdm_file_header_init(&header);
	header.boot_ns = now;
	header.wall_ns = 1700000000000000000ULL;
	header.emulated = 1;
	writer = cdm_writer_open(argv[1], &header, why);
	if (!writer)
		return 1;
	if (!traced)
		put_note("per device: not available: it needs CAP_SYS_ADMIN");
	for (int n = 0; n < atoi(argv[2]); n++)
		put_refresh(n, atoi(argv[3]), atoi(argv[4]));
	return cdm_writer_close(writer, why) ? 1 : 0;
}

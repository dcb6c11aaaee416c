// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a recording whose figures are known: three programs in three cgroups, two
 * devices, 30 refreshes a second apart. The same bytes every time.
 *
 *   mkrecording FILE [N]	N: that many idle processes besides
 *
 * Every second redis-server moves 100 pages to cdm0 and 50 back, and 7 pages stay
 * because they are pinned; python3 moves 1,000 pages to cdm1 every other second, from
 * a range with 24 holes; stress-ng has two pages that go to and fro. cdm1 is hung from refresh 20 on.
 */
#include <stdlib.h>
#include <string.h>

#include "record/record.h"

#define SECOND		1000000000ULL
#define START		(1000 * SECOND)
#define REFRESHES	30
#define HUNG_AT		20
#define IDLE_PID	100000

static struct cdm_writer *writer;
static char why[CDM_WHY_LEN];
static __u64 now;

enum { REDIS, PYTHON, STRESS, NR_PROGRAMS };

static const struct program {
	__u32 pid;
	__u32 uid;
	__u64 cgroup;
	const char *comm;
	const char *path;
	__u64 rss;
	__u32 cpu_ms;		/* each second */
} programs[NR_PROGRAMS] = {
	[REDIS] = { 1412, 107, 11, "redis-server", "/db", 56320, 305 },
	[PYTHON] = { 1420, 1000, 12, "python3", "/ml", 24576, 998 },
	[STRESS] = { 1433, 1000, 13, "stress-ng", "/stress", 8192, 1250 },
};

/* What the BPF programs would have counted. */
static struct cdm_stats stats[NR_PROGRAMS], device_stats[2];
static __u64 on_device[NR_PROGRAMS][2];

static void put(void *rec, unsigned int kind, size_t len)
{
	struct cdm_rec *head = rec;

	head->kind = kind;
	head->len = len;
	head->ts = now;
	if (cdm_writer_put(writer, head))
		exit(1);
}

static void head_event(struct cdm_ev *ev, const struct program *p, int device)
{
	ev->mm = 0xffff888000000000ULL + p->pid * 64;
	ev->cgroup = p->cgroup;
	ev->device = 0xffffc90000000000ULL + device * 4096;
	ev->pid = ev->actor_pid = ev->actor_tid = p->pid;
	ev->stack = -1;
	strcpy(ev->comm, p->comm);
	strcpy(ev->actor_comm, p->comm);
}

static void count(struct cdm_stats *s, const struct cdm_ev_migrate *m, unsigned int bucket)
{
	s->pages[m->dir] += m->migrated;
	s->calls[m->dir]++;
	s->ns[m->dir] += m->collect_ns + m->copy_ns + m->restore_ns;
	s->hist[m->dir][bucket]++;
	for (int i = 0; i < CDM_NR_WHY; i++)
		s->failed[m->dir][i] += m->failed[i];
}

/* Takes 320,000 ns, which is in bucket 18. */
static void migrate(int program, int device, int dir, __u32 pages, __u32 pinned, __u32 holes)
{
	struct cdm_ev_migrate m = {
		.start = 0x7f0000000000, .bytes = (pages + pinned + holes) * 4096ULL,
		.requested = pages + pinned + holes, .collected = pages + holes, .migrated = pages,
		.collect_ns = 100000, .copy_ns = 200000, .restore_ns = 20000,
		.dir = dir, .cause = CDM_CAUSE_DRIVER, .memory = CDM_MEM_HOST,
		.vma = CDM_VMA_HEAP,
		.failed = { [CDM_WHY_PINNED] = pinned, [CDM_WHY_UNMAPPED] = holes },
	};

	head_event(&m.ev, &programs[program], device);
	put(&m, CDM_EV_MIGRATE, sizeof(m));
	count(&stats[program], &m, 18);
	count(&device_stats[device], &m, 18);
	on_device[program][device] += dir == CDM_DIR_IN ? pages : -(__u64)pages;
}

static void pingpong(void)
{
	struct cdm_ev_pingpong p = { .addr = 0x7f0000001000, .span_ns = 900000, .flips = 3,
				      .pages = 1, .bytes = 4096 };

	head_event(&p.ev, &programs[STRESS], 0);
	put(&p, CDM_EV_PINGPONG, sizeof(p));
	stats[STRESS].pingpong++;
	device_stats[0].pingpong++;
}

static void hang(void)
{
	struct cdm_ev_device d = {
		.name = "cdm1", .old = CDM_ST_ONLINE, .state = CDM_ST_HUNG, .node = 1,
	};

	head_event(&d.ev, &programs[PYTHON], 1);
	put(&d, CDM_EV_DEVICE, sizeof(d));
}

static void events(int n)
{
	migrate(REDIS, 0, CDM_DIR_IN, 100, 7, 0);
	migrate(REDIS, 0, CDM_DIR_OUT, 50, 0, 0);
	if (n % 2 && n < HUNG_AT)
		migrate(PYTHON, 1, CDM_DIR_IN, 1000, 0, 24);
	migrate(STRESS, 0, CDM_DIR_IN, 2, 0, 0);
	migrate(STRESS, 0, CDM_DIR_OUT, 2, 0, 0);
	pingpong();
	if (n == HUNG_AT)
		hang();
}

static void put_device(int index, int n)
{
	struct cdm_snap_device d = {
		.index = index, .node = index, .has_stats = 1, .size = 65536,
		.state = index && n >= HUNG_AT ? CDM_ST_HUNG : CDM_ST_ONLINE,
		.device = 0xffffc90000000000ULL + index * 4096, .stats = device_stats[index],
	};

	for (int i = 0; i < NR_PROGRAMS; i++)
		d.used += on_device[i][index];
	d.free = d.size - d.used;
	snprintf(d.name, sizeof(d.name), "cdm%d", index);
	put(&d, CDM_SNAP_DEVICE, sizeof(d));
}

static void put_cgroup(__u64 id, const char *path, __u64 charged, __u64 device, __u64 limit,
		       const struct cdm_stats *s)
{
	static char buf[sizeof(struct cdm_snap_cgroup) + 64] __attribute__((aligned(8)));
	struct cdm_snap_cgroup *c = (void *)buf;

	memset(buf, 0, sizeof(buf));
	c->id = id;
	c->parent = id == 1 ? 0 : 1;
	c->charged = charged;
	c->device = device;
	c->limit = limit;
	c->has_stats = !!s;
	if (s)
		c->stats = *s;
	strcpy(c->path, path);
	put(c, CDM_SNAP_CGROUP, (sizeof(*c) + strlen(path) + 8) & ~7UL);
}

static void put_program(int i)
{
	const struct program *p = &programs[i];
	struct cdm_snap_proc s = {
		.pid = p->pid, .uid = p->uid, .nr_devices = 2,
		.cgroup = p->cgroup, .start_ns = p->pid * SECOND / 10, .rss = p->rss,
		.device = on_device[i][0] + on_device[i][1],
		.per_device = { on_device[i][0], on_device[i][1] }, .stats = stats[i],
		.cpu_ms = (now - START) / SECOND * p->cpu_ms,
	};

	s.device_anon = s.device;
	strcpy(s.comm, p->comm);
	put(&s, CDM_SNAP_PROC, sizeof(s));
}

static void put_idle(__u32 n)
{
	struct cdm_snap_proc s = {
		.pid = IDLE_PID + n, .cgroup = 1,
		.start_ns = SECOND + n, .rss = n, .comm = "idle",
	};

	put(&s, CDM_SNAP_PROC, CDM_SNAP_PROC_MIN);
}

static void refresh(int n, unsigned long idle)
{
	const unsigned int features = CDM_F_PROC_DEVICE | CDM_F_CGROUP_DEVICE | CDM_F_DEVICES |
		CDM_F_MIGRATE | CDM_F_WHY | CDM_F_FAULTS | CDM_F_PINGPONG | CDM_F_PER_DEVICE |
		CDM_F_EVICT | CDM_F_CPU;
	struct cdm_snap_begin begin = { .interval_ns = n ? SECOND : 0, .features = features };
	struct cdm_snap_end end = {
		.emitted = n * 6, .tool_cpu_ns = n * 5000000ULL, .bpf_ns = n * 1000000ULL,
		.bpf_runs = n * 20, .tool_rss = 9 << 20,
	};
	__u64 device = 0, charged = 0;

	put(&begin, CDM_SNAP_BEGIN, sizeof(begin));
	for (int i = 0; i < 2; i++)
		put_device(i, n);
	for (int i = 0; i < NR_PROGRAMS; i++) {
		device += on_device[i][0] + on_device[i][1];
		charged += programs[i].rss + 1024;
	}
	put_cgroup(1, "/", charged, device, CDM_NO_LIMIT, NULL);
	for (int i = 0; i < NR_PROGRAMS; i++)
		put_cgroup(programs[i].cgroup, programs[i].path, programs[i].rss + 1024,
			   on_device[i][0] + on_device[i][1], 131072, &stats[i]);
	for (int i = 0; i < NR_PROGRAMS; i++)
		put_program(i);
	for (unsigned long i = 0; i < idle; i++)
		put_idle(i);
	put(&end, CDM_SNAP_END, sizeof(end));
}

int main(int argc, char **argv)
{
	unsigned long idle = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	struct cdm_file_header h;

	if (argc < 2)
		return 2;
	cdm_file_header_init(&h);
	memset(h.release, 0, sizeof(h.release));
	memset(h.host, 0, sizeof(h.host));
	strcpy(h.release, "6.12.0-cdm");
	strcpy(h.host, "example");
	h.page_size = 4096;
	h.wall_ns = 1700000000 * SECOND;
	h.boot_ns = START;
	h.pingpong_window_ns = 500000;
	h.pingpong_flips = 3;
	writer = cdm_writer_open(argv[1], &h, why);
	if (!writer)
		return 1;
	for (int n = 0; n < REFRESHES; n++) {
		now = START + n * SECOND;
		if (n)
			events(n);
		refresh(n, idle);
	}
	return cdm_writer_close(writer, why) ? 1 : 0;
}

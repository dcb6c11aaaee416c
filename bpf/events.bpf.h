/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs of events.bpf.c share: options, maps, filters, the ring. */
#ifndef CDM_EVENTS_BPF_H
#define CDM_EVENTS_BPF_H

/* Options. What is off here is dropped by the verifier as dead code. */
const volatile __u64 events;		/* 1 << enum cdm_kind, to the ring */
const volatile bool with_stats;
const volatile bool with_stacks;
const volatile bool with_pingpong;
const volatile __u64 pingpong_window_ns = 500000;
const volatile __u32 pingpong_flips = 3;
const volatile __u32 nr_rings = 1;
const volatile __u32 filter_pid;		/* initial namespace */
const volatile __u32 filter_tid;
const volatile __u64 filter_cgroup;
const volatile char filter_comm[CDM_COMM_LEN];
const volatile char filter_device[CDM_NAME_LEN];
const volatile __s32 filter_dir = -1;
const volatile __s32 filter_why = -1;
const volatile __u64 filter_min_pages;
const volatile __u64 filter_min_ns;

#define MAX_CGROUP_DEPTH 32
#define MIGRATE_PFN_MIGRATE 2UL

/* Bound: processes, cgroups and devices seen since the start; full: counted as lost_map. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct cdm_stats_key);
	__type(value, struct cdm_stats);
} stats SEC(".maps");

/* A migration or eviction that a thread is in. */
struct call {
	u64 args;		/* the migrate_vma's address */
	u64 start, setup, pages;	/* ns */
	u64 device;		/* of the eviction */
	u32 cause;
	bool evicting;
	bool migrating;
};

/* Bound: threads in a migration at a time; full: lost_map. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);	/* tid */
	__type(value, struct call);
} calls SEC(".maps");

/* Bound: devices ever seen; full: those have no name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, struct cdm_device_id);
} devices SEC(".maps");

struct page_key {
	u64 mm;
	u64 addr;
};

struct page_past {
	u64 last;		/* ns, when it moved */
	u64 first;		/* ns, the first of the flips */
	u32 flips;
	u32 dir;
};

/* Bound: pages watched for going to and fro; full: those that moved longest ago go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct page_key);
	__type(value, struct page_past);
} pages SEC(".maps");

/* Bound: different stacks; full: events have no stack. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, sizeof(u32));
	__uint(value_size, 64 * sizeof(u64));
} stacks SEC(".maps");

/* One for each kind of event: seen == filtered + emitted + lost_ring + lost_map. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CDM_NR_EV);
	__type(key, u32);
	__type(value, struct cdm_loss);
} loss SEC(".maps");

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
};

/* CPUs share rings evenly. Full: the event is counted as lost_ring. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
	__array(values, struct ring);
} rings SEC(".maps");

#define WAKE_BYTES (64 << 10)

static __always_inline struct cdm_loss *loss_of(u32 kind)
{
	return bpf_map_lookup_elem(&loss, &kind);
}

static __always_inline bool wanted(u32 kind)
{
	return events & (1ULL << kind);
}

/*
 * Wakes the reader when another 64 KiB were produced, not for each record while
 * it lags: that would slow down the traced program. The reader polls for the rest.
 */
static __always_inline void emit(u32 kind, struct cdm_loss *count, void *event, u32 size)
{
	u32 shard = bpf_get_smp_processor_id() % nr_rings;
	void *ring = bpf_map_lookup_elem(&rings, &shard);
	u64 before, flags = BPF_RB_NO_WAKEUP;

	if (!ring) {
		count->lost_ring++;
		return;
	}
	before = bpf_ringbuf_query(ring, BPF_RB_PROD_POS);
	if (before / WAKE_BYTES != (before + size + 8) / WAKE_BYTES)
		flags = BPF_RB_FORCE_WAKEUP;
	if (bpf_ringbuf_output(ring, event, size, flags))
		count->lost_ring++;
	else
		count->emitted++;
}

static __always_inline bool same(const volatile char *a, const char *b)
{
	for (int i = 0; i < CDM_COMM_LEN; i++) {
		if (a[i] != b[i])
			return false;
		if (!a[i])
			break;
	}
	return true;
}

static __always_inline bool below(struct cgroup *cgroup)
{
	u32 id = bpf_core_enum_value(enum cgroup_subsys_id___cdm, memory_cgrp_id);
	struct cgroup_subsys_state *css = NULL;
	struct cgroup_subsys_state **subsys = __builtin_preserve_access_index(&cgroup->subsys[0]);

	bpf_probe_read_kernel(&css, sizeof(css), subsys + id);
	for (int i = 0; i < MAX_CGROUP_DEPTH && css; i++) {
		if (cgroup_id(BPF_CORE_READ(css, cgroup)) == filter_cgroup)
			return true;
		css = BPF_CORE_READ(css, parent);
	}
	return false;
}

/* Fills in the head. Return: whether the filters on who it is let it pass. */
static __always_inline bool head(struct cdm_ev *ev, u32 kind, u32 size, struct task_struct *owner,
				 struct mm_struct *mm)
{
	u64 id = bpf_get_current_pid_tgid();
	struct cgroup *cgroup = NULL;

	ev->rec.kind = kind;
	ev->rec.len = size;
	ev->rec.cpu = bpf_get_smp_processor_id();
	ev->actor_pid = id >> 32;
	ev->actor_tid = id;
	ev->mm = (u64)mm;
	ev->stack = -1;
	if (owner) {
		ev->pid = BPF_CORE_READ(owner, tgid);
		cgroup = task_memory_cgroup(owner);
		ev->cgroup = cgroup_id(cgroup);
		bpf_probe_read_kernel_str(ev->comm, sizeof(ev->comm), &owner->comm);
	}
	bpf_get_current_comm(ev->actor_comm, sizeof(ev->actor_comm));

	if (filter_pid && ev->pid != filter_pid && ev->actor_pid != filter_pid)
		return false;
	if (filter_tid && ev->actor_tid != filter_tid)
		return false;
	if (filter_comm[0] && !same(filter_comm, ev->comm) && !same(filter_comm, ev->actor_comm))
		return false;
	return !filter_cgroup || (cgroup && below(cgroup));
}

static __always_inline struct task_struct *mm_owner(struct mm_struct *mm)
{
	return BPF_CORE_READ(mm, owner);
}

static const struct cdm_stats no_stats;

/* Figures that nobody will see are a loss, too: of no kind of event, kind 0. */
static __always_inline void no_room(void)
{
	struct cdm_loss *count = loss_of(0);

	if (!count)
		return;
	count->seen++;
	count->lost_map++;
}

static __always_inline struct cdm_stats *stats_of(u32 scope, u64 id)
{
	struct cdm_stats_key key = { .id = id, .scope = scope };
	struct cdm_stats *s = bpf_map_lookup_elem(&stats, &key);

	if (s)
		return s;
	bpf_map_update_elem(&stats, &key, &no_stats, BPF_NOEXIST);
	s = bpf_map_lookup_elem(&stats, &key);
	if (!s)
		no_room();
	return s;
}

static __always_inline void add(u64 *to, u64 n)
{
	__sync_fetch_and_add(to, n);
}

static __always_inline u32 log2_bucket(u64 ns)
{
	u32 n = 0;

	for (u32 shift = 32; shift; shift /= 2)
		if (ns >> shift) {
			ns >>= shift;
			n += shift;
		}
	return n < CDM_HIST ? n : CDM_HIST - 1;
}

#endif

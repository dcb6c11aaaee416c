/* SPDX-License-Identifier: GPL-2.0 */
/* What the programs of events.bpf.c share: options, maps, filters, the ring. */
#ifndef CDM_EVENTS_BPF_H
#define CDM_EVENTS_BPF_H

/* Options. What is off here is dropped by the verifier as dead code. */
const volatile __u64 events;		/* 1 << enum cdm_kind, to the ring */
const volatile bool with_stats;
const volatile bool with_stacks;
const volatile bool with_pingpong;
const volatile bool with_numa;
const volatile bool with_resident;	/* what moves is counted for those who scan */
/* Migrations are told by functions of the kernel, not by the series' tracepoints. */
const volatile bool by_functions;
const volatile bool pingpong_each;		/* an event for each page, not for each run of them */
const volatile __u64 pingpong_window_ns = 500000;
const volatile __u32 pingpong_flips = 3;
const volatile __u32 nr_rings = 1;
const volatile __u32 page_shift = 12;
const volatile __u32 filter_pid;		/* numbers of the reader's namespace */
const volatile __u32 filter_tid;
const volatile bool filter_children;		/* of filter_pid pass as well */
const volatile __u64 filter_cgroup;
const volatile char filter_comm[CDM_COMM_LEN];
const volatile char filter_device[CDM_NAME_LEN];
const volatile __s32 filter_dir = -1;
const volatile __s32 filter_why = -1;
const volatile __u64 filter_min_pages;
const volatile __u64 filter_min_ns;

#define MAX_CGROUP_DEPTH 32
#define MIGRATE_PFN_MIGRATE 2UL
#define MIGRATE_PFN_COMPOUND 16UL
#define MIGRATE_PFN_SHIFT 6
/* What a PMD maps, and migrates as one: the other entries are 0. */
#define HUGE_PAGES	(1UL << (page_shift - 3))

/* Nobody looks at it just now; it would slow down migrations. */
bool pingpong_off;

/*
 * Bound: processes that are alive and cgroups and devices, of those that have figures; full:
 * counted as lost_map. Cgroups that were removed go when the reader finds that out.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct cdm_stats_key);
	__type(value, struct cdm_stats);
} stats SEC(".maps");

/* A migration or eviction that a thread is in; all 0: none. */
struct call {
	u64 args;		/* the migrate_vma's address */
	u64 start, setup, pages;	/* ns */
	u64 device;		/* identity */
	bool host;		/* it is DEVICE_HOST memory */
	u8 cause;		/* enum cdm_abi_cause */
	u8 memory;		/* enum cdm_abi_memory, where the device tells */
	bool several;		/* devices that its pages are on */
	u32 pid;		/* of which @flying pages are told to be under way */
	u32 flying;
	bool evicting;
	bool migrating;
	bool inside;		/* in a function of which a kprobe will see the return */
	/* Pages, by functions: of the range, unmapped, and in those holes. */
	u32 found, unmapped, holes;
	struct cdm_ev_migrate event;	/* not on the stack, which is small before 6.8 */
	/* The page of which a fault brought the contents home: it is given back after the call. */
	struct page *left;
	u64 lost;		/* address of the page that the thread made a device lose last */
};

__u64 evictions;			/* that are under way */

/* One a thread that ever migrated, kept until it ends; no memory for it: lost_map. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct call);
} calls SEC(".maps");

/* Bound: places of devices; full: those have no name. Where they are now is put in at the start. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, struct cdm_device_id);
} devices SEC(".maps");

/*
 * Pages are watched for going to and fro in blocks: looking one up for each page
 * costs a tenth of the migration itself.
 */
#define BLOCK_PAGES	64
#define MAX_BLOCKS	4096

struct block_key {
	u64 mm;
	u64 page;		/* number of the first one */
};

struct page_past {
	u64 last;		/* ns, when it moved; 0: not yet */
	u64 first;		/* ns, the first of the flips */
	u32 flips;
	u32 dir;
};

struct block {
	u64 together;		/* bit n: page n; these always moved together; 0: each for itself */
	struct page_past all;	/* of those that moved together */
	struct page_past pages[BLOCK_PAGES];	/* of each */
	bool used;
};

/* Bound: a gigabyte of 4 KiB pages; full: the blocks that moved longest ago go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_BLOCKS);
	__type(key, struct block_key);
	__type(value, struct block);
} blocks SEC(".maps");

__u64 blocks_made;
__u64 blocks_full;			/* ns, when half of what there is room for was made last */

/* Of the pages of a block that one call moved. */
struct moves {
	u64 src[BLOCK_PAGES];	/* entries of migrate_vma.src */
	u64 huge;		/* the entry that stands for all of them, or 0 */
	u32 nr;			/* of them */
	u32 at;			/* the first one's place in the block */
	u64 hits;		/* bit n: the page at n has gone to and fro */
	u64 first;		/* ns, the first flip of any of them */
};

/* One program at a time uses it, on its CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct moves);
} moves SEC(".maps");

/* Bound: descendants of filter_pid that are alive; full: lost_map of kind 0. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);	/* tgid, initial namespace */
	__type(value, u8);
} children SEC(".maps");

/* Bound: different stacks; full: events have no stack. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, sizeof(u32));
	__uint(value_size, 64 * sizeof(u64));
} stacks SEC(".maps");

/* One for each kind of event: seen == filtered + emitted + lost_ring + lost_map, see see(). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CDM_NR_EV);
	__type(key, u32);
	__type(value, struct cdm_loss);
} loss SEC(".maps");

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 10);	/* each has its own size */
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
#define WAKE_NS 1000000

__u64 last_wake;			/* ns, for stacks; it is no harm if two CPUs wake the reader */

static __always_inline void add(u64 *to, u64 n)
{
	__sync_fetch_and_add(to, n);
}

static __always_inline bool wanted(u32 kind)
{
	return events & (1ULL << kind);
}

/*
 * An event of @kind happened. Losses are those of the ring: what is only
 * aggregated is not counted. Atomic, for an interrupt may come between.
 */
static __always_inline struct cdm_loss *see(u32 kind)
{
	struct cdm_loss *count = bpf_map_lookup_elem(&loss, &kind);

	if (count && wanted(kind))
		add(&count->seen, 1);
	return count;
}

static __always_inline int filtered(u32 kind, struct cdm_loss *count)
{
	if (wanted(kind))
		add(&count->filtered, 1);
	return 0;
}

/* Figures or calls that there was no room for. */
static __always_inline void no_room(u32 kind)
{
	struct cdm_loss *count = bpf_map_lookup_elem(&loss, &kind);

	if (!count)
		return;
	add(&count->seen, 1);
	add(&count->lost_map, 1);
}

/* The reader has to look at a process before it ends: with stacks, soon. */
static __always_inline bool is_late(void)
{
	u64 now = bpf_ktime_get_boot_ns();

	if (now - last_wake < WAKE_NS)
		return false;
	last_wake = now;
	return true;
}

/* In the ring itself: there are too many different ones for a map. */
static __always_inline void fill_user(void *ctx, struct cdm_user *user)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	struct mm_struct *mm = task->mm;
	long bytes = bpf_get_stack(ctx, user->frames, sizeof(user->frames), BPF_F_USER_STACK);

	user->mm = opaque(mm);
	user->start_stack = mm ? mm->start_stack : 0;
	user->nr_frames = bytes > 0 ? bytes / sizeof(user->frames[0]) : 0;
	user->nr_words = mm && !bpf_probe_read_user(user->words, sizeof(user->words),
						    (void *)regs->sp) ? CDM_USER_WORDS : 0;
}

/*
 * Wakes the reader when another 64 KiB were produced, not for each record while
 * it lags: that would slow down the traced program. The reader polls for the rest.
 * @ctx: NULL: without the stack in user space.
 */
static __always_inline void emit(void *ctx, struct cdm_loss *count, const void *event, u32 size)
{
	u32 shard = bpf_get_smp_processor_id() % nr_rings;
	void *ring = bpf_map_lookup_elem(&rings, &shard);
	bool user = with_stacks && ctx;
	void *room;
	u64 before;
	bool wake;

	if (!ring) {
		add(&count->lost_ring, 1);
		return;
	}
	before = bpf_ringbuf_query(ring, BPF_RB_PROD_POS);
	room = bpf_ringbuf_reserve(ring, size + (user ? sizeof(struct cdm_user) : 0), 0);
	if (!room) {
		add(&count->lost_ring, 1);
		return;
	}
	/* Aligned, or it is by bytes, which the verifier does not allow of pointers. */
	__builtin_memcpy(__builtin_assume_aligned(room, 8), __builtin_assume_aligned(event, 8),
			 size);
	if (user)
		fill_user(ctx, room + size);
	/* After the reservation: whoever else reserves meanwhile, one of us sees the edge. */
	wake = before / WAKE_BYTES != bpf_ringbuf_query(ring, BPF_RB_PROD_POS) / WAKE_BYTES;
	wake |= user && is_late();
	bpf_ringbuf_submit(room, wake ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
	add(&count->emitted, 1);
}

/* To the ring, where events of the kind are wanted. */
static __always_inline void finish(void *ctx, struct cdm_loss *count, struct cdm_ev *ev, u32 size)
{
	if (!wanted(ev->rec.kind))
		return;
	if (with_stacks)
		ev->stack = bpf_get_stackid(ctx, &stacks, 0);
	emit(ctx, count, ev, size);
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
	struct cgroup_subsys_state *css = memory_css(cgroup);

	for (int i = 0; i < MAX_CGROUP_DEPTH && css; i++) {
		if (cgroup_id(BPF_CORE_READ(css, cgroup)) == filter_cgroup)
			return true;
		css = BPF_CORE_READ(css, parent);
	}
	return false;
}

static __always_inline bool pid_passes(struct task_struct *task)
{
	u32 tgid;

	if (!task)
		return false;
	if (task_pid(task) == filter_pid)
		return true;
	if (!filter_children)
		return false;
	tgid = task->tgid;
	return bpf_map_lookup_elem(&children, &tgid);
}

static __always_inline bool comm_passes(struct task_struct *task)
{
	char comm[CDM_COMM_LEN] = {};

	if (!task)
		return false;
	bpf_probe_read_kernel_str(comm, sizeof(comm), &task->comm);
	return same(filter_comm, comm);
}

/* Filters on who it is: the owner of the memory, NULL: nobody; and who runs. */
static __always_inline bool who_passes(struct task_struct *owner)
{
	struct task_struct *actor = (void *)bpf_get_current_task_btf();

	if (filter_pid && !pid_passes(owner) && !pid_passes(actor))
		return false;
	if (filter_tid && task_tid(actor) != filter_tid)
		return false;
	return !filter_comm[0] || comm_passes(owner) || (actor != owner && comm_passes(actor));
}

static __always_inline bool passes(struct task_struct *owner)
{
	return who_passes(owner) &&
	       (!filter_cgroup || (owner && below(task_memory_cgroup(owner))));
}

static __always_inline void head(struct cdm_ev *ev, u32 kind, u32 size, u64 ts,
				 struct task_struct *owner, struct mm_struct *mm)
{
	struct task_struct *actor = (void *)bpf_get_current_task_btf();

	ev->rec.kind = kind;
	ev->rec.len = size;
	ev->rec.cpu = bpf_get_smp_processor_id();
	ev->rec.ts = ts;
	ev->actor_pid = task_pid(actor);
	ev->actor_tid = task_tid(actor);
	ev->mm = opaque(mm);
	ev->stack = -1;
	bpf_get_current_comm(ev->actor_comm, sizeof(ev->actor_comm));
	if (!owner)
		return;
	ev->pid = task_pid(owner);
	ev->cgroup = cgroup_id(task_memory_cgroup(owner));
	bpf_probe_read_kernel_str(ev->comm, sizeof(ev->comm), &owner->comm);
}

/*
 * NULL: nobody any more; or not yet: while an address space is copied for a child,
 * that one has its parent's number still, and is in no cgroup.
 */
static __always_inline struct task_struct *mm_owner(struct mm_struct *mm)
{
	/* Kernels of today want to see that there is one. */
	struct task_struct *owner = mm ? mm->owner : NULL;

	return owner && owner->mm == mm ? owner : NULL;
}

static const struct cdm_stats no_stats;

/* Figures that nobody will see are a loss, too: of no kind of event, kind 0. */
static __always_inline struct cdm_stats *stats_of(u32 scope, u64 id)
{
	struct cdm_stats_key key = { .id = id, .scope = scope };
	struct cdm_stats *s = bpf_map_lookup_elem(&stats, &key);

	if (s)
		return s;
	bpf_map_update_elem(&stats, &key, &no_stats, BPF_NOEXIST);
	/* Who has figures is shown, even if nothing of it was ever on a device. */
	if (scope == CDM_SCOPE_PROC)
		put_in(id);
	s = bpf_map_lookup_elem(&stats, &key);
	if (!s)
		no_room(0);
	return s;
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

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ordinary pages that migrate between NUMA nodes, or within one: what migrate_pages() does.
 * Its tracepoints tell how many, why and how long. Where each folio went tells
 * folio_migrate_flags(), which those that moved pass, and whose it is remove_migration_pte(),
 * which maps them again.
 */
#ifndef CDM_NUMA_BPF_H
#define CDM_NUMA_BPF_H

#define NUMA_SHARES	16	/* of a call; the pages of more have neither nodes nor an owner */
#define NUMA_DEPTH	2	/* a call may have to reclaim, and demote, for the memory it needs */

struct numa_owner {
	u64 mm;			/* its address; 0: nobody */
	u64 cgroup;
	u32 pid;
	bool pass;		/* the filters */
	char comm[CDM_COMM_LEN];
};

/* Pages of one owner from one node to another. */
struct numa_share {
	struct numa_owner owner;
	u32 pages;
	s32 src, dst;
};

struct numa_call {
	u64 start;		/* ns */
	u32 reason;		/* enum cdm_abi_reason */
	u32 mode;
	u32 nr;			/* shares */
	u64 told;		/* pages in them */
	bool several;		/* owners */
	/* The folio that moved last, until it is known whose it is. */
	u64 folio;		/* its address; 0: none */
	bool shared;		/* by processes */
	bool maps;		/* @mapper is about that folio */
	struct numa_share now;
	struct numa_owner nobody;	/* if it has no owner: what it is charged to */
	struct numa_owner mapper;	/* a process in which it may be mapped */
	struct numa_share shares[NUMA_SHARES];
};

/* Times that programs were attached: a call of which the end was missed before is none. */
__u32 numa_epoch;

/* One a thread that ever migrated, kept until it ends; no memory for it: lost_map. */
struct numa_calls {
	u32 epoch;
	u32 depth;
	struct numa_call call[NUMA_DEPTH];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct numa_calls);
} numa_calls SEC(".maps");

/* Bound: rows of the view; full: those that moved longest ago go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct cdm_numa_key);
	__type(value, struct cdm_numa);
} numa SEC(".maps");

__u64 numa_rows;		/* that were ever made */
__u64 numa_rows_gone;		/* of them, for want of room */

/* NULL: none was seen to begin. */
static __always_inline struct numa_calls *numa_calls_of_thread(void)
{
	struct numa_calls *calls = bpf_task_storage_get(&numa_calls, bpf_get_current_task_btf(),
							NULL, 0);

	return calls && calls->epoch == numa_epoch ? calls : NULL;
}

/* The innermost one; NULL: there is none. */
static __always_inline struct numa_call *numa_call(void)
{
	struct numa_calls *calls = numa_calls_of_thread();
	u32 at = calls ? calls->depth - 1 : NUMA_DEPTH;

	return at < NUMA_DEPTH ? &calls->call[at] : NULL;
}

#define NUMBERED(type, prefix, to, value, name)						\
	(bpf_core_enum_value_exists(type, prefix##name) &&				\
	 value == bpf_core_enum_value(type, prefix##name)) return to##name

/* What the running kernel's numbers are called. */
static __always_inline u32 numa_reason(u32 reason)
{
#define REASON(name) if NUMBERED(enum migrate_reason___cdm, MR_, CDM_REASON_, reason, name)
	REASON(COMPACTION);
	REASON(MEMORY_FAILURE);
	REASON(MEMORY_HOTPLUG);
	REASON(SYSCALL);
	REASON(MEMPOLICY_MBIND);
	REASON(NUMA_MISPLACED);
	REASON(CONTIG_RANGE);
	REASON(LONGTERM_PIN);
	REASON(DEMOTION);
	REASON(DAMON);
#undef REASON
	return CDM_REASON_OTHER;
}

static __always_inline u32 numa_mode(u32 mode)
{
#define MODE(name) if NUMBERED(enum migrate_mode___cdm, MIGRATE_, CDM_MODE_, mode, name)
	MODE(ASYNC);
	MODE(SYNC_LIGHT);
	MODE(SYNC);
#undef MODE
	return CDM_MODE_OTHER;
}

/* The number of the node stands at the top of the flags, with as many bits as it may need. */
static __always_inline s32 flags_node(u64 flags)
{
	u32 zones = bpf_core_enum_value(enum zone_type___cdm, __MAX_NR_ZONES);
	u32 nodes = (bpf_core_type_size(struct zonelist) / bpf_core_type_size(struct zoneref) - 1) /
		    zones;
	u32 bits = log2_bucket(nodes);

	return bits ? flags >> (64 - bits) : 0;
}

/* Without a branch for each of them: that many more ways the verifier has to go. */
static __always_inline bool same_share(const struct numa_share *a, const struct numa_share *b)
{
	return !((a->src ^ b->src) | (a->dst ^ b->dst) | (a->owner.mm ^ b->owner.mm) |
		 (a->owner.cgroup ^ b->owner.cgroup));
}

/* Of the folio that moved last all is known. Not static: the verifier goes through it once. */
__noinline int numa_settle(struct numa_call *call)
{
	struct numa_share *now;
	u32 i;

	if (!call || !call->now.pages)
		return 0;
	now = &call->now;
	for (i = 0; i < NUMA_SHARES && i < call->nr; i++)
		if (same_share(&call->shares[i], now))
			break;
	if (i >= NUMA_SHARES)
		goto out;
	call->told += now->pages;
	if (i < call->nr) {
		call->shares[i].pages += now->pages;
	} else {
		call->shares[i] = *now;
		call->nr = i + 1;
		call->several |= call->shares[0].owner.mm != now->owner.mm;
	}
out:
	now->pages = 0;
	return 0;
}

/* Of a page without an owner; what it is charged to. */
static __always_inline void numa_nobody(struct numa_owner *owner, struct mem_cgroup *memcg)
{
	struct cgroup *cgroup = BPF_CORE_READ(memcg, css.cgroup);

	__builtin_memset(owner, 0, sizeof(*owner));
	owner->cgroup = cgroup_id(cgroup);
	owner->pass = who_passes(NULL) && (!filter_cgroup || below(cgroup));
}

/* It has changed places. */
SEC("fentry/folio_migrate_flags")
int BPF_PROG(numa_moved, struct folio *dst, struct folio *src)
{
	struct numa_call *call = numa_call();
	u64 flags;

	if (!call)
		return 0;
	numa_settle(call);
	flags = folio_flags(src);
	call->now.src = flags_node(flags);
	call->now.pages = folio_pages(src, flags);
	call->now.dst = flags_node(folio_flags(dst));
	call->folio = (u64)dst;
	call->shared = false;
	numa_nobody(&call->nobody, folio_charged_to(src));
	call->now.owner = call->nobody;
	return 0;
}

static __always_inline void numa_own(struct numa_owner *to, struct mm_struct *mm)
{
	struct task_struct *owner = mm_owner(mm);

	__builtin_memset(to, 0, sizeof(*to));
	to->mm = (u64)mm;
	to->pass = passes(owner);
	if (!owner)
		return;
	to->pid = task_pid(owner);
	to->cgroup = cgroup_id(task_memory_cgroup(owner));
	bpf_probe_read_kernel_str(to->comm, sizeof(to->comm), &owner->comm);
}

/* Looks for the folio in @vma: it need not be mapped there. */
SEC("fentry/remove_migration_pte")
int BPF_PROG(numa_remap, struct folio *folio, struct vm_area_struct *vma)
{
	struct numa_call *call = numa_call();
	struct mm_struct *mm;

	if (!call)
		return 0;
	/* Those that failed are mapped again as well. */
	call->maps = call->folio == (u64)folio;
	mm = vma->vm_mm;
	if (call->maps && call->mapper.mm != (u64)mm)
		numa_own(&call->mapper, mm);
	return 0;
}

/* It is: of a second process, it is nobody's. */
static __always_inline int numa_mapped(void)
{
	struct numa_call *call = numa_call();

	if (!call || !call->maps || call->shared || call->now.owner.mm == call->mapper.mm)
		return 0;
	call->shared = call->now.owner.mm;
	call->now.owner = call->shared ? call->nobody : call->mapper;
	return 0;
}

SEC("tp_btf/remove_migration_pte")
int BPF_PROG(numa_pte)
{
	return numa_mapped();
}

SEC("tp_btf/remove_migration_pmd")
int BPF_PROG(numa_pmd)
{
	return numa_mapped();
}

static const struct cdm_numa no_numa;

/* Not static, as above. */
__noinline int count_numa(const struct cdm_ev_numa *e)
{
	struct cdm_numa_key key = {};
	struct cdm_numa *n;

	if (!e)
		return 0;
	key.cgroup = e->ev.cgroup;
	key.pid = e->ev.pid;
	key.actor_pid = e->ev.actor_pid;
	key.src_node = e->src_node;
	key.dst_node = e->dst_node;
	key.reason = e->reason;
	n = bpf_map_lookup_elem(&numa, &key);
	if (!n) {
		add(&numa_rows, 1);
		bpf_map_update_elem(&numa, &key, &no_numa, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&numa, &key);
	}
	if (!n) {
		no_room(0);
		return 0;
	}
	__builtin_memcpy(n->comm, e->ev.comm, sizeof(n->comm));
	__builtin_memcpy(n->actor_comm, e->ev.actor_comm, sizeof(n->actor_comm));
	add(&n->calls, 1);
	add(&n->pages, e->migrated);
	add(&n->failed, e->failed);
	add(&n->ns, e->ns);
	add(&n->hist[log2_bucket(e->ns)], 1);
	return 0;
}

static long numa_row(void *map, struct cdm_numa_key *key, struct cdm_numa *n, void *unused)
{
	return 0;
}

/* Those that were made and are not there had to go. Run by the reader. */
SEC("syscall")
int count_numa_gone(void *ctx)
{
	u64 made = numa_rows, gone = made - bpf_for_each_map_elem(&numa, numa_row, NULL, 0);

	/* Meanwhile others may have been made. */
	if (gone <= made && gone > numa_rows_gone)
		numa_rows_gone = gone;
	return 0;
}

/* The reasons of which a call is about one address space ... */
static __always_inline bool numa_of_one(u32 reason)
{
	return reason == CDM_REASON_SYSCALL || reason == CDM_REASON_LONGTERM_PIN ||
	       reason == CDM_REASON_MEMPOLICY_MBIND || reason == CDM_REASON_NUMA_MISPLACED;
}

/* ... and that is the one of whoever runs. */
static __always_inline bool numa_of_current(u32 reason)
{
	return reason == CDM_REASON_MEMPOLICY_MBIND || reason == CDM_REASON_NUMA_MISPLACED;
}

static __always_inline void numa_rest_owner(struct numa_owner *to, const struct numa_call *call)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();

	if (numa_of_current(call->reason))
		numa_own(to, task->mm);
	else if (numa_of_one(call->reason) && call->nr && !call->several)
		*to = call->shares[0].owner;
	else
		numa_nobody(to, NULL);
}

/* What is told of all of it. */
struct numa_result {
	u64 migrated;		/* pages */
	u32 failed, thp_migrated, thp_failed, thp_split;
};

/* The events of a call: its shares, and what none of them has. */
struct numa_walk {
	void *ctx;
	struct numa_call *call;
	struct numa_result result;
	u64 untold;		/* pages that migrated, in no share */
	bool rest;		/* there is something */
	u64 ns;
};

static long numa_visit(u64 i, struct numa_walk *w)
{
	struct cdm_loss *count = see(CDM_EV_NUMA);
	struct numa_call *call = w->call;
	struct cdm_ev_numa e = {
		.ns = w->ns, .migrated = w->untold, .reason = call->reason, .mode = call->mode,
		.src_node = CDM_NO_NODE, .dst_node = CDM_NO_NODE,
	};
	struct numa_owner owner;

	if (!count)
		return 1;
	if (i < NUMA_SHARES && i < call->nr) {
		const struct numa_share *s = &call->shares[i];

		owner = s->owner;
		e.migrated = s->pages;
		e.src_node = s->src;
		e.dst_node = s->dst;
	} else {
		numa_rest_owner(&owner, call);
	}
	if (i + 1 == call->nr + w->rest) {
		e.failed = w->result.failed;
		e.thp_migrated = w->result.thp_migrated;
		e.thp_failed = w->result.thp_failed;
		e.thp_split = w->result.thp_split;
	}
	if (!owner.pass || !device_passes(0) || (u64)e.migrated + e.failed < filter_min_pages ||
	    e.ns < filter_min_ns)
		return filtered(CDM_EV_NUMA, count);

	head(&e.ev, CDM_EV_NUMA, sizeof(e), call->start, NULL, NULL);
	e.ev.mm = opaque((void *)owner.mm);
	e.ev.pid = owner.pid;
	e.ev.cgroup = owner.cgroup;
	__builtin_memcpy(e.ev.comm, owner.comm, sizeof(e.ev.comm));
	if (with_numa)
		count_numa(&e);
	finish(w->ctx, count, &e.ev, sizeof(e));
	return 0;
}

static __always_inline void numa_put(struct numa_walk *w)
{
	struct numa_call *call = w->call;

	w->untold = call->told < w->result.migrated ? w->result.migrated - call->told : 0;
	w->rest = !call->nr || w->untold ||
		  (w->result.failed && (call->nr > 1 || !numa_of_one(call->reason)));
	w->ns = bpf_ktime_get_boot_ns() - call->start;
	bpf_loop(call->nr + w->rest, numa_visit, w, 0);
}

/* Later arguments are not at the same place in all kernels, and the start has told them. */
SEC("tp_btf/mm_migrate_pages")
int BPF_PROG(numa_end, unsigned long succeeded, unsigned long failed, unsigned long thp_succeeded,
	     unsigned long thp_failed, unsigned long thp_split)
{
	struct numa_calls *calls = numa_calls_of_thread();
	struct numa_walk w = {
		.ctx = ctx, .call = numa_call(),
		.result = { succeeded, failed, thp_succeeded, thp_failed, thp_split },
	};

	if (!calls || !calls->depth)
		return 0;
	if (w.call) {
		numa_settle(w.call);
		numa_put(&w);
	}
	calls->depth--;
	return 0;
}

/* Attached last, so that what began is seen to end. */
SEC("tp_btf/mm_migrate_pages_start")
int BPF_PROG(numa_start, u32 mode, u32 reason)
{
	struct numa_calls *calls = bpf_task_storage_get(&numa_calls, bpf_get_current_task_btf(),
							NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct numa_call *call;
	u32 at;

	if (calls && calls->epoch != numa_epoch) {
		calls->epoch = numa_epoch;
		calls->depth = 0;
	}
	at = calls ? calls->depth++ : NUMA_DEPTH;
	if (at >= NUMA_DEPTH) {
		no_room(CDM_EV_NUMA);
		return 0;
	}
	call = &calls->call[at];
	call->reason = numa_reason(reason);
	call->mode = numa_mode(mode);
	call->nr = 0;
	call->told = 0;
	call->several = false;
	call->folio = 0;
	call->now.pages = 0;
	call->mapper.mm = 0;
	call->start = bpf_ktime_get_boot_ns();
	return 0;
}

#endif

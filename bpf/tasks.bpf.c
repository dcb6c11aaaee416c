// SPDX-License-Identifier: GPL-2.0
/*
 * Absolute figures of processes, for each refresh of cdmtop: an iterator writes
 * one struct cdm_task for each process. For ten thousand of them that is twenty
 * times less work than reading their files in /proc.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "cdm_abi.h"
#include "flavours.h"
#include "owner.bpf.h"
#include "holders.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_CPUS 1024
#define MAX_THREADS (1 << 22)			/* as many as there are numbers for */

const volatile __u32 nr_cpus = 1;		/* possible ones */
const volatile bool with_cpu_time;

/*
 * Members of mm->rss_stat, in linux/mm_types_task.h since 4.5: their enum has no
 * name to look for. The series adds its own at the end.
 */
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES };

#define MAX_MEMBERS	8
/* 6.1 refuses loops that are entered at their end, as the compiler likes to make them. */
#define UNROLL		_Pragma("unroll")

/* Not by a division, of which the verifier would not know the result. */
static __always_inline u32 nr_members(void)
{
	u32 bytes = bpf_core_field_size(((struct mm_struct *)0)->rss_stat);
	u32 n = 0;

	UNROLL
	for (u32 i = 1; i <= MAX_MEMBERS; i++)
		if (i * bpf_core_type_size(struct percpu_counter) <= bytes)
			n = i;
	return n;
}

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;

static __always_inline bool counts_device(void)
{
	return bpf_core_enum_value_exists(enum node_stat_item___cdm, NR_DEVICE_HOST);
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} anchor SEC(".maps");

/*
 * Distances between a per-CPU pointer and what it points to on each CPU. The kernel's
 * own table has no address for those who may not read symbols, nor without
 * CONFIG_KALLSYMS_ALL. So from an object of which both are known.
 */
volatile __u64 distances[MAX_CPUS];	/* 0: a CPU that cannot be */
volatile __u64 anchor_map;
bool measured;

static __always_inline void measure(void)
{
	u32 zero = 0;
	u64 pointer;

	if (measured)
		return;
	/* By way of memory pointers are numbers: to read from, and to calculate with. */
	anchor_map = (u64)&anchor;
	pointer = (u64)BPF_CORE_READ((struct bpf_array *)anchor_map, pptrs[0]);
	for (u32 cpu = 0; cpu < MAX_CPUS && cpu < nr_cpus; cpu++) {
		u64 *there = bpf_map_lookup_percpu_elem(&anchor, &zero, cpu);

		if (!there)
			continue;
		distances[cpu] = (u64)there;
		distances[cpu] -= pointer;
	}
	measured = true;
}

static __always_inline struct percpu_counter *counter(struct mm_struct *mm, u32 member)
{
	/* The array's element size is the kernel's, not that of the flavour. */
	struct percpu_counter *first = __builtin_preserve_access_index(&mm->rss_stat[0]);

	return (void *)first + member * bpf_core_type_size(struct percpu_counter);
}

/* The parts of a CPU; they are in one piece since 6.6, which saves most of the time. */
static __always_inline void read_parts(s32 *parts, struct mm_struct *mm, u64 distance)
{
	s32 *first = counter(mm, 0)->counters;

	if (counter(mm, 1)->counters == first + 1) {
		bpf_probe_read_kernel(parts, nr_members() * sizeof(*parts), (void *)first + distance);
		return;
	}
	UNROLL
	for (u32 i = 0; i < MAX_MEMBERS; i++)
		if (i < nr_members())
			bpf_probe_read_kernel(&parts[i], sizeof(*parts),
					      (void *)counter(mm, i)->counters + distance);
}

/* Until 6.1 there are no parts of CPUs; what /proc says has no more in it. */
static __always_inline bool read_plain(s64 *sums, struct mm_struct *mm)
{
	struct mm_struct___plain *plain = (void *)mm;

	/* Not by its type: to look for one that is not there takes CAP_SYS_ADMIN. */
	if (!bpf_core_field_exists(plain->rss_stat.count))
		return false;
	bpf_core_read(sums, sizeof(plain->rss_stat.count), &plain->rss_stat.count);
	return true;
}

/*
 * percpu_counter_sum(): the count alone may be off by tens of pages for each CPU.
 * Without the lock, so a CPU that folds its part meanwhile may be counted twice or
 * not at all, as in the kernel's own readers of such counters.
 */
static __always_inline void sum_counters(s64 *sums, struct mm_struct *mm)
{
	UNROLL
	for (u32 i = 0; i < MAX_MEMBERS; i++)
		if (i < nr_members())
			sums[i] = counter(mm, i)->count;
	for (u32 cpu = 0; cpu < MAX_CPUS && cpu < nr_cpus; cpu++) {
		s32 parts[MAX_MEMBERS] = {};

		if (distances[cpu])
			read_parts(parts, mm, distances[cpu]);
		UNROLL
		for (u32 i = 0; i < MAX_MEMBERS; i++)
			sums[i] += parts[i];
	}
}

struct threads {
	struct list_head *at, *head;
	u64 ns;
};

static long add_thread(u64 i, struct threads *t)
{
	u64 node = __builtin_preserve_field_info(((struct task_struct *)0)->thread_node,
						 BPF_FIELD_BYTE_OFFSET);
	struct task_struct *task = (void *)t->at - node;

	if (!t->at || t->at == t->head)
		return 1;
	t->ns += BPF_CORE_READ(task, se.sum_exec_runtime);
	t->at = BPF_CORE_READ(task, thread_node.next);
	return 0;
}

/*
 * What utime and stime of /proc/PID/stat are made of. A thread that ends meanwhile may be
 * counted twice or not at all, for as long as this refresh is looked at.
 */
static __always_inline u64 cpu_time(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct threads t = { .ns = signal->sum_sched_runtime };

	if (signal->nr_threads == 1)
		return t.ns + task->se.sum_exec_runtime;
	t.head = &signal->thread_head;
	t.at = signal->thread_head.next;
	bpf_loop(MAX_THREADS, add_thread, &t, 0);
	return t.ns;
}

static __always_inline int write_task(struct seq_file *seq, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	s64 sums[MAX_MEMBERS] = {};
	struct cdm_task t = {};

	t.pid = task_pid(task);
	if (!mm || !t.pid)
		return 0;
	if (!read_plain(sums, mm)) {
		measure();
		sum_counters(sums, mm);
	}
	for (u32 i = 0; i < MAX_MEMBERS; i++)
		if (sums[i] < 0)
			sums[i] = 0;
	t.start_ns = task->start_boottime;
	if (with_cpu_time)
		t.cpu_ns = cpu_time(task);
	t.uid = task->cred->euid.val;
	t.cgroup = cgroup_id(task_memory_cgroup(task));
	bpf_probe_read_kernel_str(t.comm, sizeof(t.comm), task->comm);
	t.rss_file = sums[MM_FILEPAGES];
	t.rss_anon = sums[MM_ANONPAGES];
	t.rss_shmem = sums[MM_SHMEMPAGES];
	t.device = counts_device() ? sums[nr_members() - 1] : -1;
	if (t.device > 0)
		put_in(task->tgid);
	bpf_seq_write(seq, &t, sizeof(t));
	return 0;
}

SEC("iter/task")
int tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || task->pid != task->tgid)
		return 0;
	return write_task(ctx->meta->seq, task);
}

/* Those that have or had device memory alone: next to no time, whoever else is there. */
SEC("iter/bpf_map_elem")
int held(struct bpf_iter__bpf_map_elem *ctx)
{
	struct task_struct *task;
	u32 *tgid = ctx->key;

	if (!tgid)
		return 0;
	task = bpf_task_from_pid(*tgid);
	if (!task)
		return 0;
	write_task(ctx->meta->seq, task);
	bpf_task_release(task);
	return 0;
}

/* What a holder's child has was copied for it before it had a number. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(holder_forks, struct task_struct *parent, struct task_struct *child)
{
	u32 tgid = parent->tgid, *forks;

	if (child->tgid == parent->tgid)
		return 0;
	forks = bpf_map_lookup_elem(&holders, &tgid);
	if (!forks)
		return 0;
	__sync_fetch_and_add(forks, 1);
	hold(child->tgid);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(holder_ends, struct task_struct *task)
{
	u32 tgid = task->tgid;

	/* Its last thread. */
	if (task->signal->live.counter)
		return 0;
	if (last_holder == tgid)
		last_holder = 0;
	bpf_map_delete_elem(&holders, &tgid);
	return 0;
}

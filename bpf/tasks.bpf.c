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

char LICENSE[] SEC("license") = "GPL";

#define MAX_CPUS 1024

const volatile __u32 nr_cpus = 1;		/* possible ones */

/*
 * Members of mm->rss_stat; negative: this kernel has no such one. Their enum has
 * no name, so the collector looks them up.
 */
const volatile __s32 mm_file = -1, mm_anon = -1, mm_shmem = -1, mm_swap = -1, mm_device = -1;

/* Distance between a per-CPU pointer and what it points to on a CPU. */
extern const unsigned long this_cpu_off __ksym;

/*
 * percpu_counter_sum(): the count alone may be off by tens of pages for each
 * CPU. Without the lock, so a CPU that folds its part meanwhile may be counted
 * twice or not at all, as in the kernel's own readers of such counters.
 */
static __always_inline s64 counter_sum(struct percpu_counter *counter, bool exact)
{
	s64 sum = BPF_CORE_READ(counter, count);
	s32 *parts = BPF_CORE_READ(counter, counters);

	if (!exact)
		return sum;
	for (u32 cpu = 0; cpu < MAX_CPUS && cpu < nr_cpus; cpu++) {
		const unsigned long *offset = bpf_per_cpu_ptr(&this_cpu_off, cpu);
		s32 part = 0;

		if (!offset)
			break;
		bpf_probe_read_kernel(&part, sizeof(part), (void *)parts + *offset);
		sum += part;
	}
	return sum;
}

static __always_inline s64 rss(struct mm_struct *mm, s32 member, bool exact)
{
	/* The array's element size is the kernel's, not that of the flavour. */
	u32 size = bpf_core_type_size(struct percpu_counter);
	struct percpu_counter *first = __builtin_preserve_access_index(&mm->rss_stat[0]);
	s64 sum = counter_sum((void *)first + member * size, exact);

	return sum > 0 ? sum : 0;
}

static __always_inline int write_task(struct bpf_iter__task *ctx, bool exact)
{
	struct task_struct *task = ctx->task;
	struct cdm_task t = { .device = -1 };
	struct mm_struct *mm;

	if (!task || task->pid != task->tgid)
		return 0;
	mm = task->mm;
	t.pid = task_pid(task);
	if (!mm || !t.pid)
		return 0;

	t.mm = (u64)mm;
	t.start_ns = task->start_boottime;
	t.uid = BPF_CORE_READ(task, cred, euid.val);
	t.cgroup = cgroup_id(task_memory_cgroup(task));
	bpf_probe_read_kernel_str(t.comm, sizeof(t.comm), task->comm);
	t.rss_file = rss(mm, mm_file, exact);
	t.rss_anon = rss(mm, mm_anon, exact);
	t.rss_shmem = rss(mm, mm_shmem, exact);
	t.swap = rss(mm, mm_swap, exact);
	if (mm_device >= 0)
		t.device = rss(mm, mm_device, exact);
	bpf_seq_write(ctx->meta->seq, &t, sizeof(t));
	return 0;
}

SEC("iter/task")
int tasks(struct bpf_iter__task *ctx)
{
	return write_task(ctx, true);
}

/* Where the kernel does not know the address of data (CONFIG_KALLSYMS_ALL=n). */
SEC("iter/task")
int tasks_approximate(struct bpf_iter__task *ctx)
{
	return write_task(ctx, false);
}

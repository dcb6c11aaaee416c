/* SPDX-License-Identifier: GPL-2.0 */
/* Whose memory it is: process, cgroup, kind of VMA. */
#ifndef CDM_OWNER_BPF_H
#define CDM_OWNER_BPF_H

#define TMPFS_MAGIC	0x01021994

/*
 * Tasks, address spaces and VMAs are typed pointers that come from a tracepoint or
 * another one of them: what they point to is read with a load, which cannot fault
 * either, and costs next to nothing beside bpf_probe_read_kernel().
 */

/* Inode of the reader's pid namespace; 0: the initial one. */
const volatile __u32 pidns __weak;

/*
 * Pointers of the kernel are nobody's business outside of it: they tell where it is in
 * memory. What tells two things apart is a number that stands for the pointer, the same
 * one as long as the reader runs, and not to be calculated back without its secrets.
 */
const volatile __u64 secrets[2] __weak;

/* Of SplitMix64: each bit of @x changes about half of those of the result. */
static __always_inline u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* The verifier does not let calculate with typed pointers. */
static __always_inline u64 address_of(const void *pointer)
{
	u64 n = 0;

	bpf_probe_read_kernel(&n, sizeof(n), &pointer);
	return n;
}

/* 63 bits, so that none of them looks like a pointer; 0 stays 0. */
static __always_inline u64 opaque(const void *pointer)
{
	u64 n = address_of(pointer);

	return n ? mix(mix(n ^ secrets[0]) ^ secrets[1]) >> 1 : 0;
}

/* The number of @pid in the reader's namespace, 0: it is not in there. */
static __noinline u32 number_in_namespace(struct pid *pid)
{
	u32 level = BPF_CORE_READ(pid, level);
	u32 size = bpf_core_type_size(struct upid);
	struct upid *first = __builtin_preserve_access_index(&pid->numbers[0]);

	for (u32 i = 0; i < 33 && i <= level; i++) {	/* MAX_PID_NS_LEVEL is 32 */
		struct upid *upid = (void *)first + i * size;

		if (BPF_CORE_READ(upid, ns, ns.inum) == pidns)
			return BPF_CORE_READ(upid, nr);
	}
	return 0;
}

/* Process and thread, as the reader numbers them. */
static __always_inline u32 task_pid(struct task_struct *task)
{
	if (!pidns)
		return task->tgid;
	return number_in_namespace(task->group_leader->thread_pid);
}

static __always_inline u32 task_tid(struct task_struct *task)
{
	return pidns ? number_in_namespace(task->thread_pid) : (u32)task->pid;
}

/* The memory controller's cgroup: on a mixed v1 and v2 machine no other is right. */
static __always_inline struct cgroup *task_memory_cgroup(struct task_struct *task)
{
	u32 id = bpf_core_enum_value(enum cgroup_subsys_id___cdm, memory_cgrp_id);
	struct css_set *set = task->cgroups;
	struct cgroup_subsys_state **subsys = __builtin_preserve_access_index(&set->subsys[0]);

	return subsys[id]->cgroup;
}

/* That of the memory controller; NULL: it is not enabled there. */
static __always_inline struct cgroup_subsys_state *memory_css(struct cgroup *cgroup)
{
	u32 id = bpf_core_enum_value(enum cgroup_subsys_id___cdm, memory_cgrp_id);
	struct cgroup_subsys_state **subsys = __builtin_preserve_access_index(&cgroup->subsys[0]);
	struct cgroup_subsys_state *css = NULL;

	bpf_probe_read_kernel(&css, sizeof(css), (void *)subsys + id * sizeof(void *));
	return css;
}

static __always_inline u64 cgroup_id(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, kn, id);
}

static __always_inline u32 vma_kind(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct file *file = vma->vm_file;
	unsigned long start = vma->vm_start;
	unsigned long end = vma->vm_end;
	unsigned long stack;

	if (file)
		return BPF_CORE_READ(file, f_inode, i_sb, s_magic) == TMPFS_MAGIC ?
			CDM_VMA_SHMEM : CDM_VMA_FILE;
	if (!mm)
		return CDM_VMA_ANON;
	if (start <= mm->brk && end >= mm->start_brk)
		return CDM_VMA_HEAP;
	stack = mm->start_stack;
	return start <= stack && stack <= end ? CDM_VMA_STACK : CDM_VMA_ANON;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The members of kernel structures that the programs read, and no others.
 * libbpf finds their places in the running kernel by name (CO-RE); what comes
 * after three underscores in a name is not part of it.
 */
#ifndef CDM_FLAVOURS_H
#define CDM_FLAVOURS_H

/* To bpf_tracing.h: registers have the kernel's names. */
#define __VMLINUX_H__

#define CORE __attribute__((preserve_access_index))

typedef __u8 u8;
typedef __u64 u64;
typedef __u32 u32;
typedef __s32 s32;
typedef __s64 s64;

struct percpu_counter {
	s64 count;
	s32 *counters;
} CORE;

/* Numbers differ by kernel: always by bpf_core_enum_value(). */
enum cgroup_subsys_id___cdm { memory_cgrp_id };
enum node_stat_item___cdm { NR_DEVICE_HOST };

struct kernfs_node {
	u64 id;
} CORE;

struct cgroup_subsys_state;

struct cgroup {
	struct cgroup_subsys_state *subsys[1];
	struct kernfs_node *kn;
} CORE;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
} CORE;

/* Counters of memory are brought up to date by it, not by the cgroup: since 6.16 */
struct cgroup_subsys_state___rstat {
	void *rstat_cpu;
} CORE;

struct css_set {
	struct cgroup_subsys_state *subsys[1];
} CORE;

typedef struct {
	s64 counter;
} atomic_long_t;

struct page_counter {
	atomic_long_t usage;
	unsigned long max;
} CORE;

struct memcg_vmstats {
	long state[1];
} CORE;

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory;
	struct memcg_vmstats *vmstats;
} CORE;

/* is_root: since 7.x, where folios of processes are charged by one of these. */
struct obj_cgroup {
	struct mem_cgroup *memcg;
	bool is_root;
} CORE;

struct ns_common {
	u32 inum;
} CORE;

struct pid_namespace {
	struct ns_common ns;
} CORE;

struct upid {
	int nr;
	struct pid_namespace *ns;
} CORE;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} CORE;

typedef struct {
	u32 val;
} kuid_t;

struct cred {
	kuid_t euid;
} CORE;

struct mm_struct;

typedef struct {
	int counter;
} atomic_t;

struct list_head {
	struct list_head *next;
} CORE;

struct signal_struct {
	atomic_t live;
	int nr_threads;
	struct list_head thread_head;
	unsigned long long sum_sched_runtime;
} CORE;

struct sched_entity {
	u64 sum_exec_runtime;
} CORE;

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *group_leader;
	struct signal_struct *signal;
	struct list_head thread_node;
	struct sched_entity se;
	char comm[16];
	u64 start_boottime;
	struct mm_struct *mm;
	struct css_set *cgroups;
	struct pid *thread_pid;
	const struct cred *cred;
} CORE;

struct mm_struct {
	struct task_struct *owner;
	unsigned long start_brk;
	unsigned long brk;
	unsigned long start_stack;
	struct percpu_counter rss_stat[1];
} CORE;

/* The counters until 6.1. */
struct mm_rss_stat {
	atomic_long_t count[4];
} CORE;

struct mm_struct___plain {
	struct mm_rss_stat rss_stat;
} CORE;

struct bpf_array {
	void *pptrs[1];		/* of a per-CPU array */
} CORE;

struct bpf_ringbuf {
	struct page **pages;
} CORE;

struct bpf_ringbuf_map {
	struct bpf_ringbuf *rb;
} CORE;

struct super_block {
	unsigned long s_magic;
} CORE;

struct inode {
	struct super_block *i_sb;
} CORE;

struct file {
	struct inode *f_inode;
} CORE;

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	struct file *vm_file;
} CORE;

struct migrate_vma {
	struct vm_area_struct *vma;
	unsigned long *dst;
	unsigned long *src;
	unsigned long cpages;
	unsigned long npages;
	unsigned long start;
	unsigned long end;
	void *pgmap_owner;
	unsigned long flags;
	struct page *fault_page;	/* since 6.1 */
	unsigned int migrated;		/* these three with the series only */
	unsigned int already;
	unsigned int failed[15];
} CORE;

struct range {
	u64 start;
	u64 end;
} CORE;

struct xa_node {
	u8 shift;
	void *slots[1];
} CORE;

struct xarray {
	void *xa_head;
} CORE;

struct dev_pagemap_ops {
	void *page_free;
} CORE;

/* Numbers differ by kernel and configuration. */
enum memory_type___cdm { MEMORY_DEVICE_PRIVATE, MEMORY_DEVICE_COHERENT };

struct dev_pagemap {
	struct range range;
	void *owner;
	enum memory_type___cdm type;
	struct dev_pagemap_ops *ops;
} CORE;

struct device_host {
	struct dev_pagemap pgmap;
	const char *name;
	int nid;
} CORE;

struct page {
	unsigned long flags;
	atomic_t _refcount;
	struct dev_pagemap *pgmap;
} CORE;

struct folio {
	struct page page;
	atomic_t _mapcount;
	atomic_t _large_mapcount;
	unsigned int _folio_nr_pages;
	unsigned long memcg_data;
} CORE;

/* Since 6.14; before that a page has it. */
struct folio___pgmap {
	struct dev_pagemap *pgmap;
} CORE;

/* Since 6.15. */
struct folio___nr {
	unsigned int _nr_pages;
} CORE;

/* Since 6.18: a type of its own. */
struct memdesc_flags {
	unsigned long f;
} CORE;

struct page___memdesc {
	struct memdesc_flags flags;
} CORE;

enum pageflags___cdm { PG_head };
enum zone_type___cdm { __MAX_NR_ZONES };

/* Only their sizes: they tell how many nodes a kernel is built for. */
struct zoneref {
	void *zone;
} CORE;

struct zonelist {
	struct zoneref _zonerefs[1];
} CORE;

enum migrate_reason___cdm {
	MR_COMPACTION, MR_MEMORY_FAILURE, MR_MEMORY_HOTPLUG, MR_SYSCALL, MR_MEMPOLICY_MBIND,
	MR_NUMA_MISPLACED, MR_CONTIG_RANGE, MR_LONGTERM_PIN, MR_DEMOTION, MR_DAMON,
};
enum migrate_mode___cdm { MIGRATE_ASYNC, MIGRATE_SYNC_LIGHT, MIGRATE_SYNC };

/* Of x86: bpf_tracing.h finds results and arguments in the first two. */
struct pt_regs {
	unsigned long ax;
	unsigned long di;
	unsigned long ip;
	unsigned long sp;
} CORE;

/* The same of arm64. */
struct user_pt_regs {
	u64 regs[31];
} CORE;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} CORE;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} CORE;

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *key;
} CORE;

struct bpf_iter__cgroup {
	struct bpf_iter_meta *meta;
	struct cgroup *cgroup;
} CORE;

#endif

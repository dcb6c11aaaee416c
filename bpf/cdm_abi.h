/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF programs and user space share: event records, aggregated
 * statistics, and the numbers in them.
 *
 * Sizes are explicit and the same on both sides. Counts are pages, times are
 * nanoseconds, addresses are bytes. Timestamps are of CLOCK_BOOTTIME.
 *
 * Everything that flows from the kernel to the screen is a record: it starts
 * with struct cdm_rec. Events (kinds below 64) are made by BPF programs and
 * pass through the ring as they are; snapshots (64 and up, tools/lib/record/record.h)
 * are made by the collector. A .cdm file is a header and then records. So a
 * record never changes its meaning: new members are appended, readers look at
 * the length, and skip kinds that they do not know.
 */
#ifndef CDM_ABI_H
#define CDM_ABI_H

#include <linux/types.h>

#define CDM_COMM_LEN	16
#define CDM_NAME_LEN	16	/* of a device, "cdm0" */

/*
 * Why a page did not move. The kernel's enum migrate_fail and enum cdm_fail in
 * linux/cdm.h have the same numbers.
 */
enum cdm_abi_fail {
	CDM_WHY_UNMAPPED, CDM_WHY_SWAPPED, CDM_WHY_PINNED, CDM_WHY_LOCKED,
	CDM_WHY_ISOLATE, CDM_WHY_FILE, CDM_WHY_WRITEBACK, CDM_WHY_LARGE,
	CDM_WHY_KSM, CDM_WHY_FOREIGN, CDM_WHY_UNSUPPORTED, CDM_WHY_ALLOC,
	CDM_WHY_CHARGE, CDM_WHY_COPY, CDM_WHY_RACED,
	CDM_NR_WHY
};

/*
 * Why a device takes none of a mapping, told in the answer to a request. They never get as
 * far as to a migration: there are no events of them, and no counts in records.
 */
enum cdm_abi_refusal {
	CDM_WHY_DENIED = CDM_NR_WHY, CDM_WHY_SECRETMEM, CDM_WHY_HUGETLB, CDM_WHY_DAX,
	CDM_NR_REFUSAL
};

/*
 * Whether pages that stayed for this reason were to move and could not. They are
 * "failed", the others "skipped": there was nothing, or it is on another device.
 */
static inline int cdm_why_is_failure(unsigned int why)
{
	return why != CDM_WHY_UNMAPPED && why != CDM_WHY_FOREIGN;
}

/* Direction of a migration: columns of every "in" and "out". */
enum cdm_abi_dir {
	CDM_DIR_IN,		/* to a device */
	CDM_DIR_OUT,		/* to RAM */
	CDM_NR_DIR
};

/*
 * Who caused a migration. From EVICT to PIN they are the kernel's
 * enum device_host_reason; FULL and those behind it are the next of them.
 */
enum cdm_abi_cause {
	CDM_CAUSE_DRIVER,	/* a driver or its user asked for it */
	CDM_CAUSE_EVICT,	/* the device was emptied */
	CDM_CAUSE_REMOVE,	/* the device goes away */
	CDM_CAUSE_PIN,		/* a long-term pin wants the page in RAM */
	CDM_CAUSE_FAULT,	/* the CPU touched device-private memory, which it cannot reach */
	CDM_CAUSE_FULL,		/* others made room on the device for what came */
	CDM_CAUSE_WRITE,	/* a file on a disk was written to */
	CDM_NR_CAUSE
};

/* What the CPU met on device memory, the kernel's enum device_host_fault. */
enum cdm_abi_fault {
	CDM_FAULT_COW,		/* a write copied the page to RAM */
	CDM_FAULT_REUSE,	/* a write made the page writable in place */
	CDM_FAULT_WAIT,		/* waited for a migration to end */
	CDM_NR_FAULT
};

/* Where in the address space. */
enum cdm_abi_vma {
	CDM_VMA_ANON, CDM_VMA_HEAP, CDM_VMA_STACK, CDM_VMA_FILE, CDM_VMA_SHMEM,
	CDM_NR_VMA
};

/* Why ordinary pages were migrated: names of the kernel's enum migrate_reason, not its numbers. */
enum cdm_abi_reason {
	CDM_REASON_COMPACTION, CDM_REASON_MEMORY_FAILURE, CDM_REASON_MEMORY_HOTPLUG,
	CDM_REASON_SYSCALL /* or cpuset */, CDM_REASON_MEMPOLICY_MBIND,
	CDM_REASON_NUMA_MISPLACED, CDM_REASON_CONTIG_RANGE, CDM_REASON_LONGTERM_PIN,
	CDM_REASON_DEMOTION, CDM_REASON_DAMON,
	CDM_REASON_OTHER,	/* one that this program does not know */
	CDM_NR_REASON
};

/* How hard it tried, the kernel's enum migrate_mode. */
enum cdm_abi_mode { CDM_MODE_ASYNC, CDM_MODE_SYNC_LIGHT, CDM_MODE_SYNC, CDM_MODE_OTHER, CDM_NR_MODE };

/* Kind of device memory, from the flags that the migration selects by. */
enum cdm_abi_memory {
	CDM_MEM_UNKNOWN, CDM_MEM_HOST, CDM_MEM_COHERENT, CDM_MEM_PRIVATE,
};

enum cdm_kind {
	CDM_EV_MIGRATE = 1,	/* struct cdm_ev_migrate, one migrate_vma call */
	CDM_EV_EVICT,		/* struct cdm_ev_evict, one eviction */
	CDM_EV_FAULT,		/* struct cdm_ev_fault, CPU fault on device memory */
	CDM_EV_PAGE,		/* struct cdm_ev_page, opt-in: a page that moved or not */
	CDM_EV_RSS,		/* struct cdm_ev_rss, opt-in: residency, by mapping */
	CDM_EV_CHARGE,		/* struct cdm_ev_charge, opt-in: memcg charges */
	CDM_EV_PINGPONG,	/* struct cdm_ev_pingpong, pages went to and fro */
	CDM_EV_DEVICE,		/* struct cdm_ev_device, device added, removed, state */
	CDM_EV_PAGEFAULT,	/* struct cdm_ev_pagefault, opt-in: any user page fault */
	CDM_EV_NUMA,		/* struct cdm_ev_numa, opt-in: ordinary pages migrated */
	CDM_NR_EV,
	CDM_EV_MAX = 64,	/* snapshots start here */
};

/* Head of every record. @len includes it and is a multiple of 8. */
struct cdm_rec {
	__u16 kind;
	__u16 cpu;
	__u32 len;		/* bytes */
	__u64 ts;		/* ns, CLOCK_BOOTTIME */
};

/*
 * Head of every event: who did it and whose memory it is. The two differ when a
 * device is emptied, or a process migrates another one's memory. Process and
 * thread ids are those of the reader's pid namespace; 0: nobody (any more), or
 * outside of it.
 */
struct cdm_ev {
	struct cdm_rec rec;
	__u64 mm;		/* the owner's address space: a number for it in this recording */
	__u64 cgroup;		/* id of the owner's cgroup, memory controller */
	__u64 device;		/* a DEVICE_HOST region's physical address, see struct
				 * cdm_device_id; other memory: a number for its driver; 0: none */
	__u32 pid;		/* the owner's process (tgid) */
	__u32 actor_pid;	/* the process that ran (tgid) */
	__u32 actor_tid;	/* its thread */
	__s32 stack;		/* id in the map of stacks, negative: none */
	char comm[CDM_COMM_LEN];	/* the owner's */
	char actor_comm[CDM_COMM_LEN];
};

/*
 * requested == migrated + already + sum(failed) + untold, where failed[] has what was
 * skipped, too. total time is collect_ns + copy_ns + restore_ns.
 */
struct cdm_ev_migrate {
	struct cdm_ev ev;
	__u64 start;		/* bytes */
	__u64 bytes;		/* length of the range */
	__u32 requested;	/* pages */
	__u32 collected;	/* by the kernel, which counts holes of anonymous memory as well */
	__u32 migrated;
	__u32 already;
	__u64 collect_ns;	/* collect and unmap */
	__u64 copy_ns;		/* the driver allocates and copies, pages change places */
	__u64 restore_ns;	/* page tables */
	__u8 dir;		/* enum cdm_abi_dir */
	__u8 cause;		/* enum cdm_abi_cause */
	__u8 memory;		/* enum cdm_abi_memory */
	__u8 vma;		/* enum cdm_abi_vma */
	__u32 failed[CDM_NR_WHY];
	/*
	 * Not collected, and without the series' tracepoints nobody tells why: there already,
	 * swapped, locked, of a file, huge, or on another device.
	 */
	__u32 untold;
	__u32 pad;
};

/* @pid is 0, pages of several processes are concerned. */
struct cdm_ev_evict {
	struct cdm_ev ev;
	__u64 evicted;		/* pages */
	__u64 left;		/* pages still in use */
	__u64 ns;
	__s32 ret;		/* 0 or -errno */
	__u32 cause;		/* enum cdm_abi_cause */
};

struct cdm_ev_fault {
	struct cdm_ev ev;
	__u64 addr;
	__u64 pfn;
	__u64 wait_ns;		/* CDM_FAULT_WAIT, else 0 */
	__u32 fault;		/* enum cdm_abi_fault */
	__u32 vma;		/* enum cdm_abi_vma */
};

struct cdm_ev_page {
	struct cdm_ev ev;
	__u64 addr;
	__u64 src_pfn;
	__u64 dst_pfn;		/* 0: none */
	__u8 dir;
	__u8 moved;		/* 0: stayed */
	__u16 pad[3];
};

/* Why a process has more or fewer device pages. */
enum cdm_abi_rss {
	CDM_RSS_MIGRATE, CDM_RSS_EVICT, CDM_RSS_MAP /* fork */, CDM_RSS_UNMAP,
	CDM_RSS_LOST,	/* the device lost the page */
	CDM_NR_RSS
};

struct cdm_ev_rss {
	struct cdm_ev ev;
	__u64 pfn;		/* of the folio, so of several pages the first; 0: not known */
	__s32 pages;		/* change */
	__u32 why;		/* enum cdm_abi_rss */
};

enum cdm_abi_charge { CDM_CHARGE, CDM_UNCHARGE, CDM_TRANSFER_IN, CDM_TRANSFER_OUT,
		      CDM_NR_CHARGE };

/* ev.cgroup is the one charged, ev.pid is 0: the charge has no process. */
struct cdm_ev_charge {
	struct cdm_ev ev;
	__u32 charge;		/* enum cdm_abi_charge */
	__u32 pages;		/* 0: one, in older recordings */
};

/*
 * @flips changes of direction, each within the window of the last, of pages in a row
 * that one call moved.
 */
struct cdm_ev_pingpong {
	struct cdm_ev ev;
	__u64 addr;		/* of the first one */
	__u64 span_ns;		/* from the first of the flips of any to the last */
	__u32 flips;		/* of each */
	__u32 pages;
	__u64 bytes;		/* length of the range */
};

enum cdm_abi_state { CDM_ST_ONLINE, CDM_ST_DRAINING, CDM_ST_OFFLINE, CDM_ST_HUNG,
		     CDM_ST_REMOVED, CDM_NR_STATE };

struct cdm_ev_device {
	struct cdm_ev ev;
	char name[CDM_NAME_LEN];
	__u64 start;		/* physical, bytes; 0 where only the state changed */
	__u64 bytes;
	__u8 old;		/* enum cdm_abi_state */
	__u8 state;
	__u16 pad;
	__s32 node;
};

struct cdm_ev_pagefault {
	struct cdm_ev ev;
	__u64 addr;
	__u64 ip;
	__u64 error_code;	/* of the architecture */
};

#define CDM_NO_NODE	(-1)	/* not told, or several */

/*
 * Pages that one migrate_pages() call took from one node to another, of one owner. A call
 * is an event for each such share; the last one has what is told of the whole call alone:
 * @failed and @thp_*. If pages failed, or moved without anybody telling where, and are not
 * surely of the only share, then that one is of no nodes and, unless it is certain, of no
 * owner. Without an owner (page cache, shared by processes) ev.cgroup is that of the charge.
 */
struct cdm_ev_numa {
	struct cdm_ev ev;
	__u64 ns;		/* of the whole call */
	__u32 migrated;		/* pages */
	__u32 failed;
	__u32 thp_migrated;	/* huge pages, in @migrated */
	__u32 thp_failed;
	__u32 thp_split;
	__s32 src_node;
	__s32 dst_node;
	__u8 reason;		/* enum cdm_abi_reason */
	__u8 mode;		/* enum cdm_abi_mode */
	__u16 pad;
};

#define CDM_USER_FRAMES	64
#define CDM_USER_WORDS	24	/* of the stack that are looked at */

/*
 * With stacks, this follows an event in the ring, and goes no further: what it takes to
 * find the functions in user space of the thread that ran.
 */
struct cdm_user {
	__u64 mm;		/* a number for its address space, 0: a kernel thread */
	__u64 start_stack;	/* address where the stack of its program began */
	__u32 nr_frames;	/* 0: it could not be read */
	__u32 nr_words;		/* the same */
	__u64 frames[CDM_USER_FRAMES];	/* addresses, innermost first */
	__u64 words[CDM_USER_WORDS];	/* from the top of the stack on */
};

/*
 * Aggregated by BPF since attachment, for one process, one cgroup, one device,
 * or all. Histograms: bucket n counts times in [2^n, 2^(n+1)) ns, the last one
 * all above.
 */
#define CDM_HIST	40

struct cdm_stats {
	__u64 pages[CDM_NR_DIR];	/* migrated, evictions included */
	__u64 calls[CDM_NR_DIR];	/* migrate_vma calls */
	__u64 ns[CDM_NR_DIR];		/* in those calls */
	__u64 evicted;			/* pages, part of pages[CDM_DIR_OUT] */
	__u64 failed[CDM_NR_DIR][CDM_NR_WHY];	/* pages */
	__u64 faults[CDM_NR_FAULT];
	__u64 wait_ns;			/* in CDM_FAULT_WAIT */
	__u64 pingpong;			/* pages found to go to and fro */
	__u64 pagefaults;		/* all page faults of user space, if asked for */
	__u64 hist[CDM_NR_DIR][CDM_HIST];	/* time of a call */
	__u64 hist_wait[CDM_HIST];
};

enum cdm_scope { CDM_SCOPE_PROC, CDM_SCOPE_CGROUP, CDM_SCOPE_DEVICE, CDM_SCOPE_ALL };

/* @id: pid as in events, cgroup id, device identity, 0 */
struct cdm_stats_key {
	__u64 id;
	__u32 scope;		/* enum cdm_scope */
	__u32 pad;
};

/* Whose pages, who migrated them, why, from where to where: as in struct cdm_ev_numa. */
struct cdm_numa_key {
	__u64 cgroup;
	__u32 pid;
	__u32 actor_pid;
	__s32 src_node;
	__s32 dst_node;
	__u32 reason;
	__u32 pad;
};

/* Of one key, since it was first seen. */
struct cdm_numa {
	__u64 calls;
	__u64 pages;
	__u64 failed;		/* pages */
	__u64 ns;
	__u64 hist[CDM_HIST];	/* time of a call */
	char comm[CDM_COMM_LEN];
	char actor_comm[CDM_COMM_LEN];
};

/* What is behind the identity of a device, which is @start. No name: not known yet. */
struct cdm_device_id {
	char name[CDM_NAME_LEN];
	__u64 start;		/* physical, bytes */
	__u64 bytes;
};

/* Of device memory that is not DEVICE_HOST: what tells the name of its driver. */
struct cdm_pagemap {
	__u64 memory;		/* enum cdm_abi_memory */
	char function[64];	/* that takes pages back, "dmirror_devmem_free [test_hmm]" */
};

/* Whose pages, and where; device 0: all devices together. */
struct cdm_resident_key {
	__u64 device;
	__u32 pid;
	__u32 pad;
};

/*
 * What migrated to and fro, of device memory that is not counted by the kernel. Read in this
 * order: a call is still under way, or its pages are counted.
 */
struct cdm_resident {
	__u64 since;		/* ns; another one: it was dropped for want of room meanwhile */
	__s64 flying;		/* pages of the ranges of calls that are under way; of @device 0 alone */
	__u64 pages[CDM_NR_DIR];
};

/* Pages of a range that are in use, whoever uses them. */
struct cdm_used {
	__u64 pfn;		/* of the first one */
	__u64 pages;
	__u64 used;		/* the result */
};

/* Per CPU and kind of event: seen == emitted + lost + filtered. */
struct cdm_loss {
	__u64 seen;
	__u64 filtered;
	__u64 emitted;
	__u64 lost_ring;	/* no room in the ring */
	__u64 lost_map;		/* no room in a map, e.g. of calls under way */
};

/* Written by the cgroup iterator, one for each cgroup. Pages. */
struct cdm_cgroup {
	__u64 id;
	__u64 has_memory;	/* 0: the memory controller is not enabled, no values */
	__u64 charged;
	__u64 limit;		/* the kernel's PAGE_COUNTER_MAX: none */
	__s64 device;		/* on DEVICE_HOST devices, descendants included; -1: not known */
};

#define CDM_MAX_CGROUPS	32768

/* Written by the task iterator, one for each process with an address space. */
struct cdm_task {
	__u64 cgroup;
	__u64 start_ns;		/* CLOCK_BOOTTIME, tells reused pids apart */
	__u64 cpu_ns;		/* of all its threads; 0: not asked for */
	__u64 rss_file;		/* pages, RAM and device together */
	__u64 rss_anon;
	__u64 rss_shmem;
	__s64 device;		/* pages on DEVICE_HOST devices; -1: not counted */
	__u32 pid;		/* tgid, in the reader's namespace */
	__u32 uid;		/* effective, initial user namespace */
	char comm[CDM_COMM_LEN];
};

#endif

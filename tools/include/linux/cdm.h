/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Userspace interface of /dev/cdmN, the reference driver for DEVICE_HOST
 * memory (cache-coherent device memory).
 *
 * Rules that hold for every request:
 *  - The first member, @size, is sizeof() the structure as the caller knows it.
 *    A larger structure from a newer caller is accepted as long as the part
 *    that this kernel does not know is zero (-E2BIG otherwise); a shorter one
 *    than version 1 is refused with -EINVAL.
 *  - Reserved members and unknown flag bits must be zero, else -EINVAL.
 *  - Addresses and lengths are bytes and must be multiples of the page size
 *    where a request moves pages, else -EINVAL.
 *  - @pidfd selects whose memory is meant: -1 is the caller's own, anything
 *    else a pidfd of a process that the caller may ptrace (PTRACE_MODE_ATTACH;
 *    -EPERM otherwise, -ESRCH when that process has no memory any more).
 *  - A device that is not online refuses to take pages with -ENODEV, and a
 *    hung one with -EIO. Pages can be migrated home while the device is there.
 *  - A device that is being removed refuses everything with -ENODEV; its pages
 *    go home by themselves.
 *  - Closing the file descriptor never moves pages: they belong to the
 *    processes that map them. It cancels what this opener has under way on the
 *    engine and withdraws the faults that it injected.
 */
#ifndef _UAPI_LINUX_CDM_H
#define _UAPI_LINUX_CDM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Raised when a request changes in a way that @size alone does not tell. */
#define CDM_UAPI_VERSION	1

/* cdm_info.state; the names are what /sys/class/cdm/cdmN/state prints. */
enum cdm_state {
	CDM_STATE_ONLINE	= 0,	/* "online": gives out pages */
	CDM_STATE_DRAINING	= 1,	/* "draining": pages are going home */
	CDM_STATE_OFFLINE	= 2,	/* "offline": empty, gives out nothing */
	CDM_STATE_HUNG		= 3,	/* "hung": does not answer (injected) */
};

/* cdm_info.features */
#define CDM_FEATURE_ANON		(1ULL << 0)	/* private anonymous memory */
#define CDM_FEATURE_INJECT		(1ULL << 1)	/* CDM_INJECT is built in */
#define CDM_FEATURE_SHMEM		(1ULL << 2)	/* shared memory, files of tmpfs */
#define CDM_FEATURE_FILE		(1ULL << 3)	/* files of ext4 and xfs */

/**
 * struct cdm_info - what the device is and how much of it is in use
 * @size: sizeof(struct cdm_info)
 * @version: out: CDM_UAPI_VERSION of the running kernel
 * @features: out: CDM_FEATURE_* bits
 * @phys_start: out: first physical address (bytes); 0 without CAP_SYS_ADMIN
 * @bytes: out: size of the device (bytes)
 * @page_size: out: bytes in a page, the unit of all counts of pages
 * @nid: out: NUMA node that the memory is accounted to
 * @state: out: enum cdm_state
 * @index: out: N of /dev/cdmN
 * @pages_free: out: pages that can be given out
 * @pages_used: out: pages that processes hold
 * @pages_quarantined: out: pages withdrawn because they were poisoned or lost
 *
 * total == free + used + quarantined at any moment.
 */
struct cdm_info {
	__u32 size;
	__u32 version;
	__u64 features;
	__u64 phys_start;
	__u64 bytes;
	__u32 page_size;
	__s32 nid;
	__u32 state;
	__u32 index;
	__u64 pages_free;
	__u64 pages_used;
	__u64 pages_quarantined;
};

/* Direction of a migration. */
enum cdm_direction {
	CDM_TO_DEVICE	= 0,
	CDM_TO_RAM	= 1,
};

/*
 * Why a page did not move; index into cdm_migrate.failed[]. The numbers are
 * those of the kernel's enum migrate_fail and of the migrate_vma tracepoints.
 */
enum cdm_fail {
	CDM_FAIL_UNMAPPED	= 0,	/* nothing mapped there yet */
	CDM_FAIL_SWAPPED	= 1,	/* not present: swapped out */
	CDM_FAIL_PINNED		= 2,	/* somebody else holds a reference */
	CDM_FAIL_LOCKED		= 3,	/* page lock taken */
	CDM_FAIL_ISOLATE	= 4,	/* could not be taken off the LRU */
	CDM_FAIL_FILE		= 5,	/* of a file that does not take part */
	CDM_FAIL_WRITEBACK	= 6,	/* under writeback, or yet to be written to a disk */
	CDM_FAIL_LARGE		= 7,	/* a large folio that could not be split */
	CDM_FAIL_KSM		= 8,	/* merged by KSM */
	CDM_FAIL_FOREIGN	= 9,	/* on another device */
	CDM_FAIL_UNSUPPORTED	= 10,	/* kind of mapping that cannot move */
	CDM_FAIL_ALLOC		= 11,	/* no destination page */
	CDM_FAIL_CHARGE		= 12,	/* memory cgroup limit, new pages only */
	CDM_FAIL_COPY		= 13,	/* the copy failed */
	CDM_FAIL_RACED		= 14,	/* changed under the migration */
	CDM_FAIL_DENIED		= 15,	/* of a file that the caller may not write to */
	CDM_FAIL_SECRETMEM	= 16,	/* memfd_secret() */
	CDM_FAIL_HUGETLB	= 17,
	CDM_FAIL_DAX		= 18,	/* of a file in persistent memory */
	CDM_FAIL_MAX		= 19,
};

#define CDM_FAIL_SLOTS	24	/* room for later reasons */

/* cdm_migrate.flags */
#define CDM_MIGRATE_POPULATE	(1U << 0)	/* TO_DEVICE: fill holes on the device */

/**
 * struct cdm_migrate - move a range of a process's memory
 * @size: sizeof(struct cdm_migrate)
 * @flags: CDM_MIGRATE_* bits
 * @addr: start (bytes, page aligned)
 * @len: length (bytes, page aligned, not 0)
 * @pidfd: whose memory, see the top of this file
 * @direction: enum cdm_direction
 * @requested: out: pages in the range that were looked at
 * @migrated: out: pages that moved (or were created on the device)
 * @already: out: pages that were where they should go
 * @failed: out: pages that stayed, by enum cdm_fail
 *
 * Partial success is success: the ioctl returns 0 and
 * requested == migrated + already + sum(failed). Holes in the address space
 * and kinds of mapping that cannot move count as CDM_FAIL_UNMAPPED and as
 * CDM_FAIL_SECRETMEM, _HUGETLB, _DAX or _UNSUPPORTED. -EINTR on a fatal
 * signal, with the counts so far.
 */
struct cdm_migrate {
	__u32 size;
	__u32 flags;
	__u64 addr;
	__u64 len;
	__s32 pidfd;
	__u32 direction;
	__u64 requested;
	__u64 migrated;
	__u64 already;
	__u64 failed[CDM_FAIL_SLOTS];
};

/**
 * struct cdm_evict - migrate everything on the device home
 * @size: sizeof(struct cdm_evict)
 * @flags: must be 0
 * @timeout_ms: give up after this long (0: one pass)
 * @reserved: must be 0
 * @evicted: out: pages that came home
 * @remaining: out: pages that are still on the device
 *
 * Needs CAP_SYS_ADMIN, since the pages are other processes'. Returns 0 when
 * the device is empty, -EBUSY when pages remained that are pinned or locked,
 * -ENOMEM when RAM was short and -EIO when pages could not be copied, -EINTR on
 * a signal, -ENODEV when the device is being removed. The counts are valid
 * unless it is -EPERM, -EINVAL or -ENODEV.
 */
struct cdm_evict {
	__u32 size;
	__u32 flags;
	__u32 timeout_ms;
	__u32 reserved;
	__u64 evicted;
	__u64 remaining;
};

/* cdm_engine.op: what the device's engine does with the range */
enum cdm_engine_op {
	CDM_ENGINE_READ		= 0,	/* process memory -> @buf */
	CDM_ENGINE_WRITE	= 1,	/* @buf -> process memory */
	CDM_ENGINE_ADD64	= 2,	/* add @value to each aligned u64 */
};

/**
 * struct cdm_engine - let the device work on a process's memory
 * @size: sizeof(struct cdm_engine)
 * @op: enum cdm_engine_op
 * @addr: start in the process (bytes; ADD64: multiple of 8)
 * @len: length (bytes, at most CDM_ENGINE_MAX; ADD64: multiple of 8)
 * @buf: READ, WRITE: the caller's buffer, len bytes; ADD64: must be 0
 * @value: ADD64: what to add; else must be 0
 * @pidfd: whose memory, see the top of this file
 * @flags: must be 0
 * @done: out: bytes that were worked on
 *
 * The engine is a thread of the device: it runs beside the CPUs, reaches pages
 * through the coherent mapping wherever they are (device or RAM) and does not
 * move them. ADD64 is atomic with respect to CPU atomics. The caller waits;
 * -EINTR on a fatal signal or when the file is closed, -EFAULT at the first
 * address that is not accessible, -EIO when the device hangs, each with @done
 * telling how far it came.
 */
struct cdm_engine {
	__u32 size;
	__u32 op;
	__u64 addr;
	__u64 len;
	__u64 buf;
	__u64 value;
	__s32 pidfd;
	__u32 flags;
	__u64 done;
};

#define CDM_ENGINE_MAX	(1ULL << 30)

/* cdm_inject.kind */
enum cdm_inject_kind {
	CDM_INJECT_NONE		= 0,	/* withdraw all of this opener's faults */
	CDM_INJECT_FAIL_ALLOC	= 1,	/* @arg: the next N allocations fail */
	CDM_INJECT_DELAY	= 2,	/* @arg: us added per copied page, <= 1000000 */
	CDM_INJECT_HANG		= 3,	/* @arg: milliseconds, at most 30000 */
	CDM_INJECT_LOSE		= 4,	/* @arg, @len: range, bytes into the device */
	CDM_INJECT_RESET	= 5,	/* online, without faults and lost pages */
};

/**
 * struct cdm_inject - make the device misbehave
 * @size: sizeof(struct cdm_inject)
 * @kind: enum cdm_inject_kind
 * @arg: see enum cdm_inject_kind; else 0
 * @len: LOSE: bytes, page aligned; else 0
 * @affected: out: LOSE: pages that were in use, and so data that were lost
 *
 * Who touches a lost page gets SIGBUS with BUS_MCEERR_AR, see madvise(2),
 * MADV_HWPOISON. Lost pages are quarantined until CDM_INJECT_RESET, and longer
 * while somebody holds references to them.
 *
 * Needs CAP_SYS_ADMIN and CONFIG_CDM_FAULT_INJECTION (-EOPNOTSUPP without).
 * While the device hangs, migrations to it and engine requests fail with -EIO; one
 * that was under way is rolled back and no data is lost. LOSE is not withdrawn when
 * the file is closed.
 */
struct cdm_inject {
	__u32 size;
	__u32 kind;
	__u64 arg;
	__u64 len;
	__u64 affected;
};

#define CDM_IOC_MAGIC	0xCD
#define CDM_INFO	_IOWR(CDM_IOC_MAGIC, 0x00, struct cdm_info)
#define CDM_MIGRATE	_IOWR(CDM_IOC_MAGIC, 0x01, struct cdm_migrate)
#define CDM_EVICT	_IOWR(CDM_IOC_MAGIC, 0x02, struct cdm_evict)
#define CDM_ENGINE	_IOWR(CDM_IOC_MAGIC, 0x03, struct cdm_engine)
#define CDM_INJECT	_IOWR(CDM_IOC_MAGIC, 0x04, struct cdm_inject)

#endif /* _UAPI_LINUX_CDM_H */

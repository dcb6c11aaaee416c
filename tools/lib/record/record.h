/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshot records, and files of records (.cdm, man page cdm-record(5)).
 *
 * A refresh of cdmtop is: CDM_SNAP_BEGIN, then CDM_SNAP_DEVICE, _CGROUP and
 * _PROC in any number and order, then CDM_SNAP_END. Events may stand anywhere.
 *
 * A file is struct cdm_file_header and then records, of rows only what changed, in the byte order of the
 * machine that wrote it; a reader of the other order refuses it. A file that
 * ends within a record is read up to the last whole one.
 */
#ifndef CDM_RECORD_H
#define CDM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "../../../bpf/cdm_abi.h"

enum cdm_snap_kind {
	CDM_SNAP_BEGIN = CDM_EV_MAX,	/* struct cdm_snap_begin */
	CDM_SNAP_PROC,			/* struct cdm_snap_proc */
	CDM_SNAP_CGROUP,		/* struct cdm_snap_cgroup */
	CDM_SNAP_DEVICE,		/* struct cdm_snap_device */
	CDM_SNAP_VMA,			/* struct cdm_snap_vma */
	CDM_SNAP_END,			/* struct cdm_snap_end */
	CDM_REC_LOSS,			/* struct cdm_rec_loss */
	CDM_REC_STACK,			/* struct cdm_rec_stack */
	CDM_REC_NOTE,			/* struct cdm_rec_note */
	CDM_REC_DEVICE_ID,		/* struct cdm_rec_device_id */
	CDM_SNAP_DELTA,			/* struct cdm_snap_delta, in files alone */
	CDM_SNAP_STAY,			/* struct cdm_rec, see below; not in files */
	CDM_REC_USER_STACK,		/* struct cdm_rec_user_stack */
	CDM_SNAP_SCAN,			/* struct cdm_snap_scan */
	CDM_SNAP_NUMA,			/* struct cdm_snap_numa */
	CDM_SNAP_DMEM,			/* struct cdm_snap_dmem */
};

/* As it was when all pages that stayed were told why, and @untold was 0. */
#define CDM_EV_MIGRATE_MIN	offsetof(struct cdm_ev_migrate, untold)
/* As it was when each page was an event of its own, and @pages was 0. */
#define CDM_EV_PINGPONG_MIN	offsetof(struct cdm_ev_pingpong, bytes)

/* A number that could not be had: shown as "-", JSON null. */
#define CDM_UNKNOWN	(~0ULL)

/* Features of a source: what a column needs, and what could be attached. */
enum cdm_feature {
	CDM_F_PROC_DEVICE	= 1 << 0,	/* device rss of processes */
	CDM_F_CGROUP_DEVICE	= 1 << 1,	/* device_host of cgroups */
	CDM_F_DEVICES		= 1 << 2,	/* /sys/class/cdm */
	CDM_F_MIGRATE		= 1 << 3,	/* events of migrations */
	CDM_F_WHY		= 1 << 4,	/* reasons for pages that stayed */
	CDM_F_FAULTS		= 1 << 5,	/* CPU faults on device memory */
	CDM_F_PINGPONG		= 1 << 6,
	CDM_F_PAGEFAULTS	= 1 << 7,	/* all page faults */
	CDM_F_PER_DEVICE	= 1 << 8,	/* device rss by device: walks pagemap */
	CDM_F_EVICT		= 1 << 9,
	CDM_F_CPU		= 1 << 10,	/* CPU time of processes */
	CDM_F_NUMA		= 1 << 11,	/* ordinary pages between NUMA nodes */
	CDM_F_DMEM		= 1 << 12,	/* the dmem controller has our devices */
};
/* Those that are not had in passing: page tables are walked, what migrates is slowed down. */
#define CDM_F_COSTLY	(CDM_F_PER_DEVICE | CDM_F_PINGPONG)
/* Those that BPF programs count. */
#define CDM_F_COUNTED	(CDM_F_MIGRATE | CDM_F_WHY | CDM_F_FAULTS | CDM_F_PINGPONG | \
			 CDM_F_PAGEFAULTS | CDM_F_EVICT | CDM_F_NUMA)

/* Starts a refresh. @rec.ts is when. */
struct cdm_snap_begin {
	struct cdm_rec rec;
	__u64 interval_ns;	/* since the last one; 0: this is the first */
	__u64 features;		/* enum cdm_feature that the figures come from */
};

/*
 * CDM_SNAP_STAY, between BEGIN and END: processes of the last refresh without it that had
 * neither device memory nor figures are as they were, unless CDM_SNAP_PROC says otherwise.
 */

#define CDM_MAX_DEVICES	16

/*
 * A process. The record may end before @stats: no BPF figures, or none yet.
 * Pages; CDM_UNKNOWN where not known.
 */
struct cdm_snap_proc {
	struct cdm_rec rec;
	__u32 pid;		/* of the reader's namespace */
	__u32 cpu_ms;		/* CPU time of all its threads, modulo 2^32; with CDM_F_CPU */
	__u32 uid;
	__u32 nr_devices;	/* used in per_device; 0: not walked */
	__u64 cgroup;		/* id */
	__u64 start_ns;
	__u64 rss;		/* RAM and device together */
	__u64 device;		/* of it on devices; the three that follow sum up to it */
	__u64 device_anon;
	__u64 device_file;
	__u64 device_shmem;
	__u64 per_device[CDM_MAX_DEVICES];	/* in the order of cdm_snap_device.index */
	char comm[CDM_COMM_LEN];
	struct cdm_stats stats;
};
#define CDM_SNAP_PROC_MIN	offsetof(struct cdm_snap_proc, stats)

/*
 * How exact the device memory of the process is that came before, where the kernel does not
 * count it: it was found by a scan of page tables, and what moved since was added. Or what
 * is in use of a device: it was found by a look at its pages. Without one it is exact.
 */
struct cdm_snap_scan {
	struct cdm_rec rec;
	__u32 pid;		/* 0: of a device */
	__u32 index;		/* of the device */
	__u64 error;		/* pages that it may be off */
	__u64 age_ns;		/* of the scan */
};

/* A cgroup of the hierarchy that the memory controller is in. Pages. */
struct cdm_snap_cgroup {
	struct cdm_rec rec;
	__u64 id;
	__u64 parent;		/* id, 0: the root */
	__u64 charged;		/* memory.current */
	__u64 device;		/* device_host of memory.stat; descendants included */
	__u64 limit;		/* memory.max; CDM_UNKNOWN - 1: none */
	__u64 has_stats;	/* 0: @stats is not there yet */
	struct cdm_stats stats;	/* of this cgroup alone */
	char path[];		/* below the root, "/" is the root; NUL-terminated */
};
#define CDM_NO_LIMIT	(CDM_UNKNOWN - 1)

/* What the dmem controller has of the cgroup that came before; none: it is not on there. */
struct cdm_snap_dmem {
	struct cdm_rec rec;
	__u64 cgroup;		/* id */
	__u64 device;		/* pages on all devices that it has moved there; descendants included */
};

struct cdm_snap_device {
	struct cdm_rec rec;
	__u32 index;		/* N of cdmN: position in per_device */
	__u32 state;		/* enum cdm_abi_state */
	__s32 node;
	__u32 has_stats;
	__u64 size;		/* pages */
	__u64 used;
	__u64 free;
	__u64 quarantined;
	__u64 device;		/* identity in events; 0: not known yet */
	char name[CDM_NAME_LEN];
	struct cdm_stats stats;
};

/* A VMA with device pages, for the process that is looked into. Pages. */
struct cdm_snap_vma {
	struct cdm_rec rec;
	__u32 pid;
	__u32 vma;		/* enum cdm_abi_vma */
	__u64 start;
	__u64 end;
	__u64 rss;
	__u64 device;
	char perms[8];		/* "rw-p" */
	char name[];		/* path, "[heap]", ""; NUL-terminated */
};

/* Counters of the whole machine, in /proc/vmstat: they say what events should sum up to. */
enum cdm_vmstat {
	CDM_VMSTAT_NONE, CDM_VMSTAT_MIGRATE, CDM_VMSTAT_NUMA_MIGRATED, CDM_VMSTAT_PROMOTE,
	CDM_VMSTAT_DEMOTE_KSWAPD, CDM_VMSTAT_DEMOTE_DIRECT, CDM_VMSTAT_DEMOTE_KHUGEPAGED,
	CDM_NR_VMSTAT
};

/*
 * Ordinary pages that migrated, with CDM_F_NUMA: for each @key, and for each counter,
 * of which only pages and failed are told, since events are counted.
 */
struct cdm_snap_numa {
	struct cdm_rec rec;
	struct cdm_numa_key key;
	__u32 vmstat;		/* enum cdm_vmstat; CDM_VMSTAT_NONE: counted by events */
	__u32 pad;
	struct cdm_numa numa;
};

/* Ends a refresh: losses since the start, and what the tool itself cost. */
struct cdm_snap_end {
	struct cdm_rec rec;
	__u64 emitted;		/* events */
	__u64 lost;		/* events */
	__u64 tool_cpu_ns;	/* of this process, since its start */
	__u64 bpf_ns;		/* run time of the BPF programs; CDM_UNKNOWN */
	__u64 bpf_runs;
	__u64 tool_rss;		/* bytes */
};

/* Events that were lost, at the place in the stream where that was noticed. */
struct cdm_rec_loss {
	struct cdm_rec rec;
	__u32 event;		/* enum cdm_kind */
	__u32 pad;
	struct cdm_loss total;	/* since the start */
};

/* The kernel's part of a stack, before the first event that refers to it. */
struct cdm_rec_stack {
	struct cdm_rec rec;
	__s32 id;
	__u32 nr;
	char frames[];		/* nr NUL-terminated names, innermost first */
};

/* Why a stack has no frames in user space, or none with names. */
enum cdm_user_status {
	CDM_USER_KNOWN,		/* it has */
	CDM_USER_KERNEL,	/* a kernel thread, or it could not be read */
	CDM_USER_ENDED,		/* the program had ended before it was looked at; frames are addresses */
	CDM_USER_DENIED,	/* its mappings may not be read; frames are addresses */
	CDM_USER_ELSEWHERE,	/* in no pid namespace that the reader sees; frames are addresses */
	CDM_NR_USER
};

#define CDM_FRAME_MAX	4096	/* bytes */

/* Of the thread that ran. */
struct cdm_user_frame {
	__u16 len;		/* bytes with the names, a multiple of 8 */
	__u8 program;		/* 1: in the program itself, not in a library */
	__u8 build_id_len;	/* of the module, bytes; 0: it has none */
	__u32 pad;
	__u64 offset;		/* address as nm(1) has it of the module; without one in the process */
	__u64 function_offset;	/* bytes from the start of the function */
	unsigned char build_id[20];
	char names[];		/* of function and module, "" if not known; NUL-terminated */
};

/*
 * The part of a stack in user space: follows the record of kind CDM_REC_STACK with this
 * id, before the first event that has it. There is none in older recordings.
 */
struct cdm_rec_user_stack {
	struct cdm_rec rec;
	__s32 id;
	__u16 nr;
	__u16 status;		/* enum cdm_user_status */
	__u64 frames[];		/* nr times struct cdm_user_frame, innermost first */
};

static inline const char *cdm_frame_module(const struct cdm_user_frame *f)
{
	return strchr(f->names, '\0') + 1;
}

static inline const struct cdm_user_frame *cdm_frame_next(const struct cdm_user_frame *f)
{
	return (const void *)((const char *)f + f->len);
}

/* Something that the user should know, "faults: not available: ..." */
struct cdm_rec_note {
	struct cdm_rec rec;
	char text[];		/* NUL-terminated */
};

struct cdm_rec_device_id {
	struct cdm_rec rec;
	__u64 device;		/* identity in events */
	struct cdm_device_id id;
};

/*
 * In a file between BEGIN and END: steps through the rows (processes, cgroups, devices,
 * VMAs) of the refresh before, in their order there. Rows that no step has reached at
 * the END have ended. The reader returns the rows that are meant, with the time of BEGIN.
 */
struct cdm_snap_delta {
	struct cdm_rec rec;
	__u64 steps[];		/* struct cdm_delta_step, and the words of its change */
};

struct cdm_delta_step {
	__u32 same;		/* so many rows are the same, */
	__u16 drop;		/* so many after them have ended, and */
	__u16 words;		/* if not 0, one more has other values: 8-byte words that follow */
};

/* What a change consists of: so many words, which follow, from there on. */
struct cdm_delta_run {
	__u32 at;		/* words from the start of the row; not in its head */
	__u32 nr;
};

#define CDM_FILE_MAGIC	"CDMREC\r\n"
#define CDM_FILE_VERSION 2	/* 1: without CDM_SNAP_DELTA */
#define CDM_REC_MAX	(1 << 20)	/* no record is longer */

struct cdm_file_header {
	char magic[8];
	__u32 byte_order;	/* 0x01020304 */
	__u32 version;
	__u32 header_len;	/* bytes; more may follow in later versions */
	__u32 page_size;	/* bytes */
	__u64 wall_ns;		/* CLOCK_REALTIME ... */
	__u64 boot_ns;		/* ... at this CLOCK_BOOTTIME */
	__u64 pingpong_window_ns;
	__u32 pingpong_flips;
	__u32 emulated;		/* 1: times are those of an emulator */
	char release[64];	/* uname -r */
	char host[64];
};

/* Fills in @h for this machine, now. */
void cdm_file_header_init(struct cdm_file_header *h);

/**
 * struct cdm_writer - writes a .cdm file
 *
 * It has names, addresses and command lines of others: only its owner may read it.
 * Of a refresh what did not change since the one before is left out; now and then
 * there is a whole one.
 *
 * The file appears under its name only when cdm_writer_close() succeeded, and
 * is complete up to the last record if the program dies: it grows under
 * "NAME.part" until then. "-" is standard output.
 */
struct cdm_writer;

/* @path is used until the end. Return: NULL, and @why. */
struct cdm_writer *cdm_writer_open(const char *path, const struct cdm_file_header *h, char *why);
/* A valid record. Buffered. Return: 0 or -errno; after an error the file is not written to again. */
int cdm_writer_put(struct cdm_writer *w, const struct cdm_rec *rec);
int cdm_writer_flush(struct cdm_writer *w);
/* Frees @w. Return: 0, or -errno and @why. */
int cdm_writer_close(struct cdm_writer *w, char *why);
/* Frees @w and removes what it wrote: there is nothing worth keeping. */
void cdm_writer_discard(struct cdm_writer *w);
/* Of the file, written or buffered. */
__u64 cdm_writer_bytes(const struct cdm_writer *w);

/**
 * struct cdm_reader - reads a .cdm file, which may be damaged or hostile
 *
 * A record that it returns is within the limits of its kind: its length is at
 * least that of the part that every version has, strings in it end, indices and
 * enums are in range.
 */
struct cdm_reader;

/* "-" is standard input. Return: NULL, and @why. */
struct cdm_reader *cdm_reader_open(const char *path, char *why);
const struct cdm_file_header *cdm_reader_header(const struct cdm_reader *r);
/*
 * The next record, valid until the next call. Return: 1; 0 at the end; -errno and
 * @why. A file that ends within a record ends with 0 and cdm_reader_truncated() is
 * true from then on.
 */
int cdm_reader_next(struct cdm_reader *r, const struct cdm_rec **rec, char *why);
/* Of the file, up to the end of what was returned last. */
__u64 cdm_reader_bytes(const struct cdm_reader *r);
bool cdm_reader_truncated(const struct cdm_reader *r);
void cdm_reader_close(struct cdm_reader *r);

/* Whether @rec, of @len bytes at hand, is what its kind says. For fuzzing too. */
bool cdm_rec_valid(const struct cdm_rec *rec, size_t len);

/* Names for the numbers of cdm_abi.h, "?" out of range. */
const char *cdm_kind_name(unsigned int kind);	/* "migrate" */
const char *cdm_why_name(unsigned int why);	/* "pinned" */
/* What such a page is, and what to do. */
const char *cdm_why_hint(unsigned int why);
const char *cdm_dir_name(unsigned int dir);	/* "in", "out" */
const char *cdm_cause_name(unsigned int cause);
const char *cdm_fault_name(unsigned int fault);
const char *cdm_vma_name(unsigned int vma);
const char *cdm_state_name(unsigned int state);
const char *cdm_memory_name(unsigned int memory);
const char *cdm_reason_name(unsigned int reason);
const char *cdm_mode_name(unsigned int mode);
const char *cdm_vmstat_name(unsigned int vmstat);	/* "pgmigrate_success" */
const char *cdm_rss_name(unsigned int why);
const char *cdm_charge_name(unsigned int charge);
const char *cdm_user_status_name(unsigned int status);	/* "the program had ended"; why it is so */

#endif

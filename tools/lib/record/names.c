// SPDX-License-Identifier: GPL-2.0
/* Names for the numbers of cdm_abi.h: one table each, used by all outputs. */
#include <string.h>

#include "record/record.h"

#define NAME(table, n) ((n) < sizeof(table) / sizeof((table)[0]) && (table)[n] ? (table)[n] : "?")

static const char *const kinds[] = {
	[CDM_EV_MIGRATE] = "migrate", [CDM_EV_EVICT] = "evict", [CDM_EV_FAULT] = "fault",
	[CDM_EV_PAGE] = "page", [CDM_EV_RSS] = "rss", [CDM_EV_CHARGE] = "charge",
	[CDM_EV_PINGPONG] = "pingpong", [CDM_EV_DEVICE] = "device",
	[CDM_EV_PAGEFAULT] = "pagefault", [CDM_EV_NUMA] = "numa",
	[CDM_SNAP_BEGIN] = "begin", [CDM_SNAP_PROC] = "proc", [CDM_SNAP_CGROUP] = "cgroup",
	[CDM_SNAP_DEVICE] = "devices", [CDM_SNAP_VMA] = "vma", [CDM_SNAP_END] = "end",
	[CDM_REC_LOSS] = "loss", [CDM_REC_STACK] = "stack", [CDM_REC_NOTE] = "note",
	[CDM_REC_DEVICE_ID] = "device_id", [CDM_REC_USER_STACK] = "user_stack",
	[CDM_SNAP_NUMA] = "numa_rows", [CDM_SNAP_DMEM] = "dmem",
};

/* As the kernel prints them, see Documentation/trace/events-cdm.rst of the series. */
static const char *const whys[CDM_NR_REFUSAL] = {
	"unmapped", "swapped", "pinned", "locked", "isolate", "file", "writeback", "large",
	"ksm", "foreign", "unsupported", "alloc", "charge", "copy", "raced",
	"denied", "secretmem", "hugetlb", "dax",
};
static const char *const why_hints[CDM_NR_REFUSAL] = {
	[CDM_WHY_UNMAPPED] = "nothing is there",
	[CDM_WHY_SWAPPED] = "in swap: touch it first",
	[CDM_WHY_PINNED] = "held by direct I/O, io_uring, vmsplice() or a driver: release the pin first",
	[CDM_WHY_LOCKED] = "others worked on the page, for example by I/O: try again",
	[CDM_WHY_ISOLATE] = "another migration or reclaim had it: try again",
	[CDM_WHY_FILE] = "of a file that is not of tmpfs, ext4 or xfs, or not yours to write: copy it to memory",
	[CDM_WHY_WRITEBACK] = "not written to disk or swap yet: sync, try again",
	[CDM_WHY_LARGE] = "a huge page could not be split: madvise(MADV_NOHUGEPAGE) before",
	[CDM_WHY_KSM] = "merged with equal pages: madvise(MADV_UNMERGEABLE)",
	[CDM_WHY_FOREIGN] = "on another device: to move it, bring it home first",
	[CDM_WHY_UNSUPPORTED] = "device memory, memory with tags or userfaultfd: choose other ranges",
	[CDM_WHY_ALLOC] = "no room at the destination: evict, or use another device",
	[CDM_WHY_CHARGE] = "the cgroup's limit does not allow it: raise memory.max, or dmem.max",
	[CDM_WHY_COPY] = "the copy failed, poison or a hung device: see its state and the kernel's log",
	[CDM_WHY_RACED] = "it changed meanwhile: try again",
	[CDM_WHY_DENIED] = "of a file that is not yours to write, or sealed: ask its owner, or copy it to memory",
	[CDM_WHY_SECRETMEM] = "of memfd_secret(), it is for the CPU alone: choose other ranges",
	[CDM_WHY_HUGETLB] = "of hugetlb: use transparent huge pages, madvise(MADV_HUGEPAGE)",
	[CDM_WHY_DAX] = "of a file in persistent memory: copy it to memory",
};
static const char *const dirs[CDM_NR_DIR] = { "in", "out" };
static const char *const causes[CDM_NR_CAUSE] = {
	"driver", "evict", "remove", "pin", "fault", "full", "write",
};
static const char *const faults[CDM_NR_FAULT] = { "cow", "reuse", "wait" };
static const char *const vmas[CDM_NR_VMA] = { "anon", "heap", "stack", "file", "shmem" };
static const char *const states[CDM_NR_STATE] = {
	"online", "draining", "offline", "hung", "removed",
};
static const char *const memories[] = { "unknown", "host", "coherent", "private" };
static const char *const rsses[CDM_NR_RSS] = { "migrate", "evict", "map", "unmap", "lost" };
static const char *const charges[CDM_NR_CHARGE] = {
	"charge", "uncharge", "transfer_in", "transfer_out",
};
/* As the kernel's tracepoints print them, but that the first of "syscall_or_cpuset" is enough. */
static const char *const reasons[CDM_NR_REASON] = {
	"compaction", "memory_failure", "memory_hotplug", "syscall", "mempolicy_mbind",
	"numa_misplaced", "contig_range", "longterm_pin", "demotion", "damon", "other",
};
static const char *const modes[CDM_NR_MODE] = { "async", "sync_light", "sync", "other" };
static const char *const vmstats[CDM_NR_VMSTAT] = {
	[CDM_VMSTAT_NONE] = "none", [CDM_VMSTAT_MIGRATE] = "pgmigrate_success",
	[CDM_VMSTAT_NUMA_MIGRATED] = "numa_pages_migrated",
	[CDM_VMSTAT_PROMOTE] = "pgpromote_success",
	[CDM_VMSTAT_DEMOTE_KSWAPD] = "pgdemote_kswapd",
	[CDM_VMSTAT_DEMOTE_DIRECT] = "pgdemote_direct",
	[CDM_VMSTAT_DEMOTE_KHUGEPAGED] = "pgdemote_khugepaged",
};

static const char *const user_statuses[CDM_NR_USER] = {
	[CDM_USER_KNOWN] = "known",
	[CDM_USER_KERNEL] = "it is a kernel thread, or could not be read",
	[CDM_USER_ENDED] = "the program had ended before it was looked at",
	[CDM_USER_DENIED] = "the process may not be looked into",
	[CDM_USER_ELSEWHERE] = "the process is of another pid namespace",
};

const char *cdm_kind_name(unsigned int kind)
{
	return NAME(kinds, kind);
}

const char *cdm_why_name(unsigned int why)
{
	return NAME(whys, why);
}

const char *cdm_why_hint(unsigned int why)
{
	return why < CDM_NR_REFUSAL ? why_hints[why] : "a reason newer than this program";
}

const char *cdm_dir_name(unsigned int dir)
{
	return NAME(dirs, dir);
}

const char *cdm_cause_name(unsigned int cause)
{
	return NAME(causes, cause);
}

const char *cdm_fault_name(unsigned int fault)
{
	return NAME(faults, fault);
}

const char *cdm_vma_name(unsigned int vma)
{
	return NAME(vmas, vma);
}

const char *cdm_state_name(unsigned int state)
{
	return NAME(states, state);
}

const char *cdm_memory_name(unsigned int memory)
{
	return NAME(memories, memory);
}

const char *cdm_reason_name(unsigned int reason)
{
	return NAME(reasons, reason);
}

const char *cdm_mode_name(unsigned int mode)
{
	return NAME(modes, mode);
}

const char *cdm_vmstat_name(unsigned int vmstat)
{
	return NAME(vmstats, vmstat);
}

const char *cdm_rss_name(unsigned int why)
{
	return NAME(rsses, why);
}

const char *cdm_charge_name(unsigned int charge)
{
	return NAME(charges, charge);
}

const char *cdm_user_status_name(unsigned int status)
{
	return NAME(user_statuses, status);
}

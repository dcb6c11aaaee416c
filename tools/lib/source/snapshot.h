/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Values that need no BPF: processes from /proc, cgroups from their files,
 * devices from sysfs. Each function emits records through @emit, and stops with
 * its error if that returns one. Values that cannot be read are CDM_UNKNOWN.
 */
#ifndef CDM_SNAPSHOT_H
#define CDM_SNAPSHOT_H

#include <sys/types.h>

#include "record/record.h"

typedef int (*cdm_emit_fn)(void *ctx, const struct cdm_rec *rec);

/*
 * Where trees are mounted. Only tests set it: they point all of it elsewhere before
 * anything is read.
 */
struct cdm_roots {
	const char *proc;	/* "/proc" */
	const char *sys;	/* "/sys" */
	const char *dev;	/* "/dev"; NULL: devices are not opened */
};
extern struct cdm_roots cdm_roots;

/* Fills in the head of a snapshot record of @len bytes, a multiple of 8, made now. */
void cdm_snap_head(struct cdm_rec *rec, unsigned int kind, size_t len);
/* Emits a CDM_REC_NOTE; @text is cut after CDM_WHY_LEN. Return: 0 or -errno. */
int cdm_emit_note(cdm_emit_fn emit, void *ctx, const char *text);
/*
 * Reads all of a small file, relative to @dir unless @path is absolute. A longer
 * file is cut. Return: bytes, not counting the NUL that is added; -errno.
 */
ssize_t cdm_read_file(int dir, const char *path, char *buf, size_t size);

/* Whether times are those of an emulator (QEMU TCG). */
bool cdm_emulated(void);

/* --- processes --- */

/*
 * One process from /proc/PID/{stat,status}. Not filled in: cgroup (0, see
 * cdm_cgroups_of()), per_device, stats. Return: 0; -ESRCH, also for the id of a
 * thread; -errno.
 */
int cdm_proc_read(__u32 pid, struct cdm_snap_proc *snap);
/*
 * How much of @snap->device is anonymous: all of it in a process that has no pages of
 * files and no shared memory (@mapped, in any unit), else nobody knows.
 */
void cdm_proc_set_anon(struct cdm_snap_proc *snap, __u64 mapped);

/*
 * Where the stack of its program began, which is chosen anew at each exec; 0: that is not
 * told. Return: 0 or -errno.
 */
int cdm_proc_start_stack(__u32 pid, __u64 *start);
/* Whether the kernel counts processes' device memory: it is built with DEVICE_HOST. */
bool cdm_proc_has_device(void);
/* Whether /proc is there, and has the numbers of this pid namespace. */
bool cdm_proc_is_ours(void);
/* Calls @each for every process in /proc. */
int cdm_proc_each(int (*each)(void *ctx, __u32 pid), void *ctx);
/*
 * Fills in @snap->per_device and nr_devices: with the only range there is, or by
 * walking /proc/PID/pagemap over the VMAs with device pages. The walk takes time,
 * so that its sum may differ from @snap->device while pages move.
 * Return: 0, -EPERM without CAP_SYS_ADMIN, -ESRCH, -errno; nr_devices is 0 then.
 */
struct cdm_device_range { __u32 index; __u64 start, end; /* physical, bytes, exclusive end */ };
int cdm_proc_walk_devices(struct cdm_snap_proc *snap, const struct cdm_device_range *ranges, size_t nr);
/*
 * Private memory in @ranges: pages that are there, or that the CPU cannot reach.
 * Return: 0, -EPERM, -ESRCH, -errno.
 */
struct cdm_scan {
	__u64 device;		/* pages */
	__u64 per_device[CDM_MAX_DEVICES];	/* of them, by the index of the range */
	__u64 shared;		/* of them, not more than so many are mapped by others, too */
};
int cdm_proc_scan(__u32 pid, const struct cdm_device_range *ranges, size_t nr, struct cdm_scan *scan);
/* Whether pagemap has physical addresses, which takes CAP_SYS_ADMIN, and is that of the process. */
bool cdm_proc_shows_pages(void);

/* A VMA; strings are valid during the call that it is handed to. */
struct cdm_vma {
	__u64 start;		/* bytes */
	__u64 end;
	__u64 rss;		/* pages; CDM_UNKNOWN without @sizes */
	__u64 shared;		/* of them mapped by others, too; 0 without @sizes */
	__u64 device;		/* of them on devices; CDM_UNKNOWN: not counted */
	enum cdm_abi_vma kind;
	bool special;		/* the kernel's own: [vdso], [vvar], device memory */
	__u64 offset;		/* in the file, bytes */
	__u64 inode;		/* of it; 0: none */
	char perms[8];		/* "rw-p" */
	const char *name;	/* "" */
};

/*
 * Calls @each for every VMA, in order, until it returns other than 0. @sizes:
 * from smaps, which walks the page tables, otherwise from maps.
 * Return: 0, what @each returned, -ESRCH, -EPERM, -errno.
 */
int cdm_proc_maps(__u32 pid, bool sizes, int (*each)(void *ctx, const struct cdm_vma *vma),
		  void *ctx);
/* CDM_SNAP_VMA for each VMA with device pages, from smaps. */
int cdm_proc_vmas(__u32 pid, cdm_emit_fn emit, void *ctx);

/* --- the machine --- */

struct cdm_vmstat_values {
	__u64 pages[CDM_NR_VMSTAT];	/* since it started; CDM_UNKNOWN: not counted */
	__u64 failed;			/* beside CDM_VMSTAT_MIGRATE */
};

/* Return: 0 or -errno. */
int cdm_vmstat_read(struct cdm_vmstat_values *v);

/* --- cgroups --- */

/*
 * The hierarchy of the memory controller, v2 or v1. Keeps its files open between
 * refreshes, so that one costs a pread() a value.
 */
struct cdm_cgroups;
struct cdm_cgroups *cdm_cgroups_open(void);	/* NULL with errno: there is none */
void cdm_cgroups_close(struct cdm_cgroups *c);
bool cdm_cgroups_have_device(const struct cdm_cgroups *c);	/* the kernel counts device_host */
/* As if the kernel did not: others than DEVICE_HOST are not in it. */
void cdm_cgroups_ignore_device(struct cdm_cgroups *c);
/* Whether the dmem controller has regions of ours; CDM_SNAP_DMEM follows each cgroup then, if asked. */
bool cdm_cgroups_have_dmem(const struct cdm_cgroups *c);
void cdm_cgroups_take_dmem(struct cdm_cgroups *c);	/* before the first refresh */
/*
 * Before the first refresh: each asks all cgroups for their processes, so that cdm_cgroups_of()
 * need not ask most processes. Only where cdm_proc_is_ours().
 */
void cdm_cgroups_take_members(struct cdm_cgroups *c);
int cdm_cgroups_fd(const struct cdm_cgroups *c);	/* of the mount; stays @c's */

/*
 * What BPF knows of cgroups by their ids; NULL: nothing. Without @values of one its
 * files are read. With those of as many as there were, and the same, their folders
 * are not looked through for new ones.
 */
struct cdm_cgroup_source {
	const struct cdm_stats *(*stats)(void *ctx, __u64 id);
	const struct cdm_cgroup *(*values)(void *ctx, __u64 id);
	size_t (*nr)(void *ctx);	/* of @values */
};

/* @source: NULL: none. */
int cdm_cgroups_refresh(struct cdm_cgroups *c, __u64 below, const struct cdm_cgroup_source *source,
			cdm_emit_fn emit, void *ctx);
/* Id of a path ("/a/b", "a/b", an absolute path below the mount); 0 with errno. */
__u64 cdm_cgroups_id(struct cdm_cgroups *c, const char *path);
/*
 * Id of the memory cgroup of a process, 0: unknown. A cgroup that was made anew
 * under an old name since the last refresh has its old id until the next one. With
 * members, that of the last refresh, if it was there by then.
 */
__u64 cdm_cgroups_of(struct cdm_cgroups *c, __u32 pid);
/* Path of a cgroup that the last refresh saw, NULL: there is none. */
const char *cdm_cgroups_path(const struct cdm_cgroups *c, __u64 id);
/* Where it is mounted, "/sys/fs/cgroup". */
const char *cdm_cgroups_mount(const struct cdm_cgroups *c);

/* --- devices --- */

/* Whether there is /sys/class/cdm: their driver is loaded. */
bool cdm_devices_driver(void);
/* Number of devices in it. */
int cdm_devices_count(void);
/* Reads all into @snaps (no stats); return: how many, at most @max. */
int cdm_devices_read(struct cdm_snap_device *snaps, int max);
/* Physical ranges from /proc/iomem; 0 without CAP_SYS_ADMIN. */
int cdm_devices_ranges(struct cdm_device_range *ranges, int max);
/* Whether all addresses in it are shown as 0, as to those without CAP_SYS_ADMIN. */
bool cdm_devices_hidden(void);

#endif

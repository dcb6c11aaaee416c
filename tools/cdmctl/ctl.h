/* SPDX-License-Identifier: GPL-2.0 */
/* What the subcommands of cdmctl share. */
#ifndef CDMCTL_H
#define CDMCTL_H

#include <argp.h>
#include <limits.h>
#include <linux/cdm.h>
#include <signal.h>
#include <stdint.h>

#include "base/json.h"
#include "base/say.h"
#include "base/name.h"
#include "base/usage.h"
#include "source/snapshot.h"

enum { CTL_OK, CTL_FAILED, CTL_USAGE };	/* exit status */

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Subcommands: argv[0] is "cdmctl NAME". Return: the exit status. */
int ctl_list(int argc, char **argv);
int ctl_status(int argc, char **argv);
int ctl_migrate(int argc, char **argv);
int ctl_evict(int argc, char **argv);
int ctl_run(int argc, char **argv);
int ctl_inject(int argc, char **argv);
int ctl_engine(int argc, char **argv);
int ctl_bind(int argc, char **argv);
int ctl_unbind(int argc, char **argv);

/* --- common.c --- */

/* What is left until then, by CLOCK_MONOTONIC, rounded up. */
int ctl_ms_until(__u64 ns);

/* Whether /proc has what the DEVICE_HOST series brings. */
bool ctl_kernel_has_series(void);
/* Says why there is no device at all, and what to do. */
void ctl_explain_no_devices(void);

struct ctl_device {
	char name[CDM_NAME_LEN];
	__u32 index;
	int fd;
};

/*
 * Opens "cdm0", "/dev/cdm0" or "0". Return: 0, or -errno after a message that
 * names the devices that there are.
 */
int ctl_device_open(const char *name, struct ctl_device *device);
void ctl_device_close(struct ctl_device *device);
/* The last part of what a link leads to; "" if it is none. */
const char *ctl_link_end(const char *path, char buf[PATH_MAX]);
/* The device whose memory "cdm0" is, "dax0.0" or "0000:00:04.0"; "" if that is not told. */
const char *ctl_device_parent(const char *name, char buf[PATH_MAX]);

/* Return: a pidfd, or -errno after a message. */
int ctl_pidfd(__u32 pid);

/* "16.2M" in a buffer of the caller, "max" or "-", as in columns of cdmtop. */
#define CTL_SIZE_LEN	24
const char *ctl_size(char buf[CTL_SIZE_LEN], __u64 bytes);
/* Pages to bytes; CDM_UNKNOWN stays what it is. */
__u64 ctl_bytes(__u64 pages);

/* --- move.c --- */

/* Of one or several requests, in pages. */
struct ctl_counts {
	__u64 requested;
	__u64 migrated;
	__u64 already;
	__u64 failed[CDM_FAIL_SLOTS];
};

void ctl_counts_add(struct ctl_counts *to, const struct ctl_counts *from);
/* Pages that are there and did not go where they should. */
__u64 ctl_counts_stayed(const struct ctl_counts *counts);

/* Bits of 1 << enum cdm_abi_vma. */
#define CTL_VMA_ALL	((1U << CDM_NR_VMA) - 1)
#define CTL_VMA_ANON	(1U << CDM_VMA_HEAP | 1U << CDM_VMA_STACK | 1U << CDM_VMA_ANON)
/* "heap,stack", "all", of the option @name; @list is changed. Return: the bits. */
unsigned int ctl_parse_classes(struct argp_state *state, const char *name, char *list);

/* One CDM_MIGRATE; counts are added, also on errors. Return: 0 or -errno. */
int ctl_move(int fd, int pidfd, __u64 start, __u64 end, enum cdm_direction direction,
	     unsigned int flags, struct ctl_counts *counts);
/* Pages free on the device; 0 also if it cannot tell. */
__u64 ctl_free(int fd);
/* Says why a CDM_MIGRATE of @pid failed. */
void ctl_explain_move(int err, const char *device, __u32 pid);

/* --- spawn.c --- */

/*
 * A child that runs a program, and the signals of this process, which are passed
 * on to it. Those of the terminal reach it by themselves.
 */
struct ctl_child {
	pid_t pid;
	int signals;		/* signalfd, SIGCHLD too */
	bool exited;
	int status;		/* of wait(), once it exited */
};

/* Blocks the signals. Return: 0 or -errno after a message. */
int ctl_child_init(struct ctl_child *child);
/*
 * Starts @argv, in the cgroup with the directory @cgroup unless that is NULL.
 * Return: 0; 126 or 127 after a message, as a shell would exit.
 */
int ctl_child_start(struct ctl_child *child, char **argv, const char *cgroup);
/*
 * Handles the signals that wait: passes them on, reaps whoever ended. Return:
 * false once there is no child any more, or without one, once a signal asks to end.
 */
bool ctl_child_signals(struct ctl_child *child);
/* Ends this process as the program ended. */
void ctl_child_exit(const struct ctl_child *child) __attribute__((noreturn));

#endif

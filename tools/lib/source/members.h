/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which cgroup each process is in, as cgroups say it: a file of each cgroup instead of one of
 * each process, of which there are more.
 */
#ifndef CDM_MEMBERS_H
#define CDM_MEMBERS_H

#include <stddef.h>

#include <linux/types.h>

struct cdm_member {
	__u32 pid;		/* as in the pid namespace of who asks */
	__u64 cgroup;		/* its id */
};

/* All zero: empty. */
struct cdm_members {
	struct cdm_member *all;
	size_t nr, room;
};

/*
 * Adds those in @fd, an open cgroup.procs, which stays the caller's; -1, or one that cannot be
 * read, as that of a threaded cgroup: none. Return: 0 or -ENOMEM.
 */
int cdm_members_read(struct cdm_members *m, int fd, __u64 cgroup);
/* After the last one, before cdm_members_find(). */
void cdm_members_sort(struct cdm_members *m);
/* Return: the id of the cgroup of @pid; 0: it is in none of them. */
__u64 cdm_members_find(const struct cdm_members *m, __u32 pid);
void cdm_members_free(struct cdm_members *m);

#endif

// SPDX-License-Identifier: GPL-2.0
/* CDM_MIGRATE, its counts and its errors. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ctl.h"

_Static_assert((int)CDM_FAIL_MAX == (int)CDM_NR_REFUSAL, "each reason has a name and an advice");

void ctl_counts_add(struct ctl_counts *to, const struct ctl_counts *from)
{
	to->requested += from->requested;
	to->migrated += from->migrated;
	to->already += from->already;
	for (int i = 0; i < CDM_FAIL_SLOTS; i++)
		to->failed[i] += from->failed[i];
}

__u64 ctl_counts_stayed(const struct ctl_counts *counts)
{
	__u64 sum = 0;

	for (int i = 0; i < CDM_FAIL_SLOTS; i++)
		if (i != CDM_FAIL_UNMAPPED)
			sum += counts->failed[i];
	return sum;
}

unsigned int ctl_parse_classes(struct argp_state *state, const char *name, char *list)
{
	const char *words[CDM_NR_VMA + 2] = { NULL };
	unsigned int classes = 0, i;
	char *word;

	for (i = 0; i < CDM_NR_VMA; i++)
		words[i] = cdm_vma_name(i);
	words[i] = "all";
	while ((word = strsep(&list, ","))) {
		char why[CDM_WHY_LEN];
		int class = cdm_parse_word(word, "class of memory", words, why);

		if (class < 0)
			argp_error(state, "%s: %s", name, why);
		classes |= class == CDM_NR_VMA ? CTL_VMA_ALL : 1U << class;
	}
	return classes;
}

int ctl_move(int fd, int pidfd, __u64 start, __u64 end, enum cdm_direction direction,
	     unsigned int flags, struct ctl_counts *counts)
{
	struct cdm_migrate m = {
		.size = sizeof(m),
		.flags = flags,
		.addr = start,
		.len = end - start,
		.pidfd = pidfd,
		.direction = direction,
	};
	struct ctl_counts result;
	int ret = ioctl(fd, CDM_MIGRATE, &m) ? -errno : 0;

	result.requested = m.requested;
	result.migrated = m.migrated;
	result.already = m.already;
	memcpy(result.failed, m.failed, sizeof(result.failed));
	ctl_counts_add(counts, &result);
	return ret;
}

__u64 ctl_free(int fd)
{
	struct cdm_info info = { .size = sizeof(info) };

	return ioctl(fd, CDM_INFO, &info) ? 0 : info.pages_free;
}

void ctl_explain_move(int err, const char *device, __u32 pid)
{
	switch (err) {
	case -EPERM:
		cdm_say("%u: not permitted: it takes what ptrace takes, the same user and a "
			"dumpable process, or CAP_SYS_PTRACE (see also "
			"/proc/sys/kernel/yama/ptrace_scope)", pid);
		break;
	case -ESRCH:
		cdm_say("%u: has no memory: it has ended, or is a kernel thread", pid);
		break;
	case -ENODEV:
		cdm_say("%s: takes no pages: it is not online; see `cdmctl list`", device);
		break;
	case -EIO:
		cdm_say("%s: hangs: it takes no pages; memory on it can be brought home, "
			"`cdmctl evict`; `cdmctl inject %s reset` ends an injected hang",
			device, device);
		break;
	case -ENOTTY:
		cdm_say("%s: is not a CDM device, or of another version", device);
		break;
	case -EINTR:
		cdm_say("%u: interrupted", pid);
		break;
	case -EINVAL:
		cdm_say("%u: the range is beyond its address space", pid);
		break;
	default:
		errno = -err;
		cdm_say("%s: migration of process %u: %m", device, pid);
	}
}

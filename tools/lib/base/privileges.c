// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sys/capability.h>
#include <unistd.h>

#include "base/privileges.h"

static bool dropped;

static bool has(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t set = CAP_CLEAR;

	return !cap_get_flag(caps, cap, CAP_PERMITTED, &set) && set == CAP_SET;
}

static void keep(cap_t left, cap_t have, cap_value_t cap)
{
	if (!has(have, cap))
		return;
	cap_set_flag(left, CAP_PERMITTED, 1, &cap, CAP_SET);
	cap_set_flag(left, CAP_EFFECTIVE, 1, &cap, CAP_SET);
}

/* What is raised when it is needed. */
static const cap_value_t at_times[] = { CAP_DAC_OVERRIDE, CAP_BPF, CAP_PERFMON };
#define NR_AT_TIMES	(sizeof(at_times) / sizeof(at_times[0]))

void cdm_privileges_drop(bool pagemap, bool mapped, bool programs)
{
	cap_t have = cap_get_proc(), left = cap_init();

	if (!have || !left)
		goto out;
	keep(left, have, CAP_SYS_PTRACE);
	keep(left, have, CAP_DAC_READ_SEARCH);
	if (pagemap)
		keep(left, have, CAP_SYS_ADMIN);
	if (mapped)
		keep(left, have, CAP_CHECKPOINT_RESTORE);
	for (size_t i = 0; i < (programs ? NR_AT_TIMES : 1); i++)
		if (has(have, at_times[i]))
			cap_set_flag(left, CAP_PERMITTED, 1, &at_times[i], CAP_SET);
	cap_set_proc(left);
	dropped = true;
out:
	cap_free(left);
	cap_free(have);
}

void cdm_privileges_raise(bool on)
{
	cap_t caps = dropped ? cap_get_proc() : NULL;
	int err = errno;

	for (size_t i = 0; caps && i < NR_AT_TIMES; i++)
		if (has(caps, at_times[i]))
			cap_set_flag(caps, CAP_EFFECTIVE, 1, &at_times[i], on ? CAP_SET : CAP_CLEAR);
	if (caps)
		cap_set_proc(caps);
	cap_free(caps);
	errno = err;
}

// SPDX-License-Identifier: GPL-2.0
#include <sys/capability.h>

#include "privileges.h"

void cdm_privileges_drop(bool pagemap)
{
	const cap_value_t keep[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN };
	int nr = pagemap ? 3 : 2;
	cap_t have = cap_get_proc(), left = cap_init();

	if (!have || !left)
		goto out;
	for (int i = 0; i < nr; i++) {
		cap_flag_value_t set = CAP_CLEAR;

		if (cap_get_flag(have, keep[i], CAP_PERMITTED, &set) || set == CAP_CLEAR)
			continue;
		cap_set_flag(left, CAP_PERMITTED, 1, &keep[i], CAP_SET);
		cap_set_flag(left, CAP_EFFECTIVE, 1, &keep[i], CAP_SET);
	}
	cap_set_proc(left);
out:
	cap_free(left);
	cap_free(have);
}

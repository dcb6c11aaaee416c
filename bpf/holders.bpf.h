/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that have device memory or figures, or ever had: those that a refresh has
 * to visit. They are told by the kernel's own accounting, by fork, by what is counted,
 * and at the start by a look at all processes.
 */
#ifndef CDM_HOLDERS_BPF_H
#define CDM_HOLDERS_BPF_H

const volatile bool with_holders __weak;

/*
 * Bound: processes alive that ever had device memory; full: counted as holders_lost,
 * and the reader visits all processes. Key: tgid, initial namespace; value: its forks.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, u32);
} holders SEC(".maps") __weak;

__u64 holders_lost __weak;
/* The one that was put in last: most events are about the same process again. */
__u32 last_holder __weak;

static __always_inline void put_in(u32 tgid)
{
	u32 forks = 0;

	if (!with_holders)
		return;
	if (bpf_map_update_elem(&holders, &tgid, &forks, BPF_NOEXIST) &&
	    !bpf_map_lookup_elem(&holders, &tgid))
		__sync_fetch_and_add(&holders_lost, 1);
	else
		last_holder = tgid;
}

/*
 * The last one may have ended on another CPU since it was compared: then who has its
 * number next is put in when all are visited.
 */
static __always_inline void hold(u32 tgid)
{
	if (tgid != last_holder)
		put_in(tgid);
}

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * Absolute figures of cgroups, for each refresh of cdmtop: for a thousand of them
 * that is ten times less work than reading three files of each. They are counted
 * where memory.current, memory.max and memory.stat get them from.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "cdm_abi.h"
#include "flavours.h"
#include "owner.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Where the counter of an item is in memcg_vmstats.state. */
extern const void mem_cgroup_stats_index __ksym __weak;
/*
 * Until 6.15, and since then. Whether they are there cannot be asked for: 6.1 takes the
 * address of variables only.
 */
extern void cgroup_rstat_flush(struct cgroup *cgroup) __ksym __weak;
extern void css_rstat_flush(struct cgroup_subsys_state *css) __ksym __weak;
extern struct mem_cgroup *bpf_get_root_mem_cgroup(void) __ksym __weak;
extern void bpf_put_mem_cgroup(struct mem_cgroup *memcg) __ksym __weak;

/*
 * Not through the iterator's file: what does not fit into its buffer would be an
 * error. Bound: cgroups beyond it are read from their files.
 */
struct cdm_cgroup cgroups[CDM_MAX_CGROUPS];
__u64 nr_cgroups;

static __always_inline bool has_device(void)
{
	return bpf_core_enum_value_exists(enum node_stat_item___cdm, NR_DEVICE_HOST) &&
	       &mem_cgroup_stats_index;
}

static __always_inline s64 device_pages(struct mem_cgroup *memcg)
{
	struct memcg_vmstats *stats = BPF_CORE_READ(memcg, vmstats);
	long *state = __builtin_preserve_access_index(&stats->state[0]);
	long pages = 0;
	u8 index = 0;

	if (!has_device())
		return -1;
	if (bpf_probe_read_kernel(&index, sizeof(index), (void *)&mem_cgroup_stats_index +
				  bpf_core_enum_value(enum node_stat_item___cdm, NR_DEVICE_HOST)))
		return -1;
	if (bpf_probe_read_kernel(&pages, sizeof(pages), state + index))
		return -1;
	return pages > 0 ? pages : 0;
}

/* Brings the counters of all cgroups up to date, of which @root is that at the top. */
static __always_inline void flush(struct cgroup *root)
{
	struct mem_cgroup *memcg;

	if (!bpf_core_field_exists(struct cgroup_subsys_state___rstat, rstat_cpu)) {
		cgroup_rstat_flush(root);
		return;
	}
	memcg = bpf_get_root_mem_cgroup();
	if (!memcg)
		return;
	css_rstat_flush(&memcg->css);
	bpf_put_mem_cgroup(memcg);
}

/* In an order in which the root is the first. */
SEC("iter.s/cgroup")
int cgroup_values(struct bpf_iter__cgroup *ctx)
{
	struct cgroup *cgroup = ctx->cgroup;
	struct cgroup_subsys_state *css;
	u64 at = nr_cgroups;

	if (!cgroup)
		return 0;
	if (!at && has_device())
		flush(cgroup);
	if (at >= CDM_MAX_CGROUPS)
		return 0;
	nr_cgroups = at + 1;
	css = memory_css(cgroup);
	cgroups[at].id = cgroup_id(cgroup);
	cgroups[at].has_memory = !!css;
	if (!css)
		return 0;
	cgroups[at].charged = BPF_CORE_READ((struct mem_cgroup *)css, memory.usage.counter);
	cgroups[at].limit = BPF_CORE_READ((struct mem_cgroup *)css, memory.max);
	cgroups[at].device = device_pages((struct mem_cgroup *)css);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "source/allow.h"
#include "source/snapshot.h"

/*
 * Of a kind that needs what the others need, and it reads memory of the kernel as they do.
 * Return: a descriptor, or -errno.
 */
static int load_reader(void)
{
	const struct bpf_insn reader[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "cdm_probe", "GPL", reader,
			       sizeof(reader) / sizeof(reader[0]), NULL);

	return fd < 0 ? -errno : fd;
}

/* Without, those with callbacks are refused, and functions take none. */
static bool is_compiled(int fd)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) || info.jited_prog_len;
}

const char *cdm_allow_programs(void)
{
	int fd = load_reader();
	bool compiled;

	if (fd == -EPERM)
		return "the kernel refuses BPF programs; run as root, or with CAP_BPF and CAP_PERFMON";
	if (fd < 0)
		return "the kernel is locked down, and lets no BPF program read its memory; boot with lockdown=integrity";
	compiled = is_compiled(fd);
	close(fd);
	return compiled ? NULL :
	       "the kernel's compiler of BPF programs is off; sysctl net.core.bpf_jit_enable=1";
}

bool cdm_allow_functions(void)
{
	char path[PATH_MAX], on[4];

	snprintf(path, sizeof(path), "%s/sys/kernel/ftrace_enabled", cdm_roots.proc);
	return cdm_read_file(AT_FDCWD, path, on, sizeof(on)) <= 0 || on[0] != '0';
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Takes all places for programs at the start of the kernel's function FUNCTION, so that it
 * refuses every other fentry. It says "ready", and gives them back at the end of standard
 * input.
 */
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

static int attach(int function)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	DECLARE_LIBBPF_OPTS(bpf_prog_load_opts, opts,
		.expected_attach_type = BPF_TRACE_FENTRY, .attach_btf_id = function);
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "occupy", "GPL", nothing,
			       sizeof(nothing) / sizeof(nothing[0]), &opts);

	return fd < 0 ? -1 : bpf_raw_tracepoint_open(NULL, fd);
}

int main(int argc, char **argv)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int function = argc == 2 && btf ? btf__find_by_name_kind(btf, argv[1], BTF_KIND_FUNC) : -1;
	char end;
	int nr = 0;

	if (function < 0) {
		fprintf(stderr, "occupy: there is no function %s\n", argc == 2 ? argv[1] : "");
		return 1;
	}
	while (attach(function) >= 0)
		nr++;
	printf("ready: %d\n", nr);
	fflush(stdout);
	while (read(STDIN_FILENO, &end, 1) > 0)
		;
	btf__free(btf);
	return nr ? 0 : 1;
}

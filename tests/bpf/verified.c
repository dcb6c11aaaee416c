// SPDX-License-Identifier: GPL-2.0
/*
 * Loads all programs that this kernel has a use for, by each source in its turn, and says
 * how many instructions the verifier went through: "fentry setup_begins 1234" a line. The
 * objects are of the compiler that it was built with.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "source/bpf.h"
#include "source/snapshot.h"

static int ignore(void *ctx, void *data, size_t size)
{
	return 0;
}

static void log_text(const char *text)
{
	fprintf(stderr, "%s\n", text);
}

static int print_programs(const char *source)
{
	__u32 id = 0;

	while (!bpf_prog_get_next_id(id, &id)) {
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			return -errno;
		if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.verified_insns)
			printf("%s %s %u\n", source, info.name, info.verified_insns);
		close(fd);
	}
	return errno == ENOENT ? 0 : -errno;
}

static int load(enum cdm_source source)
{
	struct cdm_collector_options o = {
		.features = ~0U, .events = ~0ULL, .stacks = true, .source = source,
		.all_procs_ns = 1, .log = log_text, .verbose = 1, .filter = { .dir = -1, .why = -1, .children = true },
	};
	struct cdm_description d;
	char why[CDM_WHY_LEN];
	struct cdm_bpf *b;
	int err;

	cdm_collector_describe(&o, &d);
	if (!d.features_by[source] && !d.events_by[source])
		return 0;
	b = cdm_bpf_open(&o, &d, ignore, NULL, why);
	if (!b) {
		fprintf(stderr, "%s: %s\n", cdm_source_name(source), why);
		return -1;
	}
	err = print_programs(cdm_source_name(source));
	cdm_bpf_close(b);
	if (err)
		fprintf(stderr, "%s: programs cannot be listed: %s\n", cdm_source_name(source), strerror(-err));
	return err;
}

int main(void)
{
	for (enum cdm_source source = CDM_SOURCE_TRACEPOINT; source < CDM_SOURCE_PROC; source++)
		if (load(source))
			return 1;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* cdmctl engine */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl.h"

#define READ_CHUNK	(1 << 20)

static struct {
	const char *device;
	__u32 pid;
	char *args[4];
	int nr_args;
	struct cdm_engine request;
} opt;

static void check(struct argp_state *state)
{
	bool add = opt.nr_args == 4 && !strcmp(opt.args[0], "add64");

	if (!opt.device || !opt.pid)
		argp_error(state, "give a device and -p PID");
	if (!add && !(opt.nr_args == 3 && !strcmp(opt.args[0], "read")))
		argp_error(state, "give add64 ADDRESS LENGTH VALUE, or read ADDRESS LENGTH");
	opt.request = (struct cdm_engine) {
		.size = sizeof(opt.request),
		.op = add ? CDM_ENGINE_ADD64 : CDM_ENGINE_READ,
		.addr = cdm_arg_address(state, "address", opt.args[1]),
		.len = cdm_arg_size(state, "length", opt.args[2], 0, CDM_ENGINE_MAX),
		.value = add ? cdm_arg_number(state, "value", opt.args[3], 0, UINT64_MAX) : 0,
		.pidfd = -1,
	};
	if (add && (opt.request.addr | opt.request.len) % 8)
		argp_error(state, "address and length of add64 are multiples of 8");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		opt.pid = cdm_arg_number(state, "--pid", arg, 1, INT32_MAX);
		return 0;
	case ARGP_KEY_ARG:
		if (!opt.device)
			opt.device = arg;
		else if (opt.nr_args < (int)ARRAY_SIZE(opt.args))
			opt.args[opt.nr_args++] = arg;
		else
			argp_error(state, "'%s': too many arguments", arg);
		return 0;
	case ARGP_KEY_END:
		check(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "pid", 'p', "PID", 0, "the process; one that you may ptrace", 0 },
	{ 0 }
};

static const struct argp argp = {
	options, parse, "DEVICE add64 ADDRESS LENGTH VALUE\nDEVICE read ADDRESS LENGTH",
	"Lets the engine of a device work on the memory of a process, wherever its pages "
	"are; it moves none.\v"
	"add64 adds VALUE to each aligned 64-bit number in the range, atomically with "
	"respect to the CPUs. read writes the bytes of the range to standard output. "
	"Addresses are hexadecimal, lengths are bytes or end in K, M or G.\n\n"
	"EXAMPLES\n"
	"  cdmctl engine cdm0 -p 1412 add64 7f2c40000000 4K 1\n"
	"  cdmctl engine cdm0 -p 1412 read 7f2c40000000 64 | hexdump -C", NULL, NULL, NULL
};

static void explain(const char *device, int err, const struct cdm_engine *e)
{
	if (err == EFAULT)
		cdm_say("%u: the memory at %llx cannot be accessed", opt.pid, e->addr + e->done);
	else if (err == EIO)
		cdm_say("%s: hangs, after %llu bytes", device, e->done);
	else
		ctl_explain_move(-err, device, opt.pid);
}

static int ask(const struct ctl_device *device, struct cdm_engine *e)
{
	if (!ioctl(device->fd, CDM_ENGINE, e))
		return 0;
	explain(device->name, errno, e);
	return -1;
}

/* In pieces, so that what was read before an error is written. */
static int read_range(const struct ctl_device *device)
{
	struct cdm_engine e = opt.request;
	__u64 end = e.addr + e.len;
	char *buf = malloc(READ_CHUNK);
	int ret = 0;

	if (!buf) {
		cdm_say("out of memory");
		return -1;
	}
	e.buf = (uintptr_t)buf;
	for (; !ret && e.addr < end; e.addr += e.len) {
		e.len = end - e.addr < READ_CHUNK ? end - e.addr : READ_CHUNK;
		e.done = 0;
		ret = ask(device, &e);
		fwrite(buf, 1, e.done, stdout);
	}
	free(buf);
	return ret;
}

int ctl_engine(int argc, char **argv)
{
	struct ctl_device device;
	int ret = -1;

	cdm_usage_parse(&argp, argc, argv, 0, NULL);
	if (ctl_device_open(opt.device, &device))
		return CTL_FAILED;
	opt.request.pidfd = ctl_pidfd(opt.pid);
	if (opt.request.pidfd >= 0) {
		ret = opt.request.op == CDM_ENGINE_READ ? read_range(&device)
							: ask(&device, &opt.request);
		close(opt.request.pidfd);
	}
	ctl_device_close(&device);
	return ret ? CTL_FAILED : CTL_OK;
}

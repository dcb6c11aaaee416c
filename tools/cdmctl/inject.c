// SPDX-License-Identifier: GPL-2.0
/* cdmctl inject */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl.h"

enum { OPT_FOR = 256 };

static const struct fault {
	const char *name;
	enum cdm_inject_kind kind;
	__u64 max;			/* of its argument; 0: has none */
	const char *unit;		/* of a time, NULL: a number, or what is lost */
	__u64 unit_ns;
} faults[] = {
	{ "fail-alloc", CDM_INJECT_FAIL_ALLOC, UINT64_MAX, NULL, 1 },
	{ "delay", CDM_INJECT_DELAY, 1000000, "us", CDM_NS_PER_US },
	{ "hang", CDM_INJECT_HANG, 30000, "ms", CDM_NS_PER_MS },
	{ "lose", CDM_INJECT_LOSE, UINT64_MAX, NULL, 1 },
	{ "reset", CDM_INJECT_RESET, 0, NULL, 0 },
	{ "none", CDM_INJECT_NONE, 0, NULL, 0 },
};

static struct {
	const char *device;
	struct cdm_inject requests[ARRAY_SIZE(faults)];
	int nr;
	bool lasts;		/* something that ends with this program */
	__u64 for_ns;		/* 0: until a signal */
	char **argv;
} opt;

static const struct fault *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (strlen(faults[i].name) == len && !strncmp(faults[i].name, name, len))
			return &faults[i];
	return NULL;
}

/* SIZE[@OFFSET], bytes of the device; whether they are pages of it the kernel knows. */
static void parse_lost(struct argp_state *state, struct cdm_inject *request, char *arg)
{
	char *at = strchr(arg, '@');

	if (at)
		*at++ = '\0';
	request->len = cdm_arg_size(state, "lose", arg, 1, UINT64_MAX);
	if (at)
		request->arg = cdm_arg_size(state, "lose", at, 0, UINT64_MAX);
}

static void parse_arg(struct argp_state *state, const struct fault *f, struct cdm_inject *request,
		      char *arg)
{
	if (f->kind == CDM_INJECT_LOSE)
		parse_lost(state, request, arg);
	else if (f->unit)
		request->arg = cdm_arg_time(state, f->name, arg, f->unit, 0,
					    f->max * f->unit_ns) / f->unit_ns;
	else
		request->arg = cdm_arg_number(state, f->name, arg, 0, f->max);
}

static void parse_fault(struct argp_state *state, char *arg)
{
	size_t len = strcspn(arg, "=");
	const struct fault *f = find(arg, len);
	struct cdm_inject *request;

	if (!f)
		argp_error(state, "'%s': no such fault; there are: fail-alloc=N delay=TIME "
			   "hang=TIME lose=SIZE reset none", arg);
	if (!f->max && arg[len] == '=')
		argp_error(state, "'%s': takes no number", arg);
	if (f->max && arg[len] != '=')
		argp_error(state, "'%s': a number is missing, e.g. %s=%s", arg, f->name,
			   f->kind == CDM_INJECT_LOSE ? "64K" : "500");
	if (opt.nr == ARRAY_SIZE(faults))
		argp_error(state, "'%s': too many faults", arg);
	request = &opt.requests[opt.nr++];
	*request = (struct cdm_inject) { .size = sizeof(*request), .kind = f->kind };
	if (f->max)
		parse_arg(state, f, request, arg + len + 1);
	opt.lasts |= f->max && f->kind != CDM_INJECT_LOSE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case OPT_FOR:
		opt.for_ns = cdm_arg_time(state, "--for", arg, "s", 0, CDM_NS_PER_DAY);
		return 0;
	case ARGP_KEY_ARG:
		if (state->quoted && state->next > state->quoted) {
			opt.argv = &state->argv[state->next - 1];
			state->next = state->argc;
		} else if (!opt.device) {
			opt.device = arg;
		} else {
			parse_fault(state, arg);
		}
		return 0;
	case ARGP_KEY_END:
		if (!opt.nr)
			argp_error(state, "give a device and a fault, e.g. cdm0 hang=500");
		if (opt.for_ns && opt.argv)
			argp_error(state, "give either --for or a command");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "for", OPT_FOR, "TIME", 0, "hold the faults for this long, e.g. 10s", 0 },
	{ 0 }
};

static const struct argp argp = {
	options, parse, "DEVICE FAULT... [-- COMMAND [ARGUMENT...]]",
	"Makes a device misbehave. Needs CAP_SYS_ADMIN.\v"
	"Faults:\n"
	"  fail-alloc=N  the next N allocations on the device fail\n"
	"  delay=TIME    each page that is copied takes so much longer, at most 1s;\n"
	"                microseconds without a unit\n"
	"  hang=TIME     the device does not answer for so long, at most 30s;\n"
	"                milliseconds without a unit\n"
	"  lose=SIZE[@OFFSET]\n"
	"                so many bytes from OFFSET on (0) lose what is in them, and\n"
	"                are in quarantine until a reset\n"
	"  reset         withdraw everybody's faults, end hangs and quarantine\n"
	"  none          withdraw those named before it on the same command line\n\n"
	"The kernel withdraws a fault when the file that it was injected through is "
	"closed. So this command holds the device open: until Ctrl-C, for the time of "
	"--for, or while COMMAND runs, whose exit status it has then.\n\n"
	"EXAMPLES\n"
	"  cdmctl inject cdm0 hang=2000 --for 2s\n"
	"  cdmctl inject cdm0 fail-alloc=7 -- cdmctl migrate -p 1412 --to cdm0\n"
	"  cdmctl inject cdm0 lose=2M@16M\n"
	"  cdmctl inject cdm0 reset", NULL, NULL, NULL
};

static void explain(const char *device, int err)
{
	switch (err) {
	case EINVAL:
		cdm_say("%s: what is to be lost are not pages of it: give multiples of the "
			"page size, within what `cdmctl list` shows", device);
		break;
	case EPERM:
		cdm_say("%s: not permitted: faults take CAP_SYS_ADMIN", device);
		break;
	case EOPNOTSUPP:
		cdm_say("%s: the kernel has no CONFIG_CDM_FAULT_INJECTION", device);
		break;
	case ENODEV:
		cdm_say("%s: is being removed", device);
		break;
	default:
		cdm_say("%s: inject: %s", device, strerror(err));
	}
}

/* Until the command ends, the time is over, or a signal arrives. */
static void hold(struct ctl_child *child)
{
	struct pollfd fd = { .fd = child->signals, .events = POLLIN };
	__u64 end = cdm_clock_ns(CLOCK_MONOTONIC) + opt.for_ns;

	for (;;) {
		int timeout = opt.for_ns ? ctl_ms_until(end) : -1;

		if (!timeout)
			return;
		if (poll(&fd, 1, timeout) > 0 && !ctl_child_signals(child))
			return;
	}
}

static int inject(const struct ctl_device *device)
{
	for (int i = 0; i < opt.nr; i++) {
		struct cdm_inject *request = &opt.requests[i];

		if (ioctl(device->fd, CDM_INJECT, request)) {
			explain(device->name, errno);
			return CTL_FAILED;
		}
		if (request->kind == CDM_INJECT_LOSE)
			printf("%s: lost %llu pages that were in use\n", device->name,
			       request->affected);
	}
	return CTL_OK;
}

int ctl_inject(int argc, char **argv)
{
	struct ctl_device device;
	struct ctl_child child;
	int ret;

	cdm_usage_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL);
	if (ctl_device_open(opt.device, &device))
		return CTL_FAILED;
	ret = ctl_child_init(&child) ? CTL_FAILED : inject(&device);
	if (!ret && opt.argv) {
		ret = ctl_child_start(&child, opt.argv, NULL);
		if (!ret)
			hold(&child);
	} else if (!ret && (opt.lasts || opt.for_ns)) {
		if (!opt.for_ns)
			cdm_say("%s: holding the faults until Ctrl-C", device.name);
		hold(&child);
	}
	ctl_device_close(&device);
	if (!ret && opt.argv)
		ctl_child_exit(&child);
	return ret;
}

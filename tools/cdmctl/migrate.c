// SPDX-License-Identifier: GPL-2.0
/* cdmctl migrate, cdmctl evict */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl.h"

enum { OPT_TO = 256, OPT_HOME, OPT_RANGE, OPT_VMA, OPT_POPULATE, OPT_PARTIAL,
       OPT_TIMEOUT };

static struct {
	__u32 pid;
	const char *to;		/* NULL: home */
	bool home;
	const char *device;	/* to evict as a whole */
	__u64 timeout_ns;
	__u64 start, end;	/* end 0: by class */
	unsigned int classes;
	bool populate;
	bool partial_ok;
	bool json;
	bool verbose;
} opt = { .timeout_ns = 10000000000ULL };

/* "START-END" or "START+LEN" */
static void parse_range(struct argp_state *state, char *arg)
{
	long page_size = sysconf(_SC_PAGESIZE);
	char *separator = strpbrk(arg, "-+");
	char kind;

	if (!separator)
		argp_error(state, "'%s' is not a range, START-END or START+LENGTH", arg);
	kind = *separator;
	*separator++ = '\0';
	opt.start = cdm_arg_address(state, "--range", arg);
	opt.end = kind == '-' ? cdm_arg_address(state, "--range", separator)
			      : opt.start + cdm_arg_size(state, "--range", separator, 0, ~0ULL);
	if (opt.end <= opt.start)
		argp_error(state, "the range is empty");
	if (opt.start % page_size || opt.end % page_size)
		argp_error(state, "the range is not in pages of %ld bytes", page_size);
}

static void check(struct argp_state *state, bool evict)
{
	if (evict ? !opt.pid == !opt.device : !opt.pid)
		argp_error(state, evict ? "give either -p PID or -D DEVICE"
					: "give the process, -p PID");
	if (!evict && !opt.to == !opt.home)
		argp_error(state, "give either --to DEVICE or --home");
	if (opt.device && (opt.end || opt.classes))
		argp_error(state, "a device is evicted as a whole: no --range or --vma");
	if (opt.end && opt.classes)
		argp_error(state, "give either --range or --vma");
	if (opt.populate && opt.home)
		argp_error(state, "--populate is for --to DEVICE");
	if (!opt.classes)
		opt.classes = opt.to ? CTL_VMA_ANON : CTL_VMA_ALL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'p':
		opt.pid = cdm_arg_number(state, "--pid", arg, 1, INT32_MAX);
		return 0;
	case OPT_TO:
		opt.to = arg;
		return 0;
	case OPT_HOME:
		opt.home = true;
		return 0;
	case 'D':
		opt.device = arg;
		return 0;
	case OPT_TIMEOUT:
		opt.timeout_ns = cdm_arg_time(state, "--timeout", arg, "s", 0, CDM_NS_PER_DAY);
		return 0;
	case OPT_RANGE:
		parse_range(state, arg);
		return 0;
	case OPT_VMA:
		opt.classes = ctl_parse_classes(state, "--vma", arg);
		return 0;
	case OPT_POPULATE:
		opt.populate = true;
		return 0;
	case OPT_PARTIAL:
		opt.partial_ok = true;
		return 0;
	case 'j':
		opt.json = true;
		return 0;
	case 'v':
		opt.verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': no argument is expected", arg);
		return 0;
	case ARGP_KEY_END:
		check(state, state->input);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

#define COMMON_OPTIONS								\
	{ "range", OPT_RANGE, "START-END|START+LENGTH", 0, "this range; addresses are "	\
	  "hexadecimal as in /proc/PID/maps, the length may end in K, M or G", 0 },	\
	{ "partial-ok", OPT_PARTIAL, NULL, 0, "pages that stay are no failure", 0 },	\
	{ "json", 'j', NULL, 0, "print JSON", 0 },					\
	{ "verbose", 'v', NULL, 0, "also what came of each VMA", 0 }

#define STATUS_HELP "Exit status: 0 if all pages moved or were there already, 1 if some stayed " \
	"(the message says why) or on errors, 2 usage. Addresses where nothing is mapped do "	\
	"not count.\n\n"

static const struct argp_option migrate_options[] = {
	{ "pid", 'p', "PID", 0, "the process; one that you may ptrace", 0 },
	{ "to", OPT_TO, "DEVICE", 0, "move to this device, e.g. cdm0; what is on another "
	  "device goes there by way of RAM", 0 },
	{ "home", OPT_HOME, NULL, 0, "move to RAM, from all devices", 0 },
	{ "vma", OPT_VMA, "CLASS,...", 0, "these VMAs: heap, stack, anon, file, shmem, all; "
	  "heap,stack,anon if not given, with --home all", 0 },
	{ "populate", OPT_POPULATE, NULL, 0, "also create pages where there are none yet, on "
	  "the device", 0 },
	COMMON_OPTIONS,
	{ 0 }
};

static const struct argp migrate_argp = {
	migrate_options, parse, NULL,
	"Moves memory of a process to a device, or home.\v"
	STATUS_HELP
	"EXAMPLES\n"
	"  cdmctl migrate -p 1412 --to cdm0 --vma heap\n"
	"  cdmctl migrate -p 1412 --to cdm1 --range 7f2c40000000+16M --partial-ok\n"
	"  cdmctl migrate -p 1412 --home", NULL, NULL, NULL
};

static const struct argp_option evict_options[] = {
	{ "pid", 'p', "PID", 0, "bring the memory of this process home, from all devices", 0 },
	{ "device", 'D', "DEVICE", 0, "bring everybody's memory on this device home "
	  "(CAP_SYS_ADMIN)", 0 },
	{ "timeout", OPT_TIMEOUT, "TIME", 0, "with --device: how long to try, e.g. 500ms; 0 "
	  "is once (10s)", 0 },
	{ "vma", OPT_VMA, "CLASS,...", 0, "with -p: these VMAs: heap, stack, anon, file, shmem, "
	  "all (all)", 0 },
	COMMON_OPTIONS,
	{ 0 }
};

static const struct argp evict_argp = {
	evict_options, parse, NULL,
	"Brings memory home from devices.\v"
	STATUS_HELP
	"EXAMPLES\n"
	"  cdmctl evict -p 1412\n"
	"  cdmctl evict -D cdm0 --timeout 2s", NULL, NULL, NULL
};

/* --- one VMA or range --- */

struct request {
	struct ctl_device devices[CDM_MAX_DEVICES];
	int nr_devices;
	int target;		/* of them, to move to; -1: home */
	int pidfd;
	struct ctl_counts total;
	unsigned int nr_vmas;
	const char *failed;	/* the device with the error */
	struct cdm_json json;
};

/*
 * From every device in turn, until all @pages (or CDM_UNKNOWN) are home. Each pass
 * counts all pages that are in RAM as there already, so the last one knows which were
 * there before, and what is on another device is another pass's business.
 */
static int move_home(struct request *r, __u64 start, __u64 end, int except, __u64 pages,
		     struct ctl_counts *counts)
{
	struct ctl_counts sum = { 0 };
	int ret = 0;

	for (int i = 0; !ret && i < r->nr_devices && sum.migrated < pages; i++) {
		struct ctl_counts one = { 0 };

		if (i == except)
			continue;
		r->failed = r->devices[i].name;
		ret = ctl_move(r->devices[i].fd, r->pidfd, start, end, CDM_TO_RAM, 0, &one);
		/* A device that is going away brings its pages home by itself. */
		if (ret == -ENODEV) {
			ret = 0;
			continue;
		}
		one.failed[CDM_FAIL_FOREIGN] = 0;
		one.already -= one.already < sum.migrated ? one.already : sum.migrated;
		sum.requested = one.requested;
		sum.migrated += one.migrated;
		sum.already = one.already;
		sum.failed[CDM_FAIL_UNMAPPED] = one.failed[CDM_FAIL_UNMAPPED];
		for (int k = CDM_FAIL_UNMAPPED + 1; k < CDM_FAIL_SLOTS; k++)
			sum.failed[k] += one.failed[k];
	}
	ctl_counts_add(counts, &sum);
	return ret;
}

/* What another device has goes home first; what moved before is there already then. */
static int move_to(struct request *r, __u64 start, __u64 end, struct ctl_counts *counts)
{
	unsigned int flags = opt.populate ? CDM_MIGRATE_POPULATE : 0;
	struct ctl_device *to = &r->devices[r->target];
	struct ctl_counts first = { 0 }, second = { 0 }, home = { 0 };
	int ret;

	r->failed = to->name;
	ret = ctl_move(to->fd, r->pidfd, start, end, CDM_TO_DEVICE, flags, &first);
	if (ret || !first.failed[CDM_FAIL_FOREIGN] || r->nr_devices == 1) {
		ctl_counts_add(counts, &first);
		return ret;
	}
	ret = move_home(r, start, end, r->target, CDM_UNKNOWN, &home);
	if (!ret) {
		r->failed = to->name;
		ret = ctl_move(to->fd, r->pidfd, start, end, CDM_TO_DEVICE, flags, &second);
	}
	second.requested = first.requested;
	second.migrated += first.migrated;
	second.already = first.already;
	ctl_counts_add(counts, &second);
	return ret;
}

static void json_counts(struct cdm_json *j, const struct ctl_counts *c)
{
	cdm_json_u64(j, "requested_pages", c->requested);
	cdm_json_u64(j, "moved_pages", c->migrated);
	cdm_json_u64(j, "already_pages", c->already);
	cdm_json_u64(j, "unmapped_pages", c->failed[CDM_FAIL_UNMAPPED]);
	cdm_json_u64(j, "stayed_pages", ctl_counts_stayed(c));
	cdm_json_open(j, "stayed_by_reason_pages", '{');
	for (int i = CDM_FAIL_UNMAPPED + 1; i < CDM_FAIL_MAX; i++)
		if (c->failed[i])
			cdm_json_u64(j, cdm_why_name(i), c->failed[i]);
	cdm_json_close(j, '}');
}

static void print_vma(struct request *r, const struct cdm_vma *vma, const struct ctl_counts *c)
{
	struct cdm_json *j = &r->json;

	if (opt.json) {
		cdm_json_open(j, NULL, '{');
		cdm_json_u64(j, "start", vma->start);
		cdm_json_u64(j, "end", vma->end);
		cdm_json_string(j, "class", *vma->perms ? cdm_vma_name(vma->kind) : NULL);
		cdm_json_string(j, "name", *vma->perms ? vma->name : NULL);
		json_counts(j, c);
		cdm_json_close(j, '}');
	} else if (opt.verbose) {
		printf("%llx-%llx %s%s", vma->start, vma->end,
		       *vma->perms ? cdm_vma_name(vma->kind) : "range", *vma->name ? " " : "");
		cdm_print_name(stdout, vma->name, CDM_FORM_TEXT);
		printf(": %llu pages moved, %llu there already, %llu stayed\n", c->migrated,
		       c->already, ctl_counts_stayed(c));
	}
}

/* Where nothing is on a device, nobody has to be asked. */
static void count_home(const struct cdm_vma *vma, struct ctl_counts *counts)
{
	counts->requested = (vma->end - vma->start) / sysconf(_SC_PAGESIZE);
	counts->already = vma->rss;
	counts->failed[CDM_FAIL_UNMAPPED] = counts->requested - vma->rss;
}

static int bring_home(struct request *r, const struct cdm_vma *vma, struct ctl_counts *counts)
{
	if (vma->device)
		return move_home(r, vma->start, vma->end, -1, vma->device, counts);
	count_home(vma, counts);
	return 0;
}

static int move_vma(void *ctx, const struct cdm_vma *vma)
{
	struct ctl_counts counts = { 0 };
	struct request *r = ctx;
	int ret;

	if (vma->special || !(opt.classes & 1U << vma->kind))
		return 0;
	r->nr_vmas++;
	ret = r->target < 0 ? bring_home(r, vma, &counts)
			    : move_to(r, vma->start, vma->end, &counts);
	ctl_counts_add(&r->total, &counts);
	print_vma(r, vma, &counts);
	return ret;
}

static int move_all(struct request *r)
{
	const struct cdm_vma range = {
		.start = opt.start, .end = opt.end, .name = "",
		.kind = CDM_VMA_ANON, .device = CDM_UNKNOWN,
	};
	int ret;

	if (opt.end) {
		opt.classes = CTL_VMA_ALL;
		return move_vma(r, &range);
	}
	ret = cdm_proc_maps(opt.pid, r->target < 0, move_vma, r);
	/* A kernel thread has maps, but they are empty. */
	return ret || r->nr_vmas ? ret : -ENOENT;
}

/* --- devices --- */

/* All that there are: pages may be on any. */
static int open_devices(struct request *r)
{
	struct cdm_snap_device devices[CDM_MAX_DEVICES];
	struct ctl_device to = { .fd = -1 };
	int n, ret;

	if (opt.to) {
		ret = ctl_device_open(opt.to, &to);
		if (ret)
			return ret;
		ctl_device_close(&to);
	}
	n = cdm_devices_read(devices, CDM_MAX_DEVICES);
	if (!n) {
		ctl_explain_no_devices();
		return -ENODEV;
	}
	for (int i = 0; i < n; i++) {
		ret = ctl_device_open(devices[i].name, &r->devices[r->nr_devices]);
		if (ret)
			return ret;
		if (opt.to && devices[i].index == to.index)
			r->target = r->nr_devices;
		r->nr_devices++;
	}
	return 0;
}

static void print_text(const struct request *r)
{
	const struct ctl_counts *c = &r->total;
	__u64 stayed = ctl_counts_stayed(c);
	char size[CTL_SIZE_LEN];

	printf("process %u, %s: %llu pages (%s) moved, %llu there already, %llu stayed\n", opt.pid,
	       r->target < 0 ? "home" : r->devices[r->target].name, c->migrated,
	       ctl_size(size, ctl_bytes(c->migrated)), c->already, stayed);
	for (int i = CDM_FAIL_UNMAPPED + 1; i < CDM_FAIL_SLOTS; i++)
		if (c->failed[i])
			printf("  %s: %llu: %s\n", cdm_why_name(i), c->failed[i],
			       cdm_why_hint(i));
}

static void json_begin(struct request *r)
{
	cdm_json_init(&r->json, stdout, true);
	cdm_json_open(&r->json, NULL, '{');
	cdm_json_u64(&r->json, "pid", opt.pid);
	cdm_json_string(&r->json, "to", r->target < 0 ? NULL : r->devices[r->target].name);
	cdm_json_open(&r->json, "vmas", '[');
}

static void json_end(struct request *r, int ret)
{
	cdm_json_close(&r->json, ']');
	json_counts(&r->json, &r->total);
	cdm_json_string(&r->json, "error", ret ? strerror(-ret) : NULL);
	cdm_json_close(&r->json, '}');
}

static int explain(const struct request *r, int ret)
{
	if (ret == -ENOENT)
		cdm_say("%u: has no memory of the classes asked for", opt.pid);
	else
		ctl_explain_move(ret, r->failed, opt.pid);
	return CTL_FAILED;
}

static int migrate_process(void)
{
	struct request r = { .target = -1, .pidfd = -1 };
	int ret;

	ret = open_devices(&r);
	if (ret)
		goto out;
	r.failed = r.devices[0].name;
	r.pidfd = ctl_pidfd(opt.pid);
	if (r.pidfd < 0) {
		ret = r.pidfd;
		goto out;
	}

	if (opt.json)
		json_begin(&r);
	ret = move_all(&r);
	if (opt.json)
		json_end(&r, ret);
	else if (!ret)
		print_text(&r);
	if (ret)
		explain(&r, ret);
	else if (ctl_counts_stayed(&r.total) && !opt.partial_ok)
		ret = -EBUSY;
out:
	if (r.pidfd >= 0)
		close(r.pidfd);
	for (int i = 0; i < r.nr_devices; i++)
		ctl_device_close(&r.devices[i]);
	return ret ? CTL_FAILED : CTL_OK;
}

/* --- a whole device --- */

static void explain_evict(int err, const char *device, const struct cdm_evict *e)
{
	switch (err) {
	case EPERM:
		cdm_say("%s: not permitted: the pages are other processes', it takes "
			"CAP_SYS_ADMIN", device);
		break;
	case ENODEV:
		cdm_say("%s: is being removed; its pages go home by themselves", device);
		break;
	case EBUSY:
		cdm_say("%s: %llu pages stayed: pinned or locked; see `cdmctl status`",
			device, e->remaining);
		break;
	case ENOMEM:
		cdm_say("%s: %llu pages stayed: there is too little RAM", device, e->remaining);
		break;
	case EIO:
		cdm_say("%s: %llu pages stayed: they could not be copied", device, e->remaining);
		break;
	default:
		cdm_say("%s: eviction: %s", device, strerror(err));
	}
}

static void print_evict(const char *device, const struct cdm_evict *e)
{
	struct cdm_json j;
	char size[CTL_SIZE_LEN];

	if (!opt.json) {
		printf("%s: %llu pages (%s) came home, %llu stayed\n", device, e->evicted,
		       ctl_size(size, ctl_bytes(e->evicted)), e->remaining);
		return;
	}
	cdm_json_init(&j, stdout, true);
	cdm_json_open(&j, NULL, '{');
	cdm_json_string(&j, "device", device);
	cdm_json_u64(&j, "moved_pages", e->evicted);
	cdm_json_u64(&j, "stayed_pages", e->remaining);
	cdm_json_close(&j, '}');
}

static int evict_device(void)
{
	struct cdm_evict e = { .size = sizeof(e), .timeout_ms = opt.timeout_ns / 1000000 };
	struct ctl_device device;
	int err = 0;

	if (ctl_device_open(opt.device, &device))
		return CTL_FAILED;
	if (ioctl(device.fd, CDM_EVICT, &e))
		err = errno;
	if (err != EPERM && err != EINVAL && err != ENODEV && err != ENOTTY)
		print_evict(device.name, &e);
	if (err && !(err == EBUSY && opt.partial_ok))
		explain_evict(err, device.name, &e);
	ctl_device_close(&device);
	return err && !(err == EBUSY && opt.partial_ok) ? CTL_FAILED : CTL_OK;
}

int ctl_migrate(int argc, char **argv)
{
	cdm_usage_parse(&migrate_argp, argc, argv, 0, NULL);
	return migrate_process();
}

int ctl_evict(int argc, char **argv)
{
	cdm_usage_parse(&evict_argp, argc, argv, 0, &opt);
	return opt.device ? evict_device() : migrate_process();
}

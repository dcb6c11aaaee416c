// SPDX-License-Identifier: GPL-2.0
/*
 * cdmctl run: a supervisor that keeps the memory of an unmodified program on
 * devices.
 *
 * Memory comes to RAM all the time: it is newly allocated, copied on write, or
 * evicted. At an interval the supervisor compares how much of each process is in
 * RAM with what its last pass meant to leave there. Only if that differs, or pages
 * were busy then, or a device that was full has room again, it looks at the VMAs and
 * migrates those that are not wholly on their device.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl.h"

/*
 * One that ends within an interval is left alone: scripts start many, and their
 * pages are their parents' copied on write.
 *
 * A process that does not get more of its pages to devices is tried less and less
 * often, down to this.
 */
#define MAX_BACKOFF	32

/* Where so many pages or more became free, those that lack room are tried again. */
#define WORTH_A_PASS	512

struct process {
	__u32 pid;
	__u64 start_ns;
	__u64 ram;		/* pages that the last pass leaves there, or CDM_UNKNOWN */
	unsigned int full;	/* bits of devices[] without room for all */
	__u64 lacking;		/* pages that there was no room for */
	__u64 not_before;	/* ns, the next pass */
	unsigned int backoff;	/* intervals between passes */
	bool seen;
	bool refused;		/* not ours to move, and said so */
};

static struct {
	struct ctl_device devices[CDM_NR_VMA];
	bool lost[CDM_NR_VMA];	/* takes no pages, and said so */
	__u64 room[CDM_NR_VMA];	/* pages free when it was last looked at */
	int nr_devices;
	int place[CDM_NR_VMA];	/* by class: index into devices, or -1 */
	__u64 interval_ns;
	const char *cgroup;
	bool verbose;
	char **argv;
} opt = { .place = { -1, -1, -1, -1, -1 }, .interval_ns = 100000000 };

static struct {
	struct process *rows;
	size_t nr;
	size_t room;
} processes;

static struct {
	struct ctl_counts counts;
	__u64 passes;
	__u64 processes;
	__u64 device;		/* pages, the most that was seen */
} sums;

/* --- options --- */

/* The device named, opened once. Return: index, exits if there is none. */
static int device_of(const char *name)
{
	struct ctl_device device;

	if (ctl_device_open(name, &device))
		exit(CTL_FAILED);
	for (int i = 0; i < opt.nr_devices; i++) {
		if (opt.devices[i].index == device.index) {
			ctl_device_close(&device);
			return i;
		}
	}
	opt.devices[opt.nr_devices] = device;
	return opt.nr_devices++;
}

/* "heap=cdm0,anon=cdm1" */
static void parse_place(struct argp_state *state, char *arg)
{
	char *one, *device;
	unsigned int classes;
	int index;

	while ((one = strsep(&arg, ","))) {
		device = strchr(one, '=');
		if (!device || !device[1])
			argp_error(state, "'%s' is not CLASS=DEVICE, like heap=cdm0", one);
		*device++ = '\0';
		classes = ctl_parse_classes(state, "--place", one);
		index = device_of(device);
		for (int i = 0; i < CDM_NR_VMA; i++)
			if (classes & 1U << i)
				opt.place[i] = index;
	}
}

enum { OPT_PLACE = 256 };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case OPT_PLACE:
		parse_place(state, arg);
		return 0;
	case 'd':
		opt.interval_ns = cdm_arg_time(state, "--interval", arg, "s", CDM_NS_PER_MS,
					       CDM_NS_PER_DAY);
		return 0;
	case 'c':
		opt.cgroup = arg;
		return 0;
	case 'v':
		opt.verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		opt.argv = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (!opt.nr_devices)
			argp_error(state, "say what goes where, --place CLASS=DEVICE");
		if (!opt.argv)
			argp_error(state, "the program is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option options[] = {
	{ "place", OPT_PLACE, "CLASS=DEVICE,...", 0, "memory of this class goes to this "
	  "device; classes are heap, stack, anon (what malloc and mmap get beside the heap), "
	  "file, shmem, all", 0 },
	{ "interval", 'd', "TIME", 0, "how often to look for memory that came to "
	  "RAM, e.g. 50ms (100ms)", 0 },
	{ "cgroup", 'c', "CGROUP", 0, "run the program in this memory cgroup, which is "
	  "made if it is not there", 0 },
	{ "verbose", 'v', NULL, 0, "at the end, say on stderr what was placed", 0 },
	{ 0 }
};

static const struct argp argp = {
	options, parse, "[--] PROGRAM [ARGUMENT...]",
	"Runs an unmodified program, places its memory on devices and keeps it there: what "
	"is newly allocated, or came home, is migrated again. Children of the program are "
	"treated alike.\v"
	"Signals are passed on. Ends when the program and all its children have ended, with "
	"the program's exit status; 126 or 127 if it cannot be run. If a device takes no "
	"pages any more, the program goes on in RAM.\n\n"
	"EXAMPLES\n"
	"  cdmctl run --place heap=cdm0 -- redis-server\n"
	"  cdmctl run --place heap=cdm0,anon=cdm1 --cgroup /ml -v -- python3 train.py",
	NULL, NULL, NULL
};

/* --- cgroup --- */

/* Makes the directory. Return: its path, to be freed; NULL after a message. */
static char *make_cgroup(const char *name)
{
	struct cdm_cgroups *tree = cdm_cgroups_open();
	char *path = NULL;

	if (!tree) {
		cdm_say("--cgroup: no hierarchy has the memory controller: %m");
		return NULL;
	}
	if (!strncmp(name, cdm_cgroups_mount(tree), strlen(cdm_cgroups_mount(tree))))
		path = strdup(name);
	else if (asprintf(&path, "%s/%s", cdm_cgroups_mount(tree), name) < 0)
		path = NULL;
	cdm_cgroups_close(tree);
	if (path && mkdir(path, 0755) && errno != EEXIST) {
		cdm_say("%s: %m", path);
		free(path);
		path = NULL;
	}
	return path;
}

/* --- the processes --- */

static struct process *find_process(const struct cdm_snap_proc *snap)
{
	struct process *p;

	for (size_t i = 0; i < processes.nr; i++)
		if (processes.rows[i].pid == snap->pid &&
		    processes.rows[i].start_ns == snap->start_ns)
			return &processes.rows[i];
	if (processes.nr == processes.room) {
		size_t room = processes.room ? 2 * processes.room : 16;
		struct process *rows = reallocarray(processes.rows, room, sizeof(*rows));

		if (!rows)
			return NULL;
		processes.rows = rows;
		processes.room = room;
	}
	p = &processes.rows[processes.nr++];
	*p = (struct process) {
		.pid = snap->pid, .start_ns = snap->start_ns, .ram = CDM_UNKNOWN, .backoff = 1,
		.not_before = cdm_clock_ns(CLOCK_MONOTONIC) + opt.interval_ns,
	};
	sums.processes++;
	return p;
}

static void forget_unseen(void)
{
	size_t kept = 0;

	for (size_t i = 0; i < processes.nr; i++) {
		if (processes.rows[i].seen)
			processes.rows[kept++] = processes.rows[i];
	}
	processes.nr = kept;
}

/* --- a pass --- */

struct pass {
	struct process *process;
	int pidfd;
	struct ctl_counts counts;
};

/* Pages in RAM, file pages too: what changes makes another pass worth while. */
static __u64 in_ram(const struct cdm_snap_proc *snap)
{
	return snap->rss > snap->device ? snap->rss - snap->device : 0;
}

static bool has_room(const struct process *p)
{
	__u64 enough = p->lacking < WORTH_A_PASS ? p->lacking : WORTH_A_PASS;

	for (int i = 0; i < opt.nr_devices; i++)
		if (p->full & 1U << i && opt.room[i] >= enough)
			return true;
	return false;
}

/* Return: 0 to go on. */
static int explain(struct pass *pass, int device, int err)
{
	switch (err) {
	case -EIO:
	case -ENODEV:
		if (!opt.lost[device])
			ctl_explain_move(err, opt.devices[device].name, pass->process->pid);
		opt.lost[device] = true;
		return 0;
	case -ESRCH:
	case -EINVAL:
		/* It has ended or executed another program meanwhile. */
		return err;
	default:
		if (!pass->process->refused)
			ctl_explain_move(err, opt.devices[device].name, pass->process->pid);
		pass->process->refused = true;
		return err;
	}
}

static int place_vma(void *ctx, const struct cdm_vma *vma)
{
	int device = opt.place[vma->kind], ret;
	struct pass *pass = ctx;
	__u64 no_room = pass->counts.failed[CDM_FAIL_ALLOC];

	if (device < 0 || vma->special || vma->rss == vma->device)
		return 0;
	ret = ctl_move(opt.devices[device].fd, pass->pidfd, vma->start, vma->end, CDM_TO_DEVICE,
		       0, &pass->counts);
	if (ret)
		return explain(pass, device, ret);
	opt.lost[device] = false;
	if (pass->counts.failed[CDM_FAIL_ALLOC] > no_room)
		pass->process->full |= 1U << device;
	return 0;
}

/* Others had hold of pages. When they let go, nothing that is looked at changes. */
static bool were_busy(const struct ctl_counts *counts)
{
	return counts->failed[CDM_FAIL_PINNED] || counts->failed[CDM_FAIL_LOCKED] ||
	       counts->failed[CDM_FAIL_ISOLATE] || counts->failed[CDM_FAIL_WRITEBACK] ||
	       counts->failed[CDM_FAIL_RACED];
}

/* Did half of what moved stay? If not, most of it made others of the process go home. */
static bool was_worth_it(const struct pass *pass, const struct cdm_snap_proc *before,
			 const struct cdm_snap_proc *after)
{
	return after->device > before->device &&
	       after->device - before->device >= pass->counts.migrated / 2;
}

/*
 * Return: pages that should be in RAM now. Not how many are: some may have come where
 * the pass had been already.
 */
static __u64 expected_ram(const struct pass *pass, const struct cdm_snap_proc *before,
			  const struct cdm_snap_proc *after)
{
	const struct ctl_counts *counts = &pass->counts;
	__u64 ram = in_ram(before);

	if (were_busy(counts))
		return CDM_UNKNOWN;
	/* Others go home for those that come, again and again: enough of that. */
	if (counts->migrated && pass->process->backoff == MAX_BACKOFF)
		return in_ram(after);
	return counts->migrated > ram ? CDM_UNKNOWN : ram - counts->migrated;
}

static void run_pass(struct process *p, const struct cdm_snap_proc *before)
{
	struct pass pass = { .process = p };
	struct cdm_snap_proc after;

	/* No message if it has ended. */
	pass.pidfd = kill(p->pid, 0) ? -1 : ctl_pidfd(p->pid);
	if (pass.pidfd < 0)
		return;
	p->full = 0;
	cdm_proc_maps(p->pid, true, place_vma, &pass);
	close(pass.pidfd);

	ctl_counts_add(&sums.counts, &pass.counts);
	sums.passes++;
	if (cdm_proc_read(p->pid, &after))
		return;
	if (was_worth_it(&pass, before, &after))
		p->backoff = 1;
	else if (p->backoff < MAX_BACKOFF)
		p->backoff *= 2;
	p->not_before = cdm_clock_ns(CLOCK_MONOTONIC) + p->backoff * opt.interval_ns;
	p->ram = expected_ram(&pass, before, &after);
	p->lacking = pass.counts.failed[CDM_FAIL_ALLOC];
}

static bool is_due(const struct process *p, const struct cdm_snap_proc *now)
{
	if (cdm_clock_ns(CLOCK_MONOTONIC) < p->not_before)
		return false;
	return in_ram(now) != p->ram || has_room(p);
}

/* Return: pages on devices. */
static __u64 look_at(__u32 pid)
{
	struct cdm_snap_proc snap;
	struct process *p;

	if (cdm_proc_read(pid, &snap))
		return 0;
	p = find_process(&snap);
	if (!p)
		return 0;
	p->seen = true;
	if (is_due(p, &snap))
		run_pass(p, &snap);
	return snap.device == CDM_UNKNOWN ? 0 : snap.device;
}

/* --- the family --- */

static __u64 look_at_children(__u32 pid);

static __u64 look_at_list(char *pids)
{
	__u64 device = 0;
	char *one;

	while ((one = strsep(&pids, " "))) {
		__u32 pid = strtoul(one, NULL, 10);

		if (pid)
			device += look_at(pid) + look_at_children(pid);
	}
	return device;
}

/* Orphans are children of this process: it is their reaper. */
static __u64 look_at_children(__u32 pid)
{
	char path[PATH_MAX], buf[64 << 10];
	struct dirent *thread;
	__u64 device = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((thread = readdir(dir))) {
		if (*thread->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/children", thread->d_name);
		if (cdm_read_file(dirfd(dir), path, buf, sizeof(buf)) > 0)
			device += look_at_list(buf);
	}
	closedir(dir);
	return device;
}

static void look_at_all(void)
{
	__u64 device;

	for (size_t i = 0; i < processes.nr; i++)
		processes.rows[i].seen = false;
	for (int i = 0; i < opt.nr_devices; i++)
		opt.room[i] = ctl_free(opt.devices[i].fd);
	device = look_at_children(getpid());
	if (device > sums.device)
		sums.device = device;
	forget_unseen();
}

/* --- the end --- */

static void report(void)
{
	char placed[CTL_SIZE_LEN], most[CTL_SIZE_LEN];
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	cdm_say("%llu pages (%s) placed in %llu passes over %llu processes, at most %s at a time; "
		"the supervisor took %ld ms of CPU",
		sums.counts.migrated, ctl_size(placed, ctl_bytes(sums.counts.migrated)),
		sums.passes, sums.processes, ctl_size(most, ctl_bytes(sums.device)),
		(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
		(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
	for (int i = CDM_FAIL_UNMAPPED + 1; i < CDM_FAIL_MAX; i++)
		if (sums.counts.failed[i])
			cdm_say("tried in vain, over all passes: %s: %llu pages: %s",
				cdm_why_name(i), sums.counts.failed[i], cdm_why_hint(i));
}

static void supervise(struct ctl_child *child)
{
	struct pollfd fd = { .fd = child->signals, .events = POLLIN };
	__u64 next = 0;

	for (;;) {
		if (cdm_clock_ns(CLOCK_MONOTONIC) >= next) {
			look_at_all();
			next = cdm_clock_ns(CLOCK_MONOTONIC) + opt.interval_ns;
		}
		if (poll(&fd, 1, ctl_ms_until(next)) > 0 && !ctl_child_signals(child))
			return;
	}
}

int ctl_run(int argc, char **argv)
{
	struct ctl_child child;
	char *cgroup = NULL;
	int ret;

	cdm_usage_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL);
	if (opt.cgroup) {
		cgroup = make_cgroup(opt.cgroup);
		if (!cgroup)
			return CTL_FAILED;
	}
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ret = ctl_child_init(&child) ? CTL_FAILED : ctl_child_start(&child, opt.argv, cgroup);
	free(cgroup);
	if (!ret)
		supervise(&child);
	free(processes.rows);
	for (int i = 0; i < opt.nr_devices; i++)
		ctl_device_close(&opt.devices[i]);
	if (ret)
		return ret;
	if (opt.verbose)
		report();
	ctl_child_exit(&child);
}

// SPDX-License-Identifier: GPL-2.0
/* cdmctl list, cdmctl status */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "ctl.h"

enum { OPT_VMAS = 256 };

static struct {
	bool json;
	bool vmas;
	__u32 pid;	/* 0: all */
} opt;

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'j':
		opt.json = true;
		return 0;
	case 'p':
		opt.pid = cdm_arg_number(state, "--pid", arg, 1, INT32_MAX);
		return 0;
	case OPT_VMAS:
		opt.vmas = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': no argument is expected", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option list_options[] = {
	{ "json", 'j', NULL, 0, "print JSON", 0 },
	{ 0 }
};

static const struct argp list_argp = {
	list_options, parse, NULL,
	"Lists the devices: size, memory in use and free, node, state, and whose memory it is.\v"
	"EXAMPLES\n"
	"  cdmctl list\n"
	"  cdmctl list -j | jq '.devices[].used_bytes'", NULL, NULL, NULL
};

static const struct argp_option status_options[] = {
	{ "json", 'j', NULL, 0, "print JSON", 0 },
	{ "pid", 'p', "PID", 0, "only this process and its cgroup", 0 },
	{ "vmas", OPT_VMAS, NULL, 0, "for each process, the VMAs with device memory", 0 },
	{ 0 }
};

static const struct argp status_argp = {
	status_options, parse, NULL,
	"Shows who holds device memory: devices, processes, cgroups. What cannot be known "
	"is '-', in JSON null; the split by device needs CAP_SYS_ADMIN.\v"
	"EXAMPLES\n"
	"  cdmctl status\n"
	"  cdmctl status -j -p 1412 --vmas", NULL, NULL, NULL
};

/* --- what there is --- */

struct vmas {
	struct cdm_snap_vma **rows;
	size_t nr;
};

struct status {
	struct cdm_snap_device devices[CDM_MAX_DEVICES];
	struct cdm_device_range ranges[CDM_MAX_DEVICES];
	int nr_devices;
	int nr_ranges;
	struct cdm_cgroups *tree;
	struct cdm_snap_proc *procs;
	struct vmas *vmas;		/* of each process */
	size_t nr_procs;
	struct cdm_snap_cgroup **cgroups;
	size_t nr_cgroups;
};

/* One element more than @nr of @size bytes. Return: 0 or -ENOMEM. */
static int grow(void *array, size_t nr, size_t size)
{
	void **p = array, *bigger;

	if (nr & (nr - 1))
		return 0;
	bigger = realloc(*p, (nr ? 2 * nr : 1) * size);
	if (!bigger)
		return -ENOMEM;
	*p = bigger;
	return 0;
}

static void *copy_record(const struct cdm_rec *rec)
{
	void *copy = malloc(rec->len);

	return copy ? memcpy(copy, rec, rec->len) : NULL;
}

static int add_vma(void *ctx, const struct cdm_rec *rec)
{
	struct vmas *v = ctx;

	if (grow(&v->rows, v->nr, sizeof(*v->rows)))
		return -ENOMEM;
	v->rows[v->nr] = copy_record(rec);
	return v->rows[v->nr++] ? 0 : -ENOMEM;
}

static int add_cgroup(void *ctx, const struct cdm_rec *rec)
{
	const struct cdm_snap_cgroup *snap = (const void *)rec;
	struct status *s = ctx;

	if (opt.pid ? s->procs[0].cgroup != snap->id
		    : snap->device == CDM_UNKNOWN || !snap->device)
		return 0;
	if (grow(&s->cgroups, s->nr_cgroups, sizeof(*s->cgroups)))
		return -ENOMEM;
	s->cgroups[s->nr_cgroups] = copy_record(rec);
	return s->cgroups[s->nr_cgroups++] ? 0 : -ENOMEM;
}

/* A process that has just ended is none. */
static int add_proc(void *ctx, __u32 pid)
{
	struct status *s = ctx;
	struct cdm_snap_proc *snap;
	struct vmas *vmas;
	int ret;

	if (grow(&s->procs, s->nr_procs, sizeof(*s->procs)) ||
	    grow(&s->vmas, s->nr_procs, sizeof(*s->vmas)))
		return -ENOMEM;
	snap = &s->procs[s->nr_procs];
	vmas = &s->vmas[s->nr_procs];
	memset(vmas, 0, sizeof(*vmas));

	ret = cdm_proc_read(pid, snap);
	if (ret)
		return opt.pid ? ret : 0;
	if (!opt.pid && (snap->device == CDM_UNKNOWN || !snap->device))
		return 0;
	s->nr_procs++;
	snap->cgroup = s->tree ? cdm_cgroups_of(s->tree, pid) : 0;
	cdm_proc_walk_devices(snap, s->ranges, s->nr_ranges);
	ret = opt.vmas ? cdm_proc_vmas(pid, add_vma, vmas) : 0;
	return ret == -ENOMEM ? ret : 0;
}

static void read_devices(struct status *s)
{
	s->nr_devices = cdm_devices_read(s->devices, CDM_MAX_DEVICES);
	s->nr_ranges = cdm_devices_ranges(s->ranges, CDM_MAX_DEVICES);
}

static int read_all(struct status *s)
{
	int ret;

	read_devices(s);
	s->tree = cdm_cgroups_open();
	ret = opt.pid ? add_proc(s, opt.pid) : cdm_proc_each(add_proc, s);
	if (!ret && s->tree)
		ret = cdm_cgroups_refresh(s->tree, 0, NULL, add_cgroup, s);
	return ret;
}

static void free_all(struct status *s)
{
	for (size_t i = 0; i < s->nr_procs; i++) {
		for (size_t k = 0; k < s->vmas[i].nr; k++)
			free(s->vmas[i].rows[k]);
		free(s->vmas[i].rows);
	}
	for (size_t i = 0; i < s->nr_cgroups; i++)
		free(s->cgroups[i]);
	free(s->cgroups);
	free(s->procs);
	free(s->vmas);
	cdm_cgroups_close(s->tree);
}

static const char *cgroup_path(const struct status *s, __u64 id)
{
	return s->tree && id ? cdm_cgroups_path(s->tree, id) : NULL;
}

static const char *user_name(__u32 uid, char buf[16])
{
	struct passwd *user = getpwuid(uid);

	if (user)
		return user->pw_name;
	snprintf(buf, 16, "%u", uid);
	return buf;
}

/* --- JSON --- */

static void json_device(struct cdm_json *j, const struct status *s, const struct cdm_snap_device *d)
{
	__u64 start = CDM_UNKNOWN;
	char buf[PATH_MAX];
	const char *parent = ctl_device_parent(d->name, buf);

	for (int i = 0; i < s->nr_ranges; i++)
		if (s->ranges[i].index == d->index)
			start = s->ranges[i].start;

	cdm_json_open(j, NULL, '{');
	cdm_json_string(j, "name", d->name);
	cdm_json_string(j, "parent", *parent ? parent : NULL);
	cdm_json_string(j, "state", cdm_state_name(d->state));
	cdm_json_s64(j, "node", d->node);
	cdm_json_known(j, "size_bytes", ctl_bytes(d->size));
	cdm_json_known(j, "used_bytes", ctl_bytes(d->used));
	cdm_json_known(j, "free_bytes", ctl_bytes(d->free));
	cdm_json_known(j, "quarantined_bytes", ctl_bytes(d->quarantined));
	cdm_json_known(j, "physical_start", start);
	cdm_json_close(j, '}');
}

static void json_devices(struct cdm_json *j, const struct status *s)
{
	cdm_json_open(j, "devices", '[');
	for (int i = 0; i < s->nr_devices; i++)
		json_device(j, s, &s->devices[i]);
	cdm_json_close(j, ']');
}

static void json_vma(struct cdm_json *j, const struct cdm_snap_vma *v)
{
	cdm_json_open(j, NULL, '{');
	cdm_json_u64(j, "start", v->start);
	cdm_json_u64(j, "end", v->end);
	cdm_json_string(j, "class", cdm_vma_name(v->vma));
	cdm_json_string(j, "perms", v->perms);
	cdm_json_string(j, "name", v->name);
	cdm_json_known(j, "rss_bytes", ctl_bytes(v->rss));
	cdm_json_known(j, "device_bytes", ctl_bytes(v->device));
	cdm_json_close(j, '}');
}

static void json_proc(struct cdm_json *j, const struct status *s, size_t n)
{
	const struct cdm_snap_proc *p = &s->procs[n];

	cdm_json_open(j, NULL, '{');
	cdm_json_u64(j, "pid", p->pid);
	cdm_json_string(j, "comm", p->comm);
	cdm_json_u64(j, "uid", p->uid);
	cdm_json_string(j, "cgroup", cgroup_path(s, p->cgroup));
	cdm_json_known(j, "rss_bytes", ctl_bytes(p->rss));
	cdm_json_known(j, "device_bytes", ctl_bytes(p->device));
	if (p->nr_devices) {
		cdm_json_open(j, "devices", '{');
		for (int i = 0; i < s->nr_devices; i++)
			if (s->devices[i].index < p->nr_devices)
				cdm_json_u64(j, s->devices[i].name,
					      ctl_bytes(p->per_device[s->devices[i].index]));
		cdm_json_close(j, '}');
	} else {
		cdm_json_null(j, "devices");
	}
	if (opt.vmas) {
		cdm_json_open(j, "vmas", '[');
		for (size_t i = 0; i < s->vmas[n].nr; i++)
			json_vma(j, s->vmas[n].rows[i]);
		cdm_json_close(j, ']');
	}
	cdm_json_close(j, '}');
}

static void json_cgroup(struct cdm_json *j, const struct cdm_snap_cgroup *c)
{
	cdm_json_open(j, NULL, '{');
	cdm_json_string(j, "path", c->path);
	cdm_json_u64(j, "id", c->id);
	cdm_json_known(j, "charged_bytes", ctl_bytes(c->charged));
	cdm_json_known(j, "device_bytes", ctl_bytes(c->device));
	cdm_json_bool(j, "limited", c->limit != CDM_NO_LIMIT);
	cdm_json_known(j, "limit_bytes", c->limit == CDM_NO_LIMIT ? CDM_UNKNOWN : ctl_bytes(c->limit));
	cdm_json_close(j, '}');
}

static void json_status(const struct status *s)
{
	struct cdm_json j;
	struct utsname u;

	cdm_json_init(&j, stdout, true);
	uname(&u);
	cdm_json_open(&j, NULL, '{');
	cdm_json_string(&j, "kernel", u.release);
	cdm_json_bool(&j, "kernel_has_device_host", ctl_kernel_has_series());
	cdm_json_u64(&j, "page_bytes", sysconf(_SC_PAGESIZE));
	json_devices(&j, s);
	cdm_json_open(&j, "processes", '[');
	for (size_t i = 0; i < s->nr_procs; i++)
		json_proc(&j, s, i);
	cdm_json_close(&j, ']');
	if (s->tree) {
		cdm_json_open(&j, "cgroups", '[');
		for (size_t i = 0; i < s->nr_cgroups; i++)
			json_cgroup(&j, s->cgroups[i]);
		cdm_json_close(&j, ']');
	} else {
		cdm_json_null(&j, "cgroups");
	}
	cdm_json_close(&j, '}');
}

/* --- text --- */

static void text_devices(const struct status *s)
{
	char size[CTL_SIZE_LEN], used[CTL_SIZE_LEN], free[CTL_SIZE_LEN], bad[CTL_SIZE_LEN];
	char parent[PATH_MAX];

	printf("%-8s %8s %8s %8s %11s %5s  %-8s  %s\n", "DEVICE", "SIZE", "USED", "FREE",
	       "QUARANTINED", "NODE", "STATE", "PARENT");
	for (int i = 0; i < s->nr_devices; i++) {
		const struct cdm_snap_device *d = &s->devices[i];

		printf("%-8s %8s %8s %8s %11s %5d  %-8s  %s\n", d->name,
		       ctl_size(size, ctl_bytes(d->size)), ctl_size(used, ctl_bytes(d->used)),
		       ctl_size(free, ctl_bytes(d->free)), ctl_size(bad, ctl_bytes(d->quarantined)),
		       d->node, cdm_state_name(d->state), ctl_device_parent(d->name, parent));
	}
}

static void text_vma(const struct cdm_snap_vma *v)
{
	char rss[CTL_SIZE_LEN], device[CTL_SIZE_LEN];

	printf("        %llx-%llx %s %-5s %8s %8s  ", v->start, v->end, v->perms,
	       cdm_vma_name(v->vma), ctl_size(rss, ctl_bytes(v->rss)),
	       ctl_size(device, ctl_bytes(v->device)));
	cdm_print_name(stdout, v->name, CDM_FORM_TEXT);
	putchar('\n');
}

static void text_procs(const struct status *s)
{
	char rss[CTL_SIZE_LEN], device[CTL_SIZE_LEN], part[CTL_SIZE_LEN], uid[16];

	printf("\n%7s %-10s %-15s %8s %8s", "PID", "USER", "COMM", "RSS", "DEVICE");
	for (int i = 0; i < s->nr_devices; i++)
		printf(" %8s", s->devices[i].name);
	puts("  CGROUP");
	for (size_t i = 0; i < s->nr_procs; i++) {
		const struct cdm_snap_proc *p = &s->procs[i];
		const char *cgroup = cgroup_path(s, p->cgroup);

		printf("%7u %-10s ", p->pid, user_name(p->uid, uid));
		cdm_print_name(stdout, p->comm, CDM_FORM_TEXT);
		printf("%*s %8s %8s", 15 - cdm_name_width(p->comm, sizeof(p->comm)), "",
		       ctl_size(rss, ctl_bytes(p->rss)), ctl_size(device, ctl_bytes(p->device)));
		for (int k = 0; k < s->nr_devices; k++) {
			__u32 index = s->devices[k].index;
			__u64 pages = index < p->nr_devices ? p->per_device[index] : CDM_UNKNOWN;

			printf(" %8s", ctl_size(part, ctl_bytes(pages)));
		}
		fputs("  ", stdout);
		cdm_print_name(stdout, cgroup ?: "-", CDM_FORM_TEXT);
		putchar('\n');
		for (size_t k = 0; k < s->vmas[i].nr; k++)
			text_vma(s->vmas[i].rows[k]);
	}
}

static void text_cgroups(const struct status *s)
{
	char charged[CTL_SIZE_LEN], device[CTL_SIZE_LEN], limit[CTL_SIZE_LEN];

	printf("\n%8s %8s %8s  %s\n", "CHARGED", "DEVICE", "LIMIT", "CGROUP");
	for (size_t i = 0; i < s->nr_cgroups; i++) {
		const struct cdm_snap_cgroup *c = s->cgroups[i];

		printf("%8s %8s %8s  ", ctl_size(charged, ctl_bytes(c->charged)),
		       ctl_size(device, ctl_bytes(c->device)), ctl_size(limit, ctl_bytes(c->limit)));
		cdm_print_name(stdout, c->path, CDM_FORM_TEXT);
		putchar('\n');
	}
}

/* --- commands --- */

int ctl_list(int argc, char **argv)
{
	struct status s = { 0 };
	struct cdm_json j;

	cdm_usage_parse(&list_argp, argc, argv, 0, NULL);
	read_devices(&s);
	if (!s.nr_devices)
		ctl_explain_no_devices();
	if (opt.json) {
		cdm_json_init(&j, stdout, true);
		cdm_json_open(&j, NULL, '{');
		cdm_json_u64(&j, "page_bytes", sysconf(_SC_PAGESIZE));
		json_devices(&j, &s);
		cdm_json_close(&j, '}');
	} else if (s.nr_devices) {
		text_devices(&s);
	}
	return s.nr_devices ? CTL_OK : CTL_FAILED;
}

int ctl_status(int argc, char **argv)
{
	struct status s = { 0 };
	bool found;
	int ret;

	cdm_usage_parse(&status_argp, argc, argv, 0, NULL);
	ret = read_all(&s);
	found = s.nr_devices || s.nr_procs;
	if (!ret && !s.nr_devices)
		ctl_explain_no_devices();
	if (ret) {
		errno = -ret;
		if (opt.pid)
			cdm_say("%u: %s", opt.pid, ret == -ESRCH ? "no such process" :
				strerror(-ret));
		else
			cdm_say("%s: %m", cdm_roots.proc);
	} else if (opt.json) {
		json_status(&s);
	} else if (found) {
		if (s.nr_devices)
			text_devices(&s);
		text_procs(&s);
		text_cgroups(&s);
	}
	free_all(&s);
	return ret || !found ? CTL_FAILED : CTL_OK;
}

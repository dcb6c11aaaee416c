// SPDX-License-Identifier: GPL-2.0
/*
 * cdmctl bind, cdmctl unbind: the memory of a devdax device, daxN.M, becomes a device cdmN, and
 * devdax again. By sysfs, in the steps of Documentation/admin-guide/mm/cdm.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

static const char *device;	/* of the command line */

static error_t parse(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case ARGP_KEY_ARG:
		if (device)
			argp_error(state, "'%s': one device at a time", arg);
		device = strncmp(arg, "/dev/", 5) ? arg : arg + 5;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "give a device, e.g. dax0.0");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option none[] = { { 0 } };

static const struct argp bind_argp = {
	none, parse, "DAX",
	"Makes the memory of a devdax device, such as dax0.0, a device cdmN: CXL memory, "
	"soft-reserved memory, an NVDIMM whose namespace is of the mode devdax. What is in it is "
	"overwritten. Needs root.\v"
	"EXAMPLES\n"
	"  cdmctl bind dax0.0\n"
	"  daxctl reconfigure-device -f -m devdax dax0.0   # from system RAM, before",
	NULL, NULL, NULL
};

static const struct argp unbind_argp = {
	none, parse, "DEVICE",
	"Brings home all that is on a device of `cdmctl bind`, and gives the memory back to "
	"devdax. Needs root.\v"
	"DEVICE is either name, cdm0 or dax0.0. Pages that are pinned stay until whoever pins "
	"them lets go; then the same command does the rest.\n\n"
	"EXAMPLES\n"
	"  cdmctl unbind dax0.0\n"
	"  cdmctl unbind cdm0", NULL, NULL, NULL
};

/* --- sysfs --- */

static const char *sys(char path[PATH_MAX], const char *format, ...)
{
	int len = snprintf(path, PATH_MAX, "%s/", cdm_roots.sys);
	va_list args;

	va_start(args, format);
	vsnprintf(path + len, PATH_MAX - len, format, args);
	va_end(args);
	return path;
}

/* Asks a driver of the bus. Return: 0 or -errno. */
static int ask(const char *driver, const char *file, const char *dax)
{
	char path[PATH_MAX];
	int fd = open(sys(path, "bus/dax/drivers/%s/%s", driver, file), O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, dax, strlen(dax)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* Its name, "" if it has none. */
static const char *driver_of(const char *dax, char buf[PATH_MAX])
{
	char path[PATH_MAX];

	return ctl_link_end(sys(path, "bus/dax/devices/%s/driver", dax), buf);
}

/*
 * A driver takes what is not of its kind if it is told the name, and would go on to do so
 * by itself. With that it binds, too; if it did not, "bind" says why.
 */
static int take(const char *driver, const char *dax)
{
	char buf[PATH_MAX];
	int err = ask(driver, "new_id", dax);

	if (!err && strcmp(driver_of(dax, buf), driver))
		err = ask(driver, "bind", dax);
	ask(driver, "remove_id", dax);
	return err;
}

static int give_back(const char *dax)
{
	int err = ask("device_dax", "bind", dax);

	return err == -ENODEV ? take("device_dax", dax) : err;
}

/* --- what is in the way, and what to do about it --- */

static bool is_dax(const char *name)
{
	unsigned int region, id;
	int end = 0;

	return sscanf(name, "dax%u.%u%n", &region, &id, &end) == 2 && !name[end];
}

/* As ndctl calls the mode of a namespace, and sysfs does */
static const char *const modes[][2] = {
	{ "fsdax", "memory" }, { "sector", "safe" }, { "devdax", "dax" }, { "raw", "raw" },
};

/* The memory of daxN.M may be that of namespaceN.M, in another mode. */
static bool explain_namespace(const char *dax)
{
	char path[PATH_MAX], mode[16];
	size_t i;

	sys(path, "bus/nd/devices/namespace%s/mode", dax + strlen("dax"));
	if (cdm_read_file(AT_FDCWD, path, mode, sizeof(mode)) < 0)
		return false;
	mode[strcspn(mode, "\n")] = '\0';
	for (i = 0; i < ARRAY_SIZE(modes) - 1 && strcmp(mode, modes[i][1]); i++)
		;
	if (!strcmp(mode, "dax"))
		cdm_say("%s: is not there, though its namespace is of the mode devdax; "
			"`modprobe dax_pmem`", dax);
	else
		cdm_say("%s: namespace%s is of the mode %s; `ndctl create-namespace --force "
			"--reconfig=namespace%s --mode=devdax` makes it devdax, and erases it",
			dax, dax + 3, modes[i][0], dax + 3);
	return true;
}

static void explain_no_dax(const char *dax)
{
	if (!explain_namespace(dax))
		cdm_say("%s: no such device; `daxctl list` tells which there are, `ndctl list -N` "
			"which memory of NVDIMMs could be", dax);
}

static void explain_no_driver(void)
{
	char path[PATH_MAX];

	if (!access(sys(path, "class/cdm"), F_OK))
		cdm_say("the module cdm of this kernel does not take devdax devices");
	else
		ctl_explain_no_devices();
}

static void explain_other_driver(const char *dax, const char *driver)
{
	if (!strcmp(driver, "kmem"))
		cdm_say("%s: is system RAM (kmem); `daxctl reconfigure-device --mode=devdax "
			"--force %s` takes it offline, if nothing holds it", dax, dax);
	else
		cdm_say("%s: belongs to the driver %s", dax, driver);
}

static void explain(const char *dax, int err)
{
	switch (-err) {
	case EACCES:
	case EPERM:
		cdm_say("%s: not permitted: it takes root", dax);
		break;
	case ENOENT:
		cdm_say("%s: the module device_dax is not loaded; `modprobe device_dax`, and the "
			"same once again", dax);
		break;
	case EBUSY:
		cdm_say("%s: its memory is claimed, by pages that were on it and are pinned, or by "
			"another driver: the kernel's log tells. The same once again when they "
			"are home", dax);
		break;
	default:
		cdm_say("%s: %s; the kernel's log tells more", dax, strerror(-err));
	}
}

static int maps(void *path, const struct cdm_vma *vma)
{
	return !strcmp(vma->name, path);
}

static int check_process(void *path, __u32 pid)
{
	if (cdm_proc_maps(pid, false, maps, path) <= 0)
		return 0;
	cdm_say("%s: process %u has it mapped, and would lose it; end that first",
		(char *)path + strlen("/dev/"), pid);
	return -EBUSY;
}

static bool is_mapped(const char *dax)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/dev/%s", dax);
	return cdm_proc_each(check_process, path);
}

/* --- commands --- */

static void tell(const char *dax)
{
	struct cdm_snap_device devices[CDM_MAX_DEVICES];
	int n = cdm_devices_read(devices, CDM_MAX_DEVICES);
	char buf[PATH_MAX], size[CTL_SIZE_LEN];

	for (int i = 0; i < n; i++)
		if (!strcmp(ctl_device_parent(devices[i].name, buf), dax))
			printf("%s is %s: %s on node %d\n", dax, devices[i].name,
			       ctl_size(size, ctl_bytes(devices[i].size)), devices[i].node);
}

static int bind_dax(const char *dax)
{
	char path[PATH_MAX], buf[PATH_MAX];
	const char *driver;
	int err = 0;

	if (access(sys(path, "bus/dax/devices/%s", dax), F_OK)) {
		explain_no_dax(dax);
		return CTL_FAILED;
	}
	if (access(sys(path, "bus/dax/drivers/cdm"), F_OK)) {
		explain_no_driver();
		return CTL_FAILED;
	}
	driver = driver_of(dax, buf);
	if (*driver && strcmp(driver, "device_dax") && strcmp(driver, "cdm")) {
		explain_other_driver(dax, driver);
		return CTL_FAILED;
	}
	if (strcmp(driver, "cdm")) {
		if (is_mapped(dax))
			return CTL_FAILED;
		err = *driver ? ask(driver, "unbind", dax) : 0;
		err = err ?: take("cdm", dax);
	}
	if (err) {
		if (*driver)
			give_back(dax);
		explain(dax, err);
		return CTL_FAILED;
	}
	tell(dax);
	return CTL_OK;
}

int ctl_bind(int argc, char **argv)
{
	cdm_usage_parse(&bind_argp, argc, argv, 0, NULL);
	if (is_dax(device))
		return bind_dax(device);
	cdm_say("%s: is not the name of a devdax device, such as dax0.0", device);
	return CTL_USAGE;
}

static int unbind_dax(const char *dax)
{
	char buf[PATH_MAX];
	const char *driver = driver_of(dax, buf);
	int err = 0;

	if (!strcmp(driver, "cdm")) {
		err = ask("cdm", "unbind", dax);
		ask("cdm", "remove_id", dax);
	} else if (*driver) {
		explain_other_driver(dax, driver);
		return CTL_FAILED;
	}
	err = err ?: give_back(dax);
	if (err) {
		explain(dax, err);
		return CTL_FAILED;
	}
	printf("%s is devdax again\n", dax);
	return CTL_OK;
}

int ctl_unbind(int argc, char **argv)
{
	char path[PATH_MAX], buf[PATH_MAX];
	struct ctl_device cdm;
	const char *dax;

	cdm_usage_parse(&unbind_argp, argc, argv, 0, NULL);
	if (is_dax(device)) {
		if (!access(sys(path, "bus/dax/devices/%s", device), F_OK))
			return unbind_dax(device);
		explain_no_dax(device);
		return CTL_FAILED;
	}
	if (ctl_device_open(device, &cdm))
		return CTL_FAILED;
	ctl_device_close(&cdm);
	dax = ctl_device_parent(cdm.name, buf);
	if (is_dax(dax))
		return unbind_dax(dax);
	cdm_say("%s: is the memory of %s, not of a devdax device; write that to \"unbind\" of its "
		"driver in /sys/bus", cdm.name, dax);
	return CTL_FAILED;
}

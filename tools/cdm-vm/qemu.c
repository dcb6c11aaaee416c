// SPDX-License-Identifier: GPL-2.0
/* The machine: its layout, QEMU's command line, and the start of QEMU. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "initramfs.h"
#include "qemu.h"

#define QEMU "qemu-system-x86_64"
#define SECTION_SIZE (128 * MIB)
#define LOW_MEMORY_MAX (2 * GIB)

/*
 * Memory below 4G ends with firmware tables and the PCI hole, at places that
 * QEMU decides. So with reserved ranges the boundary is set by us, the ranges
 * go to the very end of the memory above 4G, and they start at a multiple of
 * the size of a memory section. Some plain memory lies between 4G and them, or
 * /proc/iomem would show them as one with the firmware that ends at 4G.
 */
static uint64_t plain_memory(const struct options *o)
{
	uint64_t memory = align_up(o->memory, SECTION_SIZE);

	return memory < 2 * SECTION_SIZE ? 2 * SECTION_SIZE : memory;
}

static uint64_t low_memory(const struct options *o)
{
	uint64_t memory = plain_memory(o) - SECTION_SIZE;

	if (memory >= LOW_MEMORY_MAX)
		return LOW_MEMORY_MAX;
	/* QEMU advises whole gigabytes. */
	return memory < GIB ? memory : memory / GIB * GIB;
}

static uint64_t reserved_start(const struct options *o)
{
	return 4 * GIB + plain_memory(o) - low_memory(o);
}

static uint64_t reserved_size(const struct options *o)
{
	uint64_t size = 0;
	int i;

	for (i = 0; i < o->nr_cdm; i++)
		if (o->cdm[i].reserved)
			size += align_up(o->cdm[i].size, SECTION_SIZE);
	return size;
}

static uint64_t all_memory(const struct options *o)
{
	uint64_t reserved = reserved_size(o);

	return reserved ? plain_memory(o) + reserved : o->memory;
}

void place_reserved_devices(struct options *o)
{
	uint64_t address = reserved_start(o);
	int i;

	for (i = 0; i < o->nr_cdm; i++) {
		if (!o->cdm[i].reserved)
			continue;
		o->cdm[i].address = address;
		address += align_up(o->cdm[i].size, SECTION_SIZE);
	}
}

/* In the value of a QEMU option a comma is written twice. */
static char *escape_commas(const char *text)
{
	struct buffer b = { 0 };

	buffer_add(&b, "", 0);
	for (; *text; text++)
		buffer_add(&b, *text == ',' ? ",," : text, *text == ',' ? 2 : 1);
	return b.data;
}

static void add_accel(const struct vm *vm, struct strings *argv)
{
	strings_add(argv, "-accel");
	if (vm->accel == ACCEL_KVM)
		strings_add(argv, "kvm");
	else
		strings_addf(argv, "tcg,thread=%s", vm->o->icount ? "single" : "multi");
	strings_add(argv, "-cpu");
	/*
	 * Five-level page tables only make emulated page walks longer. Some
	 * nested hosts offer ARCH_CAPABILITIES but refuse to set them.
	 */
	strings_add(argv, vm->accel == ACCEL_KVM ? "host,arch-capabilities=off" : "max,la57=off");
	if (!vm->o->icount)
		return;
	strings_add(argv, "-icount");
	strings_add(argv, "shift=0,sleep=off");
	strings_add(argv, "-rtc");
	strings_add(argv, "clock=vm");
}

static uint64_t node_share(const struct options *o)
{
	uint64_t share = o->numa ? o->memory / o->numa : 0;

	/* No memory section on two nodes, where that can be had. */
	return share < 2 * SECTION_SIZE ? share / MIB * MIB : share / SECTION_SIZE * SECTION_SIZE;
}

/*
 * What firmware tells of a machine with slower memory (ACPI HMAT): of each node with
 * processors, latency in ns and MB/s to each node.
 */
static void add_distances(const struct options *o, int with_cpus, struct strings *argv)
{
	for (int i = 0; i < with_cpus; i++)
		for (int k = 0; k < o->numa; k++) {
			bool far = k == o->numa - 1;

			strings_add(argv, "-numa");
			strings_addf(argv, "hmat-lb,initiator=%d,target=%d,hierarchy=memory,data-type=access-latency,latency=%d",
				     i, k, far ? 400 : 100);
			strings_add(argv, "-numa");
			strings_addf(argv, "hmat-lb,initiator=%d,target=%d,hierarchy=memory,data-type=access-bandwidth,bandwidth=%dM",
				     i, k, far ? 4096 : 16384);
		}
}

static void add_memory(const struct vm *vm, struct strings *argv)
{
	const struct options *o = vm->o;
	int with_cpus = o->numa - o->far;
	uint64_t size = all_memory(o);
	uint64_t share = node_share(o);
	int i, cpu = 0, next_cpu;

	strings_add(argv, "-m");
	strings_addf(argv, "%lluM", (unsigned long long)(size / MIB));
	strings_add(argv, "-smp");
	/* A socket for each processor: no cache is shared across nodes. */
	strings_addf(argv, "cpus=%d,sockets=%d,cores=1,threads=1", o->cpus, o->cpus);
	for (i = 0; i < o->numa; i++) {
		if (i == o->numa - 1)
			share = size - share * (o->numa - 1);
		strings_add(argv, "-object");
		strings_addf(argv, "memory-backend-ram,id=ram%d,size=%lluM", i,
			     (unsigned long long)(share / MIB));
		strings_add(argv, "-numa");
		next_cpu = i < with_cpus ? o->cpus * (i + 1) / with_cpus : cpu;
		if (next_cpu > cpu)
			strings_addf(argv, "node,nodeid=%d,memdev=ram%d,cpus=%d-%d", i, i, cpu,
				     next_cpu - 1);
		else if (i >= with_cpus)
			strings_addf(argv, "node,nodeid=%d,memdev=ram%d,initiator=0", i, i);
		else
			strings_addf(argv, "node,nodeid=%d,memdev=ram%d", i, i);
		cpu = next_cpu;
	}
	if (o->far)
		add_distances(o, with_cpus, argv);
}

static void add_machine(const struct vm *vm, struct strings *argv)
{
	struct buffer machine = { 0 };

	buffer_addf(&machine, "q35,smm=off,vmport=off,sata=off,smbus=off,usb=off");
	if (reserved_size(vm->o))
		buffer_addf(&machine, ",max-ram-below-4g=%llu",
			    (unsigned long long)low_memory(vm->o));
	if (vm->o->far)
		buffer_addf(&machine, ",hmat=on");
	strings_add(argv, "-machine");
	strings_add(argv, machine.data);
	buffer_free(&machine);
	add_accel(vm, argv);
	add_memory(vm, argv);
}

static void add_share(struct strings *argv, const char *tag, const char *path, bool readonly)
{
	char *escaped = escape_commas(path);

	strings_add(argv, "-fsdev");
	strings_addf(argv, "local,id=%s,path=%s,security_model=none,multidevs=remap%s", tag, escaped,
		     readonly ? ",readonly=on" : "");
	strings_add(argv, "-device");
	strings_addf(argv, "virtio-9p-pci,fsdev=%s,mount_tag=%s", tag, tag);
	free(escaped);
}

static void add_shares(const struct vm *vm, struct strings *argv)
{
	char tag[32];
	size_t i;

	add_share(argv, ROOT_TAG, "/", true);
	for (i = 0; i < vm->o->rw.n; i++) {
		snprintf(tag, sizeof(tag), "cdmrw%zu", i);
		add_share(argv, tag, vm->o->rw.v[i], false);
	}
}

static void add_ports(const struct vm *vm, struct strings *argv)
{
	static const char * const names[] = PORT_NAMES;
	int i;

	strings_add(argv, "-chardev");
	strings_addf(argv, "socket,id=console,fd=%d", vm->console[1]);
	strings_add(argv, "-serial");
	strings_add(argv, "chardev:console");
	strings_add(argv, "-device");
	strings_addf(argv, "virtio-serial-pci,id=cdmserial,max_ports=%d", NR_PORTS + 1);
	for (i = 0; i < NR_PORTS; i++) {
		strings_add(argv, "-chardev");
		strings_addf(argv, "socket,id=%s,fd=%d", names[i], vm->port[i][1]);
		strings_add(argv, "-device");
		strings_addf(argv, "virtserialport,bus=cdmserial.0,nr=%d,chardev=%s,name=%s", i + 1,
			     names[i], names[i]);
	}
}

static void add_swap(const struct vm *vm, struct strings *argv)
{
	if (vm->swap < 0)
		return;
	strings_add(argv, "-drive");
	strings_addf(argv, "file=/dev/fd/%d,format=raw,if=none,id=swap,cache=unsafe,file.locking=off",
		     vm->swap);
	strings_add(argv, "-device");
	strings_addf(argv, "virtio-blk-pci,drive=swap,serial=%s", SWAP_SERIAL);
}

static void add_cdm(const struct vm *vm, struct strings *argv)
{
	const struct options *o = vm->o;
	int i;

	for (i = 0; i < o->nr_cdm; i++) {
		if (o->cdm[i].reserved)
			continue;
		strings_add(argv, "-object");
		strings_addf(argv, "memory-backend-ram,id=cdm%d,size=%lluM,share=on", i,
			     (unsigned long long)(o->cdm[i].size / MIB));
		strings_add(argv, "-device");
		strings_addf(argv, "ivshmem-plain,id=cdm-pci%d,memdev=cdm%d", i, i);
	}
}

static void add_debugging(const struct vm *vm, struct strings *argv)
{
	const struct options *o = vm->o;
	char *escaped;

	if (o->gdb_port) {
		strings_add(argv, "-gdb");
		strings_addf(argv, "tcp:127.0.0.1:%d", o->gdb_port);
	}
	if (o->gdb_wait)
		strings_add(argv, "-S");
	if (!o->monitor)
		return;
	escaped = escape_commas(o->monitor);
	strings_add(argv, "-qmp");
	strings_addf(argv, "unix:%s,server=on,wait=off", escaped);
	free(escaped);
}

static void kernel_reserved(const struct options *o, struct buffer *b)
{
	const char *separator = "";
	int i;

	if (!reserved_size(o))
		return;
	/* One memmap= for all: they are neighbours, and KASLR copes with few. */
	buffer_addf(b, " memmap=%lluM$0x%llx", (unsigned long long)(reserved_size(o) / MIB),
		    (unsigned long long)reserved_start(o));
	buffer_addf(b, " cdm.reserved=");
	for (i = 0; i < o->nr_cdm; i++) {
		if (!o->cdm[i].reserved)
			continue;
		buffer_addf(b, "%s%lluM@0x%llx", separator,
			    (unsigned long long)(o->cdm[i].size / MIB),
			    (unsigned long long)o->cdm[i].address);
		if (o->cdm[i].node >= 0)
			buffer_addf(b, "%%%d", o->cdm[i].node);
		separator = ",";
	}
}

/* One entry for each PCI device, in slot order; -1 where no node is asked for. */
static void kernel_pci_nodes(const struct options *o, struct buffer *b)
{
	const char *separator = " cdm.pci_node=";
	bool any = false;
	int i;

	for (i = 0; i < o->nr_cdm; i++)
		any |= !o->cdm[i].reserved && o->cdm[i].node >= 0;
	for (i = 0; any && i < o->nr_cdm; i++) {
		if (o->cdm[i].reserved)
			continue;
		buffer_addf(b, "%s%d", separator, o->cdm[i].node);
		separator = ",";
	}
}

static char *kernel_arguments(const struct vm *vm)
{
	const struct options *o = vm->o;
	struct buffer b = { 0 };
	size_t i;

	/*
	 * panic=-1 with -no-reboot: a panic ends QEMU at once. no_timer_check:
	 * a busy host may starve the timer test at boot, which then panics.
	 * mitigations=off: they only cost time on an emulated processor.
	 */
	buffer_addf(&b, "rdinit=/init console=ttyS0 8250.nr_uarts=1 panic=-1 no_timer_check "
		    "mitigations=off random.trust_cpu=on log_buf_len=%s %s",
		    o->debug_kernel ? "16M" : "4M", verbose ? "ignore_loglevel" : "quiet");
	if (o->icount)
		buffer_addf(&b, " clocksource=tsc tsc=reliable");
	if (o->kmemleak)
		buffer_addf(&b, " kmemleak=on");
	if (o->gdb_port)
		buffer_addf(&b, " nokaslr");
	kernel_reserved(o, &b);
	kernel_pci_nodes(o, &b);
	for (i = 0; i < o->append.n; i++)
		buffer_addf(&b, " %s", o->append.v[i]);
	return b.data;
}

void vm_command(const struct vm *vm, struct strings *argv)
{
	char *append = kernel_arguments(vm);
	size_t i;

	strings_add(argv, QEMU);
	strings_add(argv, "-nodefaults");
	strings_add(argv, "-no-user-config");
	strings_add(argv, "-display");
	strings_add(argv, "none");
	strings_add(argv, "-no-reboot");
	add_machine(vm, argv);
	strings_add(argv, "-kernel");
	strings_add(argv, vm->o->image);
	strings_add(argv, "-initrd");
	strings_addf(argv, "/dev/fd/%d", vm->initramfs);
	strings_add(argv, "-append");
	strings_add(argv, append);
	free(append);
	add_ports(vm, argv);
	if (vm->probe)
		return;
	add_shares(vm, argv);
	add_swap(vm, argv);
	add_cdm(vm, argv);
	add_debugging(vm, argv);
	for (i = 0; i < vm->o->qemu_args.n; i++)
		strings_add(argv, vm->o->qemu_args.v[i]);
}

static void make_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		die("cannot make a socket pair: %s", strerror(errno));
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
}

/* A sparse file without a name, with the header that swapon() looks for. */
static int create_swap(uint64_t size)
{
	struct {
		char boot[1024];
		uint32_t version, last_page, nr_badpages;
		char rest[4096 - 1024 - 3 * 4 - 10];
		char magic[10];
	} __attribute__((packed)) header = {
		.version = 1,
		.last_page = size / 4096 - 1,
		.magic = "SWAPSPACE2",
	};
	const char *tmp = getenv("TMPDIR");
	int fd = open(tmp ?: "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = memfd_create("cdm-vm-swap", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, size) || write_all(fd, &header, sizeof(header)))
		die("cannot make the swap file: %s", strerror(errno));
	return fd;
}

void vm_prepare(struct vm *vm, const struct buffer *config)
{
	int i;

	vm->pid = 0;
	for (i = 0; i < NR_PORTS; i++)
		make_pair(vm->port[i]);
	make_pair(vm->console);
	make_pair(vm->errors);
	vm->initramfs = initramfs_create(config, &vm->o->boot_modules);
	vm->swap = vm->o->swap && !vm->probe ? create_swap(vm->o->swap) : -1;
}

static void inherit(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
}

static void exec_qemu(struct vm *vm, char **argv, pid_t parent)
{
	sigset_t none;
	int i, null;

	/* QEMU must not outlive us, nor see the terminal's Ctrl-C. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_VM);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(vm->errors[1], 2);
	for (i = 0; i < NR_PORTS; i++)
		inherit(vm->port[i][1]);
	inherit(vm->console[1]);
	inherit(vm->initramfs);
	inherit(vm->swap);

	execvp(argv[0], argv);
	if (errno == ENOENT)
		dprintf(2, "%s is not installed; install it with: make deps\n", argv[0]);
	else
		dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(EXIT_VM);
}

void vm_start(struct vm *vm, char **argv)
{
	pid_t self = getpid();
	int i;

	vm->pid = fork();
	if (vm->pid < 0)
		die("cannot start a process: %s", strerror(errno));
	if (!vm->pid)
		exec_qemu(vm, argv, self);

	/* Ours must be the only other end, so that QEMU's death is an EOF. */
	for (i = 0; i < NR_PORTS; i++)
		close(vm->port[i][1]);
	close(vm->console[1]);
	close(vm->errors[1]);
	close(vm->initramfs);
	if (vm->swap >= 0)
		close(vm->swap);
}

/* For people to read and to paste. */
char *shell_command(char **argv)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";
	struct buffer b = { 0 };
	const char *c;

	for (; *argv; argv++) {
		if (b.len)
			buffer_add(&b, " ", 1);
		if (**argv && strspn(*argv, plain) == strlen(*argv)) {
			buffer_add(&b, *argv, strlen(*argv));
			continue;
		}
		buffer_add(&b, "'", 1);
		for (c = *argv; *c; c++)
			buffer_add(&b, *c == '\'' ? "'\\''" : c, *c == '\'' ? 4 : 1);
		buffer_add(&b, "'", 1);
	}
	return b.data;
}

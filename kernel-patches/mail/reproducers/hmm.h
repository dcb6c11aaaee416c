/* SPDX-License-Identifier: GPL-2.0 */
/* What the reproducers share. mail.py puts all below this line into each of them. */
/*
 * Ends with 0 on a kernel that is right, 1 with the defect, 2 if it cannot tell. Wants
 *   modprobe test_hmm spm_addr_dev0=A spm_addr_dev1=B
 * where A and B start 256M that memmap=256M$A,256M$B kept away from the kernel.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/types.h>
#include "test_hmm_uapi.h"

#define PAGE 4096UL

static inline int coherent(void)
{
	int fd = open("/dev/hmm_dmirror2", O_RDWR);

	if (fd < 0)
		err(2, "/dev/hmm_dmirror2");
	return fd;
}

/* A request for pages of this process; what it answers is in the result. */
static inline struct hmm_dmirror_cmd mirror(int fd, unsigned long request, void *p,
					    unsigned long pages)
{
	static char buf[512 * PAGE];
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)p, .ptr = (uintptr_t)buf, .npages = pages,
	};

	ioctl(fd, request, &cmd);
	return cmd;
}

/* How many of the pages are on the device. */
static inline unsigned long there(int fd, void *p, unsigned long pages)
{
	struct hmm_dmirror_cmd cmd = mirror(fd, HMM_DMIRROR_SNAPSHOT, p, pages);
	unsigned char *prot = (unsigned char *)(uintptr_t)cmd.ptr;
	unsigned long n = 0;

	for (unsigned long i = 0; i < pages; i++)
		n += (prot[i] & 0xf0) == HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL;
	return n;
}

/* Private memory, written, all of it on the device if @fd is one. */
static inline char *memory(int fd, unsigned long pages)
{
	char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(2, "mmap");
	madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	for (unsigned long i = 0; i < pages; i++)
		p[i * PAGE] = i + 1;
	if (fd < 0)
		return p;
	mirror(fd, HMM_DMIRROR_MIGRATE_TO_DEV, p, pages);
	if (there(fd, p, pages) != pages)
		errx(2, "the pages did not go to the device");
	return p;
}

/* The number in the line of a file of /proc that starts with @key. */
static inline long number(const char *path, const char *key)
{
	FILE *f = fopen(path, "r");
	char line[256];
	long n = -1;

	while (f && n < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			n = strtol(line + strlen(key), NULL, 10);
	if (f)
		fclose(f);
	return n;
}

static inline void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(2, "%s", path);
	close(fd);
}

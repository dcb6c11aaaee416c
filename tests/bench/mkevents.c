// SPDX-License-Identifier: GPL-2.0
/*
 * mkevents KIND N FILE: a recording of N events, "pagefault" or "migrate", with the
 * numbers that such events have, so that what prints them has real digits to print.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/record.h"

#define START	(3600 * 1000000000ULL)

static char why[CDM_WHY_LEN];

static void head(struct cdm_ev *ev, unsigned int kind, size_t len, unsigned long n)
{
	ev->rec = (struct cdm_rec){ kind, n % 2, len, START + n * 1234 };
	ev->mm = 0xffff8882dad5ddc0ULL;
	ev->cgroup = 7427;
	ev->device = kind == CDM_EV_MIGRATE ? 0xffff888104fe1000ULL : 0;
	ev->pid = ev->actor_pid = ev->actor_tid = 18125 + n % 7;
	ev->stack = -1;
	strcpy(ev->comm, "redis-server");
	strcpy(ev->actor_comm, "redis-server");
}

static int pagefault(struct cdm_writer *w, unsigned long n)
{
	struct cdm_ev_pagefault e = {
		.addr = 0x7f1c2000000ULL + n * 4096, .ip = 0x559a91df8218ULL, .error_code = 6,
	};

	head(&e.ev, CDM_EV_PAGEFAULT, sizeof(e), n);
	return cdm_writer_put(w, &e.ev.rec);
}

static int migrate(struct cdm_writer *w, unsigned long n)
{
	struct cdm_ev_migrate e = {
		.start = 0x7f1c2000000ULL + n * 4096, .bytes = 2 << 20,
		.requested = 512, .collected = 505, .migrated = 505,
		.collect_ns = 91000 + n % 9999, .copy_ns = 220000 + n % 7777, .restore_ns = 33000,
		.dir = n % 2, .cause = CDM_CAUSE_DRIVER, .memory = CDM_MEM_HOST,
		.vma = CDM_VMA_HEAP, .failed[CDM_WHY_PINNED] = 7,
	};

	head(&e.ev, CDM_EV_MIGRATE, sizeof(e), n);
	return cdm_writer_put(w, &e.ev.rec);
}

static struct cdm_writer *open_file(const char *path)
{
	struct cdm_file_header h;

	cdm_file_header_init(&h);
	return cdm_writer_open(path, &h, why);
}

static int put_cgroup(struct cdm_writer *w)
{
	union {
		struct cdm_snap_cgroup c;
		char room[sizeof(struct cdm_snap_cgroup) + 64];
	} u = { .c = { .rec = { CDM_SNAP_CGROUP, 0, sizeof(u), START }, .id = 7427,
		       .limit = CDM_NO_LIMIT } };

	strcpy(u.c.path, "/system.slice/redis-server.service");
	return cdm_writer_put(w, &u.c.rec);
}

int main(int argc, char **argv)
{
	unsigned long n = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	int (*put)(struct cdm_writer *w, unsigned long n);
	struct cdm_writer *w;
	int err;

	if (!n) {
		fprintf(stderr, "Usage: mkevents pagefault|migrate N FILE\n");
		return 2;
	}
	put = !strcmp(argv[1], "migrate") ? migrate : pagefault;
	w = open_file(argv[3]);
	if (!w)
		return 1;
	err = put_cgroup(w);
	for (unsigned long i = 0; i < n && !err; i++)
		err = put(w, i);
	return cdm_writer_close(w, why) || err ? 1 : 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * KVM or not? That /dev/kvm opens says little: under some hypervisors a nested
 * guest then hangs. So boot the kernel once, for a few seconds at most, and
 * remember the answer until the host or the kernel changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accel.h"
#include "proxy.h"

#define PROBE_SECONDS 5

static void read_boot_id(char *id, size_t size)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(id, size, f))
		*id = '\0';
	id[strcspn(id, "\n")] = '\0';
	if (f)
		fclose(f);
}

/* FNV-1a */
static uint64_t hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash;
}

static char *cache_path(const struct options *o)
{
	const char *base = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	struct stat st = { 0 };
	char id[64];
	char *key, *path = NULL;

	read_boot_id(id, sizeof(id));
	stat(o->image, &st);
	key = xasprintf("%s %s %lld %lld.%09ld", id, o->image, (long long)st.st_size,
			(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	if (base && *base == '/')
		path = xasprintf("%s/cdm/accel-%016" PRIx64, base, hash_text(key));
	else if (home && *home == '/')
		path = xasprintf("%s/.cache/cdm/accel-%016" PRIx64, home, hash_text(key));
	free(key);
	return path;
}

static enum accel read_cache(const char *path)
{
	FILE *f = fopen(path, "re");
	char word[8] = "";

	if (!f)
		return ACCEL_AUTO;
	if (!fgets(word, sizeof(word), f))
		*word = '\0';
	fclose(f);
	if (!strcmp(word, "kvm\n"))
		return ACCEL_KVM;
	return !strcmp(word, "tcg\n") ? ACCEL_TCG : ACCEL_AUTO;
}

/* Written aside and renamed: parallel runs see all of it or nothing. */
static void write_cache(const char *path, enum accel accel)
{
	char *dir = xstrdup(path);
	char *temporary = xasprintf("%s.%d", path, getpid());
	FILE *f;

	*strrchr(dir, '/') = '\0';
	make_dirs(dir);
	f = fopen(temporary, "we");
	if (f) {
		fprintf(f, "%s\n", accel == ACCEL_KVM ? "kvm" : "tcg");
		if (fclose(f) || rename(temporary, path))
			unlink(temporary);
	}
	free(temporary);
	free(dir);
}

/* The user's interrupt during the probe is meant for the whole run. */
static bool boots_with_kvm(const struct options *o)
{
	struct vm vm = { .o = o, .accel = ACCEL_KVM, .probe = true };
	struct strings argv = { 0 };
	struct buffer config = { 0 };
	struct result r;
	bool ready;

	buffer_add(&config, "probe=1", sizeof("probe=1"));
	vm_prepare(&vm, &config);
	vm_command(&vm, &argv);
	vm_start(&vm, argv.v);
	run_vm(&vm, false, 0, PROBE_SECONDS, &r);
	ready = r.ready;
	if (r.outcome == OUTCOME_SIGNAL)
		exit(128 + r.status);
	result_free(&r);
	strings_free(&argv);
	buffer_free(&config);
	return ready;
}

enum accel choose_accel(const struct options *o)
{
	enum accel accel;
	char *path;
	int fd;

	if (o->accel != ACCEL_AUTO)
		return o->accel;
	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		note("no KVM (/dev/kvm: %s): using TCG", strerror(errno));
		return ACCEL_TCG;
	}
	close(fd);

	path = cache_path(o);
	accel = path ? read_cache(path) : ACCEL_AUTO;
	if (accel != ACCEL_AUTO || o->dry_run)
		goto out;
	note("testing whether this kernel boots with KVM, for %d seconds at most", PROBE_SECONDS);
	accel = boots_with_kvm(o) ? ACCEL_KVM : ACCEL_TCG;
	note("it %s", accel == ACCEL_KVM ? "does" : "does not: using TCG");
	if (path)
		write_cache(path, accel);
out:
	free(path);
	return accel == ACCEL_AUTO ? ACCEL_TCG : accel;
}

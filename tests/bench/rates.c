// SPDX-License-Identifier: GPL-2.0
/*
 * rates PRODUCERS SECONDS RATE: page faults of PRODUCERS processes, each on one CPU,
 * RATE a second of all together; 0: as many as come. Prints how many there were, and the
 * ns that they took.
 *
 * While it makes them, and then only, a process is called "faulting", and it has no other
 * page faults, so that a reader that sees fewer by that name has lost some.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	4096
#define BYTES	(2 << 20)
#define TICK_NS	1000000LL

struct result {
	long faults;
	long long ns;
};

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void sleep_until(long long ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static void *get(size_t bytes, int flags)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || madvise(p, bytes, MADV_NOHUGEPAGE)) {
		perror("rates");
		exit(1);
	}
	return p;
}

/* Memory that was never written has the page of zeros: the cheapest fault there is. */
static void fault(volatile char *p, long from, long to)
{
	for (long i = from; i < to; i++) {
		if (i % (BYTES / PAGE) == 0)
			madvise((void *)p, BYTES, MADV_DONTNEED);
		(void)p[i * PAGE % BYTES];
	}
}

/* As many of them as are due at each tick; whoever is late does not sleep. */
static struct result produce(volatile char *p, double rate, long long run_ns)
{
	long long start = now_ns(), now = start, tick = start;
	struct result r = {};

	while (now < start + run_ns) {
		long due = rate ? rate * (now - start + TICK_NS) / 1e9 : r.faults + 512;

		if (due > r.faults + 8192)
			due = r.faults + 8192;
		fault(p, r.faults, due);
		r.faults = due;
		tick += TICK_NS;
		if (rate)
			sleep_until(tick);
		now = now_ns();
	}
	r.ns = now - start;
	return r;
}

static void child(int cpu, int go, double rate, long long run_ns, struct result *result)
{
	char *p = get(BYTES, MAP_PRIVATE);
	cpu_set_t cpus;
	char c;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	*result = produce(p, rate, 2 * TICK_NS);	/* all that is needed is there */
	if (read(go, &c, 1))
		_exit(1);
	prctl(PR_SET_NAME, "faulting");
	*result = produce(p, rate, run_ns);
	prctl(PR_SET_NAME, "rates");
	_exit(0);
}

int main(int argc, char **argv)
{
	int producers = argc == 4 ? atoi(argv[1]) : 0, cpus = sysconf(_SC_NPROCESSORS_ONLN), go[2];
	struct result *results, sum = {};
	int status, failed = 0;

	if (producers <= 0 || pipe(go)) {
		fprintf(stderr, "Usage: rates PRODUCERS SECONDS RATE\n");
		return 2;
	}
	results = get(producers * sizeof(*results), MAP_SHARED);
	for (int i = 0; i < producers; i++) {
		if (fork())
			continue;
		close(go[1]);
		child(i % cpus, go[0], atof(argv[3]) / producers, atof(argv[2]) * 1e9, &results[i]);
	}
	usleep(100000);
	close(go[1]);
	while (wait(&status) > 0)
		failed |= status;
	for (int i = 0; i < producers; i++) {
		sum.faults += results[i].faults;
		if (results[i].ns > sum.ns)
			sum.ns = results[i].ns;
	}
	printf("%ld %lld\n", sum.faults, sum.ns);
	return !!failed;
}

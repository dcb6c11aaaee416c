// SPDX-License-Identifier: GPL-2.0
/*
 * spent FILE COMMAND...: runs it and writes into FILE its user and system time, in ms, and
 * the most memory it had, in KiB. Its output goes nowhere, its messages to FILE.log.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(const char *file, char **command)
{
	char log[4096];
	int out, err;

	snprintf(log, sizeof(log), "%s.log", file);
	out = open("/dev/null", O_WRONLY);
	err = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (out < 0 || err < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	execvp(*command, command);
	_exit(127);
}

static double ms(struct timeval t)
{
	return t.tv_sec * 1e3 + t.tv_usec / 1e3;
}

int main(int argc, char **argv)
{
	struct rusage used;
	int status;
	FILE *f;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "Usage: spent FILE COMMAND...\n");
		return 2;
	}
	pid = fork();
	if (!pid)
		run(argv[1], argv + 2);
	f = pid < 0 || wait4(pid, &status, 0, &used) < 0 ? NULL : fopen(argv[1], "w");
	if (!f) {
		perror("spent");
		return 1;
	}
	fprintf(f, "%.3f %ld\n", ms(used.ru_utime) + ms(used.ru_stime), used.ru_maxrss);
	return fclose(f) || status ? 1 : 0;
}

// SPDX-License-Identifier: GPL-2.0
/* Runs a program as a child that gets this process's signals. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl.h"

static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };

static sigset_t before;		/* the mask that the program gets */

int ctl_child_init(struct ctl_child *child)
{
	sigset_t set;

	*child = (struct ctl_child) { .signals = -1 };
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		sigaddset(&set, passed_on[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
	child->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (child->signals >= 0)
		return 0;
	cdm_say("signalfd: %m");
	return -errno;
}

static int join_cgroup(const char *cgroup)
{
	char path[PATH_MAX];
	int fd, ret = 0;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) != 1)
		ret = -errno;
	close(fd);
	return ret;
}

struct failure {
	int err;
	bool cgroup;
};

static void run_child(char **argv, const char *cgroup, int report)
{
	struct failure f = { 0 };

	sigprocmask(SIG_SETMASK, &before, NULL);
	if (cgroup)
		f.err = -join_cgroup(cgroup);
	f.cgroup = f.err;
	if (!f.err) {
		execvp(argv[0], argv);
		f.err = errno;
	}
	if (write(report, &f, sizeof(f)) != sizeof(f))
		abort();
	_exit(127);
}

int ctl_child_start(struct ctl_child *child, char **argv, const char *cgroup)
{
	struct failure f;
	int report[2];
	ssize_t n;

	fflush(NULL);
	if (pipe2(report, O_CLOEXEC)) {
		cdm_say("pipe: %m");
		return 126;
	}
	child->pid = fork();
	if (!child->pid)
		run_child(argv, cgroup, report[1]);
	close(report[1]);
	if (child->pid < 0) {
		cdm_say("fork: %m");
		close(report[0]);
		return 126;
	}
	do {
		n = read(report[0], &f, sizeof(f));
	} while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n != sizeof(f))
		return 0;

	waitpid(child->pid, NULL, 0);
	child->pid = 0;
	cdm_say("%s: %s", f.cgroup ? cgroup : argv[0], strerror(f.err));
	return !f.cgroup && f.err == ENOENT ? 127 : 126;
}

/* Return: false if there is no child left. */
static bool reap(struct ctl_child *child)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != child->pid)
			continue;
		child->exited = true;
		child->status = status;
	}
	return pid == 0 || errno != ECHILD;
}

bool ctl_child_signals(struct ctl_child *child)
{
	struct signalfd_siginfo info;

	while (read(child->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		if (!child->pid)
			return false;
		/* The terminal sends it to the whole foreground group. */
		if (info.ssi_code != SI_KERNEL && !child->exited)
			kill(child->pid, info.ssi_signo);
		/* The program has left, what it left behind is told to end. */
		else if (child->exited)
			return false;
	}
	return !child->pid || reap(child);
}

void ctl_child_exit(const struct ctl_child *child)
{
	const struct rlimit no_core = { 0 };
	sigset_t set;
	int sig;

	fflush(NULL);
	if (!WIFSIGNALED(child->status))
		exit(WEXITSTATUS(child->status));

	/* The program has dumped core already, if it was to. */
	sig = WTERMSIG(child->status);
	setrlimit(RLIMIT_CORE, &no_core);
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	exit(128 + sig);
}

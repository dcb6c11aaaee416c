// SPDX-License-Identifier: GPL-2.0
/*
 * Run the command, copy between its terminal or pipes and the ports, and end
 * the machine when it ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "command.h"
#include "../file.h"
#include "../stream.h"

#define DRAIN_SECONDS 2		/* for pipes that something unkillable holds */
#define KMSG_MAX 8192
#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define KMEMLEAK_AGE 6		/* younger objects are not reported */
#define LOG_ALL 8

enum slot {
	SLOT_SIGNAL, SLOT_CTL, SLOT_KMSG, SLOT_LOG, SLOT_IN, SLOT_STDIN, SLOT_STDOUT, SLOT_OUT,
	SLOT_STDERR, SLOT_ERR, NR_SLOTS,
};

static struct {
	pid_t pid;
	bool tty;
	int status;		/* -1: still running */
	int kmsg;
	struct stream in, out, err, log;
	bool stdin_ended;
	uint64_t stdin_bytes;
	bool may_power_off;
	struct pollfd poll[NR_SLOTS];
	struct msg msg;		/* being received */
	size_t msg_len;
} run = { .status = -1 };

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* The child */

static void become_user(const struct config *c)
{
	if (!c->as_user)
		return;
	if (setgroups(c->nr_groups, c->groups) || setgid(c->gid) || setuid(c->uid)) {
		dprintf(STDERR_FILENO, "cdm-vm: cannot become user %u: %s\n", c->uid, strerror(errno));
		_exit(125);
	}
}

static void enter_cwd(const struct config *c)
{
	if (!chdir(c->cwd))
		return;
	dprintf(STDERR_FILENO, "cdm-vm: cannot start in %s: %s; the guest has its own /tmp and /run (see --rw)%s\n",
		c->cwd, strerror(errno), c->cwd_must_exist ? "" : ", starting in /");
	if (c->cwd_must_exist)
		_exit(125);
	chdir("/");
}

static void exec_command(const struct config *c, int fds[3])
{
	sigset_t none;
	int i, error;

	setsid();
	if (c->tty)
		ioctl(fds[0], TIOCSCTTY, 0);
	for (i = 0; i < 3; i++)
		dup2(fds[i], i);
	if (c->tty && c->as_user)
		fchown(0, c->uid, c->gid);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);

	become_user(c);
	enter_cwd(c);
	clearenv();
	for (i = 0; i < c->env.n; i++)
		putenv(c->env.v[i]);
	execvp(c->arg.v[0], c->arg.v);
	error = errno;
	dprintf(STDERR_FILENO, "cdm-vm: cannot run '%s': %s\n", c->arg.v[0], strerror(error));
	_exit(error == ENOENT ? 127 : 126);
}

static void set_size(int fd, int rows, int columns)
{
	struct winsize ws = { .ws_row = rows, .ws_col = columns };

	if (rows && columns)
		ioctl(fd, TIOCSWINSZ, &ws);
}

static void make_pipe(int *reader, int *writer, int *ours)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		fail("cannot make a pipe: %s", strerror(errno));
	*reader = fds[0];
	*writer = fds[1];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
}

/* ours[], theirs[]: the ends of stdin, stdout and stderr. */
static void make_pty(const struct config *c, int ours[3], int theirs[3])
{
	struct termios t;
	int unlock = 0, number, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	char path[32];

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) || ioctl(master, TIOCGPTN, &number))
		fail("cannot make a terminal: %s", strerror(errno));
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	theirs[0] = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (theirs[0] < 0)
		fail("cannot open %s: %s", path, strerror(errno));
	theirs[1] = theirs[2] = theirs[0];
	ours[0] = ours[1] = master;
	ours[2] = -1;
	set_size(master, c->rows, c->columns);
	if (!tcgetattr(theirs[0], &t)) {
		t.c_iflag |= IUTF8;
		tcsetattr(theirs[0], TCSANOW, &t);
	}
}

static void close_theirs(const int theirs[3])
{
	int i;

	for (i = 0; i < 3; i++)
		if (!i || theirs[i] != theirs[0])
			close(theirs[i]);
}

static void start(const struct config *c)
{
	int ours[3], theirs[3];

	if (c->tty)
		make_pty(c, ours, theirs);
	if (!c->tty)
		make_pipe(&theirs[0], &ours[0], &ours[0]);
	if (!c->tty)
		make_pipe(&ours[1], &theirs[1], &ours[1]);
	if (!c->tty || c->errpipe)
		make_pipe(&ours[2], &theirs[2], &ours[2]);

	run.tty = c->tty;
	tell(MSG_READY, "ready");
	run.pid = fork();
	if (run.pid < 0)
		fail("cannot start a process: %s", strerror(errno));
	if (!run.pid)
		exec_command(c, theirs);
	close_theirs(theirs);

	stream_init(&run.in, ports[PORT_IN], ours[0]);
	stream_init(&run.out, ours[1], ports[PORT_OUT]);
	stream_init(&run.err, ours[2], ports[PORT_ERR]);
	run.err.eof = ours[2] < 0;
}

/* The kernel's log */

/* "\x0a" and the like stand for what cannot be printed. */
static size_t unescape(char *text, size_t len)
{
	char hex[3] = "";
	size_t from = 0, to = 0;

	while (from < len) {
		if (len - from < 4 || text[from] != '\\' || text[from + 1] != 'x') {
			text[to++] = text[from++];
			continue;
		}
		memcpy(hex, text + from + 2, 2);
		text[to++] = strtoul(hex, NULL, 16);
		from += 4;
	}
	return to;
}

static void log_add(const char *text, size_t len)
{
	while (stream_room(&run.log) < len) {
		struct pollfd p = { .fd = run.log.out, .events = POLLOUT };

		poll(&p, 1, 1000);
		stream_flush(&run.log);
	}
	stream_add(&run.log, text, len);
}

/* "priority,sequence,microseconds,flags;text\n KEY=value\n" -> a dmesg line. */
static void log_record(char *record)
{
	unsigned long long micros = 0;
	char *text = strchr(record, ';');
	char stamp[48];
	size_t len;

	if (!text || sscanf(record, "%*u,%*u,%llu", &micros) != 1)
		return;
	text++;
	len = unescape(text, strcspn(text, "\n"));
	log_add(stamp, snprintf(stamp, sizeof(stamp), "[%5llu.%06llu] ", micros / 1000000, micros % 1000000));
	log_add(text, len);
	log_add("\n", 1);
}

/* False when there is nothing more to read for now. */
static bool read_kmsg(void)
{
	static const char lost[] = "cdm-vm: kernel messages were lost here\n";
	char record[KMSG_MAX + 1];
	ssize_t n = read(run.kmsg, record, KMSG_MAX);

	if (n < 0 && errno == EPIPE) {
		log_add(lost, sizeof(lost) - 1);
		return true;
	}
	if (n <= 0)
		return false;
	record[n] = '\0';
	log_record(record);
	return true;
}

static void report_leaks(const struct config *c)
{
	char *report;
	size_t len;

	if (!c->kmemleak || write_file(KMEMLEAK, "scan"))
		return;
	sleep(KMEMLEAK_AGE);
	write_file(KMEMLEAK, "scan");
	report = read_file(KMEMLEAK, &len);
	if (report && len)
		log_add(report, len);
	free(report);
}

/* The loop */

static void reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != run.pid)
			continue;
		run.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static void handle_signal(void)
{
	struct signalfd_siginfo info;

	while (read(run.poll[SLOT_SIGNAL].fd, &info, sizeof(info)) == sizeof(info))
		;
	reap();
}

static void close_output(enum port port)
{
	struct stream *s = port == PORT_OUT ? &run.out : &run.err;

	if (s->eof)
		return;
	/* The command gets SIGPIPE with its next write, or SIGHUP on a pty. */
	close(s->in);
	if (run.in.out == s->in)
		run.in.out = -1;
	s->in = -1;
	s->eof = true;
}

static void handle_msg(const struct msg *m)
{
	switch (m->type) {
	case MSG_STDIN_EOF:
		run.stdin_ended = true;
		run.stdin_bytes = m->bytes[0];
		break;
	case MSG_OUT_CLOSED:
		close_output(m->value);
		break;
	case MSG_WINSIZE:
		if (run.tty && run.in.out >= 0)
			set_size(run.in.out, m->bytes[0], m->bytes[1]);
		break;
	case MSG_SIGNAL:
		kill(-run.pid, m->value);
		break;
	case MSG_POWER_OFF:
		run.may_power_off = true;
		break;
	}
}

static void read_msgs(void)
{
	ssize_t n;

	for (;;) {
		n = read(ports[PORT_CTL], (char *)&run.msg + run.msg_len, sizeof(run.msg) - run.msg_len);
		if (n <= 0)
			return;
		run.msg_len += n;
		if (run.msg_len < sizeof(run.msg))
			continue;
		run.msg_len = 0;
		handle_msg(&run.msg);
	}
}

/* The end of the host's stdin is known by its length. */
static void close_stdin(void)
{
	struct stream *s = &run.in;

	if (run.tty || s->out < 0)
		return;
	if (!s->broken && !(run.stdin_ended && s->bytes_out == run.stdin_bytes))
		return;
	close(s->out);
	s->out = -1;
	s->in = -1;
}

static void watch(enum slot slot, int fd, short events)
{
	run.poll[slot].fd = events ? fd : -1;
	run.poll[slot].events = events;
}

static void watch_stream(enum slot in, enum slot out, const struct stream *s)
{
	watch(in, s->in, stream_wants_input(s) ? POLLIN : 0);
	watch(out, s->out, stream_has_output(s) ? POLLOUT : 0);
}

static void watch_all(void)
{
	watch_stream(SLOT_IN, SLOT_STDIN, &run.in);
	watch_stream(SLOT_STDOUT, SLOT_OUT, &run.out);
	watch_stream(SLOT_STDERR, SLOT_ERR, &run.err);
	watch(SLOT_CTL, ports[PORT_CTL], POLLIN);
	watch(SLOT_LOG, run.log.out, stream_has_output(&run.log) ? POLLOUT : 0);
	watch(SLOT_KMSG, run.kmsg, stream_room(&run.log) > 2 * KMSG_MAX ? POLLIN : 0);
}

static void handle_stream(enum slot in, enum slot out, struct stream *s)
{
	if (run.poll[in].revents)
		stream_fill(s);
	/* Try at once what has just come in: it saves a round. */
	if (run.poll[in].revents || run.poll[out].revents)
		stream_flush(s);
}

static void iterate(int timeout_ms)
{
	watch_all();
	if (poll(run.poll, NR_SLOTS, timeout_ms) < 0)
		return;
	if (run.poll[SLOT_SIGNAL].revents)
		handle_signal();
	if (run.poll[SLOT_CTL].revents)
		read_msgs();
	handle_stream(SLOT_IN, SLOT_STDIN, &run.in);
	handle_stream(SLOT_STDOUT, SLOT_OUT, &run.out);
	handle_stream(SLOT_STDERR, SLOT_ERR, &run.err);
	while (run.poll[SLOT_KMSG].revents && stream_room(&run.log) > 2 * KMSG_MAX && read_kmsg())
		;
	stream_flush(&run.log);
	close_stdin();
}

/* The end */

/* What is left runs in the background, without anybody to wait for it. */
static void kill_all(void)
{
	double limit = now() + DRAIN_SECONDS;

	kill(-1, SIGKILL);
	while (now() < limit && !(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD))
		usleep(500);
}

/*
 * All writers are dead, so pipes and pty reach their end, unless a process
 * cannot die. Readers on the host may be slow; that is no reason to stop.
 */
static void drain(void)
{
	double limit = now() + DRAIN_SECONDS;

	while (!stream_is_done(&run.out) || !stream_is_done(&run.err)) {
		iterate(100);
		if (now() < limit)
			continue;
		run.out.eof = true;
		run.err.eof = true;
	}
}

static void __attribute__((noreturn)) finish(const struct config *c)
{
	struct msg m = { .type = MSG_EXIT, .value = run.status };

	kill_all();
	drain();
	report_leaks(c);
	sync();
	while (read_kmsg())
		;
	while (stream_has_output(&run.log))
		iterate(100);
	close(run.kmsg);
	run.kmsg = -1;

	/* From here on only the console can tell of trouble: let it. */
	klogctl(8, NULL, LOG_ALL);
	m.bytes[0] = run.out.bytes_out;
	m.bytes[1] = run.err.bytes_out;
	m.bytes[2] = run.log.bytes_out;
	if (write(ports[PORT_CTL], &m, sizeof(m)) != sizeof(m))
		tell(MSG_WARNING, "the exit status did not get through");
	while (!run.may_power_off)
		iterate(1000);
	power_off();
}

void run_command(const struct config *c)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	run.poll[SLOT_SIGNAL].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	run.poll[SLOT_SIGNAL].events = POLLIN;
	run.kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	stream_init(&run.log, -1, ports[PORT_LOG]);
	start(c);
	while (run.status < 0)
		iterate(-1);
	finish(c);
}

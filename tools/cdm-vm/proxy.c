// SPDX-License-Identifier: GPL-2.0
/*
 * The loop that connects the host's terminal or pipes with the guest's ports
 * while the VM runs, and that makes sure that it ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "proxy.h"
#include "stream.h"

/* A pipe that polls writable takes this much without blocking. */
#define WRITE_MAX 4096
#define SIGNAL_GRACE 2.0	/* for the command to end after a signal */
#define POWER_OFF_GRACE 3.0	/* for QEMU to end after the guest's power-off */
#define DRAIN_GRACE 2.0		/* for our readers after the VM was killed */
#define CONSOLE_KEEP (1 * MIB)

#define ESCAPE_KEY 0x1d		/* Ctrl-] */
#define ESCAPE_COUNT 3

enum slot {
	SLOT_SIGNAL, SLOT_STDIN, SLOT_IN, SLOT_OUT, SLOT_STDOUT, SLOT_ERR, SLOT_STDERR,
	SLOT_CTL, SLOT_LOG, SLOT_CONSOLE, SLOT_ERRORS, NR_SLOTS,
};

struct proxy {
	struct vm *vm;
	struct result *r;
	struct stream in, out, err;
	struct pollfd poll[NR_SLOTS];
	struct buffer incoming, outgoing;	/* control messages */
	bool tty;
	bool eof_sent;
	bool exit_seen, power_off_sent;
	struct msg exit;
	bool qemu_gone;
	int escapes;
	int signal;
	double boot_deadline, deadline, kill_deadline, drain_deadline;	/* 0: none */
};

static struct termios saved_termios;

static void restore_terminal(void)
{
	if (!terminal_is_raw)
		return;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_termios);
	terminal_is_raw = false;
}

/* Should cdm-vm itself crash, the user's terminal must still be usable. */
static void crashed(int sig)
{
	if (terminal_is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved_termios);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void make_terminal_raw(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
	struct termios raw;
	size_t i;

	if (tcgetattr(STDIN_FILENO, &saved_termios))
		return;
	raw = saved_termios;
	cfmakeraw(&raw);
	atexit(restore_terminal);
	for (i = 0; i < ARRAY_SIZE(crashes); i++)
		signal(crashes[i], crashed);
	terminal_is_raw = true;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

bool terminal_size(uint64_t *rows, uint64_t *columns)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) || !ws.ws_row || !ws.ws_col)
		return false;
	*rows = ws.ws_row;
	*columns = ws.ws_col;
	return true;
}

static void signal_set(sigset_t *set)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCHLD };
	size_t i;

	sigemptyset(set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(set, signals[i]);
}

void block_signals(void)
{
	sigset_t set;

	signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* As a background job: no terminal input (EIO) rather than a stop. */
	signal(SIGTTIN, SIG_IGN);
}

static void kill_vm(struct proxy *p)
{
	if (!p->qemu_gone)
		kill(p->vm->pid, SIGKILL);
	p->drain_deadline = now() + DRAIN_GRACE;
}

static void give_up(struct proxy *p, enum outcome outcome, int status)
{
	if (p->r->outcome == OUTCOME_DIED) {
		p->r->outcome = outcome;
		p->r->status = status;
	}
	kill_vm(p);
}

static void send_msg(struct proxy *p, enum msg_type type, int value, uint64_t a, uint64_t b)
{
	struct msg m = { .type = type, .value = value, .bytes = { a, b } };

	buffer_add(&p->outgoing, &m, sizeof(m));
}

static void flush_msgs(struct proxy *p)
{
	ssize_t n = write(p->vm->port[PORT_CTL][0], p->outgoing.data, p->outgoing.len);

	if (n < 0)
		return;
	p->outgoing.len -= n;
	memmove(p->outgoing.data, p->outgoing.data + n, p->outgoing.len);
}

static void send_winsize(struct proxy *p)
{
	uint64_t rows, columns;

	if (p->tty && terminal_size(&rows, &columns))
		send_msg(p, MSG_WINSIZE, 0, rows, columns);
}

static void handle_msg(struct proxy *p, struct msg *m)
{
	m->text[sizeof(m->text) - 1] = '\0';
	switch (m->type) {
	case MSG_READY:
		p->r->ready = true;
		p->boot_deadline = 0;
		send_winsize(p);
		break;
	case MSG_NOTE:
		note("%s", m->text);
		break;
	case MSG_WARNING:
		say("%s", m->text);
		break;
	case MSG_FAILURE:
		say("%s", m->text);
		p->r->outcome = OUTCOME_FAILED;
		break;
	case MSG_EXIT:
		p->exit = *m;
		p->exit_seen = true;
		break;
	}
}

static void read_msgs(struct proxy *p)
{
	char chunk[4096];
	ssize_t n = read(p->vm->port[PORT_CTL][0], chunk, sizeof(chunk));
	size_t at = 0;
	struct msg m;

	if (n <= 0) {
		if (!n || errno != EAGAIN)
			p->poll[SLOT_CTL].fd = -1;
		return;
	}
	buffer_add(&p->incoming, chunk, n);
	while (p->incoming.len - at >= sizeof(m)) {
		memcpy(&m, p->incoming.data + at, sizeof(m));
		at += sizeof(m);
		handle_msg(p, &m);
	}
	p->incoming.len -= at;
	memmove(p->incoming.data, p->incoming.data + at, p->incoming.len);
}

/* Collect a port's text; false at its end. */
static bool collect(int fd, struct buffer *b, bool show)
{
	char chunk[16384];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n < 0)
		return errno == EAGAIN;
	if (!n)
		return false;
	buffer_add(b, chunk, n);
	if (show)
		say_text(chunk, n);
	return true;
}

static void forget_old_console(struct buffer *b)
{
	if (b->len <= 2 * CONSOLE_KEEP)
		return;
	memmove(b->data, b->data + b->len - CONSOLE_KEEP, CONSOLE_KEEP + 1);
	b->len = CONSOLE_KEEP;
}

static void end_signal(struct proxy *p, int sig)
{
	bool again = p->signal;

	if (!again)
		p->signal = sig;
	if (again || !p->r->ready) {
		give_up(p, OUTCOME_SIGNAL, p->signal);
		return;
	}
	send_msg(p, MSG_SIGNAL, sig, 0, 0);
	p->kill_deadline = now() + SIGNAL_GRACE;
}

static void handle_signals(struct proxy *p)
{
	struct signalfd_siginfo info;

	if (read(p->poll[SLOT_SIGNAL].fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH)
		send_winsize(p);
	else if (info.ssi_signo != SIGCHLD)
		end_signal(p, info.ssi_signo);
	else if (waitpid(p->vm->pid, NULL, WNOHANG) == p->vm->pid)
		p->qemu_gone = true;
}

/* A guest that hangs does not see Ctrl-C; this key always works. */
static void look_for_escape(struct proxy *p, const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		p->escapes = data[i] == ESCAPE_KEY ? p->escapes + 1 : 0;
		if (p->escapes == ESCAPE_COUNT)
			give_up(p, OUTCOME_SIGNAL, SIGTERM);
	}
}

static void read_stdin(struct proxy *p)
{
	size_t before = p->in.tail - p->in.head;

	stream_fill(&p->in);
	if (p->tty)
		look_for_escape(p, p->in.buf + p->in.head + before,
				p->in.tail - p->in.head - before);
	if (p->tty && p->in.eof)
		give_up(p, OUTCOME_SIGNAL, SIGHUP);
}

static void output_closed(struct proxy *p, struct stream *s, enum port port)
{
	if (s->broken)
		return;
	stream_break(s);
	send_msg(p, MSG_OUT_CLOSED, port, 0, 0);
}

static void write_output(struct proxy *p, struct stream *s, enum port port, short events)
{
	bool was_broken = s->broken;

	if (events & (POLLERR | POLLHUP | POLLNVAL))
		output_closed(p, s, port);
	else if (events & POLLOUT)
		stream_flush(s);
	if (s->broken && !was_broken)
		send_msg(p, MSG_OUT_CLOSED, port, 0, 0);
}

static void watch(struct proxy *p, enum slot slot, int fd, short events)
{
	p->poll[slot].fd = fd;
	p->poll[slot].events = events;
}

/* An output is watched without data, too: to learn that its reader is gone. */
static void watch_output(struct proxy *p, enum slot slot, const struct stream *s)
{
	bool gone = s->broken || stream_is_done(s);

	watch(p, slot, gone ? -1 : s->out, stream_has_output(s) ? POLLOUT : 0);
}

static void watch_all(struct proxy *p)
{
	watch(p, SLOT_STDIN, stream_wants_input(&p->in) && !p->in.broken ? p->in.in : -1, POLLIN);
	watch(p, SLOT_IN, stream_has_output(&p->in) ? p->in.out : -1, POLLOUT);
	watch(p, SLOT_OUT, stream_wants_input(&p->out) ? p->out.in : -1, POLLIN);
	watch(p, SLOT_ERR, stream_wants_input(&p->err) ? p->err.in : -1, POLLIN);
	watch_output(p, SLOT_STDOUT, &p->out);
	watch_output(p, SLOT_STDERR, &p->err);
	p->poll[SLOT_CTL].events = POLLIN | (p->outgoing.len ? POLLOUT : 0);
}

static void handle_streams(struct proxy *p)
{
	if (p->poll[SLOT_STDIN].revents)
		read_stdin(p);
	if (p->poll[SLOT_IN].revents)
		stream_flush(&p->in);
	if (p->poll[SLOT_OUT].revents)
		stream_fill(&p->out);
	if (p->poll[SLOT_ERR].revents)
		stream_fill(&p->err);
	write_output(p, &p->out, PORT_OUT, p->poll[SLOT_STDOUT].revents);
	write_output(p, &p->err, PORT_ERR, p->poll[SLOT_STDERR].revents);
	if (!p->eof_sent && stream_is_done(&p->in)) {
		send_msg(p, MSG_STDIN_EOF, 0, p->in.bytes_in, 0);
		p->eof_sent = true;
	}
}

static void collect_slot(struct proxy *p, enum slot slot, struct buffer *b, bool show)
{
	if (p->poll[slot].revents && !collect(p->poll[slot].fd, b, show))
		p->poll[slot].fd = -1;
}

static void handle_events(struct proxy *p)
{
	if (p->poll[SLOT_SIGNAL].revents)
		handle_signals(p);
	handle_streams(p);
	if (p->poll[SLOT_CTL].revents & ~POLLOUT)
		read_msgs(p);
	if (p->outgoing.len && p->poll[SLOT_CTL].fd >= 0)
		flush_msgs(p);
	collect_slot(p, SLOT_LOG, &p->r->dmesg, false);
	collect_slot(p, SLOT_CONSOLE, &p->r->console, verbose);
	collect_slot(p, SLOT_ERRORS, &p->r->errors, verbose);
	forget_old_console(&p->r->console);
}

static bool has_arrived(const struct stream *s, uint64_t bytes)
{
	return s->bytes_in == bytes && s->head == s->tail;
}

/* The guest waits with its power-off until its last byte has been written. */
static void acknowledge_exit(struct proxy *p)
{
	if (!p->exit_seen || p->power_off_sent)
		return;
	if (!has_arrived(&p->out, p->exit.bytes[0]) || !has_arrived(&p->err, p->exit.bytes[1]) ||
	    p->r->dmesg.len != p->exit.bytes[2])
		return;
	p->r->outcome = OUTCOME_EXITED;
	p->r->status = p->exit.value;
	send_msg(p, MSG_POWER_OFF, 0, 0, 0);
	flush_msgs(p);
	p->power_off_sent = true;
	p->r->console.len = 0;
	p->deadline = 0;
	p->kill_deadline = now() + POWER_OFF_GRACE;
}

static void check_deadlines(struct proxy *p)
{
	double t = now();

	if (p->boot_deadline && t >= p->boot_deadline) {
		p->boot_deadline = 0;
		give_up(p, OUTCOME_NO_BOOT, 0);
	}
	if (p->deadline && t >= p->deadline) {
		p->deadline = 0;
		give_up(p, OUTCOME_TIMEOUT, 0);
	}
	if (p->kill_deadline && t >= p->kill_deadline) {
		p->kill_deadline = 0;
		give_up(p, OUTCOME_SIGNAL, p->signal);
	}
}

static int poll_timeout(const struct proxy *p)
{
	const double deadlines[] = { p->boot_deadline, p->deadline, p->kill_deadline,
				     p->drain_deadline };
	double t = now(), soonest = 3600;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deadlines); i++)
		if (deadlines[i] && deadlines[i] - t < soonest)
			soonest = deadlines[i] - t;
	return soonest < 0 ? 0 : soonest * 1000 + 1;
}

static bool is_over(const struct proxy *p)
{
	if (!p->qemu_gone)
		return false;
	if (p->drain_deadline && now() >= p->drain_deadline)
		return true;
	return stream_is_done(&p->out) && stream_is_done(&p->err) && p->poll[SLOT_CTL].fd < 0 &&
	       p->poll[SLOT_LOG].fd < 0 && p->poll[SLOT_CONSOLE].fd < 0 &&
	       p->poll[SLOT_ERRORS].fd < 0;
}

static struct proxy *proxy_create(struct vm *vm, bool tty, struct result *r)
{
	struct proxy *p = xrealloc(NULL, sizeof(*p));
	sigset_t set;

	memset(p, 0, sizeof(*p));
	memset(r, 0, sizeof(*r));
	r->outcome = OUTCOME_DIED;
	p->vm = vm;
	p->r = r;
	p->tty = tty;
	stream_init(&p->in, vm->probe ? -1 : STDIN_FILENO, vm->port[PORT_IN][0]);
	stream_init(&p->out, vm->port[PORT_OUT][0], STDOUT_FILENO);
	stream_init(&p->err, vm->port[PORT_ERR][0], STDERR_FILENO);
	p->out.out_max = p->err.out_max = WRITE_MAX;

	signal_set(&set);
	watch(p, SLOT_SIGNAL, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), POLLIN);
	watch(p, SLOT_CTL, vm->port[PORT_CTL][0], POLLIN);
	watch(p, SLOT_LOG, vm->port[PORT_LOG][0], POLLIN);
	watch(p, SLOT_CONSOLE, vm->console[0], POLLIN);
	watch(p, SLOT_ERRORS, vm->errors[0], POLLIN);
	return p;
}

static void proxy_destroy(struct proxy *p)
{
	int i;

	for (i = 0; i < NR_PORTS; i++)
		close(p->vm->port[i][0]);
	close(p->vm->console[0]);
	close(p->vm->errors[0]);
	close(p->poll[SLOT_SIGNAL].fd);
	buffer_free(&p->incoming);
	buffer_free(&p->outgoing);
	free(p);
}

/* The VM has been started; limits are in seconds, 0 means none. */
void run_vm(struct vm *vm, bool tty, double boot_limit, double limit, struct result *r)
{
	struct proxy *p = proxy_create(vm, tty, r);

	if (boot_limit)
		p->boot_deadline = now() + boot_limit;
	if (limit)
		p->deadline = now() + limit;
	if (tty)
		make_terminal_raw();
	while (!is_over(p)) {
		watch_all(p);
		if (poll(p->poll, NR_SLOTS, poll_timeout(p)) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		handle_events(p);
		acknowledge_exit(p);
		check_deadlines(p);
	}
	restore_terminal();
	if (p->exit_seen && r->outcome == OUTCOME_DIED) {
		r->outcome = OUTCOME_EXITED;
		r->status = p->exit.value;
	}
	r->untouched = !r->ready && !p->in.bytes_in;
	proxy_destroy(p);
}

void result_free(struct result *r)
{
	buffer_free(&r->dmesg);
	buffer_free(&r->console);
	buffer_free(&r->errors);
}

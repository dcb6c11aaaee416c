// SPDX-License-Identifier: GPL-2.0
/*
 * Taking the terminal, and giving it back whatever happens. Signal handlers only
 * note what came and write to a pipe; the main loop acts. Only a crash restores
 * the terminal from within the handler, with calls that are safe there.
 */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "ui/term.h"

/* Last: it defines words like "columns" as macros. */
#include <term.h>

/* What was written to stderr is kept up to here: a broken library may say a lot. */
#define MESSAGES_MAX	(1 << 20)

struct ui_term ui_term;

static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
#define NR_SIGNALS 16	/* all of the above, and those of ui_term_signals() */

static struct {
	bool open;
	SCREEN *screen;
	FILE *keys;			/* the terminal that keys are read from */
	bool own_keys;			/* it had to be opened */
	int pipe[2];
	struct termios termios;
	char leave[256];		/* what makes the terminal what it was */
	size_t leave_len;
	int stderr_saved;		/* the real stderr, -1: it was left alone */
	int messages;			/* what it is redirected to */
	off_t messages_read;
	int nr_old;
	struct { int signo; struct sigaction action; } old[NR_SIGNALS];
	attr_t styles[UI_NR_STYLE];
} term = { .pipe = { -1, -1 }, .stderr_saved = -1, .messages = -1 };

static volatile sig_atomic_t got_end, got_stop, got_winch, got_cont;

static void on_signal(int signo)
{
	int saved = errno;

	if (signo == SIGTSTP)
		got_stop = 1;
	else if (signo == SIGCONT)
		got_cont = 1;
	else if (signo == SIGWINCH)
		got_winch = 1;
	else
		got_end = signo;
	/* A full pipe wakes the main loop just as well. */
	if (write(term.pipe[1], "", 1) < 0)
		errno = saved;
	errno = saved;
}

/* The handler is gone already (SA_RESETHAND), so raising again ends the program. */
static void on_crash(int signo)
{
	if (term.open) {
		if (term.stderr_saved >= 0)
			dup2(term.stderr_saved, STDERR_FILENO);
		if (write(STDOUT_FILENO, term.leave, term.leave_len) < 0)
			signo = SIGABRT;
		tcsetattr(fileno(term.keys), TCSANOW, &term.termios);
	}
	raise(signo);
}

static void handle(int signo, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	if (!sigaction(signo, &action, &term.old[term.nr_old].action))
		term.old[term.nr_old++].signo = signo;
}

static void handle_all(void)
{
	static char stack[16384];
	stack_t alternative = { .ss_sp = stack, .ss_size = sizeof(stack) };
	size_t i;

	sigaltstack(&alternative, NULL);
	for (i = 0; i < sizeof(end_signals) / sizeof(*end_signals); i++)
		handle(end_signals[i], on_signal, SA_RESTART);
	for (i = 0; i < sizeof(crash_signals) / sizeof(*crash_signals); i++)
		handle(crash_signals[i], on_crash, SA_RESETHAND | SA_NODEFER | SA_ONSTACK);
	handle(SIGTSTP, on_signal, SA_RESTART);
	handle(SIGCONT, on_signal, SA_RESTART);
	handle(SIGWINCH, on_signal, SA_RESTART);
}

static void unhandle_all(void)
{
	while (term.nr_old) {
		term.nr_old--;
		sigaction(term.old[term.nr_old].signo, &term.old[term.nr_old].action, NULL);
	}
}

/* Appends a capability without its "$<5>" delays, which only tputs() can do. */
static void add_leave(const char *name)
{
	const char *s = tigetstr(name);

	if (!s || s == (char *)-1)
		return;
	while (*s && term.leave_len < sizeof(term.leave)) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>')) {
			s = strchr(s, '>') + 1;
			continue;
		}
		term.leave[term.leave_len++] = *s++;
	}
}

/* Which has no capability of its own. */
static void leave_mouse(void)
{
	static const char off[] = "\033[?1006;1000l";

	if (!tigetstr("kmous") || tigetstr("kmous") == (char *)-1 ||
	    term.leave_len + sizeof(off) > sizeof(term.leave))
		return;
	memcpy(term.leave + term.leave_len, off, sizeof(off) - 1);
	term.leave_len += sizeof(off) - 1;
}

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "cdmtop: %s: %s; use -b for text output\n", what, why);
	return 1;
}

/* Keys come from the terminal even if stdin is the recording. */
static int open_keys(void)
{
	if (isatty(STDIN_FILENO)) {
		term.keys = stdin;
		return 0;
	}
	term.keys = fopen("/dev/tty", "r");
	term.own_keys = term.keys;
	if (!term.keys)
		return fail("no keyboard: /dev/tty", strerror(errno));
	return 0;
}

static void close_keys(void)
{
	if (term.own_keys)
		fclose(term.keys);
	term.own_keys = false;
	term.keys = NULL;
}

/* Lines of others on a terminal's stderr would stand across the screen. */
static void redirect_messages(void)
{
	if (!isatty(STDERR_FILENO))
		return;
	term.messages = memfd_create("cdmtop-stderr", MFD_CLOEXEC);
	if (term.messages < 0)
		return;
	fcntl(term.messages, F_SETFL, O_APPEND);
	fflush(stderr);
	term.stderr_saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (term.stderr_saved >= 0)
		dup2(term.messages, STDERR_FILENO);
	term.messages_read = 0;
}

static void restore_messages(void)
{
	char buf[4096];
	ssize_t nr;
	off_t at = 0;

	if (term.stderr_saved >= 0) {
		fflush(stderr);
		dup2(term.stderr_saved, STDERR_FILENO);
		close(term.stderr_saved);
		while ((nr = pread(term.messages, buf, sizeof(buf), at)) > 0) {
			if (write(STDERR_FILENO, buf, nr) != nr)
				break;
			at += nr;
		}
	}
	if (term.messages >= 0)
		close(term.messages);
	term.stderr_saved = -1;
	term.messages = -1;
}

bool ui_term_message(char *line, size_t size)
{
	char buf[512], *end, *start;
	struct stat st;
	ssize_t nr;
	off_t from;

	if (term.stderr_saved < 0 || fstat(term.messages, &st) || st.st_size == term.messages_read)
		return false;
	from = st.st_size > (off_t)sizeof(buf) - 1 ? st.st_size - (off_t)sizeof(buf) + 1 : 0;
	if (from < term.messages_read)
		from = term.messages_read;
	term.messages_read = st.st_size;
	nr = pread(term.messages, buf, sizeof(buf) - 1, from);
	if (st.st_size > MESSAGES_MAX && !ftruncate(term.messages, 0))
		term.messages_read = 0;
	if (nr <= 0)
		return false;
	buf[nr] = '\0';
	end = buf + nr;
	while (end > buf && end[-1] == '\n')
		*--end = '\0';
	start = strrchr(buf, '\n');
	snprintf(line, size, "%s", start ? start + 1 : buf);
	return *line;
}

struct look {
	attr_t mono;
	short colour;		/* foreground, -1: that of the terminal */
	attr_t with;		/* attributes beside the colour */
};

static const struct look looks[UI_NR_STYLE] = {
	[UI_PLAIN]	= { A_NORMAL, -1, A_NORMAL },
	[UI_DIM]	= { A_DIM, -1, A_DIM },
	[UI_BOLD]	= { A_BOLD, -1, A_BOLD },
	[UI_HEADING]	= { A_UNDERLINE, COLOR_CYAN, A_UNDERLINE },
	[UI_SORTED]	= { A_REVERSE | A_BOLD, COLOR_CYAN, A_REVERSE | A_BOLD },
	[UI_SELECTED]	= { A_REVERSE, -1, A_REVERSE },
	[UI_SECTION]	= { A_BOLD | A_UNDERLINE, COLOR_CYAN, A_BOLD },
	[UI_MORE]	= { A_REVERSE, COLOR_YELLOW, A_BOLD },
	[UI_KEY]	= { A_BOLD, COLOR_CYAN, A_BOLD },
	[UI_LABEL]	= { A_NORMAL, -1, A_NORMAL },
	[UI_GOOD]	= { A_NORMAL, COLOR_GREEN, A_NORMAL },
	[UI_WARN]	= { A_BOLD, COLOR_YELLOW, A_NORMAL },
	[UI_BAD]	= { A_BOLD, COLOR_RED, A_BOLD },
	[UI_ALERT]	= { A_REVERSE | A_BOLD, COLOR_RED, A_REVERSE | A_BOLD },
	[UI_IN]		= { A_NORMAL, COLOR_GREEN, A_NORMAL },
	[UI_OUT]	= { A_NORMAL, COLOR_MAGENTA, A_NORMAL },
};

static bool want_colour(enum cdmtop_colour colour)
{
	const char *no = getenv("NO_COLOR");

	if (colour == CDMTOP_COLOUR_NEVER || !has_colors())
		return false;
	return colour == CDMTOP_COLOUR_ALWAYS || !no || !*no;
}

static void set_styles(void)
{
	short back = COLOR_BLACK, pair;
	int i;

	if (ui_term.colour) {
		start_color();
		if (use_default_colors() == OK)
			back = -1;
	}
	for (i = 0; i < UI_NR_STYLE; i++) {
		const struct look *look = &looks[i];

		term.styles[i] = ui_term.colour ? look->with : look->mono;
		if (!ui_term.colour || look->colour < 0)
			continue;
		pair = i + 1;
		init_pair(pair, look->colour, back);
		term.styles[i] |= COLOR_PAIR(pair);
	}
}

attr_t ui_style(enum ui_style style)
{
	return term.styles[style];
}

static void enter_curses(void)
{
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	/* A press is what counts: waiting for clicks and doubles would delay it. */
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	curs_set(0);
}

int ui_term_open(const struct cdmtop_options *o)
{
	const char *name = getenv("TERM");
	int err;

	setlocale(LC_CTYPE, "");
	if (!isatty(STDOUT_FILENO))
		return fail("standard output", "not a terminal");
	if (!name || !*name)
		return fail("TERM", "not set");
	if (setupterm(NULL, STDOUT_FILENO, &err) != OK)
		return fail(name, "terminal type not known");
	if (!tigetstr("cup") || tigetstr("cup") == (char *)-1)
		return fail(name, "this terminal cannot place its cursor");
	if (open_keys())
		return 1;
	if (tcgetattr(fileno(term.keys), &term.termios)) {
		close_keys();
		return fail("keyboard", strerror(errno));
	}
	if (pipe2(term.pipe, O_CLOEXEC | O_NONBLOCK)) {
		close_keys();
		return fail("pipe", strerror(errno));
	}
	add_leave("sgr0");
	add_leave("cnorm");
	add_leave("rmkx");
	add_leave("rmcup");
	leave_mouse();
	atexit(ui_term_close);
	handle_all();
	term.open = true;
	del_curterm(cur_term);
	term.screen = newterm(NULL, stdout, term.keys);
	if (!term.screen) {
		ui_term_close();
		return fail(name, "curses cannot use this terminal");
	}
	redirect_messages();
	ui_term.utf8 = !o->ascii && !strcmp(nl_langinfo(CODESET), "UTF-8");
	ui_term.colour = want_colour(o->colour);
	getmaxyx(stdscr, ui_term.rows, ui_term.cols);
	set_styles();
	enter_curses();
	return 0;
}

void ui_term_close(void)
{
	if (!term.open)
		return;
	if (term.screen) {
		endwin();
		delscreen(term.screen);
	}
	term.screen = NULL;
	tcsetattr(fileno(term.keys), TCSADRAIN, &term.termios);
	term.open = false;
	restore_messages();
	unhandle_all();
	close_keys();
	close(term.pipe[0]);
	close(term.pipe[1]);
}

int ui_term_signal_fd(void)
{
	return term.pipe[0];
}

int ui_term_key_fd(void)
{
	return fileno(term.keys);
}

static void suspend(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL }, mine;

	endwin();
	/* Not SIGSTOP: nobody could continue us where there is no job control. */
	sigaction(SIGTSTP, &action, &mine);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &mine, NULL);
}

/* The size may have changed while we were stopped, so this goes with a SIGCONT too. */
static void take_size(void)
{
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
	getmaxyx(stdscr, ui_term.rows, ui_term.cols);
}

int ui_term_signals(bool *redraw)
{
	char buf[64];

	while (read(term.pipe[0], buf, sizeof(buf)) > 0)
		;
	if (got_end)
		return got_end;
	if (got_stop) {
		got_stop = 0;
		suspend();
		got_cont = 1;
	}
	if (got_cont) {
		/* Somebody may have stopped us by SIGSTOP and used the terminal. */
		endwin();
		refresh();
		enter_curses();
		clearok(curscr, TRUE);
	}
	if (got_winch || got_cont) {
		take_size();
		*redraw = true;
	}
	got_winch = 0;
	got_cont = 0;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* The loop: waits for time, keys, events and signals, and draws once for each. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ui/ui.h"
#include "ui/ui-int.h"

#define MIN_ROWS	6
#define MIN_COLS	24
/* Refreshes for which it says what it found. */
#define FOUND_SHOWN	5
/* Events may wait for this long; the screen shows them as often. */
#define TAIL_MS		100

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

void ui_show_view(struct ui *ui, enum cdm_view view)
{
	if (ui->look_pid)
		cdmtop_source_look_into(ui->s, 0);
	ui->look_pid = 0;
	ui->view = view;
	ui->page = UI_PAGE_VIEW;
	ui->scroll = 0;
}

void ui_look_into(struct ui *ui, __u32 pid)
{
	ui->look_pid = pid;
	ui->page = UI_PAGE_LOOK;
	ui->scroll = 0;
	cdmtop_source_look_into(ui->s, pid);
}

static int head_rows(int rows)
{
	return rows < 10 ? 1 : 2;
}

/* Pages scroll as a whole: what is not in sight is not drawn, but counted. */
static void draw_page(struct ui *ui, struct ui_canvas *c)
{
	static void (*const pages[])(struct ui *ui, struct ui_canvas *c) = {
		[UI_PAGE_LOOK] = ui_look_draw, [UI_PAGE_HELP] = ui_help_draw,
		[UI_PAGE_NOTES] = ui_notes_draw, [UI_PAGE_SORT] = ui_menu_draw,
	};
	struct ui_canvas start = *c;
	int most;

	start.scroll = ui->scroll;
	*c = start;
	pages[ui->page](ui, c);
	ui->page_lines = c->line + (c->col > 0);
	ui->page_rows = c->rows;
	most = ui->page_lines > c->rows ? ui->page_lines - c->rows : 0;
	if (ui->scroll > most)
		ui->scroll = most;
	if (ui->scroll == start.scroll)
		return;
	for (int y = 0; y < c->rows; y++) {
		move(c->y + y, c->x);
		clrtoeol();
	}
	start.scroll = ui->scroll;
	*c = start;
	pages[ui->page](ui, c);
}

static void draw_devices(struct ui *ui, struct ui_canvas *c)
{
	struct ui_canvas table = *c, cards = *c;
	int want = ui->tables[CDM_VIEW_DEVICE].rows.nr + 1;

	table.rows = want > c->rows ? c->rows : want < 2 ? 2 : want;
	ui_table_draw(ui, &table);
	cards.y += table.rows + 1;
	cards.rows -= table.rows + 1;
	if (cards.rows > 0)
		ui_cards_draw(ui, &cards);
}

static void draw_view(struct ui *ui, struct ui_canvas *c)
{
	if (ui->page != UI_PAGE_VIEW)
		draw_page(ui, c);
	else if (ui->view == CDM_VIEW_EVENTS)
		ui_events_draw(ui, c);
	else if (ui->view == CDM_VIEW_DEVICE)
		draw_devices(ui, c);
	else
		ui_table_draw(ui, c);
}

static int update(struct ui *ui)
{
	if (ui->view == CDM_VIEW_EVENTS)
		return ui_events_update(ui, 0);
	return ui_table_update(ui, ui->view);
}

static void draw_tiny(void)
{
	struct ui_canvas c = { .rows = ui_term.rows, .cols = ui_term.cols };

	ui_put(&c, UI_PLAIN, "too small");
	ui_newline(&c, UI_PLAIN);
	ui_printf(&c, UI_PLAIN, "%dx%d", ui_term.cols, ui_term.rows);
	ui_newline(&c, UI_PLAIN);
	ui_printf(&c, UI_PLAIN, "< %dx%d", MIN_COLS, MIN_ROWS);
}

static int draw(struct ui *ui)
{
	struct ui_canvas c = { .cols = ui_term.cols };
	int foot = head_rows(ui_term.rows), err;

	err = update(ui);
	if (err)
		return err;
	werase(stdscr);
	if (ui_term.rows < MIN_ROWS || ui_term.cols < MIN_COLS) {
		draw_tiny();
	} else {
		c.y = ui_head_draw(ui, ui_term.rows);
		c.rows = ui_term.rows - c.y - foot;
		ui->page_rows = c.rows;
		ui->page_y = c.y;
		draw_view(ui, &c);
		ui_foot_draw(ui, ui_term.rows - foot, foot);
	}
	move(ui_term.rows - 1, 0);
	wnoutrefresh(stdscr);
	doupdate();
	return 0;
}

/* After a refresh: what the model does not keep. */
static void refreshed(struct ui *ui)
{
	const struct cdm_snap_end *end = cdm_model_end(ui->m);
	double interval = ui_interval_s(ui);

	ui->events_per_s = -1;
	if (ui->refreshes && interval > 0 && end && end->emitted != CDM_UNKNOWN &&
	    end->emitted >= ui->emitted)
		ui->events_per_s = (end->emitted - ui->emitted) / interval;
	if (end)
		ui->emitted = end->emitted;
	ui->refreshes++;
	ui->refreshed_s = now_s();
	if (ui->refreshes > FOUND_SHOWN || !*ui->s->found)
		*ui->message = '\0';
}

/* Whoever records wants what there is. */
static bool shows_pingpong(const struct ui *ui)
{
	const struct ui_layout *l;

	if (ui->o->record || ui->view == CDM_VIEW_EVENTS || ui->page == UI_PAGE_LOOK)
		return true;
	l = &ui->tables[ui->view].layout;
	for (size_t i = 0; i < l->nr; i++)
		if (l->columns[i]->needs & CDM_F_PINGPONG)
			return true;
	return false;
}

static int take_refresh(struct ui *ui)
{
	int ret;

	if (ui->ended)
		return 0;
	ret = cdmtop_source_refresh(ui->s);
	if (ret > 0)
		refreshed(ui);
	ui->ended = !ret;
	return ret < 0 ? ret : 0;
}

static void say(struct ui *ui, const char *text)
{
	snprintf(ui->message, sizeof(ui->message), "%s", text);
}

static void pause_or_go_on(struct ui *ui)
{
	ui->paused = !ui->paused;
	if (!ui->paused)
		ui_events_thaw(ui);
	else if (ui_events_freeze(ui))
		say(ui, "no memory to keep the events");
}

/* The next of the ascending @steps, to the left or to the right of @now. */
static double next_step(const double *steps, int nr, double now, int direction)
{
	int i;

	for (i = 0; i < nr - 1 && steps[i] < now - 1e-6; i++)
		;
	if (direction < 0)
		i -= i > 0;
	else if (steps[i] <= now + 1e-6)
		i += i < nr - 1;
	return steps[i];
}

/* A recording at its own pace gets faster with what makes an interval longer. */
static void change_interval(struct ui *ui, int direction)
{
	static const double intervals[] = { 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 30, 60 };
	static const double speeds[] = { 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, INFINITY };

	if (ui->o->replay && !(ui->interval_s > 0))
		ui->speed = next_step(speeds, sizeof(speeds) / sizeof(*speeds), ui->speed,
				      direction);
	else
		ui->interval_s = next_step(intervals, sizeof(intervals) / sizeof(*intervals),
					   ui->interval_s, direction);
}

static void enter(struct ui *ui)
{
	const struct cdm_cgroup_row *cgroup;
	const void *row;

	if (ui->view == CDM_VIEW_EVENTS)
		return;
	row = ui_table_selected(ui);
	if (!row)
		return;
	if (ui->view == CDM_VIEW_PROC)
		ui_look_into(ui, ((const struct cdm_proc_row *)row)->snap->pid);
	if (ui->view == CDM_VIEW_NUMA && ((const struct cdm_numa_row *)row)->snap->key.pid)
		ui_look_into(ui, ((const struct cdm_numa_row *)row)->snap->key.pid);
	if (ui->view != CDM_VIEW_CGROUP)
		return;
	cgroup = row;
	ui->cgroup = cgroup->depth ? cgroup->snap->id : 0;
	/* What led to the cgroup is no name of its processes. */
	*ui->filter = '\0';
	ui_show_view(ui, CDM_VIEW_PROC);
}

static void type_filter(struct ui *ui, int key)
{
	size_t len = strlen(ui->filter);

	if (key == UI_KEY_ESC)
		*ui->filter = '\0';
	if (key == UI_KEY_ESC || key == '\n' || key == '\r' || key == KEY_ENTER)
		ui->typing = false;
	else if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
		/* All bytes of a character. */
		while (len && (ui->filter[--len] & 0xc0) == 0x80)
			;
		ui->filter[len] = '\0';
	} else if (key == UI_KEY_CTRL('u')) {
		*ui->filter = '\0';
	} else if (key >= ' ' && key < 256 && len + 1 < sizeof(ui->filter)) {
		ui->filter[len] = key;
		ui->filter[len + 1] = '\0';
	}
}

static void open_page(struct ui *ui, enum ui_page page)
{
	if (ui->page == page)
		return;
	if (ui->page == UI_PAGE_VIEW || ui->page == UI_PAGE_LOOK)
		ui->back = ui->page;
	ui->page = page;
	ui->scroll = 0;
}

static void open_menu(struct ui *ui)
{
	const struct ui_columns *cs;

	if (ui->view == CDM_VIEW_EVENTS || ui->page != UI_PAGE_VIEW)
		return;
	cs = &ui->tables[ui->view].columns;
	for (ui->menu = cs->nr - 1; ui->menu; ui->menu--) {
		if (cs->all[ui->menu] == cs->sort)
			break;
	}
	open_page(ui, UI_PAGE_SORT);
}

static void leave_page(struct ui *ui)
{
	if (ui->page == UI_PAGE_VIEW && *ui->filter)
		*ui->filter = '\0';
	else if (ui->page == UI_PAGE_VIEW)
		ui->cgroup = 0;
	else if (ui->page == UI_PAGE_LOOK)
		ui_show_view(ui, ui->view);
	else
		ui->page = ui->back;
	ui->scroll = 0;
}

static void scroll_page(struct ui *ui, int key)
{
	int page = ui->page_rows > 1 ? ui->page_rows - 1 : 1;

	switch (key) {
	case KEY_LEFT:
	case KEY_RIGHT:
		ui_events_scroll_left(ui, key);
		break;
	case KEY_UP:
	case 'k':
		ui->scroll--;
		break;
	case KEY_DOWN:
	case 'j':
		ui->scroll++;
		break;
	case KEY_PPAGE:
		ui->scroll -= page;
		break;
	case KEY_NPAGE:
		ui->scroll += page;
		break;
	case KEY_HOME:
	case 'g':
		ui->scroll = 0;
		break;
	case KEY_END:
	case 'G':
		ui->scroll = ui->page_lines;
		break;
	}
	if (ui->scroll < 0)
		ui->scroll = 0;
}

static void page_key(struct ui *ui, int key)
{
	if (ui->page == UI_PAGE_SORT)
		ui_menu_key(ui, key);
	else if (ui->page != UI_PAGE_VIEW)
		scroll_page(ui, key);
	else if (ui->view == CDM_VIEW_EVENTS)
		ui_events_key(ui, key, ui->page_rows);
	else
		ui_table_key(ui, key, ui->page_rows);
}

static void toggle_commands(struct ui *ui)
{
	if (ui->o->replay)
		say(ui, "a recording has no command lines, only names");
	else
		ui->tables[CDM_VIEW_PROC].columns.commands ^= true;
}

#define WHEEL_LINES 3

static void click_tab(struct ui *ui, int x)
{
	for (int i = 0; i < UI_NR_VIEW; i++)
		if (x < ui->tab_ends[i]) {
			ui_show_view(ui, ui_tabs[i]);
			return;
		}
}

static void mouse(struct ui *ui)
{
	int lines = WHEEL_LINES;
	MEVENT e;

	if (getmouse(&e) != OK)
		return;
	if (e.bstate & (BUTTON4_PRESSED | BUTTON5_PRESSED)) {
		while (lines--)
			page_key(ui, e.bstate & BUTTON4_PRESSED ? KEY_UP : KEY_DOWN);
		return;
	}
	if (e.y == ui->tabs_y)
		click_tab(ui, e.x);
	else if (ui->page == UI_PAGE_VIEW && ui->view < CDM_NR_TABLE && e.y >= ui->page_y &&
		 e.y < ui->page_y + ui->page_rows)
		ui_table_click(ui, e.x, e.y - ui->page_y);
}

/* The view @by tabs further. */
static void next_view(struct ui *ui, int by)
{
	int at = 0;

	while (ui_tabs[at] != ui->view)
		at++;
	ui_show_view(ui, ui_tabs[(at + by + UI_NR_VIEW) % UI_NR_VIEW]);
}

/* Keys that mean the same on every page. Return: whether @key was one. */
static bool common_key(struct ui *ui, int key)
{
	switch (key) {
	case '1' ... '0' + UI_NR_VIEW:
		ui_show_view(ui, ui_tabs[key - '1']);
		return true;
	/* F4 and F6 filter and sort, as elsewhere. */
	case KEY_F(2):
	case KEY_F(3):
		ui_show_view(ui, key - KEY_F(2));
		return true;
	case KEY_F(5):
		ui_show_view(ui, CDM_VIEW_DEVICE);
		return true;
	case KEY_F(7):
		ui_show_view(ui, CDM_VIEW_EVENTS);
		return true;
	case KEY_F(8):
		ui_show_view(ui, CDM_VIEW_NUMA);
		return true;
	case 'c':
		toggle_commands(ui);
		return true;
	case '\t':
		next_view(ui, 1);
		return true;
	case KEY_BTAB:
		next_view(ui, -1);
		return true;
	case 'h':
	case '?':
	case KEY_F(1):
		open_page(ui, UI_PAGE_HELP);
		return true;
	case 'd':
		open_page(ui, UI_PAGE_NOTES);
		return true;
	case 's':
	case KEY_F(6):
		open_menu(ui);
		return true;
	case ' ':
		if (ui->page == UI_PAGE_SORT)
			return false;
		/* fall through */
	case 'p':
		pause_or_go_on(ui);
		return true;
	case '+':
	case '-':
		change_interval(ui, key == '+' ? 1 : -1);
		return true;
	case UI_KEY_CTRL('l'):
		clearok(curscr, TRUE);
		return true;
	}
	return false;
}

/* Takes @nr refreshes, and stays there. */
static int step_on(struct ui *ui, int nr)
{
	int err = 0;

	ui->paused = true;
	while (nr-- && !err && !ui->ended)
		err = take_refresh(ui);
	return err ?: ui_events_freeze(ui);
}

static int step_back(struct ui *ui, unsigned long nr)
{
	/* The one before is read, too: rates are compared with it. */
	unsigned long before = ui->refreshes > nr + 1 ? ui->refreshes - nr - 1 : 0;
	const struct cdm_snap_end *end;
	int err = cdmtop_source_seek(ui->s, before);

	if (err == -ESPIPE) {
		say(ui, "this recording is not a file: it cannot be read again");
		return 0;
	}
	ui->m = ui->s->model;
	if (err)
		return err;
	end = cdm_model_end(ui->m);
	ui->emitted = end ? end->emitted : 0;
	ui->refreshes = before;
	ui->ended = false;
	return step_on(ui, 1);
}

/* Return: whether @key moves within time; *@err: -errno. */
static bool step_key(struct ui *ui, int key, int *err)
{
	bool replay = ui->o->replay;

	switch (key) {
	case '.':
	case 'n':
		/* Live, what is to come cannot be had earlier. */
		if (replay || ui->paused)
			*err = step_on(ui, 1);
		return true;
	case 'N':
		if (replay)
			*err = step_on(ui, 10);
		return true;
	case 'b':
	case 'B':
		if (replay)
			*err = step_back(ui, key == 'b' ? 1 : 10);
		return true;
	}
	return false;
}

/* Return: 1: leave; 0; -errno. */
static int key_pressed(struct ui *ui, int key)
{
	int err = 0;

	/* It was there to be read until then, also where nothing moves. */
	*ui->message = '\0';
	if (ui->typing) {
		type_filter(ui, key);
		return 0;
	}
	if (key == KEY_F(10) || (key == 'q' && ui->page == UI_PAGE_VIEW))
		return 1;
	if (key == 'q' || key == UI_KEY_ESC) {
		leave_page(ui);
		return 0;
	}
	if (key == KEY_MOUSE) {
		mouse(ui);
		return 0;
	}
	if (common_key(ui, key) || step_key(ui, key, &err))
		return err;
	if (ui->page == UI_PAGE_VIEW && (key == '/' || key == KEY_F(4)))
		ui->typing = true;
	else if (ui->page == UI_PAGE_VIEW && (key == '\n' || key == '\r' || key == KEY_ENTER))
		enter(ui);
	else
		page_key(ui, key);
	return 0;
}

static double wait_s(const struct ui *ui)
{
	double recorded = ui_interval_s(ui);

	if (ui->interval_s > 0)
		return ui->interval_s;
	/* Nobody wants to watch a screen that stands still for minutes. */
	return (recorded > 0 && recorded < 60 ? recorded : 1) / ui->speed;
}

/* Return: 1: leave; 0; -errno. */
static int take_keys(struct ui *ui)
{
	int key, err = 0;

	/* Each key means the rows as the one before left them. */
	while (!err && (key = getch()) != ERR) {
		err = key_pressed(ui, key);
		if (!err)
			err = update(ui);
	}
	return err;
}

static int take_events(struct ui *ui, bool *redraw)
{
	int nr = cdmtop_source_poll(ui->s, 0);

	if (nr < 0)
		return nr;
	*redraw |= nr > 0 && ui->view == CDM_VIEW_EVENTS && !ui->paused;
	return 0;
}

/* Seconds to the next refresh; a key may have changed the interval since the last one. */
static double left_s(const struct ui *ui)
{
	return ui->refreshes ? ui->refreshed_s + wait_s(ui) - now_s() : 0;
}

static bool is_due(const struct ui *ui)
{
	return !ui->ended && (!ui->paused || !ui->refreshes) && left_s(ui) <= 0;
}

enum { FD_SIGNAL, FD_KEY, FD_EVENT, NR_FD };

static int timeout_ms(const struct ui *ui, bool live)
{
	double left = left_s(ui) * 1000;

	if (ui->paused || ui->ended || left > 3600000)
		left = 3600000;
	if (live && left > TAIL_MS)
		left = TAIL_MS;
	return left <= 0 ? 0 : (int)left + 1;
}

/* Waits for something to happen. Return: as loop(); 0 with *@redraw: go on. */
static int wait_once(struct ui *ui, bool *redraw)
{
	bool live = !ui->o->replay;
	struct pollfd fds[NR_FD] = {
		[FD_SIGNAL] = { .fd = ui_term_signal_fd(), .events = POLLIN },
		[FD_KEY] = { .fd = ui_term_key_fd(), .events = POLLIN },
		[FD_EVENT] = { .fd = cdmtop_source_fd(ui->s), .events = POLLIN },
	};
	int err;

	if (poll(fds, NR_FD, timeout_ms(ui, live)) < 0) {
		if (errno != EINTR)
			return -errno;
		memset(fds, 0, sizeof(fds));
	}
	err = ui_term_signals(redraw);
	if (err)
		return 128 + err;
	if (live) {
		err = take_events(ui, redraw);
		if (err)
			return err;
	}
	if (fds[FD_KEY].revents & POLLIN) {
		*redraw = true;
		return take_keys(ui);
	}
	/* The terminal is gone, and no signal has told. */
	return fds[FD_KEY].revents ? 128 + SIGHUP : 0;
}

/* Return: 1: the user leaves, or that was all; 128 + number of a signal; -errno. */
static int loop(struct ui *ui)
{
	bool redraw;
	int err;

	for (;;) {
		cdmtop_source_watch_pingpong(ui->s, shows_pingpong(ui));
		err = cdmtop_source_watch_numa(ui->s, ui->view == CDM_VIEW_NUMA);
		if (err)
			return err;
		if (is_due(ui)) {
			err = take_refresh(ui);
			if (err)
				return err;
		}
		ui_term_message(ui->message, sizeof(ui->message));
		err = draw(ui);
		if (err)
			return err;
		if (ui->o->count && ui->refreshes >= ui->o->count)
			return 1;
		redraw = false;
		do {
			err = wait_once(ui, &redraw);
			if (err)
				return err;
		} while (!redraw && !is_due(ui));
	}
}

static void free_ui(struct ui *ui)
{
	int i;

	for (i = 0; i < CDM_NR_TABLE; i++)
		free(ui->tables[i].rows.rows);
	free(ui->events);
	ui_events_thaw(ui);
}

int cdm_ui_run(struct cdmtop_source *s, const struct cdmtop_options *o)
{
	struct ui ui = {
		.s = s, .o = o, .m = s->model, .view = o->view,
		.interval_s = o->replay && !o->interval_set ? 0 : o->interval_s,
		.speed = o->speed ?: 1, .events_per_s = -1,
	};
	int i, err;

	if (ui_term_open(o))
		return 1;
	cdmtop_source_signals(s);
	if (!o->no_config)
		ui_config_read(&ui.config);
	for (i = 0; i < CDM_NR_TABLE; i++)
		ui_table_init(&ui, i);
	snprintf(ui.filter, sizeof(ui.filter), "%s", o->filter ? o->filter : "");
	say(&ui, s->found);
	if (o->pid && o->view == CDM_VIEW_PROC)
		ui_look_into(&ui, o->pid);
	err = loop(&ui);
	ui_term_close();
	for (i = 0; i < CDM_NR_TABLE; i++)
		ui_table_keep(&ui, i);
	ui_config_write(&ui.config);
	free_ui(&ui);
	if (err < 0) {
		fprintf(stderr, "cdmtop: %s: %s\n", o->replay ? "replay" : "refresh",
			strerror(-err));
		return 1;
	}
	/* 1: the user left; Ctrl-C is one way to do that. */
	return err == 1 || err == 128 + SIGINT ? 0 : err;
}

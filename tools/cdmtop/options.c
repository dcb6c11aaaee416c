// SPDX-License-Identifier: GPL-2.0
/* The command line. */
#include <argp.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/say.h"
#include "base/usage.h"
#include "base/version.h"
#include "event/filter.h"
#include "options.h"

enum {
	OPT_FORMAT = 256, OPT_VIEW, OPT_ROWS, OPT_LIST_COLUMNS, OPT_WINDOW, OPT_FLIPS,
	OPT_TOP, OPT_HISTOGRAMS, OPT_NO_BPF, OPT_STRICT, OPT_FEATURES, OPT_SOURCE, OPT_TEXTFILE, OPT_ASCII, OPT_NO_CONFIG, OPT_COLOR, OPT_SPEED,
};

static const struct argp_option options[] = {
	{ 0, 0, 0, 0, "What to show:", 1 },
	{ "view", OPT_VIEW, "VIEW", 0, "proc (default), cgroup, device, numa or events", 1 },
	{ "columns", 'F', "COLUMN,...", 0,
	  "columns, separated by commas; +ID adds to the usual ones", 1 },
	{ "sort", 's', "COLUMN", 0, "column to sort by", 1 },
	{ "reverse", 'R', 0, 0, "the other way round", 1 },
	{ "filter", 'f', "TEXT", 0,
	  "only rows with this in their texts or in their pid; a|b: either", 1 },
	{ "pid", 'p', "PID", 0, "only this process; on the terminal its details first", 1 },
	{ "cgroup", 'c', "CGROUP", 0, "only this cgroup and those below", 1 },
	{ "device", 'D', "DEVICE", 0, "only this device, or processes with memory on it", 1 },
	{ "rows", OPT_ROWS, "N", 0, "at most N rows; of events printed, N in all", 1 },
	{ "list-columns", OPT_LIST_COLUMNS, 0, 0, "list all columns and exit", 1 },

	{ 0, 0, 0, 0, "How to show it:", 2 },
	{ "delay", 'd', "TIME", 0, "time between refreshes, as INTERVAL: 2, 500ms, 5m", 2 },
	{ "count", 'n', "N", 0, "end after N refreshes, as COUNT", 2 },
	{ "batch", 'b', 0, 0, "print instead of using the terminal", 2 },
	{ "format", OPT_FORMAT, "FORMAT", 0,
	  "text, ndjson, csv, openmetrics or prometheus; implies -b", 2 },
	{ "json", 'j', 0, 0, "the same as --format ndjson", 2 },
	{ "textfile", OPT_TEXTFILE, "FILE", 0,
	  "keep FILE up to date for node_exporter's textfile collector", 2 },
	{ "output", 'o', "FILE", 0,
	  "print into FILE, which gets its name when it is complete; implies -b", 2 },
	{ "top", OPT_TOP, "N", 0,
	  "metrics: series of the first N processes (100) in the order of -s; all", 2 },
	{ "histograms", OPT_HISTOGRAMS, "VIEW,...", 0,
	  "metrics: latencies of these views (device,cgroup); proc; none", 2 },
	{ "color", OPT_COLOR, "WHEN", 0, "auto (default), always or never", 2 },
	{ "ascii", OPT_ASCII, 0, 0, "no characters beyond ASCII on the terminal", 2 },
	{ "no-config", OPT_NO_CONFIG, 0, 0, "columns and orders as if nothing was ever chosen", 2 },

	{ 0, 0, 0, 0, "Where it comes from:", 3 },
	{ "write", 'w', "FILE", 0, "record into FILE as well; - is standard output", 3 },
	{ "read", 'r', "FILE", 0, "replay a recording; - is standard input", 3 },
	{ "speed", OPT_SPEED, "N", 0,
	  "replay N times as fast as it was recorded; 0 or max: as fast as possible", 3 },
	{ "source", OPT_SOURCE, "SOURCE", 0,
	  "of events: any (default), tracepoint, functions of the kernel by fentry or kprobe, or proc", 3 },
	{ "no-bpf", OPT_NO_BPF, 0, 0, "--source proc: only what /proc, cgroups and sysfs say", 3 },
	{ "strict", OPT_STRICT, 0, 0, "fail if a figure is not available or events were lost", 3 },
	{ "pingpong-window", OPT_WINDOW, "TIME", 0,
	  "time between changes of direction (500us); microseconds without a unit", 3 },
	{ "pingpong-flips", OPT_FLIPS, "N", 0, "how many of them make a ping-pong page (3)", 3 },
	{ "features", OPT_FEATURES, 0, 0, "say what this kernel offers and exit", 3 },
	{ "verbose", 'v', 0, 0, "say more about what is attached", 3 },
	{ 0 }
};

static const char doc[] =
	"Shows who holds coherent device memory (CDM): processes, cgroups and devices, what "
	"migrates, what fails and why, every INTERVAL (1 second), COUNT times.\v"
	"Exit status: 0 success, 1 failure, 2 usage; 128 + N if signal N ended it.\n\n"
	"EXAMPLES\n"
	"  cdmtop                          live, q leaves, h helps\n"
	"  cdmtop -b 1 5                   five refreshes as text\n"
	"  cdmtop -b --view cgroup -s cdm  cgroups, most device memory first\n"
	"  cdmtop -j -F pid,comm,cdm,in    processes for programs\n"
	"  cdmtop -w day.cdm 10            record; cdmtop -r day.cdm shows it again\n"
	"  cdmtop --textfile /var/lib/prometheus/node-exporter/cdm.prom 15\n";

static double parse_speed(struct argp_state *state, const char *arg)
{
	double value;
	char *end;

	if (!strcmp(arg, "max"))
		return INFINITY;
	value = strtod(arg, &end);
	if (end == arg || *end)
		argp_error(state, "speed: '%s' is neither a number nor max", arg);
	if (value != 0 && !(value >= 0.01 && value <= 1000))
		argp_error(state, "speed: %s is not between 0.01 and 1000; max has no limit", arg);
	return value ?: INFINITY;
}

static void set_source(struct cdmtop_options *o, struct argp_state *state, enum cdm_source source)
{
	if (o->source && o->source != source)
		argp_error(state, "--no-bpf: is --source proc, and no other one");
	o->source = source;
}

static void set_delay(struct cdmtop_options *o, struct argp_state *state, const char *name,
		      const char *arg)
{
	o->interval_s = cdm_arg_time(state, name, arg, "s", 50 * CDM_NS_PER_MS,
				     CDM_NS_PER_DAY) / 1e9;
	o->interval_set = true;
}

static void set_count(struct cdmtop_options *o, struct argp_state *state, const char *name,
		      const char *arg)
{
	o->count = cdm_arg_number(state, name, arg, 1, LONG_MAX);
}

static void positional(struct cdmtop_options *o, struct argp_state *state, const char *arg)
{
	if (state->arg_num == 0) {
		set_delay(o, state, "interval", arg);
	} else if (state->arg_num == 1) {
		set_count(o, state, "count", arg);
	} else {
		argp_error(state, "'%s': only an interval and a count are expected", arg);
	}
}

static void set_histograms(struct cdmtop_options *o, struct argp_state *state, char *list)
{
	static const char *const words[] = {
		[CDM_VIEW_PROC] = "proc", [CDM_VIEW_CGROUP] = "cgroup",
		[CDM_VIEW_DEVICE] = "device", [CDM_VIEW_NUMA] = "none", NULL
	};
	const char *word;

	o->histograms = 0;
	while ((word = strsep(&list, ",")))
		o->histograms |= 1U << cdm_arg_word(state, "--histograms", word, words);
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	static const char *const views[] = { "proc", "cgroup", "device", "numa", "events", NULL };
	static const char *const formats[] = {
		[CDM_TEXT] = "text", [CDM_NDJSON] = "ndjson", [CDM_CSV] = "csv",
		[CDM_OPENMETRICS] = "openmetrics", [CDM_PROMETHEUS] = "prometheus",
		[CDM_NR_FORMAT] = NULL,
	};
	static const char *const colours[] = { "auto", "always", "never", NULL };
	struct cdmtop_options *o = state->input;

	switch (key) {
	case OPT_VIEW:
		o->view = cdm_arg_word(state, "--view", arg, views);
		o->view_set = true;
		break;
	case 'F':
		o->column_list = arg;
		break;
	case 's':
		o->sort_id = arg;
		break;
	case 'R':
		o->reverse = true;
		break;
	case 'f':
		o->filter = arg;
		break;
	case 'p':
		o->pid = cdm_arg_number(state, "--pid", arg, 1, INT_MAX);
		break;
	case 'c':
		o->cgroup = arg;
		break;
	case 'D':
		o->device = arg;
		break;
	case OPT_ROWS:
		o->rows = cdm_arg_number(state, "--rows", arg, 1, INT_MAX);
		break;
	case OPT_LIST_COLUMNS:
		o->list_columns = true;
		break;
	case 'd':
		set_delay(o, state, "--delay", arg);
		break;
	case 'n':
		set_count(o, state, "--count", arg);
		break;
	case 'b':
		o->batch = true;
		break;
	case 'j':
		arg = "ndjson";
		/* fall through */
	case OPT_FORMAT:
		o->format = cdm_arg_word(state, "--format", arg, formats);
		o->batch = true;
		break;
	case 'o':
		o->output = arg;
		o->batch = true;
		break;
	case OPT_TEXTFILE:
		o->textfile = arg;
		o->batch = true;
		break;
	case OPT_TOP:
		o->top = !strcmp(arg, "all") ? SIZE_MAX :
			 cdm_arg_number(state, "--top", arg, 1, INT_MAX);
		o->for_metrics = true;
		break;
	case OPT_HISTOGRAMS:
		set_histograms(o, state, arg);
		o->for_metrics = true;
		break;
	case OPT_COLOR:
		o->colour = cdm_arg_word(state, "--color", arg, colours);
		break;
	case OPT_NO_CONFIG:
		o->no_config = true;
		break;
	case OPT_ASCII:
		o->ascii = true;
		break;
	case 'w':
		o->record = arg;
		break;
	case 'r':
		o->replay = arg;
		break;
	case OPT_SPEED:
		o->speed = parse_speed(state, arg);
		break;
	case OPT_SOURCE:
		set_source(o, state, cdm_arg_word(state, "--source", arg, cdm_source_names));
		break;
	case OPT_NO_BPF:
		set_source(o, state, CDM_SOURCE_PROC);
		break;
	case OPT_STRICT:
		o->strict = true;
		break;
	case OPT_WINDOW:
		o->pingpong_window_ns = cdm_arg_time(state, "--pingpong-window", arg, "us", 1,
						     1000 * CDM_NS_PER_S);
		break;
	case OPT_FLIPS:
		o->pingpong_flips = cdm_arg_number(state, "--pingpong-flips", arg, 1, 1000000);
		break;
	case OPT_FEATURES:
		o->features = true;
		break;
	case 'v':
		o->verbose++;
		break;
	case ARGP_KEY_ARG:
		positional(o, state, arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* --- columns --- */

static const struct cdm_column *find_column(const struct cdmtop_options *o, const char *id)
{
	const struct cdm_column *all = cdm_columns(o->view);
	const struct cdm_column *col = cdm_column_find(o->view, id);
	const char *ids[CDMTOP_MAX_COLUMNS + 1], *near;
	size_t n = 0;

	if (col)
		return col;
	for (; all->id; all++)
		ids[n++] = all->id;
	ids[n] = NULL;
	near = cdm_nearest(id, ids);
	cdm_say("column '%s': not in this view%s%s%s; see --list-columns", id,
		near ? "; did you mean '" : "", near ?: "", near ? "'?" : "");
	exit(CDMTOP_USAGE);
}

static void add_column(struct cdmtop_options *o, const struct cdm_column *col)
{
	/* Once: JSON has no use for a key twice. */
	for (size_t i = 0; i < o->nr_columns; i++)
		if (o->columns[i] == col)
			return;
	if (o->nr_columns == CDMTOP_MAX_COLUMNS) {
		cdm_say("more than %d columns", CDMTOP_MAX_COLUMNS);
		exit(CDMTOP_USAGE);
	}
	o->columns[o->nr_columns++] = col;
}

static void usual_columns(struct cdmtop_options *o)
{
	/* Programs have room for all that costs little. */
	bool people = o->format == CDM_TEXT && !o->textfile;

	for (const struct cdm_column *col = cdm_columns(o->view); col->id; col++)
		if (!col->extra || (!people && !(col->needs & CDM_F_COSTLY)))
			add_column(o, col);
}

static void resolve_columns(struct cdmtop_options *o)
{
	char *list = o->column_list ? strdup(o->column_list) : NULL, *rest = list, *id;

	if (!list || *list == '+')
		usual_columns(o);
	while (rest && (id = strsep(&rest, ","))) {
		const struct cdm_column *col = find_column(o, id + (*id == '+'));

		o->named |= col->needs;
		add_column(o, col);
	}
	free(list);
	if (o->sort_id) {
		o->sort = find_column(o, o->sort_id);
		o->named |= o->sort->needs;
	} else if (o->batch) {
		o->sort = cdm_column_usual(o->view);
	}
}

static void check_files(const struct cdmtop_options *o)
{
	const char *const written[] = { o->output, o->textfile, o->record };
	const char *clash = cdm_file_clash(&o->replay, 1, written, 3);

	if (!clash)
		return;
	cdm_say("%s: " CDM_FILE_CLASHES, clash);
	exit(CDMTOP_USAGE);
}

static void check(struct cdmtop_options *o)
{
	const char *wrong = NULL;

	if (o->replay && o->record)
		wrong = "-r and -w: a recording is not recorded again, copy the file";
	else if (o->replay && o->source)
		wrong = "--source and --no-bpf are of this machine: with -r a recording says what was recorded";
	else if (o->speed && !o->replay)
		wrong = "--speed is that of a recording: it needs -r";
	else if (o->speed && o->batch)
		wrong = "--speed is for the terminal: a recording is printed at once";
	else if (o->speed && o->interval_set)
		wrong = "--speed and an interval: one of them says how fast";
	else if (o->view == CDM_VIEW_EVENTS && o->format >= CDM_OPENMETRICS)
		wrong = "--view events: events are no metrics; use text, ndjson or csv";
	else if (o->view == CDM_VIEW_EVENTS && o->textfile)
		wrong = "--view events: events are no metrics, --textfile cannot have them";
	else if (o->view == CDM_VIEW_EVENTS && (o->column_list || o->sort_id))
		wrong = "--view events has no columns to choose from";
	else if (o->batch && o->view == CDM_VIEW_CGROUP && (o->pid || o->device))
		wrong = "--view cgroup: its figures are of all processes and devices; -c chooses, -p and -D cannot";
	else if (o->batch && o->view == CDM_VIEW_DEVICE && (o->pid || o->cgroup))
		wrong = "--view device: its figures are of all processes and cgroups; -D chooses, -p and -c cannot";
	else if (o->view == CDM_VIEW_NUMA && o->device)
		wrong = "--view numa: its figures are of ordinary memory; -p and -c choose, -D cannot";
	else if (o->view == CDM_VIEW_NUMA && o->source == CDM_SOURCE_PROC)
		wrong = "--view numa: its figures come from BPF programs; leave out --no-bpf";
	else if (o->record && !strcmp(o->record, "-") && !o->textfile)
		wrong = "-w - needs standard output for itself: use --textfile, or a file";
	else if (o->textfile && o->output)
		wrong = "--textfile and -o: one of them says where the output goes";
	else if (o->for_metrics && !cdmtop_metrics(o))
		wrong = "--top and --histograms are for metrics: --textfile, --format openmetrics";
	else if (o->textfile && o->format != CDM_TEXT)
		wrong = "--textfile has a format of its own: leave --format out";
	if (!wrong)
		return;
	cdm_say("%s", wrong);
	exit(CDMTOP_USAGE);
}

void cdmtop_parse(struct cdmtop_options *o, int argc, char **argv)
{
	static const struct argp argp = {
		options, parse_opt, "[INTERVAL [COUNT]]", doc, NULL, NULL, NULL
	};

	*o = (struct cdmtop_options) {
		.interval_s = 1, .top = 100,
		.histograms = 1U << CDM_VIEW_CGROUP | 1U << CDM_VIEW_DEVICE,
	};
	argp_program_version = "cdmtop " CDM_VERSION;
	cdm_usage_parse(&argp, argc, argv, 0, o);
	check(o);
	check_files(o);
	/* A scrape is one answer. */
	if (cdmtop_metrics(o) && !o->textfile && !o->count && !o->replay)
		o->count = 1;
	if (o->view != CDM_VIEW_EVENTS)
		resolve_columns(o);
}

struct cdm_query cdmtop_query(const struct cdmtop_options *o, const struct cdm_select *select,
			      enum cdm_view view)
{
	return (struct cdm_query) {
		.view = view, .select = *select, .filter = o->filter,
		/* A column is of one view. */
		.sort = view == o->view ? o->sort : NULL, .reverse = o->reverse,
	};
}

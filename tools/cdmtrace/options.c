// SPDX-License-Identifier: GPL-2.0
#include <argp.h>

#include "base/file.h"
#include "base/usage.h"
#include "options.h"

enum {
	OPT_COMM = 0x100, OPT_DIR, OPT_WHY, OPT_MIN_PAGES, OPT_MIN_LATENCY, OPT_FORMAT, OPT_TIME,
	OPT_CHROME, OPT_STACKS, OPT_FOLDED, OPT_SUMMARY, OPT_JSON, OPT_READY, OPT_STRICT,
	OPT_FEATURES, OPT_SOURCE, OPT_LIST, OPT_DRY_RUN, OPT_RING, OPT_RINGS, OPT_WINDOW, OPT_FLIPS, OPT_EACH,
	OPT_DURATION, OPT_HTML,
};

static const struct argp_option options[] = {
	{ 0, 0, 0, 0, "What to trace:", 1 },
	{ "event", 'e', "KIND,...", 0, "kinds of events, with commas; \"fault:cow\" is one sort of faults only; see --list (default: the usual ones; of a recording all)", 1 },
	{ "pid", 'p', "PID", 0, "of this process: its memory, or done by it", 1 },
	{ "tid", 't', "TID", 0, "done by this thread", 1 },
	{ "comm", OPT_COMM, "NAME", 0, "of or by processes of this name", 1 },
	{ "cgroup", 'c', "CGROUP", 0, "of this memory cgroup and those below", 1 },
	{ "device", 'D', "DEVICE", 0, "on this device, \"cdm0\"", 1 },
	{ "dir", OPT_DIR, "in|out", 0, "migrations to devices, or to RAM", 1 },
	{ "why", OPT_WHY, "REASON", 0, "only migrations with pages that stayed for this reason, \"pinned\"", 1 },
	{ "min-pages", OPT_MIN_PAGES, "N", 0, "that moved at least so many pages, or failed to", 1 },
	{ "min-latency", OPT_MIN_LATENCY, "TIME", 0, "that took so long, \"10us\", \"2ms\"", 1 },
	{ "duration", OPT_DURATION, "TIME", 0, "ends after that time, \"10\" or \"500ms\"", 1 },
	{ "events", 'n', "N", 0, "ends after so many events", 1 },

	{ 0, 0, 0, 0, "Output:", 2 },
	{ "output", 'o', "FILE", 0, "instead of standard output", 2 },
	{ "format", OPT_FORMAT, "FORMAT", 0, "text, ndjson, csv or chrome", 2 },
	{ "json", 'j', 0, 0, "the same as --format ndjson; of a report or diff: JSON", 2 },
	{ "time", OPT_TIME, "wall|boot|delta", 0, "time of day, since boot, or since the last event, in text", 2 },
	{ "chrome", OPT_CHROME, "FILE", 0, "also writes a trace for Perfetto or chrome://tracing", 2 },
	{ "stacks", OPT_STACKS, 0, 0, "stacks with events, in the kernel and in user space", 2 },
	{ "folded", OPT_FOLDED, "count|pages", OPTION_ARG_OPTIONAL, "at the end stacks for flame graphs, weighed by events or pages", 2 },
	{ "summary", OPT_SUMMARY, 0, 0, "at the end a report; events only with -o", 2 },
	{ "html", OPT_HTML, "FILE", 0, "the report as a page for browsers, not text", 2 },
	{ "write", 'w', "FILE", 0, "records, for -r, cdmtop -r and report", 2 },
	{ "snapshots", 'd', "TIME", 0, "records who holds what every so often; 0: never (default 1s with -w, --summary and --chrome)", 2 },

	{ 0, 0, 0, 0, "Source:", 3 },
	{ "read", 'r', "FILE", 0, "a recording instead of this machine; - is standard input", 3 },
	{ "ring", OPT_RING, "SIZE", 0, "of a ring for events, \"16M\" (default 4M, with stacks 16M)", 3 },
	{ "source", OPT_SOURCE, "SOURCE", 0, "of events: any (default), tracepoint, or functions of the kernel by fentry or kprobe", 3 },
	{ "rings", OPT_RINGS, "N", 0, "rings that CPUs share (default 1)", 3 },
	{ "pingpong-window", OPT_WINDOW, "TIME", 0, "within which a page comes back (default 500us, under emulation 400ms); microseconds without a unit", 3 },
	{ "pingpong-flips", OPT_FLIPS, "N", 0, "changes of direction that make a ping-pong (default 3)", 3 },
	{ "pingpong-pages", OPT_EACH, 0, 0, "an event for each page, not for each run of neighbours", 3 },

	{ 0, 0, 0, 0, "Other:", 4 },
	{ "ready-file", OPT_READY, "FILE", 0, "made when everything is attached", 4 },
	{ "strict", OPT_STRICT, 0, 0, "fails if anything is lost or missing", 4 },
	{ "features", OPT_FEATURES, 0, 0, "says what can be traced here, and why not", 4 },
	{ "list", OPT_LIST, 0, 0, "kinds of events and their fields", 4 },
	{ "dry-run", OPT_DRY_RUN, 0, 0, "says what would be done", 4 },
	{ "verbose", 'v', 0, 0, "more messages, twice: those of libbpf", 4 },
	{ 0 }
};

#define AFTER \
	"\vEXAMPLES\n" \
	"  cdmtrace                                  migrations, evictions and faults\n" \
	"  cdmtrace -p 1412 --min-latency 1ms        slow ones of a process\n" \
	"  cdmtrace --why pinned -j                  what did not move, being pinned\n" \
	"  cdmtrace -w run.cdm --duration 10         records ten seconds\n" \
	"  cdmtrace report run.cdm                   who moved what, why, what failed\n" \
	"  cdmtrace report run.cdm --html x.html     the same as a page with charts\n" \
	"  cdmtrace diff monday.cdm tuesday.cdm      what has changed\n" \
	"  cdmtrace --chrome run.json -- ./program   one program, for ui.perfetto.dev\n" \
	"  cdmtrace --folded=pages --duration 5 | flamegraph.pl > pages.svg\n\n" \
	"Exit status: 0 success, 1 failure, 2 usage; that of COMMAND if there is one."

/* How long a duration may be: a year. */
#define MAX_NS	(366 * CDM_NS_PER_DAY)

static size_t parse_ring(struct argp_state *state, const char *arg)
{
	size_t bytes = cdm_arg_size(state, "--ring", arg, 4 << 10, 1 << 30);

	if (bytes & (bytes - 1))
		argp_error(state, "--ring: %s is not a power of two", arg);
	return bytes;
}

static int parse_why(struct argp_state *state, const char *arg)
{
	const char *words[CDM_NR_WHY + 1] = { NULL };

	for (int i = 0; i < CDM_NR_WHY; i++)
		words[i] = cdm_why_name(i);
	return cdm_arg_word(state, "--why", arg, words);
}

static void copy_name(struct argp_state *state, const char *option, char *to, size_t size,
		      const char *arg)
{
	if (!*arg || strlen(arg) >= size)
		argp_error(state, "%s: '%s': a name has 1 to %zu characters", option, arg,
			   size - 1);
	snprintf(to, size, "%s", arg);
}

static error_t parse_filter(int key, char *arg, struct argp_state *state)
{
	static const char *const dirs[] = { "in", "out", NULL };
	struct trace_options *o = state->input;
	struct cdm_filter *by = &o->filter.by;
	char why[CDM_WHY_LEN];

	switch (key) {
	case 'e':
		if (cdm_event_filter_parse(&o->filter, arg, why))
			argp_error(state, "--event: %s", why);
		o->kinds_given = true;
		return 0;
	case 'p':
		by->pid = cdm_arg_number(state, "--pid", arg, 1, 1U << 22);
		return 0;
	case 't':
		by->tid = cdm_arg_number(state, "--tid", arg, 1, 1U << 22);
		return 0;
	case OPT_COMM:
		copy_name(state, "--comm", by->comm, sizeof(by->comm), arg);
		return 0;
	case 'c':
		o->cgroup = arg;
		return 0;
	case 'D':
		copy_name(state, "--device", by->device, sizeof(by->device),
			  strncmp(arg, "/dev/", 5) ? arg : arg + 5);
		return 0;
	case OPT_DIR:
		by->dir = cdm_arg_word(state, "--dir", arg, dirs);
		return 0;
	case OPT_WHY:
		by->why = parse_why(state, arg);
		return 0;
	case OPT_MIN_PAGES:
		by->min_pages = cdm_arg_number(state, "--min-pages", arg, 0, 1ULL << 52);
		return 0;
	case OPT_MIN_LATENCY:
		by->min_ns = cdm_arg_time(state, "--min-latency", arg, "s", 0, MAX_NS);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_output(int key, char *arg, struct argp_state *state)
{
	static const char *const formats[] = { "text", "ndjson", "csv", "chrome", NULL };
	static const enum trace_format format_of[] = {
		TRACE_TEXT, TRACE_NDJSON, TRACE_CSV, TRACE_CHROME
	};
	static const char *const times[] = { "wall", "boot", "delta", NULL };
	static const char *const weights[] = { "count", "pages", NULL };
	struct trace_options *o = state->input;

	switch (key) {
	case 'o':
		o->output = arg;
		return 0;
	case OPT_FORMAT:
		o->format = format_of[cdm_arg_word(state, "--format", arg, formats)];
		return 0;
	case 'j':
		o->format = TRACE_NDJSON;
		return 0;
	case OPT_TIME:
		o->time = (enum cdm_time)cdm_arg_word(state, "--time", arg, times);
		return 0;
	case OPT_CHROME:
		o->chrome = arg;
		return 0;
	case OPT_STACKS:
		o->stacks = true;
		return 0;
	case OPT_FOLDED:
		o->folded = true;
		o->by_pages = arg && cdm_arg_word(state, "--folded", arg, weights);
		return 0;
	case OPT_SUMMARY:
		o->summary = true;
		return 0;
	case OPT_HTML:
		o->html = arg;
		return 0;
	case 'w':
		o->write = arg;
		return 0;
	case 'd':
		o->snapshots_ns = cdm_arg_time(state, "--snapshots", arg, "s", 0, MAX_NS);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A recording has what was asked for when it was made. */
static void take_all_kinds(struct cdm_event_filter *f)
{
	f->kinds = (1ULL << CDM_NR_EV) - 1;
	memset(f->sorts, 0, sizeof(f->sorts));
}

static void check(struct argp_state *state, struct trace_options *o)
{
	const char *const read[] = { o->replay, o->recordings[0], o->recordings[1] };
	const char *const written[] = { o->output, o->chrome, o->html, o->write };
	const char *clash = cdm_file_clash(read, 3, written, 4);

	if ((o->replay || o->diff) && !o->kinds_given)
		take_all_kinds(&o->filter);
	if (!o->kinds_given)
		cdm_event_filter_narrow(&o->filter);
	if (o->report && !o->replay)
		argp_error(state, "report: says nothing without a recording, report FILE");
	if (o->diff && o->nr_recordings != 2)
		argp_error(state, "diff: takes two recordings, A and B");
	if (o->diff && (o->replay || o->write || o->chrome || o->summary || o->folded))
		argp_error(state, "diff: reads two recordings; of the options for output only -o and -j go with it");
	if ((o->replay || o->diff) && o->live_only)
		argp_error(state, "--%s: is for tracing; a recording is what it is", o->live_only);
	if (o->replay && o->command)
		argp_error(state, "%s: -r reads a recording, and runs nothing", o->command[0]);
	if (clash)
		argp_error(state, "%s: " CDM_FILE_CLASHES, clash);
	if (o->chrome && o->format == TRACE_CHROME)
		argp_error(state, "--chrome FILE and --format chrome are one too many");
	if (o->html && !o->report && !o->summary)
		argp_error(state, "--html is the page of a report: report --html FILE, or --summary");
	if (o->html && (o->folded || o->format == TRACE_NDJSON || (o->report && o->output)))
		argp_error(state, "--html FILE is where the report goes: without -o, -j and --folded");
	if ((o->report || o->diff) && (o->format == TRACE_CSV || o->format == TRACE_CHROME))
		argp_error(state, "a report or a diff is text, or with -j JSON");
}

/* The words of the usage are no programs, unless one says so. */
static void check_command(struct argp_state *state, const char *name)
{
	if (!state->quoted && (!strcmp(name, "report") || !strcmp(name, "diff")))
		argp_error(state, "%s: comes first, before options; a program of that name comes after --",
			   name);
}

/* The name of an option that is about tracing this machine; NULL: of another one. */
static const char *live_only(int key)
{
	static const int keys[] = {
		OPT_DURATION, OPT_RING, OPT_RINGS, OPT_WINDOW, OPT_FLIPS, OPT_EACH, OPT_READY,
		OPT_FEATURES, OPT_SOURCE, 'd',
	};
	const struct argp_option *option = options;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (keys[i] != key)
			continue;
		while (option->key != key)
			option++;
		return option->name;
	}
	return NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct trace_options *o = state->input;

	o->live_only = live_only(key) ?: o->live_only;
	switch (key) {
	case OPT_DURATION:
		o->duration_ns = cdm_arg_time(state, "--duration", arg, "s", 0, MAX_NS);
		return 0;
	case 'n':
		o->max_events = cdm_arg_number(state, "--events", arg, 0, ~0ULL);
		return 0;
	case 'r':
		o->replay = arg;
		return 0;
	case OPT_RING:
		o->ring_bytes = parse_ring(state, arg);
		return 0;
	case OPT_RINGS:
		o->rings = cdm_arg_number(state, "--rings", arg, 1, 64);
		return 0;
	case OPT_WINDOW:
		o->pingpong_window_ns = cdm_arg_time(state, "--pingpong-window", arg, "us", 1,
						     1000 * CDM_NS_PER_S);
		return 0;
	case OPT_FLIPS:
		o->pingpong_flips = cdm_arg_number(state, "--pingpong-flips", arg, 1, 1000000);
		return 0;
	case OPT_EACH:
		o->pingpong_each = true;
		return 0;
	case OPT_READY:
		o->ready_file = arg;
		return 0;
	case OPT_STRICT:
		o->strict = true;
		return 0;
	case OPT_SOURCE:
		o->source = cdm_arg_word(state, "--source", arg, cdm_source_names);
		return 0;
	case OPT_FEATURES:
		o->features = true;
		return 0;
	case OPT_LIST:
		o->list = true;
		return 0;
	case OPT_DRY_RUN:
		o->dry_run = true;
		return 0;
	case 'v':
		o->verbose++;
		return 0;
	case ARGP_KEY_ARG:
		if (o->diff && o->nr_recordings < 2) {
			o->recordings[o->nr_recordings++] = arg;
			return 0;
		}
		if (o->diff)
			argp_error(state, "%s: diff takes two recordings, A and B", arg);
		if (o->report && !o->replay) {
			o->replay = arg;
			return 0;
		}
		check_command(state, arg);
		/* The command's options are its own. */
		o->command = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		check(state, o);
		return 0;
	default:
		if (parse_filter(key, arg, state) == 0)
			return 0;
		return parse_output(key, arg, state);
	}
}

const struct argp trace_argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[-- COMMAND [ARG...]]\nreport FILE\ndiff A B",
	.doc = "Traces the migration of coherent device memory (CDM): who moved which pages, why, how long it took, and what did not move." AFTER,
};

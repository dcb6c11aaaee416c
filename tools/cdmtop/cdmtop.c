// SPDX-License-Identifier: GPL-2.0
/* cdmtop: who holds coherent device memory, and what moves. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/say.h"
#include "batch.h"
#include "options.h"
#include "source/collector.h"
#include "ui/ui.h"

/* What the terminal shows beside columns: the tail of events and the header. */
#define UI_FEATURES	(CDM_F_PROC_DEVICE | CDM_F_CGROUP_DEVICE | CDM_F_DEVICES | CDM_F_MIGRATE | \
			 CDM_F_WHY | CDM_F_FAULTS | CDM_F_PINGPONG | CDM_F_EVICT | CDM_F_PER_DEVICE | \
			 CDM_F_CPU | CDM_F_DMEM)
#define UI_EVENTS	(1ULL << CDM_EV_MIGRATE | 1ULL << CDM_EV_EVICT | 1ULL << CDM_EV_FAULT | \
			 1ULL << CDM_EV_PINGPONG | 1ULL << CDM_EV_DEVICE)

static int list_columns(void)
{
	static const char *const units[] = {
		[CDM_UNIT_NONE] = "-", [CDM_UNIT_TEXT] = "text", [CDM_UNIT_BYTES] = "bytes",
		[CDM_UNIT_PAGES_PER_S] = "pages/s", [CDM_UNIT_BYTES_PER_S] = "bytes/s",
		[CDM_UNIT_PER_S] = "1/s", [CDM_UNIT_NS] = "time", [CDM_UNIT_PERCENT] = "%",
		[CDM_UNIT_COUNT] = "count", [CDM_UNIT_ADDRESS] = "address",
	};

	printf("%-7s %-13s %-8s %-8s %s\n", "VIEW", "ID", "TITLE", "UNIT", "WHAT");
	for (enum cdm_view v = 0; v < CDM_NR_TABLE; v++)
		for (const struct cdm_column *c = cdm_columns(v); c->id; c++)
			printf("%-7s %-13s %-8s %-8s %s%s\n", cdm_view_name(v), c->id, c->title,
			       units[c->unit], c->help, c->extra ? "" : " *");
	puts("* is shown without being asked for\n"
	     "* pages/s are for programs; text and the terminal have bytes/s, as of all memory");
	return CDMTOP_OK;
}

static unsigned int needed_features(const struct cdmtop_options *o)
{
	unsigned int needs = o->view == CDM_VIEW_NUMA ? CDM_F_NUMA : CDM_F_DEVICES;

	/* In the terminal one may look at it later. */
	if (!o->batch || o->record)
		return UI_FEATURES | (!o->batch || o->view == CDM_VIEW_NUMA ? CDM_F_NUMA : 0);
	/* For the names of devices and cgroups. */
	if (o->view == CDM_VIEW_EVENTS)
		return needs | CDM_F_PROC_DEVICE | CDM_F_CGROUP_DEVICE;
	for (size_t i = 0; i < o->nr_columns; i++)
		needs |= o->columns[i]->needs;
	if (o->sort)
		needs |= o->sort->needs;
	if (o->device)
		needs |= CDM_F_PER_DEVICE;
	return cdmtop_metrics(o) ? needs | (UI_FEATURES & ~CDM_F_COSTLY) : needs;
}

static int run_ui(struct cdmtop_source *s, const struct cdmtop_options *o)
{
	int status;

	signal(SIGPIPE, SIG_IGN);
	status = cdm_ui_run(s, o);
	s->worthless = !cdm_model_end(s->model);
	return status;
}

static int run(struct cdmtop_source *s, const struct cdmtop_options *o)
{
	bool events = !o->batch || o->record || o->view == CDM_VIEW_EVENTS;

	if (!cdmtop_source_open(s, o, needed_features(o), events ? UI_EVENTS : 0))
		return s->stopped <= 0 ? CDMTOP_FAILED :
		       s->stopped == SIGINT ? CDMTOP_OK : 128 + s->stopped;
	return o->batch ? cdmtop_batch(s, o) : run_ui(s, o);
}

static int show(struct cdmtop_source *s, const struct cdmtop_options *o)
{
	bool from_stdin = o->replay && !strcmp(o->replay, "-");
	int status, closed;

	if (!o->batch && (!isatty(STDOUT_FILENO) || (!from_stdin && !isatty(STDIN_FILENO)))) {
		cdm_say("standard input or output is not a terminal; use -b to print");
		return CDMTOP_USAGE;
	}
	status = run(s, o);
	closed = cdmtop_source_close(s, o);
	status = status ?: closed;
	if (status && status < 128)
		s->worthless = true;
	return status;
}

/* Return: false after a message. */
static bool open_output(struct cdm_file *file, const char *path)
{
	int err = cdm_file_open(file, path, 0644, true);

	if (!err && dup2(file->fd, STDOUT_FILENO) < 0) {
		err = -errno;
		cdm_file_discard(file);
	}
	if (err)
		cdm_say("cannot write %s: %s", path, cdm_file_error(err));
	return !err;
}

/* Return: @status, or CDMTOP_FAILED after a message if what was printed is not all written. */
static int close_output(struct cdm_file *file, const char *path, int status, bool worthless)
{
	int err = fflush(stdout) || ferror(stdout) ? -errno : 0;

	if (path && (err || worthless))
		cdm_file_discard(file);
	else if (path)
		err = cdm_file_close(file, 0);
	/* What failed before has said so. */
	if (!err || worthless || status == 128 + SIGPIPE)
		return status;
	cdm_say("cannot write %s: %s", path ?: "standard output", strerror(-err));
	return CDMTOP_FAILED;
}

int main(int argc, char **argv)
{
	struct cdmtop_source source = { 0 };
	struct cdmtop_options o;
	struct cdm_file file;
	int status;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	cdmtop_parse(&o, argc, argv);
	if (o.output && !open_output(&file, o.output))
		return CDMTOP_FAILED;
	if (o.list_columns)
		status = list_columns();
	else if (o.features)
		status = cdm_collector_probe(stdout, o.format == CDM_NDJSON, o.source) ? CDMTOP_FAILED :
									       CDMTOP_OK;
	else
		status = show(&source, &o);
	status = close_output(&file, o.output, status, source.worthless);
	/* Now that all is tidy, end as a signal ends other programs. */
	if (status == 128 + SIGPIPE)
		raise(SIGPIPE);
	return status;
}

// SPDX-License-Identifier: GPL-2.0
/* cdmtrace: events of coherent device memory, live or from a recording. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/say.h"
#include "base/usage.h"
#include "base/version.h"
#include "list.h"
#include "source/collector.h"
#include "sources.h"

static int trace(const struct trace_options *o)
{
	struct trace *t = calloc(1, sizeof(*t));
	int status = TRACE_FAILED;
	bool pipe_closed = false;

	if (t && trace_open(t, o)) {
		status = o->diff ? trace_diff(t) : o->replay ? trace_replay(t) : trace_live(t);
		if (o->strict && !status && (trace_lost(t) || t->missing)) {
			cdm_say(trace_lost(t) ? "events were lost; --ring or --rings may help" :
				"something that was asked for is missing");
			status = TRACE_FAILED;
		}
	}
	if (t && !trace_end(t) && !status)
		status = TRACE_FAILED;
	if (t)
		pipe_closed = t->pipe_closed;
	free(t);
	/* The recording is safe: end as other programs do whose reader has gone. */
	if (pipe_closed && !status) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	return status;
}

int main(int argc, char **argv)
{
	struct trace_options o = { .snapshots_ns = CDM_UNKNOWN };

	argp_program_version = "cdmtrace " CDM_VERSION;
	cdm_event_filter_init(&o.filter);
	o.report = argc > 1 && !strcmp(argv[1], "report");
	o.diff = argc > 1 && !strcmp(argv[1], "diff");
	if (o.report || o.diff) {
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	cdm_usage_parse(&trace_argp, argc, argv, ARGP_IN_ORDER, &o);

	if (o.list) {
		trace_list();
		return cdm_usage_end(TRACE_OK);
	}
	if (o.features)
		return cdm_usage_end(cdm_collector_probe(stdout, o.format == TRACE_NDJSON, o.source) ? TRACE_FAILED :
			      TRACE_OK);
	if (o.dry_run) {
		trace_dry_run(&o);
		return cdm_usage_end(TRACE_OK);
	}
	signal(SIGPIPE, SIG_IGN);
	return trace(&o);
}

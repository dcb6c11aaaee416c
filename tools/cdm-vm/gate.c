// SPDX-License-Identifier: GPL-2.0
/*
 * The dmesg gate: a command that succeeds on a kernel that complains has not
 * succeeded. It prints what the kernel said, with the trace that follows.
 */
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"

#define EXCERPT_LINES 25
#define MAX_EXCERPTS 5

/*
 * The boot messages of KASAN and friends are lower case, and programs that die
 * of a general protection fault are logged as "general protection fault ip:".
 */
static const char * const trouble[] = {
	"WARNING:",
	"BUG:",
	"kernel BUG at",
	"Oops:",
	"KASAN:",
	"KFENCE:",
	"KCSAN:",
	"UBSAN:",
	"Kernel panic",
	"Bad page (state|map)",
	"Bad rss-counter state",
	"general protection fault[,:]",
	"(possible|inconsistent|unsafe) [a-z -]*(circular locking|recursive locking|lock state|lock order|lock scenario|irq lock inversion)",
	"suspicious RCU usage",
	"sleeping function called from invalid context",
	"bad (unlock|contention) balance",
	"lock held when returning to user space",
	"held lock freed",
	"trying to register non-static key",
	"DEBUG_LOCKS_WARN_ON",
	"scheduling while atomic",
	"rcu: INFO:",
	"detected( expedited)? stalls",
	"self-detected stall",
	"soft lockup",
	"hard LOCKUP",
	"task .* blocked (for more than|in I/O wait for more than) [0-9]+ seconds",
	"list_(add|del) corruption",
	"page_table_check",
	"new suspected memory leaks",
	"unreferenced object",
	"kernel messages were lost",
};

/* The kernel repeats its own arguments, which may name any of the above. */
static const char echo[] = "([Cc]ommand line|Unknown kernel command line parameters|Booting kernel):? ";

struct gate {
	regex_t *allow;
	size_t nr_allow;
	regex_t trouble, echo;
};

static int compile(regex_t *regex, const char *pattern, char *error, size_t size)
{
	int ret = regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);

	if (ret)
		regerror(ret, regex, error, size);
	return ret;
}

struct gate *gate_create(void)
{
	struct gate *g = xrealloc(NULL, sizeof(*g));
	struct buffer all = { 0 };
	char error[128];
	size_t i;

	memset(g, 0, sizeof(*g));
	for (i = 0; i < ARRAY_SIZE(trouble); i++)
		buffer_addf(&all, "%s%s", i ? "|" : "", trouble[i]);
	if (compile(&g->trouble, all.data, error, sizeof(error)) ||
	    compile(&g->echo, echo, error, sizeof(error)))
		die("dmesg patterns: %s", error);
	buffer_free(&all);
	return g;
}

/* Each expression needs the reason why it is no failure, in the line above. */
void gate_allow(struct gate *g, const char *path)
{
	FILE *f = fopen(path, "re");
	bool has_reason = false;
	int number = 0;
	char *line = NULL;
	char error[128];
	size_t cap = 0;

	if (!f)
		die("cannot read the allow list %s: %s", path, strerror(errno));
	while (getline(&line, &cap, f) >= 0) {
		number++;
		line[strcspn(line, "\n")] = '\0';
		if (!*line)
			continue;
		if (*line == '#') {
			has_reason = line[strspn(line, "# \t")];
			continue;
		}
		if (!has_reason)
			die("%s:%d: no '# reason' in the line above '%s'", path, number, line);
		has_reason = false;
		g->allow = xrealloc(g->allow, (g->nr_allow + 1) * sizeof(*g->allow));
		if (compile(&g->allow[g->nr_allow], line, error, sizeof(error)))
			die("%s:%d: '%s': %s", path, number, line, error);
		g->nr_allow++;
	}
	free(line);
	fclose(f);
}

static bool matches(const regex_t *regex, const char *line)
{
	return !regexec(regex, line, 0, NULL, 0);
}

static bool is_trouble(const struct gate *g, const char *line)
{
	size_t i;

	if (!matches(&g->trouble, line) || matches(&g->echo, line))
		return false;
	for (i = 0; i < g->nr_allow; i++)
		if (matches(&g->allow[i], line))
			return false;
	return true;
}

static bool ends_trace(const char *line)
{
	return strstr(line, "---[ end ") != NULL;
}

/* The number of problems; the first few are printed on stderr. */
int gate_check(struct gate *g, const char *log)
{
	char *copy = xstrdup(log);
	char *rest = copy;
	int found = 0, excerpt = 0;
	char *line;

	while ((line = strsep(&rest, "\n"))) {
		line[strcspn(line, "\r")] = '\0';
		/* A problem's own trace may hold more matches: they are one. */
		if (!excerpt && is_trouble(g, line)) {
			excerpt = EXCERPT_LINES + 1;
			if (found++ < MAX_EXCERPTS)
				say("the kernel's log shows a problem:");
		}
		if (!excerpt || (!rest && !*line))
			continue;
		if (found <= MAX_EXCERPTS)
			fprintf(stderr, "  %s\n", line);
		excerpt = ends_trace(line) ? 0 : excerpt - 1;
	}
	if (found > MAX_EXCERPTS)
		say("and %d more", found - MAX_EXCERPTS);
	free(copy);
	return found;
}

void gate_destroy(struct gate *g)
{
	size_t i;

	for (i = 0; i < g->nr_allow; i++)
		regfree(&g->allow[i]);
	regfree(&g->trouble);
	regfree(&g->echo);
	free(g->allow);
	free(g);
}

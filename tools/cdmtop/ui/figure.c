// SPDX-License-Identifier: GPL-2.0
/* Figures beside the table of columns, in the same form as in it. */
#include <time.h>

#include "ui/ui-int.h"

static struct ui_text format(enum cdm_unit unit, const struct cdm_cell *cell, int width)
{
	const struct cdm_column col = { .unit = unit };
	struct ui_text text;

	cdm_cell_format(&col, cell, text.s, sizeof(text.s), width);
	// cppcheck-suppress uninitvar ; that has written to it
	return text;
}

struct ui_text ui_pages(const struct ui *ui, __u64 pages)
{
	const struct cdm_cell cell = {
		.known = pages < CDM_NO_LIMIT, .u = pages * cdm_model_header(ui->m)->page_size,
	};

	return format(CDM_UNIT_BYTES, &cell, 6);
}

struct ui_text ui_bytes(__u64 bytes)
{
	const struct cdm_cell cell = { .known = bytes != CDM_UNKNOWN, .u = bytes };

	return format(CDM_UNIT_BYTES, &cell, 6);
}

struct ui_text ui_time(__u64 ns, int width)
{
	const struct cdm_cell cell = { .known = ns != CDM_UNKNOWN, .u = ns };

	return format(CDM_UNIT_NS, &cell, width);
}

struct ui_text ui_ns(__u64 ns)
{
	return ui_time(ns, 6);
}

struct ui_text ui_count(__u64 n, int width)
{
	const struct cdm_cell cell = { .known = true, .u = n };

	return format(CDM_UNIT_COUNT, &cell, width);
}

struct ui_text ui_bytes_per_s(bool known, double bytes_per_s)
{
	const struct cdm_cell cell = { .known = known, .d = bytes_per_s };

	return format(CDM_UNIT_BYTES_PER_S, &cell, 6);
}

struct ui_text ui_per_s(bool known, double per_s)
{
	const struct cdm_cell cell = { .known = known, .d = per_s };

	return format(CDM_UNIT_PER_S, &cell, 6);
}

double ui_interval_s(const struct ui *ui)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(ui->m);

	return begin ? begin->interval_ns / 1e9 : 0;
}

struct ui_text ui_clock(const struct ui *ui, __u64 ts, bool us)
{
	const struct cdm_file_header *h = cdm_model_header(ui->m);
	__u64 wall = h->wall_ns + ts - h->boot_ns;
	time_t seconds = wall / 1000000000;
	struct ui_text text;
	struct tm tm;
	size_t len;

	localtime_r(&seconds, &tm);
	len = strftime(text.s, sizeof(text.s), "%H:%M:%S", &tm);
	if (us)
		snprintf(text.s + len, sizeof(text.s) - len, ".%06u",
			 (unsigned int)(wall % 1000000000 / 1000));
	return text;
}

__u64 ui_quantile(const struct cdm_stats *s, double share)
{
	__u64 both[CDM_HIST];
	int i;

	for (i = 0; i < CDM_HIST; i++)
		both[i] = s->hist[CDM_DIR_IN][i] + s->hist[CDM_DIR_OUT][i];
	return cdm_hist_quantile(both, share);
}

enum ui_style ui_level(double share)
{
	if (share >= 0.9)
		return UI_BAD;
	return share >= 0.7 ? UI_WARN : UI_GOOD;
}

const struct cdm_proc_row *ui_process(struct ui *ui, __u32 pid)
{
	struct cdm_proc_row **procs;
	size_t nr, i;

	procs = cdm_model_procs(ui->m, &nr);
	for (i = 0; i < nr; i++) {
		if (procs[i]->snap->pid == pid)
			return procs[i];
	}
	return NULL;
}

const char *ui_comm(struct ui *ui, __u32 pid)
{
	const struct cdm_proc_row *row = ui_process(ui, pid);

	return row ? row->snap->comm : "(gone)";
}

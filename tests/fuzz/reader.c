// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: a recording through the reader, the model and everything that prints. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "chrome.h"
#include "event/filter.h"
#include "event/print.h"
#include "folded.h"
#include "report/report.h"

#define PRINTERS	3

struct sinks {
	struct cdm_model *model;
	struct cdm_printer *printers[PRINTERS];
	struct cdm_chrome *chrome;
	struct cdm_folded *folded;
	struct cdm_report *report;
	struct cdm_event_filter filter;
};

/* Nobody reads it; the buffers stay, as they are large. */
static struct cdm_out out[PRINTERS + 2];
static FILE *null;
static char why[CDM_WHY_LEN];

/* A refresh as cdmtop prints it, all columns of all views in all formats. */
static void print_refresh(struct cdm_model *m)
{
	const struct cdm_column *columns[128];

	for (int view = 0; view < CDM_NR_VIEW; view++) {
		struct cdm_table table = { .view = (enum cdm_view)view, .columns = columns };

		for (const struct cdm_column *c = cdm_columns(table.view); c->id; c++)
			columns[table.nr_columns++] = c;
		if (!table.nr_columns)
			continue;
		if (view == CDM_VIEW_PROC)
			table.rows = (const void *const *)cdm_model_procs(m, &table.nr_rows);
		else if (view == CDM_VIEW_CGROUP)
			table.rows = (const void *const *)cdm_model_cgroups(m, &table.nr_rows);
		else if (view == CDM_VIEW_DEVICE)
			table.rows = (const void *const *)cdm_model_devices(m, &table.nr_rows);
		else
			table.rows = (const void *const *)cdm_model_vmas(m, &table.nr_rows);
		for (int format = 0; format < CDM_NR_FORMAT; format++)
			cdm_output_table(null, (enum cdm_format)format, m, &table, true);
	}
}

static void feed(struct sinks *s, const struct cdm_rec *rec)
{
	bool event = rec->kind && rec->kind < CDM_NR_EV;

	if (cdm_model_feed(s->model, rec) == 1)
		print_refresh(s->model);
	for (int i = 0; i < PRINTERS; i++)
		cdm_printer_put(s->printers[i], rec);
	cdm_chrome_put(s->chrome, rec);
	cdm_report_feed(s->report, rec);
	if (event && cdm_event_match(&s->filter, (const void *)rec, s->model))
		cdm_folded_add(s->folded, (const void *)rec, s->model);
}

static void run(struct cdm_reader *r)
{
	static const enum cdm_time times[PRINTERS] = { CDM_TIME_WALL, CDM_TIME_BOOT, CDM_TIME_DELTA };
	static const char *const same[] = { "a", "b" };
	struct sinks s = { .model = cdm_model_new(cdm_reader_header(r)) };
	const struct cdm_rec *rec;

	cdm_event_filter_init(&s.filter);
	s.filter.cgroup = "/job";
	s.filter.by.min_pages = 2;
	for (int i = 0; i < PRINTERS; i++)
		s.printers[i] = cdm_printer_new(&out[i], (enum cdm_format)i, times[i], true,
						~0ULL, s.model);
	s.chrome = cdm_chrome_new(&out[PRINTERS], s.model);
	s.folded = cdm_folded_new(CDM_FOLD_STACK);
	s.report = cdm_report_new(s.model);
	cdm_report_over_time(s.report);
	while (cdm_reader_next(r, &rec, why) > 0)
		feed(&s, rec);
	cdm_folded_print(s.folded, &out[PRINTERS + 1], true);
	for (int format = CDM_REPORT_TEXT; format <= CDM_REPORT_HTML; format++)
		cdm_report_print(s.report, null, (enum cdm_report_format)format);
	if (cdm_report_seconds(s.report))
		cdm_report_diff(s.report, s.report, same, null, false);
	for (int i = 0; i < PRINTERS; i++)
		cdm_printer_free(s.printers[i]);
	cdm_chrome_end(s.chrome);
	cdm_folded_free(s.folded);
	cdm_report_free(s.report);
	cdm_model_free(s.model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char path[64];
	struct cdm_reader *r;

	if (fd < 0) {
		int dev_null = open("/dev/null", O_WRONLY);

		null = fopen("/dev/null", "w");
		fd = memfd_create("recording", 0);
		if (dev_null < 0 || !null || fd < 0)
			abort();
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
			out[i].fd = dev_null;
	}
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	r = cdm_reader_open(path, why);
	if (!r)
		return 0;
	run(r);
	cdm_reader_close(r);
	return 0;
}

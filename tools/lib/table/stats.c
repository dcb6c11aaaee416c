// SPDX-License-Identifier: GPL-2.0
/* Figures that come from statistics: rates, totals, reasons, times. */
#include <string.h>

#include "base/unit-name.h"
#include "table/column-int.h"

void cdm_cell_u64(struct cdm_cell *cell, __u64 value)
{
	cell->known = value != CDM_UNKNOWN;
	cell->about = false;
	cell->u = value;
}

void cdm_cell_pages(struct cdm_cell *cell, const struct cdm_model *m, __u64 pages)
{
	cdm_cell_u64(cell, pages < CDM_NO_LIMIT ? pages * cdm_model_header(m)->page_size : pages);
}

void cdm_cell_error(struct cdm_cell *cell, const struct cdm_model *m, const struct cdm_bound *bound)
{
	cdm_cell_pages(cell, m, bound->age_ns == CDM_UNKNOWN ? CDM_UNKNOWN : bound->error);
}

void cdm_cell_text(struct cdm_cell *cell, const char *text)
{
	cell->known = text;
	cell->s = text;
}

void cdm_cell_last_part(struct cdm_cell *cell, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	cdm_cell_text(cell, slash && slash[1] ? slash + 1 : path);
}

void cdm_cell_unit(struct cdm_cell *cell, const struct cdm_cgroup_row *cgroup)
{
	cdm_cell_text(cell, cgroup ? cdm_unit_name(cgroup->snap->path, cell->text,
						   sizeof(cell->text)) : NULL);
}

void cdm_cell_percent(struct cdm_cell *cell, __u64 part, __u64 whole)
{
	cell->known = part != CDM_UNKNOWN && whole && whole != CDM_UNKNOWN &&
		      whole != CDM_NO_LIMIT;
	cell->d = cell->known ? 100.0 * part / whole : 0;
}

__u64 cdm_count_in(const struct cdm_stats *s)
{
	return s->pages[CDM_DIR_IN];
}

__u64 cdm_count_out(const struct cdm_stats *s)
{
	return s->pages[CDM_DIR_OUT];
}

__u64 cdm_count_moved(const struct cdm_stats *s)
{
	return s->pages[CDM_DIR_IN] + s->pages[CDM_DIR_OUT];
}

__u64 cdm_count_evicted(const struct cdm_stats *s)
{
	return s->evicted;
}

__u64 cdm_count_faults(const struct cdm_stats *s)
{
	__u64 sum = 0;

	for (int i = 0; i < CDM_NR_FAULT; i++)
		sum += s->faults[i];
	return sum;
}

__u64 cdm_count_calls(const struct cdm_stats *s)
{
	return s->calls[CDM_DIR_IN] + s->calls[CDM_DIR_OUT];
}

__u64 cdm_count_pingpong(const struct cdm_stats *s)
{
	return s->pingpong;
}

bool cdm_source_has(const struct cdm_source *src, unsigned int needs)
{
	const struct cdm_snap_begin *begin = cdm_model_begin(src->model);

	return begin && !(needs & ~begin->features);
}

static double per_second(const struct cdm_source *src, __u64 n)
{
	return n * 1e9 / cdm_model_begin(src->model)->interval_ns;
}

void cdm_cell_rate(struct cdm_cell *cell, const struct cdm_source *src, unsigned int needs,
		   cdm_count_fn count)
{
	cell->known = src->delta->known && cdm_source_has(src, needs);
	cell->d = cell->known ? per_second(src, count(&src->delta->d)) : 0;
	cell->page_size = cdm_model_header(src->model)->page_size;
}

void cdm_cell_bandwidth(struct cdm_cell *cell, const struct cdm_source *src, cdm_count_fn count)
{
	cdm_cell_rate(cell, src, CDM_F_MIGRATE, count);
	cell->d *= cdm_model_header(src->model)->page_size;
}

void cdm_cell_total(struct cdm_cell *cell, const struct cdm_source *src, unsigned int needs,
		    cdm_count_fn count)
{
	cell->known = cdm_source_has(src, needs);
	cell->u = cell->known && src->stats ? count(src->stats) : 0;
}

void cdm_cell_why(struct cdm_cell *cell, const struct cdm_source *src)
{
	int why = -1;

	if (src->delta->known && cdm_source_has(src, CDM_F_WHY))
		why = cdm_why_top(&src->delta->d);
	cdm_cell_text(cell, why < 0 ? NULL : cdm_why_name(why));
}

void cdm_cell_call_time(struct cdm_cell *cell, const struct cdm_source *src, double share)
{
	const struct cdm_stats *d = &src->delta->d;
	__u64 hist[CDM_HIST];

	cell->known = src->delta->known && cdm_source_has(src, CDM_F_MIGRATE) && cdm_count_calls(d);
	if (!cell->known)
		return;
	for (int i = 0; i < CDM_HIST; i++)
		hist[i] = d->hist[CDM_DIR_IN][i] + d->hist[CDM_DIR_OUT][i];
	cdm_cell_u64(cell, cdm_hist_quantile(hist, share));
}

void cdm_cell_wait_time(struct cdm_cell *cell, const struct cdm_source *src, double share)
{
	const struct cdm_stats *d = &src->delta->d;

	cell->known = src->delta->known && cdm_source_has(src, CDM_F_FAULTS) && d->faults[CDM_FAULT_WAIT];
	if (cell->known)
		cdm_cell_u64(cell, cdm_hist_quantile(d->hist_wait, share));
}

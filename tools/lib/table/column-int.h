/* SPDX-License-Identifier: GPL-2.0 */
/* What the tables of columns share. */
#ifndef CDM_COLUMN_INT_H
#define CDM_COLUMN_INT_H

#include "table/column.h"

extern const struct cdm_column cdm_proc_columns[];
extern const struct cdm_column cdm_cgroup_columns[];
extern const struct cdm_column cdm_device_columns[];
extern const struct cdm_column cdm_numa_columns[];
extern const struct cdm_column cdm_vma_columns[];

void cdm_cell_u64(struct cdm_cell *cell, __u64 value);		/* CDM_UNKNOWN is unknown */
/* In bytes; CDM_UNKNOWN and CDM_NO_LIMIT stay what they are. */
void cdm_cell_pages(struct cdm_cell *cell, const struct cdm_model *m, __u64 pages);
/* What it may be off; unknown: it was found otherwise. */
void cdm_cell_error(struct cdm_cell *cell, const struct cdm_model *m, const struct cdm_bound *bound);
void cdm_cell_text(struct cdm_cell *cell, const char *text);	/* NULL is unknown */
void cdm_cell_last_part(struct cdm_cell *cell, const char *path);	/* NULL: the same */
void cdm_cell_unit(struct cdm_cell *cell, const struct cdm_cgroup_row *cgroup);	/* NULL: the same */
/* @part of @whole in percent; unknown if one is, or there is no whole. */
void cdm_cell_percent(struct cdm_cell *cell, __u64 part, __u64 whole);

/* Figures of statistics: what they are of, and whether the features they need are there. */
struct cdm_source {
	const struct cdm_model *model;
	const struct cdm_delta *delta;
	const struct cdm_stats *stats;	/* since the start; NULL: none */
};

struct cdm_source cdm_proc_source(const void *row);
struct cdm_source cdm_cgroup_source(const void *row);
struct cdm_source cdm_device_source(const void *row);
/* Whether the figures of the last interval have what @needs says. */
bool cdm_source_has(const struct cdm_source *src, unsigned int needs);

typedef __u64 (*cdm_count_fn)(const struct cdm_stats *s);

__u64 cdm_count_in(const struct cdm_stats *s);
__u64 cdm_count_out(const struct cdm_stats *s);
__u64 cdm_count_moved(const struct cdm_stats *s);
__u64 cdm_count_evicted(const struct cdm_stats *s);
__u64 cdm_count_faults(const struct cdm_stats *s);
__u64 cdm_count_calls(const struct cdm_stats *s);
__u64 cdm_count_pingpong(const struct cdm_stats *s);

void cdm_cell_rate(struct cdm_cell *cell, const struct cdm_source *src, unsigned int needs,
		   cdm_count_fn count);
/* The same in bytes. */
void cdm_cell_bandwidth(struct cdm_cell *cell, const struct cdm_source *src, cdm_count_fn count);
void cdm_cell_total(struct cdm_cell *cell, const struct cdm_source *src, unsigned int needs,
		    cdm_count_fn count);
void cdm_cell_why(struct cdm_cell *cell, const struct cdm_source *src);
/* Quantiles of the time of a migration call, or of the wait for one, in the last interval. */
void cdm_cell_call_time(struct cdm_cell *cell, const struct cdm_source *src, double share);
void cdm_cell_wait_time(struct cdm_cell *cell, const struct cdm_source *src, double share);

/*
 * Defines VIEW_NAME and VIEW_NAME_total, the rate of a count and the total behind
 * it; cdm_VIEW_source() says what a row has.
 */
#define CDM_RATE(view, name, needs, count)					\
static void view##_##name(const void *row, struct cdm_cell *cell)		\
{										\
	struct cdm_source src = cdm_##view##_source(row);				\
										\
	cdm_cell_rate(cell, &src, needs, count);				\
}										\
static void view##_##name##_total(const void *row, struct cdm_cell *cell)	\
{										\
	struct cdm_source src = cdm_##view##_source(row);				\
										\
	cdm_cell_total(cell, &src, needs, count);				\
}

/* Defines VIEW_NAME, a cell of a source. */
#define CDM_OF_SOURCE(view, name, fill, ...)					\
static void view##_##name(const void *row, struct cdm_cell *cell)		\
{										\
	struct cdm_source src = cdm_##view##_source(row);				\
										\
	fill(cell, &src, ##__VA_ARGS__);					\
}

/* Defines VIEW_NAME, a number of pages of @type->snap. */
#define CDM_PAGES_OF_SNAP(view, type, name, member)				\
static void view##_##name(const void *p, struct cdm_cell *cell)			\
{										\
	const struct type *row = p;						\
										\
	cdm_cell_pages(cell, row->model, row->snap->member);			\
}

/* Those that a scan may have found: marked where they may be off, by how much, and their age. */
#define CDM_SCANNED_PAGES(view, type, name, member)				\
static void view##_##name(const void *p, struct cdm_cell *cell)			\
{										\
	const struct type *row = p;						\
										\
	cdm_cell_pages(cell, row->model, row->snap->member);			\
	cell->about = row->bound.error;						\
}										\
										\
static void view##_error(const void *p, struct cdm_cell *cell)			\
{										\
	const struct type *row = p;						\
										\
	cdm_cell_error(cell, row->model, &row->bound);				\
}										\
										\
static void view##_age(const void *p, struct cdm_cell *cell)			\
{										\
	cdm_cell_u64(cell, ((const struct type *)p)->bound.age_ns);		\
}

#endif

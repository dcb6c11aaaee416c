// SPDX-License-Identifier: GPL-2.0
/*
 * The charts of the report's page: inline SVG, with a title and a description for who
 * cannot see it, and the same figures in a table below. Colours are classes of the
 * page's style sheet, for light and for dark.
 */
#include <math.h>
#include <stdlib.h>

#include "base/name.h"
#include "report/chart.h"

#define LEFT	64
#define WIDTH	880		/* of the plot */
#define HEIGHT	240
#define TOP_ROOM	12
#define BELOW	34
#define PROCESSES	6	/* by themselves */

struct line {
	const char *name;
	__u32 pid;		/* 0: none */
	__u64 levels[REPORT_SLOTS];
};

struct chart {
	struct cdm_report *r;
	FILE *f;
	const char *id, *title, *about;
	struct line *lines;
	size_t nr;
	unsigned int from;	/* the first slot of which anything is known */
	double mib;		/* of a page */
	double top;		/* of the axis, in MiB */
};

static double seconds_of(const struct report_times *t, double slot)
{
	return slot * t->slot_ns / 1e9;
}

static double x_of(const struct report_times *t, double slot)
{
	return LEFT + WIDTH * slot / t->used;
}

/* 1, 2 or 5 times a power of ten, so that there are at most @nr steps up to @max. */
static double step_for(double max, int nr)
{
	double power = pow(10, floor(log10(max / nr)));
	double least = max / nr / power;

	return power * (least <= 1 ? 1 : least <= 2 ? 2 : least <= 5 ? 5 : 10);
}

static void start_figure(FILE *f, const char *id, const char *title, const char *about, int height)
{
	fprintf(f, "<figure id=\"%s\">\n<figcaption>%s</figcaption>\n"
		"<svg role=\"img\" aria-labelledby=\"%s-title %s-about\" viewBox=\"0 0 %d %d\">\n"
		"<title id=\"%s-title\">%s</title>\n<desc id=\"%s-about\">%s</desc>\n",
		id, title, id, id, LEFT + WIDTH + 16, height + TOP_ROOM + BELOW, id, title, id, about);
}

static void time_axis(FILE *f, const struct report_times *t, int height)
{
	double total = seconds_of(t, t->used), step = step_for(total, 10);
	int digits = step < 1 ? (int)ceil(-log10(step)) : 0;

	for (double s = 0; s <= total * 1.0001; s += step)
		fprintf(f, "<text class=\"x\" x=\"%.1f\" y=\"%d\">%.*f s</text>\n",
			LEFT + WIDTH * s / total, TOP_ROOM + height + 20, digits, s);
	fprintf(f, "<path class=\"axis\" d=\"M%d %dH%d\"/>\n", LEFT, TOP_ROOM + height, LEFT + WIDTH);
}

static double y_of(const struct chart *c, double mib)
{
	return TOP_ROOM + HEIGHT * (1 - mib / c->top);
}

static void level_axis(const struct chart *c)
{
	double step = step_for(c->top, 5);

	for (double v = step; v <= c->top * 1.0001; v += step)
		fprintf(c->f, "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">%g MiB</text>\n",
			LEFT, y_of(c, v), LEFT + WIDTH, LEFT - 8, y_of(c, v) + 4, v);
}

static void put_line_name(const struct chart *c, const struct line *l)
{
	cdm_print_name(c->f, l->name, CDM_FORM_HTML);
	if (l->pid)
		fprintf(c->f, " (%u)", l->pid);
}

static void legend(const struct chart *c)
{
	fputs("<ul class=\"legend\">", c->f);
	for (size_t i = 0; i < c->nr; i++) {
		fprintf(c->f, "<li><span class=\"s%zu\"></span>", i % 8);
		put_line_name(c, &c->lines[i]);
		fputs("</li>", c->f);
	}
	fputs("</ul>\n", c->f);
}

/* What the picture says, for who cannot see it or wants to know it exactly. */
static void level_table(const struct chart *c)
{
	const struct report_times *t = c->r->times;

	fputs("<details><summary>The figures, in MiB</summary><div class=\"wide\"><table><thead><tr><th scope=\"col\">from s</th>", c->f);
	for (size_t i = 0; i < c->nr; i++) {
		fputs("<th scope=\"col\">", c->f);
		put_line_name(c, &c->lines[i]);
		fputs("</th>", c->f);
	}
	fputs("</tr></thead><tbody>\n", c->f);
	for (unsigned int slot = 0; slot < t->used; slot++) {
		fprintf(c->f, "<tr><td>%.3f</td>", seconds_of(t, slot));
		for (size_t i = 0; i < c->nr; i++)
			if (slot < c->from)
				fputs("<td>-</td>", c->f);
			else
				fprintf(c->f, "<td>%.3f</td>", c->lines[i].levels[slot] * c->mib);
		fputs("</tr>\n", c->f);
	}
	fputs("</tbody></table></div></details>\n", c->f);
}

/* @below: what it stands upon, NULL: the axis, and it is a line. */
static void draw(const struct chart *c, size_t n, const double *below)
{
	const struct report_times *t = c->r->times;
	const __u64 *levels = c->lines[n].levels;

	fprintf(c->f, "<path class=\"%s s%zu\" d=\"M%.1f %.1f", below ? "area" : "line", n % 8,
		x_of(t, c->from), y_of(c, levels[c->from] * c->mib + (below ? below[c->from] : 0)));
	for (unsigned int i = c->from; i < t->used; i++)
		fprintf(c->f, "V%.1fH%.1f", y_of(c, levels[i] * c->mib + (below ? below[i] : 0)),
			x_of(t, i + 1));
	for (unsigned int i = t->used; below && i-- > c->from; )
		fprintf(c->f, "V%.1fH%.1f", y_of(c, below[i]), x_of(t, i));
	fprintf(c->f, "%s\"><title>", below ? "Z" : "");
	put_line_name(c, &c->lines[n]);
	fputs("</title></path>\n", c->f);
}

static void finish_levels(struct chart *c, const double *most, bool areas)
{
	double below[REPORT_SLOTS] = { 0 };

	c->top = 0;
	c->from = report_times_levels_from(c->r->times);
	for (unsigned int i = 0; i < c->r->times->used; i++)
		c->top = most[i] > c->top ? most[i] : c->top;
	if (c->top <= 0)
		return;
	c->top *= 1.05;
	start_figure(c->f, c->id, c->title, c->about, HEIGHT);
	level_axis(c);
	for (size_t n = 0; n < c->nr; n++) {
		draw(c, n, areas ? below : NULL);
		for (unsigned int i = 0; i < c->r->times->used; i++)
			below[i] += c->lines[n].levels[i] * c->mib;
	}
	time_axis(c->f, c->r->times, HEIGHT);
	fputs("</svg>\n", c->f);
	legend(c);
	level_table(c);
	fputs("</figure>\n", c->f);
}

void report_chart_devices(struct cdm_report *r, FILE *out)
{
	struct line lines[CDM_MAX_DEVICES];
	struct chart c = {
		.r = r, .f = out, .id = "chart-devices", .title = "Memory in use, by device",
		.about = "A line for each device: how much of its memory is in use, over time.",
		.lines = lines, .mib = report_page_mib(r),
	};
	double most[REPORT_SLOTS] = { 0 };

	for (int i = 0; i < CDM_MAX_DEVICES; i++) {
		struct line *l = &lines[c.nr];

		if (!r->times->devices[i])
			continue;
		l->name = r->snaps[i].name;
		l->pid = 0;
		report_series_levels(r->times, r->times->devices[i], l->levels);
		for (unsigned int k = 0; k < r->times->used; k++)
			most[k] = fmax(most[k], l->levels[k] * c.mib);
		c.nr++;
	}
	finish_levels(&c, most, false);
}

void report_chart_processes(struct cdm_report *r, FILE *out)
{
	struct line *lines = calloc(PROCESSES + 1, sizeof(*lines)), *others = &lines[PROCESSES];
	struct chart c = {
		.r = r, .f = out, .id = "chart-processes", .title = "Memory held, by process",
		.about = "Areas upon each other: how much device memory the processes that held most of it had, over time, and all others together. A page that processes share counts for each.",
		.lines = lines, .mib = report_page_mib(r),
	};
	double most[REPORT_SLOTS] = { 0 };
	__u64 levels[REPORT_SLOTS];
	size_t nr;
	struct report_proc **procs = (void *)cdm_hash_sorted(&r->procs, &nr, report_by_held);

	for (size_t i = 0; i < nr && lines && procs; i++) {
		if (!procs[i]->series || !procs[i]->level.peak)
			continue;
		report_series_levels(r->times, procs[i]->series, levels);
		if (c.nr < PROCESSES) {
			lines[c.nr].name = procs[i]->comm;
			lines[c.nr++].pid = procs[i]->node.key;
			memcpy(lines[c.nr - 1].levels, levels, sizeof(levels));
		} else {
			others->name = "others";
		}
		for (unsigned int k = 0; k < r->times->used; k++) {
			others->levels[k] += others->name ? levels[k] : 0;
			most[k] += levels[k] * c.mib;
		}
	}
	c.nr += lines && others->name;
	finish_levels(&c, most, true);
	if (r->times->left_out)
		fprintf(out, "<p>More than %d processes held device memory; the others are not in the chart.</p>\n",
			REPORT_SERIES);
	free(procs);
	free(lines);
}

/* "16.4 us" */
static const char *duration(char buf[16], double ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	int unit = 0;

	for (; ns >= 1000 && unit < 3; unit++)
		ns /= 1000;
	snprintf(buf, 16, "%.3g %s", ns, units[unit]);
	return buf;
}

struct heat {
	const struct report_times *t;
	const __u64 (*calls)[64];
	unsigned int from, to;	/* powers of two that there are */
	__u64 most;
};

static bool find_range(struct heat *h)
{
	h->from = 64;
	for (unsigned int i = 0; i < h->t->used; i++)
		for (unsigned int b = 0; b < 64; b++) {
			if (!h->calls[i][b])
				continue;
			h->from = b < h->from ? b : h->from;
			h->to = b > h->to ? b : h->to;
			h->most = h->calls[i][b] > h->most ? h->calls[i][b] : h->most;
		}
	return h->most;
}

static double shade(const struct heat *h, __u64 calls)
{
	return 0.15 + 0.85 * log1p(calls) / log1p(h->most);
}

static void heat_cells(FILE *f, const struct heat *h, int row)
{
	char from[16], to[16];

	for (unsigned int i = 0; i < h->t->used; i++)
		for (unsigned int b = h->from; b <= h->to; b++) {
			if (!h->calls[i][b])
				continue;
			fprintf(f, "<rect class=\"heat\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill-opacity=\"%.2f\">",
				x_of(h->t, i), TOP_ROOM + (int)(h->to - b) * row,
				x_of(h->t, i + 1) - x_of(h->t, i), row, shade(h, h->calls[i][b]));
			fprintf(f, "<title>%.3f s, %s to %s: %llu</title></rect>\n",
				seconds_of(h->t, i), duration(from, exp2(b)),
				duration(to, exp2(b + 1)), h->calls[i][b]);
		}
}

static void heat_axis(FILE *f, const struct heat *h, int row)
{
	unsigned int nr = h->to - h->from + 1, every = (nr + 7) / 8;
	char from[16];

	for (unsigned int b = h->from; b <= h->to; b += every) {
		int y = TOP_ROOM + (int)(h->to - b + 1) * row;

		fprintf(f, "<path class=\"grid\" d=\"M%d %dH%d\"/><text class=\"y\" x=\"%d\" y=\"%d\">%s</text>\n",
			LEFT, y, LEFT + WIDTH, LEFT - 8, y + 4, duration(from, exp2(b)));
	}
}

static void heat_legend(FILE *f, const struct heat *h)
{
	__u64 last = 0;

	fputs("<ul class=\"legend\"><li>calls in a cell:</li>", f);
	for (int i = 0; i < 5; i++) {
		__u64 calls = round(pow(h->most, i / 4.0));

		if (calls == last)
			continue;
		fprintf(f, "<li><span class=\"heat\" style=\"opacity:%.2f\"></span>%llu</li>",
			shade(h, calls), calls);
		last = calls;
	}
	fputs("</ul>\n", f);
}

static void heat_table(FILE *f, const struct heat *h)
{
	char from[16];

	fputs("<details><summary>The figures, in calls</summary><div class=\"wide\"><table><thead><tr><th scope=\"col\">from s</th>", f);
	for (unsigned int b = h->from; b <= h->to; b++)
		fprintf(f, "<th scope=\"col\">from %s</th>", duration(from, exp2(b)));
	fputs("</tr></thead><tbody>\n", f);
	for (unsigned int i = 0; i < h->t->used; i++) {
		fprintf(f, "<tr><td>%.3f</td>", seconds_of(h->t, i));
		for (unsigned int b = h->from; b <= h->to; b++)
			fprintf(f, "<td>%llu</td>", h->calls[i][b]);
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table></div></details>\n", f);
}

void report_chart_latency(struct cdm_report *r, FILE *out, unsigned int dir)
{
	static const char *const ids[CDM_NR_DIR] = { "chart-latency-in", "chart-latency-out" };
	static const char *const titles[CDM_NR_DIR] = {
		"How long migrations to devices took", "How long migrations to RAM took"
	};
	struct heat h = { .t = r->times, .calls = (const void *)r->times->calls[dir] };
	int row;

	if (!find_range(&h))
		return;
	row = HEIGHT / (h.to - h.from + 1);
	row = row > 24 ? 24 : row < 8 ? 8 : row;
	start_figure(out, ids[dir], titles[dir],
		     "A heat map: time goes to the right, what a call took goes up, each row twice as long as the one below. The darker, the more calls.",
		     (int)(h.to - h.from + 1) * row);
	heat_axis(out, &h, row);
	heat_cells(out, &h, row);
	time_axis(out, r->times, (int)(h.to - h.from + 1) * row);
	fputs("</svg>\n", out);
	heat_legend(out, &h);
	heat_table(out, &h);
	fputs("</figure>\n", out);
}

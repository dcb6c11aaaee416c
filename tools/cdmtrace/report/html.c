// SPDX-License-Identifier: GPL-2.0
/*
 * The report as one page that needs nothing else: no script, nothing from outside,
 * and a policy in it that keeps a browser from either.
 */
#include <time.h>

#include "base/name.h"
#include "report/chart.h"
#include "report/html.h"

static const char style[] =
":root{color-scheme:light dark;--bg:#fff;--fg:#1c2128;--dim:#57606a;--line:#d8dee4;--soft:#f6f8fa;"
"--link:#0550ae;--heat:#8a1150;--s0:#0072b2;--s1:#d55e00;--s2:#00805c;--s3:#b5477f;--s4:#a06a00;"
"--s5:#5b4fc4;--s6:#6e7781;--s7:#3b8fc4}\n"
"@media(prefers-color-scheme:dark){:root{--bg:#10141a;--fg:#e4e9ef;--dim:#9aa5b1;--line:#2e3640;"
"--soft:#181e26;--link:#7cb8ff;--heat:#ff8cc3;--s0:#56b4e9;--s1:#ff9248;--s2:#3ad6a4;--s3:#f29ac6;"
"--s4:#ffc24d;--s5:#b3a9ff;--s6:#97a3af;--s7:#a9dcff}}\n"
"*{box-sizing:border-box}\n"
"body{margin:0 auto;padding:2.5rem 1.5rem 5rem;max-width:76rem;background:var(--bg);color:var(--fg);"
"font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif;"
"font-variant-numeric:tabular-nums}\n"
"h1{font-size:1.9rem;line-height:1.2;margin:0 0 .4rem;letter-spacing:-.01em}\n"
"h2{font-size:1.25rem;margin:3rem 0 .75rem;padding-top:1rem;border-top:1px solid var(--line)}\n"
"h2 span{color:var(--dim);font-weight:400;margin-right:.35em}\n"
"header p,figcaption,section>p,footer{color:var(--dim)}header p{margin:.15rem 0}\n"
"section>p{max-width:70ch;margin:.5rem 0}a{color:var(--link)}\n"
".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:1.75rem 0}\n"
".tiles dl{margin:0;padding:.8rem 1rem;background:var(--soft);border:1px solid var(--line);border-radius:8px}\n"
".tiles dt{color:var(--dim);font-size:.85rem}.tiles dd{margin:0;font-size:1.4rem;font-weight:600}\n"
"section dl{display:flex;gap:1rem;margin:.15rem 0}section dt{min-width:17rem;color:var(--dim)}"
"section dd{margin:0;overflow-wrap:anywhere}\n"
".wide{overflow-x:auto;margin:1rem 0}\n"
"table{border-collapse:collapse;font-size:.875rem;white-space:nowrap}\n"
"th,td{padding:.28rem .7rem;text-align:right;border-bottom:1px solid var(--line)}\n"
"th{color:var(--dim);font-weight:600;vertical-align:bottom}th.t,td.t{text-align:left}\n"
"tbody tr:hover{background:var(--soft)}\n"
"figure{margin:2.25rem 0}figcaption{font-weight:600;color:var(--fg);margin-bottom:.5rem}\n"
"svg{width:100%;height:auto;display:block}svg text{fill:var(--dim);font-size:12px}\n"
"svg .x{text-anchor:middle}svg .y{text-anchor:end}\n"
"svg .grid{stroke:var(--line)}svg .axis{stroke:var(--dim)}svg path{fill:none}\n"
"svg .line{stroke-width:2;stroke-linejoin:round}svg path.area{fill-opacity:.75}\n"
"svg .heat{fill:var(--heat)}\n"
".legend{display:flex;flex-wrap:wrap;gap:.3rem 1.25rem;list-style:none;margin:.4rem 0 .6rem;"
"padding-left:4rem;font-size:.875rem;color:var(--dim)}\n"
".legend span{display:inline-block;width:.8em;height:.8em;border-radius:2px;margin-right:.45em}\n"
".legend .heat{background:var(--heat)}\n"
".s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}.s3{--c:var(--s3)}.s4{--c:var(--s4)}"
".s5{--c:var(--s5)}.s6{--c:var(--s6)}.s7{--c:var(--s7)}\n"
".legend span[class^=s]{background:var(--c)}svg .line{stroke:var(--c)}svg path.area{fill:var(--c)}\n"
"svg .line.s1,svg .line.s5{stroke-dasharray:7 3}svg .line.s2,svg .line.s6{stroke-dasharray:2 3}\n"
"svg .line.s3,svg .line.s7{stroke-dasharray:9 3 2 3}\n"
"details{font-size:.9rem;color:var(--dim)}summary{cursor:pointer}\n"
"details .wide{max-height:24rem;overflow:auto}\n"
"footer{margin-top:4rem;font-size:.85rem}\n"
"@media print{body{padding:0;max-width:none}details{display:none}figure,tr{break-inside:avoid}}\n";

/* In UTC: the page may be read elsewhere. */
static void put_date(struct cdm_report *r, FILE *out)
{
	const struct cdm_file_header *h = cdm_model_header(r->model);
	time_t start = (h->wall_ns - h->boot_ns + r->first_ts) / 1000000000;
	char date[64] = "";
	struct tm tm;

	if (gmtime_r(&start, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &tm);
	fprintf(out, "<time>%s</time>", date);
}

static void head(struct cdm_report *r, FILE *out)
{
	const struct cdm_file_header *h = cdm_model_header(r->model);

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<title>Device memory on ", out);
	cdm_print_name(out, h->host, CDM_FORM_HTML);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n<h1>Device memory on ",
		style);
	cdm_print_name(out, h->host, CDM_FORM_HTML);
	fputs("</h1>\n<p>From ", out);
	put_date(r, out);
	fprintf(out, ", for %.1f s. Linux ", cdm_report_seconds(r));
	cdm_print_name(out, h->release, CDM_FORM_HTML);
	fputs("</p>\n", out);
	if (h->emulated)
		fputs("<p>In an emulator: times are not those of a real machine.</p>\n", out);
	fputs("</header>\n", out);
}

static void tile(FILE *out, const char *title, const char *unit, bool known, double value)
{
	fprintf(out, "<dl><dt>%s</dt><dd>", title);
	if (known && value == (__u64)value)
		fprintf(out, "%.0f%s", value, unit);
	else if (known)
		fprintf(out, "%.1f%s", value, unit);
	else
		fputs("-", out);
	fputs("</dd></dl>\n", out);
}

/* The sums of what the sections have in detail. */
static void tiles(struct cdm_report *r, FILE *out)
{
	double mib = report_page_mib(r), pages[CDM_NR_DIR] = { 0 };
	bool moved = r->traced[CDM_EV_MIGRATE] || r->events[CDM_EV_MIGRATE];
	bool evictions = r->traced[CDM_EV_EVICT] || r->events[CDM_EV_EVICT];
	bool accounted = false;
	__u64 failed = 0, evicted = 0;

	for (int i = 0; i < CDM_NR_CAUSE; i++) {
		for (int dir = 0; dir < CDM_NR_DIR; dir++)
			pages[dir] += r->causes[i].pages[dir];
		evicted += r->causes[i].evicted;
	}
	for (int i = 0; i < CDM_NR_WHY; i++)
		failed += cdm_why_is_failure(i) ? r->failed[i] : 0;
	for (int i = 0; i < CDM_NR_EV; i++)
		accounted |= r->traced[i];
	fputs("<div class=\"tiles\">\n", out);
	tile(out, "moved to devices", " MiB", moved, pages[CDM_DIR_IN] * mib);
	tile(out, "moved to RAM", " MiB", moved, pages[CDM_DIR_OUT] * mib);
	tile(out, "could not move", " MiB", moved, failed * mib);
	tile(out, "evicted", " MiB", evictions, evicted * mib);
	tile(out, "pages to and fro", "", r->traced[CDM_EV_PINGPONG] || r->events[CDM_EV_PINGPONG],
	     r->pages.nr + r->pages_left_out);
	tile(out, "events lost", "", accounted, report_lost(r));
	fputs("</div>\n", out);
}

void report_page_start(struct cdm_report *r, FILE *out)
{
	head(r, out);
	fputs("<main>\n", out);
	tiles(r, out);
	report_chart_devices(r, out);
	report_chart_processes(r, out);
	for (unsigned int dir = 0; dir < CDM_NR_DIR; dir++)
		report_chart_latency(r, out, dir);
}

void report_page_end(FILE *out)
{
	fputs("</main>\n<footer>Written by cdmtrace report.</footer>\n</body>\n</html>\n", out);
}

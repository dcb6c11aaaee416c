// SPDX-License-Identifier: GPL-2.0
/* Prints the report: its sections in their order, as text, JSON or a page. */
#include <errno.h>
#include <stdlib.h>

#include "report/html.h"
#include "report/sections.h"

static void print_sections(struct cdm_report *r, struct report_out *o)
{
	static void (*const sections[])(struct cdm_report *r, struct report_out *o) = {
		report_who, report_migrations, report_reasons, report_failures, report_pingpong,
		report_residency, report_charges, report_faults, report_exits, report_devices,
		report_cost,
	};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		sections[i](r, o);
}

static int print_json(struct cdm_report *r, struct report_out *o)
{
	o->j = malloc(sizeof(*o->j));
	if (!o->j)
		return -ENOMEM;
	cdm_json_init(o->j, o->f, true);
	cdm_json_open(o->j, NULL, '{');
	cdm_json_u64(o->j, "schema", 2);
	print_sections(r, o);
	cdm_json_close(o->j, '}');
	free(o->j);
	return 0;
}

int cdm_report_print(struct cdm_report *r, FILE *out, enum cdm_report_format format)
{
	struct report_out o = { .f = out, .html = format == CDM_REPORT_HTML };

	if (format == CDM_REPORT_JSON)
		return print_json(r, &o);
	if (o.html)
		report_page_start(r, out);
	print_sections(r, &o);
	if (o.html)
		report_page_end(out);
	return 0;
}

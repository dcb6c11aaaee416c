// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "table/output-int.h"

static const struct cdm_output *const outputs[CDM_NR_FORMAT] = {
	[CDM_TEXT] = &cdm_text_output, [CDM_NDJSON] = &cdm_ndjson_output,
	[CDM_CSV] = &cdm_csv_output, [CDM_OPENMETRICS] = &cdm_openmetrics_output,
	[CDM_PROMETHEUS] = &cdm_prometheus_output,
};

static int status(FILE *out)
{
	if (!fflush(out) && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

int cdm_output_table(FILE *out, enum cdm_format format, struct cdm_model *m,
		     const struct cdm_table *t, bool first)
{
	int err;

	errno = 0;
	err = outputs[format]->table(out, m, t, first);
	return err ?: status(out);
}

int cdm_output_end(FILE *out, enum cdm_format format, struct cdm_model *m)
{
	errno = 0;
	if (outputs[format]->end)
		outputs[format]->end(out, m);
	return status(out);
}

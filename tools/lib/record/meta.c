// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "base/name.h"
#include "base/out.h"
#include "base/version.h"
#include "record/meta.h"

static char *put_text(char *p, const char *key, const char *value)
{
	p = stpcpy(p, key);
	return cdm_put_quoted(p, value, sizeof(((struct cdm_file_header *)0)->host), CDM_FORM_JSON);
}

static char *put_number(char *p, const char *key, __u64 value)
{
	return cdm_put_u64(stpcpy(p, key), value);
}

char *cdm_put_meta(char *p, const struct cdm_file_header *h, const char *view)
{
	p = put_number(p, "{\"type\":\"meta\",\"schema\":", CDM_SCHEMA);
	p = put_text(p, ",\"tool\":", program_invocation_short_name);
	p = put_text(p, ",\"version\":", CDM_VERSION);
	p = put_text(p, ",\"view\":", view);
	p = put_text(p, ",\"host\":", h->host);
	p = put_text(p, ",\"kernel\":", h->release);
	p = put_number(p, ",\"page_bytes\":", h->page_size);
	p = stpcpy(p, h->emulated ? ",\"emulated\":true" : ",\"emulated\":false");
	p = put_number(p, ",\"wall_ns\":", h->wall_ns);
	p = put_number(p, ",\"boot_ns\":", h->boot_ns);
	p = put_number(p, ",\"pingpong_window_ns\":", h->pingpong_window_ns);
	p = put_number(p, ",\"pingpong_flips\":", h->pingpong_flips);
	return CDM_PUT(p, "}\n");
}

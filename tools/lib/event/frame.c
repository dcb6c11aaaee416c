// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>

#include "base/put.h"
#include "event/frame.h"

size_t cdm_frame_room(const struct cdm_user_frame *f)
{
	return CDM_NAME_GROWS * f->len + 4 * CDM_U64_MAX_OUT + 128;
}

char *cdm_put_frame(char *p, const struct cdm_user_frame *f, enum cdm_form form)
{
	const char *module = cdm_frame_module(f), *slash = strrchr(module, '/');

	if (*f->names)
		return cdm_put_name(p, f->names, SIZE_MAX, form);
	if (*module) {
		p = cdm_put_name(p, slash ? slash + 1 : module, SIZE_MAX, form);
		*p++ = '+';
	}
	return cdm_put_hex(p, f->offset);
}

char *cdm_put_frame_text(char *p, const struct cdm_user_frame *f)
{
	const char *module = cdm_frame_module(f);

	if (*f->names) {
		p = cdm_put_name(p, f->names, SIZE_MAX, CDM_FORM_TEXT);
		*p++ = '+';
		p = cdm_put_hex(p, f->function_offset);
	} else {
		p = cdm_put_hex(p, f->offset);
	}
	if (!*module)
		return p;
	p = CDM_PUT(p, " (");
	p = cdm_put_name(p, module, SIZE_MAX, CDM_FORM_TEXT);
	*p++ = ')';
	return p;
}

/* null: not known */
static char *put_known(char *p, const char *name)
{
	return *name ? cdm_put_quoted(p, name, SIZE_MAX, CDM_FORM_JSON) : CDM_PUT(p, "null");
}

static char *put_build_id(char *p, const struct cdm_user_frame *f)
{
	static const char digits[] = "0123456789abcdef";

	if (!f->build_id_len)
		return CDM_PUT(p, "null");
	*p++ = '"';
	for (unsigned int i = 0; i < f->build_id_len; i++) {
		*p++ = digits[f->build_id[i] >> 4];
		*p++ = digits[f->build_id[i] & 15];
	}
	*p++ = '"';
	return p;
}

char *cdm_put_frame_json(char *p, const struct cdm_user_frame *f)
{
	p = CDM_PUT(p, "{\"function\":");
	p = put_known(p, f->names);
	p = CDM_PUT(p, ",\"function_offset\":");
	p = *f->names ? cdm_put_u64(p, f->function_offset) : CDM_PUT(p, "null");
	p = CDM_PUT(p, ",\"module\":");
	p = put_known(p, cdm_frame_module(f));
	p = CDM_PUT(p, ",\"offset\":");
	p = cdm_put_u64(p, f->offset);
	p = CDM_PUT(p, ",\"build_id\":");
	p = put_build_id(p, f);
	*p++ = '}';
	return p;
}

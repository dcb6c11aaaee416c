// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "base/name.h"
#include "base/say.h"

void cdm_vsay(const char *format, va_list args)
{
	int err = errno;
	char *text;

	fflush(stdout);
	errno = err;
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	fprintf(stderr, "%s: ", program_invocation_short_name);
	cdm_print_name(stderr, text ?: format, CDM_FORM_TEXT);
	putc('\n', stderr);
	free(text);
	errno = err;
}

void cdm_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	cdm_vsay(format, args);
	va_end(args);
}

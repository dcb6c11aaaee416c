// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/name.h"
#include "base/say.h"

void cdm_say(const char *format, ...)
{
	int err = errno;
	va_list args;
	char *text;

	fflush(stdout);
	errno = err;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	cdm_print_name(stderr, text ?: format, CDM_FORM_TEXT);
	putc('\n', stderr);
	free(text);
	errno = err;
}

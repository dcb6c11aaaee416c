// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/why.h"

int cdm_why(char *why, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, CDM_WHY_LEN, format, args);
	va_end(args);
	return err;
}

int cdm_why_errno(char *why, int err)
{
	return cdm_why(why, err, "%s", strerror(-err));
}

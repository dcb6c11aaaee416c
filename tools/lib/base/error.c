// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

int cdm_error(char *why, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, CDM_WHY_LEN, format, args);
	va_end(args);
	return err;
}

int cdm_error_errno(char *why, int err)
{
	return cdm_error(why, err, "%s", strerror(-err));
}

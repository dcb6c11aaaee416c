/* SPDX-License-Identifier: GPL-2.0 */
/* Refreshes as text, or for programs. */
#ifndef CDMTOP_BATCH_H
#define CDMTOP_BATCH_H

#include "source.h"

/* Return: exit status, or 128 + the signal that ended it. */
int cdmtop_batch(struct cdmtop_source *s, const struct cdmtop_options *o);

#endif

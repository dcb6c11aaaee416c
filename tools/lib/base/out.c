// SPDX-License-Identifier: GPL-2.0
#include "base/file.h"
#include "base/out.h"

void cdm_out_flush(struct cdm_out *o)
{
	if (!o->err)
		o->err = cdm_write(o->fd, o->data, o->used);
	o->used = 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Refreshes as what changed in them. Of the rows of a refresh (processes, cgroups,
 * devices, VMAs) most are what they were in the one before, so a file has
 * struct cdm_snap_delta in their place. Only the writer and the reader of files know
 * of that: all others see whole refreshes.
 *
 * Both sides keep the rows of the last refresh, and go through them in their order
 * while the rows of the next one come: a row is passed on as it was, left out,
 * changed, or new. A refresh in which all rows are new needs nothing from before it.
 */
#ifndef CDM_DELTA_H
#define CDM_DELTA_H

#include "base/hash.h"
#include "record/record.h"

/* Rows of one refresh, one behind the other. */
struct cdm_rows {
	char *data;
	size_t used;		/* bytes */
	size_t room;
	size_t nr;
};

#define CDM_DELTA_ROW_MAX	(16 << 10)	/* bytes; longer rows are always new */
#define CDM_DELTA_WORDS		8192		/* of one record */

struct cdm_row_at;

/* All zero: at the start of a file. */
struct cdm_encoder {
	struct cdm_rows last, now;
	size_t at;		/* in @last: what follows has not been passed yet */
	bool open;		/* between BEGIN and END */
	bool partial;		/* what is written needs the refresh before */
	__u32 same;		/* rows passed that are not written yet */
	__u64 spent;		/* bytes of partial refreshes since the last whole one */
	struct {
		struct cdm_rec rec;
		__u64 words[CDM_DELTA_WORDS];
		size_t nr;	/* of them */
	} delta;		/* under way */
	struct cdm_hash index;	/* of @last by identity, if this refresh needed it */
	struct cdm_row_at *nodes;
	/* What is to be written. */
	void (*put)(void *ctx, const void *data, size_t len);
	void *ctx;
};

/* Return: 0 or -ENOMEM. */
int cdm_encoder_put(struct cdm_encoder *e, const struct cdm_rec *rec);
void cdm_encoder_free(struct cdm_encoder *e);

/* All zero: at the start of a file. */
struct cdm_decoder {
	struct cdm_rows last, now;
	size_t at;		/* in @last, as above */
	size_t left;		/* rows from there on */
	bool open;
	__u64 ts;		/* of the refresh */
	const __u64 *step, *end;	/* of a delta: steps still to be made */
	__u32 passed;		/* rows of those that are the same in @step */
};

/*
 * Takes a valid record of a file; if it is a CDM_SNAP_DELTA, then it stays where it
 * is until cdm_decoder_next() returned 0. Return: 0, -EINVAL: it cannot be, -ENOMEM.
 */
int cdm_decoder_take(struct cdm_decoder *d, const struct cdm_rec *rec);
/* The next row that the delta means, valid until the next call. 1, 0: no more; as above. */
int cdm_decoder_next(struct cdm_decoder *d, const struct cdm_rec **row);
void cdm_decoder_free(struct cdm_decoder *d);

#endif

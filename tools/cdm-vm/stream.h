/* SPDX-License-Identifier: GPL-2.0 */
/* A buffered one-way copy between two descriptors; used by host and guest. */
#ifndef CDM_VM_STREAM_H
#define CDM_VM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STREAM_SIZE (128 * 1024)

struct stream {
	int in;			/* -1: nothing to read (any more) */
	int out;		/* -1: nothing to write to */
	size_t out_max;		/* longest single write, 0: no limit */
	bool eof;		/* the whole input has been read */
	bool broken;		/* the output has no reader: discard */
	size_t head, tail;	/* buf[head..tail) waits to be written */
	uint64_t bytes_in, bytes_out;
	char buf[STREAM_SIZE];
};

void stream_init(struct stream *s, int in, int out);
bool stream_wants_input(const struct stream *s);
bool stream_has_output(const struct stream *s);
bool stream_is_done(const struct stream *s);
size_t stream_room(struct stream *s);
void stream_add(struct stream *s, const char *data, size_t len);
void stream_fill(struct stream *s);
void stream_flush(struct stream *s);
void stream_break(struct stream *s);

#endif

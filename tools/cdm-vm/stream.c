// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

void stream_init(struct stream *s, int in, int out)
{
	memset(s, 0, offsetof(struct stream, buf));
	s->in = in;
	s->out = out;
}

bool stream_wants_input(const struct stream *s)
{
	return s->in >= 0 && !s->eof && s->tail - s->head < STREAM_SIZE / 2;
}

bool stream_has_output(const struct stream *s)
{
	return s->out >= 0 && s->tail > s->head;
}

bool stream_is_done(const struct stream *s)
{
	return s->eof && s->tail == s->head;
}

static void stream_compact(struct stream *s)
{
	if (!s->head)
		return;
	memmove(s->buf, s->buf + s->head, s->tail - s->head);
	s->tail -= s->head;
	s->head = 0;
}

size_t stream_room(struct stream *s)
{
	stream_compact(s);
	return STREAM_SIZE - s->tail;
}

static void stream_discard(struct stream *s)
{
	s->bytes_out += s->tail - s->head;
	s->head = s->tail = 0;
}

/* The caller has asked stream_room() first. */
void stream_add(struct stream *s, const char *data, size_t len)
{
	memcpy(s->buf + s->tail, data, len);
	s->tail += len;
	s->bytes_in += len;
	if (s->broken)
		stream_discard(s);
}

/* Read once. Any error but "not now" ends the input: EIO is a pty's EOF. */
void stream_fill(struct stream *s)
{
	size_t room = stream_room(s);
	ssize_t n;

	if (!room || s->in < 0)
		return;
	n = read(s->in, s->buf + s->tail, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		s->eof = true;
		return;
	}
	s->tail += n;
	s->bytes_in += n;
	if (s->broken)
		stream_discard(s);
}

void stream_flush(struct stream *s)
{
	size_t len = s->tail - s->head;
	ssize_t n;

	if (!len || s->out < 0)
		return;
	if (s->out_max && len > s->out_max)
		len = s->out_max;
	n = write(s->out, s->buf + s->head, len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		stream_break(s);
		return;
	}
	s->head += n;
	s->bytes_out += n;
}

void stream_break(struct stream *s)
{
	s->broken = true;
	stream_discard(s);
}

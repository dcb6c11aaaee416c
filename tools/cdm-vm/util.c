// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

bool verbose;
bool terminal_is_raw;

/* In raw mode a line feed does not return the carriage, so do it here. */
void say_text(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == '\r')
			continue;
		if (text[i] == '\n' && terminal_is_raw)
			fputc('\r', stderr);
		fputc(text[i], stderr);
	}
	fflush(stderr);
}

static void vsay(const char *fmt, va_list ap)
{
	struct buffer b = { 0 };
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	buffer_addf(&b, "cdm-vm: %s\n", text);
	say_text(b.data, b.len);
	buffer_free(&b);
	free(text);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
}

void note(const char *fmt, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay(fmt, ap);
	va_end(ap);
	exit(EXIT_VM);
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		die("out of memory");
	return p;
}

char *xstrdup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		die("out of memory");
	return copy;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	return s;
}

void buffer_add(struct buffer *b, const void *data, size_t len)
{
	if (b->len + len + 1 > b->cap) {
		b->cap = (b->len + len + 1) * 2;
		b->data = xrealloc(b->data, b->cap);
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buffer_addf(struct buffer *b, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("out of memory");
	buffer_add(b, s, n);
	free(s);
}

void buffer_free(struct buffer *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

const char *last_lines(const struct buffer *b, int lines)
{
	size_t at = b->len;

	if (!at)
		return "";
	if (b->data[at - 1] == '\n')
		at--;
	while (at > 0) {
		if (b->data[at - 1] == '\n' && !--lines)
			break;
		at--;
	}
	return b->data + at;
}

void strings_add(struct strings *s, const char *text)
{
	if (s->n + 2 > s->cap) {
		s->cap = (s->n + 2) * 2;
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = xstrdup(text);
	s->v[s->n] = NULL;
}

void strings_addf(struct strings *s, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	strings_add(s, text);
	free(text);
}

void strings_free(struct strings *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

uint64_t align_up(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

int make_dirs(const char *path)
{
	char *copy = xstrdup(path);
	char *slash = copy;
	int ret = 0;

	while (!ret && (slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST)
			ret = -1;
		*slash = '/';
	}
	if (!ret && mkdir(copy, 0777) && errno != EEXIST)
		ret = -1;
	free(copy);
	return ret;
}

int write_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	ssize_t n;

	while (len) {
		n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		len -= n;
	}
	return 0;
}

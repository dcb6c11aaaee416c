/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CDM_VM_UTIL_H
#define CDM_VM_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

enum exit_code {
	EXIT_USAGE = 2,
	EXIT_TIMEOUT = 124,
	EXIT_VM = 125,
	EXIT_GATE = 126,
};

/* A growing string of bytes, always followed by a NUL. */
struct buffer {
	char *data;
	size_t len, cap;
};

/* A growing, NULL-terminated list of strings that it owns. */
struct strings {
	char **v;
	size_t n, cap;
};

extern bool verbose;
extern bool terminal_is_raw;

void say(const char *fmt, ...) PRINTF(1, 2);
void note(const char *fmt, ...) PRINTF(1, 2);
void die(const char *fmt, ...) PRINTF(1, 2) __attribute__((noreturn));
void say_text(const char *text, size_t len);

void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);

void buffer_add(struct buffer *b, const void *data, size_t len);
void buffer_addf(struct buffer *b, const char *fmt, ...) PRINTF(2, 3);
void buffer_free(struct buffer *b);
const char *last_lines(const struct buffer *b, int lines);

void strings_add(struct strings *s, const char *text);
void strings_addf(struct strings *s, const char *fmt, ...) PRINTF(2, 3);
void strings_free(struct strings *s);

double now(void);
uint64_t align_up(uint64_t value, uint64_t to);
int make_dirs(const char *path);
int write_all(int fd, const void *data, size_t len);

#endif

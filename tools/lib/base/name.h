/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of processes, cgroups, files, functions: others choose them, and in a
 * recording anything may stand there. All outputs write them by one rule.
 *
 * A character goes out as it is if it is valid UTF-8 and can be seen. Control
 * characters, and those that hide or turn what stands around them (U+202E, zero
 * width, line separators), would move the cursor of a terminal or deceive who
 * reads it. What is written instead depends on the format:
 *
 *   text      "?" for each, so that widths stay what they are
 *   JSON      \u001b; a byte that is no UTF-8 is U+FFFD, as JSON has none
 *   HTML      "?" as well; & < > " are &amp; &lt; &gt; &quot;
 *   others    \x1b, each byte of the character, and a backslash is \\: that can be
 *             undone, s/\\(\\|x([0-9a-f]{2}))/.../. CSV and OpenMetrics then quote
 *             the result as their formats say; in folded stacks ";" is \x3b.
 */
#ifndef CDM_NAME_H
#define CDM_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum cdm_form { CDM_FORM_TEXT, CDM_FORM_JSON, CDM_FORM_CSV, CDM_FORM_LABEL, CDM_FORM_FOLDED,
		CDM_FORM_HTML };

/* Bytes that cdm_put_name() may write for each of a name's. */
#define CDM_NAME_GROWS	6

/*
 * The character at @s, of which at most @max bytes, at least 1, are looked at. Return: its
 * length; 1 for a byte that is no UTF-8, *@visible is false then.
 */
size_t cdm_name_char(const char *s, size_t max, bool *visible);
/* Columns that a terminal needs for the name in text. */
int cdm_name_width(const char *s, size_t max);

/* A NUL or @max ends @s. No quotes around it. Return: what follows; no NUL is written. */
char *cdm_put_name(char *p, const char *s, size_t max, enum cdm_form form);
/* The same, with the quotes that the format wants. CSV: where it must. Two bytes more. */
char *cdm_put_quoted(char *p, const char *s, size_t max, enum cdm_form form);
/* The same, to a stream; @s may be as long as it likes. */
void cdm_print_name(FILE *out, const char *s, enum cdm_form form);
void cdm_print_quoted(FILE *out, const char *s, enum cdm_form form);

#endif

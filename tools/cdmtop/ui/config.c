// SPDX-License-Identifier: GPL-2.0
/* What was chosen is there the next time: columns and orders, in a file of the user. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/say.h"
#include "ui/ui-int.h"

#define NAME	"cdm/cdmtop.conf"

/* As the XDG base directory specification says. Return: to be freed; NULL: there is none. */
static char *config_path(void)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path;
	int n = -1;

	if (config && *config == '/')
		n = asprintf(&path, "%s/" NAME, config);
	else if (home && *home == '/')
		n = asprintf(&path, "%s/.config/" NAME, home);
	return n < 0 ? NULL : path;
}

static bool has(const struct ui_chosen *chosen, const struct cdm_column *col)
{
	for (size_t i = 0; i < chosen->nr; i++)
		if (chosen->columns[i] == col)
			return true;
	return false;
}

static bool parse_columns(struct ui_chosen *chosen, enum cdm_view view, char *words)
{
	const struct cdm_column *col;
	char *word;

	chosen->nr = 0;
	while ((word = strsep(&words, " "))) {
		col = cdm_column_find(view, word);
		if (!col || has(chosen, col) || chosen->nr == CDMTOP_MAX_COLUMNS)
			return false;
		chosen->columns[chosen->nr++] = col;
	}
	return true;
}

static bool parse_sort(struct ui_chosen *chosen, enum cdm_view view, char *words)
{
	const char *id = strsep(&words, " ");

	chosen->sort = cdm_column_find(view, id);
	chosen->reverse = words;
	return chosen->sort && (!words || !strcmp(words, "reversed"));
}

/* "VIEW.columns = ID ID", "VIEW.sort = ID reversed" */
static bool parse_line(struct ui_config *c, char *line)
{
	char *value = strstr(line, " = "), *key = strchr(line, '.');

	if (!*line || *line == '#')
		return true;
	if (!value || !key || key > value)
		return false;
	*value = *key++ = '\0';
	value += 3;
	for (enum cdm_view view = 0; view < CDM_NR_TABLE; view++) {
		if (strcmp(line, cdm_view_name(view)))
			continue;
		if (!strcmp(key, "columns"))
			return parse_columns(&c->views[view], view, value);
		return !strcmp(key, "sort") && parse_sort(&c->views[view], view, value);
	}
	return false;
}

/* Return: number of the line that is not understood; 0: all are. */
static unsigned int parse(struct ui_config *c, FILE *in)
{
	unsigned int number = 0;
	char line[4096];

	while (fgets(line, sizeof(line), in)) {
		size_t len = strlen(line);

		number++;
		if (!len || line[len - 1] != '\n')
			return number;
		line[len - 1] = '\0';
		if (!parse_line(c, line))
			return number;
	}
	return ferror(in) ? number + 1 : 0;
}

void ui_config_read(struct ui_config *c)
{
	unsigned int wrong = 0;
	FILE *in;

	*c = (struct ui_config) { .path = config_path() };
	in = c->path ? fopen(c->path, "re") : NULL;
	if (in) {
		wrong = parse(c, in);
		fclose(in);
	} else if (c->path && errno != ENOENT && errno != ENOTDIR) {
		wrong = 1;
	}
	if (!wrong)
		return;
	/* It may be anybody's, so it stays. */
	cdm_say("%s, line %u: not understood; what was chosen is neither taken from it nor "
		"kept until it is mended or removed", c->path, wrong);
	free(c->path);
	*c = (struct ui_config) { 0 };
}

static void print(FILE *out, const struct ui_config *c)
{
	fputs("# What was chosen in cdmtop, which writes this when it ends. Without a line: the usual.\n",
	      out);
	for (enum cdm_view view = 0; view < CDM_NR_TABLE; view++) {
		const struct ui_chosen *chosen = &c->views[view];

		for (size_t i = 0; i < chosen->nr; i++)
			fprintf(out, "%s%s%s", i ? " " : cdm_view_name(view),
				i ? "" : ".columns = ", chosen->columns[i]->id);
		if (chosen->nr)
			putc('\n', out);
		if (chosen->sort)
			fprintf(out, "%s.sort = %s%s\n", cdm_view_name(view), chosen->sort->id,
				chosen->reverse ? " reversed" : "");
	}
}

/* Folders down to that of @path. Return: 0 or -errno; -EPERM: it belongs to someone else. */
static int make_folders(char *path)
{
	struct stat st;
	int err = 0;

	for (char *slash = strchr(path + 1, '/'); slash && !err; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			err = -errno;
		/* Root does not write where another user might have put a link. */
		else if (!strchr(slash + 1, '/') && (stat(path, &st) || st.st_uid != geteuid()))
			err = -EPERM;
		*slash = '/';
	}
	return err;
}

static int write_file(const struct ui_config *c)
{
	struct cdm_file file;
	FILE *out;
	int err;

	err = make_folders(c->path) ?: cdm_file_open(&file, c->path, 0600, true);
	if (err)
		return err;
	out = fdopen(dup(file.fd), "w");
	if (out)
		print(out, c);
	if (!out || fclose(out))
		err = -errno;
	if (err)
		cdm_file_discard(&file);
	else
		err = cdm_file_close(&file, 0);
	return err;
}

void ui_config_write(struct ui_config *c)
{
	int err = c->path && c->changed ? write_file(c) : 0;

	if (err)
		cdm_say("what was chosen is not kept: %s: %s", c->path, cdm_file_error(err));
	free(c->path);
}

// SPDX-License-Identifier: GPL-2.0
/* Command lines, which no record has: of the processes in sight of a live screen. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ui/ui-int.h"

/* @text is empty where it cannot be had: kernel threads and zombies have none. */
void ui_command(__u32 pid, char *text, size_t size)
{
	char path[32];
	ssize_t nr = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		nr = read(fd, text, size - 1);
		close(fd);
	}
	while (nr > 0 && !text[nr - 1])
		nr--;
	for (ssize_t i = 0; i < nr; i++)
		if (!text[i])
			text[i] = ' ';
	text[nr > 0 ? nr : 0] = '\0';
}

static void get(const void *p, struct cdm_cell *cell)
{
	const struct cdm_proc_row *row = p;

	ui_command(row->snap->pid, cell->text, sizeof(cell->text));
	cell->known = true;
	cell->s = *cell->text ? cell->text : row->snap->comm;
}

const struct cdm_column ui_command_column = {
	"comm", "COMMAND", "Command line.", CDM_UNIT_TEXT, -40, 0, .ascending = true, .get = get,
};

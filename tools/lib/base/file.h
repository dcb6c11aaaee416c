/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that is written to, which gets its name when it is complete: its reader sees
 * the file that was there, or the whole new one. Also after cdm_privileges_drop(), in a
 * folder of someone else.
 */
#ifndef CDM_FILE_H
#define CDM_FILE_H

#include <stdbool.h>
#include <sys/types.h>

struct cdm_file {
	int fd;
	const char *path;	/* of the caller, as given; NULL: standard output */
	char *part;		/* "PATH.part", its name until then; NULL: has its name already */
};

/*
 * "-" is standard output. A device or a pipe is written to in place, as is everything
 * if not @whole: what grows for someone who reads on. @mode: as of open().
 * Return: 0; -EBUSY if someone writes that file just now; -errno.
 */
int cdm_file_open(struct cdm_file *f, const char *path, mode_t mode, bool whole);
/*
 * Gives it its name, unless @err says that not all was written: then the part stays.
 * Return: @err, or -errno.
 */
int cdm_file_close(struct cdm_file *f, int err);
/* Removes the part, if there is one. */
void cdm_file_discard(struct cdm_file *f);

/* All of it, whatever interrupts. Return: 0 or -errno. */
int cdm_write(int fd, const void *data, size_t len);

/*
 * What is read and what is written by one run, NULL: nothing. Return: a file that is two
 * of these, of which one would be lost; NULL: none. Devices and pipes lose nothing.
 */
#define CDM_FILE_CLASHES "is two of what is read and written; name another file"
const char *cdm_file_clash(const char *const *read, size_t nr_read, const char *const *written,
			   size_t nr_written);

/* As strerror(-@err), of an error of the above. */
const char *cdm_file_error(int err);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Address spaces: which code is where in a process. */
#ifndef CDM_SPACE_H
#define CDM_SPACE_H

#include "record/record.h"

/* Those that were met, as long as their number is not large. */
struct cdm_spaces;
struct cdm_space;

struct cdm_spaces *cdm_spaces_open(void);	/* NULL: no memory */
void cdm_spaces_close(struct cdm_spaces *s);

/*
 * That of process @pid, in the reader's pid namespace, of which @user came. Its mappings
 * are read when it is met for the first time; later it may have ended. Return: valid
 * until the next call; NULL: no memory.
 */
struct cdm_space *cdm_spaces_get(struct cdm_spaces *s, __u32 pid, const struct cdm_user *user);
enum cdm_user_status cdm_space_status(const struct cdm_space *space);

/* What is at an address. */
struct cdm_code {
	struct cdm_module *module;	/* NULL: no file, or one that could not be opened */
	const char *name;		/* of the file or mapping, "" */
	__u64 addr;			/* in the file as nm(1) has it; if @name is "", that asked for */
	bool program;			/* it is the one that the process runs */
	const char *function;		/* NULL: not known */
	__u64 function_offset;		/* bytes from its start */
};

/* Strings live as long as @space. Return: false: there is no code. */
bool cdm_space_find(struct cdm_space *space, __u64 addr, struct cdm_code *code);
/* The same, without the function. */
bool cdm_space_locate(struct cdm_space *space, __u64 addr, struct cdm_code *code);
/*
 * Reads the mappings again, as there may be more by now; unless @sure that there are
 * more, not at once again.
 */
void cdm_space_update(struct cdm_space *space, bool sure);

#endif

// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>

#include "base/hash.h"
#include "source/module.h"
#include "source/symbols.h"

#define MAX_SEGMENTS	16	/* that are loaded; those of code are among the first */
#define MAX_RULES	65536	/* kept */
#define STACK_POINTER	7	/* DWARF's number of it on x86-64 */

struct segment {
	__u64 offset, size, addr;	/* bytes */
};

/* See cdm_module_return_at(). */
struct rule {
	struct cdm_node node;	/* key: address */
	__s32 at;
	bool known;
};

struct cdm_module {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec written;
	Dwfl *dwfl;		/* keeps the file open, so that its number is not another's */
	struct cdm_symbols symbols;
	struct segment segments[MAX_SEGMENTS];
	unsigned int nr_segments;
	unsigned char build_id[CDM_BUILD_ID_MAX];
	unsigned int build_id_len;
	Dwarf_CFI *cfi;		/* belongs to @dwfl; NULL: there is none */
	Dwarf_Addr cfi_bias;
	struct cdm_hash rules;
};

/* By build id alone: by name it would ask servers, too. */
static const Dwfl_Callbacks callbacks = {
	.find_debuginfo = dwfl_build_id_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

/* Aliases: the plain name, "ioctl" and not "__ioctl"; then what others may call. */
static unsigned int rank_of(const char *name, const GElf_Sym *symbol)
{
	return 2 * strspn(name, "_") + (GELF_ST_BIND(symbol->st_info) == STB_LOCAL);
}

static int read_symbols(struct cdm_module *m, Dwfl_Module *module)
{
	int nr = dwfl_module_getsymtab(module), err = 0;

	for (int i = 0; i < nr && !err; i++) {
		GElf_Addr addr;
		GElf_Sym symbol;
		GElf_Word section;
		const char *name = dwfl_module_getsym_info(module, i, &symbol, &addr, &section,
							   NULL, NULL);
		int type = name ? GELF_ST_TYPE(symbol.st_info) : STT_NOTYPE;

		if (!name || !*name || section == SHN_UNDEF ||
		    (type != STT_FUNC && type != STT_GNU_IFUNC))
			continue;
		err = cdm_symbols_add(&m->symbols, addr, symbol.st_size, name,
				      rank_of(name, &symbol));
	}
	cdm_symbols_sort(&m->symbols);
	return err;
}

static void read_segments(struct cdm_module *m, Dwfl_Module *module)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);
	size_t nr = 0;

	if (!elf || elf_getphdrnum(elf, &nr))
		return;
	for (size_t i = 0; i < nr && m->nr_segments < MAX_SEGMENTS; i++) {
		GElf_Phdr p;

		if (gelf_getphdr(elf, i, &p) && p.p_type == PT_LOAD)
			m->segments[m->nr_segments++] = (struct segment) {
				p.p_offset, p.p_filesz, p.p_vaddr,
			};
	}
}

static void read_build_id(struct cdm_module *m, Dwfl_Module *module)
{
	const unsigned char *id;
	GElf_Addr addr;
	int len = dwfl_module_build_id(module, &id, &addr);

	if (len <= 0 || len > CDM_BUILD_ID_MAX)
		return;
	memcpy(m->build_id, id, len);
	m->build_id_len = len;
}

static int read_all(struct cdm_module *m, int fd)
{
	Dwfl_Module *module;

	m->dwfl = dwfl_begin(&callbacks);
	if (!m->dwfl) {
		close(fd);
		return 0;
	}
	dwfl_report_begin(m->dwfl);
	/* Addresses are those in the file. */
	module = dwfl_report_elf(m->dwfl, "", "", fd, 0, true);
	dwfl_report_end(m->dwfl, NULL, NULL);
	if (!module) {
		close(fd);
		return 0;
	}
	read_build_id(m, module);
	read_segments(m, module);
	m->cfi = dwfl_module_eh_cfi(module, &m->cfi_bias);
	return read_symbols(m, module);
}

struct cdm_module *cdm_module_open(int fd)
{
	struct cdm_module *m = calloc(1, sizeof(*m));
	struct stat st;

	if (!m || fstat(fd, &st)) {
		free(m);
		close(fd);
		return NULL;
	}
	m->dev = st.st_dev;
	m->ino = st.st_ino;
	m->size = st.st_size;
	m->written = st.st_mtim;
	if (read_all(m, fd)) {
		cdm_module_close(m);
		return NULL;
	}
	return m;
}

void cdm_module_close(struct cdm_module *m)
{
	if (!m)
		return;
	if (m->dwfl)
		dwfl_end(m->dwfl);
	cdm_symbols_free(&m->symbols);
	cdm_hash_drop(&m->rules, cdm_hash_free_node, NULL);
	cdm_hash_free(&m->rules);
	free(m);
}

bool cdm_module_is(const struct cdm_module *m, const struct stat *file)
{
	return m->ino == file->st_ino && m->dev == file->st_dev && m->size == file->st_size &&
	       m->written.tv_sec == file->st_mtim.tv_sec &&
	       m->written.tv_nsec == file->st_mtim.tv_nsec;
}

__u64 cdm_module_address(const struct cdm_module *m, __u64 offset)
{
	for (unsigned int i = 0; i < m->nr_segments; i++)
		if (offset - m->segments[i].offset < m->segments[i].size)
			return offset - m->segments[i].offset + m->segments[i].addr;
	return offset;
}

const char *cdm_module_function(const struct cdm_module *m, __u64 addr, __u64 *start)
{
	return cdm_symbols_find(&m->symbols, addr, start);
}

unsigned int cdm_module_build_id(const struct cdm_module *m, const unsigned char **id)
{
	*id = m->build_id;
	return m->build_id_len;
}

/* "The frame of the caller ends so many bytes above the stack pointer." */
static __s32 read_rule(const struct cdm_module *m, __u64 addr)
{
	Dwarf_Frame *frame;
	Dwarf_Op *ops;
	size_t nr;
	__s32 at = -1;

	if (!m->cfi || dwarf_cfi_addrframe(m->cfi, addr - m->cfi_bias, &frame))
		return -1;
	if (!dwarf_frame_cfa(frame, &ops, &nr) && nr == 1 && ops[0].atom == DW_OP_bregx &&
	    ops[0].number == STACK_POINTER && ops[0].number2 >= 8 && ops[0].number2 < 1 << 20)
		at = ops[0].number2 - 8;
	free(frame);
	return at;
}

__s32 cdm_module_return_at(struct cdm_module *m, __u64 addr)
{
	struct rule *rule;

	if (m->rules.nr >= MAX_RULES)
		cdm_hash_drop(&m->rules, cdm_hash_free_node, NULL);
	rule = cdm_hash_take(&m->rules, addr, sizeof(*rule));
	if (!rule)
		return -1;
	if (!rule->known)
		rule->at = read_rule(m, addr);
	rule->known = true;
	return rule->at;
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "source/ksyms.h"
#include "source/module.h"
#include "source/space.h"
#include "source/stacks.h"

#define MAX_STACKS	65536	/* with an id; events of others have none */
#define MAX_KEYS	65536	/* kept */
#define MAX_CALLERS	4	/* that frame pointers do not tell */
#define NAME_MAX_IN	512	/* bytes of a name, with the NUL */
#define FRAME_MAX_IN	(sizeof(struct cdm_user_frame) + 2 * NAME_MAX_IN)

#define MAX_USER_FRAMES	(CDM_USER_FRAMES + MAX_CALLERS)

/* What tells stacks apart before they have names. */
struct key {
	__u64 mm;
	__u32 pid;
	__s32 kernel;		/* id in the map, or -errno */
	__u64 nr;
	__u64 addrs[MAX_USER_FRAMES];	/* in user space, of which there are @nr */
};

struct known_key {
	struct cdm_node node;	/* key: hash of @key */
	__s32 id;
	struct key key;		/* cut behind the last address */
};

/* A stack by its names. */
struct known_stack {
	struct cdm_node node;	/* key: hash of both records */
	__s32 id;
};

struct cdm_stacks {
	struct cdm_bpf *bpf;
	cdm_emit_fn emit;
	void *ctx;
	struct cdm_ksyms *ksyms;	/* NULL: there are none */
	struct cdm_spaces *spaces;
	struct cdm_hash keys;
	struct cdm_hash stacks;
	bool full;		/* which was said */
	/* Those that are being put together. */
	union {
		struct cdm_rec_stack stack;
		char room[sizeof(struct cdm_rec_stack) + CDM_MAX_FRAMES * 128];
	} kernel;
	union {
		struct cdm_rec_user_stack stack;
		char room[sizeof(struct cdm_rec_user_stack) +
			  MAX_USER_FRAMES * FRAME_MAX_IN];
	} user;
};

struct cdm_stacks *cdm_stacks_open(struct cdm_bpf *b, cdm_emit_fn emit, void *ctx)
{
	struct cdm_stacks *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->bpf = b;
	s->emit = emit;
	s->ctx = ctx;
	s->ksyms = cdm_ksyms_open();
	s->spaces = cdm_spaces_open();
	if (s->spaces)
		return s;
	cdm_stacks_close(s);
	return NULL;
}

void cdm_stacks_close(struct cdm_stacks *s)
{
	if (!s)
		return;
	cdm_ksyms_close(s->ksyms);
	cdm_spaces_close(s->spaces);
	cdm_hash_drop(&s->keys, cdm_hash_free_node, NULL);
	cdm_hash_free(&s->keys);
	cdm_hash_drop(&s->stacks, cdm_hash_free_node, NULL);
	cdm_hash_free(&s->stacks);
	free(s);
}

/* How an event gets to its program: nothing that a program's developer looks for. */
static bool is_tracing(const char *name)
{
	static const char *const prefixes[] = {
		"bpf_prog_", "bpf_trace_run", "__bpf_trace_", "__traceiter_", "bpf_get_stackid",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* To the end of the record; the rest up to @len is 0, which @rec is full of. */
static void end_record(struct cdm_rec *rec, unsigned int kind, const char *end)
{
	cdm_snap_head(rec, kind, (end - (const char *)rec + 7) & ~7UL);
}

static void name_kernel(struct cdm_stacks *s, __s32 id)
{
	struct cdm_rec_stack *stack = &s->kernel.stack;
	__u64 addrs[CDM_MAX_FRAMES];
	int nr = id >= 0 && s->ksyms ? cdm_bpf_stack(s->bpf, id, addrs) : 0;
	char *p = stack->frames;

	memset(&s->kernel, 0, sizeof(s->kernel));
	for (int i = 0; i < nr; i++) {
		const char *name = cdm_ksyms_name(s->ksyms, addrs[i]);
		size_t len = strnlen(name, 126);

		if (!stack->nr && is_tracing(name))
			continue;
		memcpy(p, name, len);
		p += len + 1;
		stack->nr++;
	}
	end_record(&stack->rec, CDM_REC_STACK, p);
}

static char *put_text(char *p, const char *text)
{
	size_t len = strnlen(text, NAME_MAX_IN - 1);

	memcpy(p, text, len);
	p[len] = '\0';
	return p + len + 1;
}

/* Return: behind it. */
static char *put_frame(char *at, const struct cdm_code *code)
{
	struct cdm_user_frame *f = (void *)at;
	const unsigned char *build_id;
	char *p;

	memset(f, 0, sizeof(*f));
	f->offset = code->addr;
	f->function_offset = code->function_offset;
	f->program = code->program;
	if (code->module) {
		f->build_id_len = cdm_module_build_id(code->module, &build_id);
		memcpy(f->build_id, build_id, f->build_id_len);
	}
	p = put_text(f->names, code->function ?: "");
	p = put_text(p, code->name);
	while ((p - at) % 8)
		*p++ = '\0';
	f->len = p - at;
	return p;
}

/*
 * A frame's address is where it goes on after its call, which may be in the next function
 * already. Return: false: there is no code.
 */
static bool find_code(struct cdm_space *space, __u64 addr, bool called, struct cdm_code *code)
{
	addr -= called;
	if (!cdm_space_find(space, addr, code)) {
		/* Code ran at the first address; others may be none. */
		cdm_space_update(space, !called);
		if (!cdm_space_find(space, addr, code))
			return false;
	}
	code->addr += called;
	code->function_offset += called;
	return true;
}

/* Where there is no code the frame pointer was none: the stack ends. */
static void name_user(struct cdm_stacks *s, const struct key *key, struct cdm_space *space)
{
	struct cdm_rec_user_stack *stack = &s->user.stack;
	bool known = cdm_space_status(space) == CDM_USER_KNOWN;
	char *p = (char *)stack->frames;

	memset(stack, 0, sizeof(*stack));
	stack->status = key->nr ? cdm_space_status(space) : CDM_USER_KERNEL;
	for (__u64 i = 0; i < key->nr; i++) {
		struct cdm_code code = { .name = "", .addr = key->addrs[i] };

		if (known && !find_code(space, key->addrs[i], i, &code) && i)
			break;
		p = put_frame(p, &code);
		stack->nr++;
	}
	end_record(&stack->rec, CDM_REC_USER_STACK, p);
}

/*
 * The functions that called, from the innermost on, as far as their frames are not linked
 * by frame pointers: libraries are built without, and the program that called one of them
 * would be left out. Return: how many.
 */
static unsigned int find_callers(struct cdm_space *space, const struct cdm_user *user,
				 __u64 callers[MAX_CALLERS])
{
	__u64 ip = user->frames[0], at = 0;
	struct cdm_code code;
	unsigned int nr = 0;

	while (nr < MAX_CALLERS && cdm_space_locate(space, ip - (nr > 0), &code) && code.module) {
		__s32 next = cdm_module_return_at(code.module, code.addr);

		if (next < 0)
			break;
		at += next / 8;
		if (at >= user->nr_words)
			break;
		ip = user->words[at++];
		callers[nr++] = ip;
	}
	return nr;
}

static void fill_key(struct key *key, const struct cdm_ev *ev, const struct cdm_user *user,
		     struct cdm_space *space)
{
	__u32 nr = user->nr_frames < CDM_USER_FRAMES ? user->nr_frames : CDM_USER_FRAMES;

	key->mm = user->mm;
	key->pid = ev->actor_pid;
	key->kernel = ev->stack;
	key->nr = nr;
	if (!nr)
		return;
	key->addrs[0] = user->frames[0];
	key->nr += find_callers(space, user, key->addrs + 1);
	memcpy(key->addrs + 1 + key->nr - nr, user->frames + 1, (nr - 1) * sizeof(*key->addrs));
}

static size_t key_size(const struct key *key)
{
	return offsetof(struct key, addrs) + key->nr * sizeof(*key->addrs);
}

static __u64 hash_key(const struct key *key)
{
	const __u64 *word = (const void *)key, *end = word + key_size(key) / sizeof(*word);
	__u64 hash = 0;

	for (; word < end; word++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.*): memcpy() has written the last ones */
		hash = (hash ^ *word) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	return hash;
}

static struct known_key *find_key(const struct cdm_stacks *s, const struct key *key, __u64 hash)
{
	struct known_key *known = (void *)cdm_hash_find(&s->keys, hash);

	/* Others with the same hash follow in the chain. */
	while (known && (known->node.key != hash || known->key.nr != key->nr ||
			 memcmp(&known->key, key, key_size(key))))
		known = (void *)known->node.next;
	return known;
}

static int say_full(struct cdm_stacks *s)
{
	bool said = s->full;

	s->full = true;
	return said ? 0 : cdm_emit_note(s->emit, s->ctx, "no more stacks: there were 65536 different ones, and events with others have none from now on");
}

/* The number of the stack that was put together, a new one if it was not met before. */
static int number(struct cdm_stacks *s, __s32 *id)
{
	const struct cdm_rec *kernel = &s->kernel.stack.rec, *user = &s->user.stack.rec;
	const size_t head = sizeof(*kernel);
	__u64 hash = cdm_hash_text((const char *)(kernel + 1), kernel->len - head) * 31 +
		     cdm_hash_text((const char *)(user + 1), user->len - head);
	struct known_stack *known = (void *)cdm_hash_find(&s->stacks, hash);
	int err;

	*id = known ? known->id : -1;
	if (known)
		return 0;
	if (s->stacks.nr >= MAX_STACKS)
		return say_full(s);
	known = cdm_hash_take(&s->stacks, hash, sizeof(*known));
	if (!known)
		return -ENOMEM;
	*id = known->id = s->kernel.stack.id = s->user.stack.id = s->stacks.nr - 1;
	err = s->emit(s->ctx, kernel);
	return err ?: s->emit(s->ctx, user);
}

static int add_key(struct cdm_stacks *s, const struct key *key, __u64 hash, __s32 id)
{
	struct known_key *known = malloc(offsetof(struct known_key, key) + key_size(key));

	if (!known)
		return -ENOMEM;
	known->node.key = hash;
	known->id = id;
	memcpy(&known->key, key, key_size(key));
	if (s->keys.nr >= MAX_KEYS)
		cdm_hash_drop(&s->keys, cdm_hash_free_node, NULL);
	if (!cdm_hash_add(&s->keys, &known->node))
		return 0;
	free(known);
	return -ENOMEM;
}

int cdm_stacks_id(struct cdm_stacks *s, const struct cdm_ev *ev, const struct cdm_user *user,
		  __s32 *id)
{
	struct cdm_space *space = cdm_spaces_get(s->spaces, ev->actor_pid, user);
	const struct known_key *known;
	struct key key;
	__u64 hash;
	int err;

	if (!space)
		return -ENOMEM;
	fill_key(&key, ev, user, space);
	hash = hash_key(&key);
	known = find_key(s, &key, hash);
	if (known) {
		*id = known->id;
		return 0;
	}
	name_kernel(s, key.kernel);
	name_user(s, &key, space);
	err = number(s, id);
	return err ?: add_key(s, &key, hash, *id);
}

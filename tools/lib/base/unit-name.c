// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/unit-name.h"

#define ID_LEN		64	/* of a container, hexadecimal digits */
#define ID_SHOWN	12
#define POD_SHOWN	8

/* A part of a path, between slashes. */
struct part {
	const char *s;
	size_t len;
};

/* What the driver "systemd" puts in front of a container's id. */
static const struct { const char *prefix, *runtime; } runtimes[] = {
	{ "docker-", "docker" }, { "libpod-", "podman" }, { "crio-", "cri-o" },
	{ "cri-containerd-", "containerd" }, { "nerdctl-", "nerdctl" },
};

/* What the driver "cgroupfs" has above a container. */
static const struct { const char *parent, *runtime; } folders[] = {
	{ "docker", "docker" }, { "libpod_parent", "podman" }, { "default", "containerd" },
};

static bool starts_with(struct part p, const char *prefix)
{
	return p.len > strlen(prefix) && !strncmp(p.s, prefix, strlen(prefix));
}

static bool ends_with(struct part p, const char *suffix)
{
	size_t len = strlen(suffix);

	return p.len > len && !strncmp(p.s + p.len - len, suffix, len);
}

static bool is_id(const char *s, size_t len)
{
	if (len < ID_LEN)
		return false;
	for (size_t i = 0; i < ID_LEN; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return len == ID_LEN || !isxdigit((unsigned char)s[ID_LEN]);
}

/* "/a/b" is taken from its end. Return: false at the start. */
static bool last_part(const char *path, size_t *end, struct part *p)
{
	size_t start;

	while (*end && path[*end - 1] == '/')
		--*end;
	for (start = *end; start && path[start - 1] != '/'; start--)
		;
	*p = (struct part){ path + start, *end - start };
	*end = start;
	return p->len;
}

/* The uid of a pod, in "pod1b2c3d4e-..." or "kubepods-burstable-pod1b2c3d4e_....slice". */
static const char *pod_of(struct part p)
{
	const char *at = p.s, *end = p.s + p.len;

	while ((at = memmem(at, end - at, "pod", 3))) {
		bool starts = at == p.s || at[-1] == '-';
		int digits = 0;

		at += 3;
		while (at + digits < end && isxdigit((unsigned char)at[digits]))
			digits++;
		if (starts && digits >= POD_SHOWN)
			return at;
	}
	return NULL;
}

static const char *find_pod(const char *path)
{
	size_t end = strlen(path);
	const char *pod = NULL;
	struct part p;

	if (!strstr(path, "kubepods"))
		return NULL;
	while (!pod && last_part(path, &end, &p))
		pod = pod_of(p);
	return pod;
}

/* The id of a container in @p, whose parent is @parent; *@runtime: NULL: not told. */
static const char *find_id(struct part p, struct part parent, const char **runtime)
{
	const char *colon = memrchr(p.s, ':', p.len);

	*runtime = NULL;
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++) {
		size_t len = strlen(runtimes[i].prefix);

		if (!starts_with(p, runtimes[i].prefix) ||
		    !is_id(p.s + len, p.len - len))
			continue;
		*runtime = runtimes[i].runtime;
		return p.s + len;
	}
	/* "kubepods-pod1b2c3d4e.slice:cri-containerd:ID", not understood by systemd's driver. */
	if (colon && is_id(colon + 1, p.s + p.len - colon - 1)) {
		*runtime = "containerd";
		return colon + 1;
	}
	if (!is_id(p.s, p.len))
		return NULL;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (parent.len == strlen(folders[i].parent) &&
		    !strncmp(parent.s, folders[i].parent, parent.len))
			*runtime = folders[i].runtime;
	return p.s;
}

/* Unit names have what is no letter or digit as "\x2d". */
static const char *put_unescaped(struct part p, char *buf, size_t size)
{
	size_t fill = 0;

	for (size_t i = 0; i < p.len && fill + 1 < size; i++) {
		unsigned int c = (unsigned char)p.s[i];

		if (p.len - i >= 4 && p.s[i + 1] == 'x' && c == '\\' &&
		    sscanf(p.s + i + 2, "%2x", &c) == 1 && c)
			i += 3;
		buf[fill++] = c;
	}
	buf[fill] = '\0';
	return buf;
}

static const char *put_container(const char *path, const char *runtime, const char *id, char *buf,
				 size_t size)
{
	const char *pod = find_pod(path);

	if (pod)
		snprintf(buf, size, "k8s:%.*s/%.*s", POD_SHOWN, pod, ID_SHOWN, id);
	else
		snprintf(buf, size, "%s:%.*s", runtime ?: "container", ID_SHOWN, id);
	return buf;
}

static bool is_unit(struct part p)
{
	static const char *const suffixes[] = {
		".service", ".scope", ".mount", ".socket", ".swap",
	};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (ends_with(p, suffixes[i]))
			return true;
	return false;
}

/* lxc has "/lxc.payload.NAME", older ones "/lxc/NAME". */
static bool is_lxc(struct part *p, struct part parent)
{
	size_t skip = strlen("lxc.payload.");

	if (starts_with(*p, "lxc.payload.")) {
		*p = (struct part){ p->s + skip, p->len - skip };
		return true;
	}
	return parent.len == 3 && !strncmp(parent.s, "lxc", 3);
}

const char *cdm_unit_name(const char *path, char *buf, size_t size)
{
	size_t end = strlen(path), before;
	const char *id, *runtime, *pod;
	struct part p, parent;

	while (last_part(path, &end, &p)) {
		before = end;
		last_part(path, &before, &parent);
		id = find_id(p, parent, &runtime);
		if (id)
			return put_container(path, runtime, id, buf, size);
		if (is_lxc(&p, parent)) {
			snprintf(buf, size, "lxc:%.*s", (int)p.len, p.s);
			return buf;
		}
		pod = strstr(path, "kubepods") ? pod_of(p) : NULL;
		if (pod) {
			snprintf(buf, size, "k8s:%.*s", POD_SHOWN, pod);
			return buf;
		}
		if (is_unit(p))
			return put_unescaped(p, buf, size);
	}
	return NULL;
}

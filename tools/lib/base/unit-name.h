/* SPDX-License-Identifier: GPL-2.0 */
/* What runs in a cgroup, as far as its path tells: the name of a container or a unit. */
#ifndef CDM_UNIT_NAME_H
#define CDM_UNIT_NAME_H

#include <stddef.h>

/*
 * The innermost container or systemd unit in @path, "/system.slice/redis.service":
 *
 *   "redis.service"             a service, scope, mount, ... of systemd
 *   "docker:0123456789ab"       a container by runtime (docker, podman, cri-o, containerd,
 *                               nerdctl, lxc) and, as those print it, the first twelve
 *                               digits of its id, or its name
 *   "k8s:1b2c3d4e/0123456789ab" one of Kubernetes: the first eight digits of the pod's
 *                               uid, the container's id; "k8s:1b2c3d4e" the pod itself
 *
 * Paths as systemd's and the runtimes' documentation has them, for the drivers
 * "systemd" and "cgroupfs". Return: @buf, or NULL if there is none.
 */
const char *cdm_unit_name(const char *path, char *buf, size_t size);

#endif

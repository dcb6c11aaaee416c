// SPDX-License-Identifier: GPL-2.0
/* Names of containers and units, from paths as systemd, runtimes and Kubernetes make them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/unit-name.h"

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD	"1b2c3d4e-5f60-4711-8899-aabbccddeeff"
#define POD_	"1b2c3d4e_5f60_4711_8899_aabbccddeeff"

static const struct { const char *path, *name; } cases[] = {
	{ "/", NULL },
	{ "", NULL },
	{ "/db", NULL },
	{ "/user.slice/user-1000.slice", NULL },
	/* systemd */
	{ "/system.slice/redis-server.service", "redis-server.service" },
	{ "/system.slice/redis-server.service/", "redis-server.service" },
	{ "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service" },
	{ "/user.slice/user-1000.slice/session-3.scope", "session-3.scope" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome\\x2dterminal.scope",
	  "app-gnome-terminal.scope" },
	{ "/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope" },
	{ "/system.slice/postgresql@15-main.service/workers", "postgresql@15-main.service" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator", "machine-qemu-1-vm.scope" },
	{ "/system.slice/a\\x2", NULL },
	/* docker */
	{ "/system.slice/docker-" ID ".scope", "docker:0123456789ab" },
	{ "/docker/" ID, "docker:0123456789ab" },
	{ "/docker/" ID "/init", "docker:0123456789ab" },
	{ "/system.slice/docker.service", "docker.service" },
	{ "/system.slice/docker-short.scope", "docker-short.scope" },
	/* podman */
	{ "/machine.slice/libpod-" ID ".scope", "podman:0123456789ab" },
	{ "/machine.slice/libpod-" ID ".scope/container", "podman:0123456789ab" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
	  "podman:0123456789ab" },
	{ "/libpod_parent/libpod-" ID, "podman:0123456789ab" },
	{ "/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope" },
	/* Kubernetes */
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_
	  ".slice/cri-containerd-" ID ".scope", "k8s:1b2c3d4e/0123456789ab" },
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" POD_
	  ".slice/crio-" ID ".scope", "k8s:1b2c3d4e/0123456789ab" },
	{ "/kubepods.slice/kubepods-pod" POD_ ".slice/docker-" ID ".scope",
	  "k8s:1b2c3d4e/0123456789ab" },
	{ "/kubepods/burstable/pod" POD "/" ID, "k8s:1b2c3d4e/0123456789ab" },
	{ "/kubepods/pod" POD, "k8s:1b2c3d4e" },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_ ".slice",
	  "k8s:1b2c3d4e" },
	{ "/kubepods.slice/kubepods-burstable.slice", NULL },
	{ "/system.slice/containerd.service/kubepods-burstable-pod" POD_
	  ".slice:cri-containerd:" ID, "k8s:1b2c3d4e/0123456789ab" },
	/* others */
	{ "/machine.slice/crio-" ID ".scope", "cri-o:0123456789ab" },
	{ "/system.slice/nerdctl-" ID ".scope", "nerdctl:0123456789ab" },
	{ "/default/" ID, "containerd:0123456789ab" },
	{ "/somewhere/" ID, "container:0123456789ab" },
	{ "/lxc.payload.web", "lxc:web" },
	{ "/lxc.payload.web/system.slice/ssh.service", "ssh.service" },
	{ "/lxc/web", "lxc:web" },
};

static void test_paths(void **state)
{
	char buf[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *name = cdm_unit_name(cases[i].path, buf, sizeof(buf));

		if (!cases[i].name)
			assert_null(name);
		else
			assert_string_equal(name ?: cases[i].path, cases[i].name);
	}
}

/* Whatever it is: a name ends within the buffer. */
static void test_room(void **state)
{
	char path[600], buf[8];

	memset(path, 'x', sizeof(path));
	memcpy(path + sizeof(path) - 9, ".service", 9);
	*path = '/';
	assert_string_equal(cdm_unit_name(path, buf, sizeof(buf)), "xxxxxxx");
	assert_string_equal(cdm_unit_name("/docker/" ID, buf, sizeof(buf)), "docker:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths), cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

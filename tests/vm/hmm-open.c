// SPDX-License-Identifier: GPL-2.0
/*
 * To be preloaded: test_hmm moves the memory of whoever opened its device, so programs that
 * know nothing of it open it here, for hmm-move. So do their children, in which what they
 * inherit still means the parent.
 */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static int devices[] = { -1, -1 };

static void open_devices(void)
{
	static const char *const paths[] = { "/dev/hmm_dmirror2", "/dev/hmm_dmirror3" };

	for (int i = 0; i < 2; i++) {
		if (devices[i] >= 0)
			close(devices[i]);
		devices[i] = open(paths[i], O_RDWR | O_CLOEXEC);
	}
}

__attribute__((constructor))
static void start(void)
{
	open_devices();
	pthread_atfork(NULL, NULL, open_devices);
}

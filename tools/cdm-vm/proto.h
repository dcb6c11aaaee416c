/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What cdm-vm (host) and init (guest) say to each other.
 *
 * Every byte stream has a virtio-serial port of its own, so that each one has
 * its own flow control: a command that does not read its stdin never holds up
 * its stdout. The control port carries the messages below, both ways. The byte
 * counts in MSG_STDIN_EOF and MSG_EXIT replace "close" on a port, which could
 * overtake data that is still on its way.
 */
#ifndef CDM_VM_PROTO_H
#define CDM_VM_PROTO_H

#include <stdint.h>

enum port {
	PORT_CTL,
	PORT_IN,
	PORT_OUT,
	PORT_ERR,
	PORT_LOG,
	NR_PORTS,
};

#define PORT_NAMES { "cdm.ctl", "cdm.in", "cdm.out", "cdm.err", "cdm.log" }

enum msg_type {
	/* guest to host */
	MSG_READY = 1,		/* all is mounted, the command starts now */
	MSG_NOTE,		/* text: worth knowing in verbose mode */
	MSG_WARNING,		/* text: always shown */
	MSG_FAILURE,		/* text: the guest cannot be set up, it powers off */
	MSG_EXIT,		/* value: exit status; bytes[]: sent on out, err, log */
	/* host to guest */
	MSG_STDIN_EOF,		/* bytes[0]: length of the whole stdin */
	MSG_OUT_CLOSED,		/* value: PORT_OUT or PORT_ERR has no reader any more */
	MSG_WINSIZE,		/* bytes[0]: rows, bytes[1]: columns */
	MSG_SIGNAL,		/* value: signal for the command */
	MSG_POWER_OFF,		/* all output has arrived */
};

#define MSG_TEXT_MAX 1024

struct msg {
	uint32_t type;
	int32_t value;
	uint64_t bytes[3];
	char text[MSG_TEXT_MAX];
};

/* The initramfs member with NUL-terminated "key=value" records. */
#define CONFIG_PATH "/config"
#define ROOT_TAG "cdmroot"
#define SWAP_SERIAL "cdmswap"

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* lib/test_hmm_uapi.h of the kernel, which no header package has. */
#ifndef HMM_DMIRROR_H
#define HMM_DMIRROR_H

#include <sys/ioctl.h>

#include <linux/types.h>

struct hmm_dmirror_cmd {
	__u64 addr, ptr, npages, cpages, faults;
};

#define HMM_DMIRROR_READ		_IOWR('H', 0x00, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_MIGRATE_TO_DEV	_IOWR('H', 0x02, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_MIGRATE_TO_SYS	_IOWR('H', 0x03, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_SNAPSHOT		_IOWR('H', 0x04, struct hmm_dmirror_cmd)
#define HMM_DMIRROR_RELEASE		_IOWR('H', 0x07, struct hmm_dmirror_cmd)

/* What HMM_DMIRROR_SNAPSHOT says of a page on the device of the request */
#define HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL	0x40

#endif

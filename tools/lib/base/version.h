/* SPDX-License-Identifier: GPL-2.0 */
/* The version of the tools and of libcdm: there is one. */
#ifndef CDM_VERSION_H
#define CDM_VERSION_H

#define CDM_VERSION	"0.5"

#endif

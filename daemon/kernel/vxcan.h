/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pairs of virtual CAN links (drivers/net/can/vxcan.c). */
#ifndef KERNEL_VXCAN_H
#define KERNEL_VXCAN_H

#include <stdint.h>

#include <hycan/types.h>

#include "scope.h"

/* Creates both ends, and reads the one called name. mtu, of both, 0: the kernel's default. -EEXIST: one of the names is taken, and nothing was created. */
int kernel_vxcan_create(struct kernel_scope *scope, const char *name, const char *peer, uint32_t mtu, struct hycan_link *ret_link);

#endif

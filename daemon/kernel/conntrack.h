/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that the kernel tracks (nfnetlink_conntrack), for the files of this room alone. */
#ifndef KERNEL_CONNTRACK_H
#define KERNEL_CONNTRACK_H

#include <hycan/types.h>

#include "scope.h"

/*
 * Forgets the connections that a port mapping translated, so that none outlives it. As much as this kernel allows: the
 * mapping is gone in any case.
 */
void conntrack_forget(struct kernel_scope *scope, const struct hycan_port_mapping *mapping);

#endif

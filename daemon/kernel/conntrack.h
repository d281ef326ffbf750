/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that the kernel tracks (nfnetlink_conntrack), for the files of this room alone.
 *
 * Both functions do as much as this kernel allows, and tell nobody: the mapping is there, or gone, in any case.
 */
#ifndef KERNEL_CONNTRACK_H
#define KERNEL_CONNTRACK_H

#include <hycan/types.h>

#include "scope.h"

/* Forgets the connections that a port mapping translated, so that none outlives it. */
void conntrack_forget_translated(struct kernel_scope *scope, const struct hycan_port_mapping *mapping);

/* Forgets the connections to the ports of a mapping that began before it, so that none escapes it. */
void conntrack_forget_untranslated(struct kernel_scope *scope, const struct hycan_port_mapping *mapping);

#endif

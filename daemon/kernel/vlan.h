/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VLAN links: 802.1Q and 802.1ad sub-interfaces (net/8021q/vlan_netlink.c). */
#ifndef KERNEL_VLAN_H
#define KERNEL_VLAN_H

#include <stdint.h>

#include <hycan/types.h>

#include "scope.h"

/*
 * Creates a VLAN link, and reads it. mtu 0: the parent's. -ENODEV: there is no link parent. -EEXIST: name is taken, or parent has that
 * VLAN under another name.
 */
int kernel_vlan_create(struct kernel_scope *scope, const char *name, const char *parent, uint16_t vlan_id,
                       enum hycan_vlan_protocol protocol, uint32_t mtu, struct hycan_link *ret_link);

/* Name of the link that is that VLAN of parent. -ENODEV: there is none. Reads all VLAN links. */
int kernel_vlan_find(struct kernel_scope *scope, const char *parent, uint16_t vlan_id, enum hycan_vlan_protocol protocol,
                     char ret_name[static HYCAN_IFNAME_SIZE]);

#endif

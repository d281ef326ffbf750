/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stranger left of a network that he took out of our table: its link, and its names. */
#ifndef OPS_NETWORK_LEFT_H
#define OPS_NETWORK_LEFT_H

#include "network.h"

/*
 * Whether there was a network of that VLAN and link that is the caller's, and is in the table no more. Then ret_network has
 * what is known of it, and ret_link says whether its link is there still: that same one, which the daemon made for it. 0,
 * -ENOENT or -errno.
 */
int network_find_left(struct op *op, uint16_t vlan_id, const char *link, struct kernel_network *ret_network, bool *ret_link);

#endif

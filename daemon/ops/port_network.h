/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which network a port mapping belongs to. */
#ifndef OPS_PORT_NETWORK_H
#define OPS_PORT_NETWORK_H

#include "op.h"

/*
 * Finds the network of a mapping that is asked for, and writes it into the mapping; refuses where its target does not lie
 * where the request says, or nowhere on a host that has networks.
 */
int port_settle_network(struct op *op, struct hycan_port_mapping *mapping);

/* The same for one that is there: the VLAN of the network that it was made in, else of the one that it leads to, else 0. */
int port_read_network(struct op *op, const struct hycan_port_mapping *mapping, uint16_t *ret_network);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a network can be as it is asked for: by itself, beside others, and on this host. */
#ifndef OPS_NETWORK_CHECK_H
#define OPS_NETWORK_CHECK_H

#include "network.h"
#include "op.h"

/* The request by itself. 0 or a refusal. */
int network_check(struct op *op, const struct hycan_network *network);

/* Beside the other networks: VLAN, name, link and addresses are its own. */
int network_check_others(struct op *op, const struct kernel_network *wanted, const struct networks *networks);

/* Beside the addresses of other links. */
int network_check_addresses(struct op *op, const struct kernel_network *wanted);

/*
 * Beside what its hosts have: no name and no port mapping leads to an address that was in one of its subnets before, and would be in
 * none.
 */
int network_check_hosts(struct op *op, const struct kernel_network *wanted, const struct kernel_network *before);

/* The one link that carries the default route; refuses where there is none, or more than one, with those that there are. */
int network_find_parent(struct op *op, char ret_parent[static HYCAN_IFNAME_SIZE]);

#endif

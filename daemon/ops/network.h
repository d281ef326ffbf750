/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about networks have in common. */
#ifndef OPS_NETWORK_H
#define OPS_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/network.h"
#include "op.h"

/* All networks, or what else was asked for. */
struct networks {
	struct kernel_network *network;
	size_t n;
};

int networks_read(struct op *op, struct networks *ret_networks);
void networks_free(struct networks *networks);

/* The network of a VLAN, or NULL. */
const struct kernel_network *networks_find(const struct networks *networks, uint16_t vlan_id);

/* The same for a request that names VLAN and link: refuses where there is none, or it has another link. */
int network_find(struct op *op, const char *field, uint16_t vlan_id, const char *link, struct kernel_network *ret_network);

/* Whether a request was about the network of a link at any time since a moment of the server, so that it may be half made or half gone. */
bool network_was_under_way(struct op *op, uint64_t moment, uint16_t vlan_id, const char *link);

/* Whether an address is one of the network's. */
bool network_has(const struct kernel_network *network, const struct hycan_address *address);

/* The subnet around a gateway. */
struct hycan_prefix network_subnet(const struct hycan_prefix *gateway);

/* The request that makes such a network, or changes another one of its VLAN into it. */
struct hycan_network_create_request network_request(const struct kernel_network *network, bool replace);

/*
 * Makes the link, its addresses and forwarding what the network says. before is what it was, or NULL. Sets what was
 * done, also on failure.
 */
struct network_raised {
	bool changed;   /* anything */
	bool made_link; /* it was not there */
};
int network_raise(struct op *op, const struct kernel_network *network, const struct kernel_network *before,
                  struct network_raised *ret_raised);

/* Whether its link has the gateway's addresses; of IPv6, or needs none. 0 or -errno; -ENODEV: it has no link. */
int network_has_gateways(struct kernel_scope *scope, const struct kernel_network *network, bool *ret_ipv4, bool *ret_ipv6);

/* Whether there is a network that needs forwarding of a family: one that has a way out. Between forwarding_lock() and forwarding_unlock(). */
int network_needs_forwarding(struct op *op, enum hycan_family family, bool *ret_needs);

/* Which families have to be forwarded for a network (OP_FORWARDS()), by all ways that there are. */
uint32_t network_forwards(const struct kernel_network *network, const struct kernel_network_way *ways, size_t n_ways);

/* The same, which reads the ways where they matter. 0 or -errno. */
int network_read_forwards(struct op *op, const struct kernel_network *network, uint32_t *ret_families);

/* Before that is turned on: says how what goes along with it is put back (forwarding_say_along()). 0 or -errno. */
int network_say_forwarding(struct op *op, const struct kernel_network *network);

/* Turns forwarding of both families on as far as the network has them; sets changed where it was not. Between the two, as well. */
int network_forward(struct op *op, const struct kernel_network *network, bool *changed);

/* The same taken back: off where no network has a way out, if it is for networks to turn off. */
int network_release(struct op *op);

/* Off as well where there is no network, or none but one that goes; but may be NULL. Between the two, and there it goes, too. */
int network_release_unused(struct op *op, const struct kernel_network *but);

/* That it was for networks is in the table again, where the ledger has that with a network's link. 0 or -errno. */
int network_recall_forwarding(struct op *op, const char *link);

/* Before a link goes: off, where that was for a network to do of which nothing but this link is left, and no other network needs it. */
int network_release_left(struct op *op, const char *link);

/* Whether to try once more what failed half way, after a while; tried counts, from 0. */
bool network_try_again(int r, unsigned int *tried);

/*
 * Takes away all that the table has of a network, its link, and its names, of which dns_going() was said; and forwarding, where no
 * other network needs it.
 */
int network_lower(struct op *op, const struct kernel_network *network, bool link, bool names);

#endif

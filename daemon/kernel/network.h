/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Networks in our table: which links are networks, what they should be, and which packets pass between them.
 *
 * A network is known by its link. That link is made elsewhere (vlan.h, address.h); what is here is there without it, too,
 * so that it can be told what should be there.
 */
#ifndef KERNEL_NETWORK_H
#define KERNEL_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hycan/types.h>

#include "scope.h"

/* Room for the name of a network. */
#define KERNEL_NETWORK_NAME_SIZE 33

struct kernel_network {
	char link[HYCAN_IFNAME_SIZE];
	uint16_t vlan_id;
	char name[KERNEL_NETWORK_NAME_SIZE]; /* without blanks */
	char parent[HYCAN_IFNAME_SIZE];
	struct hycan_prefix gateway;      /* its address, and the length of the subnet */
	struct hycan_prefix ipv6_gateway; /* family 0: none */
	uint32_t mtu;                     /* 0: the parent's */
	bool nat;                         /* as it was asked for, also while it is internal */
	bool internal;

	/* of a network that was read: what packets are treated by, which a stranger may have made something else */
	bool has_nat;
	bool is_internal;
};

/* From the network of one link packets may go to that of another, or should. */
struct kernel_network_way {
	char from[HYCAN_IFNAME_SIZE];
	char to[HYCAN_IFNAME_SIZE];
	bool open;  /* they may */
	bool asked; /* for; where it is not open, a stranger closed it, and where it is and this is not, one opened it */
};

/* Reads all networks, by VLAN. None where this kernel has no nf_tables. ret_networks is for the caller to free(). */
int kernel_network_list(struct kernel_scope *scope, struct kernel_network **ret_networks, size_t *ret_n);

/* Reads the network of a link. -ENOENT: it is none's. */
int kernel_network_get(struct kernel_scope *scope, const char *link, struct kernel_network *ret_network);

/* The link of the network that has a VLAN, or in whose subnets an address lies. -ENOENT: there is none. */
int kernel_network_of_vlan(struct kernel_scope *scope, uint16_t vlan_id, char ret_link[static HYCAN_IFNAME_SIZE]);
int kernel_network_of_address(struct kernel_scope *scope, const struct hycan_address *address,
                              char ret_link[static HYCAN_IFNAME_SIZE]);

/*
 * Whether nothing that is to be a network's own, VLAN, name or subnets, is that of another link's. A subnet that lies within
 * the new one is not seen, but kernel_network_put() finds it.
 */
int kernel_network_is_free(struct kernel_scope *scope, const struct kernel_network *network, bool *ret_free);

/* Reads all ways, but those of each network to itself, in order. ret_ways is for the caller to free(). */
int kernel_network_list_ways(struct kernel_scope *scope, struct kernel_network_way **ret_ways, size_t *ret_n);

/* Of all ways, those from the network of a link, one behind the other: they are that network's. */
const struct kernel_network_way *kernel_network_ways_from(const struct kernel_network_way *ways, size_t n, const char *link,
                                                          size_t *ret_n);

/* Whether a stranger opened or closed one; and whether none did with those of a network. */
bool kernel_network_way_differs(const struct kernel_network_way *way);
bool kernel_network_keeps_ways(const struct kernel_network_way *ways, size_t n, const char *link);

/* What counts of the ways that the table has of a network's link when that network is put into it. */
struct kernel_network_ways {
	bool is_new; /* none: they were those of another network, whose link had that name */

	/* Whether one that is open was asked for, where the table does not say so. NULL: none was. */
	bool (*remembers)(const struct kernel_network_way *way, void *userdata);
	void *userdata;
};

/*
 * Makes sure that a network is in the table as it is given, in place of what its link was before, or NULL; of one that was there
 * the ways are as they were asked for, too. ways: NULL for what the table says. -EALREADY: so it is, and nothing was changed. -EEXIST, -ENOTEMPTY: its VLAN, its name or addresses of it are another's. -EOPNOTSUPP,
 * -EBUSY: as for kernel_masquerade_add().
 */
int kernel_network_put(struct kernel_scope *scope, const struct kernel_network *network, const struct kernel_network *before,
                       const struct kernel_network_ways *ways);

/*
 * Whether all elements are there by which a network that was found works, and none that do something else: the way to itself, those
 * by which it is found, and those of its NAT, and of being internal, if it is to be so.
 */
int kernel_network_check(struct kernel_scope *scope, const struct kernel_network *network, bool *ret_whole);

/*
 * Fills in name and subnets of a network whose link and VLAN are given, as far as the table still leads from them to that link:
 * somebody may have taken out what says that it is a network, and not the rest. As gateways the subnets have their first addresses.
 */
int kernel_network_recall(struct kernel_scope *scope, struct kernel_network *network);

/* Takes a network out of the table, with the ways from it and to it. -ENOENT: it is not there. */
int kernel_network_remove(struct kernel_scope *scope, const struct kernel_network *network);

/*
 * Opens a way from the network of one link to that of another, or closes it. -EALREADY: nothing was changed. And how it is.
 */
int kernel_network_set_way(struct kernel_scope *scope, const char *from, const char *to, bool open);
int kernel_network_get_way(struct kernel_scope *scope, const char *from, const char *to, struct kernel_network_way *ret_way);

/*
 * Notes that forwarding was turned on because of networks, or that it is not any more. -EALREADY: nothing was changed. And
 * whether it is noted.
 */
int kernel_network_note_forwarding(struct kernel_scope *scope, enum hycan_family family, bool on);
int kernel_network_has_forwarding(struct kernel_scope *scope, enum hycan_family family, bool *ret_on);

#endif

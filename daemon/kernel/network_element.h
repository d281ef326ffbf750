/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network as elements of sets, and elements that shall be there or shall not, for the files of this room alone. */
#ifndef KERNEL_NETWORK_ELEMENT_H
#define KERNEL_NETWORK_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hycan/types.h>

#include "network.h"
#include "nft_table.h"

/*
 * Writes what a network should be as a comment, and reads it. What a stranger wrote is no network. ret_says: whether it says
 * anything of NAT and being internal.
 */
void network_format(const struct kernel_network *network, char comment[static NFT_COMMENT_SIZE]);
bool network_parse(const char *comment, struct kernel_network *ret_network, bool *ret_says);

/* An element that shall be there, or shall not. */
struct network_wish {
	enum nft_network_set set;
	uint8_t key[3 * HYCAN_IFNAME_SIZE];
	size_t size;
	uint8_t last[16];   /* of an interval: its last key */
	uint8_t behind[16]; /* the first key behind it */
	bool interval;
	const char *comment;          /* that it shall have, or NULL */
	char link[HYCAN_IFNAME_SIZE]; /* of a map: where it leads */
	bool wanted;
	bool there;
	bool differs; /* in its comment */
	bool taken;   /* it is there, and leads to another link */
};

/* An element of a set of links; of one of the sets of ways; of the families. */
struct network_wish network_wish_link(enum nft_network_set set, const char *link, bool wanted);
struct network_wish network_wish_way(enum nft_network_set set, const char *from, const char *to, bool wanted);
struct network_wish network_wish_family(enum hycan_family family, bool wanted);

/* Those by which a network is found. */
#define NETWORK_INDICES 4
void network_wish_indices(const struct kernel_network *network, bool wanted, struct network_wish wish[static NETWORK_INDICES]);

/* Whether two are about the same element. */
bool network_wish_same(const struct network_wish *a, const struct network_wish *b);

/* Looks whether it is there. 0 or -errno. */
int network_wish_look(struct kernel_scope *scope, struct network_wish *wish);

/* Puts what makes it come true into a batch, and returns how many elements that adds or deletes. */
size_t network_wish_put(struct nft_batch *batch, uint16_t type, const struct network_wish *wish);

/* Which link a key of a map leads to. -ENOENT: none. */
int network_lookup(struct kernel_scope *scope, enum nft_network_set set, const void *key, size_t size,
                   char ret_link[static HYCAN_IFNAME_SIZE]);

/* The name of a network from its key in the map of those. */
void network_read_name(const void *key, char ret_name[static KERNEL_NETWORK_NAME_SIZE]);

/* The key of a VLAN in the map of those, in key; its size. */
size_t network_vlan_key(uint16_t vlan_id, uint8_t key[static 2]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table “inet hycan”: which sets, chains and rules are in it, for the files of this room alone.
 *
 *   map port_ipv4                  protocol . port → address . port        mappings of every address of the host
 *   map port_ipv4_address          address . protocol . port → …           mappings of one address of the host
 *   set masquerade_ipv4_16         network . network                       masquerade, except to the same network
 *   set masquerade_ipv4_16_link    network . link                          masquerade through that link
 *   set same_link                  link . link                             links that packets left through, each twice
 *   set network                    link                                    networks (network.h), each a link
 *   set network_nat                link                                    those whose packets are masqueraded on their way out
 *   set network_internal           link                                    those without a way in or out
 *   set network_way                link . link                             from which to which packets may go
 *   set network_allowed            link . link                             those of them that were asked for; no rule looks at it
 *   set network_forwarding         family                                  forwarding that was turned on for networks
 *   map network_vlan               VLAN → link                             what is whose, so that it is found without
 *   map network_name               name → link                             reading all networks; the last two by
 *   map network_ipv4, …_ipv6       addresses → link                        intervals, which never overlap
 *
 * and the first four the same for IPv6. There are two sets of masqueraded networks for each prefix length in use, instead of one with intervals,
 * which could not hold a network inside another. So a packet that opens a connection is looked up once for each length
 * in use, however many networks there are, and networks come and go without regard to one another.
 *
 * What is there is read from the kernel each time. Whatever is missing, since it was never made or because a stranger
 * flushed it, is made by the next change.
 */
#ifndef KERNEL_NFT_TABLE_H
#define KERNEL_NFT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nft.h"

/* Room for the name of a set. */
#define NFT_SET_NAME_SIZE 40

/* The set of links that packets left through. */
#define NFT_SAME_LINK_SET "same_link"

/* The sets of networks. */
enum nft_network_set {
	NFT_NETWORK,
	NFT_NETWORK_NAT,
	NFT_NETWORK_INTERNAL,
	NFT_NETWORK_WAY,
	NFT_NETWORK_ALLOWED,
	NFT_NETWORK_FORWARDING,
	NFT_NETWORK_VLAN,
	NFT_NETWORK_NAME,
	NFT_NETWORK_IPV4,
	NFT_NETWORK_IPV6,
	NFT_NETWORK_SETS,
};

/* What our table consists of. */
struct nft_layout {
	uint32_t generation;        /* of the rule set when it was read */
	size_t sets;                /* how many there are, and */
	size_t rules;               /* how many rules */
	bool ports;                 /* the maps of port mappings, with all that they need */
	bool networks;              /* the sets of networks, with all that they need */
	size_t network_sets;        /* how many of those there are, but for */
	bool allowed;               /* that of the ways that were asked for: a former release knew none */
	bool masquerade[2][2][129]; /* the sets of masqueraded subnets: [IPv6][through one link][prefix length] */
};

/* Reads what there is. -EOPNOTSUPP: this kernel has no nf_tables. -EINTR: it changed meanwhile, ask again. */
int nft_layout_read(struct kernel_scope *scope, struct nft_layout *ret_layout);

/* Whether all rules of the sets are there. */
bool nft_layout_is_whole(const struct nft_layout *layout);

/* Whether it has as many as a former release made; a stranger who took just one away cannot be told from that. */
bool nft_layout_is_former(const struct nft_layout *layout);

/* Puts the table, its chains and sets into a batch where they are missing, and all its rules anew. */
void nft_layout_put(struct nft_batch *batch, const struct nft_layout *layout);

/* The name of a map of port mappings. */
const char *nft_port_set(bool ipv6, bool address);

/* The name of one of the sets of networks. */
const char *nft_network_set(enum nft_network_set set);

/* The name of a set of masqueraded subnets, in name. */
const char *nft_masquerade_set(bool ipv6, bool link, unsigned int length, char name[static NFT_SET_NAME_SIZE]);

/*
 * Number of elements in all these sets, as of the generation that layout was read at. It is counted when somebody else
 * changed the rule set since nft_layout_changed(), and else known.
 */
int nft_layout_count(struct kernel_scope *scope, const struct nft_layout *layout, size_t *ret_n);

/* To be called when a batch that was made for layout is carried out: it added elements, or deleted some. */
void nft_layout_changed(struct kernel_scope *scope, const struct nft_layout *layout, size_t added, size_t deleted);

#endif

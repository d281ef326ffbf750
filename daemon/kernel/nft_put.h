/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets and chains as they are made, for the files that put our table together. */
#ifndef KERNEL_NFT_PUT_H
#define KERNEL_NFT_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "nft.h"

/* Fields of keys and data: the type of nft(8), which it reads from the set to show its elements, and the size in bytes. */
enum {
	FIELD_FAMILY = 2 << 8 | 4,
	FIELD_IPV4 = 7 << 8 | 4,
	FIELD_IPV6 = 8 << 8 | 16,
	FIELD_PROTOCOL = 12 << 8 | 1,
	FIELD_PORT = 13 << 8 | 2,
	FIELD_VLAN = FIELD_PORT, /* nft(8) has no type for it, and shows this one as a number */
	FIELD_LINK = 20 << 8 | 4,
	FIELD_IFNAME = 41 << 8 | 16,
};

/* Bits that a type takes in the type of several. */
enum { TYPE_BITS = 6 };

struct nft_set_type {
	uint32_t flags;
	uint16_t key[4];
	uint16_t data[4];
	const char *comment;
};

/* The type of a set by its name, of those of port mappings and masqueraded subnets, of those of networks, and of all; or NULL. */
const struct nft_set_type *nft_nat_set_type(const char *name);
const struct nft_set_type *nft_network_set_type(const char *name);
const struct nft_set_type *nft_set_type(const char *name);

/* A set or map, where it is not there. */
void nft_put_set(struct nft_batch *batch, const char *name, const struct nft_set_type *type);

/* The type of chains that translate addresses. */
#define NFT_CHAIN_NAT "nat"

/* A chain, where it is not there; without a hook (-1) one that others jump to. */
void nft_put_chain(struct nft_batch *batch, const char *name, const char *type, int hook, int priority);

/* The maps and chains of port mappings, and how many rules there are, in those chains and in postrouting. */
#define NFT_PORT_RULES (2 + 2 + 4 + 1 + 4 + 3)

void nft_put_port_sets(struct nft_batch *batch);
void nft_put_port_rules(struct nft_batch *batch);

/* One of the sets of masqueraded subnets, and how many rules there are for each. */
#define NFT_MASQUERADE_RULES 1

void nft_put_masquerade_set(struct nft_batch *batch, bool ipv6, bool link, unsigned int length);
void nft_put_masquerade_rule(struct nft_batch *batch, bool ipv6, bool link, unsigned int length);

/* The sets and chains of networks, and how many rules there are, in chains of their own and in postrouting. */
#define NFT_NETWORK_RULES 9

/* How many a former release made, which let pass what a port mapping translated before it asked where it came from. */
#define NFT_NETWORK_RULES_FORMER 8

void nft_put_network_sets(struct nft_batch *batch, bool allowed);
void nft_put_network_rules(struct nft_batch *batch);

#endif

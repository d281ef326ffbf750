/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules of nf_tables, expression by expression, for the files of this room alone.
 *
 * A rule is a list of expressions, which work on registers of four bytes, numbered from 0 here. Memory that runs out is
 * remembered and told by nft_rule_put().
 */
#ifndef KERNEL_NFT_RULE_H
#define KERNEL_NFT_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "nft.h"

struct nftnl_expr;
struct nftnl_rule;

struct nft_rule {
	struct nftnl_rule *rule;
	bool failed;
	const char *module; /* that its expressions need */
};

void nft_rule_begin(struct nft_rule *rule, const char *chain);

/* Loads something about the packet (NFT_META_*) into a register. */
void nft_rule_meta(struct nft_rule *rule, uint32_t key, unsigned int reg);

/* Loads bytes of the network header, or of the transport header. */
void nft_rule_network(struct nft_rule *rule, uint32_t offset, uint32_t size, unsigned int reg);
void nft_rule_transport(struct nft_rule *rule, uint32_t offset, uint32_t size, unsigned int reg);

/* Loads something about the connection (NFT_CT_*); of its original direction where it has one. */
void nft_rule_ct(struct nft_rule *rule, uint32_t key, unsigned int reg);
void nft_rule_ct_original(struct nft_rule *rule, uint32_t key, unsigned int reg);

/* Goes on if the packet's source or destination (NFTA_FIB_F_SADDR, NFTA_FIB_F_DADDR) is an address of this host. */
void nft_rule_fib_local(struct nft_rule *rule, uint32_t flag);

/* Keeps the first bits of a register, or of the registers from it on. */
void nft_rule_mask(struct nft_rule *rule, unsigned int reg, uint32_t size, unsigned int bits);

/* Keeps the bits of a register that are set in mask, which is in host byte order. */
void nft_rule_and(struct nft_rule *rule, unsigned int reg, uint32_t mask);

/* Goes on if registers are equal to data (NFT_CMP_EQ), or not (NFT_CMP_NEQ). */
void nft_rule_compare(struct nft_rule *rule, uint32_t how, unsigned int reg, const void *data, uint32_t size);

/* Goes on if the set has the registers, or if it has not. */
void nft_rule_lookup(struct nft_rule *rule, const char *set, unsigned int reg, bool inverted);

/* Goes on if the map has the registers, and replaces them by what they lead to. */
void nft_rule_map(struct nft_rule *rule, const char *map, unsigned int reg);

/* Adds the registers to a set. */
void nft_rule_update(struct nft_rule *rule, const char *set, unsigned int reg);

/* New destination: address and port from registers. */
void nft_rule_dnat(struct nft_rule *rule, uint32_t family, unsigned int address, unsigned int port);

/* New source: the address of the link through which the packet leaves. */
void nft_rule_masquerade(struct nft_rule *rule);

/* A verdict (NFT_RETURN, NFT_JUMP). */
void nft_rule_verdict(struct nft_rule *rule, int verdict, const char *chain);

/* A text that nft(8) shows behind the rule. */
void nft_rule_comment(struct nft_rule *rule, const char *text);

/* Puts the rule into the batch, behind those of its chain, and frees it. */
void nft_rule_put(struct nft_rule *rule, struct nft_batch *batch);

#endif

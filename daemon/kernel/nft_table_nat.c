/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our table does for port mappings and masqueraded subnets.
 *
 *   prerouting, output   packets to an address of this host: port
 *   port                 not loopback; the destination is looked up in the maps and replaced
 *   postrouting          connections whose destination was replaced: hairpin; else masquerade
 *   hairpin              those that are ours: hairpin_masquerade
 *   hairpin_masquerade   masquerade for what comes from the host itself, or goes back where it came from
 *
 * A hairpin connection comes in through a link and leaves through the same: the target and whoever asked are neighbours,
 * and would answer each other directly, with an address that was never asked. Rules cannot compare two registers, so
 * the link that a packet leaves through is added to the set same_link, twice as one key, and then the pair of links that
 * it came and leaves through is looked up there: found, if both are one.
 *
 * Loopback addresses are left alone. A packet from 127.0.0.1 may leave the host only with route_localnet set, which
 * would open the loopback addresses to the neighbours; from ::1, never.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "nft_put.h"
#include "nft_rule.h"
#include "nft_table.h"

/* ------------------------------------------------------------------------------------------------------------- sets */

static const char comment_port[] = "destination on this host : where it leads";
static const char comment_network[] = "masquerade from the first, except to the second";
static const char comment_link[] = "masquerade from the network through the link";

/* [IPv6][of one address] */
static const struct nft_set_type port_type[2][2] = {
	{
		{ NFT_SET_MAP, { FIELD_PROTOCOL, FIELD_PORT }, { FIELD_IPV4, FIELD_PORT }, comment_port },
		{ NFT_SET_MAP, { FIELD_IPV4, FIELD_PROTOCOL, FIELD_PORT }, { FIELD_IPV4, FIELD_PORT }, comment_port },
	},
	{
		{ NFT_SET_MAP, { FIELD_PROTOCOL, FIELD_PORT }, { FIELD_IPV6, FIELD_PORT }, comment_port },
		{ NFT_SET_MAP, { FIELD_IPV6, FIELD_PROTOCOL, FIELD_PORT }, { FIELD_IPV6, FIELD_PORT }, comment_port },
	},
};

/* [IPv6][through one link] */
static const struct nft_set_type masquerade_type[2][2] = {
	{
		{ 0, { FIELD_IPV4, FIELD_IPV4 }, { 0 }, comment_network },
		{ 0, { FIELD_IPV4, FIELD_IFNAME }, { 0 }, comment_link },
	},
	{
		{ 0, { FIELD_IPV6, FIELD_IPV6 }, { 0 }, comment_network },
		{ 0, { FIELD_IPV6, FIELD_IFNAME }, { 0 }, comment_link },
	},
};

static const struct nft_set_type same_link_type = { NFT_SET_EVAL, { FIELD_LINK, FIELD_LINK }, { 0 }, "links, each twice" };

const struct nft_set_type *nft_nat_set_type(const char *name)
{
	char like[NFT_SET_NAME_SIZE];

	for (int i = 0; i < 4; i++)
		if (strcmp(name, nft_port_set(i / 2, i % 2)) == 0)
			return &port_type[i / 2][i % 2];
	for (int i = 0; i < 4; i++)
		for (unsigned int length = 0; length <= 128; length++)
			if (strcmp(name, nft_masquerade_set(i / 2, i % 2, length, like)) == 0)
				return &masquerade_type[i / 2][i % 2];
	return NULL;
}

void nft_put_port_sets(struct nft_batch *batch)
{
	nft_put_chain(batch, "prerouting", NFT_CHAIN_NAT, NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST);
	nft_put_chain(batch, "output", NFT_CHAIN_NAT, NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST);
	nft_put_chain(batch, "port", NULL, -1, 0);
	nft_put_chain(batch, "hairpin", NULL, -1, 0);
	nft_put_chain(batch, "hairpin_masquerade", NULL, -1, 0);
	nft_put_set(batch, NFT_SAME_LINK_SET, &same_link_type);
	for (int i = 0; i < 4; i++)
		nft_put_set(batch, nft_port_set(i / 2, i % 2), &port_type[i / 2][i % 2]);
}

void nft_put_masquerade_set(struct nft_batch *batch, bool ipv6, bool link, unsigned int length)
{
	char name[NFT_SET_NAME_SIZE];

	nft_put_set(batch, nft_masquerade_set(ipv6, link, length, name), &masquerade_type[ipv6][link]);
}

/* ------------------------------------------------------------------------------------------------------------ rules */

/* What is different in IPv4 and IPv6. */
static const struct family {
	uint8_t nfproto;
	uint32_t source;      /* offset in the header */
	uint32_t destination; /* offset in the header */
	uint32_t size;        /* of an address */
	unsigned int words;   /* registers that an address takes */
	uint32_t ct_destination;
	unsigned int loopback_bits;
	uint8_t loopback[16];
} families[2] = {
	{ NFPROTO_IPV4, offsetof(struct iphdr, saddr), offsetof(struct iphdr, daddr), 4, 1, NFT_CT_DST_IP, 8, { 127 } },
	{ NFPROTO_IPV6,
	  offsetof(struct ip6_hdr, ip6_src),
	  offsetof(struct ip6_hdr, ip6_dst),
	  16,
	  4,
	  NFT_CT_DST_IP6,
	  128,
	  { [15] = 1 } },
};

/* Goes on for packets of one family. */
static void match_family(struct nft_rule *rule, const struct family *family)
{
	nft_rule_meta(rule, NFT_META_NFPROTO, 0);
	nft_rule_compare(rule, NFT_CMP_EQ, 0, &family->nfproto, sizeof(family->nfproto));
}

static void put_local_jump(struct nft_batch *batch, const char *chain)
{
	struct nft_rule rule;

	nft_rule_begin(&rule, chain);
	nft_rule_fib_local(&rule, NFTA_FIB_F_DADDR);
	nft_rule_verdict(&rule, NFT_JUMP, "port");
	nft_rule_put(&rule, batch);
}

static void put_not_loopback(struct nft_batch *batch, const struct family *family)
{
	struct nft_rule rule;

	nft_rule_begin(&rule, "port");
	match_family(&rule, family);
	nft_rule_network(&rule, family->destination, family->size, 0);
	nft_rule_mask(&rule, 0, family->size, family->loopback_bits);
	nft_rule_compare(&rule, NFT_CMP_EQ, 0, family->loopback, family->size);
	nft_rule_verdict(&rule, NFT_RETURN, NULL);
	nft_rule_put(&rule, batch);
}

static void put_dnat(struct nft_batch *batch, bool ipv6, bool address)
{
	const struct family *family = &families[ipv6];
	unsigned int reg = 0;
	struct nft_rule rule;

	nft_rule_begin(&rule, "port");
	match_family(&rule, family);
	if (address) {
		nft_rule_network(&rule, family->destination, family->size, 0);
		reg = family->words;
	}
	nft_rule_meta(&rule, NFT_META_L4PROTO, reg);
	/* TCP, UDP and SCTP have the destination port at the same place */
	nft_rule_transport(&rule, 2, 2, reg + 1);
	nft_rule_map(&rule, nft_port_set(ipv6, address), 0);
	nft_rule_dnat(&rule, family->nfproto, 0, family->words);
	nft_rule_put(&rule, batch);
}

/* Connections whose original destination is in a map of ours, and not one that a stranger translated. */
static void put_ours(struct nft_batch *batch, bool ipv6, bool address)
{
	const struct family *family = &families[ipv6];
	unsigned int reg = 0;
	char comment[64];
	struct nft_rule rule;

	nft_rule_begin(&rule, "hairpin");
	match_family(&rule, family);
	if (address) {
		nft_rule_ct_original(&rule, family->ct_destination, 0);
		reg = family->words;
	}
	nft_rule_meta(&rule, NFT_META_L4PROTO, reg);
	nft_rule_ct_original(&rule, NFT_CT_PROTO_DST, reg + 1);
	nft_rule_map(&rule, nft_port_set(ipv6, address), 0);
	nft_rule_verdict(&rule, NFT_JUMP, "hairpin_masquerade");
	/* nft(8) does not show a lookup whose result is not used */
	snprintf(comment, sizeof(comment), "original destination is in %s", nft_port_set(ipv6, address));
	nft_rule_comment(&rule, comment);
	nft_rule_put(&rule, batch);
}

static void put_hairpin_masquerade(struct nft_batch *batch)
{
	static const char chain[] = "hairpin_masquerade";
	struct nft_rule rule;

	nft_rule_begin(&rule, chain);
	nft_rule_fib_local(&rule, NFTA_FIB_F_SADDR);
	nft_rule_masquerade(&rule);
	nft_rule_put(&rule, batch);

	nft_rule_begin(&rule, chain);
	nft_rule_meta(&rule, NFT_META_OIF, 0);
	nft_rule_meta(&rule, NFT_META_OIF, 1);
	nft_rule_update(&rule, NFT_SAME_LINK_SET, 0);
	nft_rule_put(&rule, batch);

	nft_rule_begin(&rule, chain);
	nft_rule_meta(&rule, NFT_META_IIF, 0);
	nft_rule_meta(&rule, NFT_META_OIF, 1);
	nft_rule_lookup(&rule, NFT_SAME_LINK_SET, 0, false);
	nft_rule_masquerade(&rule);
	nft_rule_put(&rule, batch);
}

static void put_hairpin_jump(struct nft_batch *batch)
{
	uint32_t zero = 0;
	struct nft_rule rule;

	nft_rule_begin(&rule, "postrouting");
	nft_rule_ct(&rule, NFT_CT_STATUS, 0);
	nft_rule_and(&rule, 0, IPS_DST_NAT);
	nft_rule_compare(&rule, NFT_CMP_NEQ, 0, &zero, sizeof(zero));
	nft_rule_verdict(&rule, NFT_JUMP, "hairpin");
	nft_rule_put(&rule, batch);
}

void nft_put_port_rules(struct nft_batch *batch)
{
	put_hairpin_jump(batch);
	put_local_jump(batch, "prerouting");
	put_local_jump(batch, "output");
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		put_not_loopback(batch, &families[ipv6]);
		for (int address = 1; address >= 0; address--) {
			put_dnat(batch, ipv6, address);
			put_ours(batch, ipv6, address);
		}
	}
	put_hairpin_masquerade(batch);
}

void nft_put_masquerade_rule(struct nft_batch *batch, bool ipv6, bool link, unsigned int length)
{
	const struct family *family = &families[ipv6];
	char set[NFT_SET_NAME_SIZE];
	struct nft_rule rule;

	nft_masquerade_set(ipv6, link, length, set);
	nft_rule_begin(&rule, "postrouting");
	match_family(&rule, family);
	nft_rule_network(&rule, family->source, family->size, 0);
	nft_rule_mask(&rule, 0, family->size, length);
	if (link) {
		nft_rule_meta(&rule, NFT_META_OIFNAME, family->words);
		nft_rule_lookup(&rule, set, 0, false);
	} else {
		/* from a network of the set: found with itself; to the same one: found with that */
		nft_rule_network(&rule, family->source, family->size, family->words);
		nft_rule_mask(&rule, family->words, family->size, length);
		nft_rule_lookup(&rule, set, 0, false);
		nft_rule_network(&rule, family->destination, family->size, family->words);
		nft_rule_mask(&rule, family->words, family->size, length);
		nft_rule_lookup(&rule, set, 0, true);
	}
	nft_rule_masquerade(&rule);
	nft_rule_put(&rule, batch);
}

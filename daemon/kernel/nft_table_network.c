/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What our table does for networks.
 *
 *   forward        what belongs to a connection: passes; what is related to one: passes
 *                  from an internal network out: dropped, also through a port mapping that leads there
 *                  what a port mapping translated: passes
 *                  from a network: network_from; else into an internal one: dropped
 *   network_from   to a network: only where there is a way
 *   postrouting    from a network with NAT, to none: masquerade
 *
 * Every question is one lookup, so a packet is asked the same few however many networks there are. What passes here may
 * still be dropped by somebody else's rules: an accept ends this chain alone.
 *
 * What this file deliberately does not do: judge packets to the host itself, which has a firewall or has none.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include "nft_put.h"
#include "nft_rule.h"
#include "nft_table.h"

/* Registers that the name of a link takes. */
#define NAME 4

static const struct nft_set_type types[NFT_NETWORK_SETS] = {
	[NFT_NETWORK] = { 0, { FIELD_IFNAME }, { 0 }, "VLAN, name, parent, gateway of IPv4 and IPv6, mtu" },
	[NFT_NETWORK_NAT] = { 0, { FIELD_IFNAME }, { 0 }, "masqueraded on the way out" },
	[NFT_NETWORK_INTERNAL] = { 0, { FIELD_IFNAME }, { 0 }, "no way in or out" },
	[NFT_NETWORK_WAY] = { 0, { FIELD_IFNAME, FIELD_IFNAME }, { 0 }, "connections from the first to the second pass" },
	[NFT_NETWORK_ALLOWED] = { 0, { FIELD_IFNAME, FIELD_IFNAME }, { 0 }, "ways that were asked for" },
	[NFT_NETWORK_FORWARDING] = { 0, { FIELD_FAMILY }, { 0 }, "turned on for networks" },
	[NFT_NETWORK_VLAN] = { NFT_SET_MAP, { FIELD_VLAN }, { FIELD_IFNAME }, "the link with that VLAN" },
	[NFT_NETWORK_NAME] = { NFT_SET_MAP,
	                       { FIELD_IFNAME, FIELD_IFNAME, FIELD_IFNAME },
	                       { FIELD_IFNAME },
	                       "the link of the network of that name, which is cut into three" },
	[NFT_NETWORK_IPV4] = { NFT_SET_MAP | NFT_SET_INTERVAL, { FIELD_IPV4 }, { FIELD_IFNAME }, "the link with that subnet" },
	[NFT_NETWORK_IPV6] = { NFT_SET_MAP | NFT_SET_INTERVAL, { FIELD_IPV6 }, { FIELD_IFNAME }, "the link with that subnet" },
};

const struct nft_set_type *nft_network_set_type(const char *name)
{
	for (int i = 0; i < NFT_NETWORK_SETS; i++)
		if (strcmp(name, nft_network_set((enum nft_network_set)i)) == 0)
			return &types[i];
	return NULL;
}

void nft_put_network_sets(struct nft_batch *batch, bool allowed)
{
	nft_put_chain(batch, "forward", "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER);
	nft_put_chain(batch, "network_from", NULL, -1, 0);
	for (int i = 0; i < NFT_NETWORK_SETS; i++)
		if (i != NFT_NETWORK_ALLOWED || allowed)
			nft_put_set(batch, nft_network_set((enum nft_network_set)i), &types[i]);
}

/* Goes on for packets with one of these bits in something about their connection. */
static void match_bits(struct nft_rule *rule, uint32_t key, uint32_t bits)
{
	uint32_t zero = 0;

	nft_rule_ct(rule, key, 0);
	nft_rule_and(rule, 0, bits);
	nft_rule_compare(rule, NFT_CMP_NEQ, 0, &zero, sizeof(zero));
}

/* Goes on for packets whose link (NFT_META_IIFNAME, NFT_META_OIFNAME) is in the set, or is not. */
static void match_link(struct nft_rule *rule, uint32_t key, enum nft_network_set set, bool inverted)
{
	nft_rule_meta(rule, key, 0);
	nft_rule_lookup(rule, nft_network_set(set), 0, inverted);
}

static void put_connection(struct nft_batch *batch, uint32_t key, uint32_t bits)
{
	struct nft_rule rule;

	nft_rule_begin(&rule, "forward");
	match_bits(&rule, key, bits);
	nft_rule_verdict(&rule, NF_ACCEPT, NULL);
	nft_rule_put(&rule, batch);
}

static void put_internal(struct nft_batch *batch)
{
	struct nft_rule rule;

	nft_rule_begin(&rule, "forward");
	match_link(&rule, NFT_META_IIFNAME, NFT_NETWORK_INTERNAL, false);
	match_link(&rule, NFT_META_OIFNAME, NFT_NETWORK, true);
	nft_rule_verdict(&rule, NF_DROP, NULL);
	nft_rule_put(&rule, batch);
}

static void put_link_verdict(struct nft_batch *batch, const char *chain, uint32_t key, enum nft_network_set set, int verdict,
                             const char *to)
{
	struct nft_rule rule;

	nft_rule_begin(&rule, chain);
	match_link(&rule, key, set, false);
	nft_rule_verdict(&rule, verdict, to);
	nft_rule_put(&rule, batch);
}

static void put_way(struct nft_batch *batch)
{
	struct nft_rule rule;

	nft_rule_begin(&rule, "network_from");
	nft_rule_meta(&rule, NFT_META_IIFNAME, 0);
	nft_rule_meta(&rule, NFT_META_OIFNAME, NAME);
	nft_rule_lookup(&rule, nft_network_set(NFT_NETWORK_WAY), 0, false);
	nft_rule_verdict(&rule, NF_ACCEPT, NULL);
	nft_rule_put(&rule, batch);
}

static void put_nat(struct nft_batch *batch)
{
	struct nft_rule rule;

	nft_rule_begin(&rule, "postrouting");
	match_link(&rule, NFT_META_IIFNAME, NFT_NETWORK_NAT, false);
	match_link(&rule, NFT_META_OIFNAME, NFT_NETWORK, true);
	nft_rule_masquerade(&rule);
	nft_rule_put(&rule, batch);
}

void nft_put_network_rules(struct nft_batch *batch)
{
	/* two rules, and not one: by how many there are a table of a former release is told from ours */
	put_connection(batch, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED));
	put_connection(batch, NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_RELATED));
	put_internal(batch);
	put_connection(batch, NFT_CT_STATUS, IPS_DST_NAT);
	put_link_verdict(batch, "forward", NFT_META_IIFNAME, NFT_NETWORK, NFT_JUMP, "network_from");
	put_link_verdict(batch, "forward", NFT_META_OIFNAME, NFT_NETWORK_INTERNAL, NF_DROP, NULL);
	put_way(batch);
	put_link_verdict(batch, "network_from", NFT_META_OIFNAME, NFT_NETWORK, NF_DROP, NULL);
	put_nat(batch);
}

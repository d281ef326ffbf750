/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table “inet hycan”, as it is made: sets and chains where they are missing, and all rules anew.
 *
 * Which those are is said elsewhere, for port mappings and masqueraded subnets (nft_table_nat.c) and for networks
 * (nft_table_network.c). They meet in the chain postrouting, which leaves loopback alone before any of them.
 *
 * What this file deliberately does not do: filter. Which packets may pass between networks is nft_table_network.c's; all
 * others are decided on elsewhere.
 */
#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include <libnftnl/udata.h>

#include "nft_put.h"
#include "nft_rule.h"
#include "nft_table.h"

static const char module_nat[] = "chains of type nat (module nft_chain_nat)";

/* ------------------------------------------------------------------------------------------------------------- sets */

/* Elements that packets may add to a set, which lives as long as the table. */
enum { EVAL_SIZE = 65535 };

static void put_fields(struct nlmsghdr *nlh, uint16_t type_attr, uint16_t size_attr, const uint16_t *field)
{
	uint32_t type = *field >> 8, size = *field & 0xffu;

	/* of several each begins with a register */
	while (*++field) {
		type = type << TYPE_BITS | *field >> 8;
		size = ((size + 3) & ~3u) + (((*field & 0xffu) + 3) & ~3u);
	}
	mnl_attr_put_u32(nlh, type_attr, htonl(type));
	mnl_attr_put_u32(nlh, size_attr, htonl(size));
}

/* What nft(8) wants to know of one name: in which order its bytes are, the host's. */
static uint32_t put_host_order(uint8_t *userdata, uint32_t size, uint8_t what, const uint16_t *field)
{
	static const uint32_t host_order = 1;

	if (field[0] != FIELD_IFNAME || field[1])
		return size;
	userdata[size++] = what;
	userdata[size++] = sizeof(host_order);
	memcpy(userdata + size, &host_order, sizeof(host_order));
	return size + (uint32_t)sizeof(host_order);
}

static void put_userdata(struct nlmsghdr *nlh, const struct nft_set_type *type)
{
	uint8_t userdata[NFT_COMMENT_SIZE + 2 * 6];
	uint32_t size = nft_comment(userdata, NFTNL_UDATA_SET_COMMENT, type->comment);

	size = put_host_order(userdata, size, NFTNL_UDATA_SET_KEYBYTEORDER, type->key);
	size = put_host_order(userdata, size, NFTNL_UDATA_SET_DATABYTEORDER, type->data);
	mnl_attr_put(nlh, NFTA_SET_USERDATA, size, userdata);
}

const struct nft_set_type *nft_set_type(const char *name)
{
	const struct nft_set_type *type = nft_network_set_type(name);

	return type ? type : nft_nat_set_type(name);
}

void nft_put_set(struct nft_batch *batch, const char *name, const struct nft_set_type *type)
{
	struct nlmsghdr *nlh = nft_batch_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE, NULL);

	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, NFT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, name);
	mnl_attr_put_u32(nlh, NFTA_SET_FLAGS, htonl(type->flags));
	/* rules name the set; a number has to be there */
	mnl_attr_put_u32(nlh, NFTA_SET_ID, htonl(nlh->nlmsg_seq));
	put_fields(nlh, NFTA_SET_KEY_TYPE, NFTA_SET_KEY_LEN, type->key);
	if (type->flags & NFT_SET_MAP)
		put_fields(nlh, NFTA_SET_DATA_TYPE, NFTA_SET_DATA_LEN, type->data);
	if (type->flags & NFT_SET_EVAL) {
		struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_SET_DESC);

		mnl_attr_put_u32(nlh, NFTA_SET_DESC_SIZE, htonl(EVAL_SIZE));
		mnl_attr_nest_end(nlh, nest);
	}
	put_userdata(nlh, type);
	nft_batch_message_end(batch, nlh);
}

/* ------------------------------------------------------------------------------------------------ tables and chains */

static void put_table(struct nft_batch *batch)
{
	struct nlmsghdr *nlh = nft_batch_message(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, "family inet (module nf_tables)");

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, NFT_TABLE);
	nft_batch_message_end(batch, nlh);
}

void nft_put_chain(struct nft_batch *batch, const char *name, const char *type, int hook, int priority)
{
	const bool nat = type && strcmp(type, NFT_CHAIN_NAT) == 0;
	struct nlmsghdr *nlh = nft_batch_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, nat ? module_nat : NULL);

	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, NFT_TABLE);
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, name);
	if (hook >= 0) {
		struct nlattr *nest = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);

		mnl_attr_put_u32(nlh, NFTA_HOOK_HOOKNUM, htonl((uint32_t)hook));
		mnl_attr_put_u32(nlh, NFTA_HOOK_PRIORITY, htonl((uint32_t)priority));
		mnl_attr_nest_end(nlh, nest);
		mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, type);
	}
	nft_batch_message_end(batch, nlh);
}

static void delete_rules(struct nft_batch *batch)
{
	struct nlmsghdr *nlh = nft_batch_message(batch, NFT_MSG_DELRULE, 0, NULL);

	mnl_attr_put_strz(nlh, NFTA_RULE_TABLE, NFT_TABLE);
	nft_batch_message_end(batch, nlh);
}

/* ----------------------------------------------------------------------------------------------------------- layout */

/* Rules that belong to the table itself. */
enum { TABLE_RULES = 1 };

static void put_postrouting(struct nft_batch *batch)
{
	uint16_t loopback = ARPHRD_LOOPBACK;
	struct nft_rule rule;

	nft_rule_begin(&rule, "postrouting");
	nft_rule_meta(&rule, NFT_META_OIFTYPE, 0);
	nft_rule_compare(&rule, NFT_CMP_EQ, 0, &loopback, sizeof(loopback));
	nft_rule_verdict(&rule, NFT_RETURN, NULL);
	nft_rule_put(&rule, batch);
}

/* Calls for each set of masqueraded subnets. */
static void put_each(struct nft_batch *batch, const struct nft_layout *layout,
                     void (*put)(struct nft_batch *batch, bool ipv6, bool link, unsigned int length))
{
	for (int i = 0; i < 4; i++)
		for (unsigned int length = 0; length <= 128; length++)
			if (layout->masquerade[i / 2][i % 2][length])
				put(batch, i / 2, i % 2, length);
}

void nft_layout_put(struct nft_batch *batch, const struct nft_layout *layout)
{
	put_table(batch);
	nft_put_chain(batch, "postrouting", NFT_CHAIN_NAT, NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);
	if (layout->ports)
		nft_put_port_sets(batch);
	put_each(batch, layout, nft_put_masquerade_set);
	if (layout->networks)
		nft_put_network_sets(batch, layout->allowed);
	delete_rules(batch);
	put_postrouting(batch);
	if (layout->ports)
		nft_put_port_rules(batch);
	if (layout->networks)
		nft_put_network_rules(batch);
	put_each(batch, layout, nft_put_masquerade_rule);
}

/* Whether all is there that belongs to the sets, with so many rules for networks. */
static bool has_all(const struct nft_layout *layout, size_t network_rules)
{
	size_t n = TABLE_RULES + (layout->ports ? NFT_PORT_RULES : 0) + (layout->networks ? network_rules : 0);

	for (int i = 0; i < 4; i++)
		for (unsigned int length = 0; length <= 128; length++)
			n += layout->masquerade[i / 2][i % 2][length] ? NFT_MASQUERADE_RULES : 0;
	return layout->rules == n && (!layout->networks || layout->network_sets == NFT_NETWORK_SETS - 1);
}

bool nft_layout_is_whole(const struct nft_layout *layout)
{
	return has_all(layout, NFT_NETWORK_RULES);
}

bool nft_layout_is_former(const struct nft_layout *layout)
{
	return layout->networks && has_all(layout, NFT_NETWORK_RULES_FORMER);
}

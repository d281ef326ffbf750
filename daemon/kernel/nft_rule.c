/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of nf_tables, expression by expression: libnftnl with the few expressions that we use, and nothing of our own. */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>

#include "nft_rule.h"

/* The kernel's number of a register of four bytes. */
#define REGISTER(n) ((uint32_t)(NFT_REG32_00 + (n)))

void nft_rule_begin(struct nft_rule *rule, const char *chain)
{
	*rule = (struct nft_rule){ .rule = nftnl_rule_alloc() };
	if (!rule->rule) {
		rule->failed = true;
		return;
	}
	nftnl_rule_set_u32(rule->rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
	rule->failed = nftnl_rule_set_str(rule->rule, NFTNL_RULE_TABLE, NFT_TABLE) < 0 ||
	               nftnl_rule_set_str(rule->rule, NFTNL_RULE_CHAIN, chain) < 0;
}

/* Adds an expression; NULL when there is no memory. */
static struct nftnl_expr *expression(struct nft_rule *rule, const char *name)
{
	struct nftnl_expr *e = rule->failed ? NULL : nftnl_expr_alloc(name);

	if (!e) {
		rule->failed = true;
		return NULL;
	}
	nftnl_rule_add_expr(rule->rule, e);
	return e;
}

static void set_u32(struct nftnl_expr *e, uint16_t attribute, uint32_t value)
{
	if (e)
		nftnl_expr_set_u32(e, attribute, value);
}

static void set_data(struct nft_rule *rule, struct nftnl_expr *e, uint16_t attribute, const void *data, uint32_t size)
{
	if (e && nftnl_expr_set(e, attribute, data, size) < 0)
		rule->failed = true;
}

static void set_text(struct nft_rule *rule, struct nftnl_expr *e, uint16_t attribute, const char *text)
{
	if (e && nftnl_expr_set_str(e, attribute, text) < 0)
		rule->failed = true;
}

void nft_rule_meta(struct nft_rule *rule, uint32_t key, unsigned int reg)
{
	struct nftnl_expr *e = expression(rule, "meta");

	set_u32(e, NFTNL_EXPR_META_KEY, key);
	set_u32(e, NFTNL_EXPR_META_DREG, REGISTER(reg));
}

static void payload(struct nft_rule *rule, uint32_t base, uint32_t offset, uint32_t size, unsigned int reg)
{
	struct nftnl_expr *e = expression(rule, "payload");

	set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, size);
	set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, REGISTER(reg));
}

void nft_rule_network(struct nft_rule *rule, uint32_t offset, uint32_t size, unsigned int reg)
{
	payload(rule, NFT_PAYLOAD_NETWORK_HEADER, offset, size, reg);
}

void nft_rule_transport(struct nft_rule *rule, uint32_t offset, uint32_t size, unsigned int reg)
{
	payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, offset, size, reg);
}

void nft_rule_ct(struct nft_rule *rule, uint32_t key, unsigned int reg)
{
	struct nftnl_expr *e = expression(rule, "ct");

	set_u32(e, NFTNL_EXPR_CT_KEY, key);
	set_u32(e, NFTNL_EXPR_CT_DREG, REGISTER(reg));
	rule->module = "connection tracking in rules (module nft_ct)";
}

void nft_rule_ct_original(struct nft_rule *rule, uint32_t key, unsigned int reg)
{
	uint8_t direction = IP_CT_DIR_ORIGINAL;
	struct nftnl_expr *e = expression(rule, "ct");

	set_u32(e, NFTNL_EXPR_CT_KEY, key);
	set_u32(e, NFTNL_EXPR_CT_DREG, REGISTER(reg));
	set_data(rule, e, NFTNL_EXPR_CT_DIR, &direction, sizeof(direction));
	rule->module = "connection tracking in rules (module nft_ct)";
}

void nft_rule_fib_local(struct nft_rule *rule, uint32_t flag)
{
	struct nftnl_expr *e = expression(rule, "fib");
	uint32_t type = RTN_LOCAL;

	set_u32(e, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	set_u32(e, NFTNL_EXPR_FIB_FLAGS, flag);
	set_u32(e, NFTNL_EXPR_FIB_DREG, REGISTER(0));
	nft_rule_compare(rule, NFT_CMP_EQ, 0, &type, sizeof(type));
	rule->module = "address types in rules (modules nft_fib_inet, nft_fib_ipv4, nft_fib_ipv6)";
}

static void bitwise(struct nft_rule *rule, unsigned int reg, const void *mask, uint32_t size)
{
	static const uint8_t zero[16];
	struct nftnl_expr *e = expression(rule, "bitwise");

	set_u32(e, NFTNL_EXPR_BITWISE_SREG, REGISTER(reg));
	set_u32(e, NFTNL_EXPR_BITWISE_DREG, REGISTER(reg));
	set_u32(e, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	set_u32(e, NFTNL_EXPR_BITWISE_LEN, size);
	set_data(rule, e, NFTNL_EXPR_BITWISE_MASK, mask, size);
	set_data(rule, e, NFTNL_EXPR_BITWISE_XOR, zero, size);
}

void nft_rule_mask(struct nft_rule *rule, unsigned int reg, uint32_t size, unsigned int bits)
{
	uint8_t mask[16] = { 0 };

	if (bits == size * 8)
		return;
	for (unsigned int i = 0; i < bits; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	bitwise(rule, reg, mask, size);
}

void nft_rule_and(struct nft_rule *rule, unsigned int reg, uint32_t mask)
{
	bitwise(rule, reg, &mask, sizeof(mask));
}

void nft_rule_compare(struct nft_rule *rule, uint32_t how, unsigned int reg, const void *data, uint32_t size)
{
	struct nftnl_expr *e = expression(rule, "cmp");

	set_u32(e, NFTNL_EXPR_CMP_SREG, REGISTER(reg));
	set_u32(e, NFTNL_EXPR_CMP_OP, how);
	set_data(rule, e, NFTNL_EXPR_CMP_DATA, data, size);
}

static struct nftnl_expr *lookup(struct nft_rule *rule, const char *set, unsigned int reg)
{
	struct nftnl_expr *e = expression(rule, "lookup");

	set_u32(e, NFTNL_EXPR_LOOKUP_SREG, REGISTER(reg));
	set_text(rule, e, NFTNL_EXPR_LOOKUP_SET, set);
	return e;
}

void nft_rule_lookup(struct nft_rule *rule, const char *set, unsigned int reg, bool inverted)
{
	struct nftnl_expr *e = lookup(rule, set, reg);

	if (inverted)
		set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

void nft_rule_map(struct nft_rule *rule, const char *map, unsigned int reg)
{
	set_u32(lookup(rule, map, reg), NFTNL_EXPR_LOOKUP_DREG, REGISTER(reg));
}

void nft_rule_update(struct nft_rule *rule, const char *set, unsigned int reg)
{
	struct nftnl_expr *e = expression(rule, "dynset");

	set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, REGISTER(reg));
	set_text(rule, e, NFTNL_EXPR_DYNSET_SET_NAME, set);
}

void nft_rule_dnat(struct nft_rule *rule, uint32_t family, unsigned int address, unsigned int port)
{
	struct nftnl_expr *e = expression(rule, "nat");

	set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	set_u32(e, NFTNL_EXPR_NAT_FAMILY, family);
	set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, REGISTER(address));
	set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, REGISTER(port));
	rule->module = "address translation (module nft_nat)";
}

void nft_rule_masquerade(struct nft_rule *rule)
{
	expression(rule, "masq");
	rule->module = "masquerade (module nft_masq)";
}

void nft_rule_verdict(struct nft_rule *rule, int verdict, const char *chain)
{
	struct nftnl_expr *e = expression(rule, "immediate");

	set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		set_text(rule, e, NFTNL_EXPR_IMM_CHAIN, chain);
}

void nft_rule_comment(struct nft_rule *rule, const char *text)
{
	uint8_t userdata[NFT_COMMENT_SIZE];

	if (!rule->failed && nftnl_rule_set_data(rule->rule, NFTNL_RULE_USERDATA, userdata,
	                                         nft_comment(userdata, NFTNL_UDATA_RULE_COMMENT, text)) < 0)
		rule->failed = true;
}

void nft_rule_put(struct nft_rule *rule, struct nft_batch *batch)
{
	struct nlmsghdr *nlh = nft_batch_message(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, rule->module);

	if (rule->failed)
		batch->error = -ENOMEM;
	else
		nftnl_rule_nlmsg_build_payload(nlh, rule->rule);
	nft_batch_message_end(batch, nlh);
	if (rule->rule)
		nftnl_rule_free(rule->rule);
	rule->rule = NULL;
}

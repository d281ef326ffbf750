/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy routing rules.
 *
 * To the kernel two rules that differ in priority alone are two rules, and it gives each new one another priority: asked
 * twice, it would have two. Deleting goes by whatever is given, so a request without selectors takes the first rule,
 * which is the one that makes local addresses work. Here the rules are read first, there are never many, and the one to
 * delete is named by the kernel's own message about it, with the selectors that HyCAN has no words for.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "attribute.h"
#include "netlink.h"
#include "rule.h"
#include "rule_read.h"

/* Largest message about a rule; today's have some 200 bytes. */
#define RULE_MESSAGE_MAX 1024

/* ---------------------------------------------------------------------------------------------------------- reading */

/* Attributes that struct hycan_rule has a field for, and those that select nothing. */
static bool known_attribute(const struct nlattr *attr)
{
	uint32_t value;

	switch (mnl_attr_get_type(attr)) {
	case FRA_DST:
	case FRA_SRC:
	case FRA_IIFNAME:
	case FRA_OIFNAME:
	case FRA_GOTO:
	case FRA_PRIORITY:
	case FRA_FWMARK:
	case FRA_FWMASK:
	case FRA_SUPPRESS_PREFIXLEN:
	case FRA_TABLE:
	case FRA_PROTOCOL:
	case FRA_PAD:
		return true;
	case FRA_SUPPRESS_IFGROUP:
		return attribute_u32(attr, &value) && value == UINT32_MAX;
	}
	return false;
}

static bool read_prefix(const struct nlattr *attr, uint8_t family, uint8_t length, struct hycan_prefix *ret_prefix)
{
	if (length == 0 || !attribute_address(attr, family, &ret_prefix->address))
		return false;
	ret_prefix->length = length;
	return true;
}

static void read_mark(const struct nlattr *const *a, struct hycan_rule *rule)
{
	rule->has_fwmark = attribute_u32(a[FRA_FWMARK], &rule->fwmark);
	rule->has_fwmask = attribute_u32(a[FRA_FWMASK], &rule->fwmask);
	/* the kernel leaves out a mark of 0 under a mask */
	if (rule->has_fwmask)
		rule->has_fwmark = true;
	if (rule->fwmask == UINT32_MAX)
		rule->has_fwmask = false;
}

static bool read_action(uint8_t number, struct hycan_rule *rule)
{
	enum hycan_rule_action action = (enum hycan_rule_action)number;

	switch (action) {
	case HYCAN_RULE_ACTION_LOOKUP:
	case HYCAN_RULE_ACTION_GOTO:
	case HYCAN_RULE_ACTION_NOP:
	case HYCAN_RULE_ACTION_BLACKHOLE:
	case HYCAN_RULE_ACTION_UNREACHABLE:
	case HYCAN_RULE_ACTION_PROHIBIT:
		rule->has_action = true;
		rule->action = action;
		return true;
	}
	return false;
}

/* False for what is no rule of IPv4 or IPv6 with an action that has a word. */
bool rule_read(const struct nlmsghdr *nlh, struct hycan_rule *rule, bool *ret_whole)
{
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[FRA_MAX + 1], *attr;

	if (nlh->nlmsg_type != RTM_NEWRULE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*header) ||
	    attribute_address_size(header->family) == 0)
		return false;
	memset(rule, 0, sizeof(*rule));
	if (!read_action(header->action, rule))
		return false;
	netlink_parse(nlh, sizeof(*header), a, FRA_MAX);
	rule->family = header->family;
	rule->has_priority = true;
	(void)attribute_u32(a[FRA_PRIORITY], &rule->priority);
	rule->has_from = read_prefix(a[FRA_SRC], header->family, header->src_len, &rule->from);
	rule->has_to = read_prefix(a[FRA_DST], header->family, header->dst_len, &rule->to);
	rule->has_in_interface = attribute_text(a[FRA_IIFNAME], rule->in_interface, sizeof(rule->in_interface));
	rule->has_out_interface = attribute_text(a[FRA_OIFNAME], rule->out_interface, sizeof(rule->out_interface));
	read_mark(a, rule);
	if (rule->action == HYCAN_RULE_ACTION_LOOKUP) {
		if (!attribute_u32(a[FRA_TABLE], &rule->table))
			rule->table = header->table;
		rule->has_table = rule->table != RT_TABLE_UNSPEC;
	}
	rule->has_goto_priority = rule->action == HYCAN_RULE_ACTION_GOTO && attribute_u32(a[FRA_GOTO], &rule->goto_priority);
	rule->has_invert = rule->invert = header->flags & FIB_RULE_INVERT;
	rule->has_suppress_prefix_length = attribute_u32(a[FRA_SUPPRESS_PREFIXLEN], &rule->suppress_prefix_length) &&
	                                   rule->suppress_prefix_length != UINT32_MAX;
	rule->has_protocol = attribute_bytes(a[FRA_PROTOCOL], &rule->protocol, sizeof(rule->protocol));
	/* a rule with no table to look in has one by other means (l3mdev) */
	*ret_whole = header->tos == 0 && (rule->action != HYCAN_RULE_ACTION_LOOKUP || rule->has_table);
	mnl_attr_for_each (attr, nlh, sizeof(*header))
		*ret_whole = *ret_whole && known_attribute(attr);
	return true;
}

struct listing {
	uint8_t family;
	kernel_rule_found *found;
	void *userdata;
};

static int list_answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct listing *l = userdata;
	struct hycan_rule rule;
	bool whole;

	if (!rule_read(nlh, &rule, &whole) || rule.family != l->family)
		return 0;
	return l->found(&rule, whole, l->userdata);
}

static struct nlmsghdr *rule_message(struct kernel_scope *scope, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *nlh = netlink_message(scope, type, flags);
	struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));

	header->family = family;
	return nlh;
}

/* Dumps the rules of a family; a kernel without that family has none. */
static int dump(struct kernel_scope *scope, uint8_t family, netlink_answer *answer, void *userdata)
{
	struct nlmsghdr *nlh = rule_message(scope, RTM_GETRULE, NLM_F_DUMP, family);
	int r = netlink_request(scope, NETLINK_ROUTE, nlh, answer, userdata);

	return r == -EAFNOSUPPORT ? 0 : r;
}

int kernel_rule_list(struct kernel_scope *scope, uint8_t family, kernel_rule_found *found, void *userdata)
{
	struct listing l = { .found = found, .userdata = userdata };
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	int r = 0;

	for (size_t i = 0; i < 2 && r == 0; i++) {
		l.family = families[i];
		if (!family || family == l.family)
			r = dump(scope, l.family, list_answer, &l);
	}
	return r;
}

/* -------------------------------------------------------------------------------------------------------- comparing */

/* A prefix of length 0 selects everything, as does none. */
static bool same_prefix(bool has_a, const struct hycan_prefix *a, bool has_b, const struct hycan_prefix *b)
{
	uint8_t length_a = has_a ? a->length : 0, length_b = has_b ? b->length : 0;

	return length_a == length_b && (length_a == 0 || attribute_same_address(&a->address, &b->address));
}

static bool same_name(bool has_a, const char *a, bool has_b, const char *b)
{
	return has_a == has_b && (!has_a || strcmp(a, b) == 0);
}

static uint32_t mask(const struct hycan_rule *rule)
{
	return rule->has_fwmask ? rule->fwmask : rule->has_fwmark ? UINT32_MAX : 0;
}

/* The kernel keeps a mark as it is given, also where the mask hides a part of it. */
static bool same_mark(const struct hycan_rule *a, const struct hycan_rule *b)
{
	return mask(a) == mask(b) && (mask(a) == 0 || a->fwmark == b->fwmark);
}

static enum hycan_rule_action action(const struct hycan_rule *rule)
{
	return rule->has_action ? rule->action : HYCAN_RULE_ACTION_LOOKUP;
}

static uint32_t table(const struct hycan_rule *rule)
{
	return rule->has_table ? rule->table : RT_TABLE_MAIN;
}

bool kernel_rule_matches(const struct hycan_rule *wanted, const struct hycan_rule *there)
{
	return wanted->family == there->family && (!wanted->has_priority || wanted->priority == there->priority) &&
	       (!wanted->has_from || same_prefix(true, &wanted->from, there->has_from, &there->from)) &&
	       (!wanted->has_to || same_prefix(true, &wanted->to, there->has_to, &there->to)) &&
	       (!wanted->has_in_interface || same_name(true, wanted->in_interface, there->has_in_interface, there->in_interface)) &&
	       (!wanted->has_out_interface ||
	        same_name(true, wanted->out_interface, there->has_out_interface, there->out_interface)) &&
	       (!wanted->has_fwmark || same_mark(wanted, there)) && (!wanted->has_action || wanted->action == there->action) &&
	       (!wanted->has_table || (there->has_table && wanted->table == there->table)) &&
	       (!wanted->has_goto_priority || (there->has_goto_priority && wanted->goto_priority == there->goto_priority)) &&
	       (!wanted->has_invert || wanted->invert == there->invert) &&
	       (!wanted->has_suppress_prefix_length ||
	        (there->has_suppress_prefix_length && wanted->suppress_prefix_length == there->suppress_prefix_length)) &&
	       (!wanted->has_protocol || (there->has_protocol && wanted->protocol == there->protocol));
}

bool kernel_rule_same(const struct hycan_rule *wanted, const struct hycan_rule *there)
{
	return wanted->family == there->family && (!wanted->has_priority || wanted->priority == there->priority) &&
	       same_prefix(wanted->has_from, &wanted->from, there->has_from, &there->from) &&
	       same_prefix(wanted->has_to, &wanted->to, there->has_to, &there->to) &&
	       same_name(wanted->has_in_interface, wanted->in_interface, there->has_in_interface, there->in_interface) &&
	       same_name(wanted->has_out_interface, wanted->out_interface, there->has_out_interface, there->out_interface) &&
	       same_mark(wanted, there) && action(wanted) == action(there) &&
	       (action(wanted) != HYCAN_RULE_ACTION_LOOKUP || table(wanted) == table(there)) &&
	       (action(wanted) != HYCAN_RULE_ACTION_GOTO || wanted->goto_priority == there->goto_priority) &&
	       (wanted->has_invert && wanted->invert) == there->invert &&
	       wanted->has_suppress_prefix_length == there->has_suppress_prefix_length &&
	       (!wanted->has_suppress_prefix_length || wanted->suppress_prefix_length == there->suppress_prefix_length);
}

/* --------------------------------------------------------------------------------------------------------- changing */

static int added(const struct nlmsghdr *nlh, void *userdata)
{
	struct hycan_rule rule;
	bool whole;

	if (rule_read(nlh, &rule, &whole))
		*(struct hycan_rule *)userdata = rule;
	return 0;
}

int kernel_rule_add(struct kernel_scope *scope, const struct hycan_rule *rule, struct hycan_rule *ret_rule)
{
	struct nlmsghdr *nlh = rule_message(scope, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ECHO, (uint8_t)rule->family);
	struct fib_rule_hdr *header = mnl_nlmsg_get_payload(nlh);

	header->action = (uint8_t)action(rule);
	if (rule->has_invert && rule->invert)
		header->flags |= FIB_RULE_INVERT;
	if (rule->has_from && rule->from.length) {
		header->src_len = rule->from.length;
		attribute_put_address(nlh, FRA_SRC, &rule->from.address);
	}
	if (rule->has_to && rule->to.length) {
		header->dst_len = rule->to.length;
		attribute_put_address(nlh, FRA_DST, &rule->to.address);
	}
	if (rule->has_in_interface)
		mnl_attr_put_strz(nlh, FRA_IIFNAME, rule->in_interface);
	if (rule->has_out_interface)
		mnl_attr_put_strz(nlh, FRA_OIFNAME, rule->out_interface);
	if (rule->has_fwmark) {
		/* without a mask the kernel would take mark 0 for any mark */
		mnl_attr_put_u32(nlh, FRA_FWMARK, rule->fwmark);
		mnl_attr_put_u32(nlh, FRA_FWMASK, mask(rule));
	}
	if (rule->has_priority)
		mnl_attr_put_u32(nlh, FRA_PRIORITY, rule->priority);
	if (header->action == FR_ACT_TO_TBL)
		mnl_attr_put_u32(nlh, FRA_TABLE, table(rule));
	if (header->action == FR_ACT_GOTO)
		mnl_attr_put_u32(nlh, FRA_GOTO, rule->goto_priority);
	if (rule->has_suppress_prefix_length)
		mnl_attr_put_u32(nlh, FRA_SUPPRESS_PREFIXLEN, rule->suppress_prefix_length);
	mnl_attr_put_u8(nlh, FRA_PROTOCOL, rule->has_protocol ? rule->protocol : RTPROT_STATIC);
	*ret_rule = *rule;
	return netlink_request(scope, NETLINK_ROUTE, nlh, added, ret_rule);
}

struct removal {
	const struct hycan_rule *wanted;
	bool exact;
	struct hycan_rule *ret_rule;
	union {
		struct nlmsghdr nlh;
		uint8_t bytes[RULE_MESSAGE_MAX];
	} found;
};

static int removal_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct removal *x = userdata;
	struct hycan_rule rule;
	bool whole;

	if (x->found.nlh.nlmsg_len || !rule_read(nlh, &rule, &whole))
		return 0;
	if (x->exact ? !whole || !kernel_rule_same(x->wanted, &rule) : !kernel_rule_matches(x->wanted, &rule))
		return 0;
	if (nlh->nlmsg_len > sizeof(x->found))
		return -EMSGSIZE;
	memcpy(&x->found, nlh, nlh->nlmsg_len);
	*x->ret_rule = rule;
	return 0;
}

int kernel_rule_remove(struct kernel_scope *scope, const struct hycan_rule *wanted, bool exact, kernel_rule_may *may,
                       void *userdata, struct hycan_rule *ret_rule)
{
	struct removal x = { .wanted = wanted, .exact = exact, .ret_rule = ret_rule };
	int r;

	r = dump(scope, (uint8_t)wanted->family, removal_answer, &x);
	if (r < 0)
		return r;
	if (!x.found.nlh.nlmsg_len)
		return -ENOENT;
	r = may(ret_rule, userdata);
	if (r != 0)
		return r;
	x.found.nlh.nlmsg_type = RTM_DELRULE;
	x.found.nlh.nlmsg_flags = NLM_F_REQUEST;
	return netlink_request(scope, NETLINK_ROUTE, &x.found.nlh, NULL, NULL);
}

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

/* FRA_SPORT_MASK and FRA_DPORT_MASK, which Linux 6.15 tells with every single port, and older headers do not know. */
#define SPORT_MASK 28
#define DPORT_MASK 29

/* Attributes that struct hycan_rule has a field for, and those that select nothing. */
static bool known_attribute(const struct nlattr *attr)
{
	uint16_t port_mask = 0;

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
	case FRA_SUPPRESS_IFGROUP:
	case FRA_TABLE:
	case FRA_L3MDEV:
	case FRA_UID_RANGE:
	case FRA_PROTOCOL:
	case FRA_IP_PROTO:
	case FRA_SPORT_RANGE:
	case FRA_DPORT_RANGE:
	case FRA_PAD:
		return true;
	case SPORT_MASK:
	case DPORT_MASK:
		return attribute_bytes(attr, &port_mask, sizeof(port_mask)) && port_mask == UINT16_MAX;
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

static bool read_ports(const struct nlattr *attr, struct hycan_port_range *ret_ports)
{
	struct fib_rule_port_range range;

	if (!attribute_bytes(attr, &range, sizeof(range)))
		return false;
	*ret_ports = (struct hycan_port_range){ .first = range.start, .last = range.end };
	return true;
}

/* What a rule says of the packet beside its addresses, and of the socket that sends it. */
static void read_packet(const struct fib_rule_hdr *header, const struct nlattr *const *a, struct hycan_rule *rule)
{
	struct fib_rule_uid_range users;

	read_mark(a, rule);
	rule->has_ip_protocol = attribute_bytes(a[FRA_IP_PROTO], &rule->ip_protocol, sizeof(rule->ip_protocol));
	rule->has_source_ports = read_ports(a[FRA_SPORT_RANGE], &rule->source_ports);
	rule->has_destination_ports = read_ports(a[FRA_DPORT_RANGE], &rule->destination_ports);
	rule->has_uid_first = rule->has_uid_last = attribute_bytes(a[FRA_UID_RANGE], &users, sizeof(users));
	if (rule->has_uid_first) {
		rule->uid_first = users.start;
		rule->uid_last = users.end;
	}
	rule->has_tos = header->tos;
	rule->tos = header->tos;
}

/* Where it looks for a route, and which of those that it finds it ignores. */
static void read_lookup(const struct fib_rule_hdr *header, const struct nlattr *const *a, struct hycan_rule *rule)
{
	uint8_t l3mdev = 0;

	if (rule->action == HYCAN_RULE_ACTION_LOOKUP) {
		if (!attribute_u32(a[FRA_TABLE], &rule->table))
			rule->table = header->table;
		rule->has_table = rule->table != RT_TABLE_UNSPEC;
	}
	(void)attribute_bytes(a[FRA_L3MDEV], &l3mdev, sizeof(l3mdev));
	rule->has_l3mdev = rule->l3mdev = l3mdev;
	rule->has_suppress_prefix_length = attribute_u32(a[FRA_SUPPRESS_PREFIXLEN], &rule->suppress_prefix_length) &&
	                                   rule->suppress_prefix_length != UINT32_MAX;
	rule->has_suppress_group =
		attribute_u32(a[FRA_SUPPRESS_IFGROUP], &rule->suppress_group) && rule->suppress_group != UINT32_MAX;
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
	read_packet(header, a, rule);
	read_lookup(header, a, rule);
	rule->has_goto_priority = rule->action == HYCAN_RULE_ACTION_GOTO && attribute_u32(a[FRA_GOTO], &rule->goto_priority);
	rule->has_invert = rule->invert = header->flags & FIB_RULE_INVERT;
	rule->has_protocol = attribute_bytes(a[FRA_PROTOCOL], &rule->protocol, sizeof(rule->protocol));
	*ret_whole = rule->action != HYCAN_RULE_ACTION_LOOKUP || rule->has_table || rule->has_l3mdev;
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

int rule_dump(struct kernel_scope *scope, uint8_t family, netlink_answer *answer, void *userdata)
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
			r = rule_dump(scope, l.family, list_answer, &l);
	}
	return r;
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

static void put_ports(struct nlmsghdr *nlh, uint16_t type, const struct hycan_port_range *ports)
{
	const struct fib_rule_port_range range = { .start = ports->first, .end = ports->last };

	mnl_attr_put(nlh, type, sizeof(range), &range);
}

static void put_packet(struct nlmsghdr *nlh, struct fib_rule_hdr *header, const struct hycan_rule *rule)
{
	const struct fib_rule_uid_range users = { .start = rule->uid_first, .end = rule_last_user(rule) };

	header->tos = rule_tos(rule);
	if (rule->has_fwmark) {
		/* without a mask the kernel would take mark 0 for any mark */
		mnl_attr_put_u32(nlh, FRA_FWMARK, rule->fwmark);
		mnl_attr_put_u32(nlh, FRA_FWMASK, rule_mask(rule));
	}
	if (rule_ip_protocol(rule))
		mnl_attr_put_u8(nlh, FRA_IP_PROTO, rule_ip_protocol(rule));
	if (rule->has_source_ports)
		put_ports(nlh, FRA_SPORT_RANGE, &rule->source_ports);
	if (rule->has_destination_ports)
		put_ports(nlh, FRA_DPORT_RANGE, &rule->destination_ports);
	if (rule->has_uid_first)
		mnl_attr_put(nlh, FRA_UID_RANGE, sizeof(users), &users);
}

static void put_action(struct nlmsghdr *nlh, struct fib_rule_hdr *header, const struct hycan_rule *rule)
{
	header->action = (uint8_t)rule_action(rule);
	if (header->action == FR_ACT_TO_TBL && rule_l3mdev(rule))
		mnl_attr_put_u8(nlh, FRA_L3MDEV, 1);
	else if (header->action == FR_ACT_TO_TBL)
		mnl_attr_put_u32(nlh, FRA_TABLE, rule_table(rule));
	if (header->action == FR_ACT_GOTO)
		mnl_attr_put_u32(nlh, FRA_GOTO, rule->goto_priority);
	if (rule->has_suppress_prefix_length)
		mnl_attr_put_u32(nlh, FRA_SUPPRESS_PREFIXLEN, rule->suppress_prefix_length);
	if (rule->has_suppress_group)
		mnl_attr_put_u32(nlh, FRA_SUPPRESS_IFGROUP, rule->suppress_group);
}

int kernel_rule_add(struct kernel_scope *scope, const struct hycan_rule *rule, bool exclusive, struct hycan_rule *ret_rule)
{
	const uint16_t flags = NLM_F_CREATE | NLM_F_ECHO | (exclusive ? NLM_F_EXCL : 0);
	struct nlmsghdr *nlh = rule_message(scope, RTM_NEWRULE, flags, (uint8_t)rule->family);
	struct fib_rule_hdr *header = mnl_nlmsg_get_payload(nlh);

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
	put_packet(nlh, header, rule);
	put_action(nlh, header, rule);
	if (rule->has_priority)
		mnl_attr_put_u32(nlh, FRA_PRIORITY, rule->priority);
	mnl_attr_put_u8(nlh, FRA_PROTOCOL, rule->has_protocol ? rule->protocol : RTPROT_STATIC);
	*ret_rule = *rule;
	return netlink_request(scope, NETLINK_ROUTE, nlh, added, ret_rule);
}

bool kernel_rule_is_meant(const struct hycan_rule *wanted, bool exact, const struct hycan_rule *there, bool whole)
{
	return exact ? whole && kernel_rule_same(wanted, there) : kernel_rule_matches(wanted, there);
}

struct removal {
	const struct hycan_rule *wanted;
	bool exact;
	bool shared; /* one of its priority is in front of it */
	uint32_t last_priority;
	size_t n;
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

	if (x->found.nlh.nlmsg_len)
		return 0;
	x->shared = x->n++ > 0 && x->last_priority == rule_priority(nlh);
	x->last_priority = rule_priority(nlh);
	if (!rule_read(nlh, &rule, &whole))
		return 0;
	if (!kernel_rule_is_meant(x->wanted, x->exact, &rule, whole))
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

	r = rule_dump(scope, (uint8_t)wanted->family, removal_answer, &x);
	if (r < 0)
		return r;
	if (!x.found.nlh.nlmsg_len)
		return -ENOENT;
	r = may(ret_rule, userdata);
	if (r != 0)
		return r;
	if (x.shared)
		return rule_delete(scope, &x.found.nlh);
	x.found.nlh.nlmsg_type = RTM_DELRULE;
	x.found.nlh.nlmsg_flags = NLM_F_REQUEST;
	return netlink_request(scope, NETLINK_ROUTE, &x.found.nlh, NULL, NULL);
}

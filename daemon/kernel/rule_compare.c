/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy routing rules: comparing.
 *
 * What is not given has a default, and some values are to the kernel as if they were not given: a prefix of length 0, a
 * mark under a mask of 0, protocol 0. Two rules are the same when they do the same, however they were written.
 */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "attribute.h"
#include "rule.h"
#include "rule_read.h"

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

uint32_t rule_mask(const struct hycan_rule *rule)
{
	return rule->has_fwmask ? rule->fwmask : rule->has_fwmark ? UINT32_MAX : 0;
}

/* The kernel keeps a mark as it is given, also where the mask hides a part of it. */
static bool same_mark(const struct hycan_rule *a, const struct hycan_rule *b)
{
	return rule_mask(a) == rule_mask(b) && (rule_mask(a) == 0 || a->fwmark == b->fwmark);
}

enum hycan_rule_action rule_action(const struct hycan_rule *rule)
{
	return rule->has_action ? rule->action : HYCAN_RULE_ACTION_LOOKUP;
}

uint32_t rule_table(const struct hycan_rule *rule)
{
	return rule->has_table ? rule->table : RT_TABLE_MAIN;
}

static bool same_ports(bool has_a, const struct hycan_port_range *a, bool has_b, const struct hycan_port_range *b)
{
	return has_a == has_b && (!has_a || (a->first == b->first && a->last == b->last));
}

uint32_t rule_last_user(const struct hycan_rule *rule)
{
	return rule->has_uid_last ? rule->uid_last : rule->uid_first;
}

static bool same_users(const struct hycan_rule *a, const struct hycan_rule *b)
{
	return a->has_uid_first == b->has_uid_first &&
	       (!a->has_uid_first || (a->uid_first == b->uid_first && rule_last_user(a) == rule_last_user(b)));
}

uint8_t rule_ip_protocol(const struct hycan_rule *rule)
{
	return rule->has_ip_protocol ? rule->ip_protocol : 0;
}

uint8_t rule_tos(const struct hycan_rule *rule)
{
	return rule->has_tos ? rule->tos : 0;
}

bool rule_l3mdev(const struct hycan_rule *rule)
{
	return rule->has_l3mdev && rule->l3mdev;
}

static bool same_number(bool has_a, uint32_t a, bool has_b, uint32_t b)
{
	return has_a == has_b && (!has_a || a == b);
}

/* ------------------------------------------------------------------------------------------- what is given, and no more */

static bool packet_matches(const struct hycan_rule *wanted, const struct hycan_rule *there)
{
	return (!wanted->has_fwmark || same_mark(wanted, there)) &&
	       (!wanted->has_ip_protocol || rule_ip_protocol(wanted) == rule_ip_protocol(there)) &&
	       (!wanted->has_source_ports ||
	        same_ports(true, &wanted->source_ports, there->has_source_ports, &there->source_ports)) &&
	       (!wanted->has_destination_ports ||
	        same_ports(true, &wanted->destination_ports, there->has_destination_ports, &there->destination_ports)) &&
	       (!wanted->has_uid_first || same_users(wanted, there)) && (!wanted->has_tos || rule_tos(wanted) == rule_tos(there));
}

static bool action_matches(const struct hycan_rule *wanted, const struct hycan_rule *there)
{
	return (!wanted->has_action || wanted->action == there->action) &&
	       (!wanted->has_table || same_number(true, wanted->table, there->has_table, there->table)) &&
	       (!wanted->has_l3mdev || rule_l3mdev(wanted) == rule_l3mdev(there)) &&
	       (!wanted->has_goto_priority ||
	        same_number(true, wanted->goto_priority, there->has_goto_priority, there->goto_priority)) &&
	       (!wanted->has_suppress_prefix_length ||
	        same_number(true, wanted->suppress_prefix_length, there->has_suppress_prefix_length,
	                    there->suppress_prefix_length)) &&
	       (!wanted->has_suppress_group ||
	        same_number(true, wanted->suppress_group, there->has_suppress_group, there->suppress_group));
}

bool kernel_rule_matches(const struct hycan_rule *wanted, const struct hycan_rule *there)
{
	return wanted->family == there->family && (!wanted->has_priority || wanted->priority == there->priority) &&
	       (!wanted->has_from || same_prefix(true, &wanted->from, there->has_from, &there->from)) &&
	       (!wanted->has_to || same_prefix(true, &wanted->to, there->has_to, &there->to)) &&
	       (!wanted->has_in_interface || same_name(true, wanted->in_interface, there->has_in_interface, there->in_interface)) &&
	       (!wanted->has_out_interface ||
	        same_name(true, wanted->out_interface, there->has_out_interface, there->out_interface)) &&
	       packet_matches(wanted, there) && action_matches(wanted, there) &&
	       (!wanted->has_invert || wanted->invert == there->invert) &&
	       (!wanted->has_protocol || same_number(true, wanted->protocol, there->has_protocol, there->protocol));
}

/* ------------------------------------------------------------------------------------------------------- the whole of it */

static bool same_packet(const struct hycan_rule *a, const struct hycan_rule *b)
{
	return same_mark(a, b) && rule_ip_protocol(a) == rule_ip_protocol(b) &&
	       same_ports(a->has_source_ports, &a->source_ports, b->has_source_ports, &b->source_ports) &&
	       same_ports(a->has_destination_ports, &a->destination_ports, b->has_destination_ports, &b->destination_ports) &&
	       same_users(a, b) && rule_tos(a) == rule_tos(b);
}

static bool same_action(const struct hycan_rule *a, const struct hycan_rule *b)
{
	const enum hycan_rule_action action = rule_action(a);

	if (action != rule_action(b) || (action == HYCAN_RULE_ACTION_GOTO && a->goto_priority != b->goto_priority))
		return false;
	if (action == HYCAN_RULE_ACTION_LOOKUP &&
	    (rule_l3mdev(a) != rule_l3mdev(b) || (!rule_l3mdev(a) && rule_table(a) != rule_table(b))))
		return false;
	return same_number(a->has_suppress_prefix_length, a->suppress_prefix_length, b->has_suppress_prefix_length,
	                   b->suppress_prefix_length) &&
	       same_number(a->has_suppress_group, a->suppress_group, b->has_suppress_group, b->suppress_group);
}

bool kernel_rule_same(const struct hycan_rule *wanted, const struct hycan_rule *there)
{
	return wanted->family == there->family && (!wanted->has_priority || wanted->priority == there->priority) &&
	       same_prefix(wanted->has_from, &wanted->from, there->has_from, &there->from) &&
	       same_prefix(wanted->has_to, &wanted->to, there->has_to, &there->to) &&
	       same_name(wanted->has_in_interface, wanted->in_interface, there->has_in_interface, there->in_interface) &&
	       same_name(wanted->has_out_interface, wanted->out_interface, there->has_out_interface, there->out_interface) &&
	       same_packet(wanted, there) && same_action(wanted, there) && (wanted->has_invert && wanted->invert) == there->invert;
}

/* ------------------------------------------------------------------------------------------------ by the kernel's messages */

static bool is_zero(const struct nlattr *attr)
{
	const uint8_t *bytes = mnl_attr_get_payload(attr);

	for (size_t i = 0; i < mnl_attr_get_payload_len(attr); i++)
		if (bytes[i])
			return false;
	return true;
}

static bool same_attribute(const struct nlattr *a, const struct nlattr *b)
{
	const size_t size = mnl_attr_get_payload_len(a);

	return b && mnl_attr_get_payload_len(b) == size && memcmp(mnl_attr_get_payload(a), mnl_attr_get_payload(b), size) == 0;
}

/* rule_find(), net/core/fib_rules.c, and before Linux 4.17 fib_nl_delrule() */
bool rule_may_be_taken_for(const struct nlmsghdr *meant, const struct nlmsghdr *other)
{
	static const uint16_t looked_at[] = { FRA_DST,    FRA_SRC,       FRA_TABLE,    FRA_IIFNAME,     FRA_OIFNAME,    FRA_FWMARK,
		                              FRA_FWMASK, FRA_UID_RANGE, FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE };
	const struct fib_rule_hdr *m = mnl_nlmsg_get_payload(meant), *o = mnl_nlmsg_get_payload(other);
	const struct nlattr *a[FRA_MAX + 1], *b[FRA_MAX + 1];

	if (m->action != o->action || (m->src_len && m->src_len != o->src_len) || (m->dst_len && m->dst_len != o->dst_len) ||
	    (m->tos && m->tos != o->tos))
		return false;
	netlink_parse(meant, sizeof(*m), a, FRA_MAX);
	netlink_parse(other, sizeof(*o), b, FRA_MAX);
	for (size_t i = 0; i < sizeof(looked_at) / sizeof(*looked_at); i++)
		if (a[looked_at[i]] && !is_zero(a[looked_at[i]]) && !same_attribute(a[looked_at[i]], b[looked_at[i]]))
			return false;
	return true;
}

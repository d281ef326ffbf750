/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule.add.
 *
 * A rule that does the same is looked for first, since the kernel would give a second one another priority and keep both.
 */
#include <errno.h>

#include "kernel/rule.h"
#include "rule.h"
#include "table.h"

/* The two bits of a type of service that are ECN's (RFC 3168). */
#define TOS_ECN 3

/* No user has that number; to the kernel it is none. */
#define NO_USER UINT32_MAX

static int check_lookup(struct op *op, const struct hycan_rule *rule, bool lookup)
{
	bool l3mdev = rule->has_l3mdev && rule->l3mdev;

	if (rule->has_table && !lookup)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "table", "Only a rule that looks up has a table; leave it out.");
	if (rule->has_table && rule->table == 0)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "table", "Table 0 stands for no table; main is 254.");
	if (l3mdev && (!lookup || rule->has_table))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "l3mdev",
		                 "A rule with l3mdev looks in the table of the link's VRF; leave %s out.",
		                 lookup ? "table" : "action");
	if ((rule->has_suppress_prefix_length || rule->has_suppress_group) && !lookup)
		return op_refuse(op, HYCAN_REFUSAL_INVALID,
		                 rule->has_suppress_prefix_length ? "suppress_prefix_length" : "suppress_group",
		                 "Only a rule that looks up can ignore routes that it finds; leave it out.");
	return 0;
}

static int check_action(struct op *op, const struct hycan_rule *rule)
{
	enum hycan_rule_action action = rule->has_action ? rule->action : HYCAN_RULE_ACTION_LOOKUP;
	int r = check_lookup(op, rule, action == HYCAN_RULE_ACTION_LOOKUP);

	if (r != 0)
		return r;
	if (action != HYCAN_RULE_ACTION_GOTO)
		return rule->has_goto_priority ? op_refuse(op, HYCAN_REFUSAL_INVALID, "goto_priority",
		                                           "A rule goes on at another one only with the action goto.")
		                               : 0;
	if (!rule->has_goto_priority)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "goto_priority", "Goto where? Give the priority to go on at.");
	if (rule->has_priority && rule->goto_priority <= rule->priority)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "goto_priority",
		                 "A rule can only go on at a later one, with a priority above %u.", rule->priority);
	return 0;
}

/* What a rule says of the sender, and of the header. */
static int check_packet(struct op *op, const struct hycan_rule *rule)
{
	if (rule->has_uid_last && rule->uid_last < rule->uid_first)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "uid_last", "The last user, %u, comes before the first, %u.",
		                 rule->uid_last, rule->uid_first);
	if (rule->has_uid_first && (rule->uid_first == NO_USER || (rule->has_uid_last && rule->uid_last == NO_USER)))
		return op_refuse(op, HYCAN_REFUSAL_OUT_OF_RANGE, rule->uid_first == NO_USER ? "uid_first" : "uid_last",
		                 "No user has the number %u; the largest is %u.", NO_USER, NO_USER - 1);
	if (rule->has_tos && rule->tos & TOS_ECN)
		return op_refuse(
			op, HYCAN_REFUSAL_INVALID, "tos",
			"The two lowest bits of a type of service are ECN's, and no rule sees them: give %u instead of %u.",
			rule->tos & ~TOS_ECN, rule->tos);
	return 0;
}

static int check(struct op *op, const struct hycan_rule *rule)
{
	int r = rule_check_halves(op, rule);

	if (r == 0)
		r = check_packet(op, rule);
	if (r != 0)
		return r;
	if (rule->has_from && rule->from.address.family != rule->family)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "from", "The source is of another family than the rule.");
	if (rule->has_to && rule->to.address.family != rule->family)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "to", "The destination is of another family than the rule.");
	return check_action(op, rule);
}

static bool reaches_end(bool has, const struct hycan_port_range *ports)
{
	return has && ports->last == UINT16_MAX;
}

struct search {
	const struct hycan_rule *wanted;
	struct hycan_rule *ret_rule; /* as the kernel has it */
	bool same;
};

static int found(const struct hycan_rule *rule, bool whole, void *userdata)
{
	struct search *s = userdata;

	if (s->same || !whole || !kernel_rule_same(s->wanted, rule))
		return 0;
	s->same = true;
	*s->ret_rule = *rule;
	return 0;
}

int op_rule_add(struct op *op, const struct hycan_rule_add_request *request)
{
	struct search s = { .wanted = &request->rule };
	struct hycan_rule_add_request *settled = op->memory(op, sizeof(*settled));
	int r;

	if (!settled)
		return -ENOMEM;
	op->settled = settled;
	s.ret_rule = &settled->rule;

	r = check(op, &request->rule);
	if (r != 0)
		return r;
	r = kernel_rule_list(op->scope, (uint8_t)request->rule.family, found, &s);
	if (r < 0)
		return r;
	/* what was there is put back also where there is one that has more to it */
	if (!s.same)
		r = kernel_rule_add(op->scope, &request->rule, !op->back, &settled->rule);
	op->unchanged = s.same;
	if (s.same ? op->exclusive : r == -EEXIST)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, NULL, "This rule exists already.");
	if (r == -EINVAL && (reaches_end(request->rule.has_source_ports, &request->rule.source_ports) ||
	                     reaches_end(request->rule.has_destination_ports, &request->rule.destination_ports)))
		return op_refuse(op, HYCAN_REFUSAL_OUT_OF_RANGE,
		                 reaches_end(request->rule.has_source_ports, &request->rule.source_ports) ? "source_ports"
		                                                                                          : "destination_ports",
		                 "The last port that a rule of this kernel can tell is %u.", UINT16_MAX - 1);
	if (r == -EINVAL)
		return op_refuse_kernel(op, HYCAN_REFUSAL_INVALID, NULL, r, "The kernel takes no such rule");
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule.add.
 *
 * A rule that does the same is looked for first, since the kernel would give a second one another priority and keep both.
 */
#include <errno.h>

#include "kernel/rule.h"
#include "table.h"

static int check_action(struct op *op, const struct hycan_rule *rule)
{
	enum hycan_rule_action action = rule->has_action ? rule->action : HYCAN_RULE_ACTION_LOOKUP;
	bool lookup = action == HYCAN_RULE_ACTION_LOOKUP;

	if (rule->has_table && !lookup)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "table", "Only a rule that looks up has a table; leave it out.");
	if (rule->has_table && rule->table == 0)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "table", "Table 0 stands for no table; main is 254.");
	if (rule->has_suppress_prefix_length && !lookup)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "suppress_prefix_length",
		                 "Only a rule that looks up can ignore routes that it finds; leave it out.");
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

static int check(struct op *op, const struct hycan_rule *rule)
{
	if (rule->has_from && rule->from.address.family != rule->family)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "from", "The source is of another family than the rule.");
	if (rule->has_to && rule->to.address.family != rule->family)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "to", "The destination is of another family than the rule.");
	if (rule->has_fwmask && !rule->has_fwmark)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "fwmask", "A mask goes with a mark; give fwmark as well.");
	return check_action(op, rule);
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
	if (!s.same)
		r = kernel_rule_add(op->scope, &request->rule, &settled->rule);
	op->unchanged = s.same;
	if (s.same ? op->exclusive : r == -EEXIST)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, NULL, "This rule exists already.");
	if (r == -EINVAL)
		return op_refuse_kernel(op, HYCAN_REFUSAL_INVALID, NULL, r, "The kernel takes no such rule");
	return r;
}

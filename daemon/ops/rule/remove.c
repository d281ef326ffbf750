/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.remove. */
#include <errno.h>
#include <linux/rtnetlink.h>

#include "along.h"
#include "kernel/rule.h"
#include "rule.h"
#include "table.h"

/* Whether anything is given that not every rule has. */
static bool selects(const struct hycan_rule *rule)
{
	bool mark = rule->has_fwmark && !(rule->has_fwmask && rule->fwmask == 0);

	bool packet = mark || (rule->has_ip_protocol && rule->ip_protocol) || rule->has_source_ports ||
	              rule->has_destination_ports || rule->has_uid_first || (rule->has_tos && rule->tos);
	bool does = (rule->has_action && rule->action != HYCAN_RULE_ACTION_LOOKUP) || rule->has_table ||
	            (rule->has_l3mdev && rule->l3mdev) || rule->has_goto_priority || rule->has_suppress_prefix_length ||
	            rule->has_suppress_group;

	return rule->has_priority || (rule->has_from && rule->from.length) || (rule->has_to && rule->to.length) ||
	       rule->has_in_interface || rule->has_out_interface || packet || does || (rule->has_invert && rule->invert) ||
	       rule->has_protocol;
}

static int claim(const struct hycan_rule *found, void *op)
{
	return op_claim(op, found);
}

struct search {
	struct op *op;
	const struct hycan_rule *wanted;
	bool found;
	bool lossy; /* there is more to it than HyCAN has words for */
};

static int found(const struct hycan_rule *rule, bool whole, void *userdata)
{
	struct search *s = userdata;
	const struct hycan_rule_add_request request = { .rule = *rule };

	if (s->found || !kernel_rule_is_meant(s->wanted, s->op->exact, rule, whole))
		return 0;
	s->found = true;
	s->lossy = !whole;
	return op_undo(s->op, HYCAN_OPERATION_RULE_ADD, &request);
}

/* Says the rule that will go. */
static int before(struct op *op, const struct hycan_rule *rule)
{
	struct search s = { .op = op, .wanted = rule };
	int r;

	if (!op_undoable(op))
		return 0;
	r = along_say_rule_place(op, rule);
	r = r ? r : kernel_rule_list(op->scope, (uint8_t)rule->family, found, &s);
	if (r == 0 && s.lossy)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, NULL,
		                 "The rule has selectors that HyCAN has no words for, so it could not be put back.");
	return r;
}

/* As the kernel would tell of one of which nothing else is said, and so as the ledger knows it. */
static void settle_missing(const struct hycan_rule *rule, struct hycan_rule *ret_rule)
{
	*ret_rule = *rule;
	if (!rule->has_action)
		ret_rule->action = HYCAN_RULE_ACTION_LOOKUP;
	if (!rule->has_protocol)
		ret_rule->protocol = RTPROT_STATIC;
	ret_rule->has_action = ret_rule->has_protocol = true;
}

int op_rule_remove(struct op *op, const struct hycan_rule_remove_request *request)
{
	struct hycan_rule_remove_request *settled = op->memory(op, sizeof(*settled));
	const struct hycan_rule *rule = &request->rule;
	int r;

	if (!settled)
		return -ENOMEM;
	op->settled = settled;

	r = rule_check_halves(op, rule);
	if (r != 0)
		return r;
	if (!op->exact && !selects(rule))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, NULL,
		                 "Every rule matches that, the one for local addresses first; say more of the rule to remove.");
	r = before(op, rule);
	if (r)
		return r;
	r = kernel_rule_remove(op->scope, rule, op->exact, claim, op, &settled->rule);
	if (r != -ENOENT)
		return r;
	settle_missing(rule, &settled->rule);
	return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, NULL, "There is no %s rule with all of that.",
	                 rule->family == HYCAN_FAMILY_IPV6 ? "IPv6" : "IPv4");
}

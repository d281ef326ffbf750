/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rule.list: of a rule with selectors that HyCAN has no words for, the rest is told. */
#include "kernel/rule.h"
#include "table.h"

static int found(const struct hycan_rule *rule, bool whole, void *userdata)
{
	struct op *op = userdata;

	(void)whole;
	return op->answer(op, rule);
}

int op_rule_list(struct op *op, const struct hycan_rule_list_request *request)
{
	return kernel_rule_list(op->scope, request->has_family ? (uint8_t)request->family : 0, found, op);
}

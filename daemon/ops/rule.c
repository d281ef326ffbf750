/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about policy routing rules have in common. */
#include "rule.h"

int rule_check_halves(struct op *op, const struct hycan_rule *rule)
{
	if (rule->has_fwmask && !rule->has_fwmark)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "fwmask", "A mask goes with a mark; give fwmark as well.");
	if (rule->has_uid_last && !rule->has_uid_first)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "uid_last", "A last user goes with a first; give uid_first as well.");
	return 0;
}

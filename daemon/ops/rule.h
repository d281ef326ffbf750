/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about policy routing rules have in common. */
#ifndef OPS_RULE_H
#define OPS_RULE_H

#include <hycan/types.h>

#include "op.h"

/* Refuses what is half of something without its other half. */
int rule_check_halves(struct op *op, const struct hycan_rule *rule);

#endif

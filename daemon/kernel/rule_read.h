/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages about policy routing rules, for the files of this room alone. */
#ifndef KERNEL_RULE_READ_H
#define KERNEL_RULE_READ_H

#include <hycan/types.h>

#include "netlink.h"

/* Reads a rule. False for one of a kind without a word for it. whole: there is nothing to it beside what the structure says. */
bool rule_read(const struct nlmsghdr *nlh, struct hycan_rule *ret_rule, bool *ret_whole);

#endif

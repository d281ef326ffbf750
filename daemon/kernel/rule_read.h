/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages about policy routing rules, and what rules have where nothing is given, for the files of this room alone. */
#ifndef KERNEL_RULE_READ_H
#define KERNEL_RULE_READ_H

#include <hycan/types.h>

#include "netlink.h"

/* Reads a rule. False for one of a kind without a word for it. whole: there is nothing to it beside what the structure says. */
bool rule_read(const struct nlmsghdr *nlh, struct hycan_rule *ret_rule, bool *ret_whole);

/* Asks for the rules of a family; a kernel without that family has none. 0, -errno, or what answer() returned. */
int rule_dump(struct kernel_scope *scope, uint8_t family, netlink_answer *answer, void *userdata);

/*
 * Whether the kernel may delete another one of that priority for the one that is meant, where it comes to that first: what is 0 or not
 * given may be anything, and not all that there is to a rule is looked at.
 */
bool rule_may_be_taken_for(const struct nlmsghdr *meant, const struct nlmsghdr *other);

/* Its priority, which is what it is looked up by; of one that has none it is 0. */
uint32_t rule_priority(const struct nlmsghdr *nlh);

/*
 * Deletes a rule, as the kernel told of it, and no other: where there is one in front of it that the kernel would take for it, those of its
 * priority are added again behind it, as when one is brought to its place. 0, -ENOENT: it is not there; or -errno. (rule_order.c)
 */
int rule_delete(struct kernel_scope *scope, const struct nlmsghdr *told);

enum hycan_rule_action rule_action(const struct hycan_rule *rule);
uint32_t rule_table(const struct hycan_rule *rule);
uint32_t rule_mask(const struct hycan_rule *rule);
uint8_t rule_ip_protocol(const struct hycan_rule *rule);
uint8_t rule_tos(const struct hycan_rule *rule);
bool rule_l3mdev(const struct hycan_rule *rule);

/* One user is a range that ends where it begins. */
uint32_t rule_last_user(const struct hycan_rule *rule);

#endif

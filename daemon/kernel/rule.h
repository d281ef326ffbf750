/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policy routing rules (ip-rule(8), RTM_*RULE). */
#ifndef KERNEL_RULE_H
#define KERNEL_RULE_H

#include <hycan/types.h>

#include "scope.h"

/*
 * Called for each rule, in the order in which they are asked. whole: there is nothing to the rule beside what the
 * structure says; others have selectors that HyCAN does not know. 0 to go on, -errno to end.
 */
typedef int kernel_rule_found(const struct hycan_rule *rule, bool whole, void *userdata);

/* Lists rules; family is 0 for both. */
int kernel_rule_list(struct kernel_scope *scope, uint8_t family, kernel_rule_found *found, void *userdata);

/* Whether a rule has all that is given of the wanted one; what is not given may be anything. */
bool kernel_rule_matches(const struct hycan_rule *wanted, const struct hycan_rule *there);

/*
 * Whether a rule does the same as the wanted one: what is not given has its default there, and the priority may be any
 * where none is given. Who made it (protocol) does not count.
 */
bool kernel_rule_same(const struct hycan_rule *wanted, const struct hycan_rule *there);

/* Whether it is what kernel_rule_remove() is to remove, where none before it is; whole: as kernel_rule_list() tells it. */
bool kernel_rule_is_meant(const struct hycan_rule *wanted, bool exact, const struct hycan_rule *there, bool whole);

/*
 * Adds a rule, behind those of the same priority, and returns it as the kernel has it. -EEXIST: with exclusive, the kernel has one that it
 * takes for the same, which any is that has more to it (rule_exists(), net/core/fib_rules.c).
 */
int kernel_rule_add(struct kernel_scope *scope, const struct hycan_rule *rule, bool exclusive, struct hycan_rule *ret_rule);

/* Asked before a rule is removed: 0 to go on; anything else is what kernel_rule_remove() returns. */
typedef int kernel_rule_may(const struct hycan_rule *found, void *userdata);

/*
 * Removes the first rule that has all that is given, and returns it, also where may() was against it; with exact, the
 * first one that has nothing else. -ENOENT: there is none.
 */
int kernel_rule_remove(struct kernel_scope *scope, const struct hycan_rule *wanted, bool exact, kernel_rule_may *may,
                       void *userdata, struct hycan_rule *ret_rule);

/* Where a rule stands among those of its priority, in bytes which say all of it. */
struct kernel_rule_place {
	void *bytes; /* owned: kernel_rule_place_free() */
	size_t size;
};

/* Keeps that of the rule that kernel_rule_remove() would remove; where there is none, nothing. 0 or -errno. */
int kernel_rule_keep_place(struct kernel_scope *scope, const struct hycan_rule *wanted, bool exact,
                           struct kernel_rule_place *place);

void kernel_rule_place_free(struct kernel_rule_place *place);

/*
 * Brings a rule that was added again to its place; what others added to its priority meanwhile stays behind it, and where it is not there
 * nothing is done. May be called once more after any failure, also by another daemon. Bytes may come from anywhere. 0 or -errno.
 */
int kernel_rule_put_in_place(struct kernel_scope *scope, const void *bytes, size_t size);

#endif

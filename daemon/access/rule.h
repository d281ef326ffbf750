/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule of the policy, read and ready to be compared. Inside this room alone. */
#ifndef ACCESS_RULE_H
#define ACCESS_RULE_H

#include "condition.h"
#include "messages.h"
#include "policy.h"

/* Longest rule without its comment: what session.whoami can show (policy_rule.text). */
#define RULE_TEXT_MAX 511u

enum rule_who {
	RULE_ANYBODY,
	RULE_USER,
	RULE_GROUP,
	RULE_NOBODY, /* a group of the built-in policy that this machine does not have */
};

struct rule {
	bool allow;
	enum rule_who who;
	id_t id;                                       /* uid or gid */
	uint64_t operations[(N_OPERATIONS + 63) / 64]; /* a bit for each, by its index */
	unsigned conditions;                           /* a bit for each kind that there is */
	struct condition condition[N_CONDITIONS];
	uint32_t line; /* in the file; 0: built in */
	char *text;    /* as it was written, without its comment */
};

/* Rules in order; the last one, built in, says that root may everything. */
struct policy {
	char *path; /* NULL: all of them are built in */
	struct rule *rule;
	size_t n_rules;
	size_t n_refs; /* beside the first */
};

static inline bool rule_has_operation(const struct rule *rule, const struct hycan_operation *operation)
{
	return rule->operations[operation->index / 64] >> operation->index % 64 & 1;
}

/*
 * Reads one rule. -ENODATA: there is none in this line, it is empty or a comment. Another -errno: reason says what is
 * wrong and what to write instead, without file and line. In a built_in rule an unknown group is nobody.
 */
int rule_parse(const char *line, size_t length, bool built_in, struct rule *ret_rule, char *reason, size_t reason_size);
void rule_done(struct rule *rule);

#endif

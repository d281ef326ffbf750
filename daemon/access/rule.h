/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule of the policy, read and ready to be compared. Inside this room alone. */
#ifndef ACCESS_RULE_H
#define ACCESS_RULE_H

#include "condition.h"
#include "line.h"
#include "messages.h"
#include "policy.h"
#include "quota_line.h"

struct rule {
	bool allow;
	bool any_owner; /* also what others own */
	struct who who;
	uint64_t operations[(N_OPERATIONS + 63) / 64]; /* a bit for each, by its index */
	unsigned conditions;                           /* a bit for each kind that there is */
	struct condition condition[N_CONDITIONS];
	uint32_t line; /* in the file; 0: built in */
	char *text;    /* as it was written, without its comment */
};

/* Rules in order; the last one, built in, says that root may everything. Quotas the same, the last ones built in. */
struct policy {
	char *path; /* NULL: all of them are built in */
	struct rule *rule;
	size_t n_rules;
	struct quota_line *quota;
	size_t n_quotas;
	size_t n_refs; /* beside the first */
};

static inline bool rule_has_operation(const struct rule *rule, const struct hycan_operation *operation)
{
	return rule->operations[operation->index / 64] >> operation->index % 64 & 1;
}

/* Reads one rule, whose line is tidy. -errno: the reason is said. */
int rule_parse(struct reader *reader, const char *text, struct rule *ret_rule);
void rule_done(struct rule *rule);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a request meets the rules.
 *
 * The first rule that is about the caller and the operation, and whose conditions hold, decides; when there is none the
 * request is refused. Conditions are about the fields that the schema marks with @, and err towards a refusal:
 *
 *   allow   holds when there is a field of that kind, and every one of them lies inside the condition;
 *   deny    holds when one of them touches the condition.
 *
 * What a request leaves out counts too. An optional field that is absent means “any”: a route without a link goes where
 * the kernel finds the gateway, a masquerade without one is on every link. So in each structure of a request (each
 * route of a load, each nexthop of a route) that could have a field of the kind and has none, not in the structures
 * inside it either, an allow does not hold and a deny does. One that has some is limited by those: a routing rule with
 * a source and no destination is about that source. An empty list names nothing: an allow does not hold, and a deny has
 * nothing to touch. A marked bool that is true turns the others into their opposite (rule.invert): the same as “any”.
 *
 * A rule with several conditions matches when each of them holds, of an allow for the whole request, of a deny for any
 * part of it each. What this room does not do: filter answers. Who may list routes sees all of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "rule.h"
#include "subject.h"
#include "wire.h"

/* A rule and a request, while they are compared. */
struct comparison {
	const struct rule *rule;
	unsigned holds; /* deny: conditions that hold, a bit for each */
	bool fails;     /* allow: one does not hold */
	/* which field decided, and its value; NULL: it was absent */
	const struct hycan_field *field;
	const void *value;
};

static bool is_decided(const struct comparison *c)
{
	return c->rule->allow ? c->fails : c->holds == c->rule->conditions;
}

/* The conditions of these kinds do not hold for an allow, or hold for a deny; the first such field is remembered. */
static void decide(struct comparison *c, unsigned kinds, const struct hycan_field *field, const void *value)
{
	if (c->holds == 0 && !c->fails) {
		c->field = field;
		c->value = value;
	}
	if (c->rule->allow)
		c->fails = true;
	else
		c->holds |= kinds;
}

static void compare_value(struct comparison *c, unsigned kinds, const struct hycan_field *field, const void *value)
{
	for (unsigned kind = 0; kind < N_CONDITIONS; kind++) {
		const struct condition *condition = &c->rule->condition[kind];

		if (!(kinds & 1u << kind))
			continue;
		if (c->rule->allow ? !condition_covers(condition, kind, field->type, value)
		                   : condition_touches(condition, kind, field->type, value))
			decide(c, 1u << kind, field, value);
	}
}

/* Compares the fields of a structure and of those inside it. Returns the kinds of which there was a value. */
static unsigned compare_structure(struct comparison *c, const struct hycan_structure *structure, const void *request)
{
	const struct hycan_field *missing = NULL;
	unsigned present = 0, possible = 0, any = 0;

	for (uint16_t i = 0; i < structure->n_fields && !is_decided(c); i++) {
		const struct hycan_field *field = &structure->field[i];
		bool marked = field->flags & HYCAN_FIELD_POLICY, flips = marked && field->type == HYCAN_TYPE_BOOL;
		unsigned kinds = marked ? condition_kinds(field->type) & c->rule->conditions : 0;
		const char *value;
		size_t n;

		if (!kinds && !flips && field->type != HYCAN_TYPE_STRUCT)
			continue;
		value = wire_values(field, request, &n);
		for (size_t k = 0; k < n && !is_decided(c); k++, value += field->size) {
			if (field->type == HYCAN_TYPE_STRUCT)
				present |= compare_structure(c, field->structure, value);
			else if (!flips)
				compare_value(c, kinds, field, value);
			else if (*(const bool *)value)
				decide(c, c->rule->conditions, field, value);
		}
		possible |= kinds;
		if (n > 0)
			present |= kinds;
		else if (kinds && !(field->flags & HYCAN_FIELD_LIST))
			any |= kinds;
		if (n == 0 && kinds && !missing)
			missing = field;
	}
	if (c->rule->allow)
		any = possible;
	if (!is_decided(c) && any & ~present)
		decide(c, any & ~present, missing, NULL);
	return present;
}

/* Whether the conditions of the rule hold for the request. */
static bool conditions_hold(struct comparison *c, const struct hycan_operation *operation, const void *request)
{
	unsigned present;

	if (c->rule->conditions == 0)
		return true;
	present = compare_structure(c, operation->request, request);
	return c->rule->allow ? !c->fails && present == c->rule->conditions : c->holds == c->rule->conditions;
}

/* ------------------------------------------------------------------------------------------------------- the sentence */

/* A text that may be cut, between two characters; then it ends with “…”. */
static const char *clip(const char *from, char *text, size_t size)
{
	static const char dots[] = "…";
	size_t n = strlen(from);

	if (n < size)
		return memcpy(text, from, n + 1);
	n = size - sizeof(dots);
	while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80)
		n--;
	snprintf(text, size, "%.*s%s", (int)n, from, dots);
	return text;
}

/* “ with link “eth0””, or “ without link”. */
static const char *say_field(const struct comparison *c, char *text, size_t size)
{
	char value[HYCAN_ADDRESS_TEXT_SIZE];

	if (!c->field)
		return "";
	if (c->value)
		snprintf(text, size, " with %s “%s”", c->field->name, hycan_value_format(c->field, c->value, value, sizeof(value)));
	else
		snprintf(text, size, " without %s", c->field->name);
	return text;
}

/* “/etc/hycan/policy.conf:12: “deny …””, “the built-in rule “…””. */
static const char *say_rule(const struct policy *policy, const struct rule *rule, char *text, size_t size)
{
	char path[40], rule_text[80];

	clip(rule->text, rule_text, sizeof(rule_text));
	if (rule->line)
		snprintf(text, size, "%s:%u “%s”", clip(policy->path, path, sizeof(path)), rule->line, rule_text);
	else
		snprintf(text, size, "the built-in rule “%s”", rule_text);
	return text;
}

/* c has the rule that denied or, of those that allow, the first one whose conditions did not hold; or none. */
static void refuse(const struct policy *policy, const struct identity *identity, const struct hycan_operation *operation,
                   const struct comparison *c, struct policy_verdict *verdict)
{
	char field[128], rule[176], path[40], sentence[512];
	int n;

	n = snprintf(sentence, sizeof(sentence), "%s may not call %s%s: ", subject_title(identity->subject).text, operation->name,
	             say_field(c, field, sizeof(field)));
	if (c->rule && !c->rule->allow)
		snprintf(sentence + n, sizeof(sentence) - (size_t)n, "denied by %s.",
		         say_rule(policy, c->rule, rule, sizeof(rule)));
	else if (c->rule)
		snprintf(sentence + n, sizeof(sentence) - (size_t)n, "no rule allows it; nearest is %s.",
		         say_rule(policy, c->rule, rule, sizeof(rule)));
	else if (policy->path)
		snprintf(sentence + n, sizeof(sentence) - (size_t)n, "no rule of %s allows it.",
		         clip(policy->path, path, sizeof(path)));
	else
		snprintf(sentence + n, sizeof(sentence) - (size_t)n,
		         "no rule of the built-in policy allows it, and there is no " POLICY_PATH ".");
	verdict->line = c->rule && !c->rule->allow ? c->rule->line : 0;
	verdict->field = c->field ? c->field->name : NULL;
	clip(sentence, verdict->reason, sizeof(verdict->reason));
}

/* ------------------------------------------------------------------------------------------------------------- public */

/*
 * Whether what is open to everybody is open to this one. Users come through a socket that has a mode; a machine comes if
 * there is any rule that allows it something.
 */
static bool may_connect(const struct policy *policy, const struct identity *identity)
{
	if (!subject_is_machine(identity->subject))
		return true;
	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rule[i].allow && who_has(&policy->rule[i].who, identity))
			return true;
	return false;
}

void policy_check(const struct policy *policy, const struct identity *identity, const struct hycan_operation *operation,
                  const void *request, struct policy_verdict *ret_verdict)
{
	struct comparison decisive = { 0 };

	ret_verdict->allowed = operation->access == HYCAN_ACCESS_OPEN && may_connect(policy, identity);
	ret_verdict->any_owner = ret_verdict->conditional = false;
	ret_verdict->line = 0;
	ret_verdict->field = NULL;
	ret_verdict->reason[0] = '\0';
	for (size_t i = 0; i < policy->n_rules && !ret_verdict->allowed; i++) {
		struct comparison c = { .rule = &policy->rule[i] };

		if (!who_has(&c.rule->who, identity) || !rule_has_operation(c.rule, operation))
			continue;
		ret_verdict->conditional |= c.rule->conditions != 0;
		if (conditions_hold(&c, operation, request)) {
			ret_verdict->allowed = c.rule->allow;
			ret_verdict->any_owner = c.rule->any_owner;
			ret_verdict->line = c.rule->line;
			decisive = c;
			break;
		}
		if (c.rule->allow && !decisive.rule)
			decisive = c;
	}
	if (!ret_verdict->allowed)
		refuse(policy, identity, operation, &decisive, ret_verdict);
}

int policy_visit_rules(const struct policy *policy, const struct identity *identity, policy_visit *visit, void *userdata)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct rule *rule = &policy->rule[i];
		int r = who_has(&rule->who, identity) ? visit(rule->line, rule->text, userdata) : 0;

		if (r != 0)
			return r;
	}
	return 0;
}

struct quota_limit policy_quota(const struct policy *policy, const struct identity *identity, unsigned int quota)
{
	for (size_t i = 0; i < policy->n_quotas; i++) {
		const struct quota_line *line = &policy->quota[i];

		if (line->quotas & UINT32_C(1) << quota && who_has(&line->who, identity))
			return (struct quota_limit){ line->value[quota], line->period_ns, line };
	}
	return (struct quota_limit){ .value = QUOTA_UNLIMITED };
}

void policy_say_quota(const struct policy *policy, unsigned int quota, const struct quota_limit *limit, char *text, size_t size)
{
	char name[64], value[32], path[40];
	uint32_t line = quota_limit_line(limit);

	quota_format(quota, limit, value, sizeof(value));
	if (line)
		snprintf(text, size, "%s=%s (%s:%u)", quota_name(quota, name, sizeof(name)), value,
		         clip(policy->path, path, sizeof(path)), line);
	else
		snprintf(text, size, "%s=%s (built in)", quota_name(quota, name, sizeof(name)), value);
}

struct policy *policy_ref(struct policy *policy)
{
	if (policy)
		policy->n_refs++;
	return policy;
}

bool policy_is_built_in(const struct policy *policy)
{
	return !policy->path;
}

void policy_free(struct policy **policy)
{
	struct policy *p = *policy;

	*policy = NULL;
	if (!p || p->n_refs-- > 0)
		return;
	for (size_t i = 0; i < p->n_rules; i++)
		rule_done(&p->rule[i]);
	for (size_t i = 0; i < p->n_quotas; i++)
		quota_line_done(&p->quota[i]);
	free(p->rule);
	free(p->quota);
	free(p->path);
	free(p);
}

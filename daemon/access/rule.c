/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a line of the policy: allow|deny WHO WHAT [CONDITION…].
 *
 * Everything that can be known is found out here, once: users and groups become numbers, operations a set of bits, so
 * that a request is compared without asking anybody. A line that could only be a mistake is refused: a word that names
 * no operation, or a condition that none of the rule's operations has a field for, would silently never match.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "rule.h"

static int wrong_comma(struct reader *reader)
{
	return line_wrong(reader, "there is nothing before or behind a comma; take the comma out");
}

/* -------------------------------------------------------------------------------------------------------------- what */

static bool word_matches(const char *word, const struct hycan_operation *operation)
{
	if (strcmp(word, "all") == 0)
		return true;
	if (strcmp(word, "read") == 0)
		return operation->access == HYCAN_ACCESS_READ;
	if (strcmp(word, "write") == 0)
		return operation->access == HYCAN_ACCESS_WRITE;
	if (strchr(word, '.'))
		return fnmatch(word, operation->name, FNM_NOESCAPE) == 0;
	return strcmp(word, operation->policy_class) == 0;
}

/* “link, vcan, …”: the classes that rules can be about. */
static const char *list_classes(char *text, size_t size)
{
	const char *last = "";
	size_t n, at = 0;
	const struct hycan_operation *const *operation = hycan_operations(&n);

	for (size_t i = 0; i < n && at < size; i++) {
		if (operation[i]->access == HYCAN_ACCESS_OPEN || strcmp(operation[i]->policy_class, last) == 0)
			continue;
		last = operation[i]->policy_class;
		at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "", last);
	}
	return text;
}

/* Operations that are open to everybody are left out: no rule can change that. */
static int read_what_word(struct reader *reader, struct rule *rule, const char *word)
{
	bool known = false, open = true;
	char classes[256];
	size_t n;
	const struct hycan_operation *const *operation = hycan_operations(&n);

	for (size_t i = 0; i < n; i++) {
		if (!word_matches(word, operation[i]))
			continue;
		known = true;
		if (operation[i]->access == HYCAN_ACCESS_OPEN)
			continue;
		open = false;
		rule->operations[operation[i]->index / 64] |= UINT64_C(1) << operation[i]->index % 64;
	}
	if (!known)
		return line_wrong(reader,
		                  "“%s” is no operation and no class; write all, read, write, an operation such as vlan.create or "
		                  "route.*, or a class: %s",
		                  word, list_classes(classes, sizeof(classes)));
	if (open)
		return line_wrong(reader, "“%s” is open to everybody who may connect, and no rule changes that; leave it out",
		                  word);
	return 0;
}

static int read_what(struct reader *reader, struct rule *rule, char *words)
{
	char *word;

	while ((word = strsep(&words, ","))) {
		int r = *word ? read_what_word(reader, rule, word) : wrong_comma(reader);

		if (r < 0)
			return r;
	}
	return 0;
}

/* -------------------------------------------------------------------------------------------------------- conditions */

/* No condition, but a permission beside that of the rule. */
static int read_owner(struct reader *reader, struct rule *rule, const char *value)
{
	if (strcmp(value, "any") != 0)
		return line_wrong(reader, "“owner=%s” says nothing; write owner=any, or leave it out", value);
	if (!rule->allow)
		return line_wrong(reader, "owner=any is for allow: it permits changing what others own; take it out");
	rule->any_owner = true;
	return 0;
}

static int read_condition(struct reader *reader, struct rule *rule, char *word)
{
	char *values = strchr(word, '='), *value;
	enum condition_kind kind;

	if (values)
		*values++ = '\0';
	if (values && strcmp(word, "owner") == 0)
		return read_owner(reader, rule, values);
	kind = condition_by_name(word);
	if (!values || kind == N_CONDITIONS)
		return line_wrong(
			reader,
			"“%s” is no condition; write name=, prefix=, port= or table= with values and commas between them, "
			"or owner=any",
			word);
	if (rule->conditions & 1u << kind)
		return line_wrong(reader, "%s= is there twice; write one, with a comma between the values", word);
	rule->conditions |= 1u << kind;
	while ((value = strsep(&values, ","))) {
		int r = *value ? condition_add(&rule->condition[kind], kind, value, reader->reason, reader->reason_size)
		               : wrong_comma(reader);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The kinds of all fields that policy looks at, at any depth. */
static unsigned structure_kinds(const struct hycan_structure *structure)
{
	unsigned kinds = 0;

	for (uint16_t i = 0; i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];

		if (field->type == HYCAN_TYPE_STRUCT)
			kinds |= structure_kinds(field->structure);
		else if (field->flags & HYCAN_FIELD_POLICY)
			kinds |= condition_kinds(field->type);
	}
	return kinds;
}

/* A condition that no operation of the rule has a field for would never hold. */
static int check_conditions(struct reader *reader, const struct rule *rule)
{
	unsigned kinds = 0;
	size_t n;
	const struct hycan_operation *const *operation = hycan_operations(&n);

	for (size_t i = 0; i < n; i++)
		if (rule_has_operation(rule, operation[i]))
			kinds |= structure_kinds(operation[i]->request);
	for (unsigned kind = 0; kind < N_CONDITIONS; kind++)
		if (rule->conditions & ~kinds & 1u << kind)
			return line_wrong(reader, "no operation of this rule has a field for %s=; take the condition out",
			                  condition_name(kind));
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------ a line */

static int read_rule(struct reader *reader, struct rule *rule)
{
	_cleanup_free_ char *copy = strdup(rule->text);
	char *left = copy, *verb, *who, *what, *word;
	int r;

	if (!copy)
		return -ENOMEM;
	verb = strsep(&left, " ");
	who = strsep(&left, " ");
	what = strsep(&left, " ");
	rule->allow = strcmp(verb, "allow") == 0;
	if (!rule->allow && strcmp(verb, "deny") != 0)
		return line_wrong(reader, "“%s” is neither allow, deny nor quota; a rule is: allow|deny WHO WHAT [CONDITION...]",
		                  verb);
	if (!what)
		return line_wrong(reader, "something is missing behind “%s”; a rule is: allow|deny WHO WHAT [CONDITION...]",
		                  who ? who : verb);
	r = who_parse(reader, who, &rule->who);
	if (r == 0)
		r = read_what(reader, rule, what);
	while (r == 0 && (word = strsep(&left, " ")))
		r = read_condition(reader, rule, word);
	return r < 0 ? r : check_conditions(reader, rule);
}

int rule_parse(struct reader *reader, const char *text, struct rule *ret_rule)
{
	_cleanup_(rule_done) struct rule rule = { 0 };
	int r;

	rule.text = strdup(text);
	r = rule.text ? read_rule(reader, &rule) : -ENOMEM;
	if (r < 0)
		return r;
	*ret_rule = rule;
	rule = (struct rule){ 0 };
	return 0;
}

void rule_done(struct rule *rule)
{
	for (unsigned kind = 0; kind < N_CONDITIONS; kind++)
		condition_done(&rule->condition[kind]);
	free(rule->text);
	*rule = (struct rule){ 0 };
}

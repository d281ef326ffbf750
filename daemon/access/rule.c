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
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "number.h"
#include "rule.h"

/* Largest entry of a user or a group, with all its members. */
#define NSS_BUFFER_MAX (16u << 20)

struct reader {
	struct rule *rule;
	bool built_in;
	char *reason;
	size_t reason_size;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct reader *reader, const char *sentence, ...)
{
	va_list ap;

	va_start(ap, sentence);
	vsnprintf(reader->reason, reader->reason_size, sentence, ap);
	va_end(ap);
	return -EINVAL;
}

static int wrong_comma(struct reader *reader)
{
	return wrong(reader, "there is nothing before or behind a comma; take the comma out");
}

/* --------------------------------------------------------------------------------------------------------------- who */

static int lookup_user(const char *name, char *buffer, size_t size, id_t *ret_id)
{
	struct passwd entry, *found = NULL;
	int r = getpwnam_r(name, &entry, buffer, size, &found);

	if (found)
		*ret_id = found->pw_uid;
	return found ? 0 : r == 0 ? -ESRCH : -r;
}

static int lookup_group(const char *name, char *buffer, size_t size, id_t *ret_id)
{
	struct group entry, *found = NULL;
	int r = getgrnam_r(name, &entry, buffer, size, &found);

	if (found)
		*ret_id = found->gr_gid;
	return found ? 0 : r == 0 ? -ESRCH : -r;
}

/* -ESRCH: there is none of that name. */
static int lookup(const char *name, bool group, id_t *ret_id)
{
	for (size_t size = 4096; size <= NSS_BUFFER_MAX; size *= 4) {
		_cleanup_free_ char *buffer = malloc(size);
		int r;

		if (!buffer)
			return -ENOMEM;
		r = group ? lookup_group(name, buffer, size, ret_id) : lookup_user(name, buffer, size, ret_id);
		if (r != -ERANGE)
			/* getpwnam(3) lists what “not found” may be called */
			return r == -ENOENT || r == -EBADF || r == -EPERM ? -ESRCH : r;
	}
	return -ERANGE;
}

static int read_who(struct reader *reader, const char *word)
{
	struct rule *rule = reader->rule;
	bool group = *word == '@';
	const char *name = word + group, *kind = group ? "group" : "user";
	uint64_t number;
	int r;

	if (strcmp(word, "*") == 0) {
		rule->who = RULE_ANYBODY;
		return 0;
	}
	rule->who = group ? RULE_GROUP : RULE_USER;
	if (number_parse(name, strlen(name), UINT32_MAX, &number) == 0) {
		if (number == UINT32_MAX)
			return wrong(reader, "%s is the number of nobody at all; write the number of a %s", name, kind);
		rule->id = (id_t)number;
		return 0;
	}
	/* also where there is no /etc/passwd */
	if (!group && strcmp(name, "root") == 0)
		return 0;
	if (*name == '\0' || strpbrk(name, "*?=,@"))
		return wrong(reader, "“%s” is nobody; write a user, the number of a user, @GROUP, or * for everybody", word);
	r = lookup(name, group, &rule->id);
	if (r == -ESRCH && reader->built_in) {
		rule->who = RULE_NOBODY;
		return 0;
	}
	if (r == -ESRCH)
		return wrong(reader, "there is no %s “%s”; create it, or write %s that exists, or a number", kind, name,
		             group ? "a group" : "a user");
	if (r < 0)
		wrong(reader, "the %s “%s” cannot be looked up (%s); write the number instead", kind, name, strerror(-r));
	return r;
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
static int read_what_word(struct reader *reader, const char *word)
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
		reader->rule->operations[operation[i]->index / 64] |= UINT64_C(1) << operation[i]->index % 64;
	}
	if (!known)
		return wrong(reader,
		             "“%s” is no operation and no class; write all, read, write, an operation such as vlan.create or "
		             "route.*, or a class: %s",
		             word, list_classes(classes, sizeof(classes)));
	if (open)
		return wrong(reader, "“%s” is open to everybody who may connect, and no rule changes that; leave it out", word);
	return 0;
}

static int read_what(struct reader *reader, char *words)
{
	char *word;

	while ((word = strsep(&words, ","))) {
		int r = *word ? read_what_word(reader, word) : wrong_comma(reader);

		if (r < 0)
			return r;
	}
	return 0;
}

/* -------------------------------------------------------------------------------------------------------- conditions */

static int read_condition(struct reader *reader, char *word)
{
	struct rule *rule = reader->rule;
	char *values = strchr(word, '='), *value;
	enum condition_kind kind;

	if (values)
		*values++ = '\0';
	kind = condition_by_name(word);
	if (!values || kind == N_CONDITIONS)
		return wrong(reader,
		             "“%s” is no condition; write name=, prefix=, port= or table= with values and commas between them",
		             word);
	if (rule->conditions & 1u << kind)
		return wrong(reader, "%s= is there twice; write one, with a comma between the values", word);
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
static int check_conditions(struct reader *reader)
{
	unsigned kinds = 0;
	size_t n;
	const struct hycan_operation *const *operation = hycan_operations(&n);

	for (size_t i = 0; i < n; i++)
		if (rule_has_operation(reader->rule, operation[i]))
			kinds |= structure_kinds(operation[i]->request);
	for (unsigned kind = 0; kind < N_CONDITIONS; kind++)
		if (reader->rule->conditions & ~kinds & 1u << kind)
			return wrong(reader, "no operation of this rule has a field for %s=; take the condition out",
			             condition_name(kind));
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------ a line */

/* The line without its comment, its words one space apart. -ENODATA: nothing is left. */
static int tidy(struct reader *reader, const char *line, size_t length)
{
	char text[RULE_TEXT_MAX + 1];
	bool space = true;
	size_t n = 0;

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return wrong(reader, "there is a control character (0x%02x) in the line; take it out",
			             (unsigned char)line[i]);
	for (size_t i = 0; i < length && !(line[i] == '#' && space); i++) {
		bool blank = line[i] == ' ' || line[i] == '\t';

		if (n == RULE_TEXT_MAX)
			return wrong(reader, "the rule is longer than %u bytes; write several", RULE_TEXT_MAX);
		if (!(blank && space))
			text[n++] = blank ? ' ' : line[i];
		space = blank;
	}
	if (n > 0 && text[n - 1] == ' ')
		n--;
	if (n == 0)
		return -ENODATA;
	text[n] = '\0';
	reader->rule->text = strdup(text);
	return reader->rule->text ? 0 : -ENOMEM;
}

static int read_rule(struct reader *reader)
{
	_cleanup_free_ char *copy = strdup(reader->rule->text);
	char *left = copy, *verb, *who, *what, *word;
	int r;

	if (!copy)
		return -ENOMEM;
	verb = strsep(&left, " ");
	who = strsep(&left, " ");
	what = strsep(&left, " ");
	reader->rule->allow = strcmp(verb, "allow") == 0;
	if (!reader->rule->allow && strcmp(verb, "deny") != 0)
		return wrong(reader, "“%s” is neither allow nor deny; a rule is: allow|deny WHO WHAT [CONDITION...]", verb);
	if (!what)
		return wrong(reader, "something is missing behind “%s”; a rule is: allow|deny WHO WHAT [CONDITION...]",
		             who ? who : verb);
	r = read_who(reader, who);
	if (r == 0)
		r = read_what(reader, what);
	while (r == 0 && (word = strsep(&left, " ")))
		r = read_condition(reader, word);
	return r < 0 ? r : check_conditions(reader);
}

int rule_parse(const char *line, size_t length, bool built_in, struct rule *ret_rule, char *reason, size_t reason_size)
{
	_cleanup_(rule_done) struct rule rule = { 0 };
	struct reader reader = { .rule = &rule, .built_in = built_in, .reason = reason, .reason_size = reason_size };
	int r;

	*reason = '\0';
	r = tidy(&reader, line, length);
	if (r == 0)
		r = read_rule(&reader);
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

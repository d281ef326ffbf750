/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * “Did you mean …?”, for names of operations and of fields.
 *
 * People come with the words of ip(8), wg(8) and systemctl(1) in their fingers. Those words are not taken, since a script that
 * uses them would be read by nobody else; but whoever types one is told ours. What is left is mistyped, or cut short.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <hycan/client.h>

#include "arguments.h"
#include "names.h"
#include "nearest.h"
#include "value.h"

struct habit {
	const char *theirs;
	const char *ours;
};

static const struct habit nouns[] = {
	{ "addr", "address" },   { "iface", "link" },  { "interface", "link" },
	{ "nat", "masquerade" }, { "net", "network" }, { "wg", "wireguard" },
};

/* Of several the first one that the noun has. */
static const struct habit verbs[] = {
	{ "show", "list" },     { "show", "get" },     { "ls", "list" },        { "status", "get" },    { "del", "remove" },
	{ "del", "delete" },    { "rm", "remove" },    { "rm", "delete" },      { "delete", "remove" }, { "remove", "delete" },
	{ "flush", "remove" },  { "add", "create" },   { "add", "set" },        { "new", "create" },    { "new", "add" },
	{ "create", "add" },    { "change", "set" },   { "change", "replace" }, { "append", "add" },    { "get", "list" },
	{ "syncconf", "sync" }, { "setconf", "sync" },
};

static const struct habit fields[] = {
	{ "dev", "link" },
	{ "src", "source" },
	{ "proto", "protocol" },
	{ "preference", "priority" },
	{ "pref", "priority" },
	{ "order", "priority" },
	{ "iif", "in_interface" },
	{ "oif", "out_interface" },
	{ "lookup", "table" },
	{ "brd", "broadcast" },
	{ "nexthop", "nexthops" },
	{ "ipproto", "ip_protocol" },
	{ "sport", "source_ports" },
	{ "dport", "destination_ports" },
	{ "uidrange", "uid_first" },
	{ "not", "invert" },
	{ "suppress_prefixlength", "suppress_prefix_length" },
	{ "suppress_ifgroup", "suppress_group" },
	{ "valid_lft", "valid_lifetime" },
	{ "preferred_lft", "preferred_lifetime" },
	{ "nodad", "no_dad" },
	{ "noprefixroute", "no_prefix_route" },
	{ "address", "mac" },
	{ "blackhole", "type" },
	{ "unreachable", "type" },
	{ "prohibit", "type" },
	{ "throw", "type" },
};

#define N(array) (sizeof(array) / sizeof(*(array)))

/* ------------------------------------------------------------------------------------------------------ of operations */

/* The noun of an operation, or its verb, as people type it. */
static const char *word_of(const struct hycan_operation *operation, bool verb, char *text, size_t size)
{
	size_t family = strcspn(operation->name, ".");

	if (verb)
		snprintf(text, size, "%s", operation->name + family + 1);
	else
		snprintf(text, size, "%.*s", (int)family, operation->name);
	for (char *c = text; *c; c++)
		*c = *c == '_' ? '-' : *c;
	return text;
}

/* Whether there is such a noun; or, of a noun that there is, such a verb. */
static bool is_known(const char *noun, const char *verb)
{
	const struct hycan_operation *const *operations;
	size_t n;

	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++)
		if (arguments_names(operations[i], noun, verb))
			return true;
	return false;
}

static const char *by_habit(const char *noun, const char *verb)
{
	const struct habit *habits = verb ? verbs : nouns;
	size_t n = verb ? N(verbs) : N(nouns);

	for (size_t i = 0; i < n; i++)
		if (strcmp(habits[i].theirs, verb ? verb : noun) == 0 &&
		    is_known(verb ? noun : habits[i].ours, verb ? habits[i].ours : NULL))
			return habits[i].ours;
	return NULL;
}

/* The nearest name, or the first one that begins so. */
static void find_nearest(const char *noun, const char *verb, struct nearest *nearest)
{
	const struct hycan_operation *const *operations;
	const char *word = verb ? verb : noun;
	char name[VALUE_NAME_SIZE];
	size_t n;

	*nearest = nearest_begin(word, strlen(word));
	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++)
		if (!verb || arguments_names(operations[i], noun, NULL))
			nearest_offer(nearest, word_of(operations[i], verb, name, sizeof(name)));
	for (size_t i = 0; i < n && !nearest->found[0] && word[0]; i++)
		if ((!verb || arguments_names(operations[i], noun, NULL)) &&
		    strncmp(word_of(operations[i], verb, name, sizeof(name)), word, strlen(word)) == 0)
			memcpy(nearest->found, name, sizeof(name));
}

int names_explain(const char **noun, const char *verb, struct problem *problem)
{
	const char *word = verb ? verb : *noun, *kind = "verb", *meant;
	struct nearest nearest;

	if (!*noun)
		return problem_set(problem, NULL, "A noun and a verb are missing.");
	if (!is_known(*noun, NULL)) {
		kind = "noun";
		word = *noun;
		verb = NULL;
	} else if (!verb) {
		return problem_set(problem, NULL, "A verb for %s is missing.", *noun);
	}
	meant = by_habit(*noun, verb);
	if (!meant) {
		find_nearest(*noun, verb, &nearest);
		meant = nearest.found;
	}
	if (!verb)
		*noun = NULL;
	return problem_set(problem, NULL, meant[0] ? "There is no %s “%.60s”; did you mean “%s”?" : "There is no %s “%.60s”.", kind,
	                   word, meant);
}

/* ---------------------------------------------------------------------------------------------------------- of fields */

const struct hycan_field *names_option(const struct hycan_structure *description, const char *word, size_t length)
{
	const struct hycan_field *field = value_field(description, word, length);

	for (size_t i = 0; !field && i < N(fields); i++)
		if (strlen(fields[i].theirs) == length && strncmp(fields[i].theirs, word, length) == 0)
			field = value_field(description, fields[i].ours, strlen(fields[i].ours));
	return field && field->flags & HYCAN_FIELD_OPTIONAL ? field : NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The options that every operation has. They may stand anywhere; a field of the same name comes first. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

const struct option_row option_rows[] = {
	{ "socket", "PATH", "the daemon's socket; default: $HYCAN_DAEMON_SOCKET, then where the service has it" },
	{ "netns", "NAME|PATH", "act in this network namespace: a name below /run/netns, or a path" },
	{ "timeout", "SECONDS", "how long to wait for an answer; default: 30, of apply as long as it takes" },
	{ "lifetime", "permanent|lease:SECONDS", "how long to hold what is made, or is there already; default: permanent" },
	{ "exclusive", NULL, "creating what is there already is refused, even if it is the same" },
	{ "json", NULL, "answers and errors as JSON" },
	{ "help", NULL, "show help: of hycanctl, of a NOUN, or of a VERB" },
	{ "version", NULL, "show the version" },
};

const size_t n_option_rows = sizeof(option_rows) / sizeof(*option_rows);

static const struct option_row *find_row(const char *name, size_t length)
{
	for (size_t i = 0; i < n_option_rows; i++)
		if (strncmp(option_rows[i].name, name, length) == 0 && !option_rows[i].name[length])
			return &option_rows[i];
	return NULL;
}

/* “2” or “0.5” */
static int take_timeout(struct options *options, const char *text, struct problem *problem)
{
	size_t whole = strspn(text, "0123456789"), n = whole;
	long ms;

	if (text[n] == '.')
		n += 1 + strspn(text + n + 1, "0123456789");
	if (whole == 0 || whole > 6 || n == whole + 1 || text[n])
		return problem_set(problem, NULL, "“%.60s” is not a number of seconds.", text);
	ms = 1000 * strtol(text, NULL, 10);
	for (size_t i = whole + 1, scale = 100; i < n && scale; i++, scale /= 10)
		ms += (long)scale * (text[i] - '0');
	if (ms == 0)
		return problem_set(problem, NULL, "A timeout of %.60s seconds leaves no time for an answer.", text);
	options->timeout_ms = (int)ms;
	return 0;
}

/* “permanent” or “lease:60” */
static int take_lifetime(struct options *options, const char *text, struct problem *problem)
{
	size_t digits = strncmp(text, "lease:", 6) == 0 ? strspn(text + 6, "0123456789") : 0;

	if (strcmp(text, "permanent") == 0) {
		options->lease_seconds = 0;
		return 0;
	}
	if (strcmp(text, "connection") == 0)
		return problem_set(problem, NULL,
		                   "A connection of hycanctl ends at once, and all that it holds: use lease:SECONDS.");
	if (digits == 0 || digits > 8 || text[6 + digits] || strtol(text + 6, NULL, 10) == 0)
		return problem_set(problem, NULL, "“%.60s” is no lifetime: permanent, or lease:SECONDS.", text);
	options->lease_seconds = (unsigned int)strtol(text + 6, NULL, 10);
	return 0;
}

static int take_value(struct options *options, const char *name, const char *value, struct problem *problem)
{
	if (strcmp(name, "timeout") == 0)
		return take_timeout(options, value, problem);
	if (strcmp(name, "lifetime") == 0)
		return take_lifetime(options, value, problem);
	if (strcmp(name, "socket") == 0)
		options->socket = value;
	else
		options->netns = value;
	return 0;
}

static void take_switch(struct options *options, const char *name)
{
	options->exclusive |= strcmp(name, "exclusive") == 0;
	options->json |= strcmp(name, "json") == 0;
	options->version |= strcmp(name, "version") == 0;
}

int options_take(struct options *options, char *const *words, size_t n, size_t *at, struct problem *problem)
{
	const char *word = words[*at];
	const struct option_row *row;
	const char *equals;
	size_t length;

	if (strcmp(word, "-h") == 0)
		word = "--help";
	if (strncmp(word, "--", 2) != 0)
		return 0;
	word += 2;
	equals = strchr(word, '=');
	length = equals ? (size_t)(equals - word) : strlen(word);
	row = find_row(word, length);
	if (!row)
		return 0;
	if (!row->value) {
		if (equals)
			return problem_set(problem, NULL, "--%s takes no value.", row->name);
		take_switch(options, row->name);
		*at += 1;
		return 1;
	}
	if (!equals && *at + 1 >= n)
		return problem_set(problem, NULL, "--%s needs a value: %s.", row->name, row->value);
	*at += equals ? 1 : 2;
	if (take_value(options, row->name, equals ? equals + 1 : words[*at - 1], problem) < 0)
		return -EINVAL;
	return 1;
}

bool options_mention(const char *name, char *const *words, size_t n)
{
	for (size_t i = 0; i < n && strcmp(words[i], "--") != 0; i++) {
		if (strncmp(words[i], "--", 2) == 0 && strcmp(words[i] + 2, name) == 0)
			return true;
		if (strcmp(words[i], "-h") == 0 && strcmp(name, "help") == 0)
			return true;
	}
	return false;
}

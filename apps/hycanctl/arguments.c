/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of a command line become an operation and its request.
 *
 * Nothing here knows an operation: the schema says which fields there are. Options are read as they come; the other words
 * wait until it is known which required fields were given by name. What this file does not do: understand a value, which
 * is value.c's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "names.h"
#include "nearest.h"
#include "request.h"
#include "value.h"

struct reader {
	const struct hycan_structure *description;
	void *request;
	struct problem *problem;
	uint64_t given; /* a bit for each field */
	char **plain;   /* words that are no options, for the required fields */
	size_t n_plain;
};

static bool same_word(const char *name, size_t length, const char *word)
{
	for (size_t i = 0; i < length; i++)
		if (!word[i] || name[i] != (word[i] == '-' ? '_' : word[i]))
			return false;
	return !word[length];
}

bool arguments_names(const struct hycan_operation *operation, const char *noun, const char *verb)
{
	size_t n = strcspn(operation->name, ".");

	return same_word(operation->name, n, noun) &&
	       (!verb || same_word(operation->name + n + 1, strlen(operation->name + n + 1), verb));
}

const char *arguments_short(const char *noun, const char **ret_verb)
{
	if (strcmp(noun, ARGUMENTS_SHORT) != 0)
		return NULL;
	*ret_verb = "subscribe";
	return "event";
}

const struct hycan_operation *arguments_operation(const char *noun, const char *verb)
{
	const struct hycan_operation *const *operations;
	size_t n;

	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++)
		if (arguments_names(operations[i], noun, verb))
			return operations[i];
	return NULL;
}

const char *arguments_only_verb(const char *noun)
{
	const struct hycan_operation *const *operations, *only = NULL;
	size_t n;

	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++) {
		if (!arguments_names(operations[i], noun, NULL))
			continue;
		if (only || operations[i]->access != HYCAN_ACCESS_READ)
			return NULL;
		only = operations[i];
	}
	return only ? strchr(only->name, '.') + 1 : NULL;
}

static int give(struct reader *reader, const struct hycan_field *field, const char *text, bool by_name)
{
	uint64_t bit = 1ull << (field - reader->description->field);
	char name[VALUE_NAME_SIZE];
	int r;

	if (reader->given & bit && !(field->flags & HYCAN_FIELD_LIST))
		return problem_set(reader->problem, field, "--%s is given twice.", value_option_name(field, name, sizeof(name)));
	reader->given |= bit;
	r = value_give(field, reader->request, text, PLACE_COMMAND_LINE, reader->problem);
	if (r == 0)
		return 0;
	if (!reader->problem->field)
		reader->problem->field = field;
	if (by_name)
		problem_locate(reader->problem, "--%s", value_option_name(field, name, sizeof(name)));
	else
		problem_locate(reader->problem, "%s", value_argument_name(field, name, sizeof(name)));
	return r;
}

static int refuse_option(struct reader *reader, const char *word, size_t length)
{
	const struct hycan_field *meant = names_option(reader->description, word, length);
	struct nearest nearest = nearest_begin(word, length);
	char name[VALUE_NAME_SIZE];

	if (meant)
		return problem_set(reader->problem, NULL, "There is no option --%.*s here; did you mean --%s?", (int)length, word,
		                   value_option_name(meant, name, sizeof(name)));
	for (uint16_t i = 0; i < reader->description->n_fields; i++)
		nearest_offer(&nearest, value_option_name(&reader->description->field[i], name, sizeof(name)));
	for (size_t i = 0; i < n_option_rows; i++)
		nearest_offer(&nearest, option_rows[i].name);
	if (nearest.found[0])
		return problem_set(reader->problem, NULL, "There is no option --%.*s here; did you mean --%s?",
		                   (int)(length < 60 ? length : 60), word, nearest.found);
	return problem_set(reader->problem, NULL, "There is no option --%.*s here.", (int)(length < 60 ? length : 60), word);
}

/* “--name VALUE”, “--name=VALUE”, or for a switch at the end or before another option “--name” alone. */
static int read_option(struct reader *reader, char *const *words, size_t n, size_t *at, struct options *options)
{
	const char *word = words[*at] + 2;
	size_t length = strcspn(word, "=");
	const struct hycan_field *field = value_field(reader->description, word, length);
	bool last = *at + 1 >= n;
	int r;

	if (!field) {
		r = options_take(options, words, n, at, reader->problem);
		return r == 0 ? refuse_option(reader, word, length) : r;
	}
	if (word[length]) {
		*at += 1;
		return give(reader, field, word + length + 1, true);
	}
	if (field->type == HYCAN_TYPE_BOOL && (last || strncmp(words[*at + 1], "--", 2) == 0)) {
		*at += 1;
		return give(reader, field, "on", true);
	}
	if (last)
		return problem_set(reader->problem, field, "--%.*s needs a value.", (int)length, word);
	*at += 2;
	return give(reader, field, words[*at - 1], true);
}

static int read_words(struct reader *reader, char *const *words, size_t n, struct options *options)
{
	bool only_plain = false;
	int r;

	for (size_t i = 0; i < n;) {
		if (only_plain || words[i][0] != '-' || strcmp(words[i], "-") == 0) {
			reader->plain[reader->n_plain++] = words[i++];
		} else if (strcmp(words[i], "--") == 0) {
			only_plain = true;
			i++;
		} else if (strncmp(words[i], "--", 2) == 0) {
			r = read_option(reader, words, n, &i, options);
			if (r < 0)
				return r;
		} else {
			r = options_take(options, words, n, &i, reader->problem);
			if (r == 0)
				return problem_set(reader->problem, NULL,
				                   "There is no option %.60s; a word that begins with “-” stands behind “--”.",
				                   words[i]);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int read_plain(struct reader *reader)
{
	const struct hycan_field *meant;
	char name[VALUE_NAME_SIZE];
	size_t at = 0;
	int r;

	for (uint16_t i = 0; i < reader->description->n_fields; i++) {
		const struct hycan_field *field = &reader->description->field[i];

		if (field->flags & HYCAN_FIELD_OPTIONAL || reader->given & 1ull << i)
			continue;
		if (at == reader->n_plain)
			return problem_set(reader->problem, field, "%s is missing.",
			                   value_argument_name(field, name, sizeof(name)));
		r = give(reader, field, reader->plain[at++], false);
		if (r < 0)
			return r;
	}
	if (at == reader->n_plain)
		return 0;
	meant = names_option(reader->description, reader->plain[at], strlen(reader->plain[at]));
	if (meant)
		return problem_set(reader->problem, NULL, "“%.60s” is too much; did you mean --%s?", reader->plain[at],
		                   value_option_name(meant, name, sizeof(name)));
	return problem_set(reader->problem, NULL, "“%.60s” is too much.", reader->plain[at]);
}

int arguments_read(const struct hycan_operation *operation, char *const *words, size_t n, struct options *options,
                   void **ret_request, struct problem *problem)
{
	const struct hycan_structure *description = operation->request;
	struct reader reader = { .description = description, .problem = problem };
	int r;

	*ret_request = NULL;
	if (description->n_fields > 64)
		return problem_set(problem, NULL, "%s has too many fields for a command line.", operation->name);
	reader.plain = calloc(n + 1, sizeof(*reader.plain));
	/* of a request without fields the address alone is wanted */
	reader.request = calloc(1, description->size ? description->size : 1);
	*ret_request = reader.request;
	if (!reader.plain || !reader.request) {
		free(reader.plain);
		return problem_set(problem, NULL, "There is not enough memory.");
	}
	r = read_words(&reader, words, n, options);
	if (r == 0)
		r = read_plain(&reader);
	if (r == 0)
		value_finish(description, reader.request);
	free(reader.plain);
	return r;
}

void arguments_free(const struct hycan_operation *operation, void **request)
{
	if (*request)
		request_clear(operation->request, *request);
	free(*request);
	*request = NULL;
}

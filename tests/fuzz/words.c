/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of hycanctl's command line, and the records in files that they name.
 *
 *   [operation] words with a zero byte behind each, an empty one, and what stands in every file
 *
 * No file of this machine is opened: whatever is named holds the end of the input, or is not there. A request that was
 * read must be one that can be sent.
 */
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "fuzz.h"
#include "options.h"
#include "source.h"

/* Words on a command line. */
#define WORDS_MAX 40

/* What stands in every file. */
static struct material file;

int __wrap_source_read(const char *word, size_t limit, struct source *ret_source, struct problem *problem);

int __wrap_source_read(const char *word, size_t limit, struct source *ret_source, struct problem *problem)
{
	struct source source = { .name = word[0] == '@' ? word + 1 : "standard input", .size = file.size + 1 };

	if (file.size > limit || memchr(file.data, '\0', file.size))
		return problem_set(problem, NULL, "%s cannot be read.", source.name);
	source.text = malloc(source.size);
	CHECK(source.text);
	if (file.size > 0)
		memcpy(source.text, file.data, file.size);
	source.text[file.size] = '\0';
	*ret_source = source;
	return 0;
}

static void check_problem(const struct problem *problem)
{
	CHECK(problem->sentence[0]);
	CHECK(strnlen(problem->sentence, sizeof(problem->sentence)) < sizeof(problem->sentence));
}

/* Cuts the words off the front of the input. */
static size_t take_words(struct material *input, char **words)
{
	size_t n = 0;

	while (input->size > 0 && n < WORDS_MAX) {
		size_t length = strnlen((const char *)input->data, input->size);

		if (length > 0)
			CHECK((words[n++] = strndup((const char *)input->data, length)));
		input->data += length;
		input->size -= length;
		if (input->size > 0)
			material_byte(input);
		if (length == 0)
			break;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct material input = { data, size };
	const struct hycan_operation *operation = material_operation(&input);
	struct options options = { 0 };
	struct problem problem = { 0 };
	char *words[WORDS_MAX];
	void *request = NULL;
	size_t n = take_words(&input, words);

	file = input;
	if (arguments_read(operation, words, n, &options, &request, &problem) == 0)
		check_sendable(operation->request, request);
	else
		check_problem(&problem);
	arguments_free(operation, &request);
	CHECK(!request);
	while (n > 0)
		free(words[--n]);
	return 0;
}

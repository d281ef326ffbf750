/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structures as text.
 *
 * A record is words between blanks: the required fields in the order of the schema, as on the command line, and
 * NAME=VALUE for the rest. A structure within a structure stands in braces. What this file does not do: quoting; no
 * field of a structure that anybody writes down has blanks in it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "request.h"
#include "source.h"

#define BLANKS " \t\r\n"

/* Larger than a request may be. */
#define LIST_FILE_MAX ((size_t)64 << 20)

/* Length of the word at text: up to a blank that is not inside braces. 0 where braces do not match. */
static size_t word_length(const char *text)
{
	size_t n = 0, depth = 0;

	for (; text[n] && (depth || !strchr(BLANKS, text[n])); n++) {
		if (text[n] == '{')
			depth++;
		else if (text[n] == '}' && depth-- == 0)
			return 0;
	}
	return depth ? 0 : n;
}

/* The word without its NAME=, with the field of that name; without one, the next required field that has no value. */
static const char *which_field(const struct hycan_structure *description, uint64_t given, const char *word,
                               const struct hycan_field **ret_field, struct problem *problem)
{
	size_t n = strcspn(word, "=");

	*ret_field = word[n] ? value_field(description, word, n) : NULL;
	if (*ret_field)
		return word + n + 1;
	/* the text of a key ends in “=” */
	if (word[n] && word[n + 1] && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n) {
		problem_set(problem, NULL, "There is no field “%.*s” in a %s.", (int)(n < 60 ? n : 60), word, description->name);
		return NULL;
	}
	for (uint16_t i = 0; i < description->n_fields; i++) {
		if (!(description->field[i].flags & HYCAN_FIELD_OPTIONAL) && !(given & 1ull << i)) {
			*ret_field = &description->field[i];
			return word;
		}
	}
	problem_set(problem, NULL, "“%.60s” is too much: what is not required is written NAME=VALUE.", word);
	return NULL;
}

static int read_word(const struct hycan_structure *description, const char *word, enum place place, void *structure,
                     uint64_t *given, struct problem *problem)
{
	const struct hycan_field *field;
	const char *text;
	uint64_t bit;

	text = which_field(description, *given, word, &field, problem);
	if (!text)
		return -EINVAL;
	bit = 1ull << (field - description->field);
	if (*given & bit && !(field->flags & HYCAN_FIELD_LIST))
		return problem_set(problem, field, "%s is given twice.", field->name);
	*given |= bit;
	return value_give(field, structure, text, place, problem);
}

/* Reads the words of a text that may be written into. */
static int read_words(const struct hycan_structure *description, char *text, enum place place, void *structure,
                      struct problem *problem)
{
	uint64_t given = 0;

	if (description->n_fields > 64)
		return problem_set(problem, NULL, "A %s has too many fields to be written as text.", description->name);
	for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS)) {
		size_t n = word_length(text);
		char *word = text;

		if (n == 0)
			return problem_set(problem, NULL, "The braces in “%.60s” do not match.", text);
		text += n;
		if (*text)
			*text++ = '\0';
		if (read_word(description, word, place, structure, &given, problem) < 0)
			return -EINVAL;
	}
	for (uint16_t i = 0; i < description->n_fields; i++)
		if (!(description->field[i].flags & HYCAN_FIELD_OPTIONAL) && !(given & 1ull << i))
			return problem_set(problem, &description->field[i], "%s is missing.", description->field[i].name);
	value_finish(description, structure);
	return 0;
}

int record_read(const struct hycan_structure *description, const char *text, enum place place, void *structure,
                struct problem *problem)
{
	size_t n = strlen(text);
	char *copy;
	int r;

	if (n >= 2 && text[0] == '{' && word_length(text) == n && text[n - 1] == '}') {
		text++;
		n -= 2;
	}
	copy = strndup(text, n);
	if (!copy)
		return problem_set(problem, NULL, "There is not enough memory.");
	r = read_words(description, copy, place, structure, problem);
	explicit_bzero(copy, n);
	free(copy);
	return r;
}

/* “{…}{…}”, or one record without braces */
static int read_inline(const struct hycan_field *field, void *structure, const char *text, enum place place,
                       struct problem *problem)
{
	int r = 0;

	text += strspn(text, BLANKS);
	while (r == 0 && *text) {
		size_t n = strlen(text);
		void *value = request_add(field, structure);
		char *copy;

		if (text[0] == '{') {
			size_t depth = 0;

			for (n = 0; text[n] && (n == 0 || depth); n++)
				depth += text[n] == '{' ? 1 : text[n] == '}' ? (size_t)-1 : 0;
		}
		copy = value ? strndup(text, n) : NULL;
		if (!copy)
			return problem_set(problem, field, "There is not enough memory.");
		r = record_read(field->structure, copy, place, value, problem);
		explicit_bzero(copy, n);
		free(copy);
		text += n;
		text += strspn(text, BLANKS);
	}
	return r;
}

/* Cuts the line off at a “#” that begins a word. */
static void cut_comment(char *line)
{
	for (char *c = line; *c; c++) {
		if (*c == '#' && (c == line || strchr(BLANKS, c[-1]))) {
			*c = '\0';
			return;
		}
	}
}

static int read_lines(const struct hycan_field *field, void *structure, const struct source *source, struct problem *problem)
{
	char *line = source->text;

	for (size_t number = 1; *line; number++) {
		char *end = line + strcspn(line, "\n");
		char *next = *end ? end + 1 : end;
		void *value;

		*end = '\0';
		cut_comment(line);
		if (line[strspn(line, BLANKS)]) {
			value = request_add(field, structure);
			if (!value)
				return problem_set(problem, field, "There is not enough memory.");
			if (read_words(field->structure, line, PLACE_FILE, value, problem) < 0) {
				if (problem->field)
					problem_locate(problem, "%.100s, line %zu, %s", source->name, number, problem->field->name);
				else
					problem_locate(problem, "%.100s, line %zu", source->name, number);
				return -EINVAL;
			}
		}
		line = next;
	}
	return 0;
}

int record_list(const struct hycan_field *field, void *structure, const char *text, enum place place, struct problem *problem)
{
	struct source source;
	int r;

	request_set_empty(field, structure);
	if (!source_is_named(text))
		return read_inline(field, structure, text, place, problem);
	r = source_read(text, LIST_FILE_MAX, &source, problem);
	if (r < 0) {
		problem->field = field;
		return r;
	}
	r = read_lines(field, structure, &source, problem);
	source_free(&source);
	return r;
}

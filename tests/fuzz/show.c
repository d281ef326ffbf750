/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hycanctl makes of an answer: for people, and as JSON.
 *
 *   [operation] [half of it: number of answers of a list] attributes of an answer
 *
 * No byte that a terminal would act on may come out, whatever a server sends; and JSON must be JSON.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "json.h"
#include "people.h"

/* ---------------------------------------------------------------------------------------------------- what comes out */

/* Printable UTF-8 and line feeds. */
static void check_terminal(const char *text, size_t size)
{
	CHECK(strlen(text) == size);
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		CHECK(c == '\n' || (c >= 0x20 && c != 0x7f));
		/* C1 controls: U+0080 to U+009f */
		CHECK(!(c == 0xc2 && (unsigned char)text[i + 1] < 0xa0));
	}
}

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \n");
}

/* The end of a text that begins behind its quotation mark. */
static const char *end_of_string(const char *p)
{
	while (*p != '"') {
		CHECK((unsigned char)*p >= 0x20);
		if (*p == '\\') {
			p++;
			CHECK(strchr("\"\\u", *p) && *p);
			for (int i = 0; i < 4 && *p == 'u'; i++)
				CHECK(isxdigit((unsigned char)p[1 + i]));
			p += *p == 'u' ? 4 : 0;
		}
		p++;
	}
	return p + 1;
}

/* The end of a value of JSON; whatever is none breaks the promise. */
static const char *end_of_value(const char *p)
{
	char close = *p == '{' ? '}' : ']';
	bool object = *p == '{';

	if (*p == '"')
		return end_of_string(p + 1);
	if (strncmp(p, "true", 4) == 0 || strncmp(p, "false", 5) == 0)
		return p + (*p == 't' ? 4 : 5);
	if (*p != '{' && *p != '[') {
		size_t minus = *p == '-', digits = strspn(p + minus, "0123456789");

		CHECK(digits > 0);
		return p + minus + digits;
	}
	p = skip_space(p + 1);
	while (*p != close) {
		if (object) {
			CHECK(*p == '"');
			p = skip_space(end_of_string(p + 1));
			CHECK(*p == ':');
			p = skip_space(p + 1);
		}
		p = skip_space(end_of_value(p));
		CHECK(*p == ',' || *p == close);
		if (*p == ',') {
			p = skip_space(p + 1);
			CHECK(*p != close);
		}
	}
	return p + 1;
}

static void check_json(const char *text)
{
	CHECK(*skip_space(end_of_value(skip_space(text))) == '\0');
}

/* ----------------------------------------------------------------------------------------------------------- an answer */

static void show(const struct hycan_operation *operation, const void *answers, size_t n, bool json)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CHECK(out);
	if (json && operation->list)
		json_print_list(out, operation->reply, answers, n);
	else if (json)
		json_print_answer(out, operation->reply, answers);
	else if (operation->list)
		people_print_list(out, operation->reply, answers, n);
	else
		people_print_answer(out, operation->reply, answers);
	fclose(out);
	check_terminal(text, size);
	if (json)
		check_json(text);
	free(text);
}

/* The same answer n times in an array; NULL where it is none. The memory for its lists is decoder's. */
static uint8_t *decode(struct wire_decoder *decoder, const struct hycan_structure *structure, const struct material *input,
                       size_t n)
{
	size_t one = structure->size ? structure->size : 1;
	uint8_t *answers = malloc(n * one);

	CHECK(answers);
	if (wire_decode(decoder, structure, input->data, input->size, answers) < 0) {
		free(answers);
		return NULL;
	}
	decoder->memory = (struct wire_memory){ .base = malloc(decoder->memory.used + 1), .size = decoder->memory.used };
	CHECK(decoder->memory.base);
	CHECK(wire_decode(decoder, structure, input->data, input->size, answers) == 0);
	for (size_t i = 1; i < n; i++)
		memcpy(answers + i * one, answers, one);
	return answers;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct material input = { data, size };
	const struct hycan_operation *operation = material_operation(&input);
	size_t n = 1u + material_byte(&input) / 2 % 3;
	struct wire_decoder decoder = { 0 };
	uint8_t *answers;

	/* an answer without fields is not printed */
	answers = operation->reply->n_fields ? decode(&decoder, operation->reply, &input, n) : NULL;
	if (answers) {
		show(operation, answers, n, false);
		show(operation, answers, n, true);
		if (operation->list)
			show(operation, answers, 0, true);
	}
	free(answers);
	free(decoder.memory.base);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct material input = { data, size };
	struct chance chance = { seed };
	const struct hycan_operation *operation = material_operation(&input);

	if (size < 2 || max_size < 8 || chance_below(&chance, 2))
		return LLVMFuzzerMutate(data, size, max_size);
	if (chance_below(&chance, 8) == 0)
		return 2 + mutate_sample(&chance, operation->reply, data + 2, max_size - 2);
	return 2 + mutate_attributes(&chance, data + 2, size - 2, max_size - 2);
}

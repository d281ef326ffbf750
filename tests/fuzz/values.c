/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text forms of single values.
 *
 *   [operation] [field; with the high bit one of the answer] text
 *
 * What is read, written and read again must be the same; what is refused must be refused with a clause and without a
 * trace. What is read must be something that can be sent, and that comes back from the wire the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static int parse(const struct hycan_field *field, const char *text, void *value)
{
	char *reason = malloc(200);
	int r;

	CHECK(reason);
	memset(reason, 'x', 200);
	r = hycan_value_parse(field, text, value, reason, 200);
	CHECK(r == 0 || r == -EINVAL);
	if (r < 0)
		CHECK(strnlen(reason, 200) < 200 && reason[0]);
	free(reason);
	return r;
}

/* The field is all there is in a structure. */
static void check_wire(struct hycan_field field, const void *value)
{
	const struct hycan_structure structure = { .name = "x", .field = &field, .n_fields = 1, .size = field.size };
	struct wire_decoder decoder = { 0 };
	uint8_t bytes[2048];
	struct wire_fault fault = { 0 };
	void *back = malloc(field.size);
	ssize_t n;

	CHECK(back);
	field.number = 1;
	field.offset = 0;
	field.flags = 0;
	n = wire_encode(&structure, value, bytes, sizeof(bytes), NULL, NULL, &fault);
	CHECK(n > 0);
	CHECK(wire_decode(&decoder, &structure, bytes, (size_t)n, back) == 0);
	CHECK(walk_same(&structure, value, back));
	walk_structure(&structure, back, false);
	free(back);
}

static void check_text(struct hycan_field field, const void *value)
{
	char text[1100];
	void *again = calloc(1, field.size);

	/* a secret has no text to read again */
	field.flags &= (uint16_t)~HYCAN_FIELD_SECRET;
	CHECK(again);
	hycan_value_format(&field, value, text, sizeof(text));
	CHECK(parse(&field, text, again) == 0);
	CHECK(memcmp(value, again, field.size) == 0);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct material input = { data, size };
	const struct hycan_operation *operation = material_operation(&input);
	uint8_t which = material_byte(&input);
	const struct hycan_structure *structure = which & 0x80 ? operation->reply : operation->request;
	const struct hycan_field *field;
	uint8_t *value, *before;
	char *text;

	if (structure->n_fields == 0)
		return 0;
	field = &structure->field[(which & 0x7f) % structure->n_fields];
	text = strndup((const char *)input.data, input.size);
	value = calloc(1, field->size);
	before = calloc(1, field->size);
	CHECK(text && value && before);
	if (parse(field, text, value) == 0) {
		check_text(*field, value);
		check_wire(*field, value);
	} else {
		CHECK(memcmp(value, before, field->size) == 0);
	}
	free(before);
	free(value);
	free(text);
	return 0;
}

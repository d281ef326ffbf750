/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An answer as one line.
 *
 * Words stand alone, numbers behind their name, and a structure behind its own. A word that says which structure follows is
 * that structure's name already. What is no, 0 or empty says nothing; and large structures within others are left to the
 * answer for a single one, as in tables.
 */
#include <stdbool.h>
#include <string.h>

#include <hycan/values.h>

#include "human.h"
#include "line.h"
#include "request.h"
#include "text.h"

/* Structures that go deeper are left out. */
#define DEPTH_MAX 2

static void add_structure(struct text *text, const struct hycan_structure *description, const void *structure, unsigned int depth);

static void add_word(struct text *text, const char *word)
{
	if (text->length)
		text_add(text, " ");
	text_add(text, word);
}

/* “by request”: a word of an enum, without its name where that is a word for the whole. */
static bool is_word(const struct hycan_field *field)
{
	switch (field->type) {
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
	case HYCAN_TYPE_ENUM:
		return !(field->flags & HYCAN_FIELD_OPTIONAL);
	case HYCAN_TYPE_BOOL:
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_PORT_RANGE:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
	case HYCAN_TYPE_STRING:
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
	case HYCAN_TYPE_ADDRESS:
	case HYCAN_TYPE_ENDPOINT:
	case HYCAN_TYPE_FD:
	case HYCAN_TYPE_STRUCT:
	case HYCAN_TYPE_PAYLOAD:
		return false;
	}
	return false;
}

static void add_value(struct text *text, const struct hycan_field *field, const void *value)
{
	if (field->type == HYCAN_TYPE_BOOL) {
		if (hycan_value_number(field, value))
			add_word(text, field->name);
		return;
	}
	if (!is_word(field)) {
		add_word(text, field->name);
		text_add(text, "=");
	} else if (text->length) {
		text_add(text, " ");
	}
	human_add_value(text, field, value);
}

static void add_field(struct text *text, const struct hycan_field *field, const void *structure, unsigned int depth)
{
	for (size_t i = 0; i < request_count(field, structure); i++) {
		const void *value = request_value(field, structure, i);

		if (field->type != HYCAN_TYPE_STRUCT) {
			add_value(text, field, value);
		} else if (depth < DEPTH_MAX && (depth == 0 || field->flags & HYCAN_FIELD_LIST)) {
			add_word(text, field->name);
			add_structure(text, field->structure, value, depth + 1);
		}
	}
}

/* Whether a field says which other one is there. */
static bool names_another(const struct hycan_structure *description, const struct hycan_field *field, const void *structure)
{
	const char *name;

	if (field->type != HYCAN_TYPE_ENUM || !request_has(field, structure))
		return false;
	name = hycan_enumerator_name(field->enumeration, hycan_value_number(field, request_value(field, structure, 0)));
	for (uint16_t i = 0; name && i < description->n_fields; i++)
		if (description->field[i].type == HYCAN_TYPE_STRUCT && strcmp(description->field[i].name, name) == 0)
			return true;
	return false;
}

static void add_structure(struct text *text, const struct hycan_structure *description, const void *structure, unsigned int depth)
{
	/* what tells why stands behind what it is about */
	for (int pass = 0; pass < 2; pass++) {
		for (uint16_t i = 0; i < description->n_fields; i++) {
			const struct hycan_field *field = &description->field[i];

			if (!request_has(field, structure) || field->flags & HYCAN_FIELD_SECRET ||
			    (strcmp(field->name, "cause") == 0) != pass || names_another(description, field, structure))
				continue;
			add_field(text, field, structure, depth);
		}
	}
}

void line_print(FILE *out, const struct hycan_structure *description, const void *answer)
{
	struct text text = { 0 };

	add_structure(&text, description, answer, 0);
	fprintf(out, "%s\n", text_string(&text));
	text_free(&text);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers and errors for machines (RFC 8259).
 *
 * Keys are those of the schema. Numbers are numbers (a ratio is its thousandths, a table its number), enums are their names, and
 * what has a text form is that text. An absent field is left out, and so is a secret. Bytes that are no UTF-8 become
 * U+FFFD, since JSON has no other bytes.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hycan/values.h>

#include "json.h"
#include "request.h"
#include "text.h"

static void print_object(FILE *out, const struct hycan_structure *description, const void *structure);

static void print_string(FILE *out, const char *s)
{
	fputc('"', out);
	while (*s) {
		uint32_t c = 0;
		size_t n = text_character(s, &c);

		if (n == 0)
			fputs("\xef\xbf\xbd", out);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (char)c);
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
			fprintf(out, "\\u%04x", c);
		else
			fwrite(s, 1, n, out);
		s += n ? n : 1;
	}
	fputc('"', out);
}

/* A value whose text form is its form in JSON too. */
static void print_as_text(FILE *out, const struct hycan_field *field, const void *value)
{
	size_t size = 2 * (size_t)field->size + HYCAN_ADDRESS_TEXT_SIZE;
	char *text;

	if (field->type == HYCAN_TYPE_PAYLOAD)
		size += 2 * ((const struct hycan_payload *)value)->size;
	text = malloc(size);
	print_string(out, text ? hycan_value_format(field, value, text, size) : "");
	free(text);
}

static void print_enum(FILE *out, const struct hycan_field *field, const void *value)
{
	const uint64_t number = hycan_value_number(field, value);
	const char *name = hycan_enumerator_name(field->enumeration, number);

	if (name)
		print_string(out, name);
	else
		fprintf(out, "%" PRIu64, number);
}

static void print_value(FILE *out, const struct hycan_field *field, const void *value)
{
	switch (field->type) {
	case HYCAN_TYPE_BOOL:
		fputs(hycan_value_number(field, value) ? "true" : "false", out);
		break;
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
		fprintf(out, "%" PRIu64, hycan_value_number(field, value));
		break;
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_FD:
		fprintf(out, "%" PRId64, (int64_t)hycan_value_number(field, value));
		break;
	case HYCAN_TYPE_ENUM:
		print_enum(out, field, value);
		break;
	case HYCAN_TYPE_STRUCT:
		print_object(out, field->structure, value);
		break;
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
	case HYCAN_TYPE_PORT_RANGE:
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
	case HYCAN_TYPE_ADDRESS:
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
	case HYCAN_TYPE_ENDPOINT:
	case HYCAN_TYPE_PAYLOAD:
		print_as_text(out, field, value);
		break;
	}
}

static void print_array(FILE *out, const struct hycan_field *field, const void *structure)
{
	fputc('[', out);
	for (size_t i = 0; i < request_count(field, structure); i++) {
		fputs(i ? ", " : "", out);
		print_value(out, field, request_value(field, structure, i));
	}
	fputc(']', out);
}

void json_print_field(FILE *out, const struct hycan_field *field, const void *structure)
{
	if (field->flags & HYCAN_FIELD_LIST)
		print_array(out, field, structure);
	else
		print_value(out, field, request_value(field, structure, 0));
}

void json_print_text(FILE *out, const char *text)
{
	print_string(out, text);
}

static void print_object(FILE *out, const struct hycan_structure *description, const void *structure)
{
	const char *comma = "";

	fputc('{', out);
	for (uint16_t i = 0; i < description->n_fields; i++) {
		const struct hycan_field *field = &description->field[i];

		if (!request_has(field, structure) || field->flags & HYCAN_FIELD_SECRET)
			continue;
		fprintf(out, "%s\"%s\": ", comma, field->name);
		json_print_field(out, field, structure);
		comma = ", ";
	}
	fputc('}', out);
}

void json_print_list(FILE *out, const struct hycan_structure *description, const void *answers, size_t n)
{
	fputc('[', out);
	for (size_t i = 0; i < n; i++) {
		fputs(i ? ",\n " : "", out);
		print_object(out, description, (const char *)answers + i * description->size);
	}
	fputs("]\n", out);
}

void json_print_answer(FILE *out, const struct hycan_structure *description, const void *answer)
{
	print_object(out, description, answer);
	fputc('\n', out);
}

void json_print_error(FILE *out, const char *code, const char *message, const char *field, const char *operation)
{
	const char *const members[][2] = {
		{ "code", code }, { "message", message }, { "field", field }, { "operation", operation }
	};
	const char *comma = "";

	fputs("{\"error\": {", out);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (!members[i][1] || !members[i][1][0])
			continue;
		fprintf(out, "%s\"%s\": ", comma, members[i][0]);
		print_string(out, members[i][1]);
		comma = ", ";
	}
	fputs("}}\n", out);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers for people.
 *
 * A list is a table. Only columns in which somebody has a value are shown, a “-” stands where one has none, and large structures
 * (counters, a CAN controller) are left to the answer for a single one. One answer is lines of “name: value”, with
 * structures indented. A list of lines is a text. Nothing is ever cut off; a structure in a table is written as hycanctl reads it.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "people.h"
#include "request.h"
#include "text.h"

/* A cell that is wider moves what is behind it on its own line, and does not make all others as wide. */
#define CELL_WIDE 60

/* Fields that a structure may have to stand in a cell of a table, and to be a row of a table within an answer. */
#define CELL_FIELDS 4
#define ROW_FIELDS  5

static void add_field(struct text *text, const struct hycan_field *field, const void *structure, const char *between);

/* “{via=10.0.0.1 weight=2}” */
static void add_record(struct text *text, const struct hycan_structure *description, const void *structure)
{
	const char *blank = "";

	text_add(text, "{");
	for (uint16_t i = 0; i < description->n_fields; i++) {
		if (!request_count(&description->field[i], structure))
			continue;
		text_add(text, blank);
		text_add(text, description->field[i].name);
		text_add(text, "=");
		add_field(text, &description->field[i], structure, ",");
		blank = " ";
	}
	text_add(text, "}");
}

/* All values of a field. */
static void add_field(struct text *text, const struct hycan_field *field, const void *structure, const char *between)
{
	for (size_t i = 0; i < request_count(field, structure); i++) {
		const void *value = request_value(field, structure, i);

		if (field->type == HYCAN_TYPE_STRUCT) {
			add_record(text, field->structure, value);
			continue;
		}
		if (i)
			text_add(text, between);
		human_add_value(text, field, value);
	}
}

static void add_cell(struct text *text, const struct hycan_field *field, const void *structure)
{
	text_reset(text);
	if (field->type == HYCAN_TYPE_UNSIGNED && !(field->flags & HYCAN_FIELD_LIST) && request_has(field, structure))
		human_add_cell(text, field, request_value(field, structure, 0));
	else
		add_field(text, field, structure, ",");
	if (!text->length)
		text_add(text, "-");
}

static void add_header(struct text *text, const struct hycan_field *field)
{
	text_reset(text);
	human_add_name(text, field);
	for (char *c = text->bytes; *c; c++)
		*c = (char)toupper((unsigned char)*c);
}

/* Width of a column; 0 where it is not shown. */
static size_t column_width(struct text *scratch, const struct hycan_structure *description, const struct hycan_field *field,
                           const char *items, size_t n)
{
	bool anybody = false;
	size_t width;

	if (field->type == HYCAN_TYPE_STRUCT && field->structure->n_fields > CELL_FIELDS)
		return 0;
	add_header(scratch, field);
	width = text_width(scratch);
	for (size_t i = 0; i < n; i++) {
		add_cell(scratch, field, items + i * description->size);
		anybody |= strcmp(scratch->bytes, "-") != 0;
		if (text_width(scratch) > width && text_width(scratch) <= CELL_WIDE)
			width = text_width(scratch);
	}
	return anybody ? width : 0;
}

static void print_blanks(FILE *out, size_t n)
{
	fprintf(out, "%*s", (int)n, "");
}

/* One line of a table: the headers where structure is NULL. */
static void print_row(FILE *out, struct text *scratch, const struct hycan_structure *description, const size_t *widths,
                      const void *structure, size_t indent)
{
	size_t blanks = indent;

	for (uint16_t i = 0; i < description->n_fields; i++) {
		if (!widths[i])
			continue;
		if (structure)
			add_cell(scratch, &description->field[i], structure);
		else
			add_header(scratch, &description->field[i]);
		/* the blanks behind a cell wait for the next one, so that no line ends in them */
		print_blanks(out, blanks);
		fputs(scratch->bytes, out);
		blanks = (widths[i] > text_width(scratch) ? widths[i] - text_width(scratch) : 0) + 2;
	}
	fputc('\n', out);
}

static void print_table(FILE *out, const struct hycan_structure *description, const char *items, size_t n, size_t indent)
{
	size_t *widths = calloc(description->n_fields + 1u, sizeof(*widths));
	struct text scratch = { 0 };

	if (n == 0 || !widths) {
		free(widths);
		return;
	}
	for (uint16_t i = 0; i < description->n_fields; i++)
		widths[i] = column_width(&scratch, description, &description->field[i], items, n);
	print_row(out, &scratch, description, widths, NULL, indent);
	for (size_t i = 0; i < n; i++)
		print_row(out, &scratch, description, widths, items + i * description->size, indent);
	text_free(&scratch);
	free(widths);
}

static void print_fields(FILE *out, const struct hycan_structure *description, const void *structure, size_t indent, bool is_item);

static void print_structures(FILE *out, const struct hycan_field *field, const void *structure, size_t indent)
{
	const struct hycan_structure *description = field->structure;
	size_t n = request_count(field, structure);

	fprintf(out, "%s:\n", field->name);
	if (!(field->flags & HYCAN_FIELD_LIST))
		print_fields(out, description, request_value(field, structure, 0), indent + 2, false);
	else if (description->n_fields <= ROW_FIELDS)
		print_table(out, description, request_value(field, structure, 0), n, indent + 2);
	else
		for (size_t i = 0; i < n; i++)
			print_fields(out, description, request_value(field, structure, i), indent + 4, true);
}

static void print_values(FILE *out, struct text *scratch, const struct hycan_field *field, const void *structure)
{
	text_reset(scratch);
	add_field(scratch, field, structure, ", ");
	if (!(field->flags & HYCAN_FIELD_LIST))
		human_add_remark(scratch, field, request_value(field, structure, 0));
	fprintf(out, "%s:%s%s\n", field->name, scratch->length ? " " : "", text_string(scratch));
}

/* An item of a list begins with a dash. */
static void print_fields(FILE *out, const struct hycan_structure *description, const void *structure, size_t indent, bool is_item)
{
	struct text scratch = { 0 };

	for (uint16_t i = 0; i < description->n_fields; i++) {
		const struct hycan_field *field = &description->field[i];

		if (!request_count(field, structure))
			continue;
		print_blanks(out, is_item ? indent - 2 : indent);
		if (is_item)
			fputs("- ", out);
		is_item = false;
		if (field->type == HYCAN_TYPE_STRUCT)
			print_structures(out, field, structure, indent);
		else
			print_values(out, &scratch, field, structure);
	}
	text_free(&scratch);
}

/* Whether answers are the lines of a text. */
static bool is_text(const struct hycan_structure *description)
{
	const struct hycan_field *field = description->field;

	return description->n_fields == 1 && field->type == HYCAN_TYPE_STRING && strcmp(field->name, "line") == 0;
}

static void print_text(FILE *out, const struct hycan_structure *description, const char *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		text_print_foreign(out, request_value(description->field, lines + i * description->size, 0));
		fputc('\n', out);
	}
}

void people_print_list(FILE *out, const struct hycan_structure *description, const void *answers, size_t n)
{
	if (is_text(description))
		print_text(out, description, answers, n);
	else
		print_table(out, description, answers, n, 0);
}

void people_print_answer(FILE *out, const struct hycan_structure *description, const void *answer)
{
	const struct hycan_field *field = description->field;

	/* the name of the one thing that was asked for says nothing */
	if (description->n_fields == 1 && field->type == HYCAN_TYPE_STRUCT && field->flags == 0)
		description = field->structure;
	print_fields(out, description, answer, 0, false);
}

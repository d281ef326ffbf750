/* SPDX-License-Identifier: BSD-3-Clause */
/* Help, made from the schema: what is said of an operation here is what docs/operations.md says of it. */
#include <stdbool.h>
#include <string.h>

#include "arguments.h"
#include "help.h"
#include "options.h"
#include "value.h"

#define LINE_WIDTH 80

/* Where a line has got to, so that words go to the next one instead of over its end. */
struct line {
	FILE *out;
	size_t indent;
	size_t used;
};

static size_t width(const char *s, size_t n)
{
	size_t columns = 0;

	for (size_t i = 0; i < n; i++)
		columns += ((unsigned char)s[i] & 0xc0) != 0x80;
	return columns;
}

static void put_word(struct line *line, const char *word, size_t n)
{
	if (line->used > line->indent && line->used + 1 + width(word, n) > LINE_WIDTH) {
		fputc('\n', line->out);
		line->used = 0;
	}
	if (line->used == 0)
		line->used = (size_t)fprintf(line->out, "%*s", (int)line->indent, "");
	else
		line->used += (size_t)fprintf(line->out, " ");
	fwrite(word, 1, n, line->out);
	line->used += width(word, n);
}

static void put_text(struct line *line, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		put_word(line, text, n);
		text += n + (text[n] == ' ');
	}
}

static void end_line(struct line *line)
{
	fputc('\n', line->out);
	line->used = 0;
}

static const char *verb_of(const struct hycan_operation *operation)
{
	return strchr(operation->name, '.') + 1;
}

static void print_dashed(FILE *out, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fputc(name[i] == '_' ? '-' : name[i], out);
}

void help_print_usage(FILE *out, const struct hycan_operation *operation)
{
	static const char program[] = "usage: hycanctl";
	struct line line = { .out = out, .indent = 16, .used = sizeof(program) - 1 };
	char name[VALUE_NAME_SIZE], word[VALUE_NAME_SIZE + 16];

	fputs(program, out);
	if (!operation) {
		put_text(&line, "[OPTION…] NOUN VERB ARGUMENT… [--NAME VALUE…]");
		end_line(&line);
		return;
	}
	snprintf(word, sizeof(word), "%s", operation->name);
	for (char *c = word; *c; c++)
		*c = *c == '.' ? ' ' : *c == '_' ? '-' : *c;
	put_text(&line, word);
	for (int optional = 0; optional < 2; optional++) {
		for (uint16_t i = 0; i < operation->request->n_fields; i++) {
			const struct hycan_field *field = &operation->request->field[i];

			if (!(field->flags & HYCAN_FIELD_OPTIONAL) != !optional)
				continue;
			if (optional)
				snprintf(word, sizeof(word), "[--%s …]", value_option_name(field, name, sizeof(name)));
			else
				snprintf(word, sizeof(word), "%s", value_argument_name(field, name, sizeof(name)));
			put_word(&line, word, strlen(word));
		}
	}
	end_line(&line);
}

static void print_names(FILE *out, const struct hycan_enumeration *enumeration)
{
	for (size_t i = 0; i < enumeration->n_enumerators; i++)
		fprintf(out, "%s%s", i ? "|" : "", enumeration->enumerator[i].name);
}

static const char *form_of(const struct hycan_field *field)
{
	switch (field->type) {
	case HYCAN_TYPE_BOOL:
		return "on|off";
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
		return "NUMBER";
	case HYCAN_TYPE_PORT:
		return "PORT";
	case HYCAN_TYPE_PORT_RANGE:
		return "PORT|FIRST-LAST";
	case HYCAN_TYPE_TABLE:
		return "main|local|default|NUMBER";
	case HYCAN_TYPE_PERMILLE:
		return "0.875|875";
	case HYCAN_TYPE_IFNAME:
		return "LINK";
	case HYCAN_TYPE_STRING:
		return "TEXT";
	case HYCAN_TYPE_BYTES:
		return "HEXADECIMAL";
	case HYCAN_TYPE_KEY:
		return "KEY|@FILE|-";
	case HYCAN_TYPE_MAC:
		return "MAC";
	case HYCAN_TYPE_ADDRESS:
		return "ADDRESS";
	case HYCAN_TYPE_PREFIX:
		return field->flags & HYCAN_FIELD_LIST ? "NETWORK/LENGTH" : "NETWORK/LENGTH|default";
	case HYCAN_TYPE_ADDRESS_PREFIX:
		return "ADDRESS/LENGTH";
	case HYCAN_TYPE_ENDPOINT:
		return "ADDRESS:PORT|[ADDRESS]:PORT";
	case HYCAN_TYPE_FD:
		return "NAME|PATH";
	case HYCAN_TYPE_PAYLOAD:
		return "(hycanctl apply)";
	case HYCAN_TYPE_STRUCT:
		return "@FILE|-|RECORD";
	case HYCAN_TYPE_ENUM:
		break;
	}
	return "";
}

void help_print_form(FILE *out, const struct hycan_field *field)
{
	if (field->flags & HYCAN_FIELD_SECRET)
		fputs("@FILE|-", out);
	else if (field->enumeration)
		print_names(out, field->enumeration);
	else
		fputs(form_of(field), out);
	if (field->flags & HYCAN_FIELD_LIST && field->type != HYCAN_TYPE_STRUCT)
		fputs(",…", out);
}

static void print_field(FILE *out, const struct hycan_field *field)
{
	struct line line = { .out = out, .indent = 8 };
	char name[VALUE_NAME_SIZE];

	if (field->flags & HYCAN_FIELD_OPTIONAL)
		fprintf(out, "  --%s ", value_option_name(field, name, sizeof(name)));
	else
		fprintf(out, "  %s ", value_argument_name(field, name, sizeof(name)));
	help_print_form(out, field);
	fputc('\n', out);
	if (field->summary) {
		put_text(&line, field->summary);
		end_line(&line);
	}
}

/* How a structure is written in a word or a line. */
static void print_record(FILE *out, const struct hycan_field *field)
{
	const struct hycan_structure *structure = field->structure;
	struct line line = { .out = out };
	char name[VALUE_NAME_SIZE];

	fputc('\n', out);
	put_text(&line, "A RECORD of");
	put_text(&line, field->flags & HYCAN_FIELD_OPTIONAL ? field->name : value_argument_name(field, name, sizeof(name)));
	put_text(&line,
	         "is written as below, what stands in brackets in any order. A file has one on each line, “#” begins a comment.");
	put_text(&line, "On the command line several stand in braces, {…}{…}.");
	end_line(&line);
	for (uint16_t i = 0; i < structure->n_fields; i++) {
		const struct hycan_field *member = &structure->field[i];

		if (member->flags & HYCAN_FIELD_OPTIONAL)
			fprintf(out, "  [%s=", member->name);
		else
			fprintf(out, "  %s ", value_argument_name(member, name, sizeof(name)));
		/* in a file a secret may stand as it is */
		fputs(member->flags & HYCAN_FIELD_SECRET ? "KEY|" : "", out);
		if (member->type == HYCAN_TYPE_STRUCT)
			fputs("{RECORD}…", out);
		else
			help_print_form(out, member);
		fprintf(out, "%s\n", member->flags & HYCAN_FIELD_OPTIONAL ? "]" : "");
		line = (struct line){ .out = out, .indent = 8 };
		put_text(&line, member->summary ? member->summary : "");
		end_line(&line);
	}
}

void help_print_operation(FILE *out, const struct hycan_operation *operation)
{
	const struct hycan_structure *request = operation->request;
	struct line line = { .out = out };

	help_print_usage(out, operation);
	fputc('\n', out);
	put_text(&line, operation->summary);
	end_line(&line);
	if (request->n_fields)
		fputc('\n', out);
	for (int optional = 0; optional < 2; optional++)
		for (uint16_t i = 0; i < request->n_fields; i++)
			if (!(request->field[i].flags & HYCAN_FIELD_OPTIONAL) == !optional)
				print_field(out, &request->field[i]);
	for (uint16_t i = 0; i < request->n_fields; i++)
		if (request->field[i].type == HYCAN_TYPE_STRUCT)
			print_record(out, &request->field[i]);
}

void help_print_noun(FILE *out, const char *noun)
{
	const struct hycan_operation *const *operations;
	size_t n;

	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++) {
		struct line line = { .out = out, .indent = 8 };
		const char *end;

		if (!arguments_names(operations[i], noun, NULL))
			continue;
		help_print_usage(out, operations[i]);
		end = strstr(operations[i]->summary, ". ");
		for (const char *c = operations[i]->summary; *c && c != end;) {
			size_t length = strcspn(c, " ");

			length = end && c + length > end ? (size_t)(end - c) : length;
			put_word(&line, c, length);
			c += length + (c[length] == ' ');
		}
		end_line(&line);
	}
}

void help_print_program(FILE *out)
{
	const struct hycan_operation *const *operations;
	size_t n, family = 0;

	operations = hycan_operations(&n);
	help_print_usage(out, NULL);
	fputs("\nAsks the HyCAN daemon for changes of the network and shows what is there.\n\nNOUN and VERB:\n", out);
	for (size_t i = 0; i < n; i++) {
		size_t length = strcspn(operations[i]->name, ".");
		bool first = i == 0 || length != family || strncmp(operations[i]->name, operations[i - 1]->name, family + 1) != 0;

		family = length;
		if (first) {
			fprintf(out, "%s  ", i ? "\n" : "");
			print_dashed(out, operations[i]->name, family);
			fprintf(out, "%*s", family < 12 ? (int)(12 - family) : 1, "");
		} else {
			fputs(", ", out);
		}
		print_dashed(out, verb_of(operations[i]), strlen(verb_of(operations[i])));
	}
	fputs("\n\n“hycanctl " ARGUMENTS_SHORT "” is “hycanctl event subscribe”.\n", out);
	fputs("A noun with one verb alone, which shows something, needs no verb: “hycanctl health”.\n", out);
	fputs("“hycanctl apply FILE” carries out all that a file says, or nothing of it; “hycanctl export” writes one.\n", out);
	fputs("\nOPTION, which may stand anywhere:\n", out);
	for (size_t i = 0; i < n_option_rows; i++) {
		struct line line = { .out = out, .indent = 24 };

		line.used =
			(size_t)fprintf(out, "  --%s %s", option_rows[i].name, option_rows[i].value ? option_rows[i].value : "");
		line.used += (size_t)fprintf(out, "%*s", line.used < 23 ? (int)(23 - line.used) : 0, "");
		put_text(&line, option_rows[i].summary);
		end_line(&line);
	}
	fputs("\n“hycanctl NOUN --help” and “hycanctl NOUN VERB --help” tell more.\n"
	      "Exit status: 0 done, 1 refused or failed, 2 not understood, 3 no daemon.\n",
	      out);
}

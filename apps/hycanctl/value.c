/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words become values.
 *
 * The text forms of single values are the library's; here stands what a command line adds to them: keys that come from
 * files, descriptors that are opened, “default” for a network, lists with commas. Lists of structures are record.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <hycan/values.h>

#include "record.h"
#include "request.h"
#include "source.h"
#include "value.h"

/* The longest sensible file with a key in it. */
#define KEY_FILE_MAX 4096

#define NAMED_NAMESPACES "/run/netns"

static char fold(char c)
{
	return c == '-' ? '_' : c;
}

const struct hycan_field *value_field(const struct hycan_structure *description, const char *name, size_t length)
{
	for (uint16_t i = 0; i < description->n_fields; i++) {
		const char *known = description->field[i].name;
		size_t n = 0;

		while (n < length && known[n] && known[n] == fold(name[n]))
			n++;
		if (n == length && !known[n])
			return &description->field[i];
	}
	return NULL;
}

const char *value_option_name(const struct hycan_field *field, char *text, size_t size)
{
	snprintf(text, size, "%s", field->name);
	for (char *c = text; *c; c++)
		*c = *c == '_' ? '-' : *c;
	return text;
}

const char *value_argument_name(const struct hycan_field *field, char *text, size_t size)
{
	snprintf(text, size, "%s", field->name);
	for (char *c = text; *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
	return text;
}

static int parse(const struct hycan_field *field, const char *text, void *value, struct problem *problem)
{
	char reason[200];

	if (hycan_value_parse(field, text, value, reason, sizeof(reason)) == 0)
		return 0;
	if (field->flags & HYCAN_FIELD_SECRET)
		return problem_set(problem, field, "What was given for %s %s.", field->name, reason);
	return problem_set(problem, field, "“%.100s” %s.", text, reason);
}

/* The one word in a file: white space around it, such as the last line feed, does not count. */
static int parse_source(const struct hycan_field *field, const char *word, void *value, struct problem *problem)
{
	struct source source;
	char *text, *end, reason[200];
	int r;

	r = source_read(word, KEY_FILE_MAX, &source, problem);
	if (r < 0) {
		problem->field = field;
		return r;
	}
	text = source.text + strspn(source.text, " \t\r\n");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	/* no word of what stands there: it may be somebody's key all the same */
	if (hycan_value_parse(field, text, value, reason, sizeof(reason)) < 0)
		r = problem_set(problem, field, "What stands in %.200s %s.", source.name, reason);
	source_free(&source);
	return r;
}

static int open_descriptor(const struct hycan_field *field, const char *text, int *ret_fd, struct problem *problem)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s%s", strchr(text, '/') ? "" : NAMED_NAMESPACES "/", text);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return problem_set(problem, field, "%s cannot be opened: %s.", path, strerror(errno));
	*ret_fd = fd;
	return 0;
}

static int give_one(const struct hycan_field *field, const char *text, enum place place, void *value, struct problem *problem)
{
	char option[VALUE_NAME_SIZE];

	if (field->type == HYCAN_TYPE_STRUCT)
		return record_read(field->structure, text, place, value, problem);
	if (field->type == HYCAN_TYPE_PAYLOAD)
		return problem_set(problem, field, "A %s has no form in words; “hycanctl apply” makes it from a file.",
		                   field->name);
	if (field->type == HYCAN_TYPE_FD)
		return open_descriptor(field, text, value, problem);
	if ((field->type == HYCAN_TYPE_KEY || field->flags & HYCAN_FIELD_SECRET) && source_is_named(text))
		return parse_source(field, text, value, problem);
	if (field->flags & HYCAN_FIELD_SECRET && place == PLACE_COMMAND_LINE) {
		value_option_name(field, option, sizeof(option));
		return problem_set(problem, field,
		                   "%s is secret, and everybody can see a command line: give the name of a file that holds it, "
		                   "--%s @FILE, or pass it on standard input, --%s -.",
		                   field->name, option, option);
	}
	/* lists alone have it */
	if (field->type == HYCAN_TYPE_TABLE && strcmp(text, "all") == 0)
		text = "0";
	/* no address: value_finish() knows the family */
	if (field->type == HYCAN_TYPE_PREFIX && !(field->flags & HYCAN_FIELD_LIST) && strcmp(text, "default") == 0)
		return 0;
	return parse(field, text, value, problem);
}

static int add(const struct hycan_field *field, void *structure, const char *text, enum place place, struct problem *problem)
{
	void *value = request_add(field, structure);

	if (!value)
		return problem_set(problem, field, "There is not enough memory.");
	return give_one(field, text, place, value, problem);
}

static int give_list(const struct hycan_field *field, void *structure, const char *text, enum place place, struct problem *problem)
{
	char part[1024];
	int r = 0;

	request_set_empty(field, structure);
	while (r == 0 && *text) {
		size_t n = strcspn(text, ",");

		if (n >= sizeof(part))
			return problem_set(problem, field, "“%.100s” is too long.", text);
		memcpy(part, text, n);
		part[n] = '\0';
		r = add(field, structure, part, place, problem);
		text += n;
		if (r == 0 && *text == ',' && !*++text)
			return problem_set(problem, field, "Nothing follows the last comma.");
	}
	return r;
}

int value_give(const struct hycan_field *field, void *structure, const char *text, enum place place, struct problem *problem)
{
	if (!(field->flags & HYCAN_FIELD_LIST))
		return add(field, structure, text, place, problem);
	if (field->type == HYCAN_TYPE_STRUCT)
		return record_list(field, structure, text, place, problem);
	return give_list(field, structure, text, place, problem);
}

/* The address family that the addresses of a structure have, or 0. */
static uint8_t family_of(const struct hycan_structure *description, const void *structure)
{
	for (uint16_t i = 0; i < description->n_fields; i++) {
		const struct hycan_field *field = &description->field[i];
		uint8_t family = 0;

		for (size_t j = 0; !family && j < request_count(field, structure); j++) {
			const void *value = request_value(field, structure, j);

			if (field->type == HYCAN_TYPE_ADDRESS)
				family = ((const struct hycan_address *)value)->family;
			else if (field->type == HYCAN_TYPE_PREFIX)
				family = ((const struct hycan_prefix *)value)->address.family;
			else if (field->type == HYCAN_TYPE_ENUM && strcmp(field->enumeration->name, "family") == 0)
				family = (uint8_t)hycan_value_number(field, value);
			else if (field->type == HYCAN_TYPE_STRUCT)
				family = family_of(field->structure, value);
		}
		if (family)
			return family;
	}
	return 0;
}

void value_finish(const struct hycan_structure *description, void *structure)
{
	uint8_t family = family_of(description, structure);

	for (uint16_t i = 0; i < description->n_fields; i++) {
		const struct hycan_field *field = &description->field[i];

		if (field->type == HYCAN_TYPE_PREFIX && !(field->flags & HYCAN_FIELD_LIST) && request_has(field, structure)) {
			struct hycan_prefix *prefix = (void *)request_value(field, structure, 0);

			if (!prefix->address.family)
				prefix->address.family = family ? family : AF_INET;
		}
	}
}

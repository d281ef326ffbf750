/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From JSON to requests, by the schema's tables.
 *
 * Values that JSON has no type for are texts, and read as those on a command line are: addresses, keys, “@FILE” for a key.
 * A number may stand where a text could, and “on” where true could. The library tells the line of what is no JSON; of what
 * is JSON and makes no sense here, the line is where the step begins.
 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "nearest.h"
#include "plan_file.h"
#include "request.h"
#include "value.h"

static int fill(const struct hycan_structure *description, void *structure, json_t *object, bool is_step, struct problem *problem);

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
		return "a number";
	case JSON_REAL:
		return "a number with a fraction or an exponent";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		return "null";
	}
	return "something";
}

/* One value that is no structure. A text is passed as it is, so that no copy of a key stays behind. */
static int give_text(const struct hycan_field *field, void *structure, json_t *value, struct problem *problem)
{
	char text[32] = "";
	const char *given = text;

	if (json_is_string(value))
		given = json_string_value(value);
	else if (json_is_integer(value))
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		given = json_is_true(value) ? "on" : "off";
	else
		return problem_set(problem, field, "%s cannot be %s.", field->name, type_name(value));
	if (field->flags & HYCAN_FIELD_LIST && (!*given || strchr(given, ',')))
		return problem_set(problem, field, "In an array each value of %s stands for itself.", field->name);
	return value_give(field, structure, given, PLACE_FILE, problem);
}

static int give_structure(const struct hycan_field *field, void *structure, json_t *value, struct problem *problem)
{
	void *to;

	if (!json_is_object(value))
		return problem_set(problem, field, "%s is an object with the fields of a %s, and not %s.", field->name,
		                   field->structure->name, type_name(value));
	to = request_add(field, structure);
	if (!to)
		return problem_set(problem, field, "There is not enough memory.");
	return fill(field->structure, to, value, false, problem);
}

static int give(const struct hycan_field *field, void *structure, json_t *value, struct problem *problem)
{
	return field->type == HYCAN_TYPE_STRUCT ? give_structure(field, structure, value, problem)
	                                        : give_text(field, structure, value, problem);
}

static int give_field(const struct hycan_field *field, void *structure, json_t *value, struct problem *problem)
{
	json_t *element;
	size_t i;
	int r = 0;

	if (!(field->flags & HYCAN_FIELD_LIST) || !json_is_array(value))
		return give(field, structure, value, problem);
	request_set_empty(field, structure);
	json_array_foreach(value, i, element)
	{
		r = give(field, structure, element, problem);
		if (r < 0) {
			problem_locate(problem, "%s[%zu]", field->name, i);
			return r;
		}
	}
	return r;
}

static int refuse_name(const struct hycan_structure *description, const char *name, struct problem *problem)
{
	struct nearest nearest = nearest_begin(name, strlen(name));

	for (uint16_t i = 0; i < description->n_fields; i++)
		nearest_offer(&nearest, description->field[i].name);
	if (nearest.found[0])
		return problem_set(problem, NULL, "%s has no field “%.60s”; did you mean “%s”?", description->name, name,
		                   nearest.found);
	return problem_set(problem, NULL, "%s has no field “%.60s”.", description->name, name);
}

/* All members of an object into a structure; what is required must be there. */
static int fill(const struct hycan_structure *description, void *structure, json_t *object, bool is_step, struct problem *problem)
{
	uint64_t given = 0;
	const char *name;
	json_t *value;
	int r;

	json_object_foreach(object, name, value)
	{
		const struct hycan_field *field = value_field(description, name, strlen(name));

		if (is_step && strcmp(name, "operation") == 0)
			continue;
		if (!field || strchr(name, '-'))
			return refuse_name(description, name, problem);
		given |= UINT64_C(1) << (field - description->field);
		r = give_field(field, structure, value, problem);
		if (r < 0) {
			if (!problem->field)
				problem->field = field;
			return r;
		}
	}
	for (uint16_t i = 0; i < description->n_fields; i++) {
		const struct hycan_field *field = &description->field[i];

		if (!(field->flags & (HYCAN_FIELD_OPTIONAL | HYCAN_FIELD_LIST)) && !(given & UINT64_C(1) << i))
			return problem_set(problem, field, "%s needs the field %s: %s.", description->name, field->name,
			                   field->summary);
	}
	value_finish(description, structure);
	return 0;
}

static int read_step(json_t *object, struct plan_step *step, struct problem *problem)
{
	const char *name = json_string_value(json_object_get(object, "operation"));
	struct nearest nearest;
	const struct hycan_operation *const *operations;
	size_t n;

	if (!json_is_object(object))
		return problem_set(problem, NULL, "A step is an object, and not %s.", type_name(object));
	if (!name)
		return problem_set(problem, NULL, "A step needs the name of its operation: \"operation\": \"link.up\".");
	step->operation = hycan_operation_by_name(name);
	if (step->operation) {
		step->request = calloc(1, step->operation->request->size ? step->operation->request->size : 1);
		if (!step->request)
			return problem_set(problem, NULL, "There is not enough memory.");
		return fill(step->operation->request, step->request, object, true, problem);
	}
	nearest = nearest_begin(name, strlen(name));
	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++)
		nearest_offer(&nearest, operations[i]->name);
	return problem_set(problem, NULL,
	                   nearest.found[0] ? "There is no operation “%.60s”; did you mean “%s”?"
	                                    : "There is no operation “%.60s”.",
	                   name, nearest.found);
}

/* How far a text has been looked through. */
struct text_place {
	const char *p;
	unsigned int line;
	size_t depth;
	bool quoted;
};

/* The line on which the next step begins: the objects at the second depth, in a text that is known to be JSON. */
static unsigned int next_line(struct text_place *at)
{
	for (; *at->p; at->p++) {
		at->line += *at->p == '\n';
		if (at->quoted && *at->p == '\\' && at->p[1])
			at->p++;
		else if (*at->p == '"')
			at->quoted = !at->quoted;
		else if (!at->quoted && (*at->p == '{' || *at->p == '[')) {
			if (at->depth++ == 2) {
				at->p++;
				return at->line;
			}
		} else if (!at->quoted && (*at->p == '}' || *at->p == ']'))
			at->depth--;
	}
	return at->line;
}

static int read_steps(const char *text, json_t *root, struct plan_file *file, struct problem *problem)
{
	json_t *steps = json_object_get(root, "steps"), *value;
	struct text_place at = { .p = text, .line = 1 };
	const char *name;
	size_t i;
	int r;

	json_object_foreach(root, name, value) if (strcmp(name, "steps") != 0) return problem_set(
		problem, NULL, "There is “%.60s” beside “steps”, which is all that there can be.", name);
	if (!json_is_object(root) || !json_is_array(steps))
		return problem_set(problem, NULL, "The file is an object with an array of steps in it: {\"steps\": […]}.");
	file->step = calloc(json_array_size(steps) + 1, sizeof(*file->step));
	if (!file->step)
		return problem_set(problem, NULL, "There is not enough memory.");
	json_array_foreach(steps, i, value)
	{
		struct plan_step *step = &file->step[i];

		step->line = next_line(&at);
		file->n = i + 1;
		r = read_step(value, step, problem);
		if (r < 0) {
			problem_locate(problem, "line %u, step %zu", step->line, i + 1);
			return r;
		}
	}
	return 0;
}

/* There may be keys in any of it. */
static void wipe(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

int plan_file_read(const char *text, struct plan_file *ret_file, struct problem *problem)
{
	struct plan_file file = { 0 };
	json_error_t error;
	json_t *root;
	int r;

	json_set_alloc_funcs(malloc, wipe);
	root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!root && json_error_code(&error) == json_error_null_character)
		return problem_set(problem, NULL, "line %d: No text can have \\u0000 in it.", error.line);
	if (!root)
		return problem_set(problem, NULL, "line %d: This is no JSON: %s.", error.line, error.text);
	r = read_steps(text, root, &file, problem);
	json_decref(root);
	if (r < 0)
		plan_file_free(&file);
	else
		*ret_file = file;
	return r;
}

void plan_file_free(struct plan_file *file)
{
	for (size_t i = 0; i < file->n; i++) {
		if (file->step[i].request)
			request_clear(file->step[i].operation->request, file->step[i].request);
		free(file->step[i].request);
	}
	free(file->step);
	*file = (struct plan_file){ 0 };
}

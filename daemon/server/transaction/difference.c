/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values are compared by what they are called, so members of a structure that are not set do not count. The items of a list are
 * in no order: the kernel has one of its own for allowed IPs.
 *
 * What this file does not do: know any operation.
 */
#include "difference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for the values of one field as text. */
#define VALUE_SIZE 512

static bool is_structure(const struct hycan_field *field)
{
	return field->type == HYCAN_TYPE_STRUCT;
}

/* The values of a field, with blanks between; where they are too many for that, how many. */
static void put_values(const struct hycan_field *field, const char *values, size_t n, char *text, size_t size)
{
	char word[VALUE_SIZE];
	size_t at = 0;

	for (size_t i = 0; i < n && at < size && !is_structure(field); i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s", i ? " " : "",
		                       hycan_value_format(field, values + i * field->size, word, sizeof(word)));
	if (at >= size || is_structure(field))
		snprintf(text, size, "of %zu", n);
}

static void put_field(const struct hycan_field *field, const void *structure, const char *absent, char *text, size_t size)
{
	size_t n = 0, at = strlen(text);
	const void *values = wire_values(field, structure, &n);
	char word[VALUE_SIZE] = "";

	if (n > 0)
		put_values(field, values, n, word, sizeof(word));
	else
		snprintf(word, sizeof(word), "%s", absent);
	/* a text that is empty would not be seen */
	snprintf(text + at, size - at, "%s%s %s", at ? ", " : "", field->name, *word ? word : "“”");
}

/* ---------------------------------------------------------------------------------------------------------- comparing */

static bool same_structure(const struct wire_memory *memory, const struct hycan_structure *structure, const void *a, const void *b)
{
	bool same = true;

	for (uint16_t i = 0; i < structure->n_fields && same; i++)
		same = difference_is_none(memory, &structure->field[i], a, b);
	return same;
}

static bool same_value(const struct wire_memory *memory, const struct hycan_field *field, const void *a, const void *b)
{
	char x[VALUE_SIZE] = "", y[VALUE_SIZE] = "";

	if (field->flags & HYCAN_FIELD_SECRET)
		return memcmp(a, b, field->size) == 0;
	if (is_structure(field))
		return same_structure(memory, field->structure, a, b);
	return strcmp(hycan_value_format(field, a, x, sizeof(x)), hycan_value_format(field, b, y, sizeof(y))) == 0;
}

static int compare(const void *a, const void *b, void *size)
{
	return memcmp(a, b, *(const size_t *)size);
}

/* A sorted copy without what is there twice; n becomes how many are left. NULL: no memory. */
static char *sort(struct wire_memory *memory, const struct hycan_field *field, const char *values, size_t *n)
{
	size_t size = field->size, kept = 0;
	char *sorted = wire_memory_take(memory, *n * size);

	if (!sorted)
		return NULL;
	memcpy(sorted, values, *n * size);
	qsort_r(sorted, *n, size, compare, &size);
	for (size_t i = 0; i < *n; i++)
		if (kept == 0 || memcmp(sorted + (kept - 1) * size, sorted + i * size, size) != 0)
			memmove(sorted + kept++ * size, sorted + i * size, size);
	*n = kept;
	return sorted;
}

/* Whether they have the same values; where there is no memory to find out they count as different. */
static bool same_set(struct wire_memory memory, const struct hycan_field *field, const char *a, size_t n, const char *b, size_t m)
{
	if (n == 0 || m == 0)
		return n == m;
	if (n == m && memcmp(a, b, n * field->size) == 0)
		return true;
	a = sort(&memory, field, a, &n);
	b = sort(&memory, field, b, &m);
	return a && b && n == m && memcmp(a, b, n * field->size) == 0;
}

bool difference_is_none(const struct wire_memory *memory, const struct hycan_field *field, const void *a, const void *b)
{
	size_t n, m;
	const char *p = wire_values(field, a, &n), *q = wire_values(field, b, &m);
	bool same;

	if (field->flags & HYCAN_FIELD_LIST && !is_structure(field))
		return same_set(*memory, field, p, n, q, m);
	/* what may be on or off and is not said is off */
	if (field->type == HYCAN_TYPE_BOOL)
		return (n > 0 && *(const bool *)p) == (m > 0 && *(const bool *)q);
	same = n == m;
	for (size_t i = 0; i < n && same; i++)
		same = same_value(memory, field, p + i * field->size, q + i * field->size);
	return same;
}

bool difference_tell(const struct wire_memory *memory, const struct hycan_structure *structure, const struct hycan_field *but,
                     const void *former, const void *wanted, enum difference_absent absent, struct hycan_planned_change *change)
{
	for (uint16_t i = 0; i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];
		size_t n = 0;

		(void)wire_values(field, wanted, &n);
		if (field == but || (n == 0 && absent == DIFFERENCE_STAYS && field->flags & HYCAN_FIELD_OPTIONAL) ||
		    difference_is_none(memory, field, former, wanted))
			continue;
		put_field(field, former, field->type == HYCAN_TYPE_BOOL ? "off" : "none", change->was, sizeof(change->was));
		put_field(field, wanted, field->flags & HYCAN_FIELD_OPTIONAL ? "default" : "none", change->becomes,
		          sizeof(change->becomes));
	}
	change->has_was = change->was[0];
	change->has_becomes = change->becomes[0];
	return change->has_was;
}

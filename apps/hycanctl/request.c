/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A request in memory.
 *
 * The offsets in the schema's tables say where things are. Lists grow by doubling, so whether there is room for one more
 * follows from their number alone. Memory that may have held a key is wiped before it is given back.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "request.h"

static void *at(const void *structure, uint32_t offset)
{
	return (char *)structure + offset;
}

bool request_has(const struct hycan_field *field, const void *structure)
{
	return !(field->flags & HYCAN_FIELD_OPTIONAL) || *(const bool *)at(structure, field->has_offset);
}

size_t request_count(const struct hycan_field *field, const void *structure)
{
	if (!request_has(field, structure))
		return 0;
	return field->flags & HYCAN_FIELD_LIST ? *(const size_t *)at(structure, field->count_offset) : 1;
}

const void *request_value(const struct hycan_field *field, const void *structure, size_t i)
{
	if (field->flags & HYCAN_FIELD_LIST)
		return *(char *const *)at(structure, field->offset) + i * field->size;
	return at(structure, field->offset);
}

void request_set_empty(const struct hycan_field *field, void *structure)
{
	if (field->flags & HYCAN_FIELD_OPTIONAL)
		*(bool *)at(structure, field->has_offset) = true;
}

void *request_add(const struct hycan_field *field, void *structure)
{
	size_t *count = at(structure, field->count_offset);
	char **items = at(structure, field->offset);

	request_set_empty(field, structure);
	if (!(field->flags & HYCAN_FIELD_LIST))
		return items;
	if ((*count & (*count - 1)) == 0) {
		char *more = calloc(*count ? 2 * *count : 1, field->size);

		if (!more)
			return NULL;
		if (*items) {
			memcpy(more, *items, *count * field->size);
			explicit_bzero(*items, *count * field->size);
			free(*items);
		}
		*items = more;
	}
	return *items + (*count)++ * field->size;
}

static void clear_field(const struct hycan_field *field, void *structure)
{
	size_t n = request_count(field, structure);

	for (size_t i = 0; i < n; i++) {
		void *value = (void *)request_value(field, structure, i);

		if (field->type == HYCAN_TYPE_STRUCT)
			request_clear(field->structure, value);
		/* 0 is a field that was never read: standard input is not the request's to close */
		else if (field->type == HYCAN_TYPE_FD && *(int *)value > STDERR_FILENO)
			close(*(int *)value);
	}
	if (field->flags & HYCAN_FIELD_LIST) {
		if (n)
			explicit_bzero((void *)request_value(field, structure, 0), n * field->size);
		free(*(void **)at(structure, field->offset));
	}
}

void request_clear(const struct hycan_structure *description, void *structure)
{
	for (uint16_t i = 0; i < description->n_fields; i++)
		clear_field(&description->field[i], structure);
	explicit_bzero(structure, description->size);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The walk over the values of a structure, by its table. */
#include <string.h>

#include "wire.h"

const void *wire_values(const struct hycan_field *field, const void *value, size_t *ret_n)
{
	const char *first = (const char *)value + field->offset;

	*ret_n = 1;
	if ((field->flags & HYCAN_FIELD_OPTIONAL) && !*((const bool *)value + field->has_offset))
		*ret_n = 0;
	else if (field->flags & HYCAN_FIELD_LIST) {
		memcpy(ret_n, (const char *)value + field->count_offset, sizeof(*ret_n));
		memcpy(&first, (const char *)value + field->offset, sizeof(first));
	}
	return first;
}

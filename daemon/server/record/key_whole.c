/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether an identity can be read.
 *
 * Those that key.c makes can; one that the ledger's file tells may be anything, and what reads it (key_format(), key_request(),
 * and who takes links away by their names) goes by the lengths that are in it. So it is walked through once, when the file is
 * read: each value is within the identity and fits where it will be read to, and nothing is left behind the last one.
 *
 * What this file does not do: look whether the values make sense. The kernel says what there is not.
 */
#include <string.h>

#include "key.h"
#include "table.h"

/* How long the values of a field are; 0: what is there is none. */
static size_t address_size(const uint8_t *p, size_t left)
{
	const struct hycan_address address = { .family = left ? *p : 0 };
	const size_t n = hycan_address_size(&address);

	return n > 0 && n < left ? 1 + n : 0;
}

static size_t prefix_size(const uint8_t *p, size_t left)
{
	const size_t n = address_size(p, left);

	return n > 0 && n < left && p[n] <= 8 * (n - 1) ? n + 1 : 0;
}

static size_t text_size(const uint8_t *p, size_t left, size_t room)
{
	const size_t n = strnlen((const char *)p, left);

	return n < left && n < room ? n + 1 : 0;
}

static size_t value_size(const uint8_t *p, size_t left, const struct hycan_field *field)
{
	switch (field->type) {
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
		return text_size(p, left, field->size);
	case HYCAN_TYPE_ADDRESS:
		return address_size(p, left);
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
		return prefix_size(p, left);
	case HYCAN_TYPE_BOOL:
		return left >= field->size && *p <= 1 ? field->size : 0;
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_ENUM:
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_PORT_RANGE:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
	case HYCAN_TYPE_ENDPOINT:
	case HYCAN_TYPE_FD:
	case HYCAN_TYPE_PAYLOAD:
	case HYCAN_TYPE_STRUCT:
		return left >= field->size ? field->size : 0;
	}
	return 0;
}

/* With the byte that says whether there is a value. */
static size_t part_size(const uint8_t *p, size_t left, const struct hycan_field *field)
{
	size_t n;

	if (left == 0 || *p > 1)
		return 0;
	if (*p == 0)
		return 1;
	n = value_size(p + 1, left - 1, field);
	return n > 0 ? 1 + n : 0;
}

bool key_is_whole(const struct ledger_key *key)
{
	const struct op_effect *effect = op_effect_of_kind(key->kind);
	const uint8_t *p = key->identity;
	size_t left = key->size;

	for (uint8_t i = 0; effect && i < effect->n_parts; i++) {
		const size_t n = part_size(p, left, key_field(effect, effect->part[i]));

		if (n == 0)
			return false;
		p += n;
		left -= n;
	}
	return effect && left == 0;
}

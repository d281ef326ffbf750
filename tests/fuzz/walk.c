/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at values that were decoded.
 *
 * What is legal is said here a second time, in other words than the decoder's, so that the two can disagree.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Writes the value into memory of exactly that size, where one byte too many is seen. */
static void format(const struct hycan_field *field, const void *value, size_t size)
{
	char *text = malloc(size);

	CHECK(text);
	memset(text, 'x', size);
	CHECK(hycan_value_format(field, value, text, size) == text);
	CHECK(strnlen(text, size) < size);
	if (field->flags & HYCAN_FIELD_SECRET)
		CHECK(strncmp(text, "(hidden)", size - 1) == 0);
	free(text);
}

static bool is_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 15 || strchr(name, '%') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || (isascii(*name) && isspace(*name)))
			return false;
	return true;
}

static bool is_text(const char *text)
{
	for (; *text; text++)
		if (isascii(*text) && iscntrl(*text))
			return false;
	return true;
}

static bool is_enumerated(const struct hycan_field *field, uint64_t number)
{
	size_t n = 0;

	for (size_t i = 0; i < field->enumeration->n_enumerators; i++)
		n += field->enumeration->enumerator[i].number == number;
	return n == 1;
}

static bool has_host_bits(const struct hycan_prefix *prefix)
{
	unsigned int bits = 8 * (unsigned int)hycan_address_size(&prefix->address), host = 0;

	for (unsigned int i = prefix->length; i < bits; i++)
		host |= prefix->address.bytes[i / 8] >> (7 - i % 8) & 1u;
	return host;
}

/* What no handler may see. */
static bool is_legal(const struct hycan_field *field, const void *value)
{
	const struct hycan_port_range *range = value;
	const struct hycan_prefix *prefix = value;

	switch (field->type) {
	case HYCAN_TYPE_BOOL:
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
		return !(field->flags & HYCAN_FIELD_RANGE) ||
		       (hycan_value_number(field, value) >= field->low && hycan_value_number(field, value) <= field->high);
	case HYCAN_TYPE_ENUM:
		return is_enumerated(field, hycan_value_number(field, value));
	case HYCAN_TYPE_PORT:
		return hycan_value_number(field, value) != 0;
	case HYCAN_TYPE_PORT_RANGE:
		return range->first != 0 && range->first <= range->last;
	case HYCAN_TYPE_IFNAME:
		return is_name(value) && is_text(value);
	case HYCAN_TYPE_STRING:
		return is_text(value);
	case HYCAN_TYPE_ADDRESS:
		return hycan_address_size(value) > 0;
	case HYCAN_TYPE_PREFIX:
		return hycan_address_size(&prefix->address) > 0 && prefix->length <= 8 * hycan_address_size(&prefix->address) &&
		       !has_host_bits(prefix);
	case HYCAN_TYPE_ADDRESS_PREFIX:
		return hycan_address_size(&prefix->address) > 0 && prefix->length <= 8 * hycan_address_size(&prefix->address);
	case HYCAN_TYPE_ENDPOINT:
		return hycan_address_size(&((const struct hycan_endpoint *)value)->address) > 0 &&
		       ((const struct hycan_endpoint *)value)->port != 0;
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
	case HYCAN_TYPE_FD:
	case HYCAN_TYPE_PAYLOAD:
	case HYCAN_TYPE_STRUCT:
		break;
	}
	return true;
}

static void walk_value(const struct hycan_field *field, const void *value, bool legal)
{
	static const size_t sizes[] = { 1, 2, 9, 24, HYCAN_ADDRESS_TEXT_SIZE, 1100 };

	if (field->type == HYCAN_TYPE_STRUCT) {
		walk_structure(field->structure, value, legal);
		return;
	}
	if (field->type == HYCAN_TYPE_BOOL)
		CHECK(*(const uint8_t *)value <= 1);
	if (field->type == HYCAN_TYPE_IFNAME || field->type == HYCAN_TYPE_STRING)
		CHECK(strnlen(value, field->size) < field->size);
	if (legal)
		CHECK(is_legal(field, value));
	for (size_t i = 0; i < N(sizes); i++)
		format(field, value, sizes[i]);
}

void walk_structure(const struct hycan_structure *structure, const void *value, bool legal)
{
	for (uint16_t i = 0; i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];
		const char *p;
		size_t n;

		if (field->flags & HYCAN_FIELD_OPTIONAL)
			CHECK(*((const uint8_t *)value + field->has_offset) <= 1);
		p = wire_values(field, value, &n);
		for (; n > 0; n--, p += field->size)
			walk_value(field, p, legal);
	}
}

static bool same_value(const struct hycan_field *field, const void *a, const void *b)
{
	const struct hycan_payload *payload = a, *other = b;
	const struct hycan_endpoint *x = a, *y = b;

	if (field->type == HYCAN_TYPE_STRUCT)
		return walk_same(field->structure, a, b);
	if (field->type == HYCAN_TYPE_PAYLOAD)
		return payload->size == other->size &&
		       (payload->size == 0 || memcmp(payload->data, other->data, payload->size) == 0);
	if (field->type == HYCAN_TYPE_ENDPOINT)
		return memcmp(&x->address, &y->address, sizeof(x->address)) == 0 && x->port == y->port &&
		       x->scope_id == y->scope_id;
	return memcmp(a, b, field->size) == 0;
}

bool walk_same(const struct hycan_structure *structure, const void *a, const void *b)
{
	for (uint16_t i = 0; i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];
		size_t n, other;
		const char *p = wire_values(field, a, &n), *q = wire_values(field, b, &other);

		if (n != other || ((field->flags & HYCAN_FIELD_OPTIONAL) &&
		                   *((const bool *)a + field->has_offset) != *((const bool *)b + field->has_offset)))
			return false;
		for (; n > 0; n--, p += field->size, q += field->size)
			if (!same_value(field, p, q))
				return false;
	}
	return true;
}

bool walk_incomplete(const struct hycan_structure *structure, const void *value)
{
	for (uint16_t i = 0; i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];
		size_t n;
		const char *p = wire_values(field, value, &n);

		/* all three begin with the address */
		for (; n > 0; n--, p += field->size)
			if (field->type == HYCAN_TYPE_STRUCT
			            ? walk_incomplete(field->structure, p)
			            : (field->type == HYCAN_TYPE_ADDRESS || field->type == HYCAN_TYPE_PREFIX ||
			               field->type == HYCAN_TYPE_ADDRESS_PREFIX || field->type == HYCAN_TYPE_ENDPOINT) &&
			                      hycan_address_size((const void *)p) == 0)
				return true;
	}
	return false;
}

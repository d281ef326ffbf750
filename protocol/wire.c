/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The decoder.
 *
 * It walks attributes against a table of fields. Every length is compared with what is left before anything is read, and
 * recursion is as deep as the schema, not as the sender wishes. In a request, contents are checked too: a handler
 * never sees a name with a slash, a VLAN 4095 or a prefix with host bits (wire_value.c). What this file does not do: know
 * any operation.
 */
#include <string.h>

#include <hycan/values.h>

#include "wire_value.h"

/* Largest element of a list, while it is only measured. */
#define SCRATCH_SIZE 2048

void *wire_memory_reserve(struct wire_memory *memory, size_t size)
{
	size_t at = (memory->used + 7) & ~(size_t)7;

	if (size > SIZE_MAX / 2 || at + size < at)
		return NULL;
	if (!memory->base) {
		memory->used = at + size;
		return NULL;
	}
	if (at + size > memory->size)
		return NULL;
	memory->used = at + size;
	return memory->base + at;
}

void *wire_memory_take(struct wire_memory *memory, size_t size)
{
	void *p = wire_memory_reserve(memory, size);

	return p ? memset(p, 0, size) : NULL;
}

static int decode_structure(struct wire_decoder *d, const struct hycan_structure *structure, const uint8_t *p, size_t left,
                            void *value);

static int decode_value(struct wire_decoder *d, const struct hycan_field *field, const uint8_t *payload, size_t size, void *value)
{
	return field->type == HYCAN_TYPE_STRUCT ? decode_structure(d, field->structure, payload, size, value)
	                                        : wire_decode_value(d, field, payload, size, value);
}

static size_t count_attributes(const uint8_t *p, size_t left, uint16_t number)
{
	size_t n = 0, size, step;
	uint16_t type;

	while (left > 0 && (step = wire_attribute(p, left, &type, &size)) > 0) {
		n += type == number;
		p += step;
		left -= step;
	}
	return n;
}

static size_t *list_count(const struct hycan_field *field, void *value)
{
	return (size_t *)((char *)value + field->count_offset);
}

/* One element of a list. The first one finds out how many follow, and takes memory for all of them. */
static int decode_element(struct wire_decoder *d, const struct hycan_field *field, const uint8_t *p, size_t left, size_t size,
                          bool first, void *value)
{
	_Alignas(max_align_t) char scratch[SCRATCH_SIZE];
	const uint8_t *payload = p + sizeof(struct nlattr);
	size_t *count = list_count(field, value);
	char *list;

	if (field->size > sizeof(scratch))
		return wire_fault(d, HYCAN_REFUSAL_LIMIT, field, "The field %s is too large for a list.", field->name);
	if (first) {
		size_t n = count_attributes(p, left, field->number);
		struct nlattr nla;

		/* one attribute without contents stands for a list that is given, and empty; a structure that is empty is nested */
		memcpy(&nla, p, sizeof(nla));
		if (n == 1 && size == 0 && !(nla.nla_type & NLA_F_NESTED))
			return 0;
		/* a structure is zeroed when its turn comes; of a hundred thousand, doing both is felt */
		list = field->type == HYCAN_TYPE_STRUCT ? wire_memory_reserve(&d->memory, n * field->size)
		                                        : wire_memory_take(&d->memory, n * field->size);
		if (!list && d->memory.base)
			return wire_fault(d, HYCAN_REFUSAL_LIMIT, field,
			                  "The field %s has %zu elements, which is more than there is memory for.", field->name, n);
		memcpy((char *)value + field->offset, &list, sizeof(list));
	}
	memcpy(&list, (char *)value + field->offset, sizeof(list));
	if (list)
		list += *count * field->size;
	*count += 1;
	return decode_value(d, field, payload, size, list ? list : scratch);
}

/* “{parent}.{vlan_id}” with the values of those fields; to has 64 bytes, enough for two names. */
static void write_default_text(const struct hycan_structure *structure, const struct hycan_field *field, const void *value,
                               char *to)
{
	const char *p = field->default_text;
	size_t at = 0;

	while (*p && at + HYCAN_IFNAME_SIZE + 8 < 64) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;

		if (!end) {
			to[at++] = *p++;
			continue;
		}
		for (uint16_t i = 0; i < structure->n_fields; i++) {
			const struct hycan_field *f = &structure->field[i];

			if (strlen(f->name) == (size_t)(end - p - 1) && strncmp(f->name, p + 1, strlen(f->name)) == 0) {
				hycan_value_format(f, (const char *)value + f->offset, to + at, 64 - at);
				at += strlen(to + at);
			}
		}
		p = end + 1;
	}
	to[at] = '\0';
}

/* Sets a field that is absent and has a default. */
static int set_default(struct wire_decoder *d, const struct hycan_structure *structure, const struct hycan_field *field,
                       void *value)
{
	char *to = (char *)value + field->offset;
	char text[64] = "";

	*((char *)value + field->has_offset) = 1;
	if (field->type != HYCAN_TYPE_IFNAME) {
		wire_write_number(to, field->size, field->default_number);
		return 0;
	}
	write_default_text(structure, field, value, text);
	if (strlen(text) > field->wire_size)
		return wire_fault(d, HYCAN_REFUSAL_INVALID, field,
		                  "“%s” is longer than the 15 bytes of a link's name; give the field %s.", text, field->name);
	memcpy(to, text, strlen(text) + 1);
	return 0;
}

static int fault_missing(struct wire_decoder *d, const struct hycan_structure *structure, uint64_t missing)
{
	const struct hycan_field *field = &structure->field[__builtin_ctzll(missing) - 1];

	return wire_fault(d, HYCAN_REFUSAL_MALFORMED, field, "%s needs the field %s: %s.", structure->name, field->name,
	                  field->summary);
}

/* The defaults that are made of other fields, which are known by now. */
static int derive(struct wire_decoder *d, const struct hycan_structure *structure, uint64_t seen, void *value)
{
	int r = 0;

	for (uint16_t i = 0; i < structure->n_fields && r == 0; i++) {
		const struct hycan_field *field = &structure->field[i];

		if (field->default_text && !(seen & UINT64_C(1) << field->number))
			r = set_default(d, structure, field, value);
	}
	return r;
}

static int decode_structure(struct wire_decoder *d, const struct hycan_structure *structure, const uint8_t *p, size_t left,
                            void *value)
{
	uint64_t seen = 0;
	int r;

	/* what is absent from a request is what the blank one has */
	if (d->strict && structure->blank)
		memcpy(value, structure->blank, structure->size);
	else
		memset(value, 0, structure->size);
	while (left > 0) {
		const struct hycan_field *field;
		uint16_t type;
		size_t size, step = wire_attribute(p, left, &type, &size);

		if (step == 0)
			return wire_fault(d, HYCAN_REFUSAL_MALFORMED, NULL,
			                  "An attribute of %s is cut, overlong or misaligned, %zu bytes before its end.",
			                  structure->name, left);
		field = type >= 1 && type <= structure->n_fields ? &structure->field[type - 1] : NULL;
		if (!field && d->strict)
			return wire_fault(d, HYCAN_REFUSAL_UNKNOWN, NULL, "%s has no attribute %u in this version.",
			                  structure->name, type);
		if (field) {
			bool first = !(seen & UINT64_C(1) << type);

			if (!first && !(field->flags & HYCAN_FIELD_LIST))
				return wire_fault(d, HYCAN_REFUSAL_MALFORMED, field, "The field %s is there twice.", field->name);
			seen |= UINT64_C(1) << type;
			if (field->flags & HYCAN_FIELD_OPTIONAL)
				*((char *)value + field->has_offset) = 1;
			r = field->flags & HYCAN_FIELD_LIST
			            ? decode_element(d, field, p, left, size, first, value)
			            : decode_value(d, field, p + sizeof(struct nlattr), size, (char *)value + field->offset);
			if (r < 0)
				return r;
		}
		p += step;
		left -= step;
	}
	if (!d->strict)
		return 0;
	if (structure->required & ~seen)
		return fault_missing(d, structure, structure->required & ~seen);
	return structure->derives ? derive(d, structure, seen, value) : 0;
}

int wire_decode(struct wire_decoder *decoder, const struct hycan_structure *structure, const void *attributes, size_t size,
                void *value)
{
	decoder->n_fds_used = 0;
	return decode_structure(decoder, structure, attributes, size, value);
}

int wire_complete(const struct hycan_structure *structure, void *value)
{
	struct wire_decoder d = { .strict = true };
	int r = 0;

	for (uint16_t i = 0; r == 0 && i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];

		if (field->default_text && !*((const char *)value + field->has_offset))
			r = set_default(&d, structure, field, value);
	}
	return r;
}

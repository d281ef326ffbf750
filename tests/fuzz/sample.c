/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Legal values by chance, for any structure of the schema.
 *
 * They stand at the edges more often than chance would have it, and names repeat, so that what compares them has
 * something to find.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "messages.h"

/* Most elements of a list. */
#define ELEMENTS_MAX 4

static const char *const names[] = { "eth0", "lo", "vcan0", "vcan1", "eth0.100", "wg0", "a", "fifteen-bytes-x", "vxcan1", "can0" };

static uint64_t sample_number(struct chance *chance, uint64_t low, uint64_t high)
{
	switch (chance_below(chance, 4)) {
	case 0:
		return low;
	case 1:
		return high;
	case 2:
		return high - low < 256 ? low : low + chance_below(chance, 256);
	}
	return high - low == UINT64_MAX ? chance_next(chance) : low + chance_next(chance) % (high - low + 1);
}

static void put_number(void *value, size_t size, uint64_t number)
{
	uint8_t u8 = (uint8_t)number;
	uint16_t u16 = (uint16_t)number;
	uint32_t u32 = (uint32_t)number;

	memcpy(value, size == 1 ? (void *)&u8 : size == 2 ? (void *)&u16 : size == 4 ? (void *)&u32 : &number, size);
}

/* As many bytes as it has in C may hold more than as many as it has on the wire. */
static void sample_scalar(struct chance *chance, const struct hycan_field *field, void *value)
{
	uint64_t low = field->type == HYCAN_TYPE_PORT, high = UINT64_MAX;

	if (field->type == HYCAN_TYPE_BOOL)
		high = 1;
	else if (field->wire_size < 8)
		high = (UINT64_C(1) << 8 * field->wire_size) - 1;
	if (field->flags & HYCAN_FIELD_RANGE) {
		low = field->low;
		high = field->high;
	}
	put_number(value, field->size, sample_number(chance, low, high));
}

static void sample_text(struct chance *chance, const struct hycan_field *field, char *text)
{
	/* the last one is a token (handlers.c) */
	static const char *const words[] = {
		"", "text", "“quoted”", "two words", "\\x1b", "a=b,c", "01010101010101010101010101010101"
	};
	const char *word = words[chance_below(chance, N(words))];
	size_t n = strlen(word);

	if (chance_below(chance, 8) == 0) {
		memset(text, 'x', field->wire_size);
		text[field->wire_size] = '\0';
	} else if (n <= field->wire_size)
		memcpy(text, word, n + 1);
}

static void sample_address(struct chance *chance, struct hycan_address *address)
{
	address->family = chance_below(chance, 2) ? AF_INET : AF_INET6;
	for (size_t i = 0; i < hycan_address_size(address); i++)
		address->bytes[i] = (uint8_t)(chance_below(chance, 3) ? chance_below(chance, 2) * 10 : chance_next(chance));
	/* IPv4 in IPv6 */
	if (address->family == AF_INET6 && chance_below(chance, 4) == 0) {
		memset(address->bytes, 0, 10);
		memset(address->bytes + 10, 0xff, 2);
	}
}

static void sample_prefix(struct chance *chance, bool network, struct hycan_prefix *prefix)
{
	unsigned int bits;

	sample_address(chance, &prefix->address);
	bits = 8 * (unsigned int)hycan_address_size(&prefix->address);
	prefix->length = (uint8_t)sample_number(chance, 0, bits);
	for (unsigned int i = prefix->length; network && i < bits; i++)
		prefix->address.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
}

static void sample_endpoint(struct chance *chance, struct hycan_endpoint *endpoint)
{
	sample_address(chance, &endpoint->address);
	endpoint->port = (uint16_t)sample_number(chance, 1, 65535);
	if (endpoint->address.family == AF_INET6)
		endpoint->scope_id = (uint32_t)chance_below(chance, 3);
}

static void sample_payload(struct sample *s, struct hycan_payload *payload)
{
	size_t n = chance_below(&s->chance, 2) ? chance_below(&s->chance, 64) : 0;
	uint8_t *bytes = n ? wire_memory_take(&s->memory, n) : NULL;

	payload->size = bytes ? n : 0;
	payload->data = bytes;
	for (size_t i = 0; i < payload->size; i++)
		bytes[i] = (uint8_t)chance_next(&s->chance);
}

static void sample_value(struct sample *s, const struct hycan_field *field, void *value)
{
	struct hycan_port_range *range = value;

	switch (field->type) {
	case HYCAN_TYPE_BOOL:
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
		sample_scalar(&s->chance, field, value);
		break;
	case HYCAN_TYPE_ENUM:
		put_number(value, field->size,
		           field->enumeration->enumerator[chance_below(&s->chance, field->enumeration->n_enumerators)].number);
		break;
	case HYCAN_TYPE_IFNAME:
		snprintf(value, field->size, "%s", names[chance_below(&s->chance, N(names))]);
		break;
	case HYCAN_TYPE_STRING:
		sample_text(&s->chance, field, value);
		break;
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
		for (uint32_t i = 0; i < field->size; i++)
			((uint8_t *)value)[i] = (uint8_t)chance_next(&s->chance);
		break;
	case HYCAN_TYPE_PORT_RANGE:
		range->first = (uint16_t)sample_number(&s->chance, 1, 65535);
		range->last = (uint16_t)sample_number(&s->chance, range->first, 65535);
		break;
	case HYCAN_TYPE_ADDRESS:
		sample_address(&s->chance, value);
		break;
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
		sample_prefix(&s->chance, field->type == HYCAN_TYPE_PREFIX, value);
		break;
	case HYCAN_TYPE_ENDPOINT:
		sample_endpoint(&s->chance, value);
		break;
	case HYCAN_TYPE_FD:
		memcpy(value, &s->fd, sizeof(s->fd));
		break;
	case HYCAN_TYPE_PAYLOAD:
		sample_payload(s, value);
		break;
	case HYCAN_TYPE_STRUCT:
		sample_structure(s, field->structure, value);
		break;
	}
}

/* A step of a transaction: a request of an operation that changes the kernel, mostly. */
static void sample_step(struct sample *s, struct hycan_step *step)
{
	static _Thread_local unsigned int depth;
	size_t n_operations;
	const struct hycan_operation *const *operations = hycan_operations(&n_operations);
	const struct hycan_operation *operation = operations[chance_below(&s->chance, n_operations)];
	size_t room = 1 << 10;
	struct wire_fault fault;
	uint8_t *bytes = wire_memory_take(&s->memory, room);
	void *request = wire_memory_take(&s->memory, operation->request->size + 1);
	ssize_t n = -1;

	step->operation = operation->number;
	/* one transaction in another is refused, however deep */
	if (bytes && request && depth < 2) {
		depth++;
		sample_structure(s, operation->request, request);
		depth--;
		n = wire_encode(operation->request, request, bytes, room, NULL, NULL, &fault);
	}
	step->request = (struct hycan_payload){ .data = n > 0 ? bytes : NULL, .size = n > 0 ? (size_t)n : 0 };
}

static void sample_list(struct sample *s, const struct hycan_field *field, char *value)
{
	size_t n = chance_below(&s->chance, ELEMENTS_MAX + 1);
	char *list = n ? wire_memory_take(&s->memory, n * field->size) : NULL;

	if (!list)
		n = 0;
	memcpy(value + field->offset, &list, sizeof(list));
	memcpy(value + field->count_offset, &n, sizeof(n));
	for (size_t i = 0; i < n; i++)
		sample_value(s, field, list + i * field->size);
}

void sample_structure(struct sample *sample, const struct hycan_structure *structure, void *value)
{
	memset(value, 0, structure->size);
	if (structure == &structure_step && chance_below(&sample->chance, 8)) {
		sample_step(sample, value);
		return;
	}
	for (uint16_t i = 0; i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];

		if (field->flags & HYCAN_FIELD_OPTIONAL) {
			if (chance_below(&sample->chance, 2))
				continue;
			*((bool *)value + field->has_offset) = true;
		}
		if (field->flags & HYCAN_FIELD_LIST)
			sample_list(sample, field, value);
		else
			sample_value(sample, field, (char *)value + field->offset);
	}
}

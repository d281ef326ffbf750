/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decoding one value.
 *
 * The size first, and then, in a request, whether the contents make sense: for names, numbers, addresses, networks. What
 * this file does not do: structures and lists of them (wire.c).
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <hycan/values.h>

#include "wire_value.h"

int wire_fault(struct wire_decoder *d, enum hycan_refusal refusal, const struct hycan_field *field, const char *sentence, ...)
{
	va_list ap;

	d->fault.refusal = refusal;
	d->fault.field = field ? field->name : NULL;
	va_start(ap, sentence);
	vsnprintf(d->fault.sentence, sizeof(d->fault.sentence), sentence, ap);
	va_end(ap);
	return -EBADMSG;
}

static int fault_size(struct wire_decoder *d, const struct hycan_field *field, size_t size)
{
	return wire_fault(d, HYCAN_REFUSAL_MALFORMED, field, "The field %s has %zu bytes, which is no %s.", field->name, size,
	                  field->type_name);
}

static int check_text(struct wire_decoder *d, const struct hycan_field *field, const char *text, size_t size)
{
	for (size_t i = 0, n; i < size; i += n) {
		n = text[i] >= ' ' && text[i] <= '~' ? 1 : wire_character((const unsigned char *)text + i, size - i);
		if (n == 0)
			return wire_fault(d, HYCAN_REFUSAL_INVALID, field,
			                  "The field %s has a control character or bytes that are no UTF-8, at byte %zu.",
			                  field->name, i);
	}
	return 0;
}

/* The kernel's own rule for names of links (dev_valid_name() in net/core/dev.c), said in sentences. */
static int check_ifname(struct wire_decoder *d, const struct hycan_field *field, const char *name, size_t size)
{
	if (size == 0)
		return wire_fault(d, HYCAN_REFUSAL_INVALID, field, "The field %s is empty; a link has a name of 1 to 15 bytes.",
		                  field->name);
	if (name[0] == '.' && (size == 1 || (size == 2 && name[1] == '.')))
		return wire_fault(d, HYCAN_REFUSAL_INVALID, field, "A link cannot be called “%s”.", name);
	/* “%d” would be a pattern for the kernel, which then picks a name that nobody asked for */
	for (size_t i = 0; i < size; i++)
		if (name[i] == '/' || name[i] == ':' || name[i] == '%' || name[i] == ' ')
			return wire_fault(d, HYCAN_REFUSAL_INVALID, field,
			                  "“%s” has a slash, a colon, a percent sign or a space, which no name of a link has.",
			                  name);
	return 0;
}

static int decode_text(struct wire_decoder *d, const struct hycan_field *field, const char *payload, size_t size, char *value)
{
	int r;

	if (size == 0 || payload[size - 1] != '\0' || memchr(payload, '\0', size - 1))
		return wire_fault(d, HYCAN_REFUSAL_MALFORMED, field, "The field %s is not a text that ends with its one zero byte.",
		                  field->name);
	size--;
	if (size > field->wire_size)
		return wire_fault(d, HYCAN_REFUSAL_INVALID, field, "The field %s has %zu bytes; %" PRIu32 " are the most.",
		                  field->name, size, field->wire_size);
	if (d->strict) {
		r = check_text(d, field, payload, size);
		if (r < 0)
			return r;
		if (field->type == HYCAN_TYPE_IFNAME) {
			r = check_ifname(d, field, payload, size);
			if (r < 0)
				return r;
		}
	}
	memcpy(value, payload, size + 1);
	return 0;
}

static uint64_t read_number(const void *payload, size_t size)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (size) {
	case 1:
		memcpy(&u8, payload, 1);
		return u8;
	case 2:
		memcpy(&u16, payload, 2);
		return u16;
	case 4:
		memcpy(&u32, payload, 4);
		return u32;
	}
	memcpy(&u64, payload, 8);
	return u64;
}

void wire_write_number(void *to, size_t size, uint64_t number)
{
	uint8_t u8 = (uint8_t)number;
	uint16_t u16 = (uint16_t)number;
	uint32_t u32 = (uint32_t)number;

	switch (size) {
	case 1:
		memcpy(to, &u8, 1);
		break;
	case 2:
		memcpy(to, &u16, 2);
		break;
	case 4:
		memcpy(to, &u32, 4);
		break;
	case 8:
		memcpy(to, &number, 8);
		break;
	}
}

static int decode_number(struct wire_decoder *d, const struct hycan_field *field, const void *payload, size_t size, void *value)
{
	uint64_t number;

	if (size != field->wire_size)
		return fault_size(d, field, size);
	number = read_number(payload, size);
	if (field->type == HYCAN_TYPE_BOOL && number > 1)
		return wire_fault(d, HYCAN_REFUSAL_MALFORMED, field, "The field %s is %" PRIu64 "; it is 0 or 1.", field->name,
		                  number);
	if (d->strict && (field->flags & HYCAN_FIELD_RANGE) && (number < field->low || number > field->high))
		return wire_fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field,
		                  "The field %s is %" PRIu64 "; it must be from %" PRIu64 " to %" PRIu64 ".", field->name, number,
		                  field->low, field->high);
	if (d->strict && field->type == HYCAN_TYPE_PORT && number == 0)
		return wire_fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field, "The field %s is 0; a port is from 1 to 65535.",
		                  field->name);
	if (d->strict && field->type == HYCAN_TYPE_ENUM && !hycan_enumerator_name(field->enumeration, number))
		return wire_fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field, "The field %s is %" PRIu64 ", which is no %s.", field->name,
		                  number, field->type_name);
	wire_write_number(value, field->size, number);
	return 0;
}

static int decode_port_range(struct wire_decoder *d, const struct hycan_field *field, const uint8_t *payload, size_t size,
                             struct hycan_port_range *range)
{
	struct hycan_port_range got;

	if (size != 4)
		return fault_size(d, field, size);
	got.first = (uint16_t)read_number(payload, 2);
	got.last = (uint16_t)read_number(payload + 2, 2);
	if (d->strict && (got.first == 0 || got.first > got.last))
		return wire_fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field,
		                  "The field %s is %u-%u; ports are from 1 to 65535, the first one not above the last.",
		                  field->name, got.first, got.last);
	*range = got;
	return 0;
}

static int decode_address(struct wire_decoder *d, const struct hycan_field *field, const uint8_t *payload, size_t size,
                          struct hycan_address *address)
{
	if (size != 4 && size != 16)
		return fault_size(d, field, size);
	address->family = size == 4 ? AF_INET : AF_INET6;
	memcpy(address->bytes, payload, size);
	return 0;
}

static int decode_prefix(struct wire_decoder *d, const struct hycan_field *field, const uint8_t *payload, size_t size,
                         struct hycan_prefix *prefix)
{
	struct hycan_prefix got = { 0 };
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	if (size != 8 && size != 20)
		return fault_size(d, field, size);
	decode_address(d, field, payload + 4, size - 4, &got.address);
	got.length = payload[0];
	if (payload[1] || payload[2] || payload[3])
		return wire_fault(d, HYCAN_REFUSAL_MALFORMED, field, "The three bytes behind the prefix length of %s are not zero.",
		                  field->name);
	if (got.length > (size - 4) * 8)
		return wire_fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field, "The field %s has a prefix length of %u; %zu is the most.",
		                  field->name, got.length, (size - 4) * 8);
	if (d->strict && field->type == HYCAN_TYPE_PREFIX && !hycan_prefix_is_network(&got))
		return wire_fault(d, HYCAN_REFUSAL_INVALID, field, "%s has bits set behind its prefix length; a network has none.",
		                  hycan_prefix_format(&got, text, sizeof(text)));
	*prefix = got;
	return 0;
}

static int decode_endpoint(struct wire_decoder *d, const struct hycan_field *field, const void *payload, size_t size,
                           struct hycan_endpoint *endpoint)
{
	struct hycan_endpoint got = { 0 };
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (size == sizeof(in)) {
		memcpy(&in, payload, sizeof(in));
		got.address.family = (uint8_t)in.sin_family;
		got.port = ntohs(in.sin_port);
		memcpy(got.address.bytes, &in.sin_addr, 4);
	} else if (size == sizeof(in6)) {
		memcpy(&in6, payload, sizeof(in6));
		got.address.family = (uint8_t)in6.sin6_family;
		got.port = ntohs(in6.sin6_port);
		got.scope_id = in6.sin6_scope_id;
		memcpy(got.address.bytes, &in6.sin6_addr, 16);
	}
	if (hycan_address_size(&got.address) != (size == sizeof(in) ? 4 : 16))
		return fault_size(d, field, size);
	if (d->strict && got.port == 0)
		return wire_fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field, "The field %s has port 0; a port is from 1 to 65535.",
		                  field->name);
	*endpoint = got;
	return 0;
}

static int decode_fd(struct wire_decoder *d, const struct hycan_field *field, const void *payload, size_t size, int *fd)
{
	uint64_t index;

	if (size != 4)
		return fault_size(d, field, size);
	index = read_number(payload, 4);
	if (index != d->n_fds_used || index >= d->n_fds)
		return wire_fault(d, HYCAN_REFUSAL_MALFORMED, field,
		                  "The field %s names descriptor %" PRIu64 " of the frame, and %zu came with it.", field->name,
		                  index, d->n_fds);
	*fd = d->fds[index];
	d->n_fds_used++;
	return 0;
}

/* It is copied, since it outlives the bytes of the frame. */
static int decode_payload(struct wire_decoder *d, const struct hycan_field *field, const void *bytes, size_t size,
                          struct hycan_payload *payload)
{
	void *copy;

	payload->data = NULL;
	payload->size = size;
	if (size == 0)
		return 0;
	copy = wire_memory_reserve(&d->memory, size);
	if (!copy)
		return d->memory.base
		               ? wire_fault(d, HYCAN_REFUSAL_LIMIT, field, "There is no memory for the field %s.", field->name)
		               : 0;
	payload->data = memcpy(copy, bytes, size);
	return 0;
}

int wire_decode_value(struct wire_decoder *d, const struct hycan_field *field, const uint8_t *payload, size_t size, void *value)
{
	switch (field->type) {
	case HYCAN_TYPE_BOOL:
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_ENUM:
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
		return decode_number(d, field, payload, size, value);
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
		return decode_text(d, field, (const char *)payload, size, value);
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
		if (size != field->wire_size)
			return fault_size(d, field, size);
		memcpy(value, payload, size);
		return 0;
	case HYCAN_TYPE_PORT_RANGE:
		return decode_port_range(d, field, payload, size, value);
	case HYCAN_TYPE_ADDRESS:
		return decode_address(d, field, payload, size, value);
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
		return decode_prefix(d, field, payload, size, value);
	case HYCAN_TYPE_ENDPOINT:
		return decode_endpoint(d, field, payload, size, value);
	case HYCAN_TYPE_FD:
		return decode_fd(d, field, payload, size, value);
	case HYCAN_TYPE_PAYLOAD:
		return decode_payload(d, field, payload, size, value);
	case HYCAN_TYPE_STRUCT:
		break;
	}
	return wire_fault(d, HYCAN_REFUSAL_UNKNOWN, field, "The field %s has a type that is not known.", field->name);
}

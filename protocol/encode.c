/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The encoder: structures to attributes, field by field from the same tables that the decoder walks.
 *
 * It writes into the room that it is given and never behind its end. Where there is too little the room may grow while it
 * is written to, so that a hundred thousand routes are gone through once.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <hycan/values.h>

#include "wire.h"

struct output {
	struct wire_room *room;
	size_t at;
	int *fds;
	size_t *n_fds;
	struct wire_fault *fault;
};

static int encode_structure(struct output *o, const struct hycan_structure *structure, const void *value);

/* Begins an attribute with room for size bytes of payload; its padding is zero. Returns where the payload goes. */
static inline void *put(struct output *o, const struct hycan_field *field, size_t size)
{
	struct nlattr nla = { .nla_len = (uint16_t)(sizeof(nla) + size), .nla_type = field->number };
	const size_t whole = NLA_ALIGN(sizeof(nla) + size);
	uint8_t *p;

	if (o->room->size - o->at < whole && !(o->room->grow && o->room->grow(o->room, o->at, whole)))
		return NULL;
	p = o->room->bytes + o->at;
	/* the last four bytes, of which the payload covers what is its own */
	memset(p + whole - NLA_ALIGNTO, 0, NLA_ALIGNTO);
	memcpy(p, &nla, sizeof(nla));
	o->at += whole;
	return p + sizeof(nla);
}

static int put_bytes(struct output *o, const struct hycan_field *field, const void *bytes, size_t size)
{
	void *p = put(o, field, size);

	if (!p)
		return -ENOBUFS;
	memcpy(p, bytes, size);
	return 0;
}

static int fault(struct output *o, const struct hycan_field *field, const char *what)
{
	o->fault->refusal = HYCAN_REFUSAL_INVALID;
	o->fault->field = field->name;
	snprintf(o->fault->sentence, sizeof(o->fault->sentence), "The field %s %s.", field->name, what);
	return -EINVAL;
}

static int encode_enum(struct output *o, const struct hycan_field *field, const void *value)
{
	uint64_t number = hycan_value_number(field, value);
	uint8_t u8 = (uint8_t)number;
	uint16_t u16 = (uint16_t)number;
	uint32_t u32 = (uint32_t)number;

	return put_bytes(o, field,
	                 field->wire_size == 1   ? (void *)&u8
	                 : field->wire_size == 2 ? (void *)&u16
	                                         : &u32,
	                 field->wire_size);
}

static int encode_text(struct output *o, const struct hycan_field *field, const char *text)
{
	size_t n = strnlen(text, field->wire_size + 1);

	if (n > field->wire_size)
		return fault(o, field, "is longer than its type allows, or not terminated");
	return put_bytes(o, field, text, n + 1);
}

static int encode_address(struct output *o, const struct hycan_field *field, const struct hycan_address *address)
{
	size_t n = hycan_address_size(address);

	return n ? put_bytes(o, field, address->bytes, n)
	         : fault(o, field, "is no address: its family is neither AF_INET nor AF_INET6");
}

static int encode_prefix(struct output *o, const struct hycan_field *field, const struct hycan_prefix *prefix)
{
	size_t n = hycan_address_size(&prefix->address);
	uint8_t *p;

	if (n == 0)
		return fault(o, field, "is no prefix: its family is neither AF_INET nor AF_INET6");
	p = put(o, field, 4 + n);
	if (!p)
		return -ENOBUFS;
	memcpy(p, (const uint8_t[4]){ prefix->length }, 4);
	memcpy(p + 4, prefix->address.bytes, n);
	return 0;
}

static int encode_endpoint(struct output *o, const struct hycan_field *field, const struct hycan_endpoint *endpoint)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(endpoint->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		                    .sin6_port = htons(endpoint->port),
		                    .sin6_scope_id = endpoint->scope_id };

	switch (hycan_address_size(&endpoint->address)) {
	case 4:
		memcpy(&in.sin_addr, endpoint->address.bytes, 4);
		return put_bytes(o, field, &in, sizeof(in));
	case 16:
		memcpy(&in6.sin6_addr, endpoint->address.bytes, 16);
		return put_bytes(o, field, &in6, sizeof(in6));
	}
	return fault(o, field, "is no endpoint: the family of its address is neither AF_INET nor AF_INET6");
}

static int encode_fd(struct output *o, const struct hycan_field *field, int fd)
{
	uint32_t index;

	if (fd < 0 || !o->fds || *o->n_fds >= WIRE_FDS_MAX)
		return fault(o, field, "is no open descriptor, or one too many");
	index = (uint32_t)*o->n_fds;
	o->fds[(*o->n_fds)++] = fd;
	return put_bytes(o, field, &index, sizeof(index));
}

static int encode_payload(struct output *o, const struct hycan_field *field, const struct hycan_payload *payload)
{
	if (payload->size > WIRE_PAYLOAD_MAX)
		return fault(o, field, "is larger than the 64 KiB of one attribute");
	if (payload->size == 0)
		return put(o, field, 0) ? 0 : -ENOBUFS;
	return payload->data ? put_bytes(o, field, payload->data, payload->size) : fault(o, field, "has a size and no contents");
}

static int encode_nested(struct output *o, const struct hycan_field *field, const void *value)
{
	size_t begin = o->at;
	struct nlattr nla = { .nla_type = field->number | NLA_F_NESTED };
	int r;

	if (!put(o, field, 0))
		return -ENOBUFS;
	r = encode_structure(o, field->structure, value);
	if (r < 0)
		return r;
	if (o->at - begin > UINT16_MAX)
		return fault(o, field, "is larger than the 64 KiB of one attribute");
	nla.nla_len = (uint16_t)(o->at - begin);
	memcpy(o->room->bytes + begin, &nla, sizeof(nla));
	return 0;
}

static int encode_value(struct output *o, const struct hycan_field *field, const void *value)
{
	switch (field->type) {
	case HYCAN_TYPE_ENUM:
		return encode_enum(o, field, value);
	case HYCAN_TYPE_BOOL:
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
	case HYCAN_TYPE_PORT_RANGE:
		return put_bytes(o, field, value, field->wire_size);
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
		return encode_text(o, field, value);
	case HYCAN_TYPE_ADDRESS:
		return encode_address(o, field, value);
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
		return encode_prefix(o, field, value);
	case HYCAN_TYPE_ENDPOINT:
		return encode_endpoint(o, field, value);
	case HYCAN_TYPE_FD:
		return encode_fd(o, field, *(const int *)value);
	case HYCAN_TYPE_PAYLOAD:
		return encode_payload(o, field, value);
	case HYCAN_TYPE_STRUCT:
		return encode_nested(o, field, value);
	}
	return fault(o, field, "has a type that is not known");
}

static int encode_list(struct output *o, const struct hycan_field *field, const void *value)
{
	const char *element;
	size_t n;
	int r;

	memcpy(&element, (const char *)value + field->offset, sizeof(element));
	memcpy(&n, (const char *)value + field->count_offset, sizeof(n));
	/* a list that may be absent is told from one that is empty by an attribute without contents */
	if (n == 0 && (field->flags & HYCAN_FIELD_OPTIONAL))
		return put(o, field, 0) ? 0 : -ENOBUFS;
	for (size_t i = 0; i < n; i++) {
		r = encode_value(o, field, element + i * field->size);
		if (r < 0)
			return r;
	}
	return 0;
}

static int encode_structure(struct output *o, const struct hycan_structure *structure, const void *value)
{
	int r;

	for (uint16_t i = 0; i < structure->n_fields; i++) {
		const struct hycan_field *field = &structure->field[i];

		if ((field->flags & HYCAN_FIELD_OPTIONAL) && !*((const bool *)value + field->has_offset))
			continue;
		r = field->flags & HYCAN_FIELD_LIST ? encode_list(o, field, value)
		                                    : encode_value(o, field, (const char *)value + field->offset);
		if (r < 0)
			return r;
	}
	return 0;
}

ssize_t wire_encode_growing(const struct hycan_structure *structure, const void *value, struct wire_room *room, int *fds,
                            size_t *n_fds, struct wire_fault *fault)
{
	struct output o = { .room = room, .fds = fds, .n_fds = n_fds, .fault = fault };
	int r;

	if (n_fds)
		*n_fds = 0;
	r = encode_structure(&o, structure, value);
	return r < 0 ? r : (ssize_t)o.at;
}

ssize_t wire_encode(const struct hycan_structure *structure, const void *value, void *buffer, size_t size, int *fds, size_t *n_fds,
                    struct wire_fault *fault)
{
	struct wire_room room = { .bytes = buffer, .size = size };

	return wire_encode_growing(structure, value, &room, fds, n_fds, fault);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The decoder.
 *
 * It walks attributes against a table of fields. Every length is compared with what is left before anything is read, and
 * recursion is as deep as the schema, not as the sender wishes. In a request, contents are checked here too: a handler
 * never sees a name with a slash, a VLAN 4095 or a prefix with host bits. What this file does not do: know any operation.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <hycan/values.h>

#include "wire.h"

/* Largest element of a list, while it is only measured. */
#define SCRATCH_SIZE 2048

/* Memory as it is. */
static void *take(struct wire_memory *memory, size_t size)
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
	void *p = take(memory, size);

	return p ? memset(p, 0, size) : NULL;
}

__attribute__((format(printf, 4, 5))) static int fault(struct wire_decoder *d, enum hycan_refusal refusal,
                                                       const struct hycan_field *field, const char *sentence, ...)
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
	return fault(d, HYCAN_REFUSAL_MALFORMED, field, "The field %s has %zu bytes, which is no %s.", field->name, size,
	             field->type_name);
}

/* Length of a UTF-8 character, by its first byte; 0 for none. */
static size_t announced(unsigned char first)
{
	return first < 0x80                    ? 1
	       : first >= 0xc2 && first < 0xe0 ? 2
	       : first >= 0xe0 && first < 0xf0 ? 3
	       : first >= 0xf0 && first < 0xf5 ? 4
	                                       : 0;
}

/* Length of a UTF-8 character that is no control character; 0 for anything else. */
static size_t character(const unsigned char *p, size_t left)
{
	size_t n = announced(p[0]);

	if (n == 0 || n > left || p[0] < 0x20 || p[0] == 0x7f)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((n == 2 && p[0] == 0xc2 && p[1] < 0xa0) || (n == 3 && p[0] == 0xe0 && p[1] < 0xa0) ||
	    (n == 3 && p[0] == 0xed && p[1] > 0x9f) || (n == 4 && p[0] == 0xf0 && p[1] < 0x90) ||
	    (n == 4 && p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

void wire_tidy_text(char *text)
{
	unsigned char *p = (unsigned char *)text;
	size_t left = strlen(text);

	/* one that is longer than what is left was cut, and is left out */
	while (left > 0 && announced(*p) <= left) {
		size_t n = character(p, left);

		if (n == 0)
			*p = '?';
		p += n ? n : 1;
		left -= n ? n : 1;
	}
	*p = '\0';
}

static int check_text(struct wire_decoder *d, const struct hycan_field *field, const char *text, size_t size)
{
	for (size_t i = 0, n; i < size; i += n) {
		n = character((const unsigned char *)text + i, size - i);
		if (n == 0)
			return fault(d, HYCAN_REFUSAL_INVALID, field,
			             "The field %s has a control character or bytes that are no UTF-8, at byte %zu.", field->name,
			             i);
	}
	return 0;
}

/* The kernel's own rule for names of links (dev_valid_name() in net/core/dev.c), said in sentences. */
static int check_ifname(struct wire_decoder *d, const struct hycan_field *field, const char *name, size_t size)
{
	if (size == 0)
		return fault(d, HYCAN_REFUSAL_INVALID, field, "The field %s is empty; a link has a name of 1 to 15 bytes.",
		             field->name);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fault(d, HYCAN_REFUSAL_INVALID, field, "A link cannot be called “%s”.", name);
	/* “%d” would be a pattern for the kernel, which then picks a name that nobody asked for */
	if (strpbrk(name, "/:% \t"))
		return fault(d, HYCAN_REFUSAL_INVALID, field,
		             "“%s” has a slash, a colon, a percent sign or a space, which no name of a link has.", name);
	return 0;
}

static int decode_text(struct wire_decoder *d, const struct hycan_field *field, const char *payload, size_t size, char *value)
{
	int r;

	if (size == 0 || payload[size - 1] != '\0' || memchr(payload, '\0', size - 1))
		return fault(d, HYCAN_REFUSAL_MALFORMED, field, "The field %s is not a text that ends with its one zero byte.",
		             field->name);
	size--;
	if (size > field->wire_size)
		return fault(d, HYCAN_REFUSAL_INVALID, field, "The field %s has %zu bytes; %" PRIu32 " are the most.", field->name,
		             size, field->wire_size);
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

static void write_number(void *to, size_t size, uint64_t number)
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

static bool enumerated(const struct hycan_enumeration *e, uint64_t number)
{
	for (size_t i = 0; i < e->n_enumerators; i++)
		if (e->enumerator[i].number == number)
			return true;
	return false;
}

static int decode_number(struct wire_decoder *d, const struct hycan_field *field, const void *payload, size_t size, void *value)
{
	uint64_t number;

	if (size != field->wire_size)
		return fault_size(d, field, size);
	number = read_number(payload, size);
	if (field->type == HYCAN_TYPE_BOOL && number > 1)
		return fault(d, HYCAN_REFUSAL_MALFORMED, field, "The field %s is %" PRIu64 "; it is 0 or 1.", field->name, number);
	if (d->strict && (field->flags & HYCAN_FIELD_RANGE) && (number < field->low || number > field->high))
		return fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field,
		             "The field %s is %" PRIu64 "; it must be from %" PRIu64 " to %" PRIu64 ".", field->name, number,
		             field->low, field->high);
	if (d->strict && field->type == HYCAN_TYPE_PORT && number == 0)
		return fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field, "The field %s is 0; a port is from 1 to 65535.", field->name);
	if (d->strict && field->type == HYCAN_TYPE_ENUM && !enumerated(field->enumeration, number))
		return fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field, "The field %s is %" PRIu64 ", which is no %s.", field->name,
		             number, field->type_name);
	write_number(value, field->size, number);
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
		return fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field,
		             "The field %s is %u-%u; ports are from 1 to 65535, the first one not above the last.", field->name,
		             got.first, got.last);
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
	if (got.length > (size - 4) * 8 || payload[1] || payload[2] || payload[3])
		return fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field, "The field %s has a prefix length of %u; %zu is the most.",
		             field->name, got.length, (size - 4) * 8);
	if (d->strict && field->type == HYCAN_TYPE_PREFIX && !hycan_prefix_is_network(&got))
		return fault(d, HYCAN_REFUSAL_INVALID, field, "%s has bits set behind its prefix length; a network has none.",
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
		return fault(d, HYCAN_REFUSAL_OUT_OF_RANGE, field, "The field %s has port 0; a port is from 1 to 65535.",
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
		return fault(d, HYCAN_REFUSAL_MALFORMED, field,
		             "The field %s names descriptor %" PRIu64 " of the frame, and %zu came with it.", field->name, index,
		             d->n_fds);
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
	copy = take(&d->memory, size);
	if (!copy)
		return d->memory.base ? fault(d, HYCAN_REFUSAL_LIMIT, field, "There is no memory for the field %s.", field->name)
		                      : 0;
	payload->data = memcpy(copy, bytes, size);
	return 0;
}

static int decode_structure(struct wire_decoder *d, const struct hycan_structure *structure, const uint8_t *p, size_t left,
                            void *value);

static int decode_value(struct wire_decoder *d, const struct hycan_field *field, const uint8_t *payload, size_t size, void *value)
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
		return decode_structure(d, field->structure, payload, size, value);
	}
	return fault(d, HYCAN_REFUSAL_UNKNOWN, field, "The field %s has a type that is not known.", field->name);
}

size_t wire_attribute(const uint8_t *p, size_t left, uint16_t *ret_type, size_t *ret_size)
{
	struct nlattr nla;
	size_t step;

	if (left < sizeof(nla))
		return 0;
	memcpy(&nla, p, sizeof(nla));
	step = NLA_ALIGN((size_t)nla.nla_len);
	if (nla.nla_len < sizeof(nla) || step > left)
		return 0;
	*ret_type = nla.nla_type & NLA_TYPE_MASK;
	*ret_size = nla.nla_len - sizeof(nla);
	return step;
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
		return fault(d, HYCAN_REFUSAL_LIMIT, field, "The field %s is too large for a list.", field->name);
	if (first) {
		size_t n = count_attributes(p, left, field->number);
		struct nlattr nla;

		/* one attribute without contents stands for a list that is given, and empty; a structure that is empty is nested */
		memcpy(&nla, p, sizeof(nla));
		if (n == 1 && size == 0 && !(nla.nla_type & NLA_F_NESTED))
			return 0;
		/* a structure is zeroed when its turn comes; of a hundred thousand, doing both is felt */
		list = field->type == HYCAN_TYPE_STRUCT ? take(&d->memory, n * field->size)
		                                        : wire_memory_take(&d->memory, n * field->size);
		if (!list && d->memory.base)
			return fault(d, HYCAN_REFUSAL_LIMIT, field,
			             "The field %s has %zu elements, which is more than there is memory for.", field->name, n);
		memcpy((char *)value + field->offset, &list, sizeof(list));
	}
	memcpy(&list, (char *)value + field->offset, sizeof(list));
	if (list)
		list += *count * field->size;
	*count += 1;
	return decode_value(d, field, payload, size, list ? list : scratch);
}

static void write_default_text(const struct hycan_structure *structure, const struct hycan_field *field, const void *value,
                               char *to);

/* What is to be said of a field that is absent. */
static int decode_absent(struct wire_decoder *d, const struct hycan_structure *structure, const struct hycan_field *field,
                         void *value)
{
	char *to = (char *)value + field->offset;
	char text[64] = "";

	if (!(field->flags & (HYCAN_FIELD_OPTIONAL | HYCAN_FIELD_LIST)))
		return fault(d, HYCAN_REFUSAL_MALFORMED, field, "%s needs the field %s: %s.", structure->name, field->name,
		             field->summary);
	if (!field->default_text)
		return 0;
	*((char *)value + field->has_offset) = 1;
	if (field->type != HYCAN_TYPE_IFNAME) {
		write_number(to, field->size, field->default_number);
		return 0;
	}
	write_default_text(structure, field, value, text);
	if (strlen(text) > field->wire_size)
		return fault(d, HYCAN_REFUSAL_INVALID, field,
		             "“%s” is longer than the 15 bytes of a link's name; give the field %s.", text, field->name);
	memcpy(to, text, strlen(text) + 1);
	return 0;
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

static int decode_structure(struct wire_decoder *d, const struct hycan_structure *structure, const uint8_t *p, size_t left,
                            void *value)
{
	uint64_t seen = 0;
	int r;

	memset(value, 0, structure->size);
	while (left > 0) {
		const struct hycan_field *field;
		uint16_t type;
		size_t size, step = wire_attribute(p, left, &type, &size);

		if (step == 0)
			return fault(d, HYCAN_REFUSAL_MALFORMED, NULL,
			             "An attribute of %s is cut, overlong or misaligned, %zu bytes before its end.",
			             structure->name, left);
		field = type >= 1 && type <= structure->n_fields ? &structure->field[type - 1] : NULL;
		if (!field && d->strict)
			return fault(d, HYCAN_REFUSAL_UNKNOWN, NULL, "%s has no attribute %u in this version.", structure->name,
			             type);
		if (field) {
			bool first = !(seen & (UINT64_C(1) << type % 64));

			if (!first && !(field->flags & HYCAN_FIELD_LIST))
				return fault(d, HYCAN_REFUSAL_MALFORMED, field, "The field %s is there twice.", field->name);
			seen |= UINT64_C(1) << type % 64;
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
	for (uint16_t i = 0; d->strict && i < structure->n_fields; i++)
		if (!(seen & (UINT64_C(1) << structure->field[i].number % 64))) {
			r = decode_absent(d, structure, &structure->field[i], value);
			if (r < 0)
				return r;
		}
	return 0;
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
			r = decode_absent(&d, structure, field, value);
	}
	return r;
}

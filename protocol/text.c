/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One value of a field as text, and back, for programs that work with any operation.
 *
 * The types of the schema meet the text forms of <hycan/values.h> here. Whatever the schema says of a value (range, length,
 * names of an enum, host bits) is said in the reason, so that a person is told before anything is sent. Whether a
 * name is a good name for a link is the daemon's to say. What this file does not do: lists, structures, descriptors, files.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <hycan/schema.h>
#include <hycan/values.h>

#include "number.h"

static const struct {
	const char *name;
	uint32_t number;
} tables[] = {
	{ "main", 254 },
	{ "local", 255 },
	{ "default", 253 },
};

static const struct {
	const char *name;
	bool value;
} switches[] = {
	{ "on", true },   { "off", false },   { "yes", true }, { "no", false },
	{ "true", true }, { "false", false }, { "1", true },   { "0", false },
};

#define N(array) (sizeof(array) / sizeof(*(array)))

__attribute__((format(printf, 3, 4))) static int refuse(char *reason, size_t size, const char *clause, ...)
{
	va_list arguments;

	va_start(arguments, clause);
	vsnprintf(reason, size, clause, arguments);
	va_end(arguments);
	return -EINVAL;
}

static uint64_t largest(const struct hycan_field *field)
{
	if (field->flags & HYCAN_FIELD_RANGE)
		return field->high;
	return field->size >= 8 ? UINT64_MAX : (1ull << 8 * field->size) - 1;
}

static uint64_t smallest(const struct hycan_field *field)
{
	if (field->flags & HYCAN_FIELD_RANGE)
		return field->low;
	return field->type == HYCAN_TYPE_PORT ? 1 : 0;
}

static void store(const struct hycan_field *field, uint64_t number, void *value)
{
	uint8_t u8 = (uint8_t)number;
	uint16_t u16 = (uint16_t)number;
	uint32_t u32 = (uint32_t)number;

	if (field->size == sizeof(u8))
		memcpy(value, &u8, sizeof(u8));
	else if (field->size == sizeof(u16))
		memcpy(value, &u16, sizeof(u16));
	else if (field->size == sizeof(u32))
		memcpy(value, &u32, sizeof(u32));
	else
		memcpy(value, &number, sizeof(number));
}

static int parse_unsigned(const struct hycan_field *field, const char *text, void *value, char *reason, size_t size)
{
	uint64_t number;
	int r;

	r = number_parse_any(text, strlen(text), largest(field), &number);
	if (r == -EINVAL)
		return refuse(reason, size, "is not a number");
	if (r < 0 || number < smallest(field))
		return refuse(reason, size, "is not in %" PRIu64 "..%" PRIu64, smallest(field), largest(field));
	store(field, number, value);
	return 0;
}

static int parse_signed(const struct hycan_field *field, const char *text, void *value, char *reason, size_t size)
{
	bool negative = text[0] == '-';
	uint64_t number;
	int r;

	r = number_parse(text + negative, strlen(text + negative), negative ? 1ull << 31 : INT32_MAX, &number);
	if (r == -EINVAL)
		return refuse(reason, size, "is not a number");
	if (r < 0)
		return refuse(reason, size, "is not in %d..%d", INT32_MIN, INT32_MAX);
	store(field, negative ? -number : number, value);
	return 0;
}

/* “0.875” as ip(8) writes sample points; “875” is the same in thousandths. */
static int parse_permille(const struct hycan_field *field, const char *text, void *value, char *reason, size_t size)
{
	const char *point = strchr(text, '.');
	uint64_t whole, scale = 100;

	if (!point)
		return parse_unsigned(field, text, value, reason, size);
	if (number_parse(text, (size_t)(point - text), 1000, &whole) < 0 || !point[1])
		return refuse(reason, size, "is not a ratio such as 0.875");
	whole *= 1000;
	for (const char *c = point + 1; *c; c++, scale /= 10) {
		if (*c < '0' || *c > '9')
			return refuse(reason, size, "is not a ratio such as 0.875");
		if (!scale && *c != '0')
			return refuse(reason, size, "has more than three decimals");
		whole += scale * (uint64_t)(*c - '0');
	}
	if (whole < smallest(field) || whole > largest(field))
		return refuse(reason, size, "is not in %" PRIu64 ".%03" PRIu64 "..%" PRIu64 ".%03" PRIu64, smallest(field) / 1000,
		              smallest(field) % 1000, largest(field) / 1000, largest(field) % 1000);
	store(field, whole, value);
	return 0;
}

static int parse_bool(const char *text, void *value, char *reason, size_t size)
{
	for (size_t i = 0; i < N(switches); i++) {
		if (strcmp(text, switches[i].name) == 0) {
			memcpy(value, &switches[i].value, sizeof(bool));
			return 0;
		}
	}
	return refuse(reason, size, "is neither on nor off");
}

static int parse_table(const struct hycan_field *field, const char *text, void *value, char *reason, size_t size)
{
	for (size_t i = 0; i < N(tables); i++) {
		if (strcmp(text, tables[i].name) == 0) {
			store(field, tables[i].number, value);
			return 0;
		}
	}
	if (parse_unsigned(field, text, value, reason, size) < 0)
		return refuse(reason, size, "is not a routing table: main, local, default, or its number");
	return 0;
}

/* Names are compared as people type them: in any case, and with a dash for an underscore. */
static bool same_name(const char *name, const char *text)
{
	for (;; name++, text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text + 32) : *text == '-' ? '_' : *text;
		char n = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name == '-' ? '_' : *name;

		if (n != c)
			return false;
		if (!n)
			return true;
	}
}

static int parse_enum(const struct hycan_field *field, const char *text, void *value, char *reason, size_t size)
{
	const struct hycan_enumeration *e = field->enumeration;
	bool is_number;
	uint64_t number;
	size_t at;

	is_number = number_parse_any(text, strlen(text), UINT32_MAX, &number) == 0;
	for (size_t i = 0; i < e->n_enumerators; i++) {
		if (same_name(e->enumerator[i].name, text) || (is_number && e->enumerator[i].number == number)) {
			store(field, e->enumerator[i].number, value);
			return 0;
		}
	}
	at = (size_t)snprintf(reason, size, "is none of");
	for (size_t i = 0; i < e->n_enumerators && at < size; i++)
		at += (size_t)snprintf(reason + at, size - at, "%s %s", i ? "," : "", e->enumerator[i].name);
	return -EINVAL;
}

static int parse_text(const struct hycan_field *field, const char *text, void *value, char *reason, size_t size)
{
	size_t n = strlen(text);

	if (n == 0 && field->type == HYCAN_TYPE_IFNAME)
		return refuse(reason, size, "is empty");
	if (n >= field->size)
		return refuse(reason, size, "is longer than %u bytes", field->size - 1);
	memset(value, 0, field->size);
	memcpy(value, text, n);
	return 0;
}

static int parse_bytes(const struct hycan_field *field, const char *text, void *value, char *reason, size_t size)
{
	size_t n = strspn(text, "0123456789abcdefABCDEF");
	uint8_t *bytes = value;

	if (text[n] || n != 2 * (size_t)field->size)
		return refuse(reason, size, "is not %u bytes in hexadecimal", field->size);
	for (size_t i = 0; i < field->size; i++)
		bytes[i] = (uint8_t)(number_hex_digit(text[2 * i]) << 4 | number_hex_digit(text[2 * i + 1]));
	return 0;
}

static int parse_network(const char *text, struct hycan_prefix *value, char *reason, size_t size)
{
	struct hycan_prefix prefix;
	char network[HYCAN_ADDRESS_TEXT_SIZE];

	if (hycan_prefix_parse(text, &prefix) < 0)
		return refuse(reason, size, "is not a network such as 10.0.0.0/8 or 2001:db8::/32");
	if (!hycan_prefix_is_network(&prefix)) {
		for (unsigned i = prefix.length; i < 8 * hycan_address_size(&prefix.address); i++)
			prefix.address.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
		return refuse(reason, size, "is an address in a network; the network is %s",
		              hycan_prefix_format(&prefix, network, sizeof(network)));
	}
	*value = prefix;
	return 0;
}

int hycan_value_parse(const struct hycan_field *field, const char *text, void *value, char *reason, size_t reason_size)
{
	switch (field->type) {
	case HYCAN_TYPE_BOOL:
		return parse_bool(text, value, reason, reason_size);
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_PORT:
		return parse_unsigned(field, text, value, reason, reason_size);
	case HYCAN_TYPE_SIGNED:
		return parse_signed(field, text, value, reason, reason_size);
	case HYCAN_TYPE_ENUM:
		return parse_enum(field, text, value, reason, reason_size);
	case HYCAN_TYPE_TABLE:
		return parse_table(field, text, value, reason, reason_size);
	case HYCAN_TYPE_PERMILLE:
		return parse_permille(field, text, value, reason, reason_size);
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
		return parse_text(field, text, value, reason, reason_size);
	case HYCAN_TYPE_BYTES:
		return parse_bytes(field, text, value, reason, reason_size);
	case HYCAN_TYPE_PREFIX:
		return parse_network(text, value, reason, reason_size);
	case HYCAN_TYPE_PORT_RANGE:
		if (hycan_port_range_parse(text, value) < 0)
			return refuse(reason, reason_size, "is neither a port nor a range such as 8000-8010");
		return 0;
	case HYCAN_TYPE_KEY:
		if (hycan_key_parse(text, value) < 0)
			return refuse(reason, reason_size, "is not a key: 44 characters of base64, as wg(8) writes it");
		return 0;
	case HYCAN_TYPE_MAC:
		if (hycan_mac_parse(text, value) < 0)
			return refuse(reason, reason_size, "is not a hardware address such as 02:00:5e:10:00:01");
		return 0;
	case HYCAN_TYPE_ADDRESS:
		if (hycan_address_parse(text, value) < 0)
			return refuse(reason, reason_size, "is not an address");
		return 0;
	case HYCAN_TYPE_ADDRESS_PREFIX:
		if (hycan_prefix_parse(text, value) < 0)
			return refuse(reason, reason_size, "is not an address with a prefix length such as 10.0.0.1/24");
		return 0;
	case HYCAN_TYPE_ENDPOINT:
		if (hycan_endpoint_parse(text, value) < 0)
			return refuse(reason, reason_size, "is not an endpoint such as 192.0.2.1:51820 or [2001:db8::1]:51820");
		return 0;
	case HYCAN_TYPE_FD:
	case HYCAN_TYPE_PAYLOAD:
	case HYCAN_TYPE_STRUCT:
		break;
	}
	return refuse(reason, reason_size, "cannot be given as text");
}

static const char *format_number(const char *name, uint64_t number, char *text, size_t size)
{
	if (name)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "%" PRIu64, number);
	return text;
}

const char *hycan_enumerator_name(const struct hycan_enumeration *enumeration, uint64_t number)
{
	for (size_t i = 0; i < enumeration->n_enumerators; i++)
		if (enumeration->enumerator[i].number == number)
			return enumeration->enumerator[i].name;
	return NULL;
}

static const char *format_enum(const struct hycan_enumeration *e, uint64_t number, char *text, size_t size)
{
	return format_number(hycan_enumerator_name(e, number), number, text, size);
}

static const char *format_table(uint64_t number, char *text, size_t size)
{
	for (size_t i = 0; i < N(tables); i++)
		if (tables[i].number == number)
			return format_number(tables[i].name, number, text, size);
	return format_number(NULL, number, text, size);
}

static const char *format_bytes(const uint8_t *bytes, size_t n, char *text, size_t size)
{
	if (size)
		text[0] = '\0';
	for (size_t i = 0; i < n && 2 * i < size; i++)
		snprintf(text + 2 * i, size - 2 * i, "%02x", bytes[i]);
	return text;
}

const char *hycan_value_format(const struct hycan_field *field, const void *value, char *text, size_t size)
{
	if (field->flags & HYCAN_FIELD_SECRET)
		return format_number("(hidden)", 0, text, size);
	switch (field->type) {
	case HYCAN_TYPE_BOOL:
		return format_number(hycan_value_number(field, value) ? "on" : "off", 0, text, size);
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_PORT:
		return format_number(NULL, hycan_value_number(field, value), text, size);
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_FD:
		snprintf(text, size, "%" PRId64, (int64_t)hycan_value_number(field, value));
		return text;
	case HYCAN_TYPE_ENUM:
		return format_enum(field->enumeration, hycan_value_number(field, value), text, size);
	case HYCAN_TYPE_TABLE:
		return format_table(hycan_value_number(field, value), text, size);
	case HYCAN_TYPE_PERMILLE:
		snprintf(text, size, "%" PRIu64 ".%03" PRIu64, hycan_value_number(field, value) / 1000,
		         hycan_value_number(field, value) % 1000);
		return text;
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
		snprintf(text, size, "%.*s", (int)field->size, (const char *)value);
		return text;
	case HYCAN_TYPE_BYTES:
		return format_bytes(value, field->size, text, size);
	case HYCAN_TYPE_PORT_RANGE:
		return hycan_port_range_format(value, text, size);
	case HYCAN_TYPE_KEY:
		return hycan_key_format(value, text, size);
	case HYCAN_TYPE_MAC:
		return hycan_mac_format(value, text, size);
	case HYCAN_TYPE_ADDRESS:
		return hycan_address_format(value, text, size);
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
		return hycan_prefix_format(value, text, size);
	case HYCAN_TYPE_ENDPOINT:
		return hycan_endpoint_format(value, text, size);
	case HYCAN_TYPE_PAYLOAD:
		return format_bytes(((const struct hycan_payload *)value)->data, ((const struct hycan_payload *)value)->size, text,
		                    size);
	case HYCAN_TYPE_STRUCT:
		break;
	}
	return format_number("(structure)", 0, text, size);
}

uint64_t hycan_value_number(const struct hycan_field *field, const void *value)
{
	uint64_t u64 = 0;
	uint32_t u32;
	uint16_t u16;

	if (field->size == 1)
		return *(const uint8_t *)value;
	if (field->size == sizeof(u16)) {
		memcpy(&u16, value, sizeof(u16));
		return u16;
	}
	if (field->size == sizeof(u32)) {
		memcpy(&u32, value, sizeof(u32));
		return field->type == HYCAN_TYPE_SIGNED || field->type == HYCAN_TYPE_FD ? (uint64_t)(int64_t)(int32_t)u32 : u32;
	}
	if (field->size == sizeof(u64))
		memcpy(&u64, value, sizeof(u64));
	return u64;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses, prefixes, endpoints, ports, hardware addresses and keys: their text forms and what can be asked of them.
 *
 * Every parser takes the whole text or refuses it, and leaves its result untouched when it refuses. Keys are read and
 * written without a branch or a table that depends on their bytes, so that the time it takes tells nothing about them.
 * What this file does not do: resolve names, or guess what a text may mean.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <hycan/values.h>

#include "number.h"

static const char *put(char *text, size_t size, const char *from)
{
	snprintf(text, size, "%s", from);
	return text;
}

/* Copies length bytes into a small buffer as a text of their own; false where they do not fit. */
static bool cut(const char *text, size_t length, char *ret_part, size_t size)
{
	if (length >= size)
		return false;
	memcpy(ret_part, text, length);
	ret_part[length] = '\0';
	return true;
}

static int parse_port(const char *text, size_t length, uint16_t *ret_port)
{
	uint64_t number;

	if (number_parse(text, length, 65535, &number) < 0 || number == 0)
		return -EINVAL;
	*ret_port = (uint16_t)number;
	return 0;
}

static uint8_t bits(const struct hycan_address *address)
{
	return (uint8_t)(8 * hycan_address_size(address));
}

static bool same_leading_bits(const uint8_t *a, const uint8_t *b, unsigned n)
{
	if (memcmp(a, b, n / 8) != 0)
		return false;
	return n % 8 == 0 || (a[n / 8] ^ b[n / 8]) >> (8 - n % 8) == 0;
}

static bool is_link_local(const struct hycan_address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

size_t hycan_address_size(const struct hycan_address *address)
{
	if (address->family == AF_INET)
		return 4;
	return address->family == AF_INET6 ? 16 : 0;
}

bool hycan_prefix_is_network(const struct hycan_prefix *prefix)
{
	const size_t size = hycan_address_size(&prefix->address), first = prefix->length / 8;
	unsigned host = first < size ? prefix->address.bytes[first] & (0xffu >> prefix->length % 8) : 0;

	for (size_t i = first + 1; i < size; i++)
		host |= prefix->address.bytes[i];
	return host == 0;
}

bool hycan_prefix_contains(const struct hycan_prefix *outer, const struct hycan_prefix *inner)
{
	return outer->address.family == inner->address.family && outer->length <= inner->length &&
	       inner->length <= bits(&inner->address) &&
	       same_leading_bits(outer->address.bytes, inner->address.bytes, outer->length);
}

int hycan_address_parse(const char *text, struct hycan_address *ret_address)
{
	struct hycan_address address = { 0 };

	address.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(address.family, text, address.bytes) != 1)
		return -EINVAL;
	*ret_address = address;
	return 0;
}

int hycan_prefix_parse(const char *text, struct hycan_prefix *ret_prefix)
{
	char part[HYCAN_ADDRESS_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	struct hycan_prefix prefix;
	uint64_t length;

	if (!cut(text, slash ? (size_t)(slash - text) : strlen(text), part, sizeof(part)) ||
	    hycan_address_parse(part, &prefix.address) < 0)
		return -EINVAL;
	length = bits(&prefix.address);
	if (slash && number_parse(slash + 1, strlen(slash + 1), length, &length) < 0)
		return -EINVAL;
	prefix.length = (uint8_t)length;
	*ret_prefix = prefix;
	return 0;
}

/* “2001:db8::1” or “fe80::1%3”, as it stands between brackets. */
static int parse_scoped(char *text, struct hycan_endpoint *endpoint)
{
	char *percent = strchr(text, '%');
	uint64_t scope_id = 0;

	if (percent) {
		*percent++ = '\0';
		if (number_parse(percent, strlen(percent), UINT32_MAX, &scope_id) < 0 || scope_id == 0)
			return -EINVAL;
	}
	if (hycan_address_parse(text, &endpoint->address) < 0 || endpoint->address.family != AF_INET6)
		return -EINVAL;
	if (percent && !is_link_local(&endpoint->address))
		return -EINVAL;
	endpoint->scope_id = (uint32_t)scope_id;
	return 0;
}

int hycan_endpoint_parse(const char *text, struct hycan_endpoint *ret_endpoint)
{
	struct hycan_endpoint endpoint = { 0 };
	char part[HYCAN_ADDRESS_TEXT_SIZE];
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;

	if (n == 0 || parse_port(colon + 1, strlen(colon + 1), &endpoint.port) < 0)
		return -EINVAL;
	if (text[0] == '[') {
		if (text[n - 1] != ']' || n < 2 || !cut(text + 1, n - 2, part, sizeof(part)) || parse_scoped(part, &endpoint) < 0)
			return -EINVAL;
	} else if (!cut(text, n, part, sizeof(part)) || hycan_address_parse(part, &endpoint.address) < 0 ||
	           endpoint.address.family != AF_INET) {
		/* without brackets nobody can tell the port of an IPv6 address from its last part */
		return -EINVAL;
	}
	*ret_endpoint = endpoint;
	return 0;
}

int hycan_port_range_parse(const char *text, struct hycan_port_range *ret_range)
{
	const char *dash = strchr(text, '-');
	struct hycan_port_range range;

	if (parse_port(text, dash ? (size_t)(dash - text) : strlen(text), &range.first) < 0)
		return -EINVAL;
	range.last = range.first;
	if (dash && (parse_port(dash + 1, strlen(dash + 1), &range.last) < 0 || range.last < range.first))
		return -EINVAL;
	*ret_range = range;
	return 0;
}

int hycan_mac_parse(const char *text, struct hycan_mac *ret_mac)
{
	struct hycan_mac mac;

	if (strlen(text) != HYCAN_MAC_TEXT_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(mac.bytes); i++, text += 3) {
		int high = number_hex_digit(text[0]), low = number_hex_digit(text[1]);

		if (high < 0 || low < 0 || text[2] != (i + 1 < sizeof(mac.bytes) ? ':' : '\0'))
			return -EINVAL;
		mac.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret_mac = mac;
	return 0;
}

/* All bits where first <= x <= last, else none; for small numbers, and without a branch. */
static unsigned between(int x, int first, int last)
{
	return (unsigned)((first - 1 - x) & (x - last - 1)) >> 8;
}

static char base64_digit(int x)
{
	return (char)((between(x, 0, 25) & (unsigned)(x + 'A')) | (between(x, 26, 51) & (unsigned)(x - 26 + 'a')) |
	              (between(x, 52, 61) & (unsigned)(x - 52 + '0')) | (between(x, 62, 62) & '+') | (between(x, 63, 63) & '/'));
}

/* The six bits of a digit; bit 6 is set where it is none. */
static unsigned base64_bits(int c)
{
	unsigned upper = between(c, 'A', 'Z'), lower = between(c, 'a', 'z'), digit = between(c, '0', '9');
	unsigned plus = between(c, '+', '+'), slash = between(c, '/', '/');

	return (upper & (unsigned)(c - 'A')) | (lower & (unsigned)(c - 'a' + 26)) | (digit & (unsigned)(c - '0' + 52)) |
	       (plus & 62) | (slash & 63) | (~(upper | lower | digit | plus | slash) & 64);
}

int hycan_key_parse(const char *text, struct hycan_key *ret_key)
{
	struct hycan_key key = { 0 };
	unsigned bad = 0, held = 0, n = 0;
	size_t at = 0;

	if (strlen(text) != HYCAN_KEY_TEXT_SIZE - 1 || text[HYCAN_KEY_TEXT_SIZE - 2] != '=')
		return -EINVAL;
	for (size_t i = 0; i < HYCAN_KEY_TEXT_SIZE - 2; i++) {
		unsigned digit = base64_bits((unsigned char)text[i]);

		bad |= digit & 64;
		held = held << 6 | (digit & 63);
		n += 6;
		if (n >= 8) {
			n -= 8;
			key.bytes[at++] = (uint8_t)(held >> n);
		}
	}
	/* 43 digits have two bits more than 32 bytes: one text for each key */
	bad |= held & 3;
	if (!bad)
		*ret_key = key;
	explicit_bzero(&key, sizeof(key));
	return bad ? -EINVAL : 0;
}

const char *hycan_address_format(const struct hycan_address *address, char *text, size_t size)
{
	char whole[INET6_ADDRSTRLEN] = "none";

	if (hycan_address_size(address))
		inet_ntop(address->family, address->bytes, whole, sizeof(whole));
	return put(text, size, whole);
}

const char *hycan_prefix_format(const struct hycan_prefix *prefix, char *text, size_t size)
{
	char address[HYCAN_ADDRESS_TEXT_SIZE];

	hycan_address_format(&prefix->address, address, sizeof(address));
	if (hycan_address_size(&prefix->address))
		snprintf(text, size, "%s/%u", address, prefix->length);
	else
		put(text, size, address);
	return text;
}

const char *hycan_endpoint_format(const struct hycan_endpoint *endpoint, char *text, size_t size)
{
	char address[HYCAN_ADDRESS_TEXT_SIZE];

	hycan_address_format(&endpoint->address, address, sizeof(address));
	if (endpoint->address.family == AF_INET6 && endpoint->scope_id)
		snprintf(text, size, "[%s%%%u]:%u", address, endpoint->scope_id, endpoint->port);
	else if (endpoint->address.family == AF_INET6)
		snprintf(text, size, "[%s]:%u", address, endpoint->port);
	else
		snprintf(text, size, "%s:%u", address, endpoint->port);
	return text;
}

const char *hycan_port_range_format(const struct hycan_port_range *range, char *text, size_t size)
{
	if (range->first == range->last)
		snprintf(text, size, "%u", range->first);
	else
		snprintf(text, size, "%u-%u", range->first, range->last);
	return text;
}

const char *hycan_mac_format(const struct hycan_mac *mac, char *text, size_t size)
{
	const uint8_t *b = mac->bytes;

	snprintf(text, size, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return text;
}

const char *hycan_key_format(const struct hycan_key *key, char *text, size_t size)
{
	char whole[HYCAN_KEY_TEXT_SIZE];
	unsigned held = 0, n = 0;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(key->bytes); i++) {
		held = held << 8 | key->bytes[i];
		for (n += 8; n >= 6; n -= 6)
			whole[at++] = base64_digit((int)(held >> (n - 6) & 63));
	}
	whole[at++] = base64_digit((int)(held << (6 - n) & 63));
	whole[at++] = '=';
	whole[at] = '\0';
	put(text, size, whole);
	explicit_bzero(whole, sizeof(whole));
	return text;
}

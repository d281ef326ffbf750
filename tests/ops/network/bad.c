/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What nobody should ask of networks, port mappings and names: every field of every request, wrong in every way that a person
 * or a bug gets it wrong, byte by byte over the socket. Each is refused for its reason, with the field at fault, and neither the
 * kernel nor the ledger nor the connection is any different afterwards.
 *
 * Names, domains, hosts' addresses and upstreams that are well formed and cannot be need a network that is there: they are in
 * ops/dns/set.c and ops/dns/add_host.c.
 *
 * A case is a request that would be well formed, with one field left out, or put in place of the good one, or added.
 */
#include <stdlib.h>
#include <string.h>

#include <hycan/schema.h>

#include "network.h"
#include "objects.h"
#include "raw.h"
#include "view.h"

struct attribute {
	uint16_t number;
	const void *bytes;
	size_t size;
};

#define BYTES(number, text)                                                                                                        \
	{                                                                                                                          \
		(number), (text), sizeof(text) - 1                                                                                 \
	}
#define TEXT(number, text)                                                                                                         \
	{                                                                                                                          \
		(number), (text), sizeof(text)                                                                                     \
	}
#define U8(number, value)                                                                                                          \
	{                                                                                                                          \
		(number), (const uint8_t[]){ (value) }, 1                                                                          \
	}
#define U16(number, value)                                                                                                         \
	{                                                                                                                          \
		(number), (const uint16_t[]){ (value) }, 2                                                                         \
	}
#define U32(number, value)                                                                                                         \
	{                                                                                                                          \
		(number), (const uint32_t[]){ (value) }, 4                                                                         \
	}
#define RANGE(number, a, b)                                                                                                        \
	{                                                                                                                          \
		(number), (const uint16_t[]){ (a), (b) }, 4                                                                        \
	}
#define NOTHING(number)                                                                                                            \
	{                                                                                                                          \
		(number), NULL, 0                                                                                                  \
	}
#define END                                                                                                                        \
	{                                                                                                                          \
		0, NULL, 0                                                                                                         \
	}

/* A prefix: its length in a word of four bytes, and the address. */
#define IPV4(a, b, c, d)         ((const uint8_t[]){ (a), (b), (c), (d) }), 4
#define NET4(length, a, b, c, d) ((const uint8_t[]){ (length), 0, 0, 0, (a), (b), (c), (d) }), 8
#define NET6(length, a, b, last) ((const uint8_t[]){ (length), 0, 0, 0, (a), (b), [18] = 0, (last) }), 20
#define IPV6(a, b, last)         ((const uint8_t[]){ (a), (b), [14] = 0, (last) }), 16

static const struct attribute create[] = {
	U16(1, 100), { 2, NET4(24, 10, 9, 0, 0) }, { 3, IPV4(10, 9, 0, 1) }, TEXT(4, "blue"), TEXT(5, "up0"), END
};
static const struct attribute create_ipv6[] = { U16(1, 100),
	                                        { 2, NET4(24, 10, 9, 0, 0) },
	                                        { 3, IPV4(10, 9, 0, 1) },
	                                        TEXT(4, "blue"),
	                                        { 9, NET6(64, 0xfd, 9, 0) },
	                                        { 10, IPV6(0xfd, 9, 1) },
	                                        END };
static const struct attribute create_internal[] = {
	U16(1, 100), { 2, NET4(24, 10, 9, 0, 0) }, { 3, IPV4(10, 9, 0, 1) }, TEXT(4, "blue"), U8(8, 1), END
};
static const struct attribute one_network[] = { U16(1, 7), END };
static const struct attribute nat[] = { U16(1, 7), U8(2, 1), END };
static const struct attribute allow[] = { U16(1, 7), U16(2, 8), U8(3, 1), END };
static const struct attribute add[] = { U8(1, 6), RANGE(2, 8080, 8080), { 3, IPV4(172, 18, 0, 2) }, U16(4, 80), END };
static const struct attribute add_two[] = { U8(1, 6), RANGE(2, 8080, 8081), { 3, IPV4(172, 18, 0, 2) }, U16(4, 80), END };
static const struct attribute take[] = { U8(1, 6), RANGE(2, 8080, 8080), END };
static const struct attribute add_host[] = { U16(1, 7), TEXT(2, "web"), END };
static const struct attribute take_host[] = { U16(1, 7), TEXT(2, "web"), END };
static const struct attribute none[] = { END };

struct bad {
	uint16_t operation;
	const struct attribute *good;
	enum hycan_refusal refusal;
	const char *field;
	struct attribute wrong; /* without bytes: left out, unless it was not there: then empty */
};

#define CREATE   HYCAN_OPERATION_NETWORK_CREATE, create
#define CREATE6  HYCAN_OPERATION_NETWORK_CREATE, create_ipv6
#define INTERNAL HYCAN_OPERATION_NETWORK_CREATE, create_internal
#define DELETE   HYCAN_OPERATION_NETWORK_DELETE, one_network
#define LIST     HYCAN_OPERATION_NETWORK_LIST, one_network
#define NAT      HYCAN_OPERATION_NETWORK_NAT, nat
#define ALLOW    HYCAN_OPERATION_NETWORK_ALLOW, allow
#define ADD      HYCAN_OPERATION_PORT_ADD, add
#define ADD_TWO  HYCAN_OPERATION_PORT_ADD, add_two
#define REMOVE   HYCAN_OPERATION_PORT_REMOVE, take
#define PORTS    HYCAN_OPERATION_PORT_LIST, none

#define SET      HYCAN_OPERATION_DNS_SET, one_network
#define UNSET    HYCAN_OPERATION_DNS_UNSET, one_network
#define ADD_HOST HYCAN_OPERATION_DNS_ADD_HOST, add_host
#define NO_HOST  HYCAN_OPERATION_DNS_REMOVE_HOST, take_host
#define NAMES    HYCAN_OPERATION_DNS_LIST, one_network

#define HEALTH  HYCAN_OPERATION_HEALTH_GET, none
#define METRICS HYCAN_OPERATION_METRICS_GET, none

#define MALFORMED HYCAN_REFUSAL_MALFORMED
#define UNKNOWN   HYCAN_REFUSAL_UNKNOWN
#define RANGED    HYCAN_REFUSAL_OUT_OF_RANGE
#define INVALID   HYCAN_REFUSAL_INVALID
#define NOT_FOUND HYCAN_REFUSAL_NOT_FOUND

/* A number that is 1 to 4094, in each request that has one. */
#define BAD_VLAN(request, number, field)                                                                                           \
	{ request, MALFORMED, field, NOTHING(number) }, { request, RANGED, field, U16(number, 0) },                                \
		{ request, RANGED, field, U16(number, 4095) }, { request, RANGED, field, U16(number, 65535) },                     \
		{ request, MALFORMED, field, U8(number, 100) }, { request, MALFORMED, field, U32(number, 100) },                   \
		{ request, MALFORMED, field, TEXT(number, "100") },                                                                \
	{                                                                                                                          \
		request, MALFORMED, field,                                                                                         \
			BYTES(number, "1\0"                                                                                        \
		                      "00\0")                                                                                      \
	}

/* The name of a link. */
#define BAD_LINK(request, number, field)                                                                                           \
	{ request, INVALID, field, TEXT(number, "") }, { request, INVALID, field, TEXT(number, "0123456789abcdef") },              \
		{ request, INVALID, field, TEXT(number, ".") }, { request, INVALID, field, TEXT(number, "..") },                   \
		{ request, INVALID, field, TEXT(number, "a/b") }, { request, INVALID, field, TEXT(number, "a b") },                \
		{ request, INVALID, field, TEXT(number, "a:b") }, { request, INVALID, field, TEXT(number, "net%d") },              \
		{ request, INVALID, field, TEXT(number, "a\nb") }, { request, INVALID, field, TEXT(number, "a\x7f") },             \
		{ request, INVALID, field, TEXT(number, "\xff") }, { request, MALFORMED, field, BYTES(number, "eth0") },           \
	{                                                                                                                          \
		request, MALFORMED, field, BYTES(number, "e\0h0\0")                                                                \
	}

#define BAD_BOOL(request, number, field)                                                                                           \
	{ request, MALFORMED, field, U8(number, 2) }, { request, MALFORMED, field, U8(number, 255) },                              \
		{ request, MALFORMED, field, U16(number, 1) },                                                                     \
	{                                                                                                                          \
		request, MALFORMED, field, TEXT(number, "on")                                                                      \
	}

/* A text of 126 bytes at most; what it may say is the handler's to judge. */
#define BAD_TEXT(request, number, field)                                                                                           \
	{ request, INVALID, field, TEXT(number, LONG_TEXT) }, { request, MALFORMED, field, BYTES(number, "web") },                 \
	{                                                                                                                          \
		request, MALFORMED, field, BYTES(number, "w\0b\0")                                                                 \
	}
#define TEN       "abcdefghij"
#define LONG_TEXT TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "abcdefg"

static const struct bad cases[] = {
	BAD_VLAN(CREATE, 1, "vlan_id"),
	{ CREATE, MALFORMED, "subnet", NOTHING(2) },
	{ CREATE, MALFORMED, "subnet", { 2, IPV4(10, 9, 0, 0) } },
	{ CREATE, MALFORMED, "subnet", TEXT(2, "10.9.0.0/24") },
	{ CREATE, RANGED, "subnet", { 2, NET4(33, 10, 9, 0, 0) } },
	{ CREATE, MALFORMED, "subnet", { 2, (const uint8_t[]){ 24, 0, 0, 1, 10, 9, 0, 0 }, 8 } },
	{ CREATE, INVALID, "subnet", { 2, NET4(24, 10, 9, 0, 1) } },
	{ CREATE, INVALID, "subnet", { 2, NET4(0, 0, 0, 0, 0) } },
	{ CREATE, INVALID, "subnet", { 2, NET4(7, 10, 0, 0, 0) } },
	{ CREATE, INVALID, "subnet", { 2, NET4(31, 10, 9, 0, 0) } },
	{ CREATE, INVALID, "subnet", { 2, NET4(32, 10, 9, 0, 1) } },
	{ CREATE, INVALID, "subnet", { 2, NET4(8, 0, 0, 0, 0) } },
	{ CREATE, INVALID, "subnet", { 2, NET4(8, 127, 0, 0, 0) } },
	{ CREATE, INVALID, "subnet", { 2, NET4(8, 224, 0, 0, 0) } },
	{ CREATE, INVALID, "subnet", { 2, NET4(24, 255, 255, 255, 0) } },
	{ CREATE, INVALID, "subnet", { 2, NET4(16, 169, 254, 0, 0) } },
	{ CREATE, INVALID, "subnet", { 2, NET6(64, 0xfd, 9, 0) } },
	{ CREATE, MALFORMED, "gateway", NOTHING(3) },
	{ CREATE, MALFORMED, "gateway", BYTES(3, "\x0a\x09\0") },
	{ CREATE, MALFORMED, "gateway", TEXT(3, "10.9.0.1") },
	{ CREATE, INVALID, "gateway", { 3, IPV6(0xfd, 9, 1) } },
	{ CREATE, INVALID, "gateway", { 3, IPV4(10, 9, 0, 0) } },
	{ CREATE, INVALID, "gateway", { 3, IPV4(10, 9, 0, 255) } },
	{ CREATE, INVALID, "gateway", { 3, IPV4(10, 9, 1, 1) } },
	{ CREATE, INVALID, "gateway", { 3, IPV4(0, 0, 0, 0) } },
	{ CREATE, MALFORMED, "network_name", NOTHING(4) },
	{ CREATE, MALFORMED, "network_name", BYTES(4, "blue") },
	{ CREATE, MALFORMED, "network_name", BYTES(4, "bl\0e\0") },
	{ CREATE, INVALID, "network_name", TEXT(4, "") },
	{ CREATE, INVALID, "network_name", TEXT(4, "012345678901234567890123456789012") },
	{ CREATE, INVALID, "network_name", TEXT(4, "a b") },
	{ CREATE, INVALID, "network_name", TEXT(4, "a\nb") },
	{ CREATE, INVALID, "network_name", TEXT(4, "a\"b") },
	{ CREATE, INVALID, "network_name", TEXT(4, "a;b") },
	{ CREATE, INVALID, "network_name", TEXT(4, "a/b") },
	{ CREATE, INVALID, "network_name", TEXT(4, "--help") },
	{ CREATE, INVALID, "network_name", TEXT(4, "..") },
	{ CREATE, INVALID, "network_name", TEXT(4, "=") },
	{ CREATE, INVALID, "network_name", TEXT(4, "bl\xc3\xbc") },
	{ CREATE, INVALID, "network_name", TEXT(4, "\xff") },
	BAD_LINK(CREATE, 5, "parent"),
	{ CREATE, NOT_FOUND, "parent", TEXT(5, "nosuch0") },
	{ CREATE, INVALID, "link", TEXT(5, "net100") },
	{ CREATE, RANGED, "mtu", U32(6, 0) },
	{ CREATE, RANGED, "mtu", U32(6, 67) },
	{ CREATE, RANGED, "mtu", U32(6, 65536) },
	{ CREATE, RANGED, "mtu", U32(6, UINT32_MAX) },
	{ CREATE, MALFORMED, "mtu", U16(6, 1500) },
	{ CREATE, MALFORMED, "mtu", TEXT(6, "") },
	{ CREATE6, INVALID, "mtu", U32(6, 1279) },
	BAD_BOOL(CREATE, 7, "nat"),
	{ INTERNAL, INVALID, "nat", U8(7, 1) },
	BAD_BOOL(CREATE, 8, "internal"),
	{ CREATE, INVALID, "ipv6_gateway", { 9, NET6(64, 0xfd, 9, 0) } },
	{ CREATE, MALFORMED, "ipv6_subnet", TEXT(9, "fd09::/64") },
	{ CREATE, RANGED, "ipv6_subnet", { 9, NET6(129, 0xfd, 9, 0) } },
	{ CREATE6, INVALID, "ipv6_subnet", NOTHING(9) },
	{ CREATE6, INVALID, "ipv6_subnet", { 9, NET6(64, 0xfd, 9, 1) } },
	{ CREATE6, INVALID, "ipv6_subnet", { 9, NET4(24, 10, 8, 0, 0) } },
	{ CREATE6, INVALID, "ipv6_subnet", { 9, NET6(0, 0, 0, 0) } },
	{ CREATE6, INVALID, "ipv6_subnet", { 9, NET6(10, 0xfe, 0x80, 0) } },
	{ CREATE6, INVALID, "ipv6_subnet", { 9, NET6(16, 0xff, 2, 0) } },
	{ CREATE6, INVALID, "ipv6_subnet", { 9, NET6(64, 0, 0, 0) } },
	{ CREATE6, INVALID, "ipv6_subnet", { 9, NET6(127, 0xfd, 9, 0) } },
	{ CREATE6, INVALID, "ipv6_gateway", NOTHING(10) },
	{ CREATE6, INVALID, "ipv6_gateway", { 10, IPV4(10, 9, 0, 2) } },
	{ CREATE6, INVALID, "ipv6_gateway", { 10, IPV6(0xfd, 8, 1) } },
	{ CREATE6, INVALID, "ipv6_gateway", { 10, IPV6(0xfd, 9, 0) } },
	{ CREATE6, MALFORMED, "ipv6_gateway", BYTES(10, "12345") },
	BAD_LINK(CREATE, 11, "link"),
	{ CREATE, INVALID, "link", TEXT(11, "up0") },
	BAD_BOOL(CREATE, 12, "replace"),
	{ CREATE, UNKNOWN, NULL, U8(13, 1) },

	BAD_VLAN(DELETE, 1, "vlan_id"),
	BAD_LINK(DELETE, 2, "link"),
	{ DELETE, NOT_FOUND, "vlan_id", U16(1, 100) },
	{ DELETE, NOT_FOUND, "vlan_id", TEXT(2, "lo") },
	{ DELETE, UNKNOWN, NULL, U8(3, 1) },

	{ LIST, RANGED, "vlan_id", U16(1, 0) },
	{ LIST, RANGED, "vlan_id", U16(1, 4095) },
	{ LIST, MALFORMED, "vlan_id", U32(1, 7) },
	{ LIST, NOT_FOUND, "vlan_id", U16(1, 100) },
	{ LIST, UNKNOWN, NULL, U8(2, 1) },

	BAD_VLAN(NAT, 1, "vlan_id"),
	{ NAT, MALFORMED, "on", NOTHING(2) },
	BAD_BOOL(NAT, 2, "on"),
	BAD_LINK(NAT, 3, "link"),
	{ NAT, NOT_FOUND, "vlan_id", U16(1, 100) },
	{ NAT, UNKNOWN, NULL, U8(4, 1) },

	BAD_VLAN(ALLOW, 1, "from"),
	BAD_VLAN(ALLOW, 2, "to"),
	{ ALLOW, MALFORMED, "on", NOTHING(3) },
	BAD_BOOL(ALLOW, 3, "on"),
	BAD_LINK(ALLOW, 4, "from_link"),
	BAD_LINK(ALLOW, 5, "to_link"),
	{ ALLOW, INVALID, "to", U16(2, 7) },
	{ ALLOW, NOT_FOUND, "from", U16(2, 9) },
	{ ALLOW, UNKNOWN, NULL, U8(6, 1) },

	{ ADD, MALFORMED, "protocol", NOTHING(1) },
	{ ADD, RANGED, "protocol", U8(1, 0) },
	{ ADD, RANGED, "protocol", U8(1, 1) },
	{ ADD, RANGED, "protocol", U8(1, 255) },
	{ ADD, MALFORMED, "protocol", U16(1, 6) },
	{ ADD, MALFORMED, "protocol", TEXT(1, "tcp") },
	{ ADD, MALFORMED, "host_port", NOTHING(2) },
	{ ADD, MALFORMED, "host_port", U16(2, 8080) },
	{ ADD, RANGED, "host_port", RANGE(2, 0, 0) },
	{ ADD, RANGED, "host_port", RANGE(2, 0, 80) },
	{ ADD, RANGED, "host_port", RANGE(2, 81, 80) },
	{ ADD, MALFORMED, "to_address", NOTHING(3) },
	{ ADD, MALFORMED, "to_address", BYTES(3, "12345") },
	{ ADD, MALFORMED, "to_address", TEXT(3, "172.18.0.2") },
	{ ADD, INVALID, "to_address", { 3, IPV4(0, 0, 0, 0) } },
	{ ADD, INVALID, "to_address", { 3, IPV4(127, 0, 0, 1) } },
	{ ADD, INVALID, "to_address", { 3, IPV4(224, 0, 0, 1) } },
	{ ADD, INVALID, "to_address", { 3, IPV4(255, 255, 255, 255) } },
	{ ADD, INVALID, "to_address", { 3, IPV6(0, 0, 0) } },
	{ ADD, INVALID, "to_address", { 3, IPV6(0, 0, 1) } },
	{ ADD, INVALID, "to_address", { 3, IPV6(0xff, 2, 1) } },
	{ ADD, MALFORMED, "to_port", NOTHING(4) },
	{ ADD, RANGED, "to_port", U16(4, 0) },
	{ ADD, MALFORMED, "to_port", U32(4, 80) },
	{ ADD_TWO, INVALID, "to_port", U16(4, 65535) },
	{ ADD, MALFORMED, "host_address", BYTES(5, "12345") },
	{ ADD, INVALID, "host_address", { 5, IPV4(0, 0, 0, 0) } },
	{ ADD, INVALID, "host_address", { 5, IPV4(127, 0, 0, 1) } },
	{ ADD, INVALID, "host_address", { 5, IPV4(224, 0, 0, 1) } },
	{ ADD, INVALID, "host_address", { 5, IPV6(0xfd, 9, 1) } },
	{ ADD, RANGED, "network", U16(6, 4095) },
	{ ADD, RANGED, "network", U16(6, 65535) },
	{ ADD, MALFORMED, "network", U8(6, 7) },
	{ ADD, MALFORMED, "network", TEXT(6, "100") },
	{ ADD, NOT_FOUND, "network", U16(6, 100) },
	{ ADD, UNKNOWN, NULL, U8(7, 1) },

	{ REMOVE, MALFORMED, "protocol", NOTHING(1) },
	{ REMOVE, RANGED, "protocol", U8(1, 1) },
	{ REMOVE, MALFORMED, "host_port", NOTHING(2) },
	{ REMOVE, RANGED, "host_port", RANGE(2, 0, 0) },
	{ REMOVE, RANGED, "host_port", RANGE(2, 2, 1) },
	{ REMOVE, MALFORMED, "host_address", BYTES(3, "12345") },
	{ REMOVE, RANGED, "family", U8(4, 0) },
	{ REMOVE, RANGED, "family", U8(4, 3) },
	{ REMOVE, MALFORMED, "family", U16(4, 2) },
	{ REMOVE, RANGED, "network", U16(5, 4095) },
	{ REMOVE, MALFORMED, "network", U8(5, 7) },
	{ REMOVE, NOT_FOUND, "host_port", U16(5, 7) },
	{ REMOVE, NOT_FOUND, "host_port", { 3, IPV4(192, 0, 2, 1) } },
	{ REMOVE, UNKNOWN, NULL, U8(6, 1) },

	{ PORTS, UNKNOWN, NULL, U8(1, 6) },

	BAD_VLAN(SET, 1, "vlan_id"),
	{ SET, MALFORMED, NULL, TEXT(2, "web 10.9.0.2") },
	{ SET, MALFORMED, NULL, U32(2, 1) },
	BAD_TEXT(SET, 3, "domain"),
	{ SET, MALFORMED, "upstreams", BYTES(4, "12345") },
	{ SET, MALFORMED, "upstreams", TEXT(4, "192.0.2.53") },
	BAD_BOOL(SET, 5, "own_only"),
	BAD_LINK(SET, 6, "link"),
	{ SET, UNKNOWN, NULL, U8(7, 1) },

	BAD_VLAN(UNSET, 1, "vlan_id"),
	BAD_LINK(UNSET, 2, "link"),
	{ UNSET, UNKNOWN, NULL, U8(3, 1) },

	BAD_VLAN(ADD_HOST, 1, "vlan_id"),
	{ ADD_HOST, MALFORMED, "name", NOTHING(2) },
	BAD_TEXT(ADD_HOST, 2, "name"),
	{ ADD_HOST, MALFORMED, "addresses", BYTES(3, "12345") },
	{ ADD_HOST, MALFORMED, "addresses", TEXT(3, "10.9.0.2") },
	BAD_LINK(ADD_HOST, 4, "link"),
	{ ADD_HOST, UNKNOWN, NULL, U8(5, 1) },

	BAD_VLAN(NO_HOST, 1, "vlan_id"),
	{ NO_HOST, MALFORMED, "name", NOTHING(2) },
	BAD_TEXT(NO_HOST, 2, "name"),
	BAD_LINK(NO_HOST, 3, "link"),
	{ NO_HOST, UNKNOWN, NULL, U8(4, 1) },

	{ NAMES, RANGED, "vlan_id", U16(1, 0) },
	{ NAMES, RANGED, "vlan_id", U16(1, 4095) },
	{ NAMES, MALFORMED, "vlan_id", U8(1, 100) },
	{ NAMES, UNKNOWN, NULL, U8(2, 1) },

	{ HEALTH, UNKNOWN, NULL, U8(1, 1) },
	{ METRICS, UNKNOWN, NULL, U8(1, 1) },
};

static struct raw_answer ask(struct raw *raw, const struct bad *bad)
{
	struct raw_frame frame;
	bool replaced = false;

	raw_begin(raw, &frame, bad->operation);
	for (const struct attribute *a = bad->good; a->number; a++) {
		const struct attribute *put = a->number == bad->wrong.number ? &bad->wrong : a;

		replaced |= put != a;
		if (put->bytes)
			raw_put(&frame, put->number, put->bytes, put->size);
	}
	if (!replaced)
		raw_put(&frame, bad->wrong.number, bad->wrong.bytes, bad->wrong.size);
	raw_end(&frame);
	return raw_ask(raw, &frame);
}

static char *everything(void)
{
	return shell("nft list ruleset; ip -d link; ip address; ip route show table all; ip -6 route show table all; ip rule; "
	             "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding");
}

static void ask_all(struct world *w)
{
	struct raw raw = raw_open(w->socket);
	size_t n;
	char *before, *after;

	view_settle();
	before = everything();
	n = objects_count(w->h);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct raw_answer a = ask(&raw, &cases[i]);

		if (a.refusal != cases[i].refusal || (cases[i].field && strcmp(a.field, cases[i].field) != 0) || !a.sentence[0])
			fail_msg("case %zu of 0x%04x, field %u of %zu bytes: refusal %u, field “%s”, “%s”; expected %u, “%s”", i,
			         cases[i].operation, cases[i].wrong.number, cases[i].wrong.size, a.refusal, a.field, a.sentence,
			         cases[i].refusal, cases[i].field ? cases[i].field : "");
	}
	raw_assert_alive(&raw);
	raw_close(&raw);
	after = everything();
	assert_string_equal(after, before);
	assert_int_equal(objects_count(w->h), n);
	free(before);
	free(after);
}

static bool has_case(const struct hycan_operation *o, uint16_t field)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (cases[i].operation == o->number && cases[i].wrong.number == field)
			return true;
	return false;
}

/* The list has every field of every request of these families, and behind the last one a field that there is not. */
static void test_list_is_whole(void **state)
{
	static const char *const families[] = { "network.", "port.", "dns.", "health.", "metrics." };
	const struct hycan_operation *const *operations;
	size_t n;

	(void)state;
	operations = hycan_operations(&n);
	for (size_t i = 0; i < n; i++)
		for (size_t family = 0; family < sizeof(families) / sizeof(*families); family++) {
			const struct hycan_operation *o = operations[i];

			if (strncmp(o->name, families[family], strlen(families[family])) != 0)
				continue;
			for (uint16_t field = 1; field <= o->request->n_fields + 1; field++)
				if (!has_case(o, field))
					fail_msg("%s: field %u is never wrong", o->name, field);
		}
}

static void test_on_a_bare_host(void **state)
{
	struct world *w = *state;

	need_command("nft");
	free(shell("ip link add up0 type veth peer name up1; ip link set up0 up; ip link set up1 up; ip link set lo up"));
	ask_all(w);
}

/* The same where there are networks, which none of them is about. */
static void test_among_networks(void **state)
{
	struct world *w = *state;

	network_make_parent();
	assert_done(w->h, network_create(w->h, "200 10.200.0.0/24 10.200.0.1 green fd20::/64 fd20::1"));
	assert_done(w->h, network_create(w->h, "201 172.18.0.0/24 172.18.0.1 yellow"));
	ask_all(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_is_whole),
		cmocka_unit_test_setup_teardown(test_on_a_bare_host, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_among_networks, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("bad requests about networks", tests, NULL, NULL);
}

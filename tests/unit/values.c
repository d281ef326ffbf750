/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text forms of values: what is read, what is written, what is refused.
 *
 * Every text that is written can be read and gives the same value. Every text that is refused leaves the value alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include <hycan/schema.h>
#include <hycan/types.h>
#include <hycan/values.h>

#define N(array) (sizeof(array) / sizeof(*(array)))

#define KEY     "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define ALL_ONE "//////////////////////////////////////////8="
#define PLUS    "++++++++++++++++++++++++++++++++++++++++++8="

struct text {
	const char *in;
	const char *out; /* NULL: refused; "=": the same as in */
};

/* A reader and a writer of one kind of value. */
struct kind {
	const char *name;
	int (*parse)(const char *text, void *ret);
	const char *(*format)(const void *value, char *text, size_t size);
	size_t size;
	const struct text *texts;
	size_t n_texts;
};

static const struct text addresses[] = {
	{ "192.0.2.1", "=" },
	{ "0.0.0.0", "=" },
	{ "255.255.255.255", "=" },
	{ "2001:db8::1", "=" },
	{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
	{ "::", "=" },
	{ "::ffff:192.0.2.1", "=" },
	{ "", NULL },
	{ " 192.0.2.1", NULL },
	{ "192.0.2.1 ", NULL },
	{ "192.0.2.1\n", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.01", NULL },
	{ "0xc0.0.2.1", NULL },
	{ "3221225985", NULL },
	{ "192.0.2.1.1", NULL },
	{ "192.0.2.1/24", NULL },
	{ "-1.0.2.1", NULL },
	{ "2001:db8::1::2", NULL },
	{ "2001:db8::12345", NULL },
	{ "fe80::1%eth0", NULL },
	{ "[::1]", NULL },
	{ "localhost", NULL },
	{ "default", NULL },
};

static const struct text prefixes[] = {
	{ "10.0.0.0/8", "=" },
	{ "10.0.0.1/8", "=" },
	{ "0.0.0.0/0", "=" },
	{ "10.0.0.1", "10.0.0.1/32" },
	{ "10.0.0.1/32", "=" },
	{ "2001:db8::/32", "=" },
	{ "::/0", "=" },
	{ "::1", "::1/128" },
	{ "::1/128", "=" },
	{ "10.0.0.0/", NULL },
	{ "10.0.0.0/33", NULL },
	{ "10.0.0.0/-1", NULL },
	{ "10.0.0.0/+8", NULL },
	{ "10.0.0.0/ 8", NULL },
	{ "10.0.0.0/08", NULL },
	{ "10.0.0.0/0x8", NULL },
	{ "10.0.0.0/8/8", NULL },
	{ "10.0.0.0/255.0.0.0", NULL },
	{ "10.0.0.0/4294967304", NULL },
	{ "10.0.0.0/18446744073709551624", NULL },
	{ "2001:db8::/129", NULL },
	{ "2001:db8::/256", NULL },
	{ "/8", NULL },
	{ "/", NULL },
	{ "", NULL },
	{ "10/8", NULL },
	{ "default", NULL },
	{ "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/64", NULL },
};

static const struct text endpoints[] = {
	{ "192.0.2.1:51820", "=" },
	{ "192.0.2.1:1", "=" },
	{ "192.0.2.1:65535", "=" },
	{ "[2001:db8::1]:51820", "=" },
	{ "[::]:1", "=" },
	{ "[fe80::1%3]:51820", "=" },
	{ "[fe80::1]:51820", "=" },
	{ "[fe80::1%4294967295]:51820", "=" },
	{ "192.0.2.1", NULL },
	{ "192.0.2.1:", NULL },
	{ ":51820", NULL },
	{ "192.0.2.1:0", NULL },
	{ "192.0.2.1:65536", NULL },
	{ "192.0.2.1:-1", NULL },
	{ "192.0.2.1:+1", NULL },
	{ "192.0.2.1: 1", NULL },
	{ "192.0.2.1:1 ", NULL },
	{ "192.0.2.1:01", NULL },
	{ "192.0.2.1:http", NULL },
	{ "2001:db8::1:51820", NULL },
	{ "[2001:db8::1]", NULL },
	{ "[2001:db8::1]51820", NULL },
	{ "[2001:db8::1:51820", NULL },
	{ "2001:db8::1]:51820", NULL },
	{ "[]:51820", NULL },
	{ "[:51820", NULL },
	{ "[192.0.2.1]:51820", NULL },
	{ "[2001:db8::1%3]:51820", NULL },
	{ "[fe80::1%]:51820", NULL },
	{ "[fe80::1%0]:51820", NULL },
	{ "[fe80::1%eth0]:51820", NULL },
	{ "[fe80::1%4294967296]:51820", NULL },
	{ "[fe80::1%3%3]:51820", NULL },
	{ "example.org:51820", NULL },
	{ "", NULL },
	{ ":", NULL },
};

static const struct text ranges[] = {
	{ "80", "=" },     { "1", "=" },       { "65535", "=" },     { "8000-8010", "=" }, { "80-80", "80" }, { "0", NULL },
	{ "65536", NULL }, { "0-80", NULL },   { "80-79", NULL },    { "80-65536", NULL }, { "80-", NULL },   { "-80", NULL },
	{ "-", NULL },     { "80--81", NULL }, { "80-81-82", NULL }, { "80 - 81", NULL },  { "80:81", NULL }, { "+80", NULL },
	{ " 80", NULL },   { "080", NULL },    { "0x50", NULL },     { "http", NULL },     { "", NULL },
};

static const struct text macs[] = {
	{ "02:00:5e:10:00:01", "=" },     { "02:00:5E:10:00:0A", "02:00:5e:10:00:0a" },
	{ "ff:ff:ff:ff:ff:ff", "=" },     { "02:00:5e:10:00", NULL },
	{ "02:00:5e:10:00:01:02", NULL }, { "02:00:5e:10:00:1", NULL },
	{ "02-00-5e-10-00-01", NULL },    { "02:00:5e:10:00:0g", NULL },
	{ "02:00:5e:10:00:01 ", NULL },   { "+2:00:5e:10:00:01", NULL },
	{ "02005e100001", NULL },         { "", NULL },
};

static const struct text keys[] = {
	{ KEY, "=" },
	{ ALL_ONE, "=" },
	{ PLUS, "=" },
	{ "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "=" },
	{ "", NULL },
	{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", NULL },
	{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n", NULL },
	{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAA", NULL },
	{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyB=", NULL },
	{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyC=", NULL },
	{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eH==A", NULL },
	{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHy =", NULL },
	{ "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e_y-=", NULL },
	{ "\xc3\xa9IDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=", NULL },
	{ "0102030405060708091011121314151617181920212223242526272829303132", NULL },
};

#define KIND(word, type, list)                                                                                                     \
	{                                                                                                                          \
#word, (int (*)(const char *, void *))hycan_##word##_parse,                                                        \
			(const char *(*)(const void *, char *, size_t))hycan_##word##_format, sizeof(type), list, N(list)          \
	}

static const struct kind kinds[] = {
	KIND(address, struct hycan_address, addresses),
	KIND(prefix, struct hycan_prefix, prefixes),
	KIND(endpoint, struct hycan_endpoint, endpoints),
	KIND(port_range, struct hycan_port_range, ranges),
	KIND(mac, struct hycan_mac, macs),
	KIND(key, struct hycan_key, keys),
};

static void check_text(const struct kind *kind, const struct text *text)
{
	const char *out = text->out && strcmp(text->out, "=") == 0 ? text->in : text->out;
	unsigned char value[64], untouched[64], again[64];
	char written[HYCAN_ADDRESS_TEXT_SIZE], small[HYCAN_ADDRESS_TEXT_SIZE];
	int r;

	memset(value, 0xa5, sizeof(value));
	memcpy(untouched, value, sizeof(value));
	r = kind->parse(text->in, value);
	if (r != (out ? 0 : -EINVAL))
		fail_msg("%s “%s”: %s", kind->name, text->in, r ? "refused" : "taken");
	if (!out) {
		assert_memory_equal(value, untouched, sizeof(value));
		return;
	}
	assert_string_equal(kind->format(value, written, sizeof(written)), out);
	assert_int_equal(kind->parse(written, again), 0);
	assert_memory_equal(value, again, kind->size);
	for (size_t size = 1; size <= strlen(out) + 1; size++) {
		memset(small, '!', sizeof(small));
		kind->format(value, small, size);
		assert_int_equal(strlen(small), size - 1);
		assert_memory_equal(small, out, size - 1);
		assert_int_equal(small[size], '!');
	}
}

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < N(kinds); i++)
		for (size_t j = 0; j < kinds[i].n_texts; j++)
			check_text(&kinds[i], &kinds[i].texts[j]);
}

/* Every byte at every place of a key: a digit of base64 is taken, all else refused. */
static void test_key_bytes(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct hycan_key key;
	char text[HYCAN_KEY_TEXT_SIZE], again[HYCAN_KEY_TEXT_SIZE];

	(void)state;
	for (size_t at = 0; at < 43; at++) {
		for (int c = 1; c < 256; c++) {
			const char *digit = strchr(digits, c);
			bool good = digit && (at < 42 || (digit - digits) % 4 == 0);

			memcpy(text, KEY, sizeof(text));
			text[at] = (char)c;
			assert_int_equal(hycan_key_parse(text, &key), good ? 0 : -EINVAL);
			if (good)
				assert_string_equal(hycan_key_format(&key, again, sizeof(again)), text);
		}
	}
	assert_int_equal(hycan_key_parse(KEY, &key), 0);
	for (uint8_t i = 0; i < 32; i++)
		assert_int_equal(key.bytes[i], i + 1);
}

static void test_no_address(void **state)
{
	struct hycan_prefix prefix = { 0 };
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	(void)state;
	assert_string_equal(hycan_address_format(&prefix.address, text, sizeof(text)), "none");
	assert_string_equal(hycan_prefix_format(&prefix, text, sizeof(text)), "none");
	assert_int_equal(hycan_address_size(&prefix.address), 0);
}

static void test_networks(void **state)
{
	static const struct {
		const char *text;
		bool network;
	} table[] = {
		{ "10.0.0.0/8", true },         { "10.0.0.1/8", false },         { "10.128.0.0/9", true },
		{ "10.128.0.0/8", false },      { "0.0.0.0/0", true },           { "128.0.0.0/0", false },
		{ "10.0.0.1/32", true },        { "10.0.0.1/31", false },        { "2001:db8::/32", true },
		{ "2001:db8::1/32", false },    { "2001:db8::1/128", true },     { "::/0", true },
		{ "2001:db8:8000::/33", true }, { "2001:db8:8000::/32", false },
	};
	struct hycan_prefix prefix;

	(void)state;
	for (size_t i = 0; i < N(table); i++) {
		assert_int_equal(hycan_prefix_parse(table[i].text, &prefix), 0);
		if (hycan_prefix_is_network(&prefix) != table[i].network)
			fail_msg("%s", table[i].text);
	}
}

static void test_contains(void **state)
{
	static const struct {
		const char *outer, *inner;
		bool contains;
	} table[] = {
		{ "10.0.0.0/8", "10.1.2.3/32", true },
		{ "10.0.0.0/8", "10.0.0.0/8", true },
		{ "10.0.0.0/8", "10.0.0.0/7", false },
		{ "10.0.0.0/8", "11.0.0.0/8", false },
		{ "0.0.0.0/0", "255.1.2.3/32", true },
		{ "0.0.0.0/0", "::1/128", false },
		{ "::/0", "2001:db8::/32", true },
		{ "::/0", "10.0.0.0/8", false },
		{ "10.0.0.0/9", "10.127.0.0/16", true },
		{ "10.0.0.0/9", "10.128.0.0/16", false },
		{ "192.0.2.1/32", "192.0.2.1/32", true },
		{ "192.0.2.1/32", "192.0.2.0/32", false },
		{ "2001:db8::/33", "2001:db8:8000::/33", false },
		{ "2001:db8::/32", "2001:db8:8000::/33", true },
		{ "2001:db8::1/128", "2001:db8::1/128", true },
	};
	struct hycan_prefix outer, inner;

	(void)state;
	for (size_t i = 0; i < N(table); i++) {
		assert_int_equal(hycan_prefix_parse(table[i].outer, &outer), 0);
		assert_int_equal(hycan_prefix_parse(table[i].inner, &inner), 0);
		if (hycan_prefix_contains(&outer, &inner) != table[i].contains)
			fail_msg("%s in %s", table[i].inner, table[i].outer);
	}
}

static const struct hycan_enumerator colours[] = { { "802.1Q", 0x8100, "" }, { "bus_off", 3, "" } };
static const struct hycan_enumeration colour = { "colour", colours, N(colours) };

/* Fields of every type, as the schema would have them. */
static const struct {
	struct hycan_field field;
	struct text texts[16];
	const char *reason; /* of the last refused one */
} fields[] = {
	{ { .type = HYCAN_TYPE_BOOL, .size = 1 },
	  { { "on", "=" },
	    { "off", "=" },
	    { "yes", "on" },
	    { "no", "off" },
	    { "true", "on" },
	    { "false", "off" },
	    { "1", "on" },
	    { "0", "off" },
	    { "2", NULL },
	    { "ON", NULL },
	    { " on", NULL },
	    { "", NULL } },
	  "is neither on nor off" },
	{ { .type = HYCAN_TYPE_UNSIGNED, .size = 1 },
	  { { "0", "=" },
	    { "255", "=" },
	    { "0xff", "255" },
	    { "0X10", "16" },
	    { "-1", NULL },
	    { "+1", NULL },
	    { " 1", NULL },
	    { "1 ", NULL },
	    { "010", NULL },
	    { "0x", NULL },
	    { "0x0x1", NULL },
	    { "1e2", NULL },
	    { "", NULL },
	    { "256", NULL } },
	  "is not in 0..255" },
	{ { .type = HYCAN_TYPE_UNSIGNED, .size = 2, .flags = HYCAN_FIELD_RANGE, .low = 1, .high = 4094 },
	  { { "1", "=" }, { "4094", "=" }, { "0", NULL }, { "65536", NULL }, { "4095", NULL } },
	  "is not in 1..4094" },
	{ { .type = HYCAN_TYPE_UNSIGNED, .size = 4 },
	  { { "4294967295", "=" }, { "4294967296", NULL } },
	  "is not in 0..4294967295" },
	{ { .type = HYCAN_TYPE_UNSIGNED, .size = 8 },
	  { { "18446744073709551615", "=" },
	    { "0xffffffffffffffff", "18446744073709551615" },
	    { "0x10000000000000000", NULL },
	    { "184467440737095516150", NULL },
	    { "18446744073709551616", NULL } },
	  "is not in 0..18446744073709551615" },
	{ { .type = HYCAN_TYPE_SIGNED, .size = 4 },
	  { { "0", "=" },
	    { "-1", "=" },
	    { "2147483647", "=" },
	    { "-2147483648", "=" },
	    { "--1", NULL },
	    { "-", NULL },
	    { "- 1", NULL },
	    { "+1", NULL },
	    { "2147483648", NULL },
	    { "-2147483649", NULL } },
	  "is not in -2147483648..2147483647" },
	{ { .type = HYCAN_TYPE_ENUM, .size = 4, .enumeration = &colour },
	  { { "802.1Q", "=" },
	    { "802.1q", "802.1Q" },
	    { "0x8100", "802.1Q" },
	    { "33024", "802.1Q" },
	    { "bus-off", "bus_off" },
	    { "BUS_OFF", "bus_off" },
	    { "3", "bus_off" },
	    { "802.1", NULL },
	    { "802.1Qx", NULL },
	    { "4", NULL },
	    { "", NULL } },
	  "is none of 802.1Q, bus_off" },
	{ { .type = HYCAN_TYPE_PORT, .size = 2 },
	  { { "1", "=" }, { "65535", "=" }, { "65536", NULL }, { "0", NULL } },
	  "is not in 1..65535" },
	{ { .type = HYCAN_TYPE_PORT_RANGE, .size = sizeof(struct hycan_port_range) },
	  { { "80", "=" }, { "80-90", "=" }, { "90-80", NULL } },
	  "is neither a port nor a range such as 8000-8010" },
	{ { .type = HYCAN_TYPE_TABLE, .size = 4 },
	  { { "main", "=" },
	    { "254", "main" },
	    { "local", "=" },
	    { "default", "=" },
	    { "100", "=" },
	    { "0", "=" },
	    { "Main", NULL },
	    { "", NULL } },
	  "is not a routing table: main, local, default, or its number" },
	{ { .type = HYCAN_TYPE_PERMILLE, .size = 4, .flags = HYCAN_FIELD_RANGE, .low = 1, .high = 999 },
	  { { "875", "0.875" },
	    { "0.875", "=" },
	    { "0.8", "0.800" },
	    { "0.8750", "0.875" },
	    { "0.001", "=" },
	    { "0.8755", NULL },
	    { "0.", NULL },
	    { ".875", NULL },
	    { "0.87x", NULL },
	    { "-0.8", NULL },
	    { "0,875", NULL },
	    { "1000", NULL },
	    { "0.000", NULL },
	    { "1.0", NULL } },
	  "is not in 0.001..0.999" },
	{ { .type = HYCAN_TYPE_IFNAME, .size = 16 },
	  { { "eth0", "=" }, { "abcdefghijklmno", "=" }, { "", NULL }, { "abcdefghijklmnop", NULL } },
	  "is longer than 15 bytes" },
	{ { .type = HYCAN_TYPE_STRING, .size = 4 }, { { "", "=" }, { "abc", "=" }, { "abcd", NULL } }, "is longer than 3 bytes" },
	{ { .type = HYCAN_TYPE_BYTES, .size = 3 },
	  { { "00ff10", "=" }, { "00FF10", "00ff10" }, { "00ff1", NULL }, { "00ff1000", NULL }, { "00ff1g", NULL }, { "", NULL } },
	  "is not 3 bytes in hexadecimal" },
	{ { .type = HYCAN_TYPE_KEY, .size = 32 },
	  { { KEY, "=" }, { "AA==", NULL } },
	  "is not a key: 44 characters of base64, as wg(8) writes it" },
	{ { .type = HYCAN_TYPE_KEY, .size = 32, .flags = HYCAN_FIELD_SECRET }, { { KEY, "(hidden)" } }, NULL },
	{ { .type = HYCAN_TYPE_MAC, .size = 6 },
	  { { "02:00:5e:10:00:01", "=" }, { "02", NULL } },
	  "is not a hardware address such as 02:00:5e:10:00:01" },
	{ { .type = HYCAN_TYPE_ADDRESS, .size = sizeof(struct hycan_address) },
	  { { "::1", "=" }, { "::1/64", NULL } },
	  "is not an address" },
	{ { .type = HYCAN_TYPE_PREFIX, .size = sizeof(struct hycan_prefix) },
	  { { "10.0.0.0/8", "=" }, { "10.0.0.1", "10.0.0.1/32" }, { "2001:db8::1/32", NULL }, { "10.65.3.4/10", NULL } },
	  "is an address in a network; the network is 10.64.0.0/10" },
	{ { .type = HYCAN_TYPE_ADDRESS_PREFIX, .size = sizeof(struct hycan_prefix) },
	  { { "10.0.0.1/24", "=" }, { "10.0.0.1/33", NULL } },
	  "is not an address with a prefix length such as 10.0.0.1/24" },
	{ { .type = HYCAN_TYPE_ENDPOINT, .size = sizeof(struct hycan_endpoint) },
	  { { "192.0.2.1:1", "=" }, { "192.0.2.1", NULL } },
	  "is not an endpoint such as 192.0.2.1:51820 or [2001:db8::1]:51820" },
	{ { .type = HYCAN_TYPE_FD, .size = 4 }, { { "3", NULL } }, "cannot be given as text" },
	{ { .type = HYCAN_TYPE_STRUCT, .size = 8 }, { { "3", NULL } }, "cannot be given as text" },
};

static void test_fields(void **state)
{
	unsigned char value[64], untouched[64], again[64];
	char reason[120], written[120];

	(void)state;
	for (size_t i = 0; i < N(fields); i++) {
		const struct hycan_field *field = &fields[i].field;

		for (const struct text *text = fields[i].texts; text->in; text++) {
			const char *out = text->out && strcmp(text->out, "=") == 0 ? text->in : text->out;
			int r;

			memset(value, 0xa5, sizeof(value));
			memcpy(untouched, value, sizeof(value));
			r = hycan_value_parse(field, text->in, value, reason, sizeof(reason));
			if (r != (out ? 0 : -EINVAL))
				fail_msg("type %d “%s”: %s", (int)field->type, text->in, r ? reason : "taken");
			if (!out) {
				assert_memory_equal(value, untouched, sizeof(value));
				continue;
			}
			assert_memory_equal(value + field->size, untouched + field->size, sizeof(value) - field->size);
			assert_string_equal(hycan_value_format(field, value, written, sizeof(written)), out);
			if (field->flags & HYCAN_FIELD_SECRET)
				continue;
			assert_int_equal(hycan_value_parse(field, written, again, reason, sizeof(reason)), 0);
			assert_memory_equal(value, again, field->size);
		}
		if (fields[i].reason)
			assert_string_equal(reason, fields[i].reason);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		struct hycan_field field;
		const char *text;
		uint64_t number;
	} table[] = {
		{ { .type = HYCAN_TYPE_BOOL, .size = 1 }, "on", 1 },
		{ { .type = HYCAN_TYPE_ENUM, .size = 4, .enumeration = &colour }, "802.1Q", 0x8100 },
		{ { .type = HYCAN_TYPE_PORT, .size = 2 }, "65535", 65535 },
		{ { .type = HYCAN_TYPE_TABLE, .size = 4 }, "main", 254 },
		{ { .type = HYCAN_TYPE_PERMILLE, .size = 4 }, "0.875", 875 },
		{ { .type = HYCAN_TYPE_SIGNED, .size = 4 }, "-2", (uint64_t)-2 },
		{ { .type = HYCAN_TYPE_UNSIGNED, .size = 1 }, "200", 200 },
		{ { .type = HYCAN_TYPE_UNSIGNED, .size = 2 }, "60000", 60000 },
		{ { .type = HYCAN_TYPE_UNSIGNED, .size = 4 }, "4000000000", 4000000000 },
		{ { .type = HYCAN_TYPE_UNSIGNED, .size = 8 }, "18446744073709551615", UINT64_MAX },
	};
	unsigned char value[8];
	char reason[80];

	(void)state;
	for (size_t i = 0; i < N(table); i++) {
		assert_int_equal(hycan_value_parse(&table[i].field, table[i].text, value, reason, sizeof(reason)), 0);
		assert_true(hycan_value_number(&table[i].field, value) == table[i].number);
	}
}

/* A number that no name stands for, and a text without its end, are written all the same. */
static void test_foreign_values(void **state)
{
	struct hycan_field field = { .type = HYCAN_TYPE_ENUM, .size = 4, .enumeration = &colour };
	uint32_t number = 77;
	char text[16];

	(void)state;
	assert_string_equal(hycan_value_format(&field, &number, text, sizeof(text)), "77");
	field = (struct hycan_field){ .type = HYCAN_TYPE_STRING, .size = 4 };
	assert_string_equal(hycan_value_format(&field, "abcdefgh", text, sizeof(text)), "abcd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),    cmocka_unit_test(test_key_bytes),      cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_networks), cmocka_unit_test(test_contains),       cmocka_unit_test(test_fields),
		cmocka_unit_test(test_numbers),  cmocka_unit_test(test_foreign_values),
	};

	setlocale(LC_ALL, "");
	return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every request of the schema, broken in every way that its table offers, over the real socket.
 *
 * For each operation a request is made from its required fields, and then spoiled: cut at every byte, lengthened, an
 * attribute of every wrong size, each value out of its range, each attribute twice, sent by a stranger. All must be
 * refused for the right reason, the connection must answer afterwards, and the kernel must be as before, to the byte.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hycan/schema.h>
#include <hycan/values.h>

#include "messages.h"
#include "raw.h"
#include "wire.h"
#include "world.h"

/* Payload of a legal value. Names are of links that do not exist, so that nothing happens should one get through. */
static size_t legal(const struct hycan_field *field, uint8_t *payload)
{
	static const uint8_t ipv4[] = { 192, 0, 2, 1 };
	const struct sockaddr_in endpoint = { .sin_family = AF_INET, .sin_port = htons(51820) };
	uint64_t number = field->flags & HYCAN_FIELD_RANGE ? field->low : 1;
	uint64_t port_range = 0x00500050;
	struct wire_fault fault;
	ssize_t n;

	memset(payload, 0, 64);
	switch (field->type) {
	case HYCAN_TYPE_ENUM:
		number = field->enumeration->enumerator[0].number;
		break;
	case HYCAN_TYPE_BOOL:
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
		break;
	case HYCAN_TYPE_FD:
		number = 0;
		break;
	case HYCAN_TYPE_PAYLOAD:
		return 0;
	case HYCAN_TYPE_PORT_RANGE:
		memcpy(payload, &port_range, 4);
		return 4;
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
		memcpy(payload, "nosuch0", 8);
		return 8;
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
		payload[0] = 2;
		return field->wire_size;
	case HYCAN_TYPE_ADDRESS:
		memcpy(payload, ipv4, 4);
		return 4;
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
		payload[0] = 32;
		memcpy(payload + 4, ipv4, 4);
		return 8;
	case HYCAN_TYPE_ENDPOINT:
		memcpy(payload, &endpoint, sizeof(endpoint));
		return sizeof(endpoint);
	case HYCAN_TYPE_STRUCT:
		n = 0;
		for (uint16_t i = 0; i < field->structure->n_fields; i++) {
			const struct hycan_field *f = &field->structure->field[i];
			struct nlattr a = { .nla_type = f->number };
			uint8_t inner[256];
			size_t size;

			if (f->flags & (HYCAN_FIELD_OPTIONAL | HYCAN_FIELD_LIST))
				continue;
			size = legal(f, inner);
			a.nla_len = (uint16_t)(sizeof(a) + size);
			memcpy(payload + n, &a, sizeof(a));
			memset(payload + n + sizeof(a), 0, NLA_ALIGN(size));
			memcpy(payload + n + sizeof(a), inner, size);
			n += (ssize_t)NLA_ALIGN(a.nla_len);
		}
		(void)fault;
		return (size_t)n;
	}
	memcpy(payload, &number, sizeof(number));
	return field->wire_size;
}

/* The request with its required fields, except one; all of them for NULL. */
static void put_required(struct raw *raw, struct raw_frame *frame, const struct hycan_operation *o,
                         const struct hycan_field *except)
{
	uint8_t payload[4096];

	raw_begin(raw, frame, o->number);
	for (uint16_t i = 0; i < o->request->n_fields; i++) {
		const struct hycan_field *f = &o->request->field[i];

		if (f == except || (f->flags & (HYCAN_FIELD_OPTIONAL | HYCAN_FIELD_LIST)))
			continue;
		raw_put(frame, f->number, payload, legal(f, payload));
	}
}

static void expect(struct raw *raw, const struct raw_frame *frame, const struct hycan_operation *o, const char *what,
                   enum hycan_refusal refusal)
{
	struct raw_answer answer = raw_ask(raw, frame);

	if (answer.type != NLMSG_ERROR || answer.seq != raw->seq || answer.refusal != refusal || answer.error >= 0 ||
	    strlen(answer.sentence) < 10)
		fail_msg("%s, %s: type %#x refusal %u instead of %u, field “%s”: “%s”", o->name, what, answer.type, answer.refusal,
		         refusal, answer.field, answer.sentence);
}

/* Calls spoil for every operation but session.hello, on one connection, and compares the kernel before and after. */
static void for_each_operation(void **state, void (*spoil)(struct raw *raw, const struct hycan_operation *o))
{
	static const char view[] = "ip -d link; ip address; ip route show table all; ip -6 route show table all; ip rule; "
				   "ip -6 rule; nft list ruleset 2>&1; cat /proc/sys/net/ipv4/ip_forward";
	struct world *w = *state;
	struct raw raw = raw_open(w->socket);
	char *before = shell(view), *after;
	size_t n;
	const struct hycan_operation *const *operations = hycan_operations(&n);

	for (size_t i = 0; i < n; i++)
		if (operations[i]->number != HYCAN_OPERATION_SESSION_HELLO)
			spoil(&raw, operations[i]);
	raw_assert_alive(&raw);
	after = shell(view);
	assert_string_equal(before, after);
	free(before);
	free(after);
	raw_close(&raw);
}

/* ---------------------------------------------------------------------------------------------------------- spoilings */

static void cut(struct raw *raw, const struct hycan_operation *o)
{
	static struct raw_frame whole, frame;

	put_required(raw, &whole, o, NULL);
	for (size_t size = sizeof(struct nlmsghdr); size < whole.size; size++) {
		uint32_t length = (uint32_t)size;

		frame = whole;
		frame.size = size;
		memcpy(frame.bytes, &length, sizeof(length));
		expect(raw, &frame, o, "cut", HYCAN_REFUSAL_MALFORMED);
	}
}

static void test_cut(void **state)
{
	for_each_operation(state, cut);
}

static void lengthened(struct raw *raw, const struct hycan_operation *o)
{
	static struct raw_frame frame;
	static const uint8_t zeros[8];

	raw_begin(raw, &frame, o->number);
	raw_put(&frame, (uint16_t)(o->request->n_fields + 1), "", 1);
	expect(raw, &frame, o, "unknown attribute", HYCAN_REFUSAL_UNKNOWN);
	raw_begin(raw, &frame, o->number);
	raw_put(&frame, 0, "", 1);
	expect(raw, &frame, o, "attribute 0", HYCAN_REFUSAL_UNKNOWN);
	/* behind the attributes something that is none */
	for (size_t n = 4; n <= sizeof(zeros); n += 4) {
		put_required(raw, &frame, o, NULL);
		memcpy(frame.bytes + frame.size, zeros, n);
		frame.size += n;
		raw_end(&frame);
		expect(raw, &frame, o, "zeros behind", HYCAN_REFUSAL_MALFORMED);
	}
}

static void test_lengthened(void **state)
{
	for_each_operation(state, lengthened);
}

static bool legal_size(const struct hycan_field *f, size_t size)
{
	switch (f->type) {
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
		return true;
	case HYCAN_TYPE_ADDRESS:
		return size == 4 || size == 16;
	case HYCAN_TYPE_PREFIX:
	case HYCAN_TYPE_ADDRESS_PREFIX:
		return size == 8 || size == 20;
	case HYCAN_TYPE_ENDPOINT:
		return size == 16 || size == 28;
	case HYCAN_TYPE_STRUCT:
		return true;
	default:
		return size == f->wire_size;
	}
}

static void wrong_sizes(struct raw *raw, const struct hycan_operation *o)
{
	static struct raw_frame frame;
	static const uint8_t ones[64] = { 1, 0, 0, 0, 1 };

	for (uint16_t i = 0; i < o->request->n_fields; i++) {
		const struct hycan_field *f = &o->request->field[i];

		/* an empty attribute is an empty list */
		for (size_t size = f->flags & HYCAN_FIELD_LIST ? 1 : 0; size <= sizeof(ones); size++) {
			if (legal_size(f, size))
				continue;
			put_required(raw, &frame, o, f);
			raw_put(&frame, f->number, ones, size);
			expect(raw, &frame, o, f->name, HYCAN_REFUSAL_MALFORMED);
		}
	}
}

static void test_wrong_sizes(void **state)
{
	for_each_operation(state, wrong_sizes);
}

static void twice(struct raw *raw, const struct hycan_operation *o)
{
	static struct raw_frame frame;
	uint8_t payload[4096];

	for (uint16_t i = 0; i < o->request->n_fields; i++) {
		const struct hycan_field *f = &o->request->field[i];
		size_t size = legal(f, payload);

		if (f->flags & HYCAN_FIELD_LIST || f->type == HYCAN_TYPE_FD)
			continue;
		put_required(raw, &frame, o, f);
		raw_put(&frame, f->number, payload, size);
		raw_put(&frame, f->number, payload, size);
		expect(raw, &frame, o, f->name, HYCAN_REFUSAL_MALFORMED);
	}
}

static void test_twice(void **state)
{
	for_each_operation(state, twice);
}

/* One field with a payload that must be refused for that reason, the others legal. */
static void spoiled(struct raw *raw, const struct hycan_operation *o, const struct hycan_field *f, const void *payload, size_t size,
                    enum hycan_refusal refusal)
{
	static struct raw_frame frame;

	put_required(raw, &frame, o, f);
	raw_put(&frame, f->number, payload, size);
	expect(raw, &frame, o, f->name, refusal);
}

static void bad_text(struct raw *raw, const struct hycan_operation *o, const struct hycan_field *f)
{
	static const struct {
		const char *text;
		size_t size;
		enum hycan_refusal refusal;
	} texts[] = {
		{ "abc", 3, HYCAN_REFUSAL_MALFORMED },  /* not terminated */
		{ "", 0, HYCAN_REFUSAL_MALFORMED },     /* nothing at all */
		{ "a\0b", 4, HYCAN_REFUSAL_MALFORMED }, /* a zero byte inside */
		{ "a\nb", 4, HYCAN_REFUSAL_INVALID },   /* control characters */
		{ "a\033[2J", 6, HYCAN_REFUSAL_INVALID },
		{ "a\177", 3, HYCAN_REFUSAL_INVALID },
		{ "a\302\205", 4, HYCAN_REFUSAL_INVALID },     /* a control character of two bytes */
		{ "a\377", 3, HYCAN_REFUSAL_INVALID },         /* no UTF-8 */
		{ "\300\257", 3, HYCAN_REFUSAL_INVALID },      /* a slash in too many bytes */
		{ "a\355\240\200", 5, HYCAN_REFUSAL_INVALID }, /* half a surrogate pair */
	};
	static const char *const names[] = { "", ".", "..", "a/b", "/", "../x", "a b", "a:b", "vcan%d", "1234567890123456" };
	char longest[1100];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		spoiled(raw, o, f, texts[i].text, texts[i].size, texts[i].refusal);
	memset(longest, 'a', sizeof(longest));
	longest[f->wire_size + 1] = '\0';
	spoiled(raw, o, f, longest, f->wire_size + 2, HYCAN_REFUSAL_INVALID);
	for (size_t i = 0; f->type == HYCAN_TYPE_IFNAME && i < sizeof(names) / sizeof(*names); i++)
		spoiled(raw, o, f, names[i], strlen(names[i]) + 1, HYCAN_REFUSAL_INVALID);
}

static void bad_number(struct raw *raw, const struct hycan_operation *o, const struct hycan_field *f)
{
	const uint64_t most = f->wire_size == 8 ? UINT64_MAX : (UINT64_C(1) << f->wire_size * 8) - 1;
	uint64_t number;

	if (f->flags & HYCAN_FIELD_RANGE) {
		number = f->low - 1;
		if (f->low > 0)
			spoiled(raw, o, f, &number, f->wire_size, HYCAN_REFUSAL_OUT_OF_RANGE);
		number = f->high + 1;
		if (f->high < most)
			spoiled(raw, o, f, &number, f->wire_size, HYCAN_REFUSAL_OUT_OF_RANGE);
		spoiled(raw, o, f, &most, f->wire_size, f->high < most ? HYCAN_REFUSAL_OUT_OF_RANGE : HYCAN_REFUSAL_MALFORMED);
	}
	number = 0;
	if (f->type == HYCAN_TYPE_PORT)
		spoiled(raw, o, f, &number, 2, HYCAN_REFUSAL_OUT_OF_RANGE);
	number = 2;
	if (f->type == HYCAN_TYPE_BOOL)
		spoiled(raw, o, f, &number, 1, HYCAN_REFUSAL_MALFORMED);
	number = 199;
	if (f->type == HYCAN_TYPE_ENUM)
		spoiled(raw, o, f, &number, f->wire_size, HYCAN_REFUSAL_OUT_OF_RANGE);
}

static void bad_value(struct raw *raw, const struct hycan_operation *o, const struct hycan_field *f)
{
	static const uint8_t too_long4[8] = { 33 }, too_long6[20] = { 129 }, host_bits4[8] = { 24, 0, 0, 0, 10, 0, 0, 1 };
	static const uint8_t host_bits6[20] = { 64, 0, 0, 0, 0xfd, [19] = 1 }, not_zero[8] = { 8, 1, 0, 0, 10 };
	static const uint16_t zero_ports[2] = { 0, 80 }, backwards[2] = { 81, 80 };
	const struct sockaddr_in port_0 = { .sin_family = AF_INET };
	const struct sockaddr_in no_family = { .sin_port = htons(1) };

	switch (f->type) {
	case HYCAN_TYPE_PREFIX:
		spoiled(raw, o, f, host_bits4, sizeof(host_bits4), HYCAN_REFUSAL_INVALID);
		spoiled(raw, o, f, host_bits6, sizeof(host_bits6), HYCAN_REFUSAL_INVALID);
		/* fall through */
	case HYCAN_TYPE_ADDRESS_PREFIX:
		spoiled(raw, o, f, too_long4, sizeof(too_long4), HYCAN_REFUSAL_OUT_OF_RANGE);
		spoiled(raw, o, f, too_long6, sizeof(too_long6), HYCAN_REFUSAL_OUT_OF_RANGE);
		spoiled(raw, o, f, not_zero, sizeof(not_zero), HYCAN_REFUSAL_MALFORMED);
		break;
	case HYCAN_TYPE_PORT_RANGE:
		spoiled(raw, o, f, zero_ports, sizeof(zero_ports), HYCAN_REFUSAL_OUT_OF_RANGE);
		spoiled(raw, o, f, backwards, sizeof(backwards), HYCAN_REFUSAL_OUT_OF_RANGE);
		break;
	case HYCAN_TYPE_ENDPOINT:
		spoiled(raw, o, f, &port_0, sizeof(port_0), HYCAN_REFUSAL_OUT_OF_RANGE);
		spoiled(raw, o, f, &no_family, sizeof(no_family), HYCAN_REFUSAL_MALFORMED);
		break;
	case HYCAN_TYPE_IFNAME:
	case HYCAN_TYPE_STRING:
		bad_text(raw, o, f);
		break;
	case HYCAN_TYPE_BOOL:
	case HYCAN_TYPE_UNSIGNED:
	case HYCAN_TYPE_SIGNED:
	case HYCAN_TYPE_ENUM:
	case HYCAN_TYPE_PORT:
	case HYCAN_TYPE_TABLE:
	case HYCAN_TYPE_PERMILLE:
		bad_number(raw, o, f);
		break;
	case HYCAN_TYPE_BYTES:
	case HYCAN_TYPE_KEY:
	case HYCAN_TYPE_MAC:
	case HYCAN_TYPE_ADDRESS:
	case HYCAN_TYPE_FD:
	case HYCAN_TYPE_PAYLOAD:
	case HYCAN_TYPE_STRUCT:
		break;
	}
}

static void bad_values(struct raw *raw, const struct hycan_operation *o)
{
	for (uint16_t i = 0; i < o->request->n_fields; i++)
		bad_value(raw, o, &o->request->field[i]);
}

static void test_bad_values(void **state)
{
	for_each_operation(state, bad_values);
}

/* The same in the structures of lists, one level down. */
static void bad_elements(struct raw *raw, const struct hycan_operation *o)
{
	static struct raw_frame frame;

	for (uint16_t i = 0; i < o->request->n_fields; i++) {
		const struct hycan_field *f = &o->request->field[i];
		uint8_t payload[4096];
		size_t size;

		if (f->type != HYCAN_TYPE_STRUCT)
			continue;
		size = legal(f, payload);
		for (size_t n = 1; n < size; n++) {
			put_required(raw, &frame, o, f);
			raw_put(&frame, f->number, payload, n);
			expect(raw, &frame, o, "cut element", HYCAN_REFUSAL_MALFORMED);
		}
		payload[size] = 4;
		payload[size + 1] = 0;
		payload[size + 2] = 60;
		payload[size + 3] = 0;
		put_required(raw, &frame, o, f);
		raw_put(&frame, f->number, payload, size + 4);
		expect(raw, &frame, o, "unknown attribute in an element", HYCAN_REFUSAL_UNKNOWN);
	}
}

static void test_bad_elements(void **state)
{
	for_each_operation(state, bad_elements);
}

/* ------------------------------------------------------------------------------------------------------ the stranger */

static void as_stranger(struct world *w)
{
	static struct raw_frame frame;
	struct raw raw = raw_open(w->socket);
	size_t n;
	const struct hycan_operation *const *operations = hycan_operations(&n);

	for (size_t i = 0; i < n; i++) {
		struct raw_answer answer;

		if (operations[i]->access == HYCAN_ACCESS_OPEN)
			continue;
		put_required(&raw, &frame, operations[i], NULL);
		answer = raw_ask(&raw, &frame);
		if (answer.refusal != HYCAN_REFUSAL_DENIED || !strstr(answer.sentence, "no rule"))
			fail_msg("%s: refusal %u: “%s”", operations[i]->name, answer.refusal, answer.sentence);
	}
	raw_close(&raw);
}

static void test_stranger(void **state)
{
	struct world *w = world_start(&(struct world_options){ .open_to_all = true });

	world_as(65534, 65534, as_stranger, w);
	*state = w;
	world_end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cut, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_lengthened, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_wrong_sizes, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_twice, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_bad_values, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_bad_elements, world_begin, world_end),
		cmocka_unit_test(test_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

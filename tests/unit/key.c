/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identities that a file tells: those that the daemon makes are whole, and what is not is never read beyond its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "job.h"
#include "key.h"
#include "table.h"

#define KINDS_MAX 32u

static const char link_a[] = "\1a";

static struct ledger_key key(enum hycan_object_kind kind, const void *identity, size_t size)
{
	struct ledger_key k = { .netns = 1, .kind = kind, .size = (uint8_t)size };

	memcpy(k.identity, identity, size);
	return k;
}

static void fill_field(const struct hycan_field *field, char *structure)
{
	const struct hycan_address address = { .family = HYCAN_FAMILY_IPV4, .bytes = { 10, 0, 0, 1 } };
	const struct hycan_prefix prefix = { .address.family = HYCAN_FAMILY_IPV6, .length = 128 };
	void *value = structure + field->offset;

	if (field->flags & HYCAN_FIELD_OPTIONAL)
		*(bool *)(structure + field->has_offset) = true;
	if (field->type == HYCAN_TYPE_IFNAME || field->type == HYCAN_TYPE_STRING)
		memset(value, 'a', field->size - 1);
	else if (field->type == HYCAN_TYPE_ADDRESS)
		memcpy(value, &address, sizeof(address));
	else if (field->type == HYCAN_TYPE_PREFIX || field->type == HYCAN_TYPE_ADDRESS_PREFIX)
		memcpy(value, &prefix, sizeof(prefix));
	else
		memset(value, 1, field->size);
}

/* A key of a kind, of which every value is as long as it can be; or without those that may be absent. */
static bool make(enum hycan_object_kind kind, bool all, struct ledger_key *ret_key)
{
	static union message request;
	const struct op_effect *effect = op_effect_of_kind(kind);

	memset(&request, 0, sizeof(request));
	for (uint8_t i = 0; effect && i < effect->n_parts; i++) {
		const struct hycan_field *field = key_field(effect, effect->part[i]);

		/* key_of_request() is of one structure */
		assert_int_equal(effect->part[i].of_item, effect->part[0].of_item);
		if (all || !(field->flags & HYCAN_FIELD_OPTIONAL))
			fill_field(field, (char *)&request);
	}
	key_of_request(1, kind, &request, ret_key);
	return effect;
}

/* Only looked whether a sanitizer has something to say. */
static void read_all(const struct ledger_key *k)
{
	union message request;
	char text[512];

	key_format(k, text, sizeof(text));
	(void)key_request(k, &request);
}

static void assert_whole_alone(const struct ledger_key *k)
{
	struct ledger_key other = *k;

	assert_true(key_is_whole(k));
	read_all(k);
	for (other.size = 0; other.size < k->size; other.size++)
		assert_false(key_is_whole(&other));
	if (k->size < LEDGER_IDENTITY_MAX) {
		other.size = (uint8_t)(k->size + 1);
		other.identity[k->size] = 0;
		assert_false(key_is_whole(&other));
	}
	for (unsigned int bit = 0; bit < 8u * k->size; bit++) {
		other = *k;
		other.identity[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (key_is_whole(&other))
			read_all(&other);
	}
}

static void whole_ones(void **state)
{
	struct ledger_key k;
	unsigned int n = 0;

	(void)state;
	for (unsigned int kind = 0; kind < KINDS_MAX; kind++) {
		if (!make(kind, false, &k))
			continue;
		n++;
		assert_whole_alone(&k);
		assert_true(make(kind, true, &k));
		assert_whole_alone(&k);
	}
	assert_true(n > 10);
}

/* What is looked at by the row that makes it is read by the one that takes it away. */
static void same_fields(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < KINDS_MAX; kind++) {
		const struct op_effect *makes = op_effect_of_kind(kind), *takes = op_effect_that_takes(kind);

		if (!makes)
			continue;
		assert_non_null(takes);
		assert_int_equal(makes->n_parts, takes->n_parts);
		for (uint8_t i = 0; i < makes->n_parts; i++) {
			const struct hycan_field *a = key_field(makes, makes->part[i]), *b = key_field(takes, takes->part[i]);

			assert_int_equal(a->type, b->type);
			assert_int_equal(a->size, b->size);
		}
	}
}

static void broken_ones(void **state)
{
	static const struct {
		enum hycan_object_kind kind;
		const char *identity;
		size_t size;
	} broken[] = {
		{ HYCAN_OBJECT_KIND_LINK, "", 0 },
		{ HYCAN_OBJECT_KIND_LINK, "\1a", 2 },
		{ HYCAN_OBJECT_KIND_LINK, "\2a", 3 },
		{ HYCAN_OBJECT_KIND_LINK, "\1a\0", 4 },
		{ HYCAN_OBJECT_KIND_LINK, "\1a-name-of-16-chr", 18 },
		{ HYCAN_OBJECT_KIND_ADDRESS, "\1a\0\1\2\12\0\0\1", 9 },
		{ HYCAN_OBJECT_KIND_ADDRESS, "\1a\0\1\2\12\0\0\1\41", 10 },
		{ HYCAN_OBJECT_KIND_ADDRESS, "\1a\0\1\12\12\0\0\1\30", 10 },
		{ HYCAN_OBJECT_KIND_ADDRESS, "\1a\0\1\11\12\0\0\1\30", 10 },
		{ 0, "\1a", 3 },
		{ KINDS_MAX - 1, "\1a", 3 },
	};
	struct ledger_key k = key(HYCAN_OBJECT_KIND_LINK, link_a, sizeof(link_a));

	(void)state;
	assert_true(key_is_whole(&k));
	k = key(HYCAN_OBJECT_KIND_ADDRESS, "\1a\0\1\2\12\0\0\1\30", 10);
	assert_true(key_is_whole(&k));
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		k = key(broken[i].kind, broken[i].identity, broken[i].size);
		assert_false(key_is_whole(&k));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_ones),
		cmocka_unit_test(same_fields),
		cmocka_unit_test(broken_ones),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}

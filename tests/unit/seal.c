/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealed keys: they tell whether another key is the same, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hycan/types.h>

#include "op.h"
#include "seal.h"

static const struct op sealed = { .sealed = true }, plain = { 0 };

static struct hycan_key a_key(uint8_t last)
{
	struct hycan_key key;

	for (size_t i = 0; i < sizeof(key.bytes); i++)
		key.bytes[i] = (uint8_t)(i * 37 + 5);
	key.bytes[31] = last;
	return key;
}

static void it_fits_its_key_alone(void **state)
{
	const struct hycan_key key = a_key(1), another = a_key(2), none = { 0 };
	struct hycan_key seal = key, again = key;

	(void)state;
	assert_int_equal(seal_key(&seal), 0);
	assert_int_equal(seal_key(&again), 0);
	assert_true(seal_fits(&sealed, &seal, &key));
	assert_false(seal_fits(&sealed, &seal, &another));
	assert_false(seal_fits(&sealed, &seal, &none));
	/* the same key sealed twice is not seen to be the same */
	assert_memory_not_equal(seal.bytes, again.bytes, sizeof(seal.bytes));
	for (size_t i = 0; i + 4 <= sizeof(seal.bytes); i++)
		assert_null(memmem(seal.bytes, sizeof(seal.bytes), key.bytes + i, 4));
}

static void none_stays_none(void **state)
{
	const struct hycan_key none = { 0 }, key = a_key(1);
	struct hycan_key seal = none;

	(void)state;
	assert_int_equal(seal_key(&seal), 0);
	assert_memory_equal(seal.bytes, none.bytes, sizeof(none.bytes));
	assert_true(seal_fits(&sealed, &seal, &none));
	assert_false(seal_fits(&sealed, &seal, &key));
}

static void what_is_not_sealed_is_compared(void **state)
{
	const struct hycan_key key = a_key(1), another = a_key(2);

	(void)state;
	assert_true(seal_fits(&plain, &key, &key));
	assert_false(seal_fits(&plain, &key, &another));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_fits_its_key_alone),
		cmocka_unit_test(none_stays_none),
		cmocka_unit_test(what_is_not_sealed_is_compared),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}

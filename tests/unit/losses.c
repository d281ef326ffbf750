/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What strangers took away: each namespace and each kind has its own share, and nobody fills another's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "losses.h"

#define OWN   1
#define OTHER 2

static struct ledger_object object_of(uint64_t netns, enum hycan_object_kind kind, uint32_t number)
{
	struct ledger_object object = {
		.key = { .netns = netns, .kind = kind, .size = sizeof(number) },
		.holder = { .subject = 7, .lifetime = HYCAN_LIFETIME_PERMANENT },
	};

	memcpy(object.key.identity, &number, sizeof(number));
	return object;
}

static void lose(struct losses *losses, uint64_t netns, enum hycan_object_kind kind, uint32_t from, uint32_t n)
{
	for (uint32_t i = from; i < from + n; i++) {
		const struct ledger_object object = object_of(netns, kind, i);

		losses_note(losses, &object);
	}
}

static void count_one(const struct ledger_key *key, uint64_t subject, void *userdata)
{
	(void)key;
	assert_int_equal(subject, 7);
	++*(size_t *)userdata;
}

static void assert_lost(struct losses *losses, uint64_t netns, enum hycan_object_kind kind, size_t expected, size_t more)
{
	size_t n = 0;

	assert_int_equal(losses_list(losses, netns, kind, count_one, &n), more);
	assert_int_equal(n, expected);
}

static struct losses losses;

static int begin(void **state)
{
	(void)state;
	memset(&losses, 0, sizeof(losses));
	losses_open(&losses, OWN);
	return 0;
}

static int end(void **state)
{
	(void)state;
	losses_close(&losses);
	assert_int_equal(losses.n, 0);
	assert_true(LIST_EMPTY(&losses.places));
	return 0;
}

static void test_shares(void **state)
{
	(void)state;
	lose(&losses, OTHER, HYCAN_OBJECT_KIND_PORT, 0, LOSSES_OTHERS_MAX + 5);
	lose(&losses, OTHER, HYCAN_OBJECT_KIND_NETWORK, 0, 2);
	lose(&losses, OWN, HYCAN_OBJECT_KIND_PORT, 0, LOSSES_MAX + 3);
	lose(&losses, OWN, HYCAN_OBJECT_KIND_MASQUERADE, 0, 1);
	assert_lost(&losses, OTHER, HYCAN_OBJECT_KIND_PORT, LOSSES_OTHERS_MAX, 5);
	assert_lost(&losses, OTHER, HYCAN_OBJECT_KIND_NETWORK, 2, 0);
	assert_lost(&losses, OWN, HYCAN_OBJECT_KIND_PORT, LOSSES_MAX, 3);
	assert_lost(&losses, OWN, HYCAN_OBJECT_KIND_MASQUERADE, 1, 0);
	/* the same once more is none more */
	lose(&losses, OWN, HYCAN_OBJECT_KIND_PORT, 0, 1);
	assert_lost(&losses, OWN, HYCAN_OBJECT_KIND_PORT, LOSSES_MAX, 3);
}

/* Of those that were not noted nobody knows who they were: with the last that was, they are forgotten. */
static void test_more(void **state)
{
	struct ledger_object object;

	(void)state;
	lose(&losses, OTHER, HYCAN_OBJECT_KIND_PORT, 0, LOSSES_OTHERS_MAX + 1);
	lose(&losses, OTHER, HYCAN_OBJECT_KIND_NETWORK, 0, 1);
	for (uint32_t i = 0; i < LOSSES_OTHERS_MAX; i++) {
		assert_lost(&losses, OTHER, HYCAN_OBJECT_KIND_PORT, LOSSES_OTHERS_MAX - i, 1);
		object = object_of(OTHER, HYCAN_OBJECT_KIND_PORT, i);
		assert_true(losses_forget(&losses, &object.key));
	}
	assert_lost(&losses, OTHER, HYCAN_OBJECT_KIND_PORT, 0, 0);
	assert_lost(&losses, OTHER, HYCAN_OBJECT_KIND_NETWORK, 1, 0);
}

static void test_place(void **state)
{
	(void)state;
	lose(&losses, OTHER, HYCAN_OBJECT_KIND_PORT, 0, LOSSES_OTHERS_MAX + 1);
	lose(&losses, OWN, HYCAN_OBJECT_KIND_PORT, 0, 4);
	losses_end_place(&losses, OTHER);
	assert_lost(&losses, OTHER, HYCAN_OBJECT_KIND_PORT, 0, 0);
	assert_lost(&losses, OWN, HYCAN_OBJECT_KIND_PORT, 4, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shares, begin, end),
		cmocka_unit_test_setup_teardown(test_more, begin, end),
		cmocka_unit_test_setup_teardown(test_place, begin, end),
	};

	return cmocka_run_group_tests_name("losses", tests, NULL, NULL);
}

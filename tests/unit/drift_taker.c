/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is said to have taken away what others went with: whoever it was, where only one can have been. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drift_state.h"

#define ADDRESS HYCAN_OBJECT_KIND_ADDRESS
#define ROUTE   HYCAN_OBJECT_KIND_ROUTE

static const struct hycan_event_cause stranger = { .origin = HYCAN_EVENT_ORIGIN_STRANGER };

static struct hycan_event_cause request(uint32_t number)
{
	return (struct hycan_event_cause){ .origin = HYCAN_EVENT_ORIGIN_REQUEST, .has_request = true, .request = number };
}

static void hear_address(struct drift *d, enum hycan_family family, struct hycan_event_cause cause)
{
	const struct hycan_event event = { .what = HYCAN_EVENT_WHAT_GONE,
		                           .family = HYCAN_EVENT_FAMILY_ADDRESS,
		                           .address.address.address.family = (uint8_t)family,
		                           .cause = cause };

	drift_taker_hear(d, &event);
	drift_taker_unheard(d, true);
	drift_taker_gone(d, ADDRESS, &cause);
}

static void expect(struct drift *d, enum hycan_object_kind kind, enum hycan_event_origin origin, uint32_t number)
{
	struct hycan_event_cause cause;

	assert_true(drift_taker_end(d, kind, &cause));
	assert_int_equal(cause.origin, origin);
	assert_int_equal(cause.request, number);
}

static void expect_nobody(struct drift *d, enum hycan_object_kind kind)
{
	struct hycan_event_cause cause;

	assert_false(drift_taker_end(d, kind, &cause));
}

static void test_one(void **state)
{
	struct drift d = { 0 };

	(void)state;
	expect_nobody(&d, ADDRESS);
	expect_nobody(&d, HYCAN_OBJECT_KIND_RULE);
	hear_address(&d, HYCAN_FAMILY_IPV4, request(7));
	hear_address(&d, HYCAN_FAMILY_IPV4, request(7));
	drift_taker_begin(&d, OP_KIND(ADDRESS) | OP_KIND(ROUTE));
	expect(&d, ADDRESS, HYCAN_EVENT_ORIGIN_CONSEQUENCE, 7);
	expect(&d, ROUTE, HYCAN_EVENT_ORIGIN_CONSEQUENCE, 7);
	expect_nobody(&d, ADDRESS);
	expect_nobody(&d, ROUTE);
}

static void test_several(void **state)
{
	struct drift d = { 0 };

	(void)state;
	hear_address(&d, HYCAN_FAMILY_IPV4, request(7));
	hear_address(&d, HYCAN_FAMILY_IPV4, request(8));
	drift_taker_begin(&d, OP_KIND(ADDRESS) | OP_KIND(ROUTE));
	/* heard while one looks: that look may be about it, or the next one */
	hear_address(&d, HYCAN_FAMILY_IPV4, stranger);
	expect_nobody(&d, ADDRESS);
	drift_taker_begin(&d, OP_KIND(ADDRESS));
	expect_nobody(&d, ADDRESS);
	hear_address(&d, HYCAN_FAMILY_IPV4, request(9));
	drift_taker_begin(&d, OP_KIND(ADDRESS));
	expect(&d, ADDRESS, HYCAN_EVENT_ORIGIN_CONSEQUENCE, 9);
	/* a kind that was not looked at goes on waiting */
	expect_nobody(&d, ROUTE);
	hear_address(&d, HYCAN_FAMILY_IPV4, request(10));
	hear_address(&d, HYCAN_FAMILY_IPV4, request(11));
	drift_taker_begin(&d, OP_KIND(ADDRESS));
	expect(&d, ADDRESS, HYCAN_EVENT_ORIGIN_UNKNOWN, 0);
}

/* What takes no route along is not blamed for one; and what is not looked for is forgotten. */
static void test_routes(void **state)
{
	const struct hycan_event_cause by = request(7);
	struct hycan_event link = { .what = HYCAN_EVENT_WHAT_CHANGED, .family = HYCAN_EVENT_FAMILY_LINK, .cause = stranger };
	struct drift d = { 0 };

	(void)state;
	hear_address(&d, HYCAN_FAMILY_IPV6, by);
	drift_taker_gone(&d, ROUTE, &by);
	expect_nobody(&d, ROUTE);
	hear_address(&d, HYCAN_FAMILY_IPV4, by);
	link.link.up = true;
	drift_taker_hear(&d, &link);
	drift_taker_unheard(&d, false);
	expect(&d, ROUTE, HYCAN_EVENT_ORIGIN_CONSEQUENCE, 7);
	drift_taker_begin(&d, OP_KIND(ROUTE));
	link.link.up = false;
	drift_taker_hear(&d, &link);
	drift_taker_unheard(&d, true);
	expect_nobody(&d, ROUTE);
	drift_taker_begin(&d, OP_KIND(ROUTE));
	expect_nobody(&d, ROUTE);
	hear_address(&d, HYCAN_FAMILY_IPV4, by);
	drift_taker_gone(&d, ROUTE, &stranger);
	drift_taker_begin(&d, OP_KIND(ROUTE));
	expect_nobody(&d, ROUTE);
	hear_address(&d, HYCAN_FAMILY_IPV4, by);
	drift_mishear(&d);
	drift_taker_unheard(&d, true);
	drift_taker_begin(&d, OP_KIND(ROUTE) | OP_KIND(ADDRESS));
	expect_nobody(&d, ROUTE);
	expect_nobody(&d, ADDRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_routes),
	};

	return cmocka_run_group_tests_name("drift, who took it", tests, NULL, NULL);
}

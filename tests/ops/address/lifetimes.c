/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address.add of an address that is there already, and is to live longer or shorter: who has it alone renews it, as “ip address replace”
 * does that. That it is there all the while is seen by a route that prefers it as its source, which forgets that, or goes, with it.
 *
 * Lifetimes are thousands of seconds apart, so that none is taken for another however slow the machine is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "objects.h"
#include "planned.h"
#include "unconfirmed.h"

#define BOB 4712

/* Seconds that may have passed since an address got its lifetimes. */
#define SLACK 900

static const char *const texts[] = { "10.1.0.1/24", "fd00:1::1/64" };
#define N (sizeof(texts) / sizeof(*texts))

/* 0: for ever; of the preferred one: as long as it is valid. */
static struct hycan_link_address living(const char *text, uint32_t valid, uint32_t preferred)
{
	return (struct hycan_link_address){ .link = "va",
		                            .address = prefix_of(text),
		                            .has_valid_lifetime = valid,
		                            .valid_lifetime = valid,
		                            .has_preferred_lifetime = preferred,
		                            .preferred_lifetime = preferred };
}

static void add(struct hycan *h, uint32_t valid, uint32_t preferred)
{
	for (size_t i = 0; i < N; i++) {
		const struct hycan_link_address a = living(texts[i], valid, preferred);

		assert_done(h, hycan_address_add(h, &a));
	}
}

static void refused(struct hycan *h, uint32_t valid)
{
	for (size_t i = 0; i < N; i++) {
		const struct hycan_link_address a = living(texts[i], valid, 0);

		assert_refused(h, hycan_address_add(h, &a), HYCAN_REFUSAL_EXISTS);
		assert_contains(hycan_error_message(h), "another lifetime");
	}
}

static void expect_lifetime(bool has, uint32_t is, uint32_t expected)
{
	assert_int_equal(has, expected > 0);
	if (has && (is > expected || is + SLACK < expected))
		fail_msg("%u seconds are left of %u", is, expected);
}

/* Both, and what stands on them; 0: for ever. */
static void expect(struct hycan *h, uint32_t valid, uint32_t preferred)
{
	const struct hycan_address_list_options of = { .has_link = true, .link = "va" };
	struct hycan_link_address *a;
	size_t n;

	assert_done(h, hycan_address_list(h, &of, &a, &n));
	assert_int_equal(n, N);
	for (size_t i = 0; i < n; i++) {
		expect_lifetime(a[i].has_valid_lifetime, a[i].valid_lifetime, valid);
		expect_lifetime(a[i].has_preferred_lifetime, a[i].preferred_lifetime, preferred);
	}
	free(a);
	assert_output("10.9.0.0/16 dev vb scope link src 10.1.0.1\n", "ip route show 10.9.0.0/16");
	assert_output("fd00:9::/64 dev vb src fd00:1::1 metric 9 pref medium\n", "ip -6 route show fd00:9::/64");
}

static void make_routes(void)
{
	routing_settle();
	free(shell("ip route replace 10.9.0.0/16 dev vb src 10.1.0.1 && ip -6 route replace fd00:9::/64 dev vb src fd00:1::1 "
	           "metric 9"));
}

/* Everything else of it stays, also what the request does not say. */
static void is_renewed(void **state)
{
	struct world *w = *state;
	char *before, *after;

	add(w->h, 9000, 5000);
	make_routes();
	free(shell("ip address change 10.1.0.1/24 dev va metric 7 valid_lft 9000 preferred_lft 5000 && "
	           "ip address change fd00:1::1/64 dev va metric 7 valid_lft 9000 preferred_lft 5000"));
	before = shell("ip -d address show dev va | grep -v valid_lft; ip route show dev va");
	expect(w->h, 9000, 5000);
	add(w->h, 90000, 50000);
	expect(w->h, 90000, 50000);
	add(w->h, 9000, 0);
	expect(w->h, 9000, 9000);
	add(w->h, 7000, 3000);
	expect(w->h, 7000, 3000);
	after = shell("ip -d address show dev va | grep -v valid_lft; ip route show dev va");
	assert_string_equal(before, after);
	free(before);
	free(after);
	add(w->h, 0, 0);
	expect(w->h, 0, 0);
	add(w->h, 9000, 0);
	expect(w->h, 9000, 9000);
	assert_int_equal(objects_count(w->h), N);
	hycan_set_exclusive(w->h, true);
	refused(w->h, 90000);
	expect(w->h, 9000, 9000);
}

/* What there are no words for would be lost. */
static void stays_with_more_than_words(void **state)
{
	const struct hycan_link_address a = living("fd00:1::1/64", 9000, 0), longer = living("fd00:1::1/64", 90000, 0);
	struct world *w = *state;

	assert_done(w->h, hycan_address_add(w->h, &a));
	free(shell("ip address change fd00:1::1/64 dev va valid_lft 9000 preferred_lft 9000 home"));
	assert_refused(w->h, hycan_address_add(w->h, &longer), HYCAN_REFUSAL_EXISTS);
	assert_output("1\n", "ip -d address show dev va | grep -c ' home '");
}

static void add_as_bob(struct world *w)
{
	struct hycan *h = client_open(w);

	add(h, 9000, 0);
	hycan_close(h);
}

static void renew_as_bob(struct world *w)
{
	struct hycan *h = client_open(w), *other = client_open(w);

	/* whose several programs have it, has it alone */
	client_hold_while_connected(other, 0);
	add(h, 70000, 0);
	add(other, 80000, 0);
	add(h, 90000, 0);
	hycan_close(other);
	hycan_close(h);
}

static void renew_as_bob_in_vain(struct world *w)
{
	struct hycan *h = client_open(w);

	refused(h, 20000);
	hycan_close(h);
}

/* A stranger's, another user's, and what somebody has with others stays as it is; but for whom policy lets, with owner=any. */
static void is_whose(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < N; i++)
		free(shell("ip address add %s dev va valid_lft 9000 preferred_lft 9000", texts[i]));
	make_routes();
	refused(w->h, 90000);
	world_as(BOB, BOB, renew_as_bob_in_vain, w);
	expect(w->h, 9000, 9000);
	free(shell("ip address flush dev va"));

	world_as(BOB, BOB, add_as_bob, w);
	make_routes();
	world_as(BOB, BOB, renew_as_bob, w);
	expect(w->h, 90000, 90000);
	/* who may change it, has it then as well */
	add(w->h, 50000, 0);
	expect(w->h, 50000, 50000);
	assert_int_equal(objects_count(w->h), N);
	world_as(BOB, BOB, renew_as_bob_in_vain, w);
	expect(w->h, 50000, 50000);
}

static void first_of_root(void **state)
{
	struct world *w = *state;

	add(w->h, 9000, 0);
	make_routes();
	world_as(BOB, BOB, renew_as_bob_in_vain, w);
	expect(w->h, 9000, 9000);
}

/* --------------------------------------------------------------------------------------------------------- transactions */

static uint32_t stated;

static void state_both(struct hycan *h)
{
	add(h, stated, 0);
}

static void commit(struct hycan *h, struct hycan_transaction_run_reply **ret_reply)
{
	assert_done(h, hycan_transaction_begin(h));
	state_both(h);
	assert_done(h, hycan_transaction_commit(h, NULL, ret_reply));
}

/* Time passes at once: much of the lifetimes is over. */
static void pass(uint32_t left)
{
	for (size_t i = 0; i < N; i++)
		free(shell("ip address change %s dev va valid_lft %u preferred_lft %u", texts[i], left, left));
}

/* Both, of which much is over, with what stands on them; they are stated for longer. */
static void begin_with_little_left(struct hycan *h)
{
	stated = 90000;
	commit(h, NULL);
	make_routes();
	pass(5000);
}

/* The lines of a plan, without how much exactly is left of 5000 seconds. */
static void expect_plan(struct hycan *h, const char *expected)
{
	char *lines = planned(h, state_both), *shorter = shell("sed -E 's/(lifetime )4[0-9]{3} /\\15000 /' << 'end'\n%send", lines);

	assert_string_equal(shorter, expected);
	free(shorter);
	free(lines);
}

static void is_renewed_by_a_step(void **state)
{
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;

	begin_with_little_left(w->h);
	expect_plan(w->h, "0 ~ address.add va 10.1.0.1/24: valid_lifetime 5000 -> valid_lifetime 90000\n"
	                  "1 ~ address.add va fd00:1::1/64: valid_lifetime 5000 -> valid_lifetime 90000\n");
	expect(w->h, 5000, 5000);
	commit(w->h, &reply);
	assert_false(reply->unchanged || reply->results[0].unchanged || reply->results[1].unchanged);
	free(reply);
	expect(w->h, 90000, 90000);
	stated = 0;
	pass(5000);
	expect_plan(w->h, "0 ~ address.add va 10.1.0.1/24: valid_lifetime 5000 -> valid_lifetime default\n"
	                  "1 ~ address.add va fd00:1::1/64: valid_lifetime 5000 -> valid_lifetime default\n");
	commit(w->h, NULL);
	expect(w->h, 0, 0);
	commit(w->h, &reply);
	assert_true(reply->unchanged);
	free(reply);
}

/* What was left is left again: where a later step fails, where nobody confirms it, and where the daemon is killed before. */
static void is_taken_back(void **state)
{
	struct world *w = *state;
	char token[33];

	begin_with_little_left(w->h);
	assert_done(w->h, hycan_transaction_begin(w->h));
	state_both(w->h);
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	expect(w->h, 5000, 5000);
	for (unsigned int way = 0; way < UNCONFIRMED_WAYS; way++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		state_both(w->h);
		unconfirmed_commit(w->h, token);
		expect(w->h, 90000, 90000);
		unconfirmed_take_back(w, token, way);
		expect(w->h, 5000, 5000);
		assert_int_equal(objects_count(w->h), N);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_renewed, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(stays_with_more_than_words, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(is_whose, routing_begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(first_of_root, routing_begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(is_renewed_by_a_step, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(is_taken_back, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("lifetimes of addresses", tests, NULL, NULL);
}

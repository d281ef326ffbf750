/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.renew: leases end, unless they are renewed. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients.h"
#include "clock.h"

#define HOUR_MS INT64_C(3600000)

static void ends(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	struct hycan_object *o;

	client_hold_lease(h, 1);
	client_add(h, "10.1.0.1/24");
	client_hold_lease(h, 3600);
	client_add(h, "10.2.0.1/24");
	o = object_of(w->h, "10.2.0.1/24");
	assert_int_equal(o->lifetime, HYCAN_LIFETIME_LEASE);
	assert_true(o->has_remaining_ms);
	assert_in_range(o->remaining_ms, 3000000, 3600000);
	free(o);
	address_until_gone("10.1.0.1/24");
	/* not tied to the connection */
	hycan_close(h);
	h = client_open(w);
	client_hold_while_connected(h, 0);
	client_add(h, "10.3.0.1/24");
	hycan_close(h);
	address_until_gone("10.3.0.1/24");
	assert_true(address_is_there("10.2.0.1/24"));
}

/* How long the lease of the first address has from now on. */
static int64_t remaining_ms(struct hycan *h)
{
	struct hycan_object *o = object_of(h, "10.1.0.1/24");
	int64_t ms;

	assert_non_null(o);
	assert_true(o->has_remaining_ms);
	ms = (int64_t)o->remaining_ms;
	free(o);
	return ms;
}

/* An hour from when it is renewed on, and not from before, however long renewing takes. */
static void assert_renews(struct world *w, struct hycan *h, const struct hycan_session_renew_options *options)
{
	int64_t asked_ms;

	/* until the difference cannot be one of rounding */
	while (remaining_ms(w->h) > HOUR_MS - 50)
		usleep(10000);
	asked_ms = now_ms();
	assert_done(h, hycan_session_renew(h, options));
	/* the clock as it was when the daemon told is between this one and that behind it */
	assert_true(remaining_ms(w->h) >= HOUR_MS - (now_ms() - asked_ms) - 2);
}

/* A renewal shows in what remains, and not in waiting. */
static void lasts_as_long_again(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	struct hycan_session_renew_options former = { .has_token = true };

	client_hold_lease(h, HOUR_MS / 1000);
	client_add(h, "10.1.0.1/24");
	assert_renews(w, h, NULL);
	/* by the token, when the connection is gone */
	snprintf(former.token, sizeof(former.token), "%s", hycan_token(h));
	hycan_close(h);
	assert_renews(w, w->h, &former);
	former.token[0] ^= 1;
	assert_refused(w->h, hycan_session_renew(w->h, &former), HYCAN_REFUSAL_NOT_FOUND);
	/* nothing to renew: done */
	assert_done(w->h, hycan_session_renew(w->h, NULL));
}

/* Renews a lease until twice its seconds are over. False: not often enough, since this machine was too slow for that. */
static bool outlives(struct hycan *h, uint32_t seconds)
{
	int64_t began_ms = now_ms(), renewed_ms = began_ms;
	bool there;

	client_hold_lease(h, seconds);
	client_add(h, "10.1.0.1/24");
	do {
		int64_t asked_ms;

		usleep(50000);
		asked_ms = now_ms();
		assert_done(h, hycan_session_renew(h, NULL));
		there = address_is_there("10.1.0.1/24");
		if (now_ms() - renewed_ms > seconds * INT64_C(900))
			return false;
		assert_true(there);
		renewed_ms = asked_ms;
	} while (renewed_ms - began_ms < seconds * INT64_C(2000));
	return true;
}

/* Renewed again and again it outlives its seconds by far; the last renewal is followed by its end. */
static void outlives_its_seconds(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	uint32_t seconds = 2;

	while (!outlives(h, seconds)) {
		address_until_gone("10.1.0.1/24");
		seconds *= 2;
		assert_true(seconds < 2 * SLOWEST * SLOWEST);
	}
	address_until_gone("10.1.0.1/24");
	hycan_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ends, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(lasts_as_long_again, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(outlives_its_seconds, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("session.renew", tests, NULL, NULL);
}

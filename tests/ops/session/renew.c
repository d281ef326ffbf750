/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.renew: leases end, unless they are renewed. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients.h"

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

/* With a lease of one second, a renewal shows in what remains, and not in waiting. */
static void lasts_as_long_again(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	struct hycan_session_renew_options former = { .has_token = true };
	struct hycan_object *before, *after;

	client_hold_lease(h, 3600);
	client_add(h, "10.1.0.1/24");
	shell_until(10, "%s", "sleep 0.05");
	before = object_of(w->h, "10.1.0.1/24");
	assert_done(h, hycan_session_renew(h, NULL));
	after = object_of(w->h, "10.1.0.1/24");
	assert_true(after->remaining_ms > before->remaining_ms);
	free(before);
	free(after);
	/* by the token, when the connection is gone */
	snprintf(former.token, sizeof(former.token), "%s", hycan_token(h));
	hycan_close(h);
	shell_until(10, "%s", "sleep 0.05");
	before = object_of(w->h, "10.1.0.1/24");
	assert_done(w->h, hycan_session_renew(w->h, &former));
	after = object_of(w->h, "10.1.0.1/24");
	assert_true(after->remaining_ms > before->remaining_ms);
	free(before);
	free(after);
	former.token[0] ^= 1;
	assert_refused(w->h, hycan_session_renew(w->h, &former), HYCAN_REFUSAL_NOT_FOUND);
	/* nothing to renew: done */
	assert_done(w->h, hycan_session_renew(w->h, NULL));
}

/* Renewed again and again it outlives its seconds by far; the last renewal is followed by its end. */
static void outlives_its_seconds(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);

	client_hold_lease(h, 2);
	client_add(h, "10.1.0.1/24");
	for (int i = 0; i < 16; i++) {
		free(shell("sleep 0.25"));
		assert_done(h, hycan_session_renew(h, NULL));
	}
	assert_true(address_is_there("10.1.0.1/24"));
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

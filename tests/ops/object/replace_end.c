/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.replace_end: what was stated stays, what was not goes. */
#include <stdlib.h>
#include <unistd.h>

#include "clients.h"

static void sweeps_the_rest(void **state)
{
	struct world *w = *state;
	const struct hycan_route route = route_via("10.50.0.0/16", "10.2.0.2"), load[] = { route };
	uint32_t removed = 0;

	client_add(w->h, "10.1.0.1/24");
	client_add(w->h, "10.2.0.1/24");
	client_add(w->h, "fd01::1/64");
	assert_done(w->h, hycan_route_add(w->h, &route));
	free(shell("ip address add 10.4.0.1/24 dev va"));
	assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
	client_add(w->h, "10.2.0.1/24");
	client_add(w->h, "10.3.0.1/24");
	client_add(w->h, "10.4.0.1/24");
	/* there already, in a load */
	assert_done(w->h, hycan_route_load(w->h, load, 1, NULL, NULL));
	assert_done(w->h, hycan_object_replace_end(w->h, &removed));
	assert_int_equal(removed, 2);
	assert_false(address_is_there("10.1.0.1/24"));
	assert_false(address_is_there("fd01::1/64"));
	assert_true(address_is_there("10.2.0.1/24"));
	assert_true(address_is_there("10.3.0.1/24"));
	assert_true(address_is_there("10.4.0.1/24"));
	free(shell("ip route show 10.50.0.0/16 | grep -q via"));
	/* the same once more: nothing is removed, and nothing announced */
	{
		int fd = announcements_open();

		assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
		client_add(w->h, "10.2.0.1/24");
		client_add(w->h, "10.3.0.1/24");
		assert_done(w->h, hycan_route_load(w->h, load, 1, NULL, NULL));
		assert_done(w->h, hycan_object_replace_end(w->h, &removed));
		assert_int_equal(removed, 0);
		assert_int_equal(announcements_count(fd), 0);
		close(fd);
	}
}

static void one_kind_alone(void **state)
{
	struct world *w = *state;
	const struct hycan_object_replace_begin_options routes = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_ROUTE };
	const struct hycan_route route = route_via("10.50.0.0/16", "10.2.0.2");
	uint32_t removed = 0;

	client_add(w->h, "10.2.0.1/24");
	assert_done(w->h, hycan_route_add(w->h, &route));
	assert_done(w->h, hycan_object_replace_begin(w->h, &routes));
	assert_done(w->h, hycan_object_replace_end(w->h, &removed));
	assert_int_equal(removed, 1);
	assert_true(address_is_there("10.2.0.1/24"));
	assert_output("", "ip route show 10.50.0.0/16");
}

/* What others hold, too, stays; and what a connection holds is a set of its own. */
static void sets_of_their_own(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	uint32_t removed = 0;

	client_add(w->h, "10.1.0.1/24");
	client_hold_while_connected(h, 0);
	client_add(h, "10.1.0.1/24");
	client_add(h, "10.2.0.1/24");
	assert_done(h, hycan_object_replace_begin(h, NULL));
	assert_done(h, hycan_object_replace_end(h, &removed));
	assert_int_equal(removed, 2);
	assert_true(address_is_there("10.1.0.1/24"));
	assert_false(address_is_there("10.2.0.1/24"));
	hycan_close(h);
}

static void refuses(void **state)
{
	struct world *w = *state;
	uint32_t removed = 0;

	assert_refused(w->h, hycan_object_replace_end(w->h, &removed), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "ask for object.replace_begin first");
	assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
	assert_done(w->h, hycan_object_replace_end(w->h, &removed));
	assert_refused(w->h, hycan_object_replace_end(w->h, &removed), HYCAN_REFUSAL_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sweeps_the_rest, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(one_kind_alone, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(sets_of_their_own, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("object.replace_end", tests, NULL, NULL);
}

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

static void route(struct hycan *h, const char *destination)
{
	const struct hycan_route route = { .destination = prefix_of(destination), .has_link = true, .link = "va" };

	assert_done(h, hycan_route_add(h, &route));
}

static void commit_in_vain(struct hycan *h)
{
	assert_done(h, hycan_link_up(h, "none"));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
}

/* What a transaction asked for that failed is not stated, and what was stated before is; so it is of what it took away. */
static void what_failed_is_not_stated(void **state)
{
	static const char *const again[] = { "10.1.0.1/24", "fd01::1/64" }, *const stated[] = { "10.2.0.1/24", "fd02::1/64" };
	struct world *w = *state;
	uint32_t removed = 0;

	for (int leases = 0; leases < 2; leases++) {
		if (leases)
			client_hold_lease(w->h, 1000);
		for (int taken = 0; taken < 2; taken++) {
			for (size_t i = 0; i < 2; i++) {
				client_add(w->h, again[i]);
				client_add(w->h, stated[i]);
			}
			route(w->h, "10.50.0.0/16");
			route(w->h, "fd50::/64");
			assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
			for (size_t i = 0; i < 2; i++)
				client_add(w->h, stated[i]);
			assert_done(w->h, hycan_transaction_begin(w->h));
			for (size_t i = 0; i < 2; i++) {
				if (taken)
					assert_done(w->h, client_remove(w->h, again[i]));
				client_add(w->h, again[i]);
				client_add(w->h, stated[i]);
			}
			route(w->h, "10.50.0.0/16");
			route(w->h, "fd50::/64");
			route(w->h, "10.51.0.0/16");
			commit_in_vain(w->h);
			assert_done(w->h, hycan_object_replace_end(w->h, &removed));
			assert_int_equal(removed, 4);
			for (size_t i = 0; i < 2; i++) {
				assert_false(address_is_there(again[i]));
				assert_true(address_is_there(stated[i]));
			}
			free(shell("! ip route | grep -q 10.50.0.0/16 && ! ip -6 route | grep -q fd50::"));
		}
		assert_done(w->h, hycan_object_clear(w->h, NULL, NULL));
	}
}

/* And what one stated that was done is. */
static void what_was_done_is_stated(void **state)
{
	struct world *w = *state;
	uint32_t removed = 1;

	client_add(w->h, "10.1.0.1/24");
	assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
	assert_done(w->h, hycan_transaction_begin(w->h));
	client_add(w->h, "10.1.0.1/24");
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, NULL));
	assert_done(w->h, hycan_transaction_begin(w->h));
	client_add(w->h, "10.1.0.1/24");
	commit_in_vain(w->h);
	assert_done(w->h, hycan_object_replace_end(w->h, &removed));
	assert_int_equal(removed, 0);
	assert_true(address_is_there("10.1.0.1/24"));
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
		cmocka_unit_test_setup_teardown(what_failed_is_not_stated, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(what_was_done_is_stated, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(one_kind_alone, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(sets_of_their_own, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("object.replace_end", tests, NULL, NULL);
}

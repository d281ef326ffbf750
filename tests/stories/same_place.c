/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strangers make routes in the places of those that a client asked for: of IPv4 in front, of IPv6 as one more way or behind. Whatever takes
 * the client's away leaves the strangers' as they are.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "objects.h"
#include "unconfirmed.h"

#define ALICE 4711

/* Of each place, as ip(8) has it: what the stranger makes there, and what is left. */
static const struct {
	const char *make, *show;
} strangers[] = {
	{ "route prepend 10.20.0.0/16 via 10.0.0.9", "10.20.0.0/16 via 10.0.0.9 dev va \n" },
	{ "route prepend 10.20.0.0/16 via 10.0.0.9 metric 7", "10.20.0.0/16 via 10.0.0.9 dev va metric 7 \n" },
	{ "route append 10.21.0.0/16 via 10.0.0.9", "10.21.0.0/16 via 10.0.0.9 dev va \n" },
	{ "route prepend 10.22.0.0/16 via 10.0.0.9", "10.22.0.0/16 via 10.0.0.9 dev va \n" },
	{ "route prepend 10.23.0.0/16 via 10.0.0.9", "10.23.0.0/16 via 10.0.0.9 dev va \n" },
	{ "route prepend blackhole 10.24.0.0/16", "blackhole 10.24.0.0/16 \n" },
	{ "route prepend 10.25.0.0/16 via 10.0.0.2 proto static mtu 1400",
	  "10.25.0.0/16 via 10.0.0.2 dev va proto static mtu 1400 \n" },
	{ "-6 route append fd20::/32 via fd00::9", "fd20::/32 via fd00::9 dev va metric 1024 pref medium\n" },
	{ "-6 route append fd21::/32 via fd00::9", "fd21::/32 via fd00::9 dev va metric 1024 pref medium\n" },
	{ "-6 route append fd22::/32 via fd00::9 metric 7", "fd22::/32 via fd00::9 dev va metric 7 pref medium\n" },
	{ "-6 route append fd23::/32 via fd00::9", "fd23::/32 via fd00::9 dev va metric 1024 pref medium\n" },
};

#define N_PLACES (sizeof(strangers) / sizeof(*strangers))

static const struct hycan_nexthop hops[] = { { .has_via = true, .via = { .family = HYCAN_FAMILY_IPV4, .bytes = { 10, 0, 0, 2 } } },
	                                     { .has_via = true,
	                                       .via = { .family = HYCAN_FAMILY_IPV4, .bytes = { 10, 0, 0, 3 } } } };
static const struct hycan_nexthop hops6[] = {
	{ .has_via = true, .via = { .family = HYCAN_FAMILY_IPV6, .bytes = { 0xfd, [15] = 2 } } },
	{ .has_via = true, .via = { .family = HYCAN_FAMILY_IPV6, .bytes = { 0xfd, [15] = 3 } } },
};

static struct hycan_route over_va(const char *destination)
{
	struct hycan_route route = route_to(destination);

	route.has_link = true;
	snprintf(route.link, sizeof(route.link), "va");
	return route;
}

static struct hycan_route by(const char *destination, const struct hycan_nexthop *nexthops)
{
	struct hycan_route route = route_to(destination);

	route.has_nexthops = true;
	route.nexthops = nexthops;
	route.n_nexthops = 2;
	return route;
}

static void list_ours(struct hycan_route ours[static N_PLACES])
{
	const struct hycan_route all[N_PLACES] = {
		route_via("10.20.0.0/16", "10.0.0.2"),
		route_via("10.20.0.0/16", "10.0.0.2"),
		route_via("10.21.0.0/16", "10.0.0.2"),
		by("10.22.0.0/16", hops),
		over_va("10.23.0.0/16"),
		route_via("10.24.0.0/16", "10.0.0.2"),
		route_via("10.25.0.0/16", "10.0.0.2"),
		route_via("fd20::/32", "fd00::2"),
		by("fd21::/32", hops6),
		route_via("fd22::/32", "fd00::2"),
		over_va("fd23::/32"),
	};

	memcpy(ours, all, sizeof(all));
	ours[1].has_metric = ours[9].has_metric = true;
	ours[1].metric = ours[9].metric = 7;
}

static void make_ours(struct hycan *h)
{
	struct hycan_route ours[N_PLACES];

	list_ours(ours);
	for (size_t i = 0; i < N_PLACES; i++)
		assert_done(h, hycan_route_add(h, &ours[i]));
}

static void make_strangers(void)
{
	for (size_t i = 0; i < N_PLACES; i++)
		free(shell("ip %s", strangers[i].make));
}

/* All that there is to those destinations; what is left to do is to take it away. */
static void assert_strangers_alone(struct hycan *h)
{
	char expected[2048] = "", *is;

	objects_wait(h, 0);
	for (size_t i = 0; i < N_PLACES; i++)
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "%s", strangers[i].show);
	/* of several ways of IPv6 the kernel tells who made the first one */
	is = shell("for i in 0 1 2 3 4 5; do ip route show 10.2$i.0.0/16; done; "
	           "for i in 0 1 2 3; do ip -6 route show fd2$i::/32; done | sed 's/ proto static//'");
	assert_string_equal(is, expected);
	free(is);
	free(shell(
		"for i in 0 1 2 3 4 5; do ip route flush 10.2$i.0.0/16; done; for i in 0 1 2 3; do ip -6 route flush fd2$i::/32; "
		"done"));
}

static void test_cleared(void **state)
{
	struct hycan_object_clear_reply *reply = NULL;
	struct world *w = *state;

	make_ours(w->h);
	make_strangers();
	assert_done(w->h, hycan_object_clear(w->h, NULL, &reply));
	assert_int_equal(reply->failed, 0);
	free(reply);
	assert_strangers_alone(w->h);
}

/* A list gives them other ways: of these nothing is kept, and of those that were asked for before neither. */
static void test_listed(void **state)
{
	const struct hycan_route alone[] = { route_via("10.20.0.0/16", "10.0.0.2"), over_va("10.21.0.0/16"),
		                             route_via("fd20::/32", "fd00::2"), over_va("fd21::/32") };
	const struct hycan_route listed[] = { route_via("10.20.0.0/16", "10.0.0.3"), route_via("10.21.0.0/16", "10.0.0.2"),
		                              by("fd20::/32", hops6), route_via("fd21::/32", "fd00::3") };
	const struct hycan_route_load_options replace = { .has_replace = true, .replace = true };
	struct hycan_object_clear_reply *reply = NULL;
	struct world *w = *state;

	for (size_t i = 0; i < 4; i++)
		assert_done(w->h, hycan_route_add(w->h, &alone[i]));
	assert_done(w->h, hycan_route_load(w->h, listed, 4, &replace, NULL));
	free(shell("ip route append 10.20.0.0/16 via 10.0.0.2 proto static; ip route append 10.21.0.0/16 dev va proto static"));
	assert_done(w->h, hycan_object_clear(w->h, NULL, &reply));
	assert_int_equal(reply->removed, 4);
	free(reply);
	assert_output("10.20.0.0/16 via 10.0.0.2 dev va\n10.21.0.0/16 dev va scope link\n",
	              "ip route show proto static; ip -6 route show proto static");
}

/* One by one; what says no metric is the lowest of those that there are. */
static void remove_each(struct hycan *h)
{
	struct hycan_route ours[N_PLACES];

	list_ours(ours);
	for (size_t i = 0; i < N_PLACES; i++) {
		const struct hycan_route_remove_options options = { .has_metric = ours[i].has_metric, .metric = ours[i].metric };

		assert_done(h, hycan_route_remove(h, &ours[i].destination, &options));
	}
}

static void test_removed(void **state)
{
	struct world *w = *state;

	make_ours(w->h);
	make_strangers();
	remove_each(w->h);
	assert_strangers_alone(w->h);
}

static void make_as_alice(struct world *w)
{
	struct hycan *h = client_open(w);

	make_ours(h);
	hycan_close(h);
}

static void remove_as_alice(struct world *w)
{
	struct hycan *h = client_open(w);

	remove_each(h);
	hycan_close(h);
}

/* Who may not take away what is anybody's. */
static void test_removed_by_user(void **state)
{
	struct world *w = *state;

	free(shell("ip addr add 10.0.0.1/24 dev va && ip addr add fd00::1/64 dev va"));
	routing_settle();
	world_as(ALICE, ALICE, make_as_alice, w);
	make_strangers();
	world_as(ALICE, ALICE, remove_as_alice, w);
	assert_strangers_alone(w->h);
}

static void test_ended(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);

	client_hold_while_connected(h, 0);
	make_ours(h);
	make_strangers();
	hycan_close(h);
	assert_strangers_alone(w->h);
	h = client_open(w);
	client_hold_lease(h, 1);
	make_ours(h);
	make_strangers();
	assert_strangers_alone(w->h);
	hycan_close(h);
}

static void test_stated(void **state)
{
	struct world *w = *state;
	uint32_t removed = 0;

	make_ours(w->h);
	make_strangers();
	assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
	assert_done(w->h, hycan_object_replace_end(w->h, &removed));
	assert_int_equal(removed, N_PLACES);
	assert_strangers_alone(w->h);
}

static void test_not_confirmed(void **state)
{
	struct hycan_route ours[N_PLACES];
	struct world *w = *state;
	char token[33];

	list_ours(ours);
	for (unsigned int way = 0; way < UNCONFIRMED_WAYS; way++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		for (size_t i = 0; i < N_PLACES; i++)
			assert_int_equal(hycan_route_add(w->h, &ours[i]), 0);
		unconfirmed_commit(w->h, token);
		make_strangers();
		unconfirmed_take_back(w, token, way);
		assert_strangers_alone(w->h);
	}
}

/* What a step that is taken back took away is there again, and in its order. */
static void test_removed_in_vain(void **state)
{
	struct hycan_object_clear_reply *reply = NULL;
	struct hycan_route ours[N_PLACES];
	struct world *w = *state;
	char *before, *after;

	list_ours(ours);
	make_ours(w->h);
	make_strangers();
	before = shell("ip route; ip -6 route");
	assert_done(w->h, hycan_transaction_begin(w->h));
	for (size_t i = 0; i < N_PLACES; i++) {
		const struct hycan_route_remove_options options = { .has_metric = ours[i].has_metric, .metric = ours[i].metric };

		assert_int_equal(hycan_route_remove(w->h, &ours[i].destination, &options), 0);
	}
	assert_int_equal(hycan_link_up(w->h, "none"), 0);
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_lacks(hycan_error_message(w->h), "could not be taken back");
	after = shell("ip route; ip -6 route");
	assert_string_equal(after, before);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, N_PLACES, 0);
	free(before);
	free(after);
	assert_done(w->h, hycan_object_clear(w->h, NULL, &reply));
	free(reply);
	assert_strangers_alone(w->h);
}

static void remove_named(struct hycan *h, const char *destination, const char *via, enum hycan_refusal expected)
{
	const struct hycan_route_remove_options options = { .has_via = true, .via = address_of(via) };
	const struct hycan_prefix to = prefix_of(destination);

	world_assert_result(h, hycan_route_remove(h, &to, &options), expected, __FILE__, __LINE__);
}

/* Who says which one it is gets that: the other one stays, and whose it is. */
static void test_named(void **state)
{
	const struct hycan_route ours = route_via("10.20.0.0/16", "10.0.0.2");
	struct world *w = *state;

	assert_done(w->h, hycan_route_add(w->h, &ours));
	free(shell("ip route prepend 10.20.0.0/16 via 10.0.0.9"));
	remove_named(w->h, "10.20.0.0/16", "10.0.0.9", 0);
	assert_output("10.20.0.0/16 via 10.0.0.2 dev va proto static\n", "ip route show 10.20.0.0/16");
	assert_int_equal(objects_count(w->h), 1);
	remove_named(w->h, "10.20.0.0/16", "10.0.0.9", HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(objects_count(w->h), 1);
	free(shell("ip route prepend 10.20.0.0/16 via 10.0.0.9"));
	remove_named(w->h, "10.20.0.0/16", "10.0.0.2", 0);
	assert_output("10.20.0.0/16 via 10.0.0.9 dev va\n", "ip route show 10.20.0.0/16");
	assert_int_equal(objects_count(w->h), 0);
}

/* Who may take any, and says no metric, takes the first of the lowest, as ip(8) does: where that is another one, what was asked for is held. */
static void test_any_metric(void **state)
{
	struct hycan_route ours = route_via("10.20.0.0/16", "10.0.0.2");
	struct world *w = *state;

	ours.has_metric = true;
	ours.metric = 5;
	assert_done(w->h, hycan_route_add(w->h, &ours));
	free(shell("ip route prepend 10.20.0.0/16 via 10.0.0.9 metric 5"));
	assert_done(w->h, hycan_route_remove(w->h, &ours.destination, NULL));
	assert_output("10.20.0.0/16 via 10.0.0.2 dev va proto static metric 5\n", "ip route show 10.20.0.0/16");
	assert_int_equal(objects_count(w->h), 1);
	assert_done(w->h, hycan_route_remove(w->h, &ours.destination, NULL));
	assert_output("", "ip route show 10.20.0.0/16");
	assert_int_equal(objects_count(w->h), 0);
}

/* What is there is there, wherever it stands. */
static void test_replaced_by_itself(void **state)
{
	const struct hycan_route ours = route_via("10.20.0.0/16", "10.0.0.2");
	struct world *w = *state;

	assert_done(w->h, hycan_route_add(w->h, &ours));
	free(shell("ip route prepend 10.20.0.0/16 via 10.0.0.9"));
	assert_done(w->h, hycan_route_replace(w->h, &ours));
	assert_output("10.20.0.0/16 via 10.0.0.9 dev va\n10.20.0.0/16 via 10.0.0.2 dev va proto static\n",
	              "ip route show 10.20.0.0/16");
}

/* The link of the routes is called otherwise since. */
static void test_renamed(void **state)
{
	struct hycan_object_clear_reply *reply = NULL;
	struct world *w = *state;

	need_rename_while_up();
	make_ours(w->h);
	assert_done(w->h, hycan_link_rename(w->h, "va", "vz"));
	make_strangers();
	assert_done(w->h, hycan_object_clear(w->h, NULL, &reply));
	free(reply);
	assert_done(w->h, hycan_link_rename(w->h, "vz", "va"));
	assert_strangers_alone(w->h);
}

/* The next daemon knows it, too. */
static void test_killed(void **state)
{
	struct hycan_object_clear_reply *reply = NULL;
	struct world *w = *state;

	make_ours(w->h);
	(void)world_stop_daemon(w, SIGKILL);
	make_strangers();
	world_start_daemon(w, NULL);
	hycan_close(w->h);
	w->h = client_open(w);
	assert_done(w->h, hycan_object_clear(w->h, NULL, &reply));
	free(reply);
	assert_strangers_alone(w->h);
}

/* What a stranger has made of it goes with it, as ever. */
static void test_changed(void **state)
{
	struct hycan_object_clear_reply *reply = NULL;
	const struct hycan_route four = route_via("10.20.0.0/16", "10.0.0.2"), six = route_via("fd20::/32", "fd00::2");
	struct world *w = *state;

	assert_done(w->h, hycan_route_add(w->h, &four));
	assert_done(w->h, hycan_route_add(w->h, &six));
	free(shell("ip route replace 10.20.0.0/16 via 10.0.0.9 && ip -6 route replace fd20::/32 via fd00::9"));
	assert_done(w->h, hycan_object_clear(w->h, NULL, &reply));
	assert_int_equal(reply->failed, 0);
	free(reply);
	assert_output("", "ip route show 10.20.0.0/16; ip -6 route show fd20::/32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_listed, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_cleared, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_removed, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_removed_by_user, routing_begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_ended, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_stated, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_not_confirmed, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_removed_in_vain, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_named, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_any_metric, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_replaced_by_itself, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_renamed, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_killed, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_changed, routing_begin_with_addresses, world_end),
	};

	return cmocka_run_group_tests_name("same_place", tests, NULL, NULL);
}

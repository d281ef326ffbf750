/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.load */
#include "routing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Route number i of a load goes to 20.X.X.X/32 or fd20::X:X/128. */
static void set_number(struct hycan_route *route, uint32_t i)
{
	uint8_t *last = route->destination.address.bytes + (route->destination.address.family == HYCAN_FAMILY_IPV4 ? 3 : 15);

	last[0] = (uint8_t)i;
	last[-1] = (uint8_t)(i >> 8);
	last[-2] = (uint8_t)(i >> 16);
}

static struct hycan_route *many(uint32_t n, uint8_t family, const char *via)
{
	struct hycan_route *routes = calloc(n, sizeof(*routes));
	struct hycan_route first = route_via(family == HYCAN_FAMILY_IPV4 ? "20.0.0.0/32" : "fd20::/128", via);

	assert_non_null(routes);
	first.has_table = true;
	first.table = 100;
	for (uint32_t i = 0; i < n; i++) {
		routes[i] = first;
		set_number(&routes[i], i);
	}
	return routes;
}

/* Loads, and checks the counts; the answer is to be given to free(). */
static struct hycan_route_load_reply *load(struct world *w, const struct hycan_route *routes, size_t n, bool replace, size_t failed)
{
	const struct hycan_route_load_options options = { .has_replace = replace, .replace = replace };
	struct hycan_route_load_reply *reply = NULL;

	assert_done(w->h, hycan_route_load(w->h, routes, n, replace ? &options : NULL, &reply));
	if (reply->failed != failed && reply->n_failures)
		print_error("route %u: %s\n", reply->failures[0].index, reply->failures[0].message);
	assert_int_equal(reply->failed, failed);
	assert_int_equal(reply->added, n - failed);
	assert_int_equal(reply->n_failures, failed < 1000 ? failed : 1000);
	return reply;
}

static void loads_thousands(void **state)
{
	struct world *w = *state;
	struct hycan_route *four = many(30000, HYCAN_FAMILY_IPV4, "10.0.0.2"), *six = many(10000, HYCAN_FAMILY_IPV6, "fd00::2");
	int fd;

	free(load(w, four, 30000, false, 0));
	free(load(w, six, 10000, false, 0));
	assert_output("30000\n10000\n", "ip route show table 100 | wc -l; ip -6 route show table 100 | wc -l");
	assert_output("20.0.117.47 via 10.0.0.2 dev va proto static\n", "ip route show 20.0.117.47 table 100");
	assert_output("fd20::270f via fd00::2 dev va proto static metric 1024 pref medium\n",
	              "ip -6 route show fd20::270f table 100");
	/* again: all there, nothing changed */
	fd = announcements_open();
	free(load(w, four, 30000, false, 0));
	free(load(w, six, 10000, false, 0));
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
	free(four);
	free(six);
}

static void tells_of_each_that_failed(void **state)
{
	struct world *w = *state;
	struct hycan_route *routes = many(5000, HYCAN_FAMILY_IPV4, "10.0.0.2");
	struct hycan_route_load_reply *reply;
	static const struct {
		uint32_t index;
		enum hycan_refusal code;
		const char *words;
	} expected[] = {
		{ 7, HYCAN_REFUSAL_INVALID, "192.0.2.1 cannot be reached" },
		{ 8, HYCAN_REFUSAL_NOT_FOUND, "no link “nolink”" },
		{ 9, HYCAN_REFUSAL_INVALID, "a gateway (via), a link, or both" },
		{ 10, HYCAN_REFUSAL_EXISTS, "Another route to 20.0.0.2/32" },
		{ 2500, HYCAN_REFUSAL_EXISTS, "Another route to 20.0.1.1/32" },
		{ 4990, HYCAN_REFUSAL_INVALID, "Invalid prefsrc address" },
		{ 4999, HYCAN_REFUSAL_INVALID, "Table 0" },
	};
	const size_t n = sizeof(expected) / sizeof(expected[0]);

	routes[7].via = address_of("192.0.2.1");
	routes[8].has_link = true;
	snprintf(routes[8].link, sizeof(routes[8].link), "nolink");
	routes[9].has_via = false;
	/* once more what came before, with another gateway; and the same: that is there */
	set_number(&routes[10], 2);
	set_number(&routes[11], 3);
	set_number(&routes[2500], 257);
	routes[10].via = routes[2500].via = address_of("10.0.0.3");
	routes[4990].has_source = true;
	routes[4990].source = address_of("10.0.0.99");
	routes[4999].table = 0;
	reply = load(w, routes, 5000, false, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(reply->failures[i].index, expected[i].index);
		assert_int_equal(reply->failures[i].code, expected[i].code);
		assert_contains(reply->failures[i].message, expected[i].words);
	}
	assert_output("4992\n", "ip route show table 100 | wc -l");
	assert_output("20.0.0.2 via 10.0.0.2 dev va proto static\n", "ip route show 20.0.0.2 table 100");
	free(reply);
	free(routes);
}

static void replaces(void **state)
{
	struct world *w = *state;
	struct hycan_route *four = many(3000, HYCAN_FAMILY_IPV4, "10.0.0.2"), *six = many(3000, HYCAN_FAMILY_IPV6, "fd00::2");
	struct hycan_route_load_reply *reply;

	free(load(w, four, 3000, false, 0));
	free(load(w, six, 3000, false, 0));
	for (size_t i = 1500; i < 3000; i++) {
		four[i].via = address_of("10.0.0.3");
		six[i].via = address_of("fd00::3");
	}
	reply = load(w, four, 3000, false, 1500);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(reply->failures[i].index, 1500 + i);
		assert_int_equal(reply->failures[i].code, HYCAN_REFUSAL_EXISTS);
	}
	free(reply);
	free(load(w, six, 3000, false, 1500));
	assert_output("6000\n", "(ip route show table 100; ip -6 route show table 100) | grep -c 'via 10.0.0.2\\|via fd00::2'");
	free(load(w, four, 3000, true, 0));
	free(load(w, six, 3000, true, 0));
	assert_output("1500\n1500\n1500\n1500\n",
	              "ip route show table 100 | grep -c 'via 10.0.0.2'; ip route show table 100 | grep -c 'via 10.0.0.3'; "
	              "ip -6 route show table 100 | grep -c 'via fd00::2'; ip -6 route show table 100 | grep -c 'via fd00::3'");
	free(four);
	free(six);
}

/* Each fails, and each with the kernel's words: what the answers take must fit into the receive buffer. */
static void survives_that_all_fail(void **state)
{
	struct world *w = *state;
	struct hycan_route *routes = many(20000, HYCAN_FAMILY_IPV4, "192.0.2.1");
	struct hycan_route_load_reply *reply;
	size_t n;

	/* the shortest messages with the longest answers, so the most of them in a batch */
	for (size_t i = 0; i < 20000; i++)
		routes[i].table = 254;
	reply = load(w, routes, 20000, false, 20000);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(reply->failures[i].index, i);
		assert_contains(reply->failures[i].message, "192.0.2.1 cannot be reached");
	}
	free(reply);
	for (size_t i = 0; i < 20000; i++) {
		routes[i].has_via = false;
		routes[i].has_link = true;
		snprintf(routes[i].link, sizeof(routes[i].link), "no%zu", i % 100);
	}
	reply = load(w, routes, 20000, false, 20000);
	assert_int_equal(reply->failures[999].index, 999);
	assert_contains(reply->failures[999].message, "no link “no99”");
	free(reply);
	/* the connection and the daemon's own socket are as they were */
	free(routes);
	routes = many(100, HYCAN_FAMILY_IPV4, "10.0.0.2");
	free(load(w, routes, 100, false, 0));
	free(routes);
	assert_done(w->h, hycan_route_list(w->h, NULL, NULL, &n));
	assert_int_equal(n, 2);
}

/* Sorted lists are loaded in another order, but not where it shows. */
static void keeps_an_order_that_shows(void **state)
{
	struct world *w = *state;
	struct hycan_route *routes = many(3000, HYCAN_FAMILY_IPV4, "20.0.0.1");
	struct hycan_route_load_reply *reply;

	/* the gateway of all others is reached by one of them, which is not the first */
	for (size_t i = 0; i < 3000; i++)
		routes[i].has_table = false;
	routes[0].has_via = routes[1].has_via = false;
	routes[0].has_link = routes[1].has_link = true;
	strcpy(routes[0].link, "va");
	strcpy(routes[1].link, "va");
	free(load(w, routes, 3000, false, 0));
	assert_output("2998\n", "ip route show | grep -c 'via 20.0.0.1 dev va'");
	free(routes);

	/* of two in one place the first one wins */
	routes = many(3000, HYCAN_FAMILY_IPV4, "10.0.0.2");
	routes[4].destination = routes[3].destination;
	routes[4].via = address_of("10.0.0.3");
	reply = load(w, routes, 3000, false, 1);
	assert_int_equal(reply->failures[0].index, 4);
	assert_output("20.0.0.3 via 10.0.0.2 dev va proto static\n", "ip route show 20.0.0.3 table 100");
	free(reply);
	/* and when they replace what is there, the last one */
	free(load(w, routes, 3000, true, 0));
	assert_output("20.0.0.3 via 10.0.0.3 dev va proto static\n", "ip route show 20.0.0.3 table 100");
	free(routes);
}

/* The kernel would not make them now. */
static void what_is_there_need_not_be_within_reach(void **state)
{
	const struct hycan_route routes[] = { route_via("10.20.0.0/16", "10.0.0.2"), route_via("fd20::/16", "fd00::2") };
	const size_t n = sizeof(routes) / sizeof(*routes);
	struct hycan_transaction_run_reply *run = NULL;
	struct hycan_route_load_reply *reply;
	struct hycan_route others[2];
	struct world *w = *state;
	int fd;

	free(load(w, routes, n, false, 0));
	/* with the last address of a link its IPv4 routes would go */
	free(shell("ip addr add 10.9.0.1/24 dev va && ip addr del 10.0.0.1/24 dev va && ip addr del fd00::1/64 dev va"));
	fd = announcements_open();
	for (int replace = 0; replace < 2; replace++)
		free(load(w, routes, n, replace, 0));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_int_equal(hycan_route_load(w->h, routes, n, NULL, NULL), 0);
	assert_done(w->h, hycan_transaction_commit(w->h, NULL, &run));
	assert_true(run->results[0].unchanged);
	free(run);
	memcpy(others, routes, sizeof(others));
	others[0].via = address_of("10.0.0.3");
	others[1].via = address_of("fd00::3");
	reply = load(w, others, n, false, n);
	assert_contains(reply->failures[0].message, "10.0.0.3 cannot be reached");
	assert_contains(reply->failures[1].message, "fd00::3 cannot be reached");
	free(reply);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

static void knows_many_links(void **state)
{
	struct world *w = *state;
	struct hycan_route *routes = many(3000, HYCAN_FAMILY_IPV4, "10.0.0.2");

	free(shell("for i in $(seq 0 39); do echo link add name many$i type bridge; echo link set many$i up; done | ip -batch -"));
	for (size_t i = 0; i < 3000; i++) {
		routes[i].has_via = false;
		routes[i].has_link = true;
		snprintf(routes[i].link, sizeof(routes[i].link), "many%zu", i * 7 % 40);
	}
	free(load(w, routes, 3000, false, 0));
	assert_output("75\n75\n", "ip route show table 100 dev many0 | wc -l; ip route show table 100 dev many39 | wc -l");
	assert_output("20.0.0.1 dev many7 proto static scope link\n", "ip route show 20.0.0.1 table 100");
	free(routes);
}

/* What was made is in the ledger once, whether it was written down while the rest was made or behind it. */
static void records_what_it_made(void **state)
{
	struct world *w = *state;
	struct hycan_route *four = many(10000, HYCAN_FAMILY_IPV4, "10.0.0.2"), *six = many(6000, HYCAN_FAMILY_IPV6, "fd00::2");
	const struct hycan_object_list_options options = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_ROUTE };
	struct hycan_object *objects = NULL;
	size_t n = 0, odd = 0;

	/* strangers' routes: another one in the place of 7000, and 8000 itself */
	free(shell("ip route add 20.0.27.88 via 10.0.0.3 table 100; ip route add 20.0.31.64 via 10.0.0.2 proto static table 100"));
	free(load(w, four, 10000, false, 1));
	/* said or not, it is the kernel's own */
	for (uint32_t i = 0; i < 6000; i++) {
		six[i].has_metric = i % 2;
		six[i].metric = 1024;
	}
	free(load(w, six, 6000, false, 0));
	assert_done(w->h, hycan_object_list(w->h, &options, &objects, &n));
	assert_int_equal(n, 10000 - 2 + 6000);
	for (size_t i = 0; i < n; i++)
		odd += strstr(objects[i].identity, "20.0.27.88") || strstr(objects[i].identity, "20.0.31.64") ||
		       strstr(objects[i].identity, "metric");
	assert_int_equal(odd, 0);
	free(objects);
	/* again: nothing is new */
	free(load(w, four, 10000, false, 1));
	assert_done(w->h, hycan_object_list(w->h, &options, &objects, &n));
	assert_int_equal(n, 10000 - 2 + 6000);
	free(objects);
	free(four);
	free(six);
}

static void loads_any_kind_of_route(void **state)
{
	struct world *w = *state;
	const struct hycan_nexthop hops[] = { { .has_via = true, .via = address_of("10.0.0.2") },
		                              { .has_via = true, .via = address_of("10.0.0.3"), .has_weight = true, .weight = 9 } };
	struct hycan_route routes[] = {
		route_to("10.1.0.0/16"),
		route_to("10.2.0.0/16"),
		route_via("fd20::/16", "fd00::2"),
		route_to("fd21::/16"),
		route_via("0.0.0.0/0", "10.0.0.2"),
	};
	struct hycan_route_load_reply *reply;

	routes[0].has_nexthops = true;
	routes[0].nexthops = hops;
	routes[0].n_nexthops = 2;
	routes[1].has_type = routes[3].has_type = true;
	routes[1].type = routes[3].type = HYCAN_ROUTE_TYPE_THROW;
	for (int i = 0; i < 2; i++)
		free(load(w, routes, 5, false, 0));
	assert_output("default via 10.0.0.2 dev va\n"
	              "10.1.0.0/16\n"
	              "\tnexthop via 10.0.0.2 dev va weight 1\n"
	              "\tnexthop via 10.0.0.3 dev va weight 9\n"
	              "throw 10.2.0.0/16\n"
	              "fd20::/16 via fd00::2 dev va metric 1024 pref medium\n"
	              "throw fd21::/16 dev lo metric 1024 pref medium\n",
	              "ip route show proto static; ip -6 route show proto static");
	reply = load(w, routes, 0, false, 0);
	free(reply);
}

/* Where there is not the memory to say what was done, nothing is. */
static void does_nothing_without_memory(void **state)
{
	struct world *w = *state;
	/* all of a request's 96 MiB, but for a byte of each route */
	const size_t n = (96u << 20) / (sizeof(struct hycan_route) + 1);
	struct hycan_route *routes = calloc(n, sizeof(*routes));
	struct hycan_route_load_reply *reply;

	assert_non_null(routes);
	routes[0] = route_via("20.0.0.0/8", "10.0.0.2");
	for (size_t i = 1; i < n; i++)
		routes[i].destination.address.family = HYCAN_FAMILY_IPV4;
	assert_int_not_equal(hycan_route_load(w->h, routes, n, NULL, &reply), 0);
	assert_contains(hycan_error_message(w->h), "memory");
	free(shell("! ip route | grep -q 20.0.0.0/8"));
	free(routes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(loads_thousands, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(tells_of_each_that_failed, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(replaces, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(survives_that_all_fail, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(keeps_an_order_that_shows, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(what_is_there_need_not_be_within_reach, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(knows_many_links, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(records_what_it_made, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(loads_any_kind_of_route, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(does_nothing_without_memory, routing_begin_with_addresses, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

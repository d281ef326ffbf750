/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order in which routes are loaded: it is another one only where nobody can tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hycan/values.h>

#include "route.h"

#define N 5003u

struct list {
	struct hycan_route routes[N];
	uint32_t order[N];
};

static void set_destination(struct hycan_route *route, const char *text)
{
	assert_int_equal(hycan_prefix_parse(text, &route->destination), 0);
}

/* 20.0.0.0/28, 20.0.0.16/28, … */
static int sorted(void **state)
{
	struct list *l = calloc(1, sizeof(*l));

	if (!l)
		return -1;
	for (uint32_t i = 0; i < N; i++) {
		uint32_t address = (20u << 24) + i * 16;

		set_destination(&l->routes[i], "20.0.0.0/28");
		for (int k = 0; k < 4; k++)
			l->routes[i].destination.address.bytes[k] = (uint8_t)(address >> (24 - 8 * k));
		l->routes[i].has_link = true;
		strcpy(l->routes[i].link, "va");
	}
	*state = l;
	return 0;
}

static int done(void **state)
{
	free(*state);
	return 0;
}

static void has_every_route_once(void **state)
{
	struct list *l = *state;
	uint8_t seen[N] = { 0 };

	assert_true(kernel_route_order(l->routes, N, l->order));
	for (uint32_t i = 0; i < N; i++)
		seen[l->order[i]]++;
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(l->order[0], 0);
	assert_int_equal(l->order[1], 16);
}

static void leaves_a_few(void **state)
{
	struct list *l = *state;

	assert_false(kernel_route_order(l->routes, 100, l->order));
	assert_false(kernel_route_order(l->routes, 0, l->order));
}

static void leaves_what_is_not_sorted(void **state)
{
	struct list *l = *state;

	set_destination(&l->routes[4000], "20.0.0.0/27");
	assert_false(kernel_route_order(l->routes, N, l->order));
}

static void leaves_ipv6(void **state)
{
	struct list *l = *state;

	set_destination(&l->routes[N - 1], "fd00::/64");
	assert_false(kernel_route_order(l->routes, N, l->order));
}

/* The first one wins. */
static void leaves_two_in_one_place(void **state)
{
	struct list *l = *state;

	l->routes[4] = l->routes[3];
	strcpy(l->routes[4].link, "vb");
	assert_false(kernel_route_order(l->routes, N, l->order));
	/* with another metric it is another place, and so it is in another table */
	l->routes[4].has_metric = true;
	l->routes[4].metric = 7;
	assert_true(kernel_route_order(l->routes, N, l->order));
	l->routes[5] = l->routes[3];
	l->routes[5].has_table = true;
	l->routes[5].table = 100;
	assert_true(kernel_route_order(l->routes, N, l->order));
	/* the same as one further back */
	l->routes[6] = l->routes[3];
	assert_false(kernel_route_order(l->routes, N, l->order));
}

static void leaves_what_leads_to_a_gateway(void **state)
{
	struct list *l = *state;
	struct hycan_route *route = &l->routes[77];

	route->has_via = true;
	assert_int_equal(hycan_address_parse("10.0.0.1", &route->via), 0);
	assert_true(kernel_route_order(l->routes, N, l->order));
	assert_int_equal(hycan_address_parse("20.0.1.1", &route->via), 0);
	assert_false(kernel_route_order(l->routes, N, l->order));
	/* IPv6's routes are not in the list */
	assert_int_equal(hycan_address_parse("fe80::1", &route->via), 0);
	assert_true(kernel_route_order(l->routes, N, l->order));
}

static void leaves_what_leads_to_one_of_several_gateways(void **state)
{
	struct list *l = *state;
	struct hycan_nexthop ways[2] = { { .has_via = true }, { .has_via = true } };

	assert_int_equal(hycan_address_parse("10.0.0.1", &ways[0].via), 0);
	assert_int_equal(hycan_address_parse("10.0.0.2", &ways[1].via), 0);
	l->routes[9].has_nexthops = true;
	l->routes[9].nexthops = ways;
	l->routes[9].n_nexthops = 2;
	assert_true(kernel_route_order(l->routes, N, l->order));
	assert_int_equal(hycan_address_parse("20.0.1.1", &ways[1].via), 0);
	assert_false(kernel_route_order(l->routes, N, l->order));
}

/* A local route makes an address that another one may be sent from. */
static void leaves_what_makes_a_source(void **state)
{
	struct list *l = *state;
	struct hycan_route *route = &l->routes[77];

	route->has_source = true;
	assert_int_equal(hycan_address_parse("20.0.1.1", &route->source), 0);
	assert_false(kernel_route_order(l->routes, N, l->order));
}

static void leaves_what_has_too_many_gateways(void **state)
{
	struct list *l = *state;

	for (uint32_t i = 0; i < N; i++) {
		l->routes[i].has_via = true;
		assert_int_equal(hycan_address_parse("10.0.0.0", &l->routes[i].via), 0);
		l->routes[i].via.bytes[3] = (uint8_t)(i % 8);
	}
	assert_true(kernel_route_order(l->routes, N, l->order));
	for (uint32_t i = 0; i < N; i++)
		l->routes[i].via.bytes[3] = (uint8_t)i;
	assert_false(kernel_route_order(l->routes, N, l->order));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sorted, done)
	const struct CMUnitTest tests[] = {
		TEST(has_every_route_once),
		TEST(leaves_a_few),
		TEST(leaves_what_is_not_sorted),
		TEST(leaves_ipv6),
		TEST(leaves_two_in_one_place),
		TEST(leaves_what_leads_to_a_gateway),
		TEST(leaves_what_leads_to_one_of_several_gateways),
		TEST(leaves_what_makes_a_source),
		TEST(leaves_what_has_too_many_gateways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

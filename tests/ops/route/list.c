/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.list */
#include "routing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t list(struct world *w, const struct hycan_route_list_options *options, struct hycan_route **ret_routes)
{
	size_t n = 0;

	*ret_routes = NULL;
	assert_done(w->h, hycan_route_list(w->h, options, ret_routes, &n));
	return n;
}

/* How many there are. */
static size_t count(struct world *w, const struct hycan_route_list_options *options)
{
	struct hycan_route *routes;
	size_t n = list(w, options, &routes);

	free(routes);
	return n;
}

/* The one to that destination; there is exactly one. */
static const struct hycan_route *find(const struct hycan_route *routes, size_t n, const char *destination)
{
	const struct hycan_route *found = NULL;

	for (size_t i = 0; i < n; i++) {
		char text[HYCAN_ADDRESS_TEXT_SIZE];

		if (strcmp(hycan_prefix_format(&routes[i].destination, text, sizeof(text)), destination) != 0)
			continue;
		assert_null(found);
		found = &routes[i];
	}
	if (!found)
		fail_msg("%s is not in the list", destination);
	return found;
}

static void assert_address(const struct hycan_address *address, const char *expected)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	assert_string_equal(hycan_address_format(address, text, sizeof(text)), expected);
}

static void tells_every_property(void **state)
{
	struct world *w = *state;
	const struct hycan_route *one;
	struct hycan_route *routes;
	size_t n;

	free(shell(
		"ip route add 10.20.0.0/16 via 10.0.0.2 metric 7 src 10.0.0.1 mtu 1400 proto bgp && "
		"ip route add 10.21.0.0/16 via 192.0.2.1 dev va onlink && ip route add 10.22.0.0/16 dev vb && "
		"ip route add 10.23.0.0/16 via inet6 fd00::2 dev va && ip route add prohibit 10.24.0.0/16 && "
		"ip route add 10.25.0.0/16 nexthop via 10.0.0.2 weight 3 nexthop via 192.0.2.1 dev va onlink && "
		"ip route add default via 10.0.0.9 && "
		"ip route add fd20::/16 via fd00::2 metric 7 src fd00::1 mtu 1400 && ip route add unreachable fd24::/16 && "
		"ip route add fd25::/16 nexthop via fd00::2 weight 3 nexthop via fd00::3 && ip route add ::/0 via fe80::9 dev va"));
	n = list(w, NULL, &routes);

	for (int i = 0; i < 2; i++) {
		one = find(routes, n, i ? "fd20::/16" : "10.20.0.0/16");
		assert_true(one->has_via && one->has_link && one->has_metric && one->has_source && one->has_mtu);
		assert_address(&one->via, i ? "fd00::2" : "10.0.0.2");
		assert_address(&one->source, i ? "fd00::1" : "10.0.0.1");
		assert_string_equal(one->link, "va");
		assert_int_equal(one->metric, 7);
		assert_int_equal(one->mtu, 1400);
		assert_int_equal(one->protocol, i ? 3 : 186);
		assert_int_equal(one->table, 254);
		assert_true(one->type == HYCAN_ROUTE_TYPE_UNICAST);
		assert_int_equal(one->n_nexthops, 0);

		one = find(routes, n, i ? "fd25::/16" : "10.25.0.0/16");
		assert_false(one->has_via || one->has_link);
		assert_int_equal(one->n_nexthops, 2);
		assert_address(&one->nexthops[0].via, i ? "fd00::2" : "10.0.0.2");
		assert_int_equal(one->nexthops[0].weight, 3);
		assert_address(&one->nexthops[1].via, i ? "fd00::3" : "192.0.2.1");
		assert_int_equal(one->nexthops[1].weight, 1);
		assert_string_equal(one->nexthops[1].link, "va");
		assert_true((one->nexthops[1].has_onlink && one->nexthops[1].onlink) == !i);

		one = find(routes, n, i ? "fd24::/16" : "10.24.0.0/16");
		assert_true(one->type == (i ? HYCAN_ROUTE_TYPE_UNREACHABLE : HYCAN_ROUTE_TYPE_PROHIBIT));
		assert_false(one->has_via || one->has_link || one->n_nexthops);

		one = find(routes, n, i ? "::/0" : "0.0.0.0/0");
		assert_address(&one->via, i ? "fe80::9" : "10.0.0.9");
	}
	one = find(routes, n, "10.21.0.0/16");
	assert_true(one->has_onlink && one->onlink);
	assert_true(one->has_scope && one->scope == HYCAN_SCOPE_GLOBAL);
	one = find(routes, n, "10.22.0.0/16");
	assert_true(one->has_scope && one->scope == HYCAN_SCOPE_LINK);
	assert_false(one->has_via || one->has_onlink);
	one = find(routes, n, "10.23.0.0/16");
	assert_address(&one->via, "fd00::2");
	one = find(routes, n, "10.0.0.0/24");
	assert_int_equal(one->protocol, 2);
	assert_address(&one->source, "10.0.0.1");
	free(routes);
}

static void filters(void **state)
{
	struct world *w = *state;
	struct hycan_route_list_options o = { .has_table = true, .table = 100 };

	assert_int_equal(count(w, &o), 0);
	free(shell("for t in 100 70000; do ip route add 10.20.0.0/16 via 10.0.0.2 table $t; ip route add 10.21.0.0/16 dev vb table "
	           "$t; "
	           "ip route add blackhole 10.22.0.0/16 table $t proto bgp; "
	           "ip route add 10.23.0.0/16 table $t nexthop dev va nexthop dev vb; "
	           "ip route add fd20::/16 via fd00::2 table $t; ip route add fd21::/16 dev vb table $t proto bgp; done"));
	for (int i = 0; i < 2; i++) {
		o = (struct hycan_route_list_options){ .has_table = true, .table = i ? 100 : 70000 };
		assert_int_equal(count(w, &o), 6);
		o.has_family = true;
		o.family = HYCAN_FAMILY_IPV4;
		assert_int_equal(count(w, &o), 4);
		o.family = HYCAN_FAMILY_IPV6;
		assert_int_equal(count(w, &o), 2);
		o.has_protocol = true;
		o.protocol = 186;
		assert_int_equal(count(w, &o), 1);
		o.has_family = false;
		assert_int_equal(count(w, &o), 2);
		o.has_protocol = false;
		o.has_link = true;
		snprintf(o.link, sizeof(o.link), "vb");
		assert_int_equal(count(w, &o), 3);
	}
	/* all tables, the kernel's own too */
	o = (struct hycan_route_list_options){ .has_table = true, .has_protocol = true, .protocol = 186 };
	assert_int_equal(count(w, &o), 4);
	o.protocol = 3;
	assert_int_equal(count(w, &o), 8);
	o = (struct hycan_route_list_options){ .has_link = true, .link = "nolink" };
	assert_refused(w->h, hycan_route_list(w->h, &o, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "no link “nolink”");
	assert_int_equal(count(w, NULL), 2);
}

static void what_is_listed_can_be_added_again(void **state)
{
	struct world *w = *state;
	struct hycan_route_list_options o = { .has_table = true, .table = 100 };
	struct hycan_route *routes;
	char *before, *after;
	size_t n;

	free(shell("ip route add 10.20.0.0/16 via 10.0.0.2 table 100 mtu 1400; ip route add 10.21.0.0/16 dev vb table 100; "
	           "ip route add blackhole 10.22.0.0/16 table 100 proto bgp; ip route add local 10.26.0.0/16 dev lo table 100; "
	           "ip route add 10.23.0.0/16 table 100 nexthop dev va weight 7 nexthop via inet6 fd00::3 dev va; "
	           "ip route add fd20::/16 via fd00::2 table 100; ip route add fd21::/16 dev vb table 100 proto bgp; "
	           "ip route add prohibit fd22::/16 table 100; "
	           "ip route add fd23::/16 table 100 nexthop via fd00::5 nexthop via fd00::6 weight 9"));
	before = shell("ip route show table 100; ip -6 route show table 100");
	n = list(w, &o, &routes);
	assert_int_equal(n, 9);
	free(shell("ip route flush table 100; ip -6 route flush table 100"));
	for (size_t i = 0; i < n; i++)
		assert_done(w->h, hycan_route_add(w->h, &routes[i]));
	after = shell("ip route show table 100; ip -6 route show table 100");
	assert_string_equal(before, after);
	free(routes);
	free(before);
	free(after);
}

static void resolves_nexthop_objects(void **state)
{
	struct world *w = *state;
	struct hycan_route_list_options o = { .has_table = true, .table = 100 };
	const struct hycan_route *one;
	struct hycan_route *routes;
	size_t n;

	free(shell("ip nexthop add id 5 via 10.0.0.3 dev va && ip nexthop add id 6 via 10.0.0.4 dev va && "
	           "ip nexthop add id 7 group 5/6 && ip nexthop add id 8 blackhole && ip nexthop add id 9 via fd00::3 dev va && "
	           "ip route add 10.20.0.0/16 nhid 5 table 100 && ip route add 10.21.0.0/16 nhid 7 table 100 && "
	           "ip route add 10.22.0.0/16 nhid 8 table 100 && ip -6 route add fd20::/16 nhid 9 table 100"));
	n = list(w, &o, &routes);
	assert_int_equal(n, 4);
	one = find(routes, n, "10.20.0.0/16");
	assert_address(&one->via, "10.0.0.3");
	assert_string_equal(one->link, "va");
	one = find(routes, n, "10.21.0.0/16");
	assert_int_equal(one->n_nexthops, 2);
	assert_address(&one->nexthops[1].via, "10.0.0.4");
	one = find(routes, n, "10.22.0.0/16");
	assert_false(one->has_via);
	one = find(routes, n, "fd20::/16");
	assert_address(&one->via, "fd00::3");
	free(routes);
}

/* As many as take many messages from the kernel. */
static void tells_tens_of_thousands(void **state)
{
	struct world *w = *state;
	struct hycan_route_list_options o = { .has_table = true, .table = 100 };
	const struct hycan_route *one;
	struct hycan_route *routes;
	size_t n;

	free(shell(
		"python3 -c 'for i in range(50000):\n"
		" print(\"route add 20.0.%%d.%%d/32 via 10.0.0.2 table 100\" %% (i // 250, i %% 250))\n"
		" if i %% 2: print(\"-6 route add fd20::%%x:%%x/128 via fd00::2 table 100\" %% (i // 250, i %% 250))' > "
		"/tmp/hycan-list-$$ &&"
		" grep -v ^-6 /tmp/hycan-list-$$ | ip -batch - && grep ^-6 /tmp/hycan-list-$$ | sed 's/^-6 //' | ip -6 -batch -; "
		"rm /tmp/hycan-list-$$"));
	n = list(w, &o, &routes);
	assert_int_equal(n, 75000);
	one = find(routes, n, "20.0.199.249/32");
	assert_address(&one->via, "10.0.0.2");
	one = find(routes, n, "fd20::c7:f9/128");
	assert_address(&one->via, "fd00::2");
	free(routes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_every_property, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(filters, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(what_is_listed_can_be_added_again, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(resolves_nexthop_objects, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(tells_tens_of_thousands, routing_begin_with_addresses, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.add */
#include "routing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add(struct world *w, const struct hycan_route *route)
{
	assert_done(w->h, hycan_route_add(w->h, route));
}

/* Done, and nothing announced. */
static void changes_nothing(struct world *w, const struct hycan_route *route)
{
	int fd = announcements_open();

	add(w, route);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

static void refused(struct world *w, const struct hycan_route *route, enum hycan_refusal refusal, const char *field,
                    const char *part)
{
	int fd = announcements_open();

	assert_refused(w->h, hycan_route_add(w->h, route), refusal);
	assert_string_equal(hycan_error_field(w->h), field);
	assert_contains(hycan_error_message(w->h), part);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

static struct hycan_route over(struct hycan_route route, const char *link)
{
	route.has_link = true;
	snprintf(route.link, sizeof(route.link), "%s", link);
	return route;
}

static struct hycan_route in_table(struct hycan_route route, uint32_t table)
{
	route.has_table = true;
	route.table = table;
	return route;
}

static struct hycan_route with_metric(struct hycan_route route, uint32_t metric)
{
	route.has_metric = true;
	route.metric = metric;
	return route;
}

static struct hycan_route of_type(struct hycan_route route, enum hycan_route_type type)
{
	route.has_type = true;
	route.type = type;
	return route;
}

static void adds_what_is_given(void **state)
{
	struct world *w = *state;
	struct hycan_route r;

	r = route_via("10.20.0.0/16", "10.0.0.2");
	add(w, &r);
	assert_output("10.20.0.0/16 via 10.0.0.2 dev va proto static\n", "ip route show 10.20.0.0/16");
	r = over(route_to("10.21.0.0/16"), "va");
	add(w, &r);
	assert_output("10.21.0.0/16 dev va proto static scope link\n", "ip route show 10.21.0.0/16");
	r = with_metric(route_via("0.0.0.0/0", "10.0.0.3"), 50);
	r.has_source = r.has_mtu = r.has_protocol = true;
	r.source = address_of("10.0.0.1");
	r.mtu = 1400;
	r.protocol = 186;
	add(w, &r);
	assert_output("default via 10.0.0.3 dev va proto bgp src 10.0.0.1 metric 50 mtu 1400\n", "ip route show default");
	r = in_table(over(route_via("10.22.0.0/16", "192.0.2.1"), "va"), 70000);
	r.has_onlink = r.onlink = true;
	add(w, &r);
	assert_output("10.22.0.0/16 via 192.0.2.1 dev va proto static onlink\n", "ip route show table 70000");
	r = route_via("10.23.0.0/16", "fd00::2");
	r = over(r, "va");
	add(w, &r);
	assert_output("10.23.0.0/16 via inet6 fd00::2 dev va proto static\n", "ip route show 10.23.0.0/16");

	r = route_via("fd20::/16", "fd00::2");
	add(w, &r);
	assert_output("fd20::/16 via fd00::2 dev va proto static metric 1024 pref medium\n", "ip -6 route show fd20::/16");
	r = with_metric(over(route_via("::/0", "fe80::9"), "va"), 7);
	r.has_mtu = true;
	r.mtu = 1300;
	r.has_source = true;
	r.source = address_of("fd00::1");
	add(w, &r);
	assert_output("default via fe80::9 dev va proto static src fd00::1 metric 7 mtu 1300 pref medium\n",
	              "ip -6 route show default");
	r = in_table(over(route_to("fd21::/16"), "va"), 1000);
	add(w, &r);
	assert_output("fd21::/16 dev va proto static metric 1024 pref medium\n", "ip -6 route show table 1000");
}

static void adds_routes_that_go_nowhere(void **state)
{
	struct world *w = *state;
	static const struct {
		enum hycan_route_type type;
		const char *word;
	} types[] = { { HYCAN_ROUTE_TYPE_BLACKHOLE, "blackhole" },
		      { HYCAN_ROUTE_TYPE_UNREACHABLE, "unreachable" },
		      { HYCAN_ROUTE_TYPE_PROHIBIT, "prohibit" },
		      { HYCAN_ROUTE_TYPE_THROW, "throw" } };

	for (size_t i = 0; i < 4; i++) {
		struct hycan_route four = of_type(in_table(route_to("10.30.0.0/16"), 200 + (uint32_t)i), types[i].type);
		struct hycan_route six = of_type(in_table(route_to("fd30::/16"), 200 + (uint32_t)i), types[i].type);
		char *text;

		add(w, &four);
		add(w, &six);
		changes_nothing(w, &four);
		changes_nothing(w, &six);
		text = shell("ip route show table %zu; ip -6 route show table %zu", 200 + i, 200 + i);
		assert_memory_equal(text, types[i].word, strlen(types[i].word));
		assert_contains(text, "10.30.0.0/16");
		assert_contains(text, "fd30::/16");
		free(text);
		four.type = six.type = i == 0 ? HYCAN_ROUTE_TYPE_THROW : HYCAN_ROUTE_TYPE_BLACKHOLE;
		refused(w, &four, HYCAN_REFUSAL_EXISTS, "destination",
		        types[i].type == HYCAN_ROUTE_TYPE_BLACKHOLE ? "black hole" : types[i].word);
		refused(w, &six, HYCAN_REFUSAL_EXISTS, "destination",
		        types[i].type == HYCAN_ROUTE_TYPE_BLACKHOLE ? "black hole" : types[i].word);
		four = over(four, "va");
		refused(w, &four, HYCAN_REFUSAL_INVALID, "type", "goes nowhere");
	}
	{
		struct hycan_route local = of_type(over(route_to("192.0.2.0/24"), "lo"), HYCAN_ROUTE_TYPE_LOCAL);

		add(w, &local);
		changes_nothing(w, &local);
		assert_output("local 192.0.2.0/24 dev lo proto static scope host\n", "ip route show 192.0.2.0/24");
	}
}

static void adds_several_ways(void **state)
{
	struct world *w = *state;
	struct hycan_nexthop hops[] = {
		{ .has_via = true, .via = address_of("10.0.0.2"), .has_weight = true, .weight = 3 },
		{ .has_via = true, .via = address_of("10.0.0.3"), .has_link = true, .link = "va" },
		{ .has_via = true,
		  .via = address_of("192.0.2.1"),
		  .has_link = true,
		  .link = "va",
		  .has_onlink = true,
		  .onlink = true },
		{ .has_via = true,
		  .via = address_of("fd00::7"),
		  .has_link = true,
		  .link = "va",
		  .has_weight = true,
		  .weight = 256 },
	};
	struct hycan_nexthop sixes[] = {
		{ .has_via = true, .via = address_of("fd00::2"), .has_weight = true, .weight = 3 },
		{ .has_via = true, .via = address_of("fd00::3"), .has_link = true, .link = "va" },
	};
	struct hycan_route r = route_to("10.40.0.0/16"), six = route_to("fd40::/16");
	struct hycan_nexthop swap;

	r.has_nexthops = six.has_nexthops = true;
	r.nexthops = hops;
	r.n_nexthops = 4;
	six.nexthops = sixes;
	six.n_nexthops = 2;
	add(w, &r);
	add(w, &six);
	assert_output("10.40.0.0/16 proto static\n"
	              "\tnexthop via 10.0.0.2 dev va weight 3\n"
	              "\tnexthop via 10.0.0.3 dev va weight 1\n"
	              "\tnexthop via 192.0.2.1 dev va weight 1 onlink\n"
	              "\tnexthop via inet6 fd00::7 dev va weight 256\n",
	              "ip route show 10.40.0.0/16");
	assert_output("fd40::/16 proto static metric 1024 pref medium\n"
	              "\tnexthop via fd00::2 dev va weight 3\n"
	              "\tnexthop via fd00::3 dev va weight 1\n",
	              "ip -6 route show fd40::/16");
	changes_nothing(w, &r);
	changes_nothing(w, &six);
	/* the same ways in another order */
	swap = hops[0];
	hops[0] = hops[1];
	hops[1] = swap;
	changes_nothing(w, &r);
	swap = sixes[0];
	sixes[0] = sixes[1];
	sixes[1] = swap;
	changes_nothing(w, &six);
	sixes[0].has_weight = true;
	sixes[0].weight = 9;
	refused(w, &six, HYCAN_REFUSAL_EXISTS, "destination", "with 2 ways");
	hops[0].weight = 9;
	hops[0].has_weight = true;
	refused(w, &r, HYCAN_REFUSAL_EXISTS, "destination", "with 4 ways");
	/* a single one is a plain route */
	r.n_nexthops = 1;
	r.destination = prefix_of("10.41.0.0/16");
	add(w, &r);
	changes_nothing(w, &r);
	r = route_via("10.41.0.0/16", "10.0.0.3");
	changes_nothing(w, &r);
}

static void asked_twice_changes_nothing(void **state)
{
	struct world *w = *state;
	struct hycan_route all[] = {
		route_via("10.20.0.0/16", "10.0.0.2"),
		over(route_to("10.21.0.0/16"), "va"),
		in_table(route_via("10.20.0.0/16", "10.0.0.2"), 100),
		with_metric(route_via("10.20.0.0/16", "10.0.0.2"), 9),
		route_via("0.0.0.0/0", "10.0.0.2"),
		over(route_via("10.23.0.0/16", "fd00::2"), "va"),
		route_via("fd20::/16", "fd00::2"),
		over(route_to("fd21::/16"), "va"),
		in_table(route_via("fd20::/16", "fd00::2"), 100),
		with_metric(route_via("fd20::/16", "fd00::2"), 9),
		route_via("::/0", "fd00::2"),
		route_via("10.24.0.0/16", "10.0.0.2"),
		route_via("fd24::/16", "fd00::2"),
	};
	const size_t n = sizeof(all) / sizeof(all[0]);

	all[n - 1].has_mtu = all[n - 2].has_mtu = true;
	all[n - 1].mtu = all[n - 2].mtu = 1400;
	all[n - 1].has_source = all[n - 2].has_source = true;
	all[n - 1].source = address_of("fd00::1");
	all[n - 2].source = address_of("10.0.0.1");
	for (size_t i = 0; i < n; i++)
		add(w, &all[i]);
	for (size_t i = 0; i < n; i++)
		changes_nothing(w, &all[i]);
	/* the link that the kernel found may be given now, and left out */
	all[0] = over(all[0], "va");
	all[6] = over(all[6], "va");
	changes_nothing(w, &all[0]);
	changes_nothing(w, &all[6]);
	hycan_set_exclusive(w->h, true);
	for (size_t i = 0; i < n; i++)
		refused(w, &all[i], HYCAN_REFUSAL_EXISTS, "destination", "exists already");
}

static void state_again(struct world *w, const struct hycan_route *routes, size_t n)
{
	uint32_t removed = 1;

	assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
	for (size_t i = 0; i < n; i++)
		add(w, &routes[i]);
	assert_done(w->h, hycan_object_replace_end(w->h, &removed));
	assert_int_equal(removed, 0);
}

/* In a transaction, and in its plan. */
static void changes_nothing_in_steps(struct world *w, const struct hycan_route *routes, size_t n, bool plan)
{
	const struct hycan_transaction_run_options options = { .has_plan = true, .plan = plan };
	struct hycan_transaction_run_reply *reply = NULL;

	assert_done(w->h, hycan_transaction_begin(w->h));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(hycan_route_add(w->h, &routes[i]), 0);
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	for (size_t i = 0; i < n; i++)
		assert_true(reply->results[i].unchanged);
	free(reply);
}

/* It is the same, in the ledger, too: who states it says so in either way. */
static void metric_may_be_the_kernels_own(void **state)
{
	struct world *w = *state;
	const struct hycan_route said[] = { with_metric(route_via("10.20.0.0/16", "10.0.0.2"), 0),
		                            with_metric(route_via("fd20::/16", "fd00::2"), 1024),
		                            with_metric(route_via("fd21::/16", "fd00::2"), 0) };
	const size_t n = sizeof(said) / sizeof(*said);

	for (size_t i = 0; i < n; i++)
		add(w, &said[i]);
	state_again(w, said, n);
	changes_nothing_in_steps(w, said, n, true);
	changes_nothing_in_steps(w, said, n, false);
	assert_output("10.20.0.0/16 via 10.0.0.2 dev va proto static\n", "ip route show 10.20.0.0/16");
	assert_output("1\n1\n", "ip -6 route show fd20::/16 | grep -c via; ip -6 route show fd21::/16 | grep -c via");
}

/* The kernel would not make them now. */
static void what_is_there_need_not_be_within_reach(void **state)
{
	struct world *w = *state;
	struct hycan_nexthop hops[] = {
		{ .has_via = true, .via = address_of("10.0.0.2") },
		{ .has_via = true, .via = address_of("10.0.0.3") },
	};
	struct hycan_route routes[] = { route_via("10.20.0.0/16", "10.0.0.2"), route_via("fd20::/16", "fd00::2"),
		                        route_to("10.21.0.0/16"), with_metric(route_via("10.20.0.0/16", "10.0.0.3"), 7) };
	const size_t n = sizeof(routes) / sizeof(*routes);
	struct hycan_route other = route_via("10.20.0.0/16", "10.0.0.4");
	int fd;

	routes[2].has_nexthops = true;
	routes[2].nexthops = hops;
	routes[2].n_nexthops = 2;
	for (size_t i = 0; i < n; i++)
		add(w, &routes[i]);
	/* with the last address of a link its IPv4 routes would go */
	free(shell("ip addr add 10.9.0.1/24 dev va && ip addr del 10.0.0.1/24 dev va && ip addr del fd00::1/64 dev va"));
	for (size_t i = 0; i < n; i++)
		changes_nothing(w, &routes[i]);
	fd = announcements_open();
	for (size_t i = 0; i < n; i++)
		assert_done(w->h, hycan_route_replace(w->h, &routes[i]));
	changes_nothing_in_steps(w, routes, n, true);
	changes_nothing_in_steps(w, routes, n, false);
	state_again(w, routes, n);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
	/* a gateway that has become this machine */
	free(shell("ip addr add 10.0.0.2/32 dev vb && ip addr add fd00::2/128 dev vb nodad"));
	routing_settle();
	for (size_t i = 0; i < n; i++)
		changes_nothing(w, &routes[i]);
	/* which is what nothing else is told about */
	refused(w, &other, HYCAN_REFUSAL_INVALID, "via", "10.0.0.4 cannot be reached");
	hycan_set_exclusive(w->h, true);
	for (size_t i = 0; i < n; i++)
		refused(w, &routes[i], HYCAN_REFUSAL_EXISTS, "destination", "exists already");
}

static void what_ip_made_is_the_same(void **state)
{
	struct world *w = *state;
	struct hycan_route r = route_via("10.20.0.0/16", "10.0.0.2");

	free(shell("ip route add 10.20.0.0/16 via 10.0.0.2 && ip route add fd20::/16 via fd00::2 proto boot && "
	           "ip route append fd22::/16 dev vb && ip route append fd22::/16 dev va"));
	changes_nothing(w, &r);
	r = route_via("fd20::/16", "fd00::2");
	changes_nothing(w, &r);
	/* IPv6 has two in one place here */
	r = over(route_to("fd22::/16"), "va");
	changes_nothing(w, &r);
	r = over(route_to("fd22::/16"), "vb");
	changes_nothing(w, &r);
	r = over(route_to("fd22::/16"), "lo");
	refused(w, &r, HYCAN_REFUSAL_EXISTS, "destination", "over v");
	/* and what the kernel made is there as well, but has a source */
	r = over(route_to("10.0.0.0/24"), "va");
	refused(w, &r, HYCAN_REFUSAL_EXISTS, "destination", "over va");
}

static void shows_what_is_there_instead(void **state)
{
	struct world *w = *state;
	struct hycan_route r;

	free(shell("ip route add 10.20.0.0/16 via 10.0.0.2 && ip route add fd20::/16 via fd00::2 && "
	           "ip route add 10.20.0.0/16 via 10.0.0.9 table 100"));
	r = route_via("10.20.0.0/16", "10.0.0.3");
	refused(w, &r, HYCAN_REFUSAL_EXISTS, "destination",
	        "Another route to 10.20.0.0/16 with this metric exists already, via 10.0.0.2 over va");
	r = in_table(r, 100);
	refused(w, &r, HYCAN_REFUSAL_EXISTS, "destination", "via 10.0.0.9 over va");
	r = route_via("fd20::/16", "fd00::3");
	refused(w, &r, HYCAN_REFUSAL_EXISTS, "destination", "via fd00::2 over va");
	r = route_via("fd20::/16", "fd00::2");
	r.has_mtu = true;
	r.mtu = 1400;
	refused(w, &r, HYCAN_REFUSAL_EXISTS, "destination", "via fd00::2 over va");
	r = route_via("10.20.0.0/16", "10.0.0.2");
	r.has_mtu = true;
	r.mtu = 1400;
	refused(w, &r, HYCAN_REFUSAL_EXISTS, "destination", "via 10.0.0.2 over va");
}

static void refuses_what_makes_no_sense(void **state)
{
	struct world *w = *state;
	const struct hycan_nexthop hop = { .has_via = true, .via = address_of("10.0.0.2") };
	const struct hycan_nexthop empty = { .has_weight = true, .weight = 1 };
	struct hycan_route r;

	r = route_to("10.20.0.0/16");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "via", "a gateway (via), a link, or both");
	r = route_to("fd20::/16");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "via", "a gateway (via), a link, or both");
	r = route_via("fd20::/16", "10.0.0.2");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "via", "IPv4 gateway");
	r = route_via("10.20.0.0/16", "0.0.0.0");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "via", "unspecified");
	r = route_via("fd20::/16", "fe80::1");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "via", "give the link");
	r = route_via("10.20.0.0/16", "192.0.2.1");
	r.has_onlink = r.onlink = true;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "via", "onlink needs the link");
	r = in_table(route_via("10.20.0.0/16", "10.0.0.2"), 0);
	refused(w, &r, HYCAN_REFUSAL_INVALID, "table", "Table 0");
	r = route_via("10.20.0.0/16", "10.0.0.2");
	r.has_source = true;
	r.source = address_of("fd00::1");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "source", "another family");
	r.source = address_of("10.0.0.77");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "", "The kernel takes no such route: Invalid prefsrc address");
	r = route_via("10.20.0.0/16", "10.0.0.2");
	r.has_mtu = true;
	r.mtu = 65521;
	refused(w, &r, HYCAN_REFUSAL_OUT_OF_RANGE, "mtu", "65520");
	r = route_via("10.20.0.0/16", "10.0.0.2");
	r.has_nexthops = true;
	r.nexthops = &hop;
	r.n_nexthops = 1;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "nexthops", "not both");
	r.has_via = false;
	r.nexthops = &empty;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "nexthops", "a gateway (via), a link, or both");
}

static void says_what_is_missing(void **state)
{
	struct world *w = *state;
	struct hycan_nexthop hops[] = {
		{ .has_via = true, .via = address_of("10.0.0.2") },
		{ .has_link = true, .link = "noway" },
	};
	struct hycan_route r;

	r = over(route_to("10.20.0.0/16"), "nolink");
	refused(w, &r, HYCAN_REFUSAL_NOT_FOUND, "link", "no link “nolink”");
	r = over(route_to("fd20::/16"), "nolink");
	refused(w, &r, HYCAN_REFUSAL_NOT_FOUND, "link", "no link “nolink”");
	r = route_to("10.20.0.0/16");
	r.has_nexthops = true;
	r.nexthops = hops;
	r.n_nexthops = 2;
	refused(w, &r, HYCAN_REFUSAL_NOT_FOUND, "nexthops", "no link “noway”");
	hops[1] = (struct hycan_nexthop){ .has_via = true, .via = address_of("192.0.2.1") };
	refused(w, &r, HYCAN_REFUSAL_INVALID, "nexthops", "cannot be reached");
	r = route_via("10.20.0.0/16", "192.0.2.1");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "via", "192.0.2.1 cannot be reached");
	r = route_via("fd20::/16", "2001:db8::1");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "via", "2001:db8::1 cannot be reached");
	/* the one that has it is another */
	r = over(route_via("10.20.0.0/16", "10.0.0.2"), "vb");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "via", "over the link “vb”");
	/* said once, with one full stop */
	hops[0] = (struct hycan_nexthop){ .has_link = true, .link = "va" };
	hops[1] = (struct hycan_nexthop){ .has_link = true, .link = "vb" };
	r = route_to("fd20::/16");
	r.has_nexthops = true;
	r.nexthops = hops;
	r.n_nexthops = 2;
	refused(w, &r, HYCAN_REFUSAL_INVALID, "", "The kernel takes no such route: ");
	assert_lacks(hycan_error_message(w->h), "..");
	free(shell("ip link set vb down"));
	r = over(route_to("10.20.0.0/16"), "vb");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "link", "“vb” is down");
	r = over(route_to("fd20::/16"), "vb");
	refused(w, &r, HYCAN_REFUSAL_INVALID, "link", "“vb” is down");
}

static void has_at_most_so_many_ways(void **state)
{
	struct world *w = *state;
	struct hycan_nexthop hops[101];
	struct hycan_route r = route_to("10.50.0.0/16"), six = route_to("fd50::/16");
	struct hycan_nexthop sixes[100];

	for (size_t i = 0; i < 101; i++) {
		hops[i] = (struct hycan_nexthop){ .has_via = true, .via = address_of("fd00::7"), .has_link = true, .link = "va" };
		hops[i].via.bytes[14] = (uint8_t)((i + 2) >> 8);
		hops[i].via.bytes[15] = (uint8_t)(i + 2);
		if (i < 100)
			sixes[i] = hops[i];
	}
	r.has_nexthops = six.has_nexthops = true;
	r.nexthops = hops;
	six.nexthops = sixes;
	six.n_nexthops = r.n_nexthops = 100;
	add(w, &r);
	changes_nothing(w, &r);
	add(w, &six);
	changes_nothing(w, &six);
	assert_output("100\n", "ip route show 10.50.0.0/16 | grep -c nexthop");
	assert_output("100\n", "ip -6 route show fd50::/16 | grep -c nexthop");
	r.n_nexthops = 101;
	refused(w, &r, HYCAN_REFUSAL_LIMIT, "nexthops", "at most 100");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(adds_what_is_given, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(adds_routes_that_go_nowhere, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(adds_several_ways, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(asked_twice_changes_nothing, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(metric_may_be_the_kernels_own, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(what_is_there_need_not_be_within_reach, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(what_ip_made_is_the_same, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(shows_what_is_there_instead, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(refuses_what_makes_no_sense, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(says_what_is_missing, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(has_at_most_so_many_ways, routing_begin_with_addresses, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

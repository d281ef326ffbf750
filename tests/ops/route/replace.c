/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.replace */
#include "routing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "objects.h"
#include "planned.h"

static void replace(struct world *w, const struct hycan_route *route)
{
	assert_done(w->h, hycan_route_replace(w->h, route));
}

static void changes_nothing(struct world *w, const struct hycan_route *route)
{
	int fd = announcements_open();

	replace(w, route);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

static void adds_replaces_and_leaves(void **state)
{
	struct world *w = *state;
	struct hycan_route four = route_via("10.20.0.0/16", "10.0.0.2"), six = route_via("fd20::/16", "fd00::2");
	int fd = announcements_open();

	replace(w, &four);
	assert_int_equal(announcements_count(fd), 1);
	replace(w, &six);
	assert_int_equal(announcements_count(fd), 1);
	close(fd);
	assert_output("10.20.0.0/16 via 10.0.0.2 dev va proto static\n", "ip route show 10.20.0.0/16");
	assert_output("fd20::/16 via fd00::2 dev va proto static metric 1024 pref medium\n", "ip -6 route show fd20::/16");
	changes_nothing(w, &four);
	changes_nothing(w, &six);
	four.via = address_of("10.0.0.3");
	six.via = address_of("fd00::3");
	replace(w, &four);
	replace(w, &six);
	changes_nothing(w, &four);
	changes_nothing(w, &six);
	assert_output("10.20.0.0/16 via 10.0.0.3 dev va proto static\n", "ip route show 10.20.0.0/16");
	assert_output("fd20::/16 via fd00::3 dev va proto static metric 1024 pref medium\n", "ip -6 route show fd20::/16");
}

static void leaves_other_metrics_and_tables_alone(void **state)
{
	struct world *w = *state;
	struct hycan_route r = route_via("10.20.0.0/16", "10.0.0.9"), six = route_via("fd20::/16", "fd00::9");

	r.has_metric = r.has_table = six.has_metric = six.has_table = true;
	r.metric = six.metric = 5;
	for (uint32_t table = 100; table < 1000; table += 800) {
		r.table = six.table = table;
		replace(w, &r);
		replace(w, &six);
		r.metric = six.metric = 6;
		replace(w, &r);
		replace(w, &six);
		r.metric = six.metric = 5;
		r.via = address_of("10.0.0.8");
		six.via = address_of("fd00::8");
		replace(w, &r);
		replace(w, &six);
		r.via = address_of("10.0.0.9");
		six.via = address_of("fd00::9");
		assert_output("10.20.0.0/16 via 10.0.0.8 dev va proto static metric 5\n"
		              "10.20.0.0/16 via 10.0.0.9 dev va proto static metric 6\n",
		              "ip route show table %u", table);
		assert_output("fd20::/16 via fd00::8 dev va proto static metric 5 pref medium\n"
		              "fd20::/16 via fd00::9 dev va proto static metric 6 pref medium\n",
		              "ip -6 route show table %u", table);
	}
}

static void changes_the_kind_of_route(void **state)
{
	struct world *w = *state;
	const struct hycan_nexthop hops[] = { { .has_via = true, .via = address_of("10.0.0.2") },
		                              { .has_via = true, .via = address_of("10.0.0.3") } };
	const struct hycan_nexthop sixes[] = { { .has_via = true, .via = address_of("fd00::2") },
		                               { .has_via = true, .via = address_of("fd00::3") } };
	struct hycan_route several = route_to("10.20.0.0/16"), six_several = route_to("fd20::/16");
	struct hycan_route one = route_via("10.20.0.0/16", "10.0.0.4"), six_one = route_via("fd20::/16", "fd00::4");
	struct hycan_route none = route_to("10.20.0.0/16"), six_none = route_to("fd20::/16");

	several.has_nexthops = six_several.has_nexthops = none.has_type = six_none.has_type = true;
	several.nexthops = hops;
	six_several.nexthops = sixes;
	several.n_nexthops = six_several.n_nexthops = 2;
	none.type = six_none.type = HYCAN_ROUTE_TYPE_UNREACHABLE;
	for (int i = 0; i < 2; i++) {
		replace(w, &several);
		replace(w, &six_several);
		changes_nothing(w, &several);
		changes_nothing(w, &six_several);
		assert_output("2\n2\n",
		              "ip route show 10.20.0.0/16 | grep -c nexthop; ip -6 route show fd20::/16 | grep -c nexthop");
		replace(w, &one);
		replace(w, &six_one);
		changes_nothing(w, &one);
		changes_nothing(w, &six_one);
		assert_output("10.20.0.0/16 via 10.0.0.4 dev va proto static\n", "ip route show 10.20.0.0/16");
		assert_output("fd20::/16 via fd00::4 dev va proto static metric 1024 pref medium\n", "ip -6 route show fd20::/16");
		replace(w, &none);
		replace(w, &six_none);
		changes_nothing(w, &none);
		changes_nothing(w, &six_none);
		assert_output("unreachable 10.20.0.0/16 proto static\n", "ip route show 10.20.0.0/16");
		assert_output("unreachable fd20::/16 dev lo proto static metric 1024 pref medium\n", "ip -6 route show fd20::/16");
	}
}

static void a_refusal_leaves_what_is_there(void **state)
{
	struct world *w = *state;
	struct hycan_route r = route_via("10.20.0.0/16", "10.0.0.2"), six = route_via("fd20::/16", "fd00::2");
	int fd;

	replace(w, &r);
	replace(w, &six);
	fd = announcements_open();
	r.via = address_of("192.0.2.1");
	six.via = address_of("2001:db8::1");
	assert_refused(w->h, hycan_route_replace(w->h, &r), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "192.0.2.1 cannot be reached");
	assert_refused(w->h, hycan_route_replace(w->h, &six), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "2001:db8::1 cannot be reached");
	r = route_to("10.20.0.0/16");
	assert_refused(w->h, hycan_route_replace(w->h, &r), HYCAN_REFUSAL_INVALID);
	r.has_link = true;
	snprintf(r.link, sizeof(r.link), "nolink");
	assert_refused(w->h, hycan_route_replace(w->h, &r), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "no link “nolink”");
	assert_string_equal(hycan_error_field(w->h), "link");
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
	assert_output("10.20.0.0/16 via 10.0.0.2 dev va proto static\n", "ip route show 10.20.0.0/16");
	assert_output("fd20::/16 via fd00::2 dev va proto static metric 1024 pref medium\n", "ip -6 route show fd20::/16");
}

/* The kernel tells of a metric that nobody asked for; the route that is put back is the one that the ledger had. */
static void what_is_not_confirmed_is_whose_it_was(void **state)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true },
						   confirm = { .has_confirm_within = true, .confirm_within = 600 };
	const struct hycan_object_list_options routes = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_ROUTE };
	struct hycan_route route = route_via("fd20::/16", "fd00::2"), other = route_via("fd20::/16", "fd00::3");
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;
	char *before, *after;

	replace(w, &route);
	before = objects_text(w->h, &routes);
	assert_contains(before, "fd20::/16");
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)hycan_route_replace(w->h, &other);
	assert_done(w->h, hycan_transaction_commit(w->h, &plan, &reply));
	after = planned_lines(reply);
	assert_string_equal(after, "0 ~ route.replace fd20::/16: via fd00::2, link va -> via fd00::3, link default\n");
	free(after);
	free(reply);
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)hycan_route_replace(w->h, &other);
	assert_done(w->h, hycan_transaction_commit(w->h, &confirm, &reply));
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	assert_output("fd20::/16 via fd00::2 dev va proto static metric 1024 pref medium\n", "ip -6 route show fd20::/16");
	after = objects_text(w->h, &routes);
	assert_string_equal(after, before);
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(adds_replaces_and_leaves, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(leaves_other_metrics_and_tables_alone, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(changes_the_kind_of_route, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(a_refusal_leaves_what_is_there, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(what_is_not_confirmed_is_whose_it_was, routing_begin_with_addresses, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

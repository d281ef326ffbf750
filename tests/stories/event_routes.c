/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes that have one place in common, as the routes of a network on several links, and those that go to another link. */
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "routing.h"

static const enum hycan_event_family routes[] = { HYCAN_EVENT_FAMILY_ROUTE };
static const struct hycan_event_subscribe_options only_routes = { .has_families = true, .families = routes, .n_families = 1 };

static int begin(void **state)
{
	int r = routing_begin(state);

	free(shell("ip link add vc type veth peer name vd; ip link set vc up; ip link set vd up; "
	           "ip addr add 10.10.0.1/24 dev va; ip addr add 10.11.0.1/24 dev vb; ip addr add 10.12.0.1/24 dev vc"));
	routing_settle();
	return r;
}

/* Nothing was told as changed, up to and with what is done now. */
static void assert_no_change(struct events *e, const char *prefix)
{
	size_t n = 0;

	free(shell("ip route add 10.66.0.0/16 dev va"));
	events_until(e, "new route 10.66.0.0/16");
	free(shell("ip route del 10.66.0.0/16 dev va"));
	events_until(e, "gone route 10.66.0.0/16");
	for (size_t i = 0; i < e->n_lines; i++)
		n += strncmp(e->line[i], "changed ", 8) == 0 && strncmp(e->line[i] + 8, prefix, strlen(prefix)) == 0;
	assert_int_equal(n, 0);
}

/* What goes is told, and not what stands behind it. */
static void test_one_goes(void **state)
{
	struct world *w = *state;
	struct events e;

	free(shell("ip -6 route add fd09::/48 dev va metric 7; "
	           "ip -6 route append fd09::/48 dev vb metric 7; ip -6 route append fd09::/48 dev vc metric 7; "
	           "for i in 10 11 12; do ip route append 10.99.0.0/16 via 10.$i.0.9; done"));
	events_begin_complete(&e, w->h, &only_routes);
	assert_int_equal(events_count(&e, "route fd09::"), 3);
	free(shell("ip -6 route del fd09::/48 dev va metric 7"));
	events_until(&e, "gone route fd09::/48 table 254 metric 7 dev va by stranger");
	assert_true(events_know(&e, "route fd09::/48 table 254 metric 7 dev vb"));
	assert_true(events_know(&e, "route fd09::/48 table 254 metric 7 dev vc"));
	assert_int_equal(events_count(&e, "route fd09::"), 2);
	/* the one in the middle, and with it the last, of IPv4 */
	free(shell("ip route del 10.99.0.0/16 via 10.11.0.9"));
	events_until(&e, "gone route 10.99.0.0/16 table 254 metric 0 via 10.11.0.9 dev vb by stranger");
	free(shell("ip route del 10.99.0.0/16 via 10.10.0.9"));
	events_until(&e, "gone route 10.99.0.0/16 table 254 metric 0 via 10.10.0.9 dev va by stranger");
	assert_no_change(&e, "route");
	events_end(&e);
}

/* In a place, one comes and another one goes; that is told, whichever is told first. */
static void replace(struct events *e, const char *by, const char *from)
{
	const size_t at = e->at;

	free(shell("printf '%%s\n' 'route append fd09::/48 dev %s metric 7' 'route del fd09::/48 dev %s metric 7' | ip -6 -batch -",
	           by, from));
	events_until(e, "new route fd09::/48 table 254 metric 7 dev %s by stranger", by);
	e->at = at;
	events_until(e, "gone route fd09::/48 table 254 metric 7 dev %s by stranger", from);
	events_forget(e);
	assert_int_equal(events_count(e, "route fd09::"), 2);
}

/* Which of several has become which, nobody can tell: each is gone, or new. */
static void test_one_for_another(void **state)
{
	struct world *w = *state;
	struct events e;

	free(shell("ip -6 route add fd09::/48 dev va metric 7; ip -6 route append fd09::/48 dev vb metric 7"));
	events_begin_complete(&e, w->h, &only_routes);
	for (int i = 0; i < 5; i++) {
		replace(&e, "vc", "va");
		replace(&e, "va", "vc");
	}
	assert_no_change(&e, "route fd09::");
	events_end(&e);
}

/* Whoever wants to hear of one link is told that a route comes to it, or leaves it. */
static void test_another_link(void **state)
{
	static const char *const place[] = { "10.77.0.0/16", "fd77::/48" };
	struct hycan_event_subscribe_options of_va = only_routes, of_vb = only_routes, of_both = only_routes;
	struct world *w = *state;
	struct events a, b, both;

	of_va.has_name = of_vb.has_name = of_both.has_name = true;
	memcpy(of_va.name, "va", sizeof("va"));
	memcpy(of_vb.name, "vb", sizeof("vb"));
	memcpy(of_both.name, "v[ab]", sizeof("v[ab]"));
	free(shell("ip route add 10.77.0.0/16 dev va metric 7; ip -6 route add fd77::/48 dev va metric 7"));
	events_begin_complete(&a, w->h, &of_va);
	events_begin_complete(&b, w->h, &of_vb);
	events_begin_complete(&both, w->h, &of_both);
	for (size_t i = 0; i < 2; i++) {
		free(shell("ip route replace %s dev vb metric 7", place[i]));
		events_until(&a, "gone route %s table 254 metric 7 dev va by stranger", place[i]);
		events_until(&b, "new route %s table 254 metric 7 dev vb by stranger", place[i]);
		events_until(&both, "changed route %s table 254 metric 7 dev vb by stranger", place[i]);
		/* and to one of which none of them hears */
		free(shell("ip route replace %s dev vc metric 7", place[i]));
		events_until(&b, "gone route %s table 254 metric 7 dev vb by stranger", place[i]);
		events_until(&both, "gone route %s table 254 metric 7 dev vb by stranger", place[i]);
		free(shell("ip route replace %s dev va metric 7", place[i]));
		events_until(&a, "new route %s table 254 metric 7 dev va by stranger", place[i]);
		events_until(&both, "new route %s table 254 metric 7 dev va by stranger", place[i]);
	}
	events_end(&a);
	events_end(&b);
	events_end(&both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_goes, begin, world_end),
		cmocka_unit_test_setup_teardown(test_one_for_another, begin, world_end),
		cmocka_unit_test_setup_teardown(test_another_link, begin, world_end),
	};

	return cmocka_run_group_tests_name("event_routes", tests, NULL, NULL);
}

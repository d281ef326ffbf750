/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.remove */
#include "routing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void removed(struct world *w, const char *destination, const struct hycan_route_remove_options *options)
{
	const struct hycan_prefix to = prefix_of(destination);

	assert_done(w->h, hycan_route_remove(w->h, &to, options));
}

static void not_found(struct world *w, const char *destination, const struct hycan_route_remove_options *options)
{
	const struct hycan_prefix to = prefix_of(destination);
	int fd = announcements_open();

	assert_refused(w->h, hycan_route_remove(w->h, &to, options), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_field(w->h), "destination");
	assert_contains(hycan_error_message(w->h), destination);
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

/* What is left, by metric. */
static void assert_metrics(const char *expected, const char *destination)
{
	char command[512];

	snprintf(command, sizeof(command),
	         "ip -j %s route show %s table 100 2>/dev/null | python3 -c 'import json, sys; "
	         "print(*[r.get(\"metric\", 0) for r in json.loads(sys.stdin.read() or \"[]\")])'",
	         prefix_of(destination).address.family == HYCAN_FAMILY_IPV6 ? "-6" : "-4", destination);
	assert_output(expected, "%s", command);
}

#define TABLE .has_table = true, .table = 100

static void takes_the_first_that_matches(void **state)
{
	struct world *w = *state;
	const struct hycan_route_remove_options any = { TABLE };
	const struct hycan_route_remove_options seven = { TABLE, .has_metric = true, .metric = 7 };

	for (int i = 5; i < 9; i++)
		free(shell("ip route add 10.20.0.0/16 via 10.0.0.%d metric %d table 100 && "
		           "ip route add fd20::/16 via fd00::%d metric %d table 100",
		           i, i, i, i));
	removed(w, "10.20.0.0/16", &seven);
	removed(w, "fd20::/16", &seven);
	assert_metrics("5 6 8\n", "10.20.0.0/16");
	assert_metrics("5 6 8\n", "fd20::/16");
	not_found(w, "10.20.0.0/16", &seven);
	not_found(w, "fd20::/16", &seven);
	removed(w, "10.20.0.0/16", &any);
	removed(w, "fd20::/16", &any);
	assert_metrics("6 8\n", "10.20.0.0/16");
	assert_metrics("6 8\n", "fd20::/16");
	{
		const struct hycan_route_remove_options four = { TABLE, .has_via = true, .via = address_of("10.0.0.8") };
		const struct hycan_route_remove_options six = { TABLE, .has_via = true, .via = address_of("fd00::8") };

		removed(w, "10.20.0.0/16", &four);
		removed(w, "fd20::/16", &six);
		not_found(w, "10.20.0.0/16", &four);
		not_found(w, "fd20::/16", &six);
	}
	assert_metrics("6\n", "10.20.0.0/16");
	assert_metrics("6\n", "fd20::/16");
	not_found(w, "10.20.0.0/17", &any);
	not_found(w, "fd20::/17", &any);
	not_found(w, "0.0.0.0/0", &any);
	not_found(w, "10.20.0.0/16", NULL);
	not_found(w, "fd20::/16", NULL);
}

static void metric_0_is_no_other_metric(void **state)
{
	struct world *w = *state;
	const struct hycan_route_remove_options zero = { TABLE, .has_metric = true };

	free(shell("ip route add 10.20.0.0/16 via 10.0.0.2 metric 9 table 100 && "
	           "ip route add fd20::/16 via fd00::2 metric 9 table 100"));
	not_found(w, "10.20.0.0/16", &zero);
	not_found(w, "fd20::/16", &zero);
	free(shell("ip route add 10.20.0.0/16 via 10.0.0.3 table 100 && ip route add fd20::/16 via fd00::3 table 100"));
	assert_metrics("0 9\n", "10.20.0.0/16");
	assert_metrics("9 1024\n", "fd20::/16");
	removed(w, "10.20.0.0/16", &zero);
	removed(w, "fd20::/16", &zero);
	assert_metrics("9\n", "10.20.0.0/16");
	assert_metrics("9\n", "fd20::/16");
}

static void goes_by_link_and_type(void **state)
{
	struct world *w = *state;
	struct hycan_route_remove_options o = { TABLE, .has_link = true, .link = "vb" };

	free(shell("ip route add 10.20.0.0/16 dev va metric 1 table 100 && ip route add 10.20.0.0/16 dev vb metric 2 table 100 && "
	           "ip route add blackhole 10.20.0.0/16 metric 3 table 100 && "
	           "ip route add fd20::/16 dev va metric 1 table 100 && ip route add fd20::/16 dev vb metric 2 table 100 && "
	           "ip route add blackhole fd20::/16 metric 3 table 100"));
	removed(w, "10.20.0.0/16", &o);
	removed(w, "fd20::/16", &o);
	assert_metrics("1 3\n", "10.20.0.0/16");
	assert_metrics("1 3\n", "fd20::/16");
	not_found(w, "10.20.0.0/16", &o);
	not_found(w, "fd20::/16", &o);
	o = (struct hycan_route_remove_options){ TABLE, .has_type = true, .type = HYCAN_ROUTE_TYPE_PROHIBIT };
	not_found(w, "10.20.0.0/16", &o);
	not_found(w, "fd20::/16", &o);
	o.type = HYCAN_ROUTE_TYPE_BLACKHOLE;
	removed(w, "10.20.0.0/16", &o);
	removed(w, "fd20::/16", &o);
	assert_metrics("1\n", "10.20.0.0/16");
	assert_metrics("1\n", "fd20::/16");
	o.type = HYCAN_ROUTE_TYPE_UNICAST;
	removed(w, "10.20.0.0/16", &o);
	removed(w, "fd20::/16", &o);
	assert_metrics("\n", "10.20.0.0/16");
	assert_metrics("\n", "fd20::/16");

	o = (struct hycan_route_remove_options){ .has_link = true, .link = "nolink" };
	assert_refused(w->h, hycan_route_remove(w->h, &(struct hycan_prefix){ .address.family = HYCAN_FAMILY_IPV4 }, &o),
	               HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_field(w->h), "link");
	o = (struct hycan_route_remove_options){ .has_table = true };
	assert_refused(w->h, hycan_route_remove(w->h, &(struct hycan_prefix){ .address.family = HYCAN_FAMILY_IPV4 }, &o),
	               HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "table");
}

static void one_gateway_never_takes_several_ways(void **state)
{
	struct world *w = *state;
	struct hycan_route_remove_options four = { TABLE, .has_via = true }, six = four;

	free(shell("ip route add 10.20.0.0/16 table 100 nexthop via 10.0.0.2 nexthop via 10.0.0.3 && "
	           "ip route add fd20::/16 table 100 nexthop via fd00::2 nexthop via fd00::3"));
	for (int i = 2; i < 4; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.0.0.%d", i);
		four.via = address_of(text);
		snprintf(text, sizeof(text), "fd00::%d", i);
		six.via = address_of(text);
		not_found(w, "10.20.0.0/16", &four);
		assert_contains(hycan_error_message(w->h), "several ways");
		not_found(w, "fd20::/16", &six);
	}
	four = (struct hycan_route_remove_options){ TABLE, .has_link = true, .link = "va" };
	not_found(w, "10.20.0.0/16", &four);
	not_found(w, "fd20::/16", &four);
	four = (struct hycan_route_remove_options){ TABLE };
	removed(w, "10.20.0.0/16", &four);
	removed(w, "fd20::/16", &four);
	assert_output("", "ip route show table 100; ip -6 route show table 100");
}

static void removes_what_goes_through_the_other_family(void **state)
{
	struct world *w = *state;
	struct hycan_route_remove_options o = { TABLE, .has_via = true, .via = address_of("fd00::3") };

	free(shell("ip route add 10.20.0.0/16 via inet6 fd00::2 dev va table 100 && ip route add default via 10.0.0.2 table 100"));
	not_found(w, "10.20.0.0/16", &o);
	o.via = address_of("fd00::2");
	removed(w, "10.20.0.0/16", &o);
	o.via = address_of("10.0.0.2");
	removed(w, "0.0.0.0/0", &o);
	assert_output("", "ip route show table 100");
}

/* What is there for some sources alone is another route, whether it is looked for or not. */
static void leaves_those_for_some_sources(void **state)
{
	struct world *w = *state;
	struct hycan_route_remove_options o = { TABLE };

	/* kernels may do without such routes */
	need_success("routes for some sources", "ip -6 route add fd20::/16 from fd21::/16 via fd00::2 table 100");
	not_found(w, "fd20::/16", &o);
	o.has_via = true;
	o.via = address_of("fd00::2");
	not_found(w, "fd20::/16", &o);
	assert_output("1\n", "ip -6 route show table 100 | grep -c from");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_the_first_that_matches, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(metric_0_is_no_other_metric, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(goes_by_link_and_type, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(one_gateway_never_takes_several_ways, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(removes_what_goes_through_the_other_family, routing_begin_with_addresses,
		                                world_end),
		cmocka_unit_test_setup_teardown(leaves_those_for_some_sources, routing_begin_with_addresses, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

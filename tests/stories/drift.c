/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What strangers take away is in the ledger no more, and the log says so; what is taken away by requests is no drift. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "events.h"
#include "routing.h"

#define DRIFT "is gone, and not by a request"

#define DEADLINE_MS 20000

static void add_address(struct hycan *h, const char *link, const char *address)
{
	struct hycan_link_address a = { .address = prefix_of(address) };

	snprintf(a.link, sizeof(a.link), "%s", link);
	assert_done(h, hycan_address_add(h, &a));
}

static void add_route(struct hycan *h, const char *destination, const char *via)
{
	const struct hycan_route route = route_via(destination, via);

	assert_done(h, hycan_route_add(h, &route));
}

/* The objects as text, a line each. */
static char *objects(struct hycan *h)
{
	struct hycan_object *list = NULL;
	char *text = calloc(1, 65536);
	size_t n = 0, at = 0;

	assert_non_null(text);
	assert_done(h, hycan_object_list(h, NULL, &list, &n));
	for (size_t i = 0; i < n && at < 65000; i++)
		at += (size_t)snprintf(text + at, 65536 - at, "%s\n", list[i].identity);
	free(list);
	return text;
}

/* Waits until the ledger says exactly that. */
static void until_objects(struct hycan *h, const char *expected)
{
	const int64_t deadline = now_ms() + DEADLINE_MS * SLOWEST;
	char *text;

	while (strcmp(text = objects(h), expected) != 0 && now_ms() < deadline) {
		free(text);
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	assert_string_equal(text, expected);
	free(text);
}

static void assert_log_lacks(struct world *w, const char *part)
{
	char *log = world_log(w);

	assert_lacks(log, part);
	free(log);
}

/* Waits until the log says that. */
static void until_log(struct world *w, const char *part)
{
	shell_until(20, "grep -qF '%s' %s", part, w->log);
}

static void test_taken(void **state)
{
	struct world *w = *state;
	const struct hycan_rule rule = { .family = HYCAN_FAMILY_IPV4,
		                         .has_priority = true,
		                         .priority = 70,
		                         .has_from = true,
		                         .from = prefix_of("10.7.0.0/16"),
		                         .has_table = true,
		                         .table = 7 };

	add_address(w->h, "va", "10.1.0.1/24");
	add_address(w->h, "va", "fd01::1/64");
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	add_route(w->h, "fd09::/64", "fd01::2");
	assert_done(w->h, hycan_rule_add(w->h, &rule));
	/* nothing of it is ours, and what is stays */
	free(shell("ip route add 10.8.0.0/16 via 10.1.0.2; ip route del 10.8.0.0/16; ip rule add from 10.6.0.0/16; "
	           "ip rule del from 10.6.0.0/16"));
	free(shell("ip rule del priority 70"));
	until_objects(w->h, "va 10.1.0.1/24\nva fd01::1/64\n10.9.0.0/16 table main\nfd09::/64 table main\n");
	until_log(w, "priority 70");
	free(shell("ip route del 10.9.0.0/16"));
	until_objects(w->h, "va 10.1.0.1/24\nva fd01::1/64\nfd09::/64 table main\n");
	until_log(w, "10.9.0.0/16 table main, which uid 0 had asked for, " DRIFT);
	free(shell("ip -6 route del fd09::/64; ip addr del 10.1.0.1/24 dev va"));
	until_objects(w->h, "va fd01::1/64\n");
}

/* IPv4 routes go with their link, and the kernel says nothing; IPv6 addresses go, too. */
static void test_silent(void **state)
{
	struct world *w = *state;

	add_address(w->h, "va", "10.1.0.1/24");
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	free(shell("ip link set va down"));
	until_objects(w->h, "va 10.1.0.1/24\n");
	free(shell("ip link set va up"));
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	until_objects(w->h, "va 10.1.0.1/24\n10.9.0.0/16 table main\n");
	free(shell("ip link del va"));
	until_objects(w->h, "");
}

/* What goes along with an address that a request takes away is no stranger's doing, also where nobody hears which request it was. */
static void test_along(void **state)
{
	static const char *const gone[] = { "va 10.1.0.5/24", "10.9.0.0/16 table main" };
	const struct hycan_prefix first = prefix_of("10.1.0.1/24");
	struct world *w = *state;

	free(shell(
		"echo 0 >/proc/sys/net/ipv4/conf/all/promote_secondaries; echo 0 >/proc/sys/net/ipv4/conf/va/promote_secondaries"));
	/* what strangers did to the links at first is over when that is found */
	add_address(w->h, "va", "10.2.0.1/24");
	free(shell("ip address del 10.2.0.1/24 dev va"));
	until_objects(w->h, "");
	add_address(w->h, "va", "10.1.0.1/24");
	add_address(w->h, "va", "10.1.0.5/24");
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	assert_done(w->h, hycan_address_remove(w->h, "va", &first));
	until_objects(w->h, "");
	for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
		shell_until(20, "grep -qF '%s, which uid 0 had asked for, is gone along with what the daemon took away.' %s",
		            gone[i], w->log);
}

/* A link that a stranger renames is gone, with what is on it; one that goes to another namespace, too. */
static void test_moved(void **state)
{
	struct world *w = *state;

	add_address(w->h, "va", "10.1.0.1/24");
	add_address(w->h, "vb", "10.2.0.1/24");
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	free(shell("ip link set va name vz"));
	/* the route is what it was */
	until_objects(w->h, "vb 10.2.0.1/24\n10.9.0.0/16 table main\n");
	until_log(w, "va 10.1.0.1/24, which uid 0 had asked for, " DRIFT);
	free(shell("unshare -n sleep 60 & pid=$!; until test $(readlink /proc/$pid/ns/net) != $(readlink /proc/self/ns/net); do :; "
	           "done; "
	           "ip link set vb netns $pid; kill $pid"));
	/* the namespace ends, and the other end of the cable with it */
	until_objects(w->h, "");
}

static void test_many(void **state)
{
	enum { N = 3000 };
	struct world *w = *state;

	free(routing_load(w->h, N));
	free(shell("ip route show dev va | sed 's/^/route del /;/^route del 11.0.0.5 /d' | ip -batch -"));
	until_objects(w->h, "11.0.0.5/32 table main\n");
	/* one line for each of the first, and then their number: that of a look, of which there may be several meanwhile */
	until_log(w, " in all are gone");
}

/* By requests, this way and that: no word of drift. */
static void test_ours(void **state)
{
	struct world *w = *state;
	const struct hycan_prefix address = prefix_of("10.1.0.1/24"), destination = prefix_of("10.9.0.0/16");

	for (int i = 0; i < 20; i++) {
		add_address(w->h, "va", "10.1.0.1/24");
		add_address(w->h, "va", "fd01::1/64");
		add_route(w->h, "10.9.0.0/16", "10.1.0.2");
		add_route(w->h, "fd09::/64", "fd01::2");
		assert_done(w->h, hycan_route_remove(w->h, &destination, NULL));
		assert_done(w->h, hycan_address_remove(w->h, "va", &address));
		assert_done(w->h, hycan_link_down(w->h, "va"));
		assert_done(w->h, hycan_link_up(w->h, "va"));
		add_address(w->h, "va", "fd01::1/64");
	}
	assert_done(w->h, hycan_link_delete(w->h, "va"));
	until_objects(w->h, "");
	/* long enough for a look */
	nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL);
	assert_log_lacks(w, "10.9.0.0/16 table main, which");
	assert_log_lacks(w, "va 10.1.0.1/24, which");
}

/* What strangers put in the place of a route is another one: it is gone without that. */
static void others_in_its_place(struct world *w)
{
	add_address(w->h, "va", "10.1.0.1/24");
	add_address(w->h, "va", "fd01::1/64");
	add_route(w->h, "10.8.0.0/16", "10.1.0.2");
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	add_route(w->h, "fd08::/64", "fd01::2");
	add_route(w->h, "fd09::/64", "fd01::2");
	free(shell("ip route prepend 10.8.0.0/16 via 10.1.0.9; ip route prepend 10.9.0.0/16 via 10.1.0.9; "
	           "ip -6 route append fd08::/64 via fd01::9; ip -6 route append fd09::/64 via fd01::9"));
	/* of the others one goes, and the own one stays */
	free(shell("ip route append 10.8.0.0/16 via 10.1.0.8; ip route del 10.8.0.0/16 via 10.1.0.9; "
	           "ip -6 route append fd08::/64 via fd01::8; ip -6 route del fd08::/64 via fd01::9"));
	free(shell("ip route del 10.9.0.0/16 via 10.1.0.2; ip -6 route del fd09::/64 via fd01::2"));
	until_objects(w->h, "va 10.1.0.1/24\nva fd01::1/64\n10.8.0.0/16 table main\nfd08::/64 table main\n");
	until_log(w, "10.9.0.0/16 table main, which uid 0 had asked for, " DRIFT);
	until_log(w, "fd09::/64 table main, which uid 0 had asked for, " DRIFT);
	/* also where nobody says that it goes */
	free(shell("ip route prepend blackhole 10.8.0.0/16; ip link set va down"));
	until_objects(w->h, "va 10.1.0.1/24\n");
	until_log(w, "10.8.0.0/16 table main, which uid 0 had asked for, " DRIFT);
	assert_output("blackhole 10.8.0.0/16\n", "ip route show root 10.8.0.0/15");
}

static void test_others_in_its_place(void **state)
{
	others_in_its_place(*state);
}

/* Where somebody subscribes, what the kernel tells is compared with what there was. */
static void test_others_subscribed(void **state)
{
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;

	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	others_in_its_place(w);
	events_end(&e);
	hycan_close(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_taken, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_silent, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_along, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_moved, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_many, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_ours, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_others_in_its_place, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_others_subscribed, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("drift", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What strangers make something else of: reported, put right or left alone; what requests change is no drift. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "events.h"
#include "objects.h"

/* Waits until a shell command is content. */
#define until(command) shell_until(20, "%s", command)

static void add_address(struct hycan *h, const char *address)
{
	struct hycan_link_address a = { .link = "va", .address = prefix_of(address) };

	assert_done(h, hycan_address_add(h, &a));
}

static void add_route(struct hycan *h, const char *destination, const char *via)
{
	const struct hycan_route route = route_via(destination, via);

	assert_done(h, hycan_route_add(h, &route));
}

static void add_addresses(struct world *w)
{
	add_address(w->h, "10.1.0.1/24");
	add_address(w->h, "fd01::1/64");
	routing_settle();
}

static void until_log(struct world *w, const char *part)
{
	shell_until(20, "grep -qF '%s' %s || { cat %s; false; }", part, w->log, w->log);
}

static void assert_log_lacks(struct world *w, const char *part)
{
	char *log = world_log(w);

	world_assert_contains(log, part, false, __FILE__, __LINE__);
	free(log);
}

/* With nobody subscribed, only messages that say so are received. */
static void test_logged(void **state)
{
	const struct hycan_route mine = route_via("10.6.0.0/16", "10.1.0.3");
	struct world *w = *state;

	add_addresses(w);
	add_route(w->h, "10.5.0.0/16", "10.1.0.2");
	add_route(w->h, "10.6.0.0/16", "10.1.0.2");
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	add_route(w->h, "fd09::/64", "fd01::2");
	/* what is so already, what is a request's, and what is not ours */
	free(shell("ip route replace 10.5.0.0/16 via 10.1.0.2 proto static; ip addr replace 10.1.0.1/24 dev va"));
	assert_done(w->h, hycan_route_replace(w->h, &mine));
	free(shell("ip route add 10.8.0.0/16 via 10.1.0.2; ip route replace 10.8.0.0/16 via 10.1.0.3"));
	free(shell("ip route replace 10.9.0.0/16 via 10.1.0.4; ip -6 route replace fd09::/64 via fd01::4"));
	until_log(w, "10.9.0.0/16 table main, which uid 0 had asked for, was changed, and not by a request.");
	until_log(w, "fd09::/64 table main, which uid 0 had asked for, was changed, and not by a request.");
	free(shell("ip addr change 10.1.0.1/24 dev va valid_lft 1000 preferred_lft 1000"));
	until_log(w, "va 10.1.0.1/24, which uid 0 had asked for, was changed, and not by a request.");
	assert_log_lacks(w, "10.5.0.0/16 table main, which");
	assert_log_lacks(w, "10.6.0.0/16 table main, which");
	assert_log_lacks(w, "10.8.0.0/16 table main, which");
	/* it is there, and whose it was */
	assert_int_equal(objects_count(w->h), 6);
}

static void test_told(void **state)
{
	const struct hycan_route mine = route_via("10.6.0.0/16", "10.1.0.3");
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;

	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	add_addresses(w);
	add_route(w->h, "10.6.0.0/16", "10.1.0.2");
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	add_route(w->h, "fd09::/64", "fd01::2");
	assert_done(w->h, hycan_route_replace(w->h, &mine));
	events_until(&e, "changed route 10.6.0.0/16 table 254 metric 0 via 10.1.0.3 dev va by request 0 route.replace");
	free(shell("ip route replace 10.9.0.0/16 via 10.1.0.4"));
	events_until(&e, "changed route 10.9.0.0/16 table 254 metric 0 via 10.1.0.4 dev va by stranger");
	events_until(&e, "changed object route 10.9.0.0/16 table main uid 0 holders 1 by stranger");
	/* one more way beside it */
	free(shell("ip -6 route append fd09::/64 via fd01::4"));
	events_until(&e, "changed object route fd09::/64 table main uid 0 holders 1 by stranger");
	free(shell("ip addr change 10.1.0.1/24 dev va valid_lft 1000 preferred_lft 1000"));
	events_until(&e, "changed object address va 10.1.0.1/24 uid 0 holders 1 by stranger");
	events_settle(&e, 500);
	assert_log_lacks(w, "10.6.0.0/16 table main, which");
	assert_int_equal(objects_count(w->h), 5);
	events_end(&e);
	hycan_close(own);
}

static void test_repaired(void **state)
{
	struct hycan_link_address labelled = {
		.link = "va", .address = prefix_of("10.2.0.1/24"), .has_label = true, .label = "va:x"
	};
	struct world *w = *state;
	struct events e;

	events_begin_complete(&e, w->h, NULL);
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	add_addresses(w);
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	add_route(w->h, "fd09::/64", "fd01::2");
	free(shell("ip route replace 10.9.0.0/16 dev va"));
	events_until(&e, "changed route 10.9.0.0/16 table 254 metric 0 via 10.1.0.2 dev va by repair 0 route.add");
	until_log(w, "10.9.0.0/16 table main, which uid 0 had asked for, was changed, and is what it was.");
	/* it may be made again between the two, too */
	free(shell("printf 'route del 10.9.0.0/16\nroute add 10.9.0.0/16 via 10.1.0.4\n' | ip -batch - || true"));
	until("ip route show 10.9.0.0/16 | grep -q 'via 10.1.0.2 '");
	events_forget(&e);
	free(shell("ip -6 route replace fd09::/64 via fd01::4"));
	events_until(&e, "changed object route fd09::/64 table main uid 0 holders 1 by repair 0 route.add");
	until("ip -6 route show fd09::/64 | grep -q 'via fd01::2 '");
	free(shell("ip -6 route append fd09::/64 via fd01::4"));
	until("ip -6 route show fd09::/64 | grep -q '^fd09::/64 via fd01::2 '");
	free(shell("ip addr change 10.1.0.1/24 dev va valid_lft 1000 preferred_lft 1000; "
	           "ip addr change fd01::1/64 dev va preferred_lft 0"));
	until("ip addr show va | grep -A1 10.1.0.1/24 | grep -q 'valid_lft forever preferred_lft forever'");
	until("ip addr show va | grep -A1 fd01::1/64 | grep -q 'valid_lft forever preferred_lft forever'");
	/* the routes did not go with them */
	until("ip route show 10.9.0.0/16 | grep -q 'via 10.1.0.2 ' && ip -6 route show fd09::/64 | grep -q 'via fd01::2 '");
	assert_int_equal(objects_count(w->h), 4);
	/* what the kernel does not change while it is there */
	assert_done(w->h, hycan_address_add(w->h, &labelled));
	free(shell("for i in 1 2 3 4 5; do printf 'addr del 10.2.0.1/24 dev va\naddr add 10.2.0.1/24 dev va label va:y\n' | ip "
	           "-batch -; "
	           "for k in $(seq 600); do grep -q 'is changed, and cannot be made what it was now' %s && exit 0; sleep 0.05; "
	           "done; done; "
	           "exit 1",
	           w->log));
	events_end(&e);
}

/* What a request changes of what is to be repaired is what is wanted from then on. */
static void test_ours(void **state)
{
	const struct hycan_route mine = route_via("10.9.0.0/16", "10.1.0.3");
	struct world *w = *state;

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	add_addresses(w);
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	assert_done(w->h, hycan_route_replace(w->h, &mine));
	free(shell("ip route replace 10.9.0.0/16 via 10.1.0.9"));
	until("ip route show 10.9.0.0/16 | grep -q 'via 10.1.0.3 '");
	/* the next daemon sees what happened while there was none */
	world_stop_daemon(w, SIGKILL);
	free(shell("ip route replace 10.9.0.0/16 via 10.1.0.9"));
	world_start_daemon(w, NULL);
	until("ip route show 10.9.0.0/16 | grep -q 'via 10.1.0.3 '");
}

static void test_ignored(void **state)
{
	struct world *w = *state;

	add_addresses(w);
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	add_route(w->h, "10.9.0.0/16", "10.1.0.2");
	client_choose_drift(w->h, HYCAN_DRIFT_REPORT);
	add_route(w->h, "10.8.0.0/16", "10.1.0.2");
	free(shell("ip route replace 10.9.0.0/16 via 10.1.0.9; ip route replace 10.8.0.0/16 via 10.1.0.9"));
	until_log(w, "10.8.0.0/16 table main, which uid 0 had asked for, was changed");
	assert_log_lacks(w, "10.9.0.0/16 table main, which");
	free(shell("ip route show 10.9.0.0/16 | grep -q 'via 10.1.0.9 '"));
	assert_int_equal(objects_count(w->h), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_logged, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_told, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_repaired, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_ours, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_ignored, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("drift_changed", tests, NULL, NULL);
}

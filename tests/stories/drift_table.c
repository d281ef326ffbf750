/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stranger does to our table of nf_tables, and in another network namespace, is noticed. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "clock.h"
#include "events.h"
#include "health.h"
#include "network.h"
#include "objects.h"
#include "unconfirmed.h"

#define DEADLINE_MS 20000

static void add_masquerade(struct hycan *h, const char *subnet)
{
	const struct hycan_masquerade m = { .subnet = prefix_of(subnet) };

	assert_done(h, hycan_masquerade_add(h, &m));
}

static void add_ports(struct hycan *h, uint16_t first, uint16_t last)
{
	struct hycan_port_mapping m = { .protocol = HYCAN_TRANSPORT_TCP, .host_port = { first, last }, .to_port = 80 };

	m.to_address = prefix_of("10.1.0.2/32").address;
	assert_done(h, hycan_port_add(h, &m));
}

static void add_port(struct hycan *h, uint16_t port)
{
	add_ports(h, port, port);
}

static char *table(void)
{
	return shell("nft -s list table inet hycan 2>/dev/null | grep -v '^ *type' || true");
}

/* Waits until the table is this again. */
static void until_table_is(const char *expected)
{
	const int64_t deadline = now_ms() + DEADLINE_MS * SLOWEST;
	char *text;

	while (strcmp(text = table(), expected) != 0 && now_ms() < deadline) {
		free(text);
		nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	assert_string_equal(text, expected);
	free(text);
}

static void test_reported(void **state)
{
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;
	char *log;

	need_command("nft");
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	add_masquerade(w->h, "10.7.0.0/16");
	add_masquerade(w->h, "10.8.0.0/16");
	add_port(w->h, 8080);
	events_until(&e, "new object port");
	/* rules alone: nothing is lost, and nothing works */
	free(shell("nft flush chain inet hycan postrouting"));
	events_until(&e, "changed object masquerade 10.7.0.0/16 uid 0 holders 1 by stranger");
	assert_int_equal(objects_count(w->h), 3);
	/* which the next change puts right */
	add_masquerade(w->h, "10.9.0.0/16");
	free(shell("nft 'delete element inet hycan port_ipv4 { tcp . 8080 }; "
	           "add element inet hycan port_ipv4 { tcp . 8080 : 10.1.0.3 . 80 }'"));
	shell_until(20, "grep -q '8080 host_address 0.0.0.0, which uid 0 had asked for, was changed, and not by a request' %s",
	            w->log);
	free(shell("nft flush set inet hycan port_ipv4; nft flush map inet hycan port_ipv4"));
	events_until(&e, "gone object port tcp 8080 host_address 0.0.0.0 uid 0 holders 1 by stranger");
	assert_int_equal(objects_count(w->h), 3);
	free(shell("nft delete table inet hycan"));
	events_until(&e, "gone object masquerade 10.7.0.0/16 uid 0 holders 1 by stranger");
	events_until(&e, "gone object masquerade 10.9.0.0/16 uid 0 holders 1 by stranger");
	assert_int_equal(objects_count(w->h), 0);
	log = world_log(w);
	assert_contains(log, "Rules of the table inet hycan are gone");
	assert_contains(log, "10.7.0.0/16, which uid 0 had asked for, is gone, and not by a request.");
	free(log);
	/* our own removals are nobody else's */
	add_masquerade(w->h, "10.7.0.0/16");
	assert_done(w->h, hycan_masquerade_remove(w->h, &(struct hycan_masquerade){ .subnet = prefix_of("10.7.0.0/16") }));
	events_until(&e, "gone object masquerade 10.7.0.0/16 uid 0 holders 1 by request 0 masquerade.remove");
	events_end(&e);
	hycan_close(own);
}

static void test_repaired(void **state)
{
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;
	char *before;

	need_command("nft");
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	add_masquerade(w->h, "10.7.0.0/16");
	add_port(w->h, 8080);
	add_port(w->h, 8081);
	add_ports(w->h, 9000, 9001);
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	add_masquerade(w->h, "10.8.0.0/16");
	before = table();
	free(shell("nft flush chain inet hycan prerouting"));
	events_until(&e, "changed object");
	until_table_is(before);
	free(shell("nft flush map inet hycan port_ipv4"));
	events_until(&e, "changed object port tcp 8080 host_address 0.0.0.0 uid 0 holders 1 by repair 0 port.add");
	until_table_is(before);
	/* with the comment that tells a range, and without any */
	free(shell("nft 'delete element inet hycan port_ipv4 { tcp . 8081, tcp . 9001 }; add element inet hycan port_ipv4 { "
	           "tcp . 8081 : 10.1.0.2 . 81, tcp . 9001 comment \"9000-9001\" : 10.1.0.3 . 81 }'"));
	until_table_is(before);
	free(before);
	free(shell("nft delete table inet hycan"));
	events_until(&e, "changed object masquerade 10.7.0.0/16 uid 0 holders 1 by repair 0 masquerade.add");
	/* one after the other, in no order that is promised */
	for (int port = 8080; port <= 8081; port++)
		shell_until(20, "nft list table inet hycan 2>/dev/null | grep -q %d", port);
	before = table();
	assert_contains(before, "10.7.0.0");
	assert_null(strstr(before, "10.8.0.0"));
	free(before);
	/* what is to be ignored belongs to whom it belonged */
	assert_int_equal(objects_count(w->h), 5);
	events_end(&e);
	hycan_close(own);
}

static void begin_to_remove(struct hycan *h)
{
	const struct hycan_port_remove_options ipv6 = { .has_family = true, .family = HYCAN_FAMILY_IPV6 };
	const struct hycan_port_range one = { 8080, 8080 }, some = { 9000, 9001 };

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_port_remove(h, HYCAN_TRANSPORT_TCP, &one, NULL));
	assert_done(h, hycan_port_remove(h, HYCAN_TRANSPORT_TCP, &some, NULL));
	assert_done(h, hycan_port_remove(h, HYCAN_TRANSPORT_TCP, &one, &ipv6));
	assert_done(h, hycan_masquerade_remove(h, &(struct hycan_masquerade){ .subnet = prefix_of("10.7.0.0/16") }));
}

/* What a transaction took away, and is put back, is repaired as it was before. */
static void test_put_back(void **state)
{
	const struct hycan_port_mapping ipv6 = { .protocol = HYCAN_TRANSPORT_TCP,
		                                 .host_port = { 8080, 8080 },
		                                 .to_address = prefix_of("fd01::2/128").address,
		                                 .to_port = 80 };
	static const char *const made[] = { "8080 : 10.1.0.2 . 80", "9000-9001", "8080 : fd01::2 . 80", "10.7.0.0" };
	struct world *w = *state;

	need_command("nft");
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	add_masquerade(w->h, "10.7.0.0/16");
	add_port(w->h, 8080);
	add_ports(w->h, 9000, 9001);
	assert_done(w->h, hycan_port_add(w->h, &ipv6));
	for (int waits = 0; waits < 2; waits++) {
		begin_to_remove(w->h);
		unconfirmed_in_vain(w->h, waits);
		free(shell("nft delete table inet hycan"));
		for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++)
			shell_until(20, "nft list table inet hycan 2>/dev/null | grep -q '%s'", made[i]);
	}
}

/* In another namespace, while a connection acts there. */
static void test_elsewhere(void **state)
{
	struct world *w = *state;
	const struct hycan_route route = { .destination = prefix_of("10.9.0.0/16"), .has_link = true, .link = "lo" };
	struct hycan *there = NULL;
	struct events e;
	int netns;

	need_command("nft");
	free(shell("ip netns add other && ip -n other link set lo up"));
	netns = open("/run/netns/other", O_RDONLY | O_CLOEXEC);
	assert_true(netns >= 0);
	events_begin_complete(&e, w->h, NULL);
	assert_int_equal(hycan_open(&there, w->socket), 0);
	assert_done(there, hycan_session_netns(there, netns, NULL));
	close(netns);
	assert_done(there, hycan_route_add(there, &route));
	events_until(&e, "new object route 10.9.0.0/16");
	free(shell("ip -n other route del 10.9.0.0/16"));
	events_until(&e, "gone object route 10.9.0.0/16 table main uid 0 holders 1 by stranger");
	client_choose_drift(there, HYCAN_DRIFT_REPAIR);
	assert_done(there, hycan_route_add(there, &route));
	add_masquerade(there, "10.7.0.0/16");
	events_until(&e, "new object masquerade 10.7.0.0/16");
	free(shell("ip -n other route del 10.9.0.0/16"));
	events_until(&e, "changed object route 10.9.0.0/16 table main uid 0 holders 1 by repair 0 route.add");
	free(shell("ip -n other route show 10.9.0.0/16 | grep -q lo"));
	free(shell("ip netns exec other nft flush ruleset"));
	events_until(&e, "changed object masquerade 10.7.0.0/16 uid 0 holders 1 by repair 0 masquerade.add");
	free(shell("ip netns exec other nft list table inet hycan | grep -q 10.7.0.0"));
	/* nobody keeps the namespace when the connection is gone */
	hycan_close(there);
	free(shell("ip netns del other"));
	events_end(&e);
}

/* Elements of a network: as long as it is told what it is, it is there, and does not work. */
static void test_network_reported(void **state)
{
	struct world *w = *state;
	struct hycan *own = NULL;
	struct events e;

	need_command("nft");
	network_make_parent();
	assert_int_equal(hycan_open(&own, w->socket), 0);
	events_begin_complete(&e, own, NULL);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	events_until(&e, "new object network 101");
	free(shell("nft flush set inet hycan network_way"));
	events_until(&e, "changed object network 100 link net100 uid 0 holders 1 by stranger");
	shell_until(20, "grep -q '100 link net100, which uid 0 had asked for, was changed, and not by a request' %s", w->log);
	/* nobody says anything of the one that is to be ignored, and what a request does is no drift */
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, hycan_network_nat(w->h, 100, false, NULL));
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	events_settle(&e, 700);
	assert_false(events_heard(&e, "changed object network 101 link net101 uid 0 holders 1 by stranger"));
	assert_false(events_heard(&e, "changed object network 100 link net100 uid 0 holders 1 by stranger"));
	assert_no_drift(w->h, 100);
	/* what came makes something else of it, too */
	client_choose_drift(w->h, HYCAN_DRIFT_REPORT);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	free(shell("nft add element inet hycan network_way '{ \"net100\" . \"net9\" }'"));
	events_until(&e, "changed object network 100 link net100 uid 0 holders 1 by stranger");
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	free(shell("nft add element inet hycan network_nat '{ net100 }'"));
	events_until(&e, "changed object network 100 link net100 uid 0 holders 1 by stranger");
	events_end(&e);
	hycan_close(own);
}

static void test_network_repaired(void **state)
{
	struct world *w = *state;
	char *before, *text;

	need_command("nft");
	network_make_parent();
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, hycan_network_nat(w->h, 100, false, NULL));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, true, NULL));
	before = table();
	free(shell("nft flush set inet hycan network_way"));
	until_table_is(before);
	free(shell("nft add element inet hycan network_way '{ \"net101\" . \"net100\" }'"));
	until_table_is(before);
	/* that alone which says what was asked for */
	free(shell("nft flush set inet hycan network_allowed"));
	until_table_is(before);
	free(shell("nft flush map inet hycan network_vlan; nft flush map inet hycan network_ipv4"));
	until_table_is(before);
	/* how packets are treated, too */
	free(shell("nft 'add element inet hycan network_nat { net100 }; add element inet hycan network_internal { net100 }'"));
	until_table_is(before);
	free(before);
	assert_no_drift(w->h, 100);
	/* of one that is gone from the table its link is left; it is what was asked for, with the NAT that it had last: none */
	free(shell("nft delete table inet hycan"));
	shell_until(20, "nft list set inet hycan network | grep -q net100");
	shell_until(20, "! nft list set inet hycan network_nat | grep net100");
	/* the way between both, and none where one of them is another one since */
	shell_until(20, "nft list set inet hycan network_way | grep -q '\"net100\" . \"net101\"'");
	assert_no_drift(w->h, 100);
	assert_int_equal(objects_count(w->h), 4);
	assert_done(w->h, hycan_network_allow(w->h, 101, 100, true, NULL));
	assert_done(w->h, hycan_network_allow(w->h, 100, 101, false, NULL));
	/* asked for again, it is tried as often again */
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	free(shell("nft delete table inet hycan"));
	shell_until(20, "nft list set inet hycan network_way | grep -q '\"net101\" . \"net100\"'");
	assert_done(w->h, hycan_network_delete(w->h, 101, NULL));
	assert_done(w->h, network_create(w->h, "101 10.8.0.0/24 10.8.0.1 red"));
	free(shell("nft delete table inet hycan"));
	shell_until(20, "nft list set inet hycan network | grep -q net100 && nft list set inet hycan network | grep -q net101");
	assert_done(w->h, hycan_network_nat(w->h, 101, false, NULL));
	text = shell("nft list set inet hycan network_way");
	assert_null(strstr(text, "\"net100\" . \"net101\""));
	assert_null(strstr(text, "\"net101\" . \"net100\""));
	free(text);
}

/* The rules of a former release, which made one fewer, are made anew by the next daemon, and were nobody's doing. */
static void test_former_release(void **state)
{
	struct world *w = *state;
	char *before;

	need_command("nft");
	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	before = table();
	world_stop_daemon(w, SIGKILL);
	free(shell("nft delete rule inet hycan forward handle $(nft -a list chain inet hycan forward | sed -n 's/.*related.*handle "
	           "//p')"));
	world_start_daemon(w, NULL);
	until_table_is(before);
	free(before);
	shell_until(20, "grep -q 'were those of a former release, and are made anew' %s", w->log);
	assert_int_equal(shell_status(NULL, "grep 'Rules of the table inet hycan are gone' %s", w->log), 1);
	hycan_close(w->h);
	w->h = NULL;
	assert_int_equal(hycan_open(&w->h, w->socket), 0);
	assert_well(w->h);
	assert_no_drift(w->h, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reported, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_repaired, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_put_back, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_elsewhere, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_network_reported, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_network_repaired, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(test_former_release, routing_begin, world_end),
	};

	return cmocka_run_group_tests_name("drift_table", tests, NULL, NULL);
}

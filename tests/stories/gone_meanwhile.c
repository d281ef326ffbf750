/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client holds a stranger took away: he takes it away all the same, and holds it no more. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "events.h"
#include "nat.h"
#include "objects.h"

#define ALICE 4711
#define BOB   4712

static const struct hycan_rule *rule_70(void)
{
	static struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 70, .has_from = true, .has_table = true, .table = 7
	};

	rule.from = prefix_of("10.7.0.0/16");
	return &rule;
}

/* Each of these is gone from the kernel, and the ledger has it still. */
static void make_and_lose(struct world *w)
{
	const struct hycan_route four = route_via("10.20.0.0/16", "10.0.0.2"), six = route_via("fd20::/32", "fd00::2");

	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	client_add(w->h, "10.1.0.1/24");
	client_add(w->h, "fd01::1/64");
	assert_done(w->h, hycan_route_add(w->h, &four));
	assert_done(w->h, hycan_route_add(w->h, &six));
	assert_done(w->h, hycan_rule_add(w->h, rule_70()));
	free(shell("ip addr del 10.1.0.1/24 dev va && ip addr del fd01::1/64 dev va && ip route del 10.20.0.0/16 && "
	           "ip -6 route del fd20::/32 && ip rule del priority 70"));
	assert_int_equal(objects_count(w->h), 5);
}

static void remove_each(struct hycan *h, enum hycan_refusal expected)
{
	const struct hycan_prefix four = prefix_of("10.20.0.0/16"), six = prefix_of("fd20::/32");

	assert_int_equal(client_remove(h, "10.1.0.1/24"), expected);
	assert_int_equal(client_remove(h, "fd01::1/64"), expected);
	world_assert_result(h, hycan_route_remove(h, &four, NULL), expected, __FILE__, __LINE__);
	world_assert_result(h, hycan_route_remove(h, &six, NULL), expected, __FILE__, __LINE__);
	world_assert_result(h, hycan_rule_remove(h, rule_70()), expected, __FILE__, __LINE__);
}

static void test_let_go(void **state)
{
	struct world *w = *state;
	struct hycan *own = client_open(w);
	struct events e;

	make_and_lose(w);
	events_begin_complete(&e, own, NULL);
	remove_each(w->h, 0);
	events_until(&e, "gone object address va 10.1.0.1/24 uid 0 holders 1 by request 0 address.remove");
	events_until(&e, "gone object route 10.20.0.0/16 table main uid 0 holders 1 by request 0 route.remove");
	events_until(&e, "gone object rule");
	events_end(&e);
	hycan_close(own);
	assert_int_equal(objects_count(w->h), 0);
	remove_each(w->h, HYCAN_REFUSAL_NOT_FOUND);
	/* what somebody makes there now is nobody's */
	free(shell("ip route add 10.20.0.0/16 via 10.0.0.2 proto static"));
	(void)world_stop_daemon(w, SIGKILL);
	world_start_daemon(w, NULL);
	hycan_close(w->h);
	w->h = client_open(w);
	assert_int_equal(objects_count(w->h), 0);
}

/* A step that may not be gone is refused, and nothing is done. */
static void test_step(void **state)
{
	const struct hycan_transaction_run_options may_be_gone = { .has_may_be_gone = true, .may_be_gone = true };
	const struct hycan_prefix four = prefix_of("10.20.0.0/16");
	struct world *w = *state;

	make_and_lose(w);
	for (size_t i = 0; i < 2; i++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_route_remove(w->h, &four, NULL));
		assert_done(w->h, hycan_rule_remove(w->h, rule_70()));
		world_assert_result(w->h, hycan_transaction_commit(w->h, i ? &may_be_gone : NULL, NULL),
		                    i ? 0 : HYCAN_REFUSAL_NOT_FOUND, __FILE__, __LINE__);
		assert_int_equal(objects_count(w->h), i ? 3 : 5);
	}
}

static void test_table(void **state)
{
	const struct hycan_masquerade masquerade = nat_masquerade("10.200.0.0/24");
	const struct hycan_port_range ports = { .first = 8080, .last = 8080 };
	const struct hycan_port_mapping mapping = {
		.protocol = HYCAN_TRANSPORT_TCP, .host_port = ports, .to_address = address_of("10.0.0.2"), .to_port = 8080
	};
	struct world *w = *state;

	need_success("nf_tables in this kernel", "nft list ruleset");
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	assert_done(w->h, hycan_masquerade_add(w->h, &masquerade));
	assert_done(w->h, hycan_port_add(w->h, &mapping));
	free(shell("nft delete table inet hycan"));
	assert_int_equal(objects_count(w->h), 2);
	assert_done(w->h, hycan_masquerade_remove(w->h, &masquerade));
	assert_done(w->h, hycan_port_remove(w->h, HYCAN_TRANSPORT_TCP, &ports, NULL));
	assert_int_equal(objects_count(w->h), 0);
}

static void test_link(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	assert_done(w->h, hycan_vcan_create(w->h, "vcan7", NULL, NULL));
	free(shell("ip link del vcan7"));
	assert_int_equal(objects_count(w->h), 1);
	assert_done(w->h, hycan_link_delete(w->h, "vcan7"));
	assert_int_equal(objects_count(w->h), 0);
}

/* What has the place, or the name, and is another thing stays, and who holds what is there goes on to. */
static void test_another(void **state)
{
	const struct hycan_route_remove_options other = { .has_via = true, .via = address_of("10.0.0.9") };
	const struct hycan_route ours = route_via("10.20.0.0/16", "10.0.0.2");
	struct world *w = *state;

	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	client_add(w->h, "10.1.0.1/24");
	assert_done(w->h, hycan_route_add(w->h, &ours));
	assert_refused(w->h, hycan_route_remove(w->h, &ours.destination, &other), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(client_remove(w->h, "10.1.0.1/16"), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(objects_count(w->h), 2);
}

static void add_as_alice(struct world *w)
{
	struct hycan *h = client_open(w);

	client_choose_drift(h, HYCAN_DRIFT_IGNORE);
	client_add(h, "10.1.0.1/24");
	client_add(h, "10.2.0.1/24");
	hycan_close(h);
}

static void remove_as_bob(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_int_equal(client_remove(h, "10.1.0.1/24"), HYCAN_REFUSAL_DENIED);
	hycan_close(h);
}

static void remove_as_alice(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_int_equal(client_remove(h, "10.1.0.1/24"), 0);
	assert_int_equal(client_remove(h, "10.2.0.1/24"), 0);
	hycan_close(h);
}

/* Others go on holding it; root, too, lets go for itself alone. */
static void test_others(void **state)
{
	struct world *w = *state;

	world_as(ALICE, ALICE, add_as_alice, w);
	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	client_add(w->h, "10.2.0.1/24");
	free(shell("ip addr flush dev va"));
	world_as(BOB, BOB, remove_as_bob, w);
	assert_int_equal(client_remove(w->h, "10.1.0.1/24"), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(client_remove(w->h, "10.2.0.1/24"), 0);
	assert_int_equal(client_remove(w->h, "10.2.0.1/24"), HYCAN_REFUSAL_NOT_FOUND);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 2, 0);
	world_as(ALICE, ALICE, remove_as_alice, w);
	assert_int_equal(objects_count(w->h), 0);
}

/* One that cannot be made again yet is not when it could be. */
static void test_repair(void **state)
{
	const struct hycan_route ours = route_via("10.20.0.0/16", "10.0.0.2"), other = route_via("10.21.0.0/16", "10.0.0.2");
	struct world *w = *state;

	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	assert_done(w->h, hycan_route_add(w->h, &ours));
	assert_done(w->h, hycan_route_add(w->h, &other));
	free(shell("ip addr del 10.0.0.1/24 dev va"));
	assert_output("", "ip route show 10.20.0.0/15");
	assert_done(w->h, hycan_route_remove(w->h, &ours.destination, NULL));
	assert_int_equal(objects_count(w->h), 1);
	free(shell("ip addr add 10.0.0.1/24 dev va"));
	shell_until(60, "ip route show 10.21.0.0/16 | grep -q 10.0.0.2");
	assert_output("", "ip route show 10.20.0.0/16");
	assert_int_equal(objects_count(w->h), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_let_go, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_step, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_table, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_link, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_another, routing_begin_with_addresses, world_end),
		cmocka_unit_test_setup_teardown(test_others, routing_begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_repair, routing_begin_with_addresses, world_end),
	};

	return cmocka_run_group_tests_name("gone_meanwhile", tests, NULL, NULL);
}

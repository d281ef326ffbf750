/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that take away what is gone already: refused, unless the caller chose that it may be gone (may_be_gone). */
#include <stdio.h>
#include <stdlib.h>

#include "clients.h"
#include "objects.h"
#include "text.h"
#include "world.h"

static const struct hycan_transaction_run_options may_be_gone = { .has_may_be_gone = true, .may_be_gone = true };
static const struct hycan_transaction_run_options planned = {
	.has_may_be_gone = true, .may_be_gone = true, .has_plan = true, .plan = true
};

static void make_pair(void)
{
	free(shell("ip link add tx0 up type veth peer name tx1 && ip link set tx1 up"));
}

/* Removals of each kind that needs no network, and nothing of it is there; returns how many. */
static size_t ask_for_removals(struct hycan *h)
{
	const struct hycan_rule rule = { .family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 77 };
	const struct hycan_prefix address = prefix_of("10.1.0.1/24"), net = prefix_of("10.2.0.0/16");
	const struct hycan_masquerade masquerade = { .subnet = net };
	const struct hycan_port_range ports = { .first = 8080, .last = 8080 };

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_remove(h, "tx0", &address));
	assert_done(h, hycan_address_remove(h, "none", &address));
	assert_done(h, hycan_route_remove(h, &net, NULL));
	assert_done(h, hycan_rule_remove(h, &rule));
	assert_done(h, hycan_masquerade_remove(h, &masquerade));
	assert_done(h, hycan_port_remove(h, HYCAN_TRANSPORT_TCP, &ports, NULL));
	assert_done(h, hycan_network_delete(h, 100, NULL));
	assert_done(h, hycan_link_down(h, "none"));
	assert_done(h, hycan_link_rename(h, "none", "tx1"));
	assert_done(h, hycan_link_delete(h, "none"));
	return 10;
}

static void test_each(void **state)
{
	const struct hycan_transaction_run_options *chosen[] = { &planned, &may_be_gone };
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;
	size_t n;

	make_pair();
	need_success("nf_tables in this kernel", "nft list ruleset");
	(void)ask_for_removals(w->h);
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(hycan_error_step(w->h), 0);
	for (size_t i = 0; i < sizeof(chosen) / sizeof(*chosen); i++) {
		n = ask_for_removals(w->h);
		assert_done(w->h, hycan_transaction_commit(w->h, chosen[i], &reply));
		assert_int_equal(reply->n_results, n);
		for (size_t k = 0; k < n; k++)
			assert_true(reply->results[k].unchanged);
		assert_true(reply->unchanged);
		assert_int_equal(reply->n_changes, 0);
		free(reply);
		reply = NULL;
	}
	free(shell("ip link show tx1 && ip link show tx0"));
}

/* What is to be changed must be there, and so must what is to have another name. */
static void test_others(void **state)
{
	struct world *w = *state;

	make_pair();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, &may_be_gone, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_rename(w->h, "none", "nobody"));
	assert_refused(w->h, hycan_transaction_commit(w->h, &may_be_gone, NULL), HYCAN_REFUSAL_NOT_FOUND);
	/* the one that is there is to be renamed, and not taken for the other */
	free(shell("ip link set tx0 down"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_rename(w->h, "tx0", "tx1"));
	assert_refused(w->h, hycan_transaction_commit(w->h, &may_be_gone, NULL), HYCAN_REFUSAL_EXISTS);
}

/* A link that is not there is not deleted: what fails behind that is taken back, and the answer does not speak of links. */
static void test_not_final(void **state)
{
	const struct hycan_link_address a = { .link = "tx0", .address = prefix_of("10.1.0.1/24") };
	const struct hycan_route nowhere = { .destination = prefix_of("10.9.0.0/16"),
		                             .has_via = true,
		                             .via = prefix_of("203.0.113.1/32").address };
	struct world *w = *state;

	make_pair();
	free(shell("ip link add br0 type bridge"));
	for (int there = 0; there < 2; there++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_link_delete(w->h, there ? "br0" : "none"));
		assert_done(w->h, hycan_link_delete(w->h, "none"));
		assert_done(w->h, hycan_address_add(w->h, &a));
		assert_done(w->h, hycan_route_add(w->h, &nowhere));
		assert_refused(w->h, hycan_transaction_commit(w->h, &may_be_gone, NULL), HYCAN_REFUSAL_INVALID);
		assert_int_equal(hycan_error_step(w->h), 3);
		if (there)
			assert_contains(hycan_error_message(w->h), "The links that were deleted before stay so.");
		else
			assert_lacks(hycan_error_message(w->h), "stay so");
		free(shell("! ip addr show tx0 | grep -q 10.1.0.1"));
		objects_wait(w->h, 0);
	}
	assert_int_not_equal(shell_status(NULL, "ip link show br0"), 0);
}

/* Behind a link that goes what is to be changed must be there all the same, and else nothing is done. */
static void test_misspelt(void **state)
{
	const struct hycan_transaction_run_options *chosen[] = { NULL, &planned, &may_be_gone };
	const struct hycan_link_set_options mtu = { .has_mtu = true, .mtu = 1400 };
	static const char *const names[] = { "none", "br0" };
	struct world *w = *state;

	free(shell("ip link add br0 type bridge"));
	for (size_t i = 0; i < 12; i++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_link_delete(w->h, "br0"));
		if (i % 4 < 2)
			assert_done(w->h, hycan_link_up(w->h, names[i % 2]));
		else
			assert_done(w->h, hycan_link_set(w->h, names[i % 2], &mtu));
		assert_refused(w->h, hycan_transaction_commit(w->h, chosen[i / 4], NULL), HYCAN_REFUSAL_NOT_FOUND);
		assert_int_equal(hycan_error_step(w->h), 1);
		free(shell("ip link show br0"));
	}
}

/* Behind a step that cannot be taken back, and with what that one takes along. */
static void test_along(void **state)
{
	const struct hycan_link_address a = { .link = "br0", .address = prefix_of("10.1.0.1/24") };
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;

	free(shell("ip link add br0 type bridge"));
	assert_done(w->h, hycan_address_add(w->h, &a));
	for (int again = 0; again < 2; again++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_link_delete(w->h, "br0"));
		assert_done(w->h, hycan_address_remove(w->h, "br0", &a.address));
		assert_done(w->h, hycan_link_delete(w->h, "br0"));
		assert_done(w->h, hycan_transaction_commit(w->h, &may_be_gone, &reply));
		assert_int_equal(reply->results[0].unchanged, again);
		assert_int_equal(reply->unchanged, again);
		free(reply);
		reply = NULL;
		objects_wait(w->h, 0);
	}
}

/* What has the name of something that is gone is another thing, and held as before. */
static void test_namesake(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	need_success("nf_tables in this kernel", "nft list ruleset");
	assert_done(w->h, hycan_vcan_create(w->h, "net100", NULL, NULL));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_network_delete(w->h, 100, NULL));
	assert_done(w->h, hycan_transaction_commit(w->h, &may_be_gone, NULL));
	free(shell("ip link show net100"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_LINK, 1, 0);
}

/* An address, and a route that the kernel drops with the last address of its link; whoever takes that away by hand, it comes back. */
static struct hycan_route make_mended(struct hycan *h, struct hycan_link_address *ret_address)
{
	struct hycan_route route = { .destination = prefix_of("10.2.0.0/16"), .has_link = true, .link = "tx0" };

	*ret_address = (struct hycan_link_address){ .link = "tx0", .address = prefix_of("10.1.0.1/24") };
	make_pair();
	client_choose_drift(h, HYCAN_DRIFT_REPAIR);
	assert_done(h, hycan_address_add(h, ret_address));
	assert_done(h, hycan_route_add(h, &route));
	return route;
}

static void ask_to_remove_both(struct hycan *h, const struct hycan_link_address *a, const struct hycan_route *route)
{
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_remove(h, a->link, &a->address));
	assert_done(h, hycan_route_remove(h, &route->destination, NULL));
}

/* What went with something that an earlier step took away is let go of, and with it what was to be done when it is gone. */
static void test_with_another(void **state)
{
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan_link_address a;
	struct world *w = *state;
	const struct hycan_route route = make_mended(w->h, &a);

	ask_to_remove_both(w->h, &a, &route);
	assert_done(w->h, hycan_transaction_commit(w->h, &may_be_gone, &reply));
	assert_false(reply->results[0].unchanged);
	assert_true(reply->results[1].unchanged);
	free(reply);
	assert_int_equal(objects_count(w->h), 0);
	free(shell("! ip route show 10.2.0.0/16 | grep ."));
}

/* Where that is taken back, it is held as before, and comes back as before. */
static void test_with_another_and_back(void **state)
{
	struct hycan_link_address a;
	struct world *w = *state;
	const struct hycan_route route = make_mended(w->h, &a);

	ask_to_remove_both(w->h, &a, &route);
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, &may_be_gone, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(hycan_error_step(w->h), 2);
	assert_int_equal(objects_count(w->h), 2);
	free(shell("ip route show 10.2.0.0/16 | grep -q tx0 && ip route delete 10.2.0.0/16"));
	shell_until(30, "ip route show 10.2.0.0/16 | grep -q tx0");
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 1, 0);
}

/* Who holds it, too, is not asked: it is his still, and comes back for him. */
static void test_with_another_of_two(void **state)
{
	const struct hycan_session_lifetime_options repair = { .has_drift = true, .drift = HYCAN_DRIFT_REPAIR };
	struct hycan_link_address a;
	struct world *w = *state;
	struct hycan *other = client_open(w);
	const struct hycan_route route = make_mended(w->h, &a);

	assert_done(other, hycan_session_lifetime(other, HYCAN_LIFETIME_CONNECTION, &repair));
	assert_done(other, hycan_route_add(other, &route));
	ask_to_remove_both(w->h, &a, &route);
	assert_done(w->h, hycan_transaction_commit(w->h, &may_be_gone, NULL));
	shell_until(30, "ip route show 10.2.0.0/16 | grep -q tx0");
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 1, 0);
	hycan_close(other);
	objects_wait(w->h, 0);
	free(shell("! ip route show 10.2.0.0/16 | grep ."));
}

/* A route by another gateway is not the one that is to be gone, whatever both are known by. */
static void test_other_way(void **state)
{
	const struct hycan_route_remove_options via = { .has_via = true, .via = prefix_of("10.1.0.3/32").address };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan_link_address a;
	struct world *w = *state;
	const struct hycan_route route = make_mended(w->h, &a);

	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_route_remove(w->h, &route.destination, &via));
	assert_done(w->h, hycan_transaction_commit(w->h, &may_be_gone, &reply));
	assert_true(reply->unchanged);
	free(reply);
	free(shell("ip route show 10.2.0.0/16 | grep -q tx0"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_others, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_not_final, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_misspelt, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_along, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_namesake, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_with_another, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_with_another_and_back, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_with_another_of_two, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_other_way, world_begin_soon, world_end),
	};

	return cmocka_run_group_tests_name("transaction, of what is gone", tests, NULL, NULL);
}

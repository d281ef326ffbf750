/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.clear: nothing is left of what the daemon made, and everything of what strangers did. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "network.h"
#include "objects.h"
#include "unconfirmed.h"

#define ALICE 4711

static struct hycan_object_clear_reply clear(struct hycan *h, const struct hycan_object_clear_options *options)
{
	struct hycan_object_clear_reply *reply = NULL, copy;

	assert_done(h, hycan_object_clear(h, options, &reply));
	copy = *reply;
	assert_int_equal(reply->n_failures, reply->failed);
	copy.failures = NULL;
	free(reply);
	return copy;
}

static void make_things(struct hycan *h)
{
	const struct hycan_route route = route_via("10.50.0.0/16", "10.1.0.2");

	client_add(h, "10.1.0.1/24");
	client_add(h, "fd01::1/64");
	assert_done(h, hycan_route_add(h, &route));
}

static void takes_everything(void **state)
{
	struct world *w = *state;
	const struct hycan_object_clear_options dry = { .has_dry_run = true, .dry_run = true };
	struct hycan_object_clear_reply reply;
	char *before = shell("ip address show va; ip route; ip -6 route"), *after;

	free(shell("ip address add 10.8.0.1/24 dev va"));
	make_things(w->h);
	reply = clear(w->h, &dry);
	assert_int_equal(reply.removed, 3);
	assert_true(address_is_there("10.1.0.1/24"));
	reply = clear(w->h, NULL);
	assert_int_equal(reply.removed, 3);
	assert_int_equal(reply.released, 0);
	assert_int_equal(reply.failed, 0);
	assert_true(address_is_there("10.8.0.1/24"));
	free(shell("ip address delete 10.8.0.1/24 dev va"));
	after = shell("ip address show va; ip route; ip -6 route");
	assert_string_equal(before, after);
	free(before);
	free(after);
	reply = clear(w->h, NULL);
	assert_int_equal(reply.removed, 0);
	shell_until(30, "grep -q 'object.clear' %s", w->log);
}

static void one_kind_alone(void **state)
{
	struct world *w = *state;
	const struct hycan_object_clear_options routes = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_ROUTE };

	make_things(w->h);
	assert_int_equal(clear(w->h, &routes).removed, 1);
	assert_true(address_is_there("10.1.0.1/24"));
	assert_output("", "ip route show 10.50.0.0/16");
}

/* What others hold, too, stays; what programs of the same user hold goes. */
static void with_others(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);

	client_hold_while_connected(h, 0);
	client_add(w->h, "10.1.0.1/24");
	client_add(h, "10.1.0.1/24");
	client_add(h, "10.2.0.1/24");
	assert_int_equal(clear(w->h, NULL).removed, 2);
	assert_false(address_is_there("10.1.0.1/24"));
	assert_false(address_is_there("10.2.0.1/24"));
	hycan_close(h);
}

/* Addresses that went with IPv6, since the MTU of their link is too small for it. */
static void without_ipv6(void **state)
{
	struct world *w = *state;

	client_choose_drift(w->h, HYCAN_DRIFT_IGNORE);
	client_add(w->h, "fd01::1/64");
	free(shell("ip link set va mtu 1279"));
	assert_int_equal(objects_count(w->h), 1);
	assert_int_equal(clear(w->h, NULL).failed, 0);
	assert_int_equal(objects_count(w->h), 0);
}

static void as_alice(struct world *w)
{
	const struct hycan_object_clear_options all = { .has_all = true, .all = true };
	const struct hycan_object_clear_options root = { .has_uid = true, .uid = 0 };
	struct hycan *h = client_open(w);
	struct hycan_object_clear_reply *reply = NULL, own;

	client_add(h, "10.1.0.1/24");
	client_add(h, "10.2.0.1/24");
	assert_refused(h, hycan_object_clear(h, &all, &reply), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(h), "root alone");
	assert_refused(h, hycan_object_clear(h, &root, &reply), HYCAN_REFUSAL_DENIED);
	own = clear(h, NULL);
	assert_int_equal(own.removed, 1);
	assert_int_equal(own.released, 1);
	client_add(h, "10.3.0.1/24");
	hycan_close(h);
}

static void own_alone(void **state)
{
	struct world *w = *state;
	const struct hycan_object_clear_options all = { .has_all = true, .all = true };
	struct hycan_object_clear_reply reply;

	client_add(w->h, "10.1.0.1/24");
	world_as(ALICE, ALICE, as_alice, w);
	assert_true(address_is_there("10.1.0.1/24"));
	assert_false(address_is_there("10.2.0.1/24"));
	/* root's own does not reach what alice made; all does */
	assert_int_equal(clear(w->h, NULL).removed, 1);
	assert_true(address_is_there("10.3.0.1/24"));
	reply = clear(w->h, &all);
	assert_int_equal(reply.removed, 1);
	assert_false(address_is_there("10.3.0.1/24"));
}

static int begin_with_alice(void **state)
{
	const struct world_options options = { .policy = "allow * address,object\n", .open_to_all = true };

	*state = world_start(&options);
	free(shell("ip link add va type veth peer name vb && ip link set va up && ip link set vb up"));
	return 0;
}

/* What waits to be confirmed would bring back what it took away. */
static void what_waits(void **state)
{
	struct world *w = *state;
	const struct hycan_object_clear_options rules = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_RULE };
	const struct hycan_prefix destination = prefix_of("10.50.0.0/16");
	struct hycan_object_clear_reply reply;
	char *before = shell("ip address show va; ip route; ip -6 route"), *after;
	char token[33];

	make_things(w->h);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_route_remove(w->h, &destination, NULL));
	unconfirmed_commit(w->h, token);
	clear(w->h, &rules);
	free(shell("! ip route | grep -q 10.50.0.0"));
	reply = clear(w->h, NULL);
	assert_int_equal(reply.removed, 3);
	assert_int_equal(objects_count(w->h), 0);
	assert_refused(w->h, hycan_transaction_cancel(w->h, token), HYCAN_REFUSAL_NOT_FOUND);
	after = shell("ip address show va; ip route; ip -6 route");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* The next daemon has nothing to go on with, so it makes nothing again, and what is a stranger's stays his. */
static void nothing_goes_on(void **state)
{
	const struct hycan_prefix own = prefix_of("10.50.0.0/16"), strangers = prefix_of("10.60.0.0/16");
	struct world *w = *state;
	char *before, *after, token[33];

	make_things(w->h);
	free(shell("ip address add 10.2.0.1/24 dev va && ip route add 10.60.0.0/16 via 10.2.0.2"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_route_remove(w->h, &own, NULL));
	assert_done(w->h, hycan_route_remove(w->h, &strangers, NULL));
	unconfirmed_commit(w->h, token);
	(void)clear(w->h, NULL);
	before = shell("ip address show va; ip route; ip -6 route");
	assert_contains(before, "10.60.0.0/16");
	hycan_close(w->h);
	w->h = NULL;
	assert_int_equal(world_stop_daemon(w, SIGTERM), 0);
	free(shell("! test -e %s.d/ledger", w->socket));
	world_start_daemon(w, NULL);
	assert_done(w->h, hycan_open(&w->h, w->socket));
	assert_int_equal(objects_count(w->h), 0);
	after = shell("ip address show va; ip route; ip -6 route");
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* Links go together, and behind what is on them. */
static void links(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	for (int i = 0; i < 10; i++) {
		char name[16];

		snprintf(name, sizeof(name), "c%d", i);
		assert_done(w->h, hycan_vcan_create(w->h, name, NULL, NULL));
	}
	assert_int_equal(clear(w->h, NULL).removed, 10);
	assert_output("", "ip link show type vcan");
}

/* What is told is as many as object.list has, whichever of them goes along with another: the link of a network. */
static void as_many_as_listed(void **state)
{
	struct world *w = *state;
	const struct hycan_object_clear_options dry = { .has_dry_run = true, .dry_run = true };
	const struct hycan_object_clear_options networks = { .has_kind = true, .kind = HYCAN_OBJECT_KIND_NETWORK };
	struct hycan_object_clear_reply reply;
	uint32_t removed = 0;

	network_make_parent();
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_int_equal(objects_count(w->h), 2);
	assert_int_equal(clear(w->h, &dry).removed, 2);
	reply = clear(w->h, NULL);
	assert_int_equal(reply.removed, 2);
	assert_int_equal(reply.released, 0);
	assert_int_equal(objects_count(w->h), 0);
	/* of one kind there is one */
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_int_equal(clear(w->h, &networks).removed, 1);
	assert_int_equal(objects_count(w->h), 0);
	assert_done(w->h, network_create(w->h, "100 10.9.0.0/24 10.9.0.1 blue"));
	assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
	assert_done(w->h, hycan_object_replace_end(w->h, &removed));
	assert_int_equal(removed, 2);
	assert_int_equal(objects_count(w->h), 0);
}

static void no_step(void **state)
{
	struct world *w = *state;
	struct hycan_object_clear_reply *reply = NULL;
	struct hycan_transaction_run_reply *answer = NULL;

	client_add(w->h, "10.1.0.1/24");
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)hycan_object_clear(w->h, NULL, &reply);
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, &answer), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "is no step of a transaction");
	assert_true(address_is_there("10.1.0.1/24"));
}

/* What another session made in a namespace to which nothing leads but that session is not forgotten: it goes. */
static void where_another_is(void **state)
{
	struct world *w = *state;
	struct hycan_link_address a = { .link = "lo", .address = prefix_of("10.77.0.1/24") };
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;
	struct hycan_object_clear_reply reply;
	struct hycan *h = NULL;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(home >= 0 && fd >= 0);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	assert_int_equal(hycan_open(&h, w->socket), 0);
	assert_done(h, hycan_session_netns(h, fd, NULL));
	assert_done(h, hycan_address_add(h, &a));
	reply = clear(w->h, NULL);
	assert_int_equal(reply.removed, 1);
	assert_int_equal(setns(fd, CLONE_NEWNET), 0);
	free(shell("! ip address show lo | grep -q 10.77"));
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	hycan_close(h);
	close(fd);
	close(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_everything, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(one_kind_alone, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(with_others, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(without_ipv6, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(own_alone, begin_with_alice, world_end),
		cmocka_unit_test_setup_teardown(what_waits, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(nothing_goes_on, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(links, world_begin, world_end),
		cmocka_unit_test_setup_teardown(as_many_as_listed, world_begin, world_end),
		cmocka_unit_test_setup_teardown(no_step, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(where_another_is, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("object.clear", tests, NULL, NULL);
}

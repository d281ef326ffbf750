/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked for is there when all is done, though the kernel takes it along with an address that goes: in a transaction, in one that
 * prunes, and between object.replace_begin and object.replace_end.
 *
 * Where promote_secondaries is off, an IPv4 address takes those along that came later in its network.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients.h"
#include "objects.h"
#include "planned.h"
#include "view.h"

static const struct hycan_transaction_run_options may_be_gone = { .has_may_be_gone = true, .may_be_gone = true };
static const struct hycan_transaction_run_options prune = {
	.has_may_be_gone = true, .may_be_gone = true, .has_prune = true, .prune = true
};

static int begin(void **state)
{
	routing_begin(state);
	free(shell(
		"echo 0 >/proc/sys/net/ipv4/conf/all/promote_secondaries; echo 0 >/proc/sys/net/ipv4/conf/va/promote_secondaries"));
	return 0;
}

/* By a gateway of the network, by that one, and from an address in it. */
static void ask_for_routes(struct hycan *h)
{
	struct hycan_route gateway = route_via("10.20.0.0/16", "10.0.0.254"), link = route_to("10.21.0.0/16"), from = link;

	link.has_link = from.has_link = true;
	snprintf(link.link, sizeof(link.link), "va");
	snprintf(from.link, sizeof(from.link), "vb");
	from.destination = prefix_of("10.22.0.0/16");
	from.has_source = true;
	from.source = address_of("10.0.0.5");
	assert_done(h, hycan_route_add(h, &gateway));
	assert_done(h, hycan_route_replace(h, &link));
	assert_done(h, hycan_route_add(h, &from));
}

static void expect_all(void)
{
	assert_output("10.0.0.5/24\n10.0.0.6/24\n", "ip -4 -o address show dev va | awk '{print $4}'");
	assert_output("10.20.0.0/16 via 10.0.0.254 dev va proto static\n10.21.0.0/16 dev va proto static scope link\n"
	              "10.22.0.0/16 dev vb proto static scope link src 10.0.0.5\n",
	              "ip -4 route show root 10.16.0.0/12");
}

/* All that is wanted: another address of the network, and what stands on it. */
static void state_all(struct hycan *h)
{
	client_add(h, "10.0.0.5/24");
	client_add(h, "10.0.0.6/24");
	ask_for_routes(h);
}

/* Nobody is said to have taken anything away, and everything is held. */
static void expect_kept(struct world *w, size_t n)
{
	char *log;

	expect_all();
	assert_int_equal(objects_count(w->h), n);
	log = world_log(w);
	assert_lacks(log, "not by a request");
	free(log);
}

static void commit(struct hycan *h, const struct hycan_transaction_run_options *options, bool unchanged)
{
	struct hycan_transaction_run_reply *reply = NULL;

	assert_done(h, hycan_transaction_commit(h, options, &reply));
	assert_int_equal(reply->unchanged, unchanged);
	assert_false(reply->has_failed);
	free(reply);
}

static void prunes(void **state)
{
	struct world *w = *state;
	int fd = -1;

	client_add(w->h, "10.0.0.1/24");
	for (int again = 0; again < 2; again++) {
		fd = again ? announcements_open() : fd;
		assert_done(w->h, hycan_transaction_begin(w->h));
		state_all(w->h);
		commit(w->h, &prune, again);
		expect_kept(w, 5);
	}
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

static void takes_away_in_a_step(void **state)
{
	struct world *w = *state;
	int fd = -1;

	client_add(w->h, "10.0.0.1/24");
	for (int again = 0; again < 2; again++) {
		fd = again ? announcements_open() : fd;
		assert_done(w->h, hycan_transaction_begin(w->h));
		state_all(w->h);
		assert_done(w->h, client_remove(w->h, "10.0.0.1/24"));
		commit(w->h, &may_be_gone, again);
		expect_kept(w, 5);
	}
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

static void replaces(void **state)
{
	struct world *w = *state;
	uint32_t removed;
	int fd = -1;

	client_add(w->h, "10.0.0.1/24");
	for (int again = 0; again < 2; again++) {
		fd = again ? announcements_open() : fd;
		assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
		state_all(w->h);
		assert_done(w->h, hycan_object_replace_end(w->h, &removed));
		assert_int_equal(removed, !again);
		expect_kept(w, 5);
	}
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
}

/* A plan tells of what goes, and not of what is there in the end. */
static void is_planned(void **state)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true, .has_prune = true, .prune = true };
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;
	char *lines;

	client_add(w->h, "10.0.0.1/24");
	client_add(w->h, "10.0.0.5/24");
	assert_done(w->h, hycan_transaction_begin(w->h));
	client_add(w->h, "10.0.0.5/24");
	assert_done(w->h, hycan_transaction_commit(w->h, &plan, &reply));
	lines = planned_lines(reply);
	assert_string_equal(lines, "1 - address va 10.0.0.1/24\n");
	free(lines);
	free(reply);
	assert_done(w->h, hycan_transaction_begin(w->h));
	client_add(w->h, "10.0.0.5/24");
	commit(w->h, &prune, false);
	assert_output("10.0.0.5/24\n", "ip -4 -o address show dev va | awk '{print $4}'");
}

/* What nobody has asked for in it goes along, as it does behind a request of its own. */
static void leaves_what_others_have(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);

	client_add(w->h, "10.0.0.1/24");
	free(shell("ip address add 10.0.0.3/24 dev va && ip route add 10.23.0.0/16 dev vb src 10.0.0.3"));
	client_hold_while_connected(h, 0);
	client_add(h, "10.0.0.4/24");
	assert_done(w->h, hycan_transaction_begin(w->h));
	client_add(w->h, "10.0.0.5/24");
	commit(w->h, &prune, false);
	assert_output("10.0.0.5/24\n", "ip -4 -o address show dev va | awk '{print $4}'");
	assert_output("", "ip -4 route show 10.23.0.0/16");
	objects_wait(w->h, 1);
	hycan_close(h);
}

/* Here and when nobody confirms it. */
static void is_taken_back(void **state)
{
	const struct hycan_transaction_run_options confirm = {
		.has_may_be_gone = true, .may_be_gone = true, .has_confirm_within = true, .confirm_within = 600
	};
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;
	char *before;

	client_add(w->h, "10.0.0.1/24");
	free(shell("ip address add 10.0.0.3/24 dev va && ip route add 10.23.0.0/16 dev vb src 10.0.0.3 && "
	           "ip route add 10.24.0.0/16 via 10.0.0.7"));
	view_settle();
	before = view_everything();
	assert_done(w->h, hycan_transaction_begin(w->h));
	state_all(w->h);
	assert_done(w->h, client_remove(w->h, "10.0.0.1/24"));
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	view_assert_same(w, before);
	assert_int_equal(objects_count(w->h), 1);
	assert_done(w->h, hycan_transaction_begin(w->h));
	state_all(w->h);
	assert_done(w->h, client_remove(w->h, "10.0.0.1/24"));
	assert_done(w->h, hycan_transaction_commit(w->h, &confirm, &reply));
	expect_all();
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	view_assert_same(w, before);
	assert_int_equal(objects_count(w->h), 1);
	free(before);
}

/* What cannot be there without the address: a step that takes it away is refused, and who prunes hears of it. */
static void needs_what_goes(void **state)
{
	struct hycan_route routes[] = { route_via("10.20.0.0/16", "10.0.0.254"), route_to("fd20::/48") };
	const char *const addresses[] = { "10.0.0.1/24", "fd00::1/64" };
	struct hycan_transaction_run_reply *reply = NULL;
	struct world *w = *state;
	uint32_t removed;
	char *before;

	routes[1].has_link = routes[1].has_source = true;
	snprintf(routes[1].link, sizeof(routes[1].link), "va");
	routes[1].source = address_of("fd00::1");
	for (size_t i = 0; i < 2; i++) {
		client_add(w->h, addresses[i]);
		routing_settle();
		before = view_everything();
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_route_add(w->h, &routes[i]));
		assert_done(w->h, client_remove(w->h, addresses[i]));
		assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_INVALID);
		assert_contains(hycan_error_message(w->h),
		                "Step 2 of 2, address.remove: With an address that is taken away goes the "
		                "route to ");
		assert_string_equal(hycan_error_field(w->h), "address");
		routing_settle();
		view_assert_same(w, before);
		free(before);
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_route_add(w->h, &routes[i]));
		assert_done(w->h, hycan_transaction_commit(w->h, &prune, &reply));
		assert_true(reply->has_failed && reply->failed == 1 && reply->pruned > 0 && !reply->unchanged);
		free(reply);
		reply = NULL;
		assert_false(address_is_there(addresses[i]));
		client_add(w->h, addresses[i]);
		routing_settle();
		assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
		assert_done(w->h, hycan_route_replace(w->h, &routes[i]));
		assert_refused(w->h, hycan_object_replace_end(w->h, &removed), HYCAN_REFUSAL_KERNEL);
		assert_contains(hycan_error_message(w->h), "goes the route to ");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(prunes, begin, world_end),
		cmocka_unit_test_setup_teardown(takes_away_in_a_step, begin, world_end),
		cmocka_unit_test_setup_teardown(replaces, begin, world_end),
		cmocka_unit_test_setup_teardown(is_planned, begin, world_end),
		cmocka_unit_test_setup_teardown(leaves_what_others_have, begin, world_end),
		cmocka_unit_test_setup_teardown(is_taken_back, begin, world_end),
		cmocka_unit_test_setup_teardown(needs_what_goes, begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

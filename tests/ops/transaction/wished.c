/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody wants to be done about drift of a thing, and how long his lease of it lasts, is his to say: who asks for the same does
 * not end it, and what a transaction said of it is taken back with it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clients.h"
#include "objects.h"
#include "text.h"
#include "unconfirmed.h"

#define ONE   4242
#define OTHER 4243

static const struct world_options for_all = { .policy = "allow * all\n", .open_to_all = true };

/* An address and a route of each family. */
#define N 4

static void ask(struct hycan *h)
{
	static const char *const destinations[] = { "10.6.0.0/16", "fd06::/64" };
	static const char *const addresses[] = { "10.7.0.1/24", "fd07::1/64" };

	for (size_t i = 0; i < 2; i++) {
		const struct hycan_route route = { .destination = prefix_of(destinations[i]), .has_link = true, .link = "va" };

		assert_done(h, hycan_route_add(h, &route));
		client_add(h, addresses[i]);
	}
}

/* 0: nothing is said about it. */
static struct hycan *open_with(const struct world *w, enum hycan_drift drift)
{
	struct hycan *h = client_open(w);

	if (drift)
		client_choose_drift(h, drift);
	return h;
}

static void ask_with(struct world *w, enum hycan_drift drift)
{
	struct hycan *h = open_with(w, drift);

	ask(h);
	hycan_close(h);
}

static void ask_in_vain(struct world *w, enum hycan_drift drift)
{
	struct hycan *h = open_with(w, drift);

	assert_done(h, hycan_transaction_begin(h));
	ask(h);
	assert_done(h, hycan_link_up(h, "none"));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	hycan_close(h);
}

static void ask_and_cancel(struct world *w, enum hycan_drift drift)
{
	struct hycan *h = open_with(w, drift);
	char token[33];

	assert_done(h, hycan_transaction_begin(h));
	ask(h);
	unconfirmed_commit(h, token);
	assert_done(h, hycan_transaction_cancel(h, token));
	hycan_close(h);
}

/* It waits beyond the connection. */
static void wait_for_word(struct hycan *h)
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 6000, .has_detached = true, .detached = true
	};

	assert_done(h, hycan_transaction_commit(h, &options, NULL));
}

static void ask_and_leave(struct world *w, enum hycan_drift drift)
{
	struct hycan *h = open_with(w, drift);

	assert_done(h, hycan_transaction_begin(h));
	ask(h);
	wait_for_word(h);
	hycan_close(h);
}

/* All that waits. */
static void cancel(struct world *w)
{
	struct hycan_pending_transaction *list = NULL;
	struct hycan *h = client_open(w);
	size_t n = 0;

	assert_done(h, hycan_transaction_list(h, &list, &n));
	for (size_t i = 0; i < n; i++)
		assert_done(h, hycan_transaction_cancel(h, list[i].token));
	free(list);
	hycan_close(h);
}

static void say_nothing(struct world *w)
{
	ask_with(w, 0);
}

static void say_report(struct world *w)
{
	ask_with(w, HYCAN_DRIFT_REPORT);
}

static void say_repair(struct world *w)
{
	ask_with(w, HYCAN_DRIFT_REPAIR);
}

static void say_ignore(struct world *w)
{
	ask_with(w, HYCAN_DRIFT_IGNORE);
}

static void clear(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_object_clear(h, NULL, NULL));
	hycan_close(h);
}

static void expect(struct world *w, enum hycan_drift drift, uint32_t holders)
{
	struct hycan_object *objects = NULL;
	size_t n = 0;

	assert_done(w->h, hycan_object_list(w->h, NULL, &objects, &n));
	assert_int_equal(n, N);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(objects[i].has_drift ? objects[i].drift : HYCAN_DRIFT_REPORT, drift);
		assert_int_equal(objects[i].holders, holders);
	}
	free(objects);
}

static void expect_repair(void)
{
	free(shell("ip route del 10.6.0.0/16 && ip -6 route del fd06::/64"));
	shell_until(20, "ip route | grep -q 10.6.0.0/16 && ip -6 route | grep -q fd06::/64");
}

static void (*const says[])(struct world *w) = { say_nothing, say_report, say_ignore, say_repair };

/* What does most for one of those who hold it is done. */
static void test_others(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < 4; i++) {
		world_as(ONE, ONE, say_repair, w);
		world_as(OTHER, OTHER, says[i], w);
		expect(w, HYCAN_DRIFT_REPAIR, 2);
		world_as(OTHER, OTHER, clear, w);
		expect(w, HYCAN_DRIFT_REPAIR, 1);
		/* and who says nothing has nothing against what he said before */
		world_as(ONE, ONE, say_nothing, w);
		expect(w, HYCAN_DRIFT_REPAIR, 1);
		expect_repair();
		world_as(ONE, ONE, says[i], w);
		expect(w, i == 1 ? HYCAN_DRIFT_REPORT : i == 2 ? HYCAN_DRIFT_IGNORE : HYCAN_DRIFT_REPAIR, 1);
		world_as(ONE, ONE, clear, w);
	}
	world_as(ONE, ONE, say_nothing, w);
	world_as(OTHER, OTHER, say_ignore, w);
	expect(w, HYCAN_DRIFT_REPORT, 2);
	world_as(OTHER, OTHER, say_repair, w);
	expect(w, HYCAN_DRIFT_REPAIR, 2);
	/* it was his, and is not any more */
	world_as(OTHER, OTHER, say_ignore, w);
	expect(w, HYCAN_DRIFT_REPORT, 2);
}

/* ----------------------------------------------------------------------------------------------------------- taken back */

static void report_in_vain(struct world *w)
{
	ask_in_vain(w, HYCAN_DRIFT_REPORT);
}

static void repair_in_vain(struct world *w)
{
	ask_in_vain(w, HYCAN_DRIFT_REPAIR);
}

static void report_and_cancel(struct world *w)
{
	ask_and_cancel(w, HYCAN_DRIFT_REPORT);
}

static void repair_and_cancel(struct world *w)
{
	ask_and_cancel(w, HYCAN_DRIFT_REPAIR);
}

static void report_and_leave(struct world *w)
{
	ask_and_leave(w, HYCAN_DRIFT_REPORT);
}

static void repair_and_leave(struct world *w)
{
	ask_and_leave(w, HYCAN_DRIFT_REPAIR);
}

static void kill_daemon(struct world *w)
{
	world_stop_daemon(w, SIGKILL);
	world_start_daemon(w, &for_all);
	hycan_close(w->h);
	assert_done(w->h, hycan_open(&w->h, w->socket));
}

/* What a transaction said that fails, is cancelled, or waited when the daemon was killed. */
static void test_taken_back(void **state)
{
	static void (*const reports[])(struct world * w) = { report_in_vain, report_and_cancel, report_and_leave };
	static void (*const repairs[])(struct world * w) = { repair_in_vain, repair_and_cancel, repair_and_leave };
	struct world *w = *state;

	for (size_t i = 0; i < 3; i++) {
		world_as(ONE, ONE, say_repair, w);
		world_as(ONE, ONE, reports[i], w);
		if (i == 2)
			kill_daemon(w);
		expect(w, HYCAN_DRIFT_REPAIR, 1);
		expect_repair();
		world_as(OTHER, OTHER, reports[i], w);
		if (i == 2)
			kill_daemon(w);
		expect(w, HYCAN_DRIFT_REPAIR, 1);
		world_as(ONE, ONE, say_report, w);
		world_as(OTHER, OTHER, repairs[i], w);
		if (i == 2)
			kill_daemon(w);
		expect(w, HYCAN_DRIFT_REPORT, 1);
		world_as(ONE, ONE, clear, w);
	}
}

/* What somebody else has said meanwhile is not taken back with it. */
static void test_said_since(void **state)
{
	struct world *w = *state;

	world_as(ONE, ONE, say_ignore, w);
	world_as(ONE, ONE, report_and_leave, w);
	world_as(OTHER, OTHER, say_repair, w);
	kill_daemon(w);
	expect(w, HYCAN_DRIFT_REPAIR, 2);
}

static void take(struct hycan *h)
{
	const struct hycan_prefix four = prefix_of("10.6.0.0/16"), six = prefix_of("fd06::/64");

	assert_done(h, hycan_route_remove(h, &four, NULL));
	assert_done(h, hycan_route_remove(h, &six, NULL));
	assert_done(h, client_remove(h, "10.7.0.1/24"));
	assert_done(h, client_remove(h, "fd07::1/64"));
}

static void take_and_wait(struct world *w, enum hycan_drift drift, bool asks)
{
	struct hycan *h = open_with(w, drift);

	assert_done(h, hycan_transaction_begin(h));
	take(h);
	if (asks)
		ask(h);
	wait_for_word(h);
	hycan_close(h);
}

static void take_and_leave(struct world *w)
{
	take_and_wait(w, 0, false);
}

static void take_and_repair(struct world *w)
{
	take_and_wait(w, HYCAN_DRIFT_REPAIR, true);
}

static void take_back(struct world *w, bool killed)
{
	if (killed)
		kill_daemon(w);
	else
		world_as(ONE, ONE, cancel, w);
}

/* Of what was away meanwhile, or came by it alone. */
static void test_put_back(void **state)
{
	struct world *w = *state;

	for (int killed = 0; killed < 2; killed++) {
		world_as(ONE, ONE, say_nothing, w);
		world_as(ONE, ONE, take_and_repair, w);
		take_back(w, killed);
		expect(w, HYCAN_DRIFT_REPORT, 1);
		world_as(ONE, ONE, say_repair, w);
		world_as(ONE, ONE, take_and_leave, w);
		world_as(OTHER, OTHER, say_ignore, w);
		take_back(w, killed);
		expect(w, HYCAN_DRIFT_REPAIR, 2);
		world_as(ONE, ONE, clear, w);
		world_as(OTHER, OTHER, clear, w);
		world_as(ONE, ONE, repair_and_leave, w);
		world_as(OTHER, OTHER, say_nothing, w);
		take_back(w, killed);
		expect(w, HYCAN_DRIFT_REPORT, 1);
		world_as(OTHER, OTHER, clear, w);
	}
}

/* -------------------------------------------------------------------------------------------------------------- leases */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* Between what two moments it ends. */
static void find_end(struct hycan *h, int64_t *ret_first, int64_t *ret_last)
{
	const int64_t before = now_ms();
	struct hycan_object *object = object_of(h, "10.7.0.1/24");

	assert_non_null(object);
	assert_true(object->has_remaining_ms);
	*ret_first = before + (int64_t)object->remaining_ms;
	*ret_last = now_ms() + (int64_t)object->remaining_ms + 2;
	free(object);
}

static void test_lease(void **state)
{
	struct world *w = *state;
	int64_t first, last, then_first, then_last;
	char token[33];

	client_hold_lease(w->h, 1000);
	client_add(w->h, "10.7.0.1/24");
	find_end(w->h, &first, &last);
	for (int cancelled = 0; cancelled < 2; cancelled++) {
		/* so long that a lease which began anew would show it */
		nanosleep(&(struct timespec){ .tv_nsec = 500000000 }, NULL);
		assert_done(w->h, hycan_transaction_begin(w->h));
		client_add(w->h, "10.7.0.1/24");
		if (cancelled) {
			unconfirmed_commit(w->h, token);
			assert_done(w->h, hycan_transaction_cancel(w->h, token));
		} else {
			assert_done(w->h, hycan_link_up(w->h, "none"));
			assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
		}
		find_end(w->h, &then_first, &then_last);
		assert_true(then_first <= last && first <= then_last);
	}
	/* but what was asked for behind it was */
	assert_done(w->h, hycan_transaction_begin(w->h));
	client_add(w->h, "10.7.0.1/24");
	unconfirmed_commit(w->h, token);
	nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	client_add(w->h, "10.7.0.1/24");
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	find_end(w->h, &then_first, &then_last);
	assert_true(then_last >= first + 1000);
}

static void add_over_va(struct hycan *h, const char *destination)
{
	const struct hycan_route route = { .destination = prefix_of(destination), .has_link = true, .link = "va" };

	assert_done(h, hycan_route_add(h, &route));
}

/* A link that was down is set down again: what was held there without being there is held, and what came since goes. */
static void test_set_up_in_vain(void **state)
{
	struct world *w = *state;
	struct hycan *h = open_with(w, HYCAN_DRIFT_IGNORE);
	char token[33];
	char *left;

	add_over_va(h, "10.6.0.0/16");
	free(shell("ip link set va down"));
	for (unsigned int way = 0; way < UNCONFIRMED_WAYS; way++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_link_up(w->h, "va"));
		unconfirmed_commit(w->h, token);
		add_over_va(w->h, "10.8.0.0/16");
		unconfirmed_take_back(w, token, way);
		left = objects_text(w->h, NULL);
		assert_string_equal(left, "route 10.6.0.0/16 table main\n");
		free(left);
	}
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_up(w->h, "va"));
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(objects_count(w->h), 1);
	hycan_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_others, routing_begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_taken_back, routing_begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_said_since, routing_begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_put_back, routing_begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_lease, routing_begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_set_up_in_vain, routing_begin_for_all, world_end),
	};

	return cmocka_run_group_tests_name("transaction, and what is wished", tests, NULL, NULL);
}

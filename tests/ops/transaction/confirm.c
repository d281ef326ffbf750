/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.confirm, cancel and list: what is to be confirmed lasts, or is taken back: by time, by wish, with its connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clients.h"
#include "full.h"
#include "objects.h"
#include "routing.h"
#include "text.h"
#include "unconfirmed.h"
#include "world.h"

static void test_confirm(void **state)
{
	struct world *w = *state;
	struct hycan_pending_transaction *list = NULL;
	char token[33];
	size_t n = 0;

	unconfirmed_pair();
	unconfirmed_change(w->h, 600, false, token);
	assert_done(w->h, hycan_transaction_list(w->h, &list, &n));
	assert_int_equal(n, 1);
	assert_string_equal(list[0].token, token);
	assert_true(list[0].remaining_ms <= 600000 && list[0].remaining_ms > 500000 && !list[0].detached);
	free(list);
	assert_refused(w->h, hycan_transaction_confirm(w->h, "x"), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, hycan_transaction_confirm(w->h, token));
	assert_refused(w->h, hycan_transaction_confirm(w->h, token), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, hycan_transaction_list(w->h, &list, &n));
	assert_int_equal(n, 0);
	free(list);
	free(shell("ip link show tx1 | grep -q 'mtu 1400'"));
}

/* What a transaction that waits has changed is there all the same; how long it stays so is told. */
static void test_changed(void **state)
{
	struct world *w = *state;
	const struct hycan_route route = route_via("10.8.0.0/16", "10.1.0.8"), other = route_via("10.8.0.0/16", "10.1.0.9"),
				 alike = route_via("10.7.0.0/16", "10.1.0.8");
	char token[33];

	unconfirmed_pair();
	assert_done(w->h, hycan_route_add(w->h, &route));
	assert_done(w->h, hycan_route_add(w->h, &alike));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_route_replace(w->h, &other));
	unconfirmed_commit(w->h, token);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 2, 1);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 2, 0);
}

/* The same of links; what the daemon did not make is none of its objects. */
static void test_changed_link(void **state)
{
	const struct hycan_link_set_options mtu = { .has_mtu = true, .mtu = 1400 },
					    queue = { .has_txqueuelen = true, .txqueuelen = 7 };
	struct world *w = *state;
	char token[33];

	need_kind("vcan");
	unconfirmed_pair();
	assert_done(w->h, hycan_vcan_create(w->h, "c0", NULL, NULL));
	assert_done(w->h, hycan_vcan_create(w->h, "c1", NULL, NULL));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_set(w->h, "c0", &queue));
	assert_done(w->h, hycan_link_set(w->h, "tx1", &mtu));
	unconfirmed_commit(w->h, token);
	objects_expect(w->h, HYCAN_OBJECT_KIND_LINK, 2, 1);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	objects_expect(w->h, HYCAN_OBJECT_KIND_LINK, 2, 0);
	/* by its name of now */
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_rename(w->h, "c1", "c2"));
	unconfirmed_commit(w->h, token);
	objects_expect(w->h, HYCAN_OBJECT_KIND_LINK, 2, 1);
	assert_done(w->h, hycan_transaction_confirm(w->h, token));
	objects_expect(w->h, HYCAN_OBJECT_KIND_LINK, 2, 0);
}

static void test_cancel(void **state)
{
	struct world *w = *state;
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	unconfirmed_change(w->h, 600, true, token);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	unconfirmed_back(w, before);
	assert_refused(w->h, hycan_transaction_cancel(w->h, token), HYCAN_REFUSAL_NOT_FOUND);
	free(before);
	/* the address is nobody's any more */
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
}

static void test_time(void **state)
{
	struct world *w = *state;
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	unconfirmed_change(w->h, 1, false, token);
	unconfirmed_back(w, before);
	assert_refused(w->h, hycan_transaction_confirm(w->h, token), HYCAN_REFUSAL_NOT_FOUND);
	free(before);
}

static void test_connection(void **state)
{
	struct world *w = *state;
	struct hycan *h = NULL;
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	assert_int_equal(hycan_open(&h, w->socket), 0);
	unconfirmed_change(h, 600, false, token);
	hycan_close(h);
	unconfirmed_back(w, before);
	/* a detached one stays, and another connection confirms it */
	assert_int_equal(hycan_open(&h, w->socket), 0);
	unconfirmed_change(h, 600, true, token);
	hycan_close(h);
	assert_done(w->h, hycan_transaction_confirm(w->h, token));
	free(shell("ip link show tx1 | grep -q 'mtu 1400'"));
	free(before);
}

/* A daemon that ends leaves nothing unconfirmed. */
static void test_end(void **state)
{
	struct world *w = *state;
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	unconfirmed_change(w->h, 600, true, token);
	world_stop_daemon(w, 15);
	unconfirmed_back(w, before);
	free(before);
}

static void test_objects(void **state)
{
	struct world *w = *state;
	char token[33];

	unconfirmed_pair();
	free(shell("ip addr add 10.8.0.1/24 dev tx1"));
	unconfirmed_change(w->h, 600, true, token);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 1);
	assert_done(w->h, hycan_transaction_confirm(w->h, token));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
}

/* One that is taken back takes the later ones along; and what it made and took away again leaves nothing. */
static void test_one_on_another(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	const struct hycan_link_set_options mtu = { .has_mtu = true, .mtu = 1300 };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan_link_address a = { .link = "tx0", .address = prefix_of("10.4.0.1/24") };
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	unconfirmed_change(w->h, 600, false, token);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_set(w->h, "tx1", &mtu));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_address_remove(w->h, "tx0", &a.address));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	unconfirmed_back(w, before);
	assert_refused(w->h, hycan_transaction_confirm(w->h, reply->token), HYCAN_REFUSAL_NOT_FOUND);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
	free(reply);
	free(before);
}

static void test_limit(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	char text[32];

	unconfirmed_pair();
	for (unsigned int i = 0; i < 17; i++) {
		struct hycan_link_address a = { .link = "tx1" };

		snprintf(text, sizeof(text), "10.10.%u.1/24", i);
		a.address = prefix_of(text);
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_address_add(w->h, &a));
		if (i == 16) {
			assert_refused(w->h, hycan_transaction_commit(w->h, &options, NULL), HYCAN_REFUSAL_LIMIT);
			assert_string_equal(hycan_error_field(w->h), "confirm_within");
			break;
		}
		assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
		assert_true(reply->has_token);
		free(reply);
	}
	free(shell("ip addr show tx1 | grep -q 10.10.15.1 && ! ip addr show tx1 | grep -q 10.10.16.1"));
	hycan_close(w->h);
	w->h = NULL;
	shell_until(20, "! ip addr show tx1 | grep -q 10.10");
	assert_int_equal(hycan_open(&w->h, w->socket), 0);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
}

/* What is so already is not to be confirmed. */
static void test_unchanged(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };

	unconfirmed_pair();
	for (int connected = 0; connected < 2; connected++) {
		if (connected)
			client_hold_while_connected(w->h, 0);
		assert_done(w->h, hycan_address_add(w->h, &a));
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_address_add(w->h, &a));
		assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
		assert_true(reply->unchanged && !reply->has_token);
		free(reply);
	}
}

/* A failure takes everything back at once, and nothing waits. */
static void test_failure(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_pending_transaction *list = NULL;
	struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };
	size_t n = 1;

	unconfirmed_pair();
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, &options, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_done(w->h, hycan_transaction_list(w->h, &list, &n));
	assert_int_equal(n, 0);
	free(list);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
}

/* What a daemon that was killed left, its successor takes back. */
static void test_killed(void **state)
{
	struct world *w = *state;
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	unconfirmed_change(w->h, 600, true, token);
	hycan_close(w->h);
	w->h = NULL;
	world_stop_daemon(w, 9);
	free(shell("ip link show tx1 | grep -q 'mtu 1400'"));
	world_start_daemon(w, &(struct world_options){ 0 });
	unconfirmed_back(w, before);
	assert_int_equal(hycan_open(&w->h, w->socket), 0);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
	assert_refused(w->h, hycan_transaction_confirm(w->h, token), HYCAN_REFUSAL_NOT_FOUND);
	free(before);
}

/* Where nothing finds room in the ledger any more, what waits is taken back all the same: it was promised that. */
static void test_full(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = true
	};
	struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 1000, .has_table = true, .table = 100
	};
	struct hycan_transaction_run_reply *reply = NULL;
	char text[32], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	assert_done(w->h, hycan_transaction_begin(w->h));
	for (unsigned int i = 0; i < 40; i++) {
		struct hycan_link_address a = { .link = "tx1" };

		snprintf(text, sizeof(text), "10.10.%u.1/24", i);
		a.address = prefix_of(text);
		assert_done(w->h, hycan_address_add(w->h, &a));
	}
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	full_fill(w);
	while (rule.priority < 10000 && hycan_rule_add(w->h, &rule) == 0)
		rule.priority++;
	assert_in_range(rule.priority, 1001, 9999);
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	unconfirmed_same(w, before);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
	free(reply);
	free(before);
}

static void test_final(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 5 };

	unconfirmed_pair();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_delete(w->h, "tx0"));
	assert_refused(w->h, hycan_transaction_commit(w->h, &options, NULL), HYCAN_REFUSAL_INVALID);
	free(shell("ip link show tx0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_confirm, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_changed, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_changed_link, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_cancel, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_time, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_connection, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_end, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_objects, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_one_on_another, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_limit, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_unchanged, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_failure, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_killed, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_full, full_begin, full_end),
		cmocka_unit_test_setup_teardown(test_final, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("transaction.confirm", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions to be confirmed that stand on one another: whatever ends them, and however long that takes, the later one is taken
 * back before the earlier one. A long one is a change of the MTU, and then so many routes that there is time to meet it at work.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients.h"
#include "unconfirmed.h"
#include "world.h"

#define ROUTES 1000u

static void change(struct hycan *h, uint32_t mtu, unsigned int n_routes)
{
	const struct hycan_link_set_options set = { .has_mtu = true, .mtu = mtu };
	char text[32];

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_set(h, "tx0", &set));
	for (unsigned int i = 0; i < n_routes; i++) {
		struct hycan_route route;

		snprintf(text, sizeof(text), "10.%u.%u.0/24", 100 + i / 256, i % 256);
		route = route_via(text, "10.1.0.9");
		assert_done(h, hycan_route_add(h, &route));
	}
}

/* Detached, so that only what the test does ends it. */
static int commit(struct hycan *h, char token[33])
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = true
	};
	struct hycan_transaction_run_reply *reply = NULL;
	int r = hycan_transaction_commit(h, &options, &reply);

	if (r == 0)
		memcpy(token, reply->token, 33);
	free(reply);
	return r;
}

static void change_detached(struct hycan *h, uint32_t mtu, unsigned int n_routes, char token[33])
{
	int r;

	/* nobody waits for his turn for long */
	do {
		change(h, mtu, n_routes);
		r = commit(h, token);
	} while (r == HYCAN_REFUSAL_BUSY);
	assert_done(h, r);
}

static int cancel(struct hycan *h, const char *token)
{
	int r;

	do
		r = hycan_transaction_cancel(h, token);
	while (r == HYCAN_REFUSAL_BUSY);
	return r;
}

static size_t count_waiting(struct hycan *h)
{
	struct hycan_pending_transaction *list = NULL;
	size_t n = 0;

	assert_done(h, hycan_transaction_list(h, &list, &n));
	free(list);
	return n;
}

/* One that is asked for by a thread of its own. */
struct beside {
	pthread_t thread;
	struct hycan *h;
	char token[33];
	int r;
};

static void *cancel_it(void *userdata)
{
	struct beside *b = userdata;

	b->r = hycan_transaction_cancel(b->h, b->token);
	return NULL;
}

static void *commit_it(void *userdata)
{
	struct beside *b = userdata;

	b->r = commit(b->h, b->token);
	return NULL;
}

static void begin(struct world *w, struct beside *b, void *(*run)(void *userdata))
{
	b->h = b->h ? b->h : client_open(w);
	assert_int_equal(pthread_create(&b->thread, NULL, run, b), 0);
}

static void end(struct beside *b)
{
	assert_int_equal(pthread_join(b->thread, NULL), 0);
	assert_done(b->h, b->r);
	hycan_close(b->h);
}

/* They end with their connection. */
static void test_connection(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	change(h, 1400, 0);
	unconfirmed_commit(h, token);
	change(h, 1300, 100);
	unconfirmed_commit(h, token);
	hycan_close(h);
	unconfirmed_same(w, before);
	clients_wait(w->h, 1);
	assert_int_equal(count_waiting(w->h), 0);
	unconfirmed_same(w, before);
	free(before);
}

/* The earlier one is cancelled while the later one is taken back. */
static void test_taken_back(void **state)
{
	struct world *w = *state;
	struct beside later = { 0 };
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	change_detached(w->h, 1400, 0, token);
	change_detached(w->h, 1300, ROUTES, later.token);
	begin(w, &later, cancel_it);
	while (count_waiting(w->h) > 1)
		;
	assert_done(w->h, cancel(w->h, token));
	end(&later);
	unconfirmed_same(w, before);
	free(before);
}

/* And where the later one ends with its connection. */
static void test_taken_back_by_itself(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	char token[33], other[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	change_detached(w->h, 1400, 0, token);
	change(h, 1300, ROUTES);
	unconfirmed_commit(h, other);
	hycan_close(h);
	while (count_waiting(w->h) > 1)
		;
	assert_done(w->h, cancel(w->h, token));
	unconfirmed_same(w, before);
	free(before);
}

/* The earlier one is cancelled while the later one is carried out. */
static void test_under_way(void **state)
{
	struct world *w = *state;
	struct beside later = { .h = client_open(w) };
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	change_detached(w->h, 1400, 0, token);
	change(later.h, 1300, ROUTES);
	begin(w, &later, commit_it);
	shell_until(20, "ip link show tx0 | grep -q 'mtu 1300'");
	assert_done(w->h, cancel(w->h, token));
	end(&later);
	unconfirmed_same(w, before);
	assert_int_equal(count_waiting(w->h), 0);
	assert_refused(w->h, hycan_transaction_cancel(w->h, later.token), HYCAN_REFUSAL_NOT_FOUND);
	free(before);
}

/* The later one begins while the earlier one is carried out: it waits for that. */
static void test_both_under_way(void **state)
{
	struct world *w = *state;
	struct beside earlier = { .h = client_open(w) };
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	change(earlier.h, 1400, ROUTES);
	begin(w, &earlier, commit_it);
	shell_until(20, "ip link show tx0 | grep -q 'mtu 1400'");
	change_detached(w->h, 1300, 0, token);
	end(&earlier);
	assert_int_equal(count_waiting(w->h), 2);
	assert_done(w->h, cancel(w->h, earlier.token));
	unconfirmed_same(w, before);
	assert_refused(w->h, hycan_transaction_cancel(w->h, token), HYCAN_REFUSAL_NOT_FOUND);
	free(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_connection, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_taken_back, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_taken_back_by_itself, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_under_way, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_both_under_way, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("transactions that stand on one another", tests, NULL, NULL);
}

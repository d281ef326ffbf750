/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions of several users that wait to be confirmed. One that changed what an earlier one of somebody else had changed is taken back
 * before it, whatever ends that; one about other things stays. Changes are of the MTU, each smaller than the one before.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "clients.h"
#include "objects.h"
#include "unconfirmed.h"
#include "world.h"

/* Two users, besides root, who has the connection of the world. */
#define ONE   12345u
#define OTHER 12346u

#define ROUTES 1000u

typedef char token_text[33];

/* The tokens of ONE and OTHER, which processes of their own are given. */
static token_text *shared;

static int begin(void **state)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*state = world_start(&(struct world_options){ .policy = "allow * all\n", .open_to_all = true });
	return shared == MAP_FAILED;
}

static int end(void **state)
{
	munmap(shared, 4096);
	return world_end(state);
}

static void change(struct hycan *h, const char *link, uint32_t mtu)
{
	assert_done(h, hycan_link_set(h, link, &(struct hycan_link_set_options){ .has_mtu = true, .mtu = mtu }));
}

static void commit(struct hycan *h, token_text token)
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = true
	};
	struct hycan_transaction_run_reply *reply = NULL;

	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	assert_true(reply->has_token);
	memcpy(token, reply->token, sizeof(token_text));
	free(reply);
}

/* What is to be done, which a process of its own is given. */
static void (*steps)(struct hycan *h);

static void begin_and_commit(struct hycan *h, void (*what)(struct hycan *h), token_text token)
{
	assert_done(h, hycan_transaction_begin(h));
	what(h);
	commit(h, token);
}

static void one_commits(struct world *w)
{
	struct hycan *h = client_open(w);

	begin_and_commit(h, steps, shared[0]);
	hycan_close(h);
}

static void one(struct world *w, void (*what)(struct hycan *h))
{
	steps = what;
	world_as(ONE, ONE, one_commits, w);
}

static void one_cancels(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, hycan_transaction_cancel(h, shared[0]));
	hycan_close(h);
}

static void other_commits(struct world *w)
{
	struct hycan *h = client_open(w);

	begin_and_commit(h, steps, shared[1]);
	hycan_close(h);
}

static void other(struct world *w, void (*what)(struct hycan *h))
{
	steps = what;
	world_as(OTHER, OTHER, other_commits, w);
}

static void other_finds_gone(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_refused(h, hycan_transaction_confirm(h, shared[1]), HYCAN_REFUSAL_NOT_FOUND);
	hycan_close(h);
}

/* ---------------------------------------------------------------------------------------------------------------- steps */

static void change_tx0(struct hycan *h)
{
	change(h, "tx0", 1400);
}

static void change_tx0_again(struct hycan *h)
{
	change(h, "tx0", 1300);
}

static void change_tx1(struct hycan *h)
{
	change(h, "tx1", 1300);
}

static void change_both(struct hycan *h)
{
	change(h, "tx0", 1300);
	change(h, "tx1", 1400);
}

static void change_tx0_with_many_routes(struct hycan *h)
{
	change_tx0_again(h);
	for (unsigned int i = 0; i < ROUTES; i++) {
		char text[32];
		struct hycan_route route;

		snprintf(text, sizeof(text), "10.%u.%u.0/24", 100 + i / 256, i % 256);
		route = route_via(text, "10.1.0.9");
		assert_done(h, hycan_route_add(h, &route));
	}
}

static void rename_to_tx2(struct hycan *h)
{
	assert_done(h, hycan_link_rename(h, "tx0", "tx2"));
}

static void rename_to_tx3(struct hycan *h)
{
	assert_done(h, hycan_link_rename(h, "tx2", "tx3"));
}

static void add_address_to(struct hycan *h, const char *link)
{
	struct hycan_link_address address = { .address = prefix_of("10.6.0.1/24") };

	snprintf(address.link, sizeof(address.link), "%s", link);
	assert_done(h, hycan_address_add(h, &address));
}

static void add_address_to_tx0(struct hycan *h)
{
	add_address_to(h, "tx0");
}

static void add_address_to_tx2(struct hycan *h)
{
	add_address_to(h, "tx2");
}

static void remove_address(struct hycan *h)
{
	const struct hycan_prefix address = prefix_of("10.6.0.1/24");

	assert_done(h, hycan_address_remove(h, "tx1", &address));
}

static void remove_route(struct hycan *h)
{
	const struct hycan_prefix destination = prefix_of("10.5.0.0/16");

	assert_done(h, hycan_route_remove(h, &destination, NULL));
}

static void add_route(struct hycan *h)
{
	const struct hycan_route route = route_via("10.5.0.0/16", "10.1.0.9");

	assert_done(h, hycan_route_add(h, &route));
}

static void tx0_down(struct hycan *h)
{
	assert_done(h, hycan_link_down(h, "tx0"));
}

static void tx0_up(struct hycan *h)
{
	assert_done(h, hycan_link_up(h, "tx0"));
}

/* ---------------------------------------------------------------------------------------------------------------- tests */

/* Of two that stand on one another, of ONE and root, nothing is left when ONE cancels his; and nobody holds anything. */
static void cancel_both(struct world *w, void (*ones)(struct hycan *h), void (*roots)(struct hycan *h))
{
	char *before = unconfirmed_view();
	token_text token;

	one(w, ones);
	begin_and_commit(w->h, roots, token);
	world_as(ONE, ONE, one_cancels, w);
	unconfirmed_same(w, before);
	assert_refused(w->h, hycan_transaction_cancel(w->h, token), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(objects_count(w->h), 0);
	free(before);
}

/* Root's changes tx0, which ONE changed before, and tx1, which OTHER changes behind it: all go with the first. */
static void test_chain(void **state)
{
	struct world *w = *state;
	token_text token;
	char *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	one(w, change_tx0);
	begin_and_commit(w->h, change_both, token);
	other(w, change_tx1);
	world_as(ONE, ONE, one_cancels, w);
	unconfirmed_same(w, before);
	assert_refused(w->h, hycan_transaction_cancel(w->h, token), HYCAN_REFUSAL_NOT_FOUND);
	world_as(OTHER, OTHER, other_finds_gone, w);
	/* the log tells whose it was, and not who cancelled */
	free(shell("grep -q 'link.set tx0 for uid 0 .*, because another one that it stands on is' %s", w->log));
	free(before);
}

/* A link is the same under each name that it was given, and what is on it is found by the name that it had when that was told. */
static void test_names(void **state)
{
	struct world *w = *state;

	unconfirmed_pair();
	cancel_both(w, rename_to_tx2, rename_to_tx3);
	cancel_both(w, rename_to_tx2, add_address_to_tx2);
	cancel_both(w, add_address_to_tx0, rename_to_tx2);
}

/* What one took away, and another one made anew, is the first one's to put back. */
static void test_taken_away(void **state)
{
	unconfirmed_pair();
	cancel_both(*state, remove_route, add_route);
	cancel_both(*state, remove_route, tx0_down);
}

/* An address that is taken away is no change of its link that others would stand on. */
static void test_beside(void **state)
{
	struct world *w = *state;
	token_text token;

	unconfirmed_pair();
	free(shell("ip addr add 10.6.0.1/24 dev tx1"));
	one(w, remove_address);
	begin_and_commit(w->h, change_tx1, token);
	world_as(ONE, ONE, one_cancels, w);
	free(shell("ip addr show tx1 | grep -q 10.6.0.1/24 && ip link show tx1 | grep -q 'mtu 1300'"));
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
}

/* Nobody loses what has nothing to do with it. */
static void test_another_thing(void **state)
{
	struct world *w = *state;
	token_text token;

	unconfirmed_pair();
	one(w, change_tx0);
	begin_and_commit(w->h, change_tx1, token);
	world_as(ONE, ONE, one_cancels, w);
	free(shell("ip link show tx0 | grep -q 'mtu 1500' && ip link show tx1 | grep -q 'mtu 1300'"));
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	free(shell("ip link show tx1 | grep -q 'mtu 1500'"));
}

/* Behind one that was confirmed between the two, nothing of the first one is left to stand on. */
static void test_confirmed(void **state)
{
	struct world *w = *state;
	token_text token;

	unconfirmed_pair();
	one(w, change_tx0);
	begin_and_commit(w->h, change_both, token);
	other(w, change_tx1);
	assert_done(w->h, hycan_transaction_confirm(w->h, token));
	world_as(ONE, ONE, one_cancels, w);
	free(shell("ip link show tx0 | grep -q 'mtu 1500' && ip link show tx1 | grep -q 'mtu 1300'"));
	assert_done(w->h, hycan_transaction_cancel(w->h, shared[1]));
	free(shell("ip link show tx1 | grep -q 'mtu 1400'"));
}

/* One that is committed by a thread of its own. */
struct beside {
	struct hycan *h;
	token_text token;
};

static void *commit_it(void *userdata)
{
	struct beside *b = userdata;

	begin_and_commit(b->h, change_tx0_with_many_routes, b->token);
	return NULL;
}

/* The later one is carried out when the earlier one is cancelled, which waits for it. */
static void test_under_way(void **state)
{
	struct world *w = *state;
	struct beside later = { .h = client_open(w) };
	pthread_t thread;
	char *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	one(w, change_tx0);
	assert_int_equal(pthread_create(&thread, NULL, commit_it, &later), 0);
	shell_until(20, "ip link show tx0 | grep -q 'mtu 1300'");
	world_as(ONE, ONE, one_cancels, w);
	assert_int_equal(pthread_join(thread, NULL), 0);
	unconfirmed_same(w, before);
	assert_refused(w->h, hycan_transaction_cancel(w->h, later.token), HYCAN_REFUSAL_NOT_FOUND);
	hycan_close(later.h);
	free(before);
}

/* What goes along with a link that goes down leaves it the one that another user sets up behind it. */
static void test_up_and_down(void **state)
{
	struct world *w = *state;

	free(shell("ip link add tx0 type veth peer name tx1 && ip link set tx1 up && ip link set tx0 up"));
	cancel_both(w, tx0_down, tx0_up);
	free(shell("ip link set tx0 down"));
	cancel_both(w, tx0_up, tx0_down);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_up_and_down, begin, end),
		cmocka_unit_test_setup_teardown(test_chain, begin, end),
		cmocka_unit_test_setup_teardown(test_names, begin, end),
		cmocka_unit_test_setup_teardown(test_taken_away, begin, end),
		cmocka_unit_test_setup_teardown(test_beside, begin, end),
		cmocka_unit_test_setup_teardown(test_another_thing, begin, end),
		cmocka_unit_test_setup_teardown(test_confirmed, begin, end),
		cmocka_unit_test_setup_teardown(test_under_way, begin, end),
	};

	return cmocka_run_group_tests_name("transactions of several users", tests, NULL, NULL);
}

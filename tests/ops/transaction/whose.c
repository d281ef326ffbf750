/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose is what a transaction that nobody confirms took away, changed or made, when that is taken back. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "clock.h"
#include "objects.h"
#include "text.h"
#include "unconfirmed.h"
#include "world.h"

/* What a program holds that is to be gone. */
enum held { BY_CONNECTION, BY_CONNECTION_BESIDE_A_LEASE, BY_USER };

/* Changes a link, and takes away what it held, by a transaction of which it does not see the end. */
static void leave(struct world *w, enum held held, bool detached, char token[33])
{
	const struct hycan_link_address beside = { .link = "tx1", .address = prefix_of("10.8.0.1/24") };
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = detached
	};
	const struct hycan_link_set_options mtu = { .has_mtu = true, .mtu = 1400 };
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan *h = client_open(w);

	if (held == BY_CONNECTION_BESIDE_A_LEASE) {
		client_hold_lease(h, 3600);
		assert_done(h, hycan_address_add(h, &beside));
	}
	if (held == BY_USER)
		assert_done(h, hycan_address_add(h, &a));
	client_hold_while_connected(h, 0);
	if (held != BY_USER)
		assert_done(h, hycan_address_add(h, &a));
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_set(h, "tx1", &mtu));
	assert_done(h, hycan_address_remove(h, "tx1", &a.address));
	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	memcpy(token, reply->token, 33);
	free(reply);
	hycan_close(h);
}

/* What comes back to a connection that is gone goes with it. */
static void test_gone(void **state)
{
	struct world *w = *state;
	char token[33], *before;

	unconfirmed_pair();
	before = unconfirmed_view();
	leave(w, BY_CONNECTION, false, token);
	unconfirmed_same(w, before);
	objects_wait(w->h, 0);
	leave(w, BY_CONNECTION, true, token);
	clients_wait(w->h, 1);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	unconfirmed_same(w, before);
	objects_wait(w->h, 0);
	free(before);
}

/* Though its session lives on, for a lease. */
static void test_gone_but_for_a_lease(void **state)
{
	struct world *w = *state;
	char token[33];

	unconfirmed_pair();
	leave(w, BY_CONNECTION_BESIDE_A_LEASE, true, token);
	clients_wait(w->h, 1);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	shell_until(20, "! ip addr show tx1 | grep -q 10.9.0.1 && ip addr show tx1 | grep -q 10.8.0.1");
	objects_wait(w->h, 1);
}

/* What the user held comes back to the user, whoever took it away. */
static void test_gone_of_a_user(void **state)
{
	struct world *w = *state;
	const struct hycan_prefix address = prefix_of("10.9.0.1/24");
	char token[33];

	unconfirmed_pair();
	for (int detached = 0; detached < 2; detached++) {
		leave(w, BY_USER, detached, token);
		clients_wait(w->h, 1);
		if (detached)
			assert_done(w->h, hycan_transaction_cancel(w->h, token));
		shell_until(20, "ip link show tx1 | grep -q 'mtu 1500'");
		/* and nobody ends it behind that */
		hycan_close(w->h);
		w->h = client_open(w);
		free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
		objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
		assert_done(w->h, hycan_address_remove(w->h, "tx1", &address));
	}
}

/* Takes an address away, to be confirmed. */
static void take(struct hycan *h, char token[33])
{
	const struct hycan_prefix address = prefix_of("10.9.0.1/24");

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_remove(h, "tx1", &address));
	unconfirmed_commit(h, token);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
}

/* And that back. */
static void take_and_give(struct hycan *h)
{
	char token[33];

	take(h, token);
	assert_done(h, hycan_transaction_cancel(h, token));
}

static void somebody_comes_and_goes(struct world *w)
{
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.7.0.1/24") };
	struct hycan *h = client_open(w);

	client_hold_while_connected(h, 0);
	assert_done(h, hycan_address_add(h, &a));
	hycan_close(h);
	shell_until(20, "! ip addr show tx1 | grep -q 10.7.0.1");
}

/* What another connection held is that one's again, whoever took it away. */
static void test_gone_of_another(void **state)
{
	struct world *w = *state;
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };

	unconfirmed_pair();
	for (int lifetime = HYCAN_LIFETIME_PERMANENT; lifetime <= HYCAN_LIFETIME_LEASE; lifetime++) {
		const struct hycan_session_lifetime_options lease = { .has_seconds = lifetime == HYCAN_LIFETIME_LEASE,
			                                              .seconds = 3600 };
		struct hycan *one = client_open(w), *other = client_open(w);

		client_hold_while_connected(one, 0);
		assert_done(one, hycan_address_add(one, &a));
		assert_done(other, hycan_session_lifetime(other, (enum hycan_lifetime)lifetime, &lease));
		take_and_give(other);
		hycan_close(other);
		clients_wait(w->h, 2);
		free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
		objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
		/* the last of them goes itself before that */
		if (lifetime == HYCAN_LIFETIME_LEASE)
			take_and_give(one);
		hycan_close(one);
		objects_wait(w->h, 0);
		free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	}
}

/*
 * One holds an address by a lease, which another one takes away; the lease would be over; it is renewed, and the address comes back.
 * False: this machine was too slow for a lease of so many seconds.
 */
static bool comes_back(struct world *w, struct hycan *one, uint32_t seconds)
{
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	int64_t at_ms = now_ms();
	bool there;
	int r;

	client_hold_lease(one, seconds);
	assert_done(one, hycan_address_add(one, &a));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_remove(w->h, "tx1", &a.address));
	r = hycan_transaction_commit(w->h, &options, &reply);
	if (r == HYCAN_REFUSAL_NOT_FOUND && now_ms() - at_ms >= seconds * INT64_C(1000))
		return false;
	assert_done(w->h, r);
	at_ms = now_ms();
	while (now_ms() - at_ms <= seconds * INT64_C(1000))
		usleep(100000);
	at_ms = now_ms();
	assert_done(one, hycan_session_renew(one, NULL));
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	somebody_comes_and_goes(w);
	there = shell_status(NULL, "ip addr show tx1 | grep -q 10.9.0.1") == 0;
	if (now_ms() - at_ms >= seconds * INT64_C(1000))
		return false;
	assert_true(there);
	client_hold_while_connected(one, 0);
	assert_done(one, hycan_address_add(one, &a));
	assert_done(one, hycan_address_remove(one, "tx1", &a.address));
	return true;
}

/* A lease that was renewed while another one had what it is about is as long as it was renewed. */
static void test_lease_of_another(void **state)
{
	struct world *w = *state;
	struct hycan *one = client_open(w);
	uint32_t seconds = 4;

	unconfirmed_pair();
	while (!comes_back(w, one, seconds)) {
		objects_wait(w->h, 0);
		seconds *= 2;
		assert_true(seconds < 4 * SLOWEST);
	}
	hycan_close(one);
}

/* What somebody made anew meanwhile is his, too, when it is put back, which it is already. */
static void test_made_anew(void **state)
{
	struct world *w = *state;
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };
	struct hycan *one = client_open(w), *other = client_open(w);
	char token[33];

	unconfirmed_pair();
	client_hold_while_connected(one, 0);
	assert_done(one, hycan_address_add(one, &a));
	take(other, token);
	hycan_close(one);
	clients_wait(w->h, 2);
	assert_done(other, hycan_address_add(other, &a));
	assert_done(other, hycan_transaction_cancel(other, token));
	hycan_close(other);
	somebody_comes_and_goes(w);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
	assert_done(w->h, hycan_address_remove(w->h, "tx1", &a.address));
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
}

/* What it made went, and a stranger makes another one: that is the stranger's, and stays; also behind a daemon that is killed. */
static void test_made_by_a_stranger(void **state)
{
	struct world *w = *state;
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };
	char token[33];

	unconfirmed_pair();
	for (int killed = 0; killed < 2; killed++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_address_add(w->h, &a));
		unconfirmed_commit(w->h, token);
		free(shell("ip addr del 10.9.0.1/24 dev tx1"));
		objects_wait(w->h, 0);
		free(shell("ip addr add 10.9.0.1/24 dev tx1"));
		if (killed) {
			world_stop_daemon(w, SIGKILL);
			world_start_daemon(w, &(struct world_options){ 0 });
			hycan_close(w->h);
			assert_done(w->h, hycan_open(&w->h, w->socket));
		} else {
			assert_done(w->h, hycan_transaction_cancel(w->h, token));
		}
		free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
		objects_wait(w->h, 0);
		free(shell("ip addr del 10.9.0.1/24 dev tx1"));
	}
}

/* Who goes on with a former session has from then on what comes back. */
static void test_adopted(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = true
	};
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") },
					b = { .link = "tx1", .address = prefix_of("10.8.0.1/24") };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan *h = client_open(w);
	char former[64];

	unconfirmed_pair();
	client_hold_while_connected(h, 600);
	assert_done(h, hycan_address_add(h, &b));
	snprintf(former, sizeof(former), "%s", hycan_token(h));
	hycan_close(h);
	h = client_open(w);
	client_hold_while_connected(h, 600);
	assert_done(h, hycan_address_add(h, &a));
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_remove(h, "tx1", &a.address));
	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	assert_done(h, hycan_session_adopt(h, former, NULL));
	assert_done(h, hycan_transaction_cancel(h, reply->token));
	free(reply);
	/* nobody ends it behind that, as somebody who goes later is ended behind who went before */
	somebody_comes_and_goes(w);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 2, 0);
	client_hold_while_connected(h, 0);
	hycan_close(h);
	objects_wait(w->h, 0);
}

/* And what somebody else took away of it. */
static void test_adopted_by_another(void **state)
{
	struct world *w = *state;
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") },
					b = { .link = "tx1", .address = prefix_of("10.8.0.1/24") };
	struct hycan *h = client_open(w);
	char former[64], token[33];

	unconfirmed_pair();
	client_hold_while_connected(h, 600);
	assert_done(h, hycan_address_add(h, &b));
	snprintf(former, sizeof(former), "%s", hycan_token(h));
	hycan_close(h);
	h = client_open(w);
	client_hold_while_connected(h, 600);
	assert_done(h, hycan_address_add(h, &a));
	take(w->h, token);
	assert_done(h, hycan_session_adopt(h, former, NULL));
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	somebody_comes_and_goes(w);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 2, 0);
	client_hold_while_connected(h, 0);
	hycan_close(h);
	objects_wait(w->h, 0);
}

/* What a transaction drops of a stranger's is a stranger's again; and what was mine is mine. */
static void test_whose(void **state)
{
	struct world *w = *state;
	struct hycan_link_address mine = { .link = "tx0", .address = prefix_of("10.3.0.1/24") };
	struct hycan_link_address theirs = { .link = "tx0", .address = prefix_of("10.1.0.1/24") };
	struct hycan_route route = { .destination = prefix_of("10.6.0.0/16"), .has_via = true };
	char token[33], *before;

	unconfirmed_pair();
	route.via = address_of("10.1.0.7");
	assert_done(w->h, hycan_address_add(w->h, &mine));
	assert_done(w->h, hycan_route_add(w->h, &route));
	before = unconfirmed_view();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_remove(w->h, "tx0", &mine.address));
	assert_done(w->h, hycan_address_remove(w->h, "tx0", &theirs.address));
	assert_done(w->h, hycan_link_down(w->h, "tx0"));
	unconfirmed_commit(w->h, token);
	free(shell("! ip addr show tx0 | grep -q 'inet 10' && ! ip route | grep -q 10.6"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 0, 0);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	unconfirmed_same(w, before);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 1, 0);
	free(before);
}

static struct hycan_link_address shared(void)
{
	return (struct hycan_link_address){ .link = "tx1", .address = prefix_of("10.9.0.1/24") };
}

static void hold_it(struct world *w)
{
	struct hycan_link_address a = shared();
	struct hycan *h = NULL;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	assert_done(h, hycan_address_add(h, &a));
	hycan_close(h);
}

static void cancel_it(struct world *w)
{
	struct hycan_pending_transaction *list = NULL;
	struct hycan *h = NULL;
	size_t n = 1;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	assert_done(h, hycan_transaction_list(h, &list, &n));
	assert_int_equal(n, 0);
	assert_refused(h, hycan_transaction_cancel(h, getenv("TOKEN")), HYCAN_REFUSAL_NOT_FOUND);
	hycan_close(h);
}

static void let_it_go(struct world *w)
{
	struct hycan_link_address a = shared();
	struct hycan *h = NULL;

	assert_int_equal(hycan_open(&h, w->socket), 0);
	assert_done(h, hycan_address_remove(h, "tx1", &a.address));
	hycan_close(h);
}

static const struct world_options for_all = { .policy = "allow * address.*\nallow * route.*\nallow * link.*\n",
	                                      .open_to_all = true };

static int begin_for_all(void **state)
{
	*state = world_start(&for_all);
	return 0;
}

/* What another one holds by now stays. */
static void test_shared(void **state)
{
	struct world *w = *state;
	char token[33];

	unconfirmed_pair();
	unconfirmed_change(w->h, 600, false, token);
	world_as(4242, 4242, hold_it, w);
	setenv("TOKEN", token, 1);
	world_as(4242, 4242, cancel_it, w);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	free(shell("ip addr show tx1 | grep -q 10.9.0.1 && ip route | grep -q 10.5"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
	world_as(4242, 4242, let_it_go, w);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
}

/* What another one held before is not held any more, or is again. */
static void test_held(void **state)
{
	struct world *w = *state;
	char token[33];
	struct hycan_link_address a = shared();

	unconfirmed_pair();
	world_as(4242, 4242, hold_it, w);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_add(w->h, &a));
	unconfirmed_commit(w->h, token);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_remove(w->h, "tx1", &a.address));
	unconfirmed_commit(w->h, token);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	world_as(4242, 4242, let_it_go, w);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	assert_done(w->h, hycan_address_remove(w->h, "tx1", &a.address));
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
}

static void route_it(struct world *w)
{
	const struct hycan_route route = { .destination = prefix_of("10.6.0.0/16"),
		                           .has_via = true,
		                           .via = address_of("10.1.0.7") };
	struct hycan *h = client_open(w);

	assert_done(h, hycan_route_add(h, &route));
	hycan_close(h);
}

static void remove_it(struct world *w)
{
	const struct hycan_prefix destination = prefix_of("10.6.0.0/16");
	struct hycan *h = client_open(w);

	assert_done(h, hycan_route_remove(h, &destination, NULL));
	hycan_close(h);
}

/* Who replaces what is another's, and takes that back, holds nothing of it. */
static void test_replaced(void **state)
{
	struct world *w = *state;
	const struct hycan_route route = { .destination = prefix_of("10.6.0.0/16"),
		                           .has_via = true,
		                           .via = address_of("10.1.0.8") };
	char token[33];

	unconfirmed_pair();
	world_as(4242, 4242, route_it, w);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_route_replace(w->h, &route));
	unconfirmed_commit(w->h, token);
	free(shell("ip route | grep -q '10.6.0.0/16 via 10.1.0.8'"));
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	free(shell("ip route | grep -q '10.6.0.0/16 via 10.1.0.7'"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 1, 0);
	world_as(4242, 4242, remove_it, w);
	free(shell("! ip route | grep -q 10.6.0.0/16"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ROUTE, 0, 0);
}

static void rename_and_remove(struct world *w)
{
	struct hycan_link_address a = shared();
	struct hycan *h = client_open(w);

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_rename(h, "tx1", "tx9"));
	assert_done(h, hycan_address_remove(h, "tx9", &a.address));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_DENIED);
	hycan_close(h);
}

static void remove_by_a_ghost(struct world *w)
{
	struct hycan_transaction_run_options may_be_gone = {
		.has_may_be_gone = true, .may_be_gone = true, .has_plan = true, .plan = true
	};
	struct hycan_link_address a = shared();
	struct hycan *h = client_open(w);

	for (int gone = 0; gone < 3; gone++) {
		may_be_gone.plan = gone == 1;
		assert_done(h, hycan_transaction_begin(h));
		assert_done(h, hycan_link_delete(h, "fx0"));
		assert_done(h, hycan_link_rename(h, "ghost", "tx1"));
		assert_done(h, hycan_address_remove(h, "tx1", &a.address));
		if (gone)
			assert_done(h, hycan_transaction_commit(h, &may_be_gone, NULL));
		else
			assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	}
	assert_refused(h, hycan_address_remove(h, "tx1", &a.address), HYCAN_REFUSAL_DENIED);
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_delete(h, "fx2"));
	assert_done(h, hycan_link_rename(h, "tx1", "tx9"));
	assert_done(h, hycan_link_rename(h, "ghost", "tx9"));
	assert_done(h, hycan_address_remove(h, "tx9", &a.address));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	hycan_close(h);
}

/* What is on a link that has another name since the step before is whose it was. */
static void test_renamed(void **state)
{
	struct world *w = *state;
	char token[33];
	struct hycan_link_address a = shared();

	need_rename_while_up();
	unconfirmed_pair();
	world_as(4242, 4242, hold_it, w);
	world_as(4243, 4243, rename_and_remove, w);
	/* and where nothing is renamed, since there is no link of that name */
	free(shell("ip link add fx0 type veth peer name fx1; ip link add fx2 type veth peer name fx3"));
	world_as(4243, 4243, remove_by_a_ghost, w);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_rename(w->h, "tx1", "tx9"));
	assert_done(w->h, hycan_address_remove(w->h, "tx9", &a.address));
	unconfirmed_commit(w->h, token);
	free(shell("ip link show tx9 && ! ip addr show tx9 | grep -q 10.9.0.1"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
	world_as(4242, 4242, let_it_go, w);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
}

/* Who lets go of what another holds, too, and would have it back when that one let go of it as well, is told. */
static void test_let_go(void **state)
{
	struct world *w = *state;
	char token[33];
	struct hycan_link_address a = shared();
	char *log;

	unconfirmed_pair();
	assert_done(w->h, hycan_address_add(w->h, &a));
	world_as(4242, 4242, hold_it, w);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_remove(w->h, "tx1", &a.address));
	unconfirmed_commit(w->h, token);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	world_as(4242, 4242, let_it_go, w);
	assert_refused(w->h, hycan_transaction_cancel(w->h, token), HYCAN_REFUSAL_KERNEL);
	log = world_log(w);
	assert_contains(log, "is gone: nobody holds it any more");
	free(log);
}

static void add(struct hycan *h, const char *address)
{
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of(address) };

	assert_done(h, hycan_address_add(h, &a));
}

static void take_address(struct hycan *h, const char *address)
{
	const struct hycan_prefix prefix = prefix_of(address);

	assert_done(h, hycan_address_remove(h, "tx1", &prefix));
}

/* Of an IPv4 address that is put back, those of the same network are put in order: whoever asked for one meanwhile has it. */
static void test_neighbour(void **state)
{
	struct world *w = *state;
	char token[33];

	unconfirmed_pair();
	add(w->h, "10.9.0.1/24");
	add(w->h, "10.9.0.2/24");
	assert_done(w->h, hycan_transaction_begin(w->h));
	take_address(w->h, "10.9.0.2/24");
	unconfirmed_commit(w->h, token);
	world_as(4242, 4242, hold_it, w);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	free(shell("ip addr show tx1 | grep -q 10.9.0.2"));
	take_address(w->h, "10.9.0.1/24");
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	/* else the kernel takes the second address with the first */
	free(shell("echo 1 > /proc/sys/net/ipv4/conf/tx1/promote_secondaries"));
	world_as(4242, 4242, let_it_go, w);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1 && ip addr show tx1 | grep -q 10.9.0.2"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
}

/* And so has who asked for what the same transaction had made. */
static void test_made_and_moved(void **state)
{
	struct world *w = *state;
	char token[33];

	unconfirmed_pair();
	add(w->h, "10.9.0.3/24");
	add(w->h, "10.9.0.2/24");
	assert_done(w->h, hycan_transaction_begin(w->h));
	add(w->h, "10.9.0.1/24");
	take_address(w->h, "10.9.0.2/24");
	unconfirmed_commit(w->h, token);
	world_as(4242, 4242, hold_it, w);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 3, 0);
	world_as(4242, 4242, let_it_go, w);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 2, 0);
}

/* What strangers do to what was taken away, and put back, is put right as before: of one that fails, and of one that is cancelled. */
static void test_drift(void **state)
{
	struct world *w = *state;
	const struct hycan_prefix destination = prefix_of("10.6.0.0/16");
	struct hycan *h = client_open(w);
	char token[33];

	unconfirmed_pair();
	client_choose_drift(h, HYCAN_DRIFT_REPAIR);
	assert_done(h, hycan_route_add(h, &(struct hycan_route){
						  .destination = destination, .has_via = true, .via = address_of("10.1.0.7") }));
	for (int fails = 0; fails < 2; fails++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_route_remove(w->h, &destination, NULL));
		if (fails) {
			assert_done(w->h, hycan_link_up(w->h, "none"));
			assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
		} else {
			unconfirmed_commit(w->h, token);
			assert_done(w->h, hycan_transaction_cancel(w->h, token));
		}
		free(shell("ip route del 10.6.0.0/16"));
		shell_until(20, "ip route | grep -q '10.6.0.0/16 via 10.1.0.7'");
	}
	hycan_close(h);
}

/* What another program of the same user holds is not held any more by who takes back that he asked for it, too. */
static void test_held_by_another_program(void **state)
{
	struct world *w = *state;
	struct hycan *one = client_open(w), *other = client_open(w);
	char token[33];

	unconfirmed_pair();
	client_hold_while_connected(one, 0);
	client_hold_while_connected(other, 0);
	add(one, "10.9.0.1/24");
	assert_done(other, hycan_transaction_begin(other));
	add(other, "10.9.0.1/24");
	unconfirmed_commit(other, token);
	assert_done(other, hycan_transaction_cancel(other, token));
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	hycan_close(one);
	objects_wait(w->h, 0);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	hycan_close(other);
}

/* What one program of a user held, and another one let go of for all of them, is that one's again. */
static void test_programs_of_a_user(void **state)
{
	struct world *w = *state;
	const struct hycan_link_address a = shared();
	struct hycan *one = client_open(w);
	char token[33];

	unconfirmed_pair();
	client_hold_while_connected(one, 0);
	assert_done(one, hycan_address_add(one, &a));
	world_as(4242, 4242, hold_it, w);
	assert_done(w->h, hycan_transaction_begin(w->h));
	take_address(w->h, "10.9.0.1/24");
	unconfirmed_commit(w->h, token);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	hycan_close(one);
	clients_wait(w->h, 1);
	somebody_comes_and_goes(w);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	world_as(4242, 4242, let_it_go, w);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
}

/* What a user holds for good, and one of his programs let go of, is held for good again. */
static void test_for_good_again(void **state)
{
	struct world *w = *state;
	struct hycan *one = client_open(w);

	unconfirmed_pair();
	add(w->h, "10.9.0.1/24");
	world_as(4242, 4242, hold_it, w);
	client_hold_while_connected(one, 0);
	assert_done(one, hycan_transaction_begin(one));
	take_address(one, "10.9.0.1/24");
	assert_done(one, hycan_link_up(one, "none"));
	assert_refused(one, hycan_transaction_commit(one, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	hycan_close(one);
	clients_wait(w->h, 1);
	somebody_comes_and_goes(w);
	world_as(4242, 4242, let_it_go, w);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	take_address(w->h, "10.9.0.1/24");
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
}

/* Who was asked for a lease instead, and that was taken back, holds it as long as he is connected. */
static void test_no_lease(void **state)
{
	struct world *w = *state;
	struct hycan *one = client_open(w);

	unconfirmed_pair();
	client_hold_while_connected(one, 0);
	add(one, "10.9.0.1/24");
	client_hold_lease(one, 2);
	assert_done(one, hycan_transaction_begin(one));
	add(one, "10.9.0.1/24");
	assert_done(one, hycan_link_up(one, "none"));
	assert_refused(one, hycan_transaction_commit(one, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	/* longer than the lease would have been */
	free(shell("sleep 3"));
	somebody_comes_and_goes(w);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	hycan_close(one);
	objects_wait(w->h, 0);
}

/* What cannot be put back takes along only who held that. */
static void test_beside_what_is_gone(void **state)
{
	struct world *w = *state;
	const struct hycan_link_address gone = { .link = "fx0", .address = prefix_of("10.4.0.1/24") };
	struct hycan *one = client_open(w);
	char token[33];

	unconfirmed_pair();
	free(shell("ip link add fx0 type veth peer name fx1"));
	client_hold_while_connected(one, 0);
	add(one, "10.9.0.1/24");
	assert_done(one, hycan_address_add(one, &gone));
	assert_done(one, hycan_session_lifetime(one, HYCAN_LIFETIME_PERMANENT, NULL));
	assert_done(one, hycan_transaction_begin(one));
	add(one, "10.9.0.1/24");
	assert_done(one, hycan_address_remove(one, "fx0", &gone.address));
	unconfirmed_commit(one, token);
	free(shell("ip link del fx0"));
	(void)hycan_transaction_cancel(one, token);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	hycan_close(one);
	objects_wait(w->h, 0);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
}

/* What sets something back to what it was does so, whoever holds it. */
static void test_forwarding(void **state)
{
	struct world *w = *state;
	struct hycan *one = client_open(w);
	char token[33];

	unconfirmed_pair();
	free(shell("echo 1 >/proc/sys/net/ipv4/conf/all/forwarding && echo 0 >/proc/sys/net/ipv4/conf/tx0/forwarding"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, false, NULL));
	assert_done(w->h, hycan_link_up(w->h, "none"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
	free(shell("grep -q 1 /proc/sys/net/ipv4/conf/tx1/forwarding && grep -q 0 /proc/sys/net/ipv4/conf/tx0/forwarding"));
	/* but what it switched on stays for who asked for that since */
	free(shell("cd /proc/sys/net/ipv4/conf && echo 0 >all/forwarding"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
	unconfirmed_commit(w->h, token);
	client_hold_while_connected(one, 0);
	assert_done(one, hycan_forwarding_set(one, HYCAN_FAMILY_IPV4, true, NULL));
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	/* and so does what goes along with it */
	free(shell("cd /proc/sys/net/ipv4/conf && grep -q 1 all/forwarding && grep -q 1 default/forwarding"));
	hycan_close(one);
	objects_wait(w->h, 0);
	free(shell("grep -q 0 /proc/sys/net/ipv4/conf/all/forwarding"));
}

/* What a program held as long as it is connected, and asked for for good, it holds as long as it is connected. */
static void test_for_good(void **state)
{
	struct world *w = *state;
	const struct hycan_link_address a = shared();

	unconfirmed_pair();
	for (int fails = 0; fails < 2; fails++) {
		struct hycan *h = client_open(w);
		char token[33];

		client_hold_while_connected(h, 0);
		assert_done(h, hycan_address_add(h, &a));
		assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_PERMANENT, NULL));
		assert_done(h, hycan_transaction_begin(h));
		assert_done(h, hycan_address_add(h, &a));
		if (fails) {
			assert_done(h, hycan_link_up(h, "none"));
			assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
		} else {
			unconfirmed_commit(h, token);
			assert_done(h, hycan_transaction_cancel(h, token));
		}
		free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
		hycan_close(h);
		objects_wait(w->h, 0);
		free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	}
}

/* Again and again: whoever lets go of it as the last one takes it away, be that in the middle of a transaction. */
static void hold_and_let_go(struct world *w)
{
	const struct hycan_link_address a = shared();
	struct hycan *h = client_open(w);

	for (int i = 0; i < 500; i++) {
		assert_done(h, hycan_address_add(h, &a));
		assert_done(h, hycan_transaction_begin(h));
		assert_done(h, hycan_address_remove(h, "tx1", &a.address));
		(void)hycan_transaction_commit(h, NULL, NULL);
	}
	hycan_close(h);
}

static void test_two_at_once(void **state)
{
	struct world *w = *state;
	int status;
	pid_t child;

	unconfirmed_pair();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		world_as(4242, 4242, hold_and_let_go, w);
		_exit(0);
	}
	hold_and_let_go(w);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	objects_expect(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
}

/* Something else goes all the time. */
struct busy {
	struct hycan *h;
	atomic_bool ends;
};

static void *be_busy(void *userdata)
{
	const struct hycan_rule rule = { .family = HYCAN_FAMILY_IPV4, .has_priority = true, .priority = 77 };
	struct busy *busy = userdata;
	intptr_t r = 0;

	while (r == 0 && !busy->ends) {
		r = hycan_rule_add(busy->h, &rule);
		r = r ? r : hycan_rule_remove(busy->h, &rule);
	}
	return (void *)r;
}

/* States two peers of which somebody else holds the first, and the second is a stranger's, and fails behind that. */
static void fail_to_hold(struct hycan *h, const struct hycan_wireguard_peer_config *peers)
{
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_wireguard_sync(h, "wg0", peers, 2, NULL));
	assert_done(h, hycan_link_up(h, "none"));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
}

#define ROUNDS 50

/*
 * What is in no ledger may be what somebody else takes away just now, so it is looked at again. What was held by then is let go of all
 * the same where the transaction fails.
 */
static void test_held_in_several_attempts(void **state)
{
	const struct hycan_wireguard_peer_config peers[] = { { .public_key = { { 1 } } }, { .public_key = { { 2 } } } };
	struct world *w = *state;
	struct busy busy = { 0 };
	pthread_t thread;
	struct hycan *h;
	void *r;

	need_kind("wireguard");
	busy.h = client_open(w);
	h = client_open(w);
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", NULL, NULL));
	assert_done(w->h, hycan_wireguard_peer_set(w->h, "wg0", &peers[0]));
	free(shell("wg set wg0 peer AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
	client_hold_while_connected(h, 0);
	assert_int_equal(pthread_create(&thread, NULL, be_busy, &busy), 0);
	for (int i = 0; i < ROUNDS; i++)
		fail_to_hold(h, peers);
	busy.ends = true;
	assert_int_equal(pthread_join(thread, &r), 0);
	assert_int_equal((intptr_t)r, 0);
	hycan_close(busy.h);
	/* nobody else holds it any more */
	assert_done(w->h, hycan_wireguard_peer_remove(w->h, "wg0", &peers[0].public_key));
	objects_wait(w->h, 1);
	hycan_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gone, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_gone_but_for_a_lease, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_held_in_several_attempts, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_gone_of_a_user, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_gone_of_another, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_lease_of_another, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_made_anew, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_made_by_a_stranger, world_begin_soon, world_end),
		cmocka_unit_test_setup_teardown(test_adopted, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_adopted_by_another, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_whose, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_shared, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_held, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_replaced, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_renamed, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_let_go, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_neighbour, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_made_and_moved, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_programs_of_a_user, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_for_good, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_for_good_again, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_no_lease, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_beside_what_is_gone, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_forwarding, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_two_at_once, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_drift, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_held_by_another_program, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("transaction.whose", tests, NULL, NULL);
}

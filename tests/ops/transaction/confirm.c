/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transaction.confirm, cancel and list: what is to be confirmed lasts, or is taken back: by time, by wish, with its connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clients.h"
#include "full.h"
#include "objects.h"
#include "text.h"
#include "view.h"
#include "world.h"

#define VIEW "ip -d link; ip -d addr; ip route show table all | sort"

static void make_pair(void)
{
	free(shell("ip link add tx0 type veth peer name tx1 && ip link set tx0 up && ip link set tx1 up && "
	           "ip addr add 10.1.0.1/24 dev tx0 && ip route add 10.5.0.0/16 via 10.1.0.9"));
	shell_until(10, "! ip -6 addr | grep -q tentative");
}

/* Puts an address there, takes a route away, and changes a link; returns the token. */
static void change(struct hycan *h, uint32_t seconds, bool detached, char token[33])
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = seconds, .has_detached = true, .detached = detached
	};
	struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };
	struct hycan_prefix gone = prefix_of("10.5.0.0/16");
	struct hycan_transaction_run_reply *reply = NULL;

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_add(h, &a));
	assert_done(h, hycan_route_remove(h, &gone, NULL));
	assert_done(h, hycan_link_set(h, "tx1", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 1400 }));
	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	assert_true(reply->has_token);
	memcpy(token, reply->token, 33);
	free(reply);
	/* where there is time to look */
	if (seconds >= 60)
		free(shell("ip link show tx1 | grep -q 'mtu 1400' && ip addr show tx1 | grep -q 10.9.0.1 && "
		           "! ip route | grep -q 10.5"));
}

static char *view(void)
{
	view_settle();
	return shell(VIEW);
}

/* It is, soon. */
static void assert_same(struct world *w, const char *before)
{
	char path[sizeof(w->directory) + 8];
	FILE *file;

	snprintf(path, sizeof(path), "%s/before", w->directory);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(before, file) >= 0 && fclose(file) == 0);
	shell_until(20, "{ " VIEW "; } | diff %s -", path);
	remove(path);
}

static void assert_back(struct world *w, const char *before)
{
	shell_until(20,
	            "! ip addr show tx1 | grep -q 10.9.0.1 && ip route | grep -q 10.5 && ! ip link show tx1 | grep -q 'mtu 1400'");
	assert_same(w, before);
}

static void test_confirm(void **state)
{
	struct world *w = *state;
	struct hycan_pending_transaction *list = NULL;
	char token[33];
	size_t n = 0;

	make_pair();
	change(w->h, 600, false, token);
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

static void test_cancel(void **state)
{
	struct world *w = *state;
	struct hycan_object *objects = NULL;
	char token[33], *before;
	size_t n = 1;

	make_pair();
	before = view();
	change(w->h, 600, true, token);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	assert_back(w, before);
	assert_refused(w->h, hycan_transaction_cancel(w->h, token), HYCAN_REFUSAL_NOT_FOUND);
	free(before);
	/* the address is nobody's any more */
	assert_done(w->h, hycan_object_list(
				  w->h, &(struct hycan_object_list_options){ .has_kind = true, .kind = HYCAN_OBJECT_KIND_ADDRESS },
				  &objects, &n));
	assert_int_equal(n, 0);
	free(objects);
}

static void test_time(void **state)
{
	struct world *w = *state;
	char token[33], *before;

	make_pair();
	before = view();
	change(w->h, 1, false, token);
	assert_back(w, before);
	assert_refused(w->h, hycan_transaction_confirm(w->h, token), HYCAN_REFUSAL_NOT_FOUND);
	free(before);
}

static void test_connection(void **state)
{
	struct world *w = *state;
	struct hycan *h = NULL;
	char token[33], *before;

	make_pair();
	before = view();
	assert_int_equal(hycan_open(&h, w->socket), 0);
	change(h, 600, false, token);
	hycan_close(h);
	assert_back(w, before);
	/* a detached one stays, and another connection confirms it */
	assert_int_equal(hycan_open(&h, w->socket), 0);
	change(h, 600, true, token);
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

	make_pair();
	before = view();
	change(w->h, 600, true, token);
	world_stop_daemon(w, 15);
	assert_back(w, before);
	free(before);
}

/* How many things the ledger has of a kind, and how many of them are not confirmed yet. */
static void assert_objects(struct hycan *h, enum hycan_object_kind kind, size_t n_expected, size_t unconfirmed)
{
	const struct hycan_object_list_options options = { .has_kind = true, .kind = kind };
	struct hycan_object *list = NULL;
	size_t n = 0;

	assert_done(h, hycan_object_list(h, &options, &list, &n));
	assert_int_equal(n, n_expected);
	for (size_t i = 0; i < n; i++) {
		assert_true(!list[i].has_unconfirmed_ms || (list[i].unconfirmed_ms > 0 && list[i].unconfirmed_ms <= 600000));
		unconfirmed -= list[i].has_unconfirmed_ms;
	}
	assert_int_equal(unconfirmed, 0);
	free(list);
}

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

	make_pair();
	before = view();
	leave(w, BY_CONNECTION, false, token);
	assert_same(w, before);
	objects_wait(w->h, 0);
	leave(w, BY_CONNECTION, true, token);
	clients_wait(w->h, 1);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	assert_same(w, before);
	objects_wait(w->h, 0);
	free(before);
}

/* Though its session lives on, for a lease. */
static void test_gone_but_for_a_lease(void **state)
{
	struct world *w = *state;
	char token[33];

	make_pair();
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

	make_pair();
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
		assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
		assert_done(w->h, hycan_address_remove(w->h, "tx1", &address));
	}
}

/* Takes an address away, to be confirmed. */
static void take(struct hycan *h, char token[33])
{
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	const struct hycan_prefix address = prefix_of("10.9.0.1/24");
	struct hycan_transaction_run_reply *reply = NULL;

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_address_remove(h, "tx1", &address));
	assert_done(h, hycan_transaction_commit(h, &options, &reply));
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	memcpy(token, reply->token, 33);
	free(reply);
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

	make_pair();
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
		assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
		/* the last of them goes itself before that */
		if (lifetime == HYCAN_LIFETIME_LEASE)
			take_and_give(one);
		hycan_close(one);
		objects_wait(w->h, 0);
		free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	}
}

/* A lease that was renewed while another one had what it is about is as long as it was renewed. */
static void test_lease_of_another(void **state)
{
	struct world *w = *state;
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };
	struct hycan *one = client_open(w);
	char token[33];

	make_pair();
	client_hold_lease(one, 8);
	assert_done(one, hycan_address_add(one, &a));
	take(w->h, token);
	/* until the lease would have been over */
	free(shell("sleep 9"));
	assert_done(one, hycan_session_renew(one, NULL));
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	somebody_comes_and_goes(w);
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	assert_done(one, hycan_address_remove(one, "tx1", &a.address));
	hycan_close(one);
}

/* What somebody made anew meanwhile is his, too, when it is put back, which it is already. */
static void test_made_anew(void **state)
{
	struct world *w = *state;
	const struct hycan_link_address a = { .link = "tx1", .address = prefix_of("10.9.0.1/24") };
	struct hycan *one = client_open(w), *other = client_open(w);
	char token[33];

	make_pair();
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
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
	assert_done(w->h, hycan_address_remove(w->h, "tx1", &a.address));
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
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

	make_pair();
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
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 2, 0);
	client_hold_while_connected(h, 0);
	hycan_close(h);
	objects_wait(w->h, 0);
}

static void test_objects(void **state)
{
	struct world *w = *state;
	char token[33];

	make_pair();
	free(shell("ip addr add 10.8.0.1/24 dev tx1"));
	change(w->h, 600, true, token);
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 1);
	assert_done(w->h, hycan_transaction_confirm(w->h, token));
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
}

/* What a transaction drops of a stranger's is a stranger's again; and what was mine is mine. */
static void test_whose(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_link_address mine = { .link = "tx0", .address = prefix_of("10.3.0.1/24") };
	struct hycan_link_address theirs = { .link = "tx0", .address = prefix_of("10.1.0.1/24") };
	struct hycan_route route = { .destination = prefix_of("10.6.0.0/16"), .has_via = true };
	struct hycan_transaction_run_reply *reply = NULL;
	char *before;

	make_pair();
	route.via = address_of("10.1.0.7");
	assert_done(w->h, hycan_address_add(w->h, &mine));
	assert_done(w->h, hycan_route_add(w->h, &route));
	before = view();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_remove(w->h, "tx0", &mine.address));
	assert_done(w->h, hycan_address_remove(w->h, "tx0", &theirs.address));
	assert_done(w->h, hycan_link_down(w->h, "tx0"));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	free(shell("! ip addr show tx0 | grep -q 'inet 10' && ! ip route | grep -q 10.6"));
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
	assert_objects(w->h, HYCAN_OBJECT_KIND_ROUTE, 0, 0);
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	assert_same(w, before);
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
	assert_objects(w->h, HYCAN_OBJECT_KIND_ROUTE, 1, 0);
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

	make_pair();
	change(w->h, 600, false, token);
	world_as(4242, 4242, hold_it, w);
	setenv("TOKEN", token, 1);
	world_as(4242, 4242, cancel_it, w);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	free(shell("ip addr show tx1 | grep -q 10.9.0.1 && ip route | grep -q 10.5"));
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
	world_as(4242, 4242, let_it_go, w);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
}

/* What another one held before is not held any more, or is again. */
static void test_held(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan_link_address a = shared();

	make_pair();
	world_as(4242, 4242, hold_it, w);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_remove(w->h, "tx1", &a.address));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
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
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	const struct hycan_route route = { .destination = prefix_of("10.6.0.0/16"),
		                           .has_via = true,
		                           .via = address_of("10.1.0.8") };
	struct hycan_transaction_run_reply *reply = NULL;

	make_pair();
	world_as(4242, 4242, route_it, w);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_route_replace(w->h, &route));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	free(shell("ip route | grep -q '10.6.0.0/16 via 10.1.0.8'"));
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	free(shell("ip route | grep -q '10.6.0.0/16 via 10.1.0.7'"));
	assert_objects(w->h, HYCAN_OBJECT_KIND_ROUTE, 1, 0);
	world_as(4242, 4242, remove_it, w);
	free(shell("! ip route | grep -q 10.6.0.0/16"));
	assert_objects(w->h, HYCAN_OBJECT_KIND_ROUTE, 0, 0);
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
	struct hycan_link_address a = shared();
	struct hycan *h = client_open(w);

	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_delete(h, "fx0"));
	assert_done(h, hycan_link_rename(h, "ghost", "tx1"));
	assert_done(h, hycan_address_remove(h, "tx1", &a.address));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_DENIED);
	assert_refused(h, hycan_address_remove(h, "tx1", &a.address), HYCAN_REFUSAL_DENIED);
	assert_done(h, hycan_transaction_begin(h));
	assert_done(h, hycan_link_delete(h, "fx2"));
	assert_done(h, hycan_link_rename(h, "tx1", "tx9"));
	assert_done(h, hycan_link_rename(h, "ghost", "tx9"));
	assert_done(h, hycan_address_remove(h, "tx9", &a.address));
	assert_refused(h, hycan_transaction_commit(h, NULL, NULL), HYCAN_REFUSAL_DENIED);
	hycan_close(h);
}

/* What is on a link that has another name since the step before is whose it was. */
static void test_renamed(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan_link_address a = shared();

	make_pair();
	world_as(4242, 4242, hold_it, w);
	world_as(4243, 4243, rename_and_remove, w);
	/* and where nothing is renamed, since what goes with something else is gone, as it should be */
	free(shell("ip link add fx0 type veth peer name fx1; ip link add fx2 type veth peer name fx3"));
	world_as(4243, 4243, remove_by_a_ghost, w);
	free(shell("ip link show tx1 || ip link set tx9 name tx1"));
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_rename(w->h, "tx1", "tx9"));
	assert_done(w->h, hycan_address_remove(w->h, "tx9", &a.address));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	free(shell("ip link show tx9 && ! ip addr show tx9 | grep -q 10.9.0.1"));
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
	assert_done(w->h, hycan_transaction_cancel(w->h, reply->token));
	free(reply);
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 1, 0);
	world_as(4242, 4242, let_it_go, w);
	free(shell("! ip addr show tx1 | grep -q 10.9.0.1"));
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
	/* back and forth, but not for ever */
	assert_done(w->h, hycan_transaction_begin(w->h));
	for (unsigned int i = 0; i < 257; i++)
		assert_done(w->h, hycan_link_rename(w->h, i % 2 ? "tx9" : "tx1", i % 2 ? "tx1" : "tx9"));
	assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_LIMIT);
	assert_string_equal(hycan_error_field(w->h), "steps");
	free(shell("ip link show tx1"));
}

/* Who lets go of what another holds, too, and would have it back when that one let go of it as well, is told. */
static void test_let_go(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan_link_address a = shared();
	char *log;

	make_pair();
	assert_done(w->h, hycan_address_add(w->h, &a));
	world_as(4242, 4242, hold_it, w);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_remove(w->h, "tx1", &a.address));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	free(shell("ip addr show tx1 | grep -q 10.9.0.1"));
	world_as(4242, 4242, let_it_go, w);
	assert_refused(w->h, hycan_transaction_cancel(w->h, reply->token), HYCAN_REFUSAL_KERNEL);
	log = world_log(w);
	assert_contains(log, "is gone: nobody holds it any more");
	free(log);
	free(reply);
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

	make_pair();
	before = view();
	change(w->h, 600, false, token);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_set(w->h, "tx1", &mtu));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_address_remove(w->h, "tx0", &a.address));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	assert_back(w, before);
	assert_refused(w->h, hycan_transaction_confirm(w->h, reply->token), HYCAN_REFUSAL_NOT_FOUND);
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
	free(reply);
	free(before);
}

static void test_limit(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	char text[32];

	make_pair();
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
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
}

/* What is so already is not to be confirmed. */
static void test_unchanged(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan_link_address a = shared();

	make_pair();
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_add(w->h, &a));
	assert_done(w->h, hycan_transaction_commit(w->h, &options, &reply));
	assert_true(reply->unchanged && !reply->has_token);
	free(reply);
}

/* A failure takes everything back at once, and nothing waits. */
static void test_failure(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 600 };
	struct hycan_pending_transaction *list = NULL;
	struct hycan_link_address a = shared();
	size_t n = 1;

	make_pair();
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

	make_pair();
	before = view();
	change(w->h, 600, true, token);
	hycan_close(w->h);
	w->h = NULL;
	world_stop_daemon(w, 9);
	free(shell("ip link show tx1 | grep -q 'mtu 1400'"));
	world_start_daemon(w, &(struct world_options){ 0 });
	assert_back(w, before);
	assert_int_equal(hycan_open(&w->h, w->socket), 0);
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
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

	make_pair();
	before = view();
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
	assert_same(w, before);
	assert_objects(w->h, HYCAN_OBJECT_KIND_ADDRESS, 0, 0);
	free(reply);
	free(before);
}

static void test_final(void **state)
{
	struct world *w = *state;
	const struct hycan_transaction_run_options options = { .has_confirm_within = true, .confirm_within = 5 };

	make_pair();
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_link_delete(w->h, "tx0"));
	assert_refused(w->h, hycan_transaction_commit(w->h, &options, NULL), HYCAN_REFUSAL_INVALID);
	free(shell("ip link show tx0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_confirm, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_cancel, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_time, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_gone, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_gone_but_for_a_lease, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_gone_of_a_user, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_gone_of_another, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_lease_of_another, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_made_anew, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_adopted, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_connection, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_end, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_final, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_killed, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_objects, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_whose, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_shared, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_held, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_replaced, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_renamed, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_let_go, begin_for_all, world_end),
		cmocka_unit_test_setup_teardown(test_one_on_another, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_limit, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_unchanged, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_failure, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_full, full_begin, full_end),
	};

	return cmocka_run_group_tests_name("transaction.confirm", tests, NULL, NULL);
}

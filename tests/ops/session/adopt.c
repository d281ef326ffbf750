/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.adopt: a connection goes on as a former one. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients.h"
#include "held.h"
#include "objects.h"
#include "unconfirmed.h"

#define NOBODY 65534

static char token[33];

static void keep_token(const struct hycan *h)
{
	assert_int_equal(strlen(hycan_token(h)), 32);
	snprintf(token, sizeof(token), "%s", hycan_token(h));
}

/* A client that may be gone for an hour, with two addresses. */
static struct hycan *begin_session(struct world *w)
{
	struct hycan *h = client_open(w);

	client_hold_while_connected(h, 3600);
	client_add(h, "10.1.0.1/24");
	client_add(h, "fd01::1/64");
	keep_token(h);
	routing_settle();
	return h;
}

/* It is over with the grace that it has now. */
static void end_session(struct hycan *h)
{
	assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION,
	                                      &(struct hycan_session_lifetime_options){ .has_grace = true }));
	hycan_close(h);
	address_until_gone("10.1.0.1/24");
	address_until_gone("fd01::1/64");
}

static void goes_on(void **state)
{
	struct world *w = *state;
	struct hycan *h = begin_session(w);
	const int fd = announcements_open();
	uint32_t n = 0;

	hycan_close(h);
	h = client_open(w);
	/* what it has by now stays its own */
	client_hold_while_connected(h, 0);
	client_add(h, "10.1.0.1/24");
	assert_done(h, hycan_session_adopt(h, token, &n));
	assert_int_equal(n, 2);
	/* whoever adopts it next asks for it by the same token */
	assert_string_equal(hycan_token(h), token);
	assert_done(h, hycan_session_adopt(h, hycan_token(h), &n));
	assert_int_equal(n, 2);
	/* nothing flickered */
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
	end_session(h);
}

/*
 * What a transaction took away that waits may be given back to whoever goes on with it: whether the connection was there when it was taken,
 * or gone by then, and whether it is adopted before the daemon is killed, which takes it back, or behind that.
 */
static void goes_on_without(void **state)
{
	static const char *const addresses[] = { "10.1.0.1/24", "fd01::1/64" };
	struct world *w = *state;
	char transaction[33];
	uint32_t n;

	for (int way = 0; way < 6; way++) {
		const bool was_there = way % 2, killed = way >= 4;
		struct hycan *h = begin_session(w);

		if (!was_there) {
			hycan_close(h);
			clients_wait(w->h, 1);
		}
		assert_done(w->h, hycan_transaction_begin(w->h));
		for (size_t i = 0; i < 2; i++) {
			const struct hycan_prefix address = prefix_of(addresses[i]);

			assert_done(w->h, hycan_address_remove(w->h, "va", &address));
		}
		unconfirmed_commit(w->h, transaction);
		if (was_there) {
			hycan_close(h);
			clients_wait(w->h, 1);
		}
		if (way >= 2)
			unconfirmed_take_back(w, transaction, killed);
		h = client_open(w);
		assert_done(h, hycan_session_adopt(h, token, &n));
		assert_int_equal(n, way >= 2 ? 2 : 0);
		assert_string_equal(hycan_token(h), token);
		if (way < 2)
			assert_done(w->h, hycan_transaction_cancel(w->h, transaction));
		assert_int_equal(objects_count(w->h), 2);
		assert_true(address_is_there("10.1.0.1/24") && address_is_there("fd01::1/64"));
		end_session(h);
		objects_wait(w->h, 0);
	}
}

/* And when that is confirmed there is nothing to go on with, nor when its grace is over. */
static void is_over(void **state)
{
	struct world *w = *state;
	const struct hycan_prefix address = prefix_of("10.1.0.1/24");
	char transaction[33];
	uint32_t n;

	for (int confirmed = 0; confirmed < 2; confirmed++) {
		struct hycan *h = client_open(w);

		client_hold_while_connected(h, confirmed ? 3600 : 0);
		client_add(h, "10.1.0.1/24");
		keep_token(h);
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_address_remove(w->h, "va", &address));
		unconfirmed_commit(w->h, transaction);
		hycan_close(h);
		clients_wait(w->h, 1);
		if (confirmed)
			assert_done(w->h, hycan_transaction_confirm(w->h, transaction));
		h = client_open(w);
		assert_refused(h, hycan_session_adopt(h, token, &n), HYCAN_REFUSAL_NOT_FOUND);
		hycan_close(h);
		if (!confirmed)
			assert_done(w->h, hycan_transaction_cancel(w->h, transaction));
		address_until_gone("10.1.0.1/24");
		objects_wait(w->h, 0);
	}
}

/* It takes the addresses away, deletes a link, which is tried again from there on, and then fails. The other one's connection is none of its. */
static int take_and_fail(struct hycan *h, const void *other)
{
	static const char *const addresses[] = { "10.1.0.1/24", "fd01::1/64" };
	const struct hycan_route never = route_via("10.8.0.0/16", "203.0.114.1");

	if (other)
		close(hycan_fd(other));
	assert_done(h, hycan_transaction_begin(h));
	for (size_t i = 0; i < 2; i++) {
		const struct hycan_prefix address = prefix_of(addresses[i]);

		assert_done(h, hycan_address_remove(h, "va", &address));
	}
	assert_done(h, hycan_link_delete(h, "x0"));
	assert_done(h, hycan_route_add(h, &never));
	return hycan_transaction_commit(h, NULL, NULL) != HYCAN_REFUSAL_INVALID;
}

/*
 * The same of one that is carried out, and fails: whether the connection was gone before, or goes meanwhile, with a grace, or with leases
 * alone, and whether it is adopted before that fails, or behind it.
 */
static void goes_on_beside(void **state)
{
	struct world *w = *state;
	int status;
	uint32_t n;

	for (int way = 0; way < 3; way++) {
		const bool was_there = way == 1, early = way != 1, leases = way == 2;
		struct hycan *h = begin_session(w);
		pid_t child;

		if (leases) {
			assert_done(h, hycan_session_lifetime(h, HYCAN_LIFETIME_CONNECTION,
			                                      &(struct hycan_session_lifetime_options){ .has_grace = true }));
			client_hold_lease(h, 3600);
			client_add(h, "10.1.0.1/24");
			client_add(h, "fd01::1/64");
		}
		free(shell("ip link add x0 type veth peer name x1"));
		if (!was_there) {
			hycan_close(h);
			clients_wait(w->h, 1);
		}
		child = held_in_pause(w, take_and_fail, was_there ? h : NULL);
		assert_false(address_is_there("10.1.0.1/24") || address_is_there("fd01::1/64"));
		if (was_there) {
			hycan_close(h);
			clients_wait(w->h, 2);
		}
		h = client_open(w);
		if (early) {
			assert_done(h, hycan_session_adopt(h, token, &n));
			assert_int_equal(n, 0);
		}
		held_end();
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_done(h, hycan_session_adopt(h, token, &n));
		assert_int_equal(n, 2);
		assert_string_equal(hycan_token(h), token);
		assert_true(address_is_there("10.1.0.1/24") && address_is_there("fd01::1/64"));
		client_hold_while_connected(h, 0);
		client_add(h, "10.1.0.1/24");
		client_add(h, "fd01::1/64");
		end_session(h);
		objects_wait(w->h, 0);
	}
}

/* Leases need no grace: as long as they would last, and may come back. */
static void goes_on_without_leases(void **state)
{
	struct world *w = *state;
	const struct hycan_prefix address = prefix_of("10.1.0.1/24");
	char transaction[33];
	uint32_t n;

	for (int confirmed = 0; confirmed < 2; confirmed++) {
		struct hycan_session_renew_options former = { .has_token = true };
		struct hycan *h = client_open(w);

		client_hold_lease(h, 3600);
		client_add(h, "10.1.0.1/24");
		keep_token(h);
		memcpy(former.token, token, sizeof(former.token));
		hycan_close(h);
		clients_wait(w->h, 1);
		assert_done(w->h, hycan_transaction_begin(w->h));
		assert_done(w->h, hycan_address_remove(w->h, "va", &address));
		unconfirmed_commit(w->h, transaction);
		assert_done(w->h, hycan_session_renew(w->h, &former));
		h = client_open(w);
		if (confirmed) {
			assert_done(w->h, hycan_transaction_confirm(w->h, transaction));
			assert_refused(h, hycan_session_adopt(h, token, &n), HYCAN_REFUSAL_NOT_FOUND);
			hycan_close(h);
			continue;
		}
		assert_done(h, hycan_session_adopt(h, token, &n));
		assert_int_equal(n, 0);
		assert_done(w->h, hycan_transaction_cancel(w->h, transaction));
		assert_int_equal(objects_count(w->h), 1);
		client_hold_while_connected(h, 0);
		client_add(h, "10.1.0.1/24");
		hycan_close(h);
		address_until_gone("10.1.0.1/24");
		objects_wait(w->h, 0);
	}
}

/* A lease that is over comes back to nobody. */
static void is_over_with_its_lease(void **state)
{
	const struct hycan_transaction_run_options options = {
		.has_confirm_within = true, .confirm_within = 600, .has_may_be_gone = true, .may_be_gone = true
	};
	struct world *w = *state;
	const struct hycan_prefix address = prefix_of("10.1.0.1/24");
	struct hycan *h = client_open(w);
	uint32_t n;

	client_hold_lease(h, 2);
	client_add(h, "10.1.0.1/24");
	keep_token(h);
	hycan_close(h);
	assert_done(w->h, hycan_transaction_begin(w->h));
	assert_done(w->h, hycan_address_remove(w->h, "va", &address));
	/* where it has taken so long, the lease is over already */
	assert_done(w->h, hycan_transaction_commit(w->h, &options, NULL));
	h = client_open(w);
	client_hold_lease(h, 2);
	client_add(h, "10.2.0.1/24");
	address_until_gone("10.2.0.1/24");
	assert_refused(h, hycan_session_adopt(h, token, &n), HYCAN_REFUSAL_NOT_FOUND);
	hycan_close(h);
}

/* From one that is still there, which then holds nothing. */
static void takes_over(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w), *other = client_open(w);
	uint32_t n = 0;

	client_hold_while_connected(h, 0);
	client_add(h, "10.1.0.1/24");
	keep_token(h);
	assert_done(other, hycan_session_adopt(other, token, &n));
	assert_int_equal(n, 1);
	client_add(h, "10.2.0.1/24");
	hycan_close(h);
	address_until_gone("10.2.0.1/24");
	assert_true(address_is_there("10.1.0.1/24"));
	hycan_close(other);
	address_until_gone("10.1.0.1/24");
}

static bool is_in(int netns, const char *address)
{
	return shell_status(NULL, "nsenter --net=/proc/%d/fd/%d ip -o address show dev lo | grep -qF ' %s '", (int)getpid(), netns,
	                    address) == 0;
}

static void until_gone_from(int netns, const char *address)
{
	shell_until(30, "! nsenter --net=/proc/%d/fd/%d ip -o address show dev lo | grep -F ' %s '", (int)getpid(), netns, address);
}

static void add_to_lo(struct hycan *h, const char *address)
{
	const struct hycan_link_address a = { .link = "lo", .address = prefix_of(address) };

	assert_done(h, hycan_address_add(h, &a));
}

/* The one that is still there goes on with its lifetime, in its namespace: it did not hear of anything. */
static void goes_on_as_it_was(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w), *other = client_open(w);
	const int netns = netns_without_name();
	uint32_t n = 0;

	client_hold_while_connected(h, 3600);
	client_add(h, "10.1.0.1/24");
	keep_token(h);
	assert_done(h, hycan_session_netns(h, netns, NULL));
	assert_done(other, hycan_session_adopt(other, token, &n));
	assert_int_equal(n, 1);
	add_to_lo(h, "10.7.0.1/32");
	assert_true(is_in(netns, "10.7.0.1/32"));
	/* its grace is the other's: nobody has a token of this one */
	hycan_close(h);
	until_gone_from(netns, "10.7.0.1/32");
	assert_true(address_is_there("10.1.0.1/24"));
	close(netns);
	end_session(other);
}

/* A statement of either of them is over, and the one that is still there goes on stating for itself, and not for the user. */
static void ends_statements(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w), *other = client_open(w);
	uint32_t n = 0;

	client_add(w->h, "10.1.0.1/24");
	client_hold_while_connected(h, 0);
	client_add(h, "10.2.0.1/24");
	keep_token(h);
	assert_done(h, hycan_object_replace_begin(h, NULL));
	assert_done(other, hycan_session_adopt(other, token, &n));
	assert_refused(other, hycan_object_replace_end(other, &n), HYCAN_REFUSAL_INVALID);
	assert_refused(h, hycan_object_replace_end(h, &n), HYCAN_REFUSAL_INVALID);
	assert_done(h, hycan_object_replace_begin(h, NULL));
	assert_done(h, hycan_object_replace_end(h, &n));
	assert_int_equal(n, 0);
	assert_true(address_is_there("10.1.0.1/24"));
	assert_true(address_is_there("10.2.0.1/24"));
	hycan_close(h);
	hycan_close(other);
}

/* Who adopts stays in its own namespace; that has no name, and nobody but the connection is in it. */
static void goes_on_in_another_namespace(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w), *other = client_open(w);
	const int netns = netns_without_name();
	uint32_t n = 0;

	client_hold_while_connected(h, 0);
	client_add(h, "10.1.0.1/24");
	keep_token(h);
	assert_done(other, hycan_session_netns(other, netns, NULL));
	assert_done(other, hycan_session_adopt(other, token, &n));
	assert_int_equal(n, 1);
	hycan_close(h);
	add_to_lo(other, "10.7.0.1/32");
	assert_true(is_in(netns, "10.7.0.1/32"));
	hycan_close(other);
	address_until_gone("10.1.0.1/24");
	until_gone_from(netns, "10.7.0.1/32");
	close(netns);
}

/* The daemon is killed: its successor knows the session. */
static void goes_on_with_the_next_daemon(void **state)
{
	struct world *w = *state;
	struct hycan *h = begin_session(w);
	const int fd = announcements_open();
	uint32_t n = 0;

	for (int i = 0; i < 2; i++) {
		(void)world_stop_daemon(w, SIGKILL);
		hycan_close(h);
		world_start_daemon(w, NULL);
		h = client_open(w);
		assert_done(h, hycan_session_adopt(h, token, &n));
		assert_int_equal(n, 2);
	}
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
	end_session(h);
}

/* Nobody comes within the grace. */
static void goes_with_the_next_daemon(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w), *none = client_open(w);
	uint32_t n = 0;

	client_hold_while_connected(h, 2);
	client_add(h, "10.1.0.1/24");
	keep_token(h);
	client_hold_while_connected(none, 0);
	client_add(none, "10.2.0.1/24");
	(void)world_stop_daemon(w, SIGKILL);
	hycan_close(h);
	hycan_close(none);
	world_start_daemon(w, NULL);
	address_until_gone("10.2.0.1/24");
	address_until_gone("10.1.0.1/24");
	h = client_open(w);
	assert_refused(h, hycan_session_adopt(h, token, &n), HYCAN_REFUSAL_NOT_FOUND);
	hycan_close(h);
	/* and nothing of it is left */
	(void)world_stop_daemon(w, SIGTERM);
	free(shell("! test -e %s.d/ledger", w->socket));
	world_start_daemon(w, NULL);
}

static void as_nobody(struct world *w)
{
	struct hycan *h = client_open(w);
	uint32_t n = 0;

	assert_refused(h, hycan_session_adopt(h, token, &n), HYCAN_REFUSAL_NOT_FOUND);
	assert_refused(h, hycan_session_renew(h, &(struct hycan_session_renew_options){ .has_token = true }),
	               HYCAN_REFUSAL_NOT_FOUND);
	hycan_close(h);
}

static int begin_for_all(void **state)
{
	*state = world_start(&(struct world_options){ .open_to_all = true });
	free(shell("ip link add va type veth peer name vb && ip link set va up && ip link set vb up"));
	return 0;
}

static void refuses(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	uint32_t n = 0;

	client_hold_while_connected(h, 3600);
	client_add(h, "10.1.0.1/24");
	keep_token(h);
	hycan_close(h);
	world_as(NOBODY, NOBODY, as_nobody, w);
	assert_refused(w->h, hycan_session_adopt(w->h, "0123456789abcdef0123456789abcdef", &n), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_field(w->h), "token");
	assert_contains(hycan_error_message(w->h), "There is no session of uid 0 with this token");
	/* adopted without grace: over */
	h = client_open(w);
	assert_done(h, hycan_session_adopt(h, token, &n));
	client_hold_while_connected(h, 0);
	hycan_close(h);
	address_until_gone("10.1.0.1/24");
	/* what is left of it can be adopted until the last thing has left the ledger, too */
	while (objects_count(w->h) > 0)
		;
	assert_refused(w->h, hycan_session_adopt(w->h, token, &n), HYCAN_REFUSAL_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_on, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(goes_on_with_the_next_daemon, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(goes_with_the_next_daemon, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(goes_on_without, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(is_over, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(goes_on_beside, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(goes_on_without_leases, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(is_over_with_its_lease, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(takes_over, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(goes_on_as_it_was, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(ends_statements, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(goes_on_in_another_namespace, routing_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses, begin_for_all, world_end),
	};

	return cmocka_run_group_tests_name("session.adopt", tests, NULL, NULL);
}

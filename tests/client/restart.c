/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real daemon comes and goes while a program is connected.
 */
#include "clients.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void calls_go_on_after_a_restart(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 3; i++) {
		assert_done(w->h, hycan_link_up(w->h, "lo"));
		(void)world_stop_daemon(w, i % 2 ? SIGKILL : SIGTERM);
		world_start_daemon(w, NULL);
	}
	assert_done(w->h, hycan_link_down(w->h, "lo"));
}

static void without_a_daemon_calls_fail_and_say_so(void **state)
{
	struct world *w = *state;

	assert_done(w->h, hycan_link_up(w->h, "lo"));
	(void)world_stop_daemon(w, SIGKILL);
	/* the socket file is still there, and nobody behind it */
	assert_int_equal(hycan_link_up(w->h, "lo"), -ECONNREFUSED);
	assert_contains(hycan_error_message(w->h), w->socket);
	assert_int_equal(hycan_fd(w->h), -1);
	assert_int_equal(unlink(w->socket), 0);
	assert_int_equal(hycan_link_up(w->h, "lo"), -ENOENT);
	world_start_daemon(w, NULL);
	assert_done(w->h, hycan_link_up(w->h, "lo"));
}

struct tally {
	int done;
	int lost;
	int other;
};

static void count(struct hycan *h, int result, const void *reply, size_t n, void *userdata)
{
	struct tally *t = userdata;

	(void)h;
	(void)reply;
	(void)n;
	if (result == 0)
		t->done++;
	else if (result == -ECONNRESET)
		t->lost++;
	else
		t->other++;
}

/* The daemon is killed with a thousand requests under way: each is told one thing, once. */
static void each_request_is_told_once(void **state)
{
	enum { N = 1000 };
	struct world *w = *state;
	struct tally t = { 0 };

	for (int i = 0; i < N; i++)
		assert_int_equal(hycan_link_get_async(w->h, "lo", count, &t), 0);
	while (t.done == 0) {
		struct pollfd pfd = { .fd = hycan_fd(w->h), .events = hycan_events(w->h) };

		assert_true(poll(&pfd, 1, 60000) > 0);
		assert_true(hycan_process(w->h) >= 0);
	}
	(void)world_stop_daemon(w, SIGKILL);
	while (hycan_pending(w->h) > 0) {
		struct pollfd pfd = { .fd = hycan_fd(w->h), .events = hycan_events(w->h) };

		assert_true(poll(&pfd, 1, 60000) > 0);
		hycan_process(w->h);
	}
	assert_int_equal(t.done + t.lost + t.other, N);
	assert_int_equal(t.other, 0);
	world_start_daemon(w, NULL);
	assert_done(w->h, hycan_link_up(w->h, "lo"));
}

/* A namespace that was chosen does not come back by itself, and nothing happens in another one meanwhile. */
static void a_namespace_must_be_chosen_again(void **state)
{
	struct world *w = *state;
	struct hycan_link link;
	int netns;

	free(shell("ip netns add other && ip -n other link add br9 type bridge"));
	netns = open("/run/netns/other", O_RDONLY | O_CLOEXEC);
	assert_true(netns >= 0);
	assert_done(w->h, hycan_session_netns(w->h, netns, NULL));
	assert_done(w->h, hycan_link_get(w->h, "br9", &link));
	(void)world_stop_daemon(w, SIGTERM);
	world_start_daemon(w, NULL);
	assert_int_equal(hycan_link_up(w->h, "lo"), -ECONNRESET);
	assert_int_equal(hycan_link_up(w->h, "lo"), -ECONNRESET);
	assert_contains(hycan_error_message(w->h), "session.netns");
	assert_done(w->h, hycan_session_netns(w->h, netns, NULL));
	assert_done(w->h, hycan_link_up(w->h, "br9"));
	free(shell("ip -n other link show br9 up | grep br9"));
	close(netns);
}

/* Nor does a lifetime: nothing is held for good meanwhile, and no statement is about all that the user holds. */
static void a_session_must_be_adopted(void **state)
{
	struct world *w = *state;
	struct hycan *h = client_open(w);
	uint32_t n = 0;

	client_add(w->h, "10.1.0.1/24");
	client_hold_while_connected(h, 3600);
	client_add(h, "10.2.0.1/24");
	(void)world_stop_daemon(w, SIGKILL);
	world_start_daemon(w, NULL);
	assert_int_equal(hycan_object_replace_begin(h, NULL), -ECONNRESET);
	assert_contains(hycan_error_message(h), "object.replace_begin was not sent");
	assert_int_equal(hycan_session_renew(h, NULL), -ECONNRESET);
	assert_contains(hycan_error_message(h), "session.lifetime or session.adopt");
	assert_done(h, hycan_session_adopt(h, hycan_token(h), &n));
	assert_int_equal(n, 1);
	assert_done(h, hycan_object_replace_begin(h, NULL));
	client_hold_while_connected(h, 0);
	client_add(h, "10.3.0.1/24");
	assert_done(h, hycan_object_replace_end(h, &n));
	assert_int_equal(n, 1);
	assert_false(address_is_there("10.2.0.1/24"));
	hycan_close(h);
	address_until_gone("10.3.0.1/24");
	assert_true(address_is_there("10.1.0.1/24"));
}

static void pipelined_answers_come_in_order(void **state)
{
	enum { N = 5000 };
	struct world *w = *state;
	struct tally t = { 0 };
	struct hycan_link link;

	for (int i = 0; i < N; i++)
		assert_int_equal(hycan_link_get_async(w->h, "lo", count, &t), 0);
	/* a blocking call among them hands out what came before it */
	assert_done(w->h, hycan_link_get(w->h, "lo", &link));
	assert_int_equal(t.done, N);
	assert_int_equal(hycan_pending(w->h), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
		TEST(calls_go_on_after_a_restart),
		TEST(without_a_daemon_calls_fail_and_say_so),
		TEST(each_request_is_told_once),
		TEST(a_namespace_must_be_chosen_again),
		TEST(pipelined_answers_come_in_order),
		/* with links */
		cmocka_unit_test_setup_teardown(a_session_must_be_adopted, routing_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stories of clients that come, hold something, and go: also by SIGKILL, and with others beside them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "clients.h"
#include "objects.h"

#define ALICE 4711
#define BOB   4712

struct shared {
	char token[33];
};

static struct shared *shared;

static int begin(void **state)
{
	const struct world_options options = {
		.policy = "allow 4712 address.remove name=va owner=any\nallow * address,route,object\n",
		.open_to_all = true,
	};

	*state = world_start(&options);
	free(shell("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad; ip link "
	           "add va type veth peer name vb && ip link set va "
	           "up && "
	           "ip link set vb up"));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	return 0;
}

static int end(void **state)
{
	munmap(shared, sizeof(*shared));
	return world_end(state);
}

static void make_things(struct hycan *h, void *userdata)
{
	const struct hycan_route route = route_via("10.50.0.0/16", "10.1.0.2");

	client_hold_while_connected(h, *(const uint32_t *)userdata);
	client_add(h, "10.1.0.1/24");
	assert_done(h, hycan_route_add(h, &route));
	client_add(h, "fd01::1/64");
	snprintf(shared->token, sizeof(shared->token), "%s", hycan_token(h));
}

static void killed(void **state)
{
	uint32_t grace = 0;
	struct world *w = *state;
	pid_t pid = client_fork(w, make_things, &grace);

	assert_true(address_is_there("10.1.0.1/24"));
	assert_true(address_is_there("fd01::1/64"));
	client_kill(pid);
	address_until_gone("10.1.0.1/24");
	address_until_gone("fd01::1/64");
	assert_output("", "ip route show 10.50.0.0/16");
	shell_until(30, "! grep -q 'could not be taken away' %s", w->log);
}

/* Killed, and there again within its grace: nobody on the network could tell. */
static void killed_and_back(void **state)
{
	uint32_t grace = 3600, n = 0;
	struct world *w = *state;
	pid_t pid = client_fork(w, make_things, &grace);
	struct hycan *h;
	int fd;

	routing_settle();
	fd = announcements_open();
	client_kill(pid);
	h = client_open(w);
	assert_done(h, hycan_session_adopt(h, shared->token, &n));
	assert_int_equal(n, 3);
	/* it states what it wants, as it did before */
	client_add(h, "10.1.0.1/24");
	client_add(h, "fd01::1/64");
	assert_int_equal(announcements_count(fd), 0);
	close(fd);
	client_hold_while_connected(h, 0);
	hycan_close(h);
	address_until_gone("10.1.0.1/24");
}

static void grace_ends(void **state)
{
	uint32_t grace = 1, n = 0;
	struct world *w = *state;
	pid_t pid = client_fork(w, make_things, &grace);

	client_kill(pid);
	address_until_gone("10.1.0.1/24");
	address_until_gone("fd01::1/64");
	assert_refused(w->h, hycan_session_adopt(w->h, shared->token, &n), HYCAN_REFUSAL_NOT_FOUND);
}

static void as_alice(struct world *w)
{
	struct hycan *h = client_open(w);

	/* root made it, and alice needs it, too */
	client_hold_while_connected(h, 0);
	client_add(h, "10.1.0.1/24");
	assert_int_equal(client_remove(w->h, "10.1.0.1/24"), 0);
	assert_true(address_is_there("10.1.0.1/24"));
	client_add(h, "10.2.0.1/24");
	assert_refused(h, client_remove(h, "10.9.0.1/24"), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_error_message(h),
	                "uid 0's: only that user, root, and whom policy allows it with owner=any may remove it");
	assert_true(address_is_there("10.9.0.1/24"));
	/* a stranger's, which policy lets her remove by name */
	assert_done(h, client_remove(h, "10.8.0.1/24"));
	hycan_close(h);
}

static void two_holders(void **state)
{
	struct world *w = *state;

	client_add(w->h, "10.1.0.1/24");
	client_add(w->h, "10.9.0.1/24");
	free(shell("ip address add 10.8.0.1/24 dev va"));
	hycan_close(w->h);
	w->h = client_open(w);
	world_as(ALICE, ALICE, as_alice, w);
	/* she was the last */
	address_until_gone("10.1.0.1/24");
	address_until_gone("10.2.0.1/24");
	assert_true(address_is_there("10.9.0.1/24"));
	assert_false(address_is_there("10.8.0.1/24"));
}

static void as_bob(struct world *w)
{
	struct hycan *h = client_open(w);

	assert_done(h, client_remove(h, "10.1.0.1/24"));
	hycan_close(h);
}

static void as_alice_who_stays(struct world *w)
{
	struct hycan *h = client_open(w);

	client_add(h, "10.1.0.1/24");
	client_add(h, "10.2.0.1/24");
	hycan_close(h);
}

/* Root, and whom policy says so, takes away what is others'. */
static void by_force(void **state)
{
	struct world *w = *state;

	world_as(ALICE, ALICE, as_alice_who_stays, w);
	world_as(BOB, BOB, as_bob, w);
	assert_false(address_is_there("10.1.0.1/24"));
	assert_done(w->h, client_remove(w->h, "10.2.0.1/24"));
	assert_false(address_is_there("10.2.0.1/24"));
}

/* Many of a client that died: others are served meanwhile, and nothing is left. */
static void make_many(struct hycan *h, void *userdata)
{
	struct hycan_route *routes = calloc(5000, sizeof(*routes));
	char text[32];

	client_hold_while_connected(h, 0);
	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.0/24", 100 + i / 256, i % 256);
		routes[i] = route_to(text);
		routes[i].has_type = true;
		routes[i].type = HYCAN_ROUTE_TYPE_BLACKHOLE;
	}
	assert_done(h, hycan_route_load(h, routes, 5000, NULL, NULL));
	free(routes);
	(void)userdata;
}

static void many(void **state)
{
	struct world *w = *state;
	pid_t pid = client_fork(w, make_many, NULL);
	struct hycan_daemon_status_reply *s = NULL;

	assert_output("5000\n", "ip route show type blackhole | wc -l");
	client_kill(pid);
	client_add(w->h, "10.1.0.1/24");
	shell_until(60, "[ $(ip route show type blackhole | wc -l) = 0 ]");
	assert_done(w->h, hycan_daemon_status(w->h, &s));
	assert_int_equal(s->objects, 1);
	free(s);
}

enum { LINKS = 1000, STEPS = 250 };

/* A thousand links of a client that died go together; what a stranger made stays. */
static void make_links(struct hycan *h, void *userdata)
{
	char name[16];

	client_hold_while_connected(h, 0);
	for (unsigned int i = 0; i < LINKS; i++) {
		/* in transactions, which keep a worker busy and not the loop: that is what is measured */
		if (i % STEPS == 0)
			assert_int_equal(hycan_transaction_begin(h), 0);
		snprintf(name, sizeof(name), "c%u", i);
		assert_done(h, hycan_vcan_create(h, name, NULL, NULL));
		if (i % STEPS == STEPS - 1)
			assert_done(h, hycan_transaction_commit(h, NULL, NULL));
	}
	(void)userdata;
}

static double seconds_since(const struct timespec *began)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - began->tv_sec) + (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

/* The daemon's state, asked for by another client; keeps the longest that it waited. */
static struct hycan_daemon_status_reply status_of(struct hycan *h, double *longest)
{
	struct hycan_daemon_status_reply *s = NULL, state;
	struct timespec began;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &began);
	assert_done(h, hycan_daemon_status(h, &s));
	seconds = seconds_since(&began);
	*longest = seconds > *longest ? seconds : *longest;
	state = *s;
	free(s);
	return state;
}

static void many_links(void **state)
{
	struct world *w = *state;
	double gone, waited = 0, ignored = 0;
	uint64_t before, after;
	struct timespec began;
	unsigned int n = 0;
	pid_t pid;

	need_kind("vcan");
	free(shell("ip link add other type vcan"));
	pid = client_fork(w, make_links, NULL);
	assert_output("1001\n", "ip -o link show type vcan | wc -l");
	before = status_of(w->h, &ignored).longest_turn_us;
	clock_gettime(CLOCK_MONOTONIC, &began);
	client_kill(pid);
	while (status_of(w->h, &waited).objects > 0) {
		assert_true(seconds_since(&began) < 120);
		n++;
	}
	gone = seconds_since(&began);
	after = status_of(w->h, &ignored).longest_turn_us;
	assert_output("1\n", "ip -o link show type vcan | wc -l");
	free(shell("ip link show other"));
	print_message("%d links of a client that died: gone after %.2f s; longest turn of the loop until then %.1f ms, "
	              "and with that %.1f ms; another client asked %u times, and waited %.1f ms at most\n",
	              LINKS, gone, (double)before / 1e3, (double)after / 1e3, n, waited * 1e3);
	free(shell("for i in $(seq 1000); do echo link add c$i group 7 type vcan; done | ip -batch -"));
	clock_gettime(CLOCK_MONOTONIC, &began);
	free(shell("ip link delete group 7"));
	print_message("the kernel's own deletion by group: %.2f s\n", seconds_since(&began));
}

/* What goes by itself is in the log, with what it was, whose, and why. */
static void logged(void **state)
{
	const uint32_t grace = 0;
	struct world *w = *state;
	pid_t pid = client_fork(w, make_things, (void *)&grace);
	struct hycan_object_clear_reply *reply = NULL;
	struct hycan *h = client_open(w);
	uint32_t removed = 0;

	client_kill(pid);
	shell_until(30, "grep -q 'address.remove va 10.1.0.1/24 for .*because the client is gone' %s", w->log);
	shell_until(30, "grep -q 'route.remove 10.50.0.0/16.* because the client is gone' %s", w->log);
	client_hold_lease(h, 1);
	client_add(h, "10.2.0.1/24");
	shell_until(30, "grep -q 'address.remove va 10.2.0.1/24 for .*because the lease is over' %s", w->log);
	client_add(w->h, "10.3.0.1/24");
	assert_done(w->h, hycan_object_replace_begin(w->h, NULL));
	assert_done(w->h, hycan_object_replace_end(w->h, &removed));
	shell_until(30, "grep -q 'address.remove va 10.3.0.1/24 for .*because it was not asked for again' %s", w->log);
	client_add(w->h, "10.4.0.1/24");
	assert_done(w->h, hycan_object_clear(w->h, NULL, &reply));
	free(reply);
	shell_until(30, "grep -q 'address.remove va 10.4.0.1/24 for .*because object.clear was asked for' %s", w->log);
	hycan_close(h);
}

/* With an argument: the tests of that name. */
/* A program that dies is started again at once: the link that it makes is its own, also while the former one is going. */
static void started_again(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	for (int i = 0; i < 30; i++) {
		struct hycan *h = client_open(w), *again = client_open(w);
		int r;

		client_hold_while_connected(h, 0);
		/* what was made first goes last */
		client_add(h, "10.1.0.1/24");
		assert_done(h, hycan_vcan_create(h, "vcan0", NULL, NULL));
		hycan_close(h);
		do {
			r = hycan_vcan_create(again, "vcan0", NULL, NULL);
			assert_true(r == 0 || r == HYCAN_REFUSAL_BUSY || r == HYCAN_REFUSAL_EXISTS);
		} while (r != 0);
		address_until_gone("10.1.0.1/24");
		free(shell("ip link show vcan0"));
		objects_wait(w->h, 1);
		assert_done(again, hycan_link_delete(again, "vcan0"));
		hycan_close(again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(killed, begin, end),
		cmocka_unit_test_setup_teardown(killed_and_back, begin, end),
		cmocka_unit_test_setup_teardown(grace_ends, begin, end),
		cmocka_unit_test_setup_teardown(two_holders, begin, end),
		cmocka_unit_test_setup_teardown(by_force, begin, end),
		cmocka_unit_test_setup_teardown(logged, begin, end),
		cmocka_unit_test_setup_teardown(many, begin, end),
		cmocka_unit_test_setup_teardown(many_links, begin, end),
		cmocka_unit_test_setup_teardown(started_again, begin, end),
	};

	return cmocka_run_group_tests_name("ownership", tests, NULL, NULL);
}

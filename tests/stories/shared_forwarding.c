/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Forwarding is one switch, and needed by who asked for it with forwarding.set, and by networks: whichever came first, it stays on until
 * the last of them lets go, and what a stranger had on before stays on behind all of them.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "network.h"
#include "objects.h"
#include "unconfirmed.h"
#include "world.h"

#define BLUE "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"
#define RED  "101 10.8.0.0/24 10.8.0.1 red"

/* Of IPv4 and of IPv6. */
static void assert_forwarding(const char *expected)
{
	char *text = shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding | tr -d '\\n'");

	assert_string_equal(text, expected);
	free(text);
}

static void forward(struct hycan *h, bool on)
{
	assert_done(h, hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, on, NULL));
	assert_done(h, hycan_forwarding_set(h, HYCAN_FAMILY_IPV6, on, NULL));
}

/* One that asks for it as long as it is connected; end() waits until so many objects are left. */
static struct hycan *begin(const struct world *w)
{
	struct hycan *one;

	need_kind("vlan");
	one = client_open(w);
	client_hold_while_connected(one, 0);
	forward(one, true);
	return one;
}

static void end(struct world *w, struct hycan *one, size_t n_left)
{
	hycan_close(one);
	objects_wait(w->h, n_left);
}

static void create(struct hycan *h, const char *network)
{
	assert_done(h, network_create(h, network));
}

static void delete_network(struct hycan *h, uint16_t vlan_id)
{
	assert_done(h, hycan_network_delete(h, vlan_id, NULL));
}

/* flush: a stranger takes the table away before the next one is there. */
static void kill_daemon(struct world *w, bool flush)
{
	world_stop_daemon(w, SIGKILL);
	hycan_close(w->h);
	w->h = NULL;
	if (flush)
		free(shell("nft flush ruleset"));
	world_start_daemon(w, &(struct world_options){ 0 });
	assert_done(w->h, hycan_open(&w->h, w->socket));
}

/* A network turned it on, and then somebody asks for it. */
static void test_network_first(void **state)
{
	struct world *w = *state;
	struct hycan *one;

	network_make_parent();
	create(w->h, BLUE);
	assert_forwarding("11");
	one = begin(w);
	/* the network, its link, and forwarding of both families */
	assert_int_equal(objects_count(w->h), 4);
	delete_network(w->h, 100);
	assert_forwarding("11");
	end(w, one, 0);
	assert_forwarding("00");
	/* who lets go first leaves it to the network again */
	create(w->h, BLUE);
	one = begin(w);
	end(w, one, 2);
	assert_forwarding("11");
	assert_no_drift(w->h, 100);
	delete_network(w->h, 100);
	assert_forwarding("00");
}

/* Somebody asked for it, and then there is a network. */
static void test_asked_first(void **state)
{
	struct world *w = *state;
	struct hycan *one = begin(w);

	network_make_parent();
	create(w->h, BLUE);
	create(w->h, RED);
	end(w, one, 4);
	assert_forwarding("11");
	assert_no_drift(w->h, 100);
	/* of IPv6 there is one network alone */
	delete_network(w->h, 100);
	assert_forwarding("10");
	delete_network(w->h, 101);
	assert_forwarding("00");
	/* so it is where it is let go of by a request, and nobody but the network is left to turn it off */
	forward(w->h, true);
	create(w->h, BLUE);
	forward(w->h, false);
	assert_forwarding("11");
	forward(w->h, false);
	assert_forwarding("11");
	assert_int_equal(objects_count(w->h), 2);
	delete_network(w->h, 100);
	assert_forwarding("00");
}

/* An internal network needs it where it has a way out, and no sooner. */
static void test_internal(void **state)
{
	const struct hycan_network blue = network_of(BLUE);
	struct hycan_network red = network_of(RED);
	struct world *w = *state;
	struct hycan *one = begin(w);

	network_make_parent();
	red.has_internal = red.internal = true;
	assert_done(w->h, hycan_network_create(w->h, &red, NULL, NULL));
	end(w, one, 2);
	assert_forwarding("00");
	one = begin(w);
	assert_done(w->h, hycan_network_create(w->h, &blue, NULL, NULL));
	assert_done(w->h, hycan_network_allow(w->h, 101, 100, true, NULL));
	forward(one, false);
	assert_forwarding("11");
	hycan_close(one);
	delete_network(w->h, 100);
	delete_network(w->h, 101);
	assert_forwarding("00");
}

/* Another family's, or that of one link, has nothing to do with it. */
static void test_unrelated(void **state)
{
	const struct hycan_forwarding_set_options up0 = { .has_interface = true, .interface = "up0" };
	struct world *w = *state;

	network_make_parent();
	create(w->h, RED);
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV6, true, &up0));
	delete_network(w->h, 101);
	assert_forwarding("00");
	create(w->h, BLUE);
	assert_done(w->h, hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL));
	delete_network(w->h, 100);
	assert_forwarding("10");
	assert_int_equal(objects_count(w->h), 2);
}

/* What was on before anybody asked is nobody's, and stays. */
static void test_strangers(void **state)
{
	struct world *w = *state;
	struct hycan *one;

	network_make_parent();
	free(shell("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"));
	create(w->h, BLUE);
	one = begin(w);
	assert_int_equal(objects_count(w->h), 2);
	end(w, one, 2);
	delete_network(w->h, 100);
	assert_forwarding("11");
	/* unless somebody wants it off, which it is behind the last network */
	create(w->h, BLUE);
	forward(w->h, false);
	assert_forwarding("11");
	delete_network(w->h, 100);
	assert_forwarding("00");
}

/* The same by daemons that know of the ones before what these wrote down, also where a stranger takes the table away. */
static void killed(struct world *w, bool network_first, bool flush)
{
	if (network_first)
		create(w->h, BLUE);
	forward(w->h, true);
	kill_daemon(w, false);
	if (!network_first)
		create(w->h, BLUE);
	kill_daemon(w, flush && network_first);
	if (network_first) {
		delete_network(w->h, 100);
		assert_forwarding("11");
		kill_daemon(w, false);
		forward(w->h, false);
	} else {
		forward(w->h, false);
		assert_forwarding("11");
		kill_daemon(w, flush);
		delete_network(w->h, 100);
	}
	assert_forwarding("00");
	assert_int_equal(objects_count(w->h), 0);
}

static void test_killed(void **state)
{
	network_make_parent();
	for (int i = 0; i < 4; i++)
		killed(*state, i & 1, i & 2);
}

/* A table that a stranger took away said that networks had turned it on: who asks for it then holds it all the same. */
static void test_flushed(void **state)
{
	struct world *w = *state;

	network_make_parent();
	create(w->h, BLUE);
	free(shell("nft flush ruleset"));
	objects_wait(w->h, 1);
	forward(w->h, true);
	assert_int_equal(objects_count(w->h), 3);
	delete_network(w->h, 100);
	assert_forwarding("11");
	forward(w->h, false);
	assert_forwarding("00");
}

/* And where nobody does, it goes with the links that are left of the networks. */
static void test_left(void **state)
{
	struct world *w = *state;

	network_make_parent();
	for (int i = 0; i < 2; i++) {
		create(w->h, BLUE);
		/* enough links for them to be deleted together */
		for (int n = 0; n < 4; n++)
			assert_done(w->h, hycan_vlan_create(w->h, "up0", (uint16_t)(200 + n), NULL, NULL));
		if (i)
			create(w->h, RED);
		free(shell("nft flush ruleset"));
		objects_wait(w->h, i ? 6 : 5);
		/* the other one is whole again, and needs one family alone */
		if (i)
			create(w->h, RED);
		assert_forwarding("11");
		assert_done(w->h, hycan_object_clear(w->h, NULL, NULL));
		assert_forwarding("00");
		free(shell("! nft list tables | grep hycan"));
	}
}

/* What a transaction that is taken back turned on is left to the network that came since, and the other way round. */
static void test_taken_back(void **state)
{
	const struct hycan_network blue = network_of(BLUE);
	struct world *w = *state;
	char token[33];

	network_make_parent();
	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL);
	unconfirmed_commit(w->h, token);
	create(w->h, BLUE);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	assert_forwarding("11");
	delete_network(w->h, 100);
	assert_forwarding("00");

	assert_done(w->h, hycan_transaction_begin(w->h));
	(void)hycan_network_create(w->h, &blue, NULL, NULL);
	unconfirmed_commit(w->h, token);
	forward(w->h, true);
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	assert_forwarding("11");
	forward(w->h, false);
	assert_forwarding("00");
}

/* A transaction that asks for what networks turned on, or lets go of what they need, leaves no trace where it is taken back. */
static void test_no_trace(void **state)
{
	struct world *w = *state;
	char token[33], *before, *after;

	network_make_parent();
	for (int i = 0; i < 4; i++) {
		const bool on = i & 1, fails = i & 2;

		if (!on)
			forward(w->h, true);
		create(w->h, BLUE);
		before = shell("nft list ruleset");
		assert_done(w->h, hycan_transaction_begin(w->h));
		(void)hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, on, NULL);
		if (fails) {
			(void)hycan_link_up(w->h, "none");
			assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
		} else {
			unconfirmed_commit(w->h, token);
			assert_done(w->h, hycan_transaction_cancel(w->h, token));
		}
		after = shell("nft list ruleset");
		assert_string_equal(after, before);
		free(after);
		free(before);
		assert_forwarding("11");
		assert_int_equal(objects_count(w->h), on ? 2 : 4);
		delete_network(w->h, 100);
		assert_forwarding(on ? "00" : "11");
		forward(w->h, false);
		assert_forwarding("00");
	}
}

/* All of it in one transaction, taken back in reverse. */
static void test_together(void **state)
{
	const struct hycan_network blue = network_of(BLUE);
	struct world *w = *state;

	network_make_parent();
	for (int network_first = 0; network_first < 2; network_first++) {
		assert_done(w->h, hycan_transaction_begin(w->h));
		if (network_first)
			(void)hycan_network_create(w->h, &blue, NULL, NULL);
		(void)hycan_forwarding_set(w->h, HYCAN_FAMILY_IPV4, true, NULL);
		if (!network_first)
			(void)hycan_network_create(w->h, &blue, NULL, NULL);
		(void)hycan_link_up(w->h, "none");
		assert_refused(w->h, hycan_transaction_commit(w->h, NULL, NULL), HYCAN_REFUSAL_NOT_FOUND);
		assert_forwarding("00");
		assert_int_equal(objects_count(w->h), 0);
	}
}

/* A stranger turns it off: who asked for it holds nothing any more, and the network has it anew when it is asked for again. */
static void test_drift(void **state)
{
	struct world *w = *state;

	network_make_parent();
	create(w->h, BLUE);
	forward(w->h, true);
	free(shell("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0"));
	objects_wait(w->h, 2);
	assert_drift(w->h, 100, "IPv4 is not forwarded");
	create(w->h, BLUE);
	assert_forwarding("11");
	delete_network(w->h, 100);
	assert_forwarding("00");
	/* where it is put right, it is still held */
	create(w->h, BLUE);
	client_choose_drift(w->h, HYCAN_DRIFT_REPAIR);
	forward(w->h, true);
	free(shell("sysctl -qw net.ipv4.ip_forward=0"));
	shell_until(30, "grep -q 1 /proc/sys/net/ipv4/ip_forward");
	delete_network(w->h, 100);
	assert_forwarding("11");
	forward(w->h, false);
	assert_forwarding("00");
}

/* Each network namespace has its own switch. */
static void test_elsewhere(void **state)
{
	struct world *w = *state;
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd;
	struct hycan *there, *one;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(home >= 0 && fd >= 0);
	network_make_parent();
	/* of the other namespace it is no matter here */
	forward(w->h, true);
	assert_forwarding("00");
	there = client_open(w);
	assert_done(there, hycan_session_netns(there, fd, NULL));
	create(there, BLUE);
	assert_forwarding("11");
	delete_network(there, 100);
	assert_forwarding("00");
	create(there, BLUE);
	one = client_open(w);
	assert_done(one, hycan_session_netns(one, fd, NULL));
	client_hold_while_connected(one, 0);
	forward(one, true);
	delete_network(there, 100);
	assert_forwarding("11");
	create(there, BLUE);
	end(w, one, 4);
	assert_forwarding("11");
	delete_network(there, 100);
	assert_forwarding("00");
	hycan_close(there);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	close(fd);
	close(home);
}

#define STORY(function) cmocka_unit_test_setup_teardown(function, world_begin_soon, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(test_network_first), STORY(test_asked_first), STORY(test_internal), STORY(test_unrelated),
		STORY(test_strangers),     STORY(test_killed),      STORY(test_flushed),  STORY(test_left),
		STORY(test_taken_back),    STORY(test_no_trace),    STORY(test_together), STORY(test_drift),
		STORY(test_elsewhere),
	};

	return cmocka_run_group_tests_name("shared_forwarding", tests, NULL, NULL);
}

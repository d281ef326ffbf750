/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was made in another network namespace, and a daemon that is killed: the next one was never there, and its view of the
 * file system has no /run/netns; what a connection held goes all the same, and what is permanent is taken away when asked.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clients.h"
#include "held.h"
#include "objects.h"
#include "routing.h"

static void enter(struct hycan *h, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_done(h, hycan_session_netns(h, fd, NULL));
	close(fd);
}

static void add(struct hycan *h, const char *address)
{
	const struct hycan_link_address a = { .link = "lo", .address = prefix_of(address) };

	assert_done(h, hycan_address_add(h, &a));
}

static void the_next_daemon_finds_it(void **state)
{
	struct world *w = *state;
	struct hycan_object_clear_reply *cleared = NULL;
	struct hycan *far = NULL;

	free(shell("ip netns add far && ip -n far link set lo up"));
	assert_done(far, hycan_open(&far, w->socket));
	enter(far, "far");
	add(far, "10.9.8.1/32");
	assert_done(far, hycan_session_lifetime(far, HYCAN_LIFETIME_CONNECTION, NULL));
	add(far, "10.9.9.1/32");
	add(w->h, "10.9.7.1/32");
	(void)world_stop_daemon(w, SIGKILL);
	hycan_close(far);
	world_start_daemon(w, NULL);
	shell_until(20, "! ip -n far address show dev lo | grep -q 10.9.9.1");
	free(shell("ip -n far address show dev lo | grep -q 10.9.8.1"));
	assert_int_equal(objects_count(w->h), 2);
	/* by a connection that is not in that namespace, of a daemon that never was */
	assert_done(w->h, hycan_object_clear(w->h, NULL, &cleared));
	assert_int_equal(cleared->removed, 2);
	assert_int_equal(cleared->failed, 0);
	free(cleared);
	free(shell("! ip -n far address show dev lo | grep 10.9"));
	free(shell("! ip address show dev lo | grep 10.9"));
}

/* Nothing leads to it any more, so it is gone with all that was in it. */
static void a_namespace_that_is_gone(void **state)
{
	struct world *w = *state;
	struct hycan_object_clear_reply *cleared = NULL;
	struct hycan *far = NULL;

	free(shell("ip netns add gone && ip -n gone link set lo up"));
	assert_done(far, hycan_open(&far, w->socket));
	enter(far, "gone");
	add(far, "10.9.8.1/32");
	assert_int_equal(objects_count(w->h), 1);
	(void)world_stop_daemon(w, SIGKILL);
	hycan_close(far);
	free(shell("ip netns delete gone"));
	world_start_daemon(w, NULL);
	assert_done(w->h, hycan_object_clear(w->h, NULL, &cleared));
	assert_int_equal(cleared->failed, 0);
	free(cleared);
	assert_int_equal(objects_count(w->h), 0);
}

static const struct world_options unconfined = { .arguments = { "--unconfined" } };

/* From now on the daemon gets no descriptor for another namespace. What it may have is returned. */
static struct rlimit take_descriptors(struct world *w)
{
	struct rlimit before, none;

	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, NULL, &before), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, &none, NULL), 0);
	return before;
}

/* Where a connection was that is gone; the next daemon has none there, and no descriptor for it either, until that one is over. */
static struct rlimit leave_in(struct world *w, const char *name, const struct world_options *options)
{
	struct hycan *far = NULL;

	free(shell("ip netns add %s && ip -n %s link set lo up", name, name));
	assert_done(far, hycan_open(&far, w->socket));
	enter(far, name);
	add(far, "10.9.8.1/32");
	(void)world_stop_daemon(w, SIGKILL);
	hycan_close(far);
	world_start_daemon(w, options);
	assert_int_equal(objects_count(w->h), 1);
	return take_descriptors(w);
}

/* What is where the daemon cannot come just now is not gone. */
static void stays(struct world *w, const struct world_options *options)
{
	struct hycan_object_clear_reply *cleared = NULL;
	const struct rlimit before = leave_in(w, "closed", options);

	assert_done(w->h, hycan_object_clear(w->h, NULL, &cleared));
	assert_int_equal(cleared->removed, 0);
	assert_int_equal(cleared->failed, 1);
	free(cleared);
	assert_int_equal(objects_count(w->h), 1);
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, &before, NULL), 0);
	assert_done(w->h, hycan_object_clear(w->h, NULL, &cleared));
	assert_int_equal(cleared->removed, 1);
	free(cleared);
	free(shell("! ip -n closed address show dev lo | grep 10.9"));
	free(shell("ip netns delete closed"));
}

static void one_that_cannot_be_opened(void **state)
{
	stays(*state, NULL);
}

static void one_that_cannot_be_opened_without_porter(void **state)
{
	stays(*state, &unconfined);
}

static int begin_unconfined(void **state)
{
	*state = world_start(&unconfined);
	return 0;
}

/* A transaction there that waits to be confirmed, and whose connection is gone. */
static void let_one_wait(struct world *w, const char *name, const char *address, char token[static 33])
{
	const struct hycan_transaction_run_options waits = {
		.has_confirm_within = true, .confirm_within = 600, .has_detached = true, .detached = true
	};
	struct hycan_transaction_run_reply *reply = NULL;
	struct hycan *far = NULL;

	assert_done(far, hycan_open(&far, w->socket));
	enter(far, name);
	assert_done(far, hycan_transaction_begin(far));
	add(far, address);
	assert_done(far, hycan_transaction_commit(far, &waits, &reply));
	snprintf(token, 33, "%s", reply->token);
	free(reply);
	hycan_close(far);
}

/* The later one of two cannot be taken back, and so the earlier one neither, which is asked for. Nobody else has a turn meanwhile. */
static void cancel_in_vain(struct world *w, const char *name)
{
	char first[33], second[33];

	free(shell("ip netns add %s && ip -n %s link set lo up", name, name));
	let_one_wait(w, name, "10.9.8.1/32", first);
	let_one_wait(w, name, "10.9.9.1/32", second);
	assert_int_equal(objects_count(w->h), 2);
	(void)take_descriptors(w);
	assert_refused(w->h, hycan_transaction_cancel(w->h, first), HYCAN_REFUSAL_KERNEL);
	assert_contains(hycan_error_message(w->h), "but for 2 of what it did");
	assert_refused(w->h, hycan_transaction_cancel(w->h, second), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(objects_count(w->h), 2);
	free(shell("test $(ip -n %s address show dev lo | grep -c '10[.]9[.]') -eq 2", name));
}

static void until_taken_back(struct world *w, const char *name)
{
	shell_until(30, "! ip -n %s address show dev lo | grep '10[.]9[.]'", name);
	/* the ledger hears of it behind the kernel */
	objects_wait(w->h, 0);
	free(shell("ip netns delete %s", name));
}

/* What is not confirmed does not stay for good since its namespace could not be opened for a moment. */
static void a_transaction_there(void **state)
{
	struct world *w = *state;
	struct rlimit before;

	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, NULL, &before), 0);
	cancel_in_vain(w, "waits");
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, &before, NULL), 0);
	until_taken_back(w, "waits");
	free(shell("test $(grep -c 'cannot be taken back in its network namespace now, and is tried again' %s) -eq 1", w->log));
}

/* The longer it was in vain the longer it rests, but not where somebody comes who would have to wait for that. */
static void a_transaction_there_that_rests(void **state)
{
	struct world *w = *state;
	struct rlimit before;
	char token[33];

	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, NULL, &before), 0);
	cancel_in_vain(w, "rests");
	shell_until(60, "grep -q 'rests for 8 s' %s", w->log);
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, &before, NULL), 0);
	let_one_wait(w, "rests", "10.9.7.1/32", token);
	free(shell("test $(ip -n rests address show dev lo | grep -c '10[.]9[.]') -eq 1"));
	assert_done(w->h, hycan_transaction_cancel(w->h, token));
	until_taken_back(w, "rests");
}

/* Nor since the daemon was killed meanwhile. */
static void a_transaction_there_and_the_next_daemon(void **state)
{
	struct world *w = *state;

	cancel_in_vain(w, "waits2");
	(void)world_stop_daemon(w, SIGKILL);
	world_start_daemon(w, NULL);
	until_taken_back(w, "waits2");
}

static void hold_there(struct hycan *h, void *userdata)
{
	enter(h, userdata);
	client_hold_while_connected(h, 0);
	add(h, "10.9.8.1/32");
}

/* Who has it ends; and whoever saw to that stays. */
static int end_who_holds(struct hycan *h, const void *pid)
{
	(void)h;
	return kill(*(const pid_t *)pid, SIGKILL) == 0 ? pause() : 1;
}

/* Killed at the first message to the kernel behind the end of who held something, whose namespace ends with that. */
static void kill_with_namespace(struct world *w)
{
	char name[] = "left";
	pid_t holder, child;

	free(shell("ip netns add left && ip -n left link set lo up"));
	holder = client_fork(w, hold_there, name);
	child = held_at_message(w, 1, end_who_holds, &holder);
	(void)world_stop_daemon(w, SIGKILL);
	client_kill(child);
	client_kill(holder);
	free(shell("ip netns delete left"));
	world_start_daemon(w, NULL);
	/* it serves before it has ended those who are gone */
	objects_wait(w->h, 0);
}

/*
 * What is nobody's any more, when the daemon is killed, and whose namespace is gone: the next daemon has nothing to take away. Where the
 * first message was another one, it was somebody's still, and is not spoken of.
 */
static void what_nobody_holds(void **state)
{
	struct world *w = *state;
	int r = 1;

	for (int i = 0; i < 20 && r != 0; i++) {
		kill_with_namespace(w);
		r = shell_status(NULL, "grep -q '10.9.8.1/32.* which nobody holds, is gone with its network namespace' %s", w->log);
	}
	assert_int_equal(r, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_next_daemon_finds_it, world_begin, world_end),
		cmocka_unit_test_setup_teardown(a_namespace_that_is_gone, world_begin, world_end),
		cmocka_unit_test_setup_teardown(what_nobody_holds, world_begin, world_end),
		cmocka_unit_test_setup_teardown(one_that_cannot_be_opened, world_begin, world_end),
		cmocka_unit_test_setup_teardown(one_that_cannot_be_opened_without_porter, begin_unconfined, world_end),
		cmocka_unit_test_setup_teardown(a_transaction_there, world_begin, world_end),
		cmocka_unit_test_setup_teardown(a_transaction_there_that_rests, world_begin, world_end),
		cmocka_unit_test_setup_teardown(a_transaction_there_and_the_next_daemon, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("elsewhere", tests, NULL, NULL);
}

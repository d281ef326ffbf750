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

/* Where a connection was that is gone; the next daemon has none there, and no descriptor for it either, until that one is over. */
static struct rlimit leave_in(struct world *w, const char *name, const struct world_options *options)
{
	struct hycan *far = NULL;
	struct rlimit before, none;

	free(shell("ip netns add %s && ip -n %s link set lo up", name, name));
	assert_done(far, hycan_open(&far, w->socket));
	enter(far, name);
	add(far, "10.9.8.1/32");
	(void)world_stop_daemon(w, SIGKILL);
	hycan_close(far);
	world_start_daemon(w, options);
	assert_int_equal(objects_count(w->h), 1);
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, NULL, &before), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	assert_int_equal(prlimit(w->daemon, RLIMIT_NOFILE, &none, NULL), 0);
	return before;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_next_daemon_finds_it, world_begin, world_end),
		cmocka_unit_test_setup_teardown(a_namespace_that_is_gone, world_begin, world_end),
		cmocka_unit_test_setup_teardown(one_that_cannot_be_opened, world_begin, world_end),
		cmocka_unit_test_setup_teardown(one_that_cannot_be_opened_without_porter, begin_unconfined, world_end),
	};

	return cmocka_run_group_tests_name("elsewhere", tests, NULL, NULL);
}

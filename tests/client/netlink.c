/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Netlink object, and the C++ program of a HyCAN user, against the real daemon.
 */
#include <hycan/netlink.h>

#include "world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int begin(void **state)
{
	static const struct world_options options = { .open_to_all = true };
	struct world *w = world_start(&options);

	setenv("HYCAN_DAEMON_SOCKET", w->socket, 1);
	*state = w;
	return 0;
}

static void a_link_is_made_where_it_is_missing(void **state)
{
	struct hycan_netlink *nl;
	char *shown;
	bool up;

	(void)state;
	need_kind("vcan");
	assert_int_equal(hycan_netlink_open(&nl, "vcan0"), 0);
	shown = shell("ip -d link show vcan0");
	assert_contains(shown, "vcan");
	free(shown);
	assert_int_equal(hycan_netlink_is_up(nl, &up), 0);
	assert_false(up);
	assert_int_equal(hycan_netlink_up(nl), 0);
	assert_int_equal(hycan_netlink_is_up(nl, &up), 0);
	assert_true(up);
	hycan_netlink_close(nl);
	/* it stays, and is found again */
	assert_int_equal(hycan_netlink_open(&nl, "vcan0"), 0);
	assert_int_equal(hycan_netlink_is_up(nl, &up), 0);
	assert_true(up);
	hycan_netlink_close(nl);
}

static void any_link_is_taken_as_it_is(void **state)
{
	struct hycan_netlink *nl;
	bool exists = false, up = true;

	(void)state;
	free(shell("ip link add br0 type bridge"));
	assert_int_equal(hycan_netlink_open(&nl, "br0"), 0);
	assert_int_equal(hycan_netlink_exists(nl, &exists), 0);
	assert_true(exists);
	assert_int_equal(hycan_netlink_is_up(nl, &up), 0);
	assert_false(up);
	assert_int_equal(hycan_netlink_up(nl), 0);
	free(shell("ip link show br0 up | grep br0"));
	assert_int_equal(hycan_netlink_is_up(nl, &up), 0);
	assert_true(up);
	assert_int_equal(hycan_netlink_down(nl), 0);
	free(shell("ip -d link show br0 | grep -q bridge && ! ip link show br0 up | grep br0"));
	/* gone behind our back: an answer, not an error */
	free(shell("ip link delete br0"));
	assert_int_equal(hycan_netlink_exists(nl, &exists), 0);
	assert_false(exists);
	assert_int_equal(hycan_netlink_is_up(nl, &up), 0);
	assert_false(up);
	assert_string_equal(hycan_netlink_error_message(nl), "");
	assert_int_equal(hycan_netlink_up(nl), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_netlink_error_message(nl), "br0");
	assert_non_null(hycan_netlink_connection(nl));
	hycan_netlink_close(nl);
}

static void names_that_are_none(void **state)
{
	struct hycan_netlink *nl;

	(void)state;
	assert_int_equal(hycan_netlink_open(&nl, "sixteen-bytes-ok"), -ENAMETOOLONG);
	assert_true(strlen(hycan_netlink_error_message(nl)) > 0);
	hycan_netlink_close(nl);
	assert_int_equal(hycan_netlink_open(&nl, NULL), -EINVAL);
	hycan_netlink_close(nl);
	assert_int_equal(hycan_netlink_open(&nl, "a/b"), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_netlink_error_message(nl), "slash");
	hycan_netlink_close(nl);
}

static void as_stranger(struct world *w)
{
	struct hycan_netlink *nl;

	(void)w;
	assert_int_equal(hycan_netlink_open(&nl, "vcan0"), HYCAN_REFUSAL_DENIED);
	assert_contains(hycan_netlink_error_message(nl), "12345");
	hycan_netlink_close(nl);
}

static void strangers_are_refused(void **state)
{
	world_as(12345, 12345, as_stranger, *state);
}

/* A program as it was written for HyCAN's C++ library, with its own expectations; see dropin.cpp. */
static void run_cxx(const struct world *w, const char *name)
{
	char *output;

	need_success("C++ compiler with tl::expected", "test -n '" DROPIN "'");
	output = shell(DROPIN " %s %s", w->socket, name);
	assert_contains(output, "all is well");
	free(output);
}

static void a_cxx_program_runs_unchanged(void **state)
{
	need_kind("vcan");
	run_cxx(*state, "vcan5");
	free(shell("ip -d link show vcan5 up | grep vcan"));
}

static void a_cxx_program_takes_any_link(void **state)
{
	free(shell("ip link add br0 type bridge"));
	run_cxx(*state, "br0");
	free(shell("ip link show br0 up | grep br0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, world_end)
		TEST(a_link_is_made_where_it_is_missing),
		TEST(any_link_is_taken_as_it_is),
		TEST(names_that_are_none),
		TEST(strangers_are_refused),
		TEST(a_cxx_program_runs_unchanged),
		TEST(a_cxx_program_takes_any_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

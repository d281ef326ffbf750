/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.up: the link is up, and why not where it cannot be. */
#include "view.h"
#include "watch.h"
#include "world.h"

#include <stdlib.h>
#include <unistd.h>

static void test_up(void **state)
{
	struct world *w = *state;

	free(shell("ip link add v0 type veth peer name v1"));
	assert_done(w->h, hycan_link_up(w->h, "v0"));
	assert_ip_shows("v0", "flags.UP", "yes");
	assert_ip_shows("v1", "flags.UP", "no");
}

/* Up already: nothing is changed, and so nothing announced. */
static void test_twice(void **state)
{
	struct world *w = *state;
	int watch;

	free(shell("ip link add v0 type veth peer name v1 && ip link set v1 up"));
	assert_done(w->h, hycan_link_up(w->h, "v0"));
	shell_until(10, "ip link show v0 | grep 'state UP' && ip link show v1 | grep 'state UP'");
	watch = watch_links();
	assert_done(w->h, hycan_link_up(w->h, "v0"));
	assert_int_equal(watch_count(watch), 0);
	close(watch);
	assert_ip_shows("v0", "flags.UP", "yes");
}

/* Only IFF_UP is touched. */
static void test_other_flags_stay(void **state)
{
	struct world *w = *state;

	free(shell("ip link add v0 type veth peer name v1 && ip link set v0 arp off promisc on"));
	assert_done(w->h, hycan_link_up(w->h, "v0"));
	assert_ip_shows("v0", "flags.UP flags.NOARP flags.PROMISC", "yes yes yes");
}

static void test_missing(void **state)
{
	struct world *w = *state;

	assert_refused(w->h, hycan_link_up(w->h, "nowhere"), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "“nowhere”");
	assert_string_equal(hycan_error_field(w->h), "name");
}

/* A link can lack what it stands on. */
static void test_parent_down(void **state)
{
	struct world *w = *state;

	need_kind("vlan");
	free(shell("ip link add v0 type veth peer name v1 && ip link add link v0 name v0.5 type vlan id 5"));
	assert_refused(w->h, hycan_link_up(w->h, "v0.5"), HYCAN_REFUSAL_KERNEL);
	assert_contains(hycan_error_message(w->h), "“v0”, which is down");
	assert_done(w->h, hycan_link_up(w->h, "v0"));
	assert_done(w->h, hycan_link_up(w->h, "v0.5"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_up, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_twice, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_other_flags_stay, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_missing, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_parent_down, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("link.up", tests, NULL, NULL);
}

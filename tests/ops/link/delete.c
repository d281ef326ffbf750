/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.delete: the link is gone, and of a pair both ends; what the kernel does not delete stays, and is said to. */
#include "watch.h"
#include "world.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void assert_gone(const char *name)
{
	assert_int_not_equal(shell_status(NULL, "ip link show dev %s", name), 0);
}

static void test_delete(void **state)
{
	struct world *w = *state;

	free(shell("ip link add br0 type bridge && ip link add i0 type ifb && ip link set i0 master br0 && ip link set br0 up"));
	assert_done(w->h, hycan_link_delete(w->h, "br0"));
	assert_gone("br0");
	free(shell("ip link show i0"));
	assert_refused(w->h, hycan_link_delete(w->h, "br0"), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "“br0”");
	assert_string_equal(hycan_error_field(w->h), "name");
}

static void test_pair(void **state)
{
	struct watch_event events[16];
	struct world *w = *state;
	size_t n, deleted = 0;
	int watch;

	free(shell("ip link add v0 type veth peer name v1"));
	watch = watch_links();
	assert_done(w->h, hycan_link_delete(w->h, "v1"));
	assert_gone("v0");
	assert_gone("v1");
	n = watch_read(watch, events, 16);
	for (size_t i = 0; i < n && i < 16; i++)
		deleted += events[i].type == RTM_DELLINK;
	assert_int_equal(deleted, 2);
	close(watch);
}

static void test_loopback(void **state)
{
	struct world *w = *state;

	assert_refused(w->h, hycan_link_delete(w->h, "lo"), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "“lo”");
	assert_contains(hycan_error_message(w->h), "Operation not supported");
	free(shell("ip link show lo"));
}

/* The links that stand on a link go with it. */
static void test_with_children(void **state)
{
	struct world *w = *state;

	need_kind("vlan");
	free(shell("ip link add v0 type veth peer name v1 && ip link add link v0 name v0.5 type vlan id 5"));
	assert_done(w->h, hycan_link_delete(w->h, "v0"));
	assert_gone("v0.5");
}

/* One after the other. */
static void test_many(void **state)
{
	struct world *w = *state;
	char name[16];

	free(shell("for i in $(seq 20); do echo link add many$i type ifb; done | ip -batch -"));
	for (int i = 1; i <= 20; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		assert_done(w->h, hycan_link_delete(w->h, name));
	}
	assert_int_not_equal(shell_status(NULL, "ip link | grep many"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_delete, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_pair, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_loopback, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_with_children, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_many, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("link.delete", tests, NULL, NULL);
}

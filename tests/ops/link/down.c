/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.down: the link is down. */
#include "view.h"
#include "watch.h"
#include "world.h"

#include <linux/if.h>
#include <stdlib.h>
#include <unistd.h>

static void test_down(void **state)
{
	struct watch_event event;
	struct world *w = *state;
	int watch;

	free(shell("ip link add v0 type veth peer name v1 && ip link set v0 up"));
	watch = watch_links();
	assert_done(w->h, hycan_link_down(w->h, "v0"));
	assert_true(watch_read(watch, &event, 1) >= 1);
	assert_string_equal(event.name, "v0");
	assert_false(event.flags & IFF_UP);
	close(watch);
	assert_ip_shows("v0", "flags.UP", "no");
}

/* Down already: nothing is changed, and so nothing announced. */
static void test_twice(void **state)
{
	struct world *w = *state;
	int watch;

	free(shell("ip link add v0 type veth peer name v1 && ip link set v0 promisc on"));
	watch = watch_links();
	assert_done(w->h, hycan_link_down(w->h, "v0"));
	assert_int_equal(watch_count(watch), 0);
	close(watch);
	assert_ip_shows("v0", "flags.UP flags.PROMISC", "no yes");
}

static void test_missing(void **state)
{
	struct world *w = *state;

	assert_refused(w->h, hycan_link_down(w->h, "nowhere"), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "“nowhere”");
	assert_string_equal(hycan_error_field(w->h), "name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_down, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_twice, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_missing, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("link.down", tests, NULL, NULL);
}

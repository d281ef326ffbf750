/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vxcan.create: a pair of virtual CAN links, once; what one end sends the other receives. */
#include "frame.h"
#include "view.h"
#include "watch.h"
#include "world.h"

#include <linux/can.h>
#include <stdlib.h>
#include <unistd.h>

static void test_create(void **state)
{
	struct world *w = *state;
	struct hycan_link link;

	need_kind("vxcan");
	assert_done(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", NULL, &link));
	assert_string_equal(link.name, "vx0");
	assert_string_equal(link.kind, "vxcan");
	assert_string_equal(link.parent, "vx1");
	assert_int_equal(link.mtu, CANFD_MTU);
	assert_as_ip_shows(&link);
	assert_done(w->h, hycan_link_get(w->h, "vx1", &link));
	assert_string_equal(link.parent, "vx0");
	assert_as_ip_shows(&link);
}

static void test_twice(void **state)
{
	struct world *w = *state;
	int watch;

	need_kind("vxcan");
	assert_done(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", NULL, NULL));
	watch = watch_links();
	assert_done(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", NULL, NULL));
	/* a pair has no first */
	assert_done(w->h, hycan_vxcan_create(w->h, "vx1", "vx0", NULL, NULL));
	hycan_set_exclusive(w->h, true);
	assert_refused(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_int_equal(watch_count(watch), 0);
	close(watch);
}

static void test_mtu(void **state)
{
	struct hycan_vxcan_create_options options = { .has_mtu = true, .mtu = CAN_MTU };
	struct world *w = *state;

	need_kind("vxcan");
	assert_done(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", &options, NULL));
	assert_ip_shows("vx0", "mtu", "16");
	assert_ip_shows("vx1", "mtu", "16");
	assert_done(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", &options, NULL));
	free(shell("ip link set vx1 mtu 72"));
	assert_refused(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", &options, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "“vx1” is 72");
	options.mtu = CANFD_MTU;
	assert_refused(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", &options, NULL), HYCAN_REFUSAL_EXISTS);
	options.mtu = 100;
	assert_refused(w->h, hycan_vxcan_create(w->h, "vx2", "vx3", &options, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_string_equal(hycan_error_field(w->h), "mtu");
}

/* One name is free and the other is not: nothing is created. */
static void test_names_taken(void **state)
{
	struct world *w = *state;

	need_kind("vxcan");
	assert_done(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", NULL, NULL));
	free(shell("ip link add v0 type ifb"));
	assert_refused(w->h, hycan_vxcan_create(w->h, "vx2", "v0", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "peer");
	assert_contains(hycan_error_message(w->h), "“v0”");
	assert_refused(w->h, hycan_vxcan_create(w->h, "v0", "vx2", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_refused(w->h, hycan_vxcan_create(w->h, "vx0", "vx2", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_refused(w->h, hycan_vxcan_create(w->h, "vx2", "vx0", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_int_not_equal(shell_status(NULL, "ip link show vx2"), 0);
	assert_ip_shows("vx0", "link", "vx1");
}

static void test_same_name(void **state)
{
	struct world *w = *state;

	assert_refused(w->h, hycan_vxcan_create(w->h, "vx0", "vx0", NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "peer");
	assert_int_not_equal(shell_status(NULL, "ip link show vx0"), 0);
}

/* An end whose peer was moved away is not the pair that is asked for. */
static void test_peer_elsewhere(void **state)
{
	struct world *w = *state;

	need_kind("vxcan");
	assert_done(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", NULL, NULL));
	free(shell("ip netns add elsewhere && ip link set vx1 netns elsewhere"));
	assert_refused(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", NULL, NULL), HYCAN_REFUSAL_EXISTS);
}

static void test_unsupported(void **state)
{
	struct world *w = *state;

	if (shell_status(NULL, "ip link add probe type vxcan") == 0)
		return;
	assert_refused(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "vxcan link “vx0”: Unknown device type");
}

/* A frame crosses, and deleting one end deletes both. */
static void test_frame_and_delete(void **state)
{
	struct world *w = *state;

	need_kind("vxcan");
	assert_done(w->h, hycan_vxcan_create(w->h, "vx0", "vx1", NULL, NULL));
	assert_done(w->h, hycan_link_up(w->h, "vx0"));
	assert_done(w->h, hycan_link_up(w->h, "vx1"));
	assert_frame_travels("vx0", "vx1");
	assert_frame_travels("vx1", "vx0");
	assert_done(w->h, hycan_link_delete(w->h, "vx1"));
	assert_refused(w->h, hycan_link_get(w->h, "vx0", NULL), HYCAN_REFUSAL_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_twice, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_mtu, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_names_taken, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_same_name, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_peer_elsewhere, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_unsupported, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_frame_and_delete, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("vxcan.create", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcan.create: a virtual CAN link, once, on which frames travel. */
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

	need_kind("vcan");
	assert_done(w->h, hycan_vcan_create(w->h, "vcan0", NULL, &link));
	assert_string_equal(link.name, "vcan0");
	assert_string_equal(link.kind, "vcan");
	assert_int_equal(link.mtu, CANFD_MTU);
	assert_false(link.up);
	assert_false(link.has_mac);
	assert_false(link.has_can);
	assert_as_ip_shows(&link);
}

static void test_twice(void **state)
{
	struct hycan_vcan_create_options options = { .has_mtu = true, .mtu = CANFD_MTU };
	struct hycan_link first, second;
	struct world *w = *state;
	int watch;

	need_kind("vcan");
	assert_done(w->h, hycan_vcan_create(w->h, "vcan0", NULL, &first));
	assert_done(w->h, hycan_link_up(w->h, "vcan0"));
	watch = watch_links();
	assert_done(w->h, hycan_vcan_create(w->h, "vcan0", NULL, &second));
	assert_done(w->h, hycan_vcan_create(w->h, "vcan0", &options, NULL));
	assert_int_equal(watch_count(watch), 0);
	assert_int_equal(first.ifindex, second.ifindex);
	assert_true(second.up);
	hycan_set_exclusive(w->h, true);
	assert_refused(w->h, hycan_vcan_create(w->h, "vcan0", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_string_equal(hycan_error_field(w->h), "name");
	assert_int_equal(watch_count(watch), 0);
	close(watch);
	assert_done(w->h, hycan_vcan_create(w->h, "vcan1", NULL, NULL));
}

static void test_mtu(void **state)
{
	struct hycan_vcan_create_options options = { .has_mtu = true, .mtu = CAN_MTU };
	struct world *w = *state;
	struct hycan_link link;

	need_kind("vcan");
	assert_done(w->h, hycan_vcan_create(w->h, "vcan0", &options, &link));
	assert_int_equal(link.mtu, CAN_MTU);
	assert_as_ip_shows(&link);
	options.mtu = CANFD_MTU;
	assert_refused(w->h, hycan_vcan_create(w->h, "vcan0", &options, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "other properties");
	assert_ip_shows("vcan0", "mtu", "16");
}

/* The kernel would create such a link, and then never let it have that mtu again. */
static void test_bad_mtu(void **state)
{
	static const uint32_t bad[] = { 0, 1, 15, 17, 71, 73, 1500, UINT32_MAX };
	struct hycan_vcan_create_options options = { .has_mtu = true };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options.mtu = bad[i];
		assert_refused(w->h, hycan_vcan_create(w->h, "vcan0", &options, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
		assert_string_equal(hycan_error_field(w->h), "mtu");
	}
	assert_contains(hycan_error_message(w->h), "16 (classical CAN) or 72 (CAN FD)");
	assert_int_not_equal(shell_status(NULL, "ip link show vcan0"), 0);
}

static void test_name_taken(void **state)
{
	struct world *w = *state;

	free(shell("ip link add v0 type ifb"));
	assert_refused(w->h, hycan_vcan_create(w->h, "v0", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "of kind ifb");
	assert_refused(w->h, hycan_vcan_create(w->h, "lo", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "of kind hardware");
	assert_refused(w->h, hycan_vcan_create(w->h, "a/b", NULL, NULL), HYCAN_REFUSAL_INVALID);
	assert_ip_shows("v0", "linkinfo.info_kind", "ifb");
}

/* Where the kernel has no such links it says so in words. */
static void test_unsupported(void **state)
{
	struct world *w = *state;

	if (shell_status(NULL, "ip link add probe type vcan") == 0)
		return;
	assert_refused(w->h, hycan_vcan_create(w->h, "vcan0", NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "vcan link “vcan0”: Unknown device type");
}

static void test_frame(void **state)
{
	struct world *w = *state;
	struct hycan_link link;

	need_kind("vcan");
	assert_done(w->h, hycan_vcan_create(w->h, "vcan0", NULL, &link));
	assert_done(w->h, hycan_link_up(w->h, "vcan0"));
	assert_frame_travels("vcan0", "vcan0");
	assert_done(w->h, hycan_link_get(w->h, "vcan0", &link));
	assert_int_equal(link.statistics.tx_packets, 1);
	assert_as_ip_shows(&link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_twice, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_mtu, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_bad_mtu, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_name_taken, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_unsupported, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_frame, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("vcan.create", tests, NULL, NULL);
}

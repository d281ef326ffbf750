/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * can.restart: when a controller can be restarted, and when not.
 *
 * No emulated controller that has a restart ever goes bus-off, and one at the end of a serial line that goes bus-off has
 * none. So what is tested is every refusal, and that the request reaches the kernel; that a bus comes back to life is not.
 */
#include "controllers.h"
#include "view.h"
#include "watch.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_not_in_bus_off(void **state)
{
	struct hycan_can_set_options options = { .has_bitrate = true, .bitrate = 500000 };
	struct world *w = *state;
	int watch;

	controllers_take();
	assert_done(w->h, hycan_can_set(w->h, "can0", &options, NULL));
	assert_refused(w->h, hycan_can_restart(w->h, "can0"), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "“can0” is down");
	assert_string_equal(hycan_error_field(w->h), "name");
	assert_done(w->h, hycan_link_up(w->h, "can0"));
	shell_until(20, "ip link show can0 | grep 'state UP'");
	watch = watch_links();
	assert_refused(w->h, hycan_can_restart(w->h, "can0"), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "not in bus-off");
	assert_int_equal(watch_count(watch), 0);
	close(watch);
}

/* The kernel says what it thinks of it, and the link tells of its state. */
static void test_bus_off(void **state)
{
	struct hycan_can_set_options options = { .has_bitrate = true, .bitrate = 500000 };
	struct serial_controller serial;
	struct world *w = *state;
	struct hycan_link link;

	serial_controller_begin(&serial);
	assert_done(w->h, hycan_can_set(w->h, serial.name, &options, NULL));
	assert_done(w->h, hycan_link_up(w->h, serial.name));
	serial_controller_report(&serial, 'w', 1, 99);
	shell_until(20, "ip -d link show %s | grep 'state ERROR-WARNING'", serial.name);
	assert_done(w->h, hycan_link_get(w->h, serial.name, &link));
	assert_int_equal(link.can.state, HYCAN_CAN_CONTROLLER_STATE_ERROR_WARNING);
	assert_refused(w->h, hycan_can_restart(w->h, serial.name), HYCAN_REFUSAL_INVALID);
	serial_controller_report(&serial, 'b', 0, 255);
	shell_until(20, "ip -d link show %s | grep 'state BUS-OFF'", serial.name);
	assert_done(w->h, hycan_link_get(w->h, serial.name, &link));
	assert_int_equal(link.can.state, HYCAN_CAN_CONTROLLER_STATE_BUS_OFF);
	assert_true(link.up);
	assert_refused(w->h, hycan_can_restart(w->h, serial.name), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "restart from Bus Off");
	serial_controller_end(&serial);
}

static void test_no_controller(void **state)
{
	struct world *w = *state;

	free(shell("ip link add v0 type ifb"));
	assert_refused(w->h, hycan_can_restart(w->h, "v0"), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "“v0” is not that of a CAN controller");
	assert_refused(w->h, hycan_can_restart(w->h, "nowhere"), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "“nowhere”");
}

static void test_virtual(void **state)
{
	struct world *w = *state;

	need_kind("vcan");
	free(shell("ip link add vcan0 type vcan"));
	assert_refused(w->h, hycan_can_restart(w->h, "vcan0"), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "“vcan0”");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_not_in_bus_off, world_begin, controllers_end),
		cmocka_unit_test_setup_teardown(test_bus_off, world_begin, controllers_end),
		cmocka_unit_test_setup_teardown(test_no_controller, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_virtual, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("can.restart", tests, NULL, NULL);
}

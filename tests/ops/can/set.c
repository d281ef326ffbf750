/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * can.set: bit rates and modes, all or nothing, and the bus is interrupted only for a change.
 *
 * The controllers of the guest are SJA1000s: 8 MHz, no CAN FD. Of CAN FD only what is refused can be tested here; that a
 * change of its rates reaches a controller that has it was never seen.
 */
#include "controllers.h"
#include "frame.h"
#include "view.h"
#include "watch.h"
#include "world.h"

#include <linux/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void go_up(struct world *w, const char *name, uint32_t bitrate)
{
	const struct hycan_can_set_options options = { .has_bitrate = true, .bitrate = bitrate };

	assert_done(w->h, hycan_can_set(w->h, name, &options, NULL));
	assert_done(w->h, hycan_link_up(w->h, name));
	shell_until(20, "ip link show %s | grep 'state UP'", name);
}

static void test_set(void **state)
{
	struct hycan_can_set_options options = { .has_bitrate = true,
		                                 .bitrate = 250000,
		                                 .has_sample_point = true,
		                                 .sample_point = 750,
		                                 .has_restart_ms = true,
		                                 .restart_ms = 100,
		                                 .has_one_shot = true,
		                                 .one_shot = true,
		                                 .has_triple_sampling = true,
		                                 .triple_sampling = true,
		                                 .has_listen_only = true,
		                                 .listen_only = true };
	struct world *w = *state;
	struct hycan_link link;

	controllers_take();
	assert_done(w->h, hycan_link_get(w->h, "can0", &link));
	assert_true(link.has_can);
	assert_false(link.can.has_bit_timing);
	assert_int_equal(link.can.state, HYCAN_CAN_CONTROLLER_STATE_STOPPED);
	assert_int_equal(link.can.clock, 8000000);
	assert_as_ip_shows(&link);
	assert_done(w->h, hycan_can_set(w->h, "can0", &options, &link));
	assert_int_equal(link.can.bit_timing.bitrate, 250000);
	assert_int_equal(link.can.bit_timing.sample_point, 750);
	assert_int_equal(link.can.restart_ms, 100);
	assert_true(link.can.one_shot && link.can.triple_sampling && link.can.listen_only);
	assert_false(link.can.loopback || link.can.berr_reporting || link.can.fd || link.up);
	assert_as_ip_shows(&link);
	/* what is absent stays */
	options = (struct hycan_can_set_options){
		.has_listen_only = true, .has_berr_reporting = true, .berr_reporting = true, .has_loopback = true, .loopback = true
	};
	assert_done(w->h, hycan_can_set(w->h, "can0", &options, &link));
	assert_int_equal(link.can.bit_timing.sample_point, 750);
	assert_int_equal(link.can.restart_ms, 100);
	assert_true(link.can.one_shot && link.can.triple_sampling && link.can.loopback && link.can.berr_reporting);
	assert_false(link.can.listen_only || link.up);
	assert_as_ip_shows(&link);
	/* a bit rate alone lets the kernel choose the sample point */
	options = (struct hycan_can_set_options){ .has_bitrate = true, .bitrate = 500000 };
	assert_done(w->h, hycan_can_set(w->h, "can0", &options, &link));
	assert_int_equal(link.can.bit_timing.sample_point, 875);
	/* a sample point alone leaves the bit rate */
	options = (struct hycan_can_set_options){ .has_sample_point = true, .sample_point = 500 };
	assert_done(w->h, hycan_can_set(w->h, "can0", &options, &link));
	assert_int_equal(link.can.bit_timing.bitrate, 500000);
	assert_int_equal(link.can.bit_timing.sample_point, 500);
	assert_as_ip_shows(&link);
}

/* Two controllers on one bus: a frame crosses, also after a change on a link that is up. */
static void test_bus(void **state)
{
	const struct hycan_can_set_options options = { .has_bitrate = true, .bitrate = 125000 };
	struct watch_event events[32];
	struct world *w = *state;
	bool went_down = false;
	struct hycan_link link;
	size_t n;
	int watch;

	controllers_take();
	go_up(w, "can0", 500000);
	go_up(w, "can1", 500000);
	assert_frame_travels("can0", "can1");
	watch = watch_links();
	assert_done(w->h, hycan_can_set(w->h, "can0", &options, &link));
	assert_true(link.up);
	assert_int_equal(link.can.bit_timing.bitrate, 125000);
	n = watch_read(watch, events, 32);
	for (size_t i = 0; i < n && i < 32; i++)
		went_down |= strcmp(events[i].name, "can0") == 0 && !(events[i].flags & IFF_UP);
	assert_true(went_down);
	close(watch);
	assert_done(w->h, hycan_can_set(w->h, "can1", &options, NULL));
	shell_until(20, "ip link show can0 | grep 'state UP' && ip link show can1 | grep 'state UP'");
	assert_frame_travels("can1", "can0");
}

/* What is there already interrupts nothing; nor does what the controller's clock made of the same wish before. */
static void test_no_change(void **state)
{
	struct hycan_can_set_options options = { .has_bitrate = true,
		                                 .bitrate = 300000,
		                                 .has_sample_point = true,
		                                 .sample_point = 870,
		                                 .has_restart_ms = true,
		                                 .restart_ms = 100,
		                                 .has_loopback = true };
	struct world *w = *state;
	struct hycan_link link;
	int watch;

	controllers_take();
	assert_done(w->h, hycan_can_set(w->h, "can0", &options, &link));
	assert_int_equal(link.can.bit_timing.bitrate, 296296);
	assert_int_equal(link.can.bit_timing.sample_point, 777);
	assert_done(w->h, hycan_link_up(w->h, "can0"));
	shell_until(20, "ip link show can0 | grep 'state UP'");
	watch = watch_links();
	assert_done(w->h, hycan_can_set(w->h, "can0", &options, &link));
	options.has_sample_point = false;
	assert_done(w->h, hycan_can_set(w->h, "can0", &options, &link));
	assert_done(w->h, hycan_can_set(w->h, "can0", NULL, &link));
	assert_int_equal(watch_count(watch), 0);
	close(watch);
	assert_true(link.up);
	assert_as_ip_shows(&link);
}

/* A change that the kernel refuses half-way leaves the bus as it was, and up. */
static void test_put_back(void **state)
{
	struct hycan_can_set_options options = { .has_bitrate = true,
		                                 .bitrate = 1,
		                                 .has_listen_only = true,
		                                 .listen_only = true,
		                                 .has_restart_ms = true,
		                                 .restart_ms = 7 };
	char *before, *after;
	struct world *w = *state;

	controllers_take();
	free(shell("ip link set can0 type can tq 125 prop-seg 5 phase-seg1 6 phase-seg2 4 sjw 2 restart-ms 50 one-shot on"));
	assert_done(w->h, hycan_link_up(w->h, "can0"));
	go_up(w, "can1", 500000);
	shell_until(20, "ip link show can0 | grep 'state UP'");
	before = ip_link_values("can0", "linkinfo");
	assert_contains(before, "\"phase_seg1\":6");
	assert_refused(w->h, hycan_can_set(w->h, "can0", &options, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_contains(hycan_error_message(w->h), "a clock of 8000000 Hz");
	assert_string_equal(hycan_error_field(w->h), "bitrate");
	assert_ip_shows("can0", "flags.UP", "yes");
	shell_until(20, "ip link show can0 | grep 'state UP'");
	after = ip_link_values("can0", "linkinfo");
	assert_string_equal(after, before);
	free(before);
	free(after);
	assert_frame_travels("can0", "can1");
	/* a link that was down stays down */
	assert_done(w->h, hycan_link_down(w->h, "can0"));
	assert_refused(w->h, hycan_can_set(w->h, "can0", &options, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_ip_shows("can0", "flags.UP", "no");
	assert_ip_shows("can0", "linkinfo.info_data.ctrlmode", "[\"ONE-SHOT\"]");
}

/* What can be seen to be impossible is refused before the bus is interrupted. */
static void test_nonsense(void **state)
{
	struct world *w = *state;
	int watch;

	controllers_take();
	assert_refused(
		w->h,
		hycan_can_set(w->h, "can1", &(struct hycan_can_set_options){ .has_sample_point = true, .sample_point = 800 }, NULL),
		HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "sample_point");
	go_up(w, "can0", 500000);
	watch = watch_links();
	assert_refused(w->h,
	               hycan_can_set(w->h, "can0",
	                             &(struct hycan_can_set_options){ .has_data_bitrate = true, .data_bitrate = 2000000 }, NULL),
	               HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "data_bitrate");
	assert_contains(hycan_error_message(w->h), "turn fd on too");
	assert_refused(w->h,
	               hycan_can_set(w->h, "can0",
	                             &(struct hycan_can_set_options){ .has_data_sample_point = true, .data_sample_point = 700 },
	                             NULL),
	               HYCAN_REFUSAL_INVALID);
	assert_refused(w->h,
	               hycan_can_set(w->h, "can0",
	                             &(struct hycan_can_set_options){
					     .has_fd = true, .fd = true, .has_data_bitrate = true, .data_bitrate = 2000000 },
	                             NULL),
	               HYCAN_REFUSAL_UNSUPPORTED);
	assert_string_equal(hycan_error_field(w->h), "fd");
	assert_refused(w->h,
	               hycan_can_set(w->h, "can0", &(struct hycan_can_set_options){ .has_bitrate = true, .bitrate = 0 }, NULL),
	               HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_refused(
		w->h, hycan_can_set(w->h, "can0", &(struct hycan_can_set_options){ .has_bitrate = true, .bitrate = 1000001 }, NULL),
		HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_refused(w->h,
	               hycan_can_set(w->h, "can0",
	                             &(struct hycan_can_set_options){ .has_sample_point = true, .sample_point = 1000 }, NULL),
	               HYCAN_REFUSAL_OUT_OF_RANGE);
	/* not asking for what it has not is fine */
	assert_done(w->h, hycan_can_set(w->h, "can0", &(struct hycan_can_set_options){ .has_fd = true, .fd = false }, NULL));
	assert_int_equal(watch_count(watch), 0);
	close(watch);
	/* neither up without a bit rate, nor deleted */
	assert_refused(w->h, hycan_link_up(w->h, "can1"), HYCAN_REFUSAL_KERNEL);
	assert_contains(hycan_error_message(w->h), "no bit rate yet");
	assert_refused(w->h, hycan_link_delete(w->h, "can1"), HYCAN_REFUSAL_UNSUPPORTED);
	free(shell("ip link show can1"));
}

/* A controller that has a list of bit rates instead of a clock. */
static void test_list_of_rates(void **state)
{
	struct hycan_can_set_options options = { .has_bitrate = true, .bitrate = 123456 };
	struct serial_controller serial;
	struct world *w = *state;
	struct hycan_link link;
	int watch;

	serial_controller_begin(&serial);
	assert_refused(w->h, hycan_can_set(w->h, serial.name, &options, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_contains(hycan_error_message(w->h), "certain bit rates");
	options.bitrate = 500000;
	assert_done(w->h, hycan_can_set(w->h, serial.name, &options, &link));
	assert_int_equal(link.can.bit_timing.bitrate, 500000);
	assert_done(w->h, hycan_link_up(w->h, serial.name));
	shell_until(20, "ip link show %s | grep 'state UP'", serial.name);
	watch = watch_links();
	assert_done(w->h, hycan_can_set(w->h, serial.name, &options, &link));
	assert_int_equal(watch_count(watch), 0);
	close(watch);
	options.bitrate = 1000000;
	assert_done(w->h, hycan_can_set(w->h, serial.name, &options, &link));
	assert_true(link.up);
	assert_int_equal(link.can.bit_timing.bitrate, 1000000);
	options.bitrate = 999999;
	assert_refused(w->h, hycan_can_set(w->h, serial.name, &options, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_done(w->h, hycan_link_get(w->h, serial.name, &link));
	assert_true(link.up);
	assert_int_equal(link.can.bit_timing.bitrate, 1000000);
	serial_controller_end(&serial);
}

static void test_no_controller(void **state)
{
	const struct hycan_can_set_options options = { .has_bitrate = true, .bitrate = 500000 };
	struct world *w = *state;

	free(shell("ip link add v0 type ifb"));
	assert_refused(w->h, hycan_can_set(w->h, "v0", &options, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "“v0” is not that of a CAN controller");
	assert_refused(w->h, hycan_can_set(w->h, "nowhere", &options, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "“nowhere”");
	assert_string_equal(hycan_error_field(w->h), "name");
}

static void test_virtual(void **state)
{
	const struct hycan_can_set_options options = { .has_bitrate = true, .bitrate = 500000 };
	struct world *w = *state;

	need_kind("vcan");
	free(shell("ip link add vcan0 type vcan"));
	assert_refused(w->h, hycan_can_set(w->h, "vcan0", &options, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "“vcan0”");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_set, world_begin, controllers_end),
		cmocka_unit_test_setup_teardown(test_bus, world_begin, controllers_end),
		cmocka_unit_test_setup_teardown(test_no_change, world_begin, controllers_end),
		cmocka_unit_test_setup_teardown(test_put_back, world_begin, controllers_end),
		cmocka_unit_test_setup_teardown(test_nonsense, world_begin, controllers_end),
		cmocka_unit_test_setup_teardown(test_list_of_rates, world_begin, controllers_end),
		cmocka_unit_test_setup_teardown(test_no_controller, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_virtual, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("can.set", tests, NULL, NULL);
}

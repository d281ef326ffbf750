/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.set: properties of a link, all or nothing.
 *
 * The kernel carries a message out one by one: hardware address, mtu, alias, queue. So an impossible mtu beside a good
 * hardware address is what would leave half a change behind.
 */
#include "view.h"
#include "watch.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROPERTIES "mtu ifalias address txqlen"

static const struct hycan_mac mac = { { 0x02, 0x00, 0x5e, 0x10, 0x00, 0x01 } };

static void make_link(void)
{
	free(shell("ip link add v0 address 02:00:00:00:00:07 txqueuelen 77 type veth peer name v1 && ip link set v0 alias before"));
}

static void test_each(void **state)
{
	struct hycan_link_set_options options;
	struct world *w = *state;

	make_link();
	options = (struct hycan_link_set_options){ .has_mtu = true, .mtu = 1400 };
	assert_done(w->h, hycan_link_set(w->h, "v0", &options));
	assert_ip_shows("v0", PROPERTIES, "1400 before 02:00:00:00:00:07 77");
	options = (struct hycan_link_set_options){ .has_alias = true, .alias = "nach “außen”" };
	assert_done(w->h, hycan_link_set(w->h, "v0", &options));
	assert_ip_shows("v0", "ifalias", "nach “außen”");
	options = (struct hycan_link_set_options){ .has_alias = true, .alias = "" };
	assert_done(w->h, hycan_link_set(w->h, "v0", &options));
	assert_ip_shows("v0", PROPERTIES, "1400 - 02:00:00:00:00:07 77");
	options = (struct hycan_link_set_options){ .has_mac = true, .mac = mac };
	assert_done(w->h, hycan_link_set(w->h, "v0", &options));
	assert_ip_shows("v0", PROPERTIES, "1400 - 02:00:5e:10:00:01 77");
	options = (struct hycan_link_set_options){ .has_txqueuelen = true, .txqueuelen = 0 };
	assert_done(w->h, hycan_link_set(w->h, "v0", &options));
	assert_ip_shows("v0", "txqlen", "-");
}

/* Nothing to change: nothing is sent, and so nothing announced; of a link that is up the kernel would announce an alias that stays. */
static void test_all_twice(void **state)
{
	struct hycan_link_set_options options = { .has_mtu = true,
		                                  .mtu = 1400,
		                                  .has_alias = true,
		                                  .has_mac = true,
		                                  .mac = mac,
		                                  .has_txqueuelen = true,
		                                  .txqueuelen = 5 };
	const struct hycan_link_set_options no_alias = { .has_alias = true };
	struct world *w = *state;
	char *log;
	int watch;

	memset(options.alias, 'a', sizeof(options.alias) - 1);
	make_link();
	free(shell("ip link set v0 up && ip link set v1 up"));
	shell_until(10, "ip link show v0 | grep 'state UP'");
	watch = watch_links();
	assert_done(w->h, hycan_link_set(w->h, "v0", &options));
	assert_true(watch_count(watch) > 0);
	assert_ip_shows("v0", "mtu address txqlen", "1400 02:00:5e:10:00:01 5");
	assert_ip_shows("v0", "ifalias", options.alias);
	assert_done(w->h, hycan_link_set(w->h, "v0", &options));
	assert_done(w->h, hycan_link_set(w->h, "v0", NULL));
	assert_done(w->h, hycan_link_set(w->h, "v1", &no_alias));
	assert_int_equal(watch_count(watch), 0);
	close(watch);
	/* the log says so */
	log = world_log(w);
	assert_contains(log, "link.set v1 by uid 0");
	assert_contains(strstr(log, "link.set v1 by"), ": unchanged");
	assert_contains(strstr(log, "link.set v0 by"), ": done");
	free(log);
}

static void test_all_or_nothing(void **state)
{
	struct hycan_link_set_options options = { .has_mtu = true,
		                                  .mtu = 10,
		                                  .has_alias = true,
		                                  .alias = "after",
		                                  .has_mac = true,
		                                  .mac = mac,
		                                  .has_txqueuelen = true,
		                                  .txqueuelen = 5 };
	struct world *w = *state;
	int watch;

	make_link();
	watch = watch_links();
	assert_refused(w->h, hycan_link_set(w->h, "v0", &options), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_contains(hycan_error_message(w->h), "mtu less than device minimum");
	assert_string_equal(hycan_error_field(w->h), "mtu");
	assert_ip_shows("v0", PROPERTIES, "1500 before 02:00:00:00:00:07 77");
	/* it was not known beforehand: the kernel did something that had to be taken back */
	assert_true(watch_count(watch) >= 2);
	options.mtu = 65536;
	assert_refused(w->h, hycan_link_set(w->h, "v0", &options), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_contains(hycan_error_message(w->h), "mtu greater than device maximum");
	assert_ip_shows("v0", PROPERTIES, "1500 before 02:00:00:00:00:07 77");
	close(watch);
}

/* The hardware address of a group of stations cannot be that of one. */
static void test_bad_mac(void **state)
{
	const struct hycan_link_set_options options = {
		.has_mtu = true, .mtu = 1400, .has_mac = true, .mac = { { 1, 0, 0x5e, 0, 0, 1 } }
	};
	struct world *w = *state;

	make_link();
	assert_refused(w->h, hycan_link_set(w->h, "v0", &options), HYCAN_REFUSAL_INVALID);
	assert_string_equal(hycan_error_field(w->h), "mac");
	assert_ip_shows("v0", PROPERTIES, "1500 before 02:00:00:00:00:07 77");
}

static void test_no_mac(void **state)
{
	const struct hycan_link_set_options options = { .has_mtu = true, .mtu = 1400, .has_mac = true, .mac = mac };
	struct world *w = *state;

	free(shell("ip tuntap add t0 mode tun"));
	assert_refused(w->h, hycan_link_set(w->h, "t0", &options), HYCAN_REFUSAL_UNSUPPORTED);
	assert_string_equal(hycan_error_field(w->h), "mac");
	assert_ip_shows("t0", "mtu", "1500");
}

/* A link whose hardware address cannot change while it is up. */
static void test_busy(void **state)
{
	const struct hycan_link_set_options options = { .has_mac = true, .mac = mac };
	struct world *w = *state;

	need_kind("vcan");
	free(shell("ip link add vcan0 type vcan && ip link set vcan0 up"));
	assert_refused(w->h, hycan_link_set(w->h, "vcan0", &(struct hycan_link_set_options){ .has_mtu = true, .mtu = 16 }),
	               HYCAN_REFUSAL_BUSY);
	assert_refused(w->h, hycan_link_set(w->h, "vcan0", &options), HYCAN_REFUSAL_UNSUPPORTED);
}

/* Who lowers the mtu of lo can raise it again. */
static void test_loopback(void **state)
{
	struct hycan_link_set_options options = { .has_mtu = true, .mtu = 1500 };
	struct world *w = *state;

	assert_done(w->h, hycan_link_set(w->h, "lo", &options));
	options.mtu = 65536;
	assert_done(w->h, hycan_link_set(w->h, "lo", &options));
	assert_ip_shows("lo", "mtu", "65536");
}

static void test_bad_input(void **state)
{
	struct hycan_link_set_options options = { .has_mtu = true, .mtu = 0 };
	struct world *w = *state;

	make_link();
	assert_refused(w->h, hycan_link_set(w->h, "v0", &options), HYCAN_REFUSAL_OUT_OF_RANGE);
	options.mtu = 65537;
	assert_refused(w->h, hycan_link_set(w->h, "v0", &options), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_string_equal(hycan_error_field(w->h), "mtu");
	options.mtu = 1400;
	assert_refused(w->h, hycan_link_set(w->h, "nowhere", &options), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "“nowhere”");
	assert_ip_shows("v0", PROPERTIES, "1500 before 02:00:00:00:00:07 77");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_all_twice, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_all_or_nothing, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_bad_mac, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_no_mac, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_busy, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_loopback, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_bad_input, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("link.set", tests, NULL, NULL);
}

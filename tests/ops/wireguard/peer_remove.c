/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.peer_remove */
#include "device.h"

static void removes_one_peer_alone(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	struct hycan_key one = peer_key(1), two = peer_key(2);
	struct sent sent;

	free(shell("wg set wg0 peer %s allowed-ips 10.1.0.0/16 peer %s allowed-ips 10.2.0.0/16", key_text(&one), key_text(&two)));
	netlink_tap_look_away(tap);
	assert_done(w->h, hycan_wireguard_peer_remove(w->h, "wg0", &one));
	sent = device_sent(tap);
	assert_int_equal(sent.messages, 1);
	assert_int_equal(sent.peers, 1);
	assert_int_equal(sent.removals, 1);
	assert_device("peers", key_text(&two));
	assert_peer("allowed-ips", &two, "10.2.0.0/16");
	netlink_tap_close(tap);
}

static void refuses_a_peer_that_is_not_there(void **state)
{
	struct world *w = need_device(state);
	struct netlink_tap *tap = device_tap();
	struct hycan_key one = peer_key(1), two = peer_key(2);

	free(shell("wg set wg0 peer %s", key_text(&two)));
	netlink_tap_look_away(tap);
	assert_refused(w->h, hycan_wireguard_peer_remove(w->h, "wg0", &one), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), key_text(&one));
	assert_string_equal(hycan_error_field(w->h), "public_key");
	assert_nothing_sent(tap);
	assert_device("peers", key_text(&two));
	netlink_tap_close(tap);
}

static void refuses_what_is_not_wireguard(void **state)
{
	struct world *w = need_device(state);
	struct hycan_key key = peer_key(1);

	assert_refused(w->h, hycan_wireguard_peer_remove(w->h, "lo", &key), HYCAN_REFUSAL_UNSUPPORTED);
	assert_refused(w->h, hycan_wireguard_peer_remove(w->h, "wg7", &key), HYCAN_REFUSAL_NOT_FOUND);
	assert_string_equal(hycan_error_field(w->h), "name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(removes_one_peer_alone, device_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_a_peer_that_is_not_there, device_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_what_is_not_wireguard, device_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

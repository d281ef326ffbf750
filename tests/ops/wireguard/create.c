/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.create */
#include "device.h"

static void creates(void **state)
{
	struct world *w = *state;
	struct hycan_link link;
	char *text;

	need_kind("wireguard");
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", NULL, &link));
	assert_string_equal(link.name, "wg0");
	assert_string_equal(link.kind, "wireguard");
	assert_int_equal(link.mtu, 1420);
	assert_false(link.up);
	text = shell("ip -d link show wg0");
	assert_contains(text, "wireguard");
	assert_contains(text, "mtu 1420");
	free(text);
}

static void twice_changes_nothing(void **state)
{
	struct world *w = *state;
	struct hycan_link first, second;

	need_kind("wireguard");
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", NULL, &first));
	free(shell("wg set wg0 listen-port 51820"));
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", NULL, &second));
	assert_int_equal(first.ifindex, second.ifindex);
	assert_device("listen-port", "51820");
}

static void takes_an_mtu(void **state)
{
	struct world *w = *state;
	struct hycan_wireguard_create_options options = { .has_mtu = true, .mtu = 1280 };
	struct hycan_link link;
	char *text;

	need_kind("wireguard");
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", &options, &link));
	assert_int_equal(link.mtu, 1280);
	text = shell("ip link show wg0");
	assert_contains(text, "mtu 1280");
	free(text);
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", &options, NULL));
	options.mtu = 1300;
	assert_refused(w->h, hycan_wireguard_create(w->h, "wg0", &options, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "other properties");
	options.mtu = 67;
	assert_refused(w->h, hycan_wireguard_create(w->h, "wg1", &options, NULL), HYCAN_REFUSAL_OUT_OF_RANGE);
	assert_int_not_equal(shell_status(NULL, "ip link show wg1"), 0);
}

static void refuses_a_name_that_is_taken(void **state)
{
	struct world *w = *state;

	assert_refused(w->h, hycan_wireguard_create(w->h, "lo", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "lo");
	assert_string_equal(hycan_error_field(w->h), "name");
	free(shell("ip link add taken type bridge"));
	assert_refused(w->h, hycan_wireguard_create(w->h, "taken", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	assert_contains(hycan_error_message(w->h), "bridge");
}

static void exclusive_refuses_the_same(void **state)
{
	struct world *w = *state;

	need_kind("wireguard");
	hycan_set_exclusive(w->h, true);
	assert_done(w->h, hycan_wireguard_create(w->h, "wg0", NULL, NULL));
	assert_refused(w->h, hycan_wireguard_create(w->h, "wg0", NULL, NULL), HYCAN_REFUSAL_EXISTS);
	free(shell("ip link show wg0"));
}

/* On a kernel without WireGuard every operation of the family says so; on another there is nothing to see. */
static void says_that_the_kernel_has_none(void **state)
{
	const struct hycan_wireguard_peer_config peer = { .public_key = peer_key(1) };
	const struct hycan_wireguard_set_options options = { .has_fwmark = true, .fwmark = 1 };
	struct hycan_wireguard_get_reply *reply = NULL;
	struct hycan_wireguard_sync_reply counts;
	struct world *w = *state;

	if (hycan_wireguard_create(w->h, "wg0", NULL, NULL) == 0)
		return;
	assert_refused(w->h, hycan_wireguard_create(w->h, "wg0", NULL, NULL), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "The kernel cannot make the wireguard link “wg0”");
	assert_refused(w->h, hycan_wireguard_get(w->h, "lo", &reply), HYCAN_REFUSAL_UNSUPPORTED);
	assert_contains(hycan_error_message(w->h), "This kernel has no WireGuard");
	assert_refused(w->h, hycan_wireguard_set(w->h, "lo", &options), HYCAN_REFUSAL_UNSUPPORTED);
	assert_refused(w->h, hycan_wireguard_peer_set(w->h, "lo", &peer), HYCAN_REFUSAL_UNSUPPORTED);
	assert_refused(w->h, hycan_wireguard_peer_remove(w->h, "lo", &peer.public_key), HYCAN_REFUSAL_UNSUPPORTED);
	assert_refused(w->h, hycan_wireguard_sync(w->h, "lo", &peer, 1, &counts), HYCAN_REFUSAL_UNSUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(creates, world_begin, world_end),
		cmocka_unit_test_setup_teardown(twice_changes_nothing, world_begin, world_end),
		cmocka_unit_test_setup_teardown(takes_an_mtu, world_begin, world_end),
		cmocka_unit_test_setup_teardown(refuses_a_name_that_is_taken, world_begin, world_end),
		cmocka_unit_test_setup_teardown(exclusive_refuses_the_same, world_begin, world_end),
		cmocka_unit_test_setup_teardown(says_that_the_kernel_has_none, world_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

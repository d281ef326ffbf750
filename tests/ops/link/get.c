/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.get: what it says about a link is what ip(8) says. */
#include "view.h"
#include "world.h"

#include <linux/if.h>
#include <stdlib.h>

static void test_hardware_and_loopback(void **state)
{
	struct world *w = *state;
	struct hycan_link link;

	assert_done(w->h, hycan_link_get(w->h, "lo", &link));
	assert_string_equal(link.name, "lo");
	assert_false(link.has_kind);
	assert_true(link.up);
	assert_true(link.flags & IFF_LOOPBACK);
	assert_as_ip_shows(&link);
}

static void test_pair_and_bridge(void **state)
{
	struct world *w = *state;
	struct hycan_link link;

	free(shell("ip link add v0 mtu 1400 txqueuelen 77 type veth peer name v1 && ip link add br0 type bridge &&"
	           "ip link set v0 master br0 alias 'to the “outside”' address 02:00:5e:10:00:01"));
	assert_done(w->h, hycan_link_get(w->h, "v0", &link));
	assert_string_equal(link.kind, "veth");
	assert_string_equal(link.parent, "v1");
	assert_string_equal(link.master, "br0");
	assert_string_equal(link.alias, "to the “outside”");
	assert_int_equal(link.mtu, 1400);
	assert_int_equal(link.txqueuelen, 77);
	assert_false(link.up);
	assert_false(link.has_vlan_id);
	assert_false(link.has_can);
	assert_as_ip_shows(&link);
	assert_done(w->h, hycan_link_get(w->h, "br0", &link));
	assert_string_equal(link.kind, "bridge");
	assert_false(link.has_parent);
	assert_false(link.has_alias);
	assert_as_ip_shows(&link);
}

/* A tun link has no hardware address. */
static void test_no_mac(void **state)
{
	struct world *w = *state;
	struct hycan_link link;

	free(shell("ip tuntap add t0 mode tun"));
	assert_done(w->h, hycan_link_get(w->h, "t0", &link));
	assert_false(link.has_mac);
	assert_as_ip_shows(&link);
}

static void test_up_and_statistics(void **state)
{
	struct world *w = *state;
	struct hycan_link link;

	/* nothing but what this test sends */
	free(shell("sysctl -qw net.ipv6.conf.default.disable_ipv6=1 && ip link add v0 type veth peer name v1 &&"
	           "ip address add 192.0.2.1/24 dev v0 && ip link set v0 up && ip link set v1 up"));
	shell_until(10, "ip link show v0 | grep 'state UP'");
	(void)shell_status(NULL, "ping -c 1 -W 1 192.0.2.2");
	free(shell("ip neighbour flush dev v0; ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev v0"));
	(void)shell_status(NULL, "ping -c 2 -i 0.1 -W 1 192.0.2.2");
	assert_done(w->h, hycan_link_get(w->h, "v0", &link));
	assert_true(link.up);
	assert_int_equal(link.operstate, HYCAN_OPERSTATE_UP);
	assert_true(link.statistics.tx_packets >= 2);
	assert_as_ip_shows(&link);
	assert_done(w->h, hycan_link_get(w->h, "v1", &link));
	assert_true(link.statistics.rx_packets >= 2);
	assert_as_ip_shows(&link);
	free(shell("ip link set v1 down"));
	shell_until(10, "ip link show v0 | grep 'state LOWERLAYERDOWN'");
	assert_done(w->h, hycan_link_get(w->h, "v0", &link));
	assert_true(link.up);
	assert_int_equal(link.operstate, HYCAN_OPERSTATE_LOWER_LAYER_DOWN);
}

/* The number of a peer in another namespace may be that of a link here, which is not its peer. */
static void test_peer_elsewhere(void **state)
{
	struct world *w = *state;
	struct hycan_link link;

	char *far;

	free(shell("ip link add stranger type ifb && ip netns add elsewhere && ip link add v0 type veth peer name far netns "
	           "elsewhere"));
	far = ip_link_values("v0", "link_index");
	/* the first number of a new namespace; where it is not the stranger's, it can be given to another one */
	(void)shell_status(NULL, "ip link add another index %s type ifb", far);
	free(shell("ip -o link show | grep -qE '^%s: (stranger|another)'", far));
	free(far);
	assert_done(w->h, hycan_link_get(w->h, "v0", &link));
	assert_false(link.has_parent);
}

/* Policy and the ledger know the name that counts; who asks by another is told. */
static void test_other_name(void **state)
{
	struct world *w = *state;

	free(shell("ip link add v0 type ifb && ip link property add dev v0 altname second"));
	assert_refused(w->h, hycan_link_get(w->h, "second", NULL), HYCAN_REFUSAL_INVALID);
	assert_contains(hycan_error_message(w->h), "“second” is an alternative name of the link “v0”");
	assert_string_equal(hycan_error_field(w->h), "name");
	assert_done(w->h, hycan_link_get(w->h, "v0", NULL));
}

static void test_missing(void **state)
{
	struct world *w = *state;

	assert_refused(w->h, hycan_link_get(w->h, "nowhere", NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_contains(hycan_error_message(w->h), "“nowhere”");
	assert_string_equal(hycan_error_field(w->h), "name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hardware_and_loopback, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_pair_and_bridge, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_no_mac, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_up_and_statistics, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_peer_elsewhere, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_other_name, world_begin, world_end),
		cmocka_unit_test_setup_teardown(test_missing, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("link.get", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan says what the transaction does (planned_assert_says()). What goes along with that is in planned_along.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "network.h"
#include "planned.h"
#include "text.h"

static void set_mtu(struct hycan *h, const char *link, uint32_t mtu)
{
	hycan_link_set(h, link, &(struct hycan_link_set_options){ .has_mtu = true, .mtu = mtu });
}

static void add(struct hycan *h, const char *link, const char *prefix)
{
	struct hycan_link_address a = { .address = prefix_of(prefix) };

	snprintf(a.link, sizeof(a.link), "%s", link);
	hycan_address_add(h, &a);
}

static void forward(struct hycan *h, enum hycan_family family, const char *link, bool on)
{
	struct hycan_forwarding_set_options options = { .has_interface = link };

	snprintf(options.interface, sizeof(options.interface), "%s", link ? link : "");
	hycan_forwarding_set(h, family, on, &options);
}

static void make_pair(void)
{
	free(shell("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0; ip link add tx0 type veth peer name tx1 && "
	           "ip link set tx0 addrgenmode none && ip link set tx1 addrgenmode none && ip addr add 10.1.0.1/24 dev tx0"));
}

/* -------------------------------------------------------------------------------------------------------------- links */

static void twice(struct hycan *h)
{
	set_mtu(h, "tx0", 1400);
	set_mtu(h, "tx0", 1450);
	hycan_link_up(h, "tx0");
	hycan_link_down(h, "tx0");
	hycan_link_up(h, "tx0");
}

static void swapped(struct hycan *h)
{
	set_mtu(h, "tx1", 1300);
	hycan_link_rename(h, "tx0", "tmp");
	hycan_link_rename(h, "tx1", "tx0");
	hycan_link_rename(h, "tmp", "tx1");
	set_mtu(h, "tx0", 1350);
	set_mtu(h, "tx1", 1290);
	add(h, "tx0", "10.2.0.1/24");
	add(h, "tx1", "10.1.0.2/32");
	hycan_link_up(h, "tx0");
}

static void there_and_back(struct hycan *h)
{
	const struct hycan_prefix gone = prefix_of("10.1.0.1/24");

	hycan_link_rename(h, "tx0", "other");
	hycan_link_up(h, "other");
	hycan_address_remove(h, "other", &gone);
	add(h, "other", "10.3.0.1/24");
	hycan_link_down(h, "other");
	hycan_link_rename(h, "other", "tx0");
	set_mtu(h, "tx0", 1200);
	set_mtu(h, "tx0", 1500);
	hycan_link_delete(h, "tx1");
}

static void properties(void **state)
{
	struct world *w = *state;

	make_pair();
	planned_assert_says(w, twice);
	free(shell("ip link set tx0 down; ip link set tx1 down"));
	planned_assert_says(w, swapped);
	free(shell("ip link delete tx0"));
	make_pair();
	planned_assert_says(w, there_and_back);
}

/* The second says from what the first will have made of it. */
static void says_from_what(void **state)
{
	struct world *w = *state;
	char *text;

	make_pair();
	text = planned(w->h, twice);
	assert_string_equal(text, "0 ~ link.set tx0: mtu 1500 -> mtu 1400\n"
	                          "1 ~ link.set tx0: mtu 1400 -> mtu 1450\n"
	                          "2 ~ link.up tx0\n"
	                          "3 ~ link.down tx0\n"
	                          "4 ~ link.up tx0\n");
	free(text);
	text = planned(w->h, there_and_back);
	assert_contains(text, "0 ~ link tx0: tx0 -> other\n");
	assert_contains(text, "6 ~ link.set tx0: mtu 1500 -> mtu 1200\n7 ~ link.set tx0: mtu 1200 -> mtu 1500\n");
	free(text);
}

/* A name that a link gave up, or has not got yet, is none. */
static void gone_by_name(struct hycan *h)
{
	hycan_link_rename(h, "tx0", "other");
	hycan_link_up(h, "tx0");
}

static void taken_name(struct hycan *h)
{
	hycan_link_rename(h, "tx0", "other");
	hycan_link_rename(h, "tx1", "other");
}

static void names(void **state)
{
	const struct hycan_transaction_run_options plan = { .has_plan = true, .plan = true };
	struct world *w = *state;

	make_pair();
	assert_done(w->h, hycan_transaction_begin(w->h));
	gone_by_name(w->h);
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_NOT_FOUND);
	assert_int_equal(hycan_error_step(w->h), 1);
	assert_done(w->h, hycan_transaction_begin(w->h));
	taken_name(w->h);
	assert_refused(w->h, hycan_transaction_commit(w->h, &plan, NULL), HYCAN_REFUSAL_EXISTS);
	assert_int_equal(hycan_error_step(w->h), 1);
}

/* --------------------------------------------------------------------------------------------------------- forwarding */

static void one_by_one(struct hycan *h)
{
	forward(h, HYCAN_FAMILY_IPV4, "tx0", true);
	forward(h, HYCAN_FAMILY_IPV4, "tx0", true);
	forward(h, HYCAN_FAMILY_IPV6, NULL, true);
	forward(h, HYCAN_FAMILY_IPV6, "tx1", false);
}

static void all_of_them(struct hycan *h)
{
	forward(h, HYCAN_FAMILY_IPV4, NULL, true);
	forward(h, HYCAN_FAMILY_IPV6, NULL, false);
}

static void forwarding(void **state)
{
	make_pair();
	planned_assert_says(*state, one_by_one);
	planned_assert_says(*state, all_of_them);
}

/* ---------------------------------------------------------------------------------------------------------- WireGuard */

static struct hycan_prefix ips[4];

static void set_peer(struct hycan *h, const char *link, uint8_t n, const struct hycan_prefix *prefixes, size_t n_prefixes,
                     uint16_t keepalive)
{
	const struct hycan_wireguard_peer_config peer = { .public_key = { .bytes = { n, [31] = 0x42 } },
		                                          .has_persistent_keepalive = keepalive,
		                                          .persistent_keepalive = keepalive,
		                                          .has_allowed_ips = n_prefixes > 0,
		                                          .allowed_ips = prefixes,
		                                          .n_allowed_ips = n_prefixes };

	hycan_wireguard_peer_set(h, link, &peer);
}

static void set_port(struct hycan *h, const char *link, uint16_t port)
{
	hycan_wireguard_set(h, link, &(struct hycan_wireguard_set_options){ .has_listen_port = true, .listen_port = port });
}

static void renamed(struct hycan *h)
{
	hycan_wireguard_create(h, "wg0", NULL, NULL);
	set_port(h, "wg0", 5555);
	set_peer(h, "wg0", 1, ips, 1, 0);
	set_peer(h, "wg0", 2, NULL, 0, 0);
	hycan_link_rename(h, "wg0", "wg1");
	set_port(h, "wg1", 5556);
	set_peer(h, "wg1", 1, ips, 1, 25);
	set_peer(h, "wg1", 2, ips + 1, 2, 0);
	add(h, "wg1", "10.60.0.1/24");
	set_mtu(h, "wg1", 1400);
	hycan_link_up(h, "wg1");
}

static void renamed_again(struct hycan *h)
{
	const struct hycan_wireguard_peer_config peers[] = {
		{ .public_key = { .bytes = { 2, [31] = 0x42 } }, .has_allowed_ips = true, .allowed_ips = ips, .n_allowed_ips = 1 },
		{ .public_key = { .bytes = { 3, [31] = 0x42 } } },
	};
	const struct hycan_key second = peers[0].public_key;

	hycan_link_down(h, "wg1");
	hycan_link_rename(h, "wg1", "wg2");
	set_port(h, "wg2", 5557);
	set_peer(h, "wg2", 3, ips + 3, 1, 20);
	set_port(h, "wg2", 5558);
	hycan_wireguard_sync(h, "wg2", peers, 2, NULL);
	hycan_wireguard_peer_remove(h, "wg2", &second);
	set_peer(h, "wg2", 2, NULL, 0, 0);
}

static void wireguard(void **state)
{
	struct world *w = *state;
	char *text;

	need_kind("wireguard");
	need_command("wg");
	ips[0] = prefix_of("10.1.0.0/16");
	ips[1] = prefix_of("10.2.0.0/16");
	ips[2] = prefix_of("10.3.0.0/16");
	ips[3] = prefix_of("fd00:1::/64");
	text = planned(w->h, renamed);
	assert_contains(text, "5 ~ wireguard.set wg1: listen_port 5555 -> listen_port 5556\n");
	assert_contains(text, "persistent_keepalive 0 -> persistent_keepalive 25\n");
	assert_contains(text, "9 ~ link.set wg1: mtu 1420 -> mtu 1400\n");
	free(text);
	planned_assert_says(w, renamed);
	planned_assert_says(w, renamed_again);
}

/* ----------------------------------------------------------------------------------------------------------- networks */

static void two_networks(struct hycan *h)
{
	network_create(h, "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1");
	network_create(h, "101 10.8.0.0/24 10.8.0.1 red");
	hycan_network_allow(h, 100, 101, true, NULL);
	hycan_network_nat(h, 101, false, NULL);
}

static void otherwise(struct hycan *h)
{
	network_replace(h, "101 10.7.0.0/24 10.7.0.1 red fd07::/64 fd07::1");
	hycan_network_delete(h, 100, NULL);
	network_create(h, "100 10.6.0.0/24 10.6.0.1 blue");
	network_replace(h, "101 10.7.0.0/24 10.7.0.2 red");
}

static void none(struct hycan *h)
{
	hycan_network_delete(h, 100, NULL);
	hycan_network_delete(h, 101, NULL);
}

static void networks(void **state)
{
	struct world *w = *state;
	char *text;

	need_command("nft");
	network_make_parent();
	text = planned(w->h, two_networks);
	assert_contains(text, "0 + address net100 10.9.0.1/24\n0 + address net100 fd09::1/64\n0 ~ link net100: down -> up\n");
	assert_contains(text, "0 ~ forwarding ipv4: off -> on\n");
	assert_contains(text, "0 ~ forwarding ipv6: off -> on\n");
	free(text);
	planned_assert_says(w, two_networks);
	planned_assert_says(w, otherwise);
	text = planned(w->h, none);
	assert_contains(text, "0 - address net100 10.6.0.1/24\n");
	free(text);
	planned_assert_says(w, none);
}

static void vlans(struct hycan *h)
{
	hycan_vlan_create(h, "up0", 7, NULL, NULL);
	set_mtu(h, "up0.7", 1400);
	set_mtu(h, "up0.7", 1300);
	add(h, "up0.7", "10.3.0.1/24");
	hycan_link_rename(h, "up0.7", "seven");
	add(h, "seven", "fd03::1/64");
	hycan_link_up(h, "seven");
	forward(h, HYCAN_FAMILY_IPV4, "seven", true);
}

static void no_vlans(struct hycan *h)
{
	hycan_vlan_create(h, "up0", 8, NULL, NULL);
	hycan_link_delete(h, "seven");
	hycan_vlan_create(h, "up0", 7, NULL, NULL);
	hycan_vxcan_create(h, "vx0", "vx1", NULL, NULL);
	hycan_link_up(h, "vx1");
	hycan_link_delete(h, "vx0");
}

static void stacked(void **state)
{
	struct world *w = *state;

	need_kind("vxcan");
	network_make_parent();
	planned_assert_says(w, vlans);
	planned_assert_says(w, no_vlans);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(properties, world_begin, world_end),
		cmocka_unit_test_setup_teardown(says_from_what, world_begin, world_end),
		cmocka_unit_test_setup_teardown(names, world_begin, world_end),
		cmocka_unit_test_setup_teardown(forwarding, world_begin, world_end),
		cmocka_unit_test_setup_teardown(wireguard, world_begin, world_end),
		cmocka_unit_test_setup_teardown(networks, world_begin, world_end),
		cmocka_unit_test_setup_teardown(stacked, world_begin, world_end),
	};

	return cmocka_run_group_tests_name("a plan says what the transaction does", tests, NULL, NULL);
}

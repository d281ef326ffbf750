/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions of rules: how names, networks, ports and tables of a request meet them. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "policy/ask.h"

static const char nothing[1];

static void test_names(void **state)
{
	const struct question question[] = {
		{ "allow alice link name=vcan*", "link.up", REQUEST(link_up, .name = "vcan0"), YES },
		{ "allow alice link name=vcan*", "link.up", REQUEST(link_up, .name = "eth0"), false, "name" },
		{ "allow alice link name=eth0", "link.up", REQUEST(link_up, .name = "eth01"), NO },
		{ "allow alice link name=eth?", "link.up", REQUEST(link_up, .name = "eth7"), YES },
		{ "allow alice link name=can[0-3]", "link.up", REQUEST(link_up, .name = "can3"), YES },
		{ "allow alice link name=can[0-3]", "link.up", REQUEST(link_up, .name = "can4"), NO },
		{ "allow alice link name=a,b,vcan*", "link.up", REQUEST(link_up, .name = "b"), YES },
		/* a read of all links names none */
		{ "allow alice link name=*", "link.list", REQUEST(link_list, .has_kind = false), NO },
		/* both ends of a pair */
		{ "allow alice vxcan name=vx*", "vxcan.create", REQUEST(vxcan_create, .name = "vx0", .peer = "vx1"), YES },
		{ "allow alice vxcan name=vx*", "vxcan.create", REQUEST(vxcan_create, .name = "vx0", .peer = "eth1"), false,
		  "peer" },
		{ "deny alice vxcan name=eth*\nallow alice vxcan", "vxcan.create",
		  REQUEST(vxcan_create, .name = "vx0", .peer = "eth1"), false, "peer" },
		{ "deny alice vxcan name=eth*\nallow alice vxcan", "vxcan.create", REQUEST(vxcan_create, .name = "a", .peer = "b"),
		  YES },
		/* a VLAN and the link it stands on */
		{ "allow alice vlan name=eth0.*", "vlan.create",
		  REQUEST(vlan_create, .parent = "eth0", .vlan_id = 5, GIVEN(name, "eth0.5")), false, "parent" },
		{ "allow alice vlan name=eth0,eth0.*", "vlan.create",
		  REQUEST(vlan_create, .parent = "eth0", .vlan_id = 5, GIVEN(name, "eth0.5")), YES },
		{ "allow alice vlan name=eth0,eth0.*", "vlan.create",
		  REQUEST(vlan_create, .parent = "eth0", .vlan_id = 5, GIVEN(name, "lan")), false, "name" },
		/* without a link it may be any */
		{ "allow alice forwarding name=veth*", "forwarding.set",
		  REQUEST(forwarding_set, .family = HYCAN_FAMILY_IPV4, GIVEN(interface, "veth0")), YES },
		{ "allow alice forwarding name=*", "forwarding.set", REQUEST(forwarding_set, .family = HYCAN_FAMILY_IPV4), false,
		  "interface" },
		{ "deny alice forwarding name=eth0\nallow alice all", "forwarding.set",
		  REQUEST(forwarding_set, .family = HYCAN_FAMILY_IPV4), false, "interface" },
		{ "deny alice forwarding name=eth0\nallow alice all", "forwarding.set",
		  REQUEST(forwarding_set, .family = HYCAN_FAMILY_IPV4, GIVEN(interface, "eth1")), YES },
		/* an operation without links is no concern of a rule about links */
		{ "deny alice all name=eth0\nallow alice all", "daemon.status", nothing, YES },
		{ "allow alice all name=eth0", "daemon.status", nothing, NO },
	};

	(void)state;
	ask(question, N(question));
}

static void test_prefixes(void **state)
{
	const struct question question[] = {
		{ "allow alice route prefix=10.0.0.0/8", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(10, 1, 0, 0, 16) }), YES },
		{ "allow alice route prefix=10.0.0.0/8", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(10, 0, 0, 0, 8) }), YES },
		{ "allow alice route prefix=10.0.0.0/8", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(10, 0, 0, 0, 7) }), false, "destination" },
		{ "allow alice route prefix=10.0.0.0/8", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(0, 0, 0, 0, 0) }), NO },
		{ "allow alice route prefix=10.0.0.0/8", "route.add", REQUEST(route_add, .route = { .destination = NET6(32) }),
		  NO },
		{ "allow alice route prefix=10.0.0.0/8,2001:db8::/32", "route.add",
		  REQUEST(route_add, .route = { .destination = NET6(48) }), YES },
		{ "allow alice route prefix=0.0.0.0/0", "route.add", REQUEST(route_add, .route = { .destination = NET6(48) }), NO },
		/* an address is in its network, and the whole network counts: the kernel makes a route for it */
		{ "allow alice address prefix=10.1.0.0/16", "address.add",
		  REQUEST(address_add, .link_address = { .link = "a", .address = NET4(10, 1, 2, 3, 24) }), YES },
		{ "allow alice address prefix=10.1.0.0/16", "address.add",
		  REQUEST(address_add, .link_address = { .link = "a", .address = NET4(10, 1, 2, 3, 8) }), false, "address" },
		{ "allow alice address prefix=10.1.0.0/16", "address.add",
		  REQUEST(address_add,
		          .link_address = { .link = "a", .address = NET4(10, 1, 2, 3, 32), GIVEN(peer, NET4(8, 8, 8, 8, 32)) }),
		  false, "peer" },
		{ "allow alice address prefix=10.1.0.0/16", "address.add",
		  REQUEST(address_add,
		          .link_address = { .link = "a", .address = NET4(10, 1, 2, 3, 24), GIVEN(broadcast, V4(9, 9, 9, 9)) }),
		  false, "broadcast" },
		/* deny reaches what it touches, from above and from below */
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(10, 1, 0, 0, 16) }), false, "destination" },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(10, 0, 0, 0, 7) }), false, "destination" },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = NET4(11, 0, 0, 0, 8) }), YES },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = NET6(32) }), YES },
		/* IPv4 in IPv6 passes for IPv4 only where that refuses */
		{ "allow alice route prefix=10.0.0.0/8", "route.add",
		  REQUEST(route_add, .route = { .destination = MAPPED(10, 1, 0, 0, 112) }), NO },
		{ "allow alice route prefix=::/0", "route.add",
		  REQUEST(route_add, .route = { .destination = MAPPED(10, 1, 0, 0, 112) }), YES },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = MAPPED(10, 1, 0, 0, 112) }), NO },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.add",
		  REQUEST(route_add, .route = { .destination = MAPPED(11, 1, 0, 0, 112) }), YES },
		/* a single address */
		{ "allow alice port prefix=172.18.0.0/16", "port.add",
		  REQUEST(port_add, .port_mapping = { .protocol = HYCAN_TRANSPORT_TCP, .to_address = V4(172, 18, 0, 2) }), YES },
		{ "allow alice port prefix=172.18.0.0/16", "port.add",
		  REQUEST(port_add, .port_mapping = { .protocol = HYCAN_TRANSPORT_TCP, .to_address = V4(172, 19, 0, 2) }), false,
		  "to_address" },
	};

	(void)state;
	ask(question, N(question));
}

static void test_ports(void **state)
{
#define PORTS(a, b) REQUEST(port_add, .port_mapping = { .host_port = { a, b }, .to_address = V4(172, 18, 0, 2) })
	const struct question question[] = {
		{ "allow alice port port=8000-8999", "port.add", PORTS(8000, 8999), YES },
		{ "allow alice port port=8000-8999", "port.add", PORTS(8080, 8080), YES },
		{ "allow alice port port=8000-8999", "port.add", PORTS(7999, 8000), false, "host_port" },
		{ "allow alice port port=8000-8999", "port.add", PORTS(8999, 9000), NO },
		{ "allow alice port port=80,443", "port.add", PORTS(443, 443), YES },
		{ "allow alice port port=80,443", "port.add", PORTS(80, 443), NO },
		{ "deny alice port port=22\nallow alice port", "port.add", PORTS(22, 22), false, "host_port" },
		{ "deny alice port port=22\nallow alice port", "port.add", PORTS(1, 1024), false, "host_port" },
		{ "deny alice port port=22\nallow alice port", "port.add", PORTS(23, 1024), YES },
		/* both conditions of a rule */
		{ "allow alice port port=80 prefix=172.18.0.0/16", "port.add", PORTS(80, 80), YES },
		{ "allow alice port port=80 prefix=172.19.0.0/16", "port.add", PORTS(80, 80), false, "to_address" },
		{ "allow alice port port=81 prefix=172.18.0.0/16", "port.add", PORTS(80, 80), false, "host_port" },
		{ "deny alice port port=80 prefix=172.18.0.0/16\nallow alice port", "port.add", PORTS(80, 80), NO },
		{ "deny alice port port=81 prefix=172.18.0.0/16\nallow alice port", "port.add", PORTS(80, 80), YES },
		/* an operation that has a field for one of them alone */
		{ "allow alice port port=80 prefix=172.18.0.0/16", "port.remove", REQUEST(port_remove, .host_port = { 80, 80 }),
		  NO },
		{ "allow alice port.remove port=80", "port.remove", REQUEST(port_remove, .host_port = { 80, 80 }), YES },
	};
#undef PORTS

	(void)state;
	ask(question, N(question));
}

static void test_tables(void **state)
{
#define TABLE(n) REQUEST(route_add, .route = { .destination = NET4(10, 0, 0, 0, 8), GIVEN(table, n) })
	const struct question question[] = {
		{ "allow alice route table=main", "route.add", TABLE(254), YES },
		{ "allow alice route table=main", "route.add", TABLE(100), NO },
		{ "allow alice route table=100-199", "route.add", TABLE(100), YES },
		{ "allow alice route table=100-199", "route.add", TABLE(199), YES },
		{ "allow alice route table=100-199", "route.add", TABLE(200), false, "table" },
		{ "allow alice route table=100-199", "route.add", TABLE(254), NO },
		{ "allow alice route table=100,4294967295", "route.add", TABLE(4294967295), YES },
		/* 0 is another name for main */
		{ "allow alice route table=1-253", "route.add", TABLE(0), NO },
		{ "deny alice route table=254\nallow alice route", "route.add", TABLE(0), NO },
		{ "deny alice route table=254\nallow alice route", "route.add", TABLE(100), YES },
		/* a rule that names no table is about main, and says so nowhere */
		{ "allow alice rule table=254", "rule.add", REQUEST(rule_add, .rule = { .family = HYCAN_FAMILY_IPV4 }), false,
		  "table" },
		{ "deny alice rule table=254\nallow alice rule", "rule.add",
		  REQUEST(rule_add, .rule = { .family = HYCAN_FAMILY_IPV4 }), false, "table" },
	};
#undef TABLE

	(void)state;
	ask(question, N(question));
}

/* What a request leaves out is anything at all, unless something else of the kind limits it. */
static void test_absent_fields(void **state)
{
	static const struct hycan_prefix inside = NET4(10, 1, 0, 0, 16), outside = NET4(11, 0, 0, 0, 8);
#define RULE(...)       REQUEST(rule_add, .rule = { .family = HYCAN_FAMILY_IPV4, __VA_ARGS__ })
#define MASQUERADE(...) REQUEST(masquerade_add, .masquerade = { .subnet = NET4(10, 1, 0, 0, 16), __VA_ARGS__ })
#define PEER(...)       REQUEST(wireguard_peer_set, .name = "wg0", .wireguard_peer_config = { __VA_ARGS__ })
	const struct question question[] = {
		{ "allow alice masquerade name=eth1", "masquerade.add", MASQUERADE(GIVEN(out_interface, "eth1")), YES },
		{ "allow alice masquerade name=eth1", "masquerade.add", MASQUERADE(), false, "out_interface" },
		{ "deny alice all name=eth0\nallow alice all", "masquerade.add", MASQUERADE(), false, "out_interface" },
		{ "deny alice all name=eth0\nallow alice all", "masquerade.add", MASQUERADE(GIVEN(out_interface, "eth1")), YES },
		/* one selector of a routing rule is enough to limit it */
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add", RULE(GIVEN(from, NET4(10, 1, 0, 0, 16))), YES },
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add", RULE(GIVEN(to, NET4(10, 1, 0, 0, 16))), YES },
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add",
		  RULE(GIVEN(from, NET4(10, 1, 0, 0, 16)), GIVEN(to, NET4(11, 0, 0, 0, 8))), false, "to" },
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add", RULE(), false, "from" },
		{ "deny alice rule prefix=10.0.0.0/8\nallow alice rule", "rule.add", RULE(), false, "from" },
		{ "deny alice rule prefix=10.0.0.0/8\nallow alice rule", "rule.add", RULE(GIVEN(from, NET4(11, 0, 0, 0, 8))), YES },
		/* and turned into its opposite it is about everything else */
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add", RULE(GIVEN(from, NET4(10, 1, 0, 0, 16)), GIVEN(invert, true)),
		  false, "invert" },
		{ "allow alice rule prefix=10.0.0.0/8", "rule.add", RULE(GIVEN(from, NET4(10, 1, 0, 0, 16)), GIVEN(invert, false)),
		  YES },
		{ "deny alice rule prefix=10.0.0.0/8\nallow alice rule", "rule.add",
		  RULE(GIVEN(from, NET4(11, 0, 0, 0, 8)), GIVEN(invert, true)), false, "invert" },
		{ "allow alice rule", "rule.add", RULE(GIVEN(invert, true)), YES },
		/* a list that is absent or empty names nothing */
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.peer_set",
		  PEER(GIVEN(allowed_ips, &inside), .n_allowed_ips = 1), YES },
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.peer_set",
		  PEER(GIVEN(allowed_ips, &outside), .n_allowed_ips = 1), false, "allowed_ips" },
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.peer_set", PEER(), false, "allowed_ips" },
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.peer_set", PEER(.has_allowed_ips = true), NO },
		{ "deny alice wireguard prefix=10.0.0.0/8\nallow alice all", "wireguard.peer_set", PEER(), YES },
		{ "deny alice wireguard prefix=10.0.0.0/8\nallow alice all", "wireguard.peer_set",
		  PEER(GIVEN(allowed_ips, &inside), .n_allowed_ips = 1), false, "allowed_ips" },
	};
#undef RULE
#undef MASQUERADE
#undef PEER

	(void)state;
	ask(question, N(question));
}

/* Each route of a load and each nexthop of a route counts for itself. */
static void test_depth(void **state)
{
	static const struct hycan_nexthop good[] = { { GIVEN(link, "vcan0") }, { GIVEN(link, "vcan1") } };
	static const struct hycan_nexthop foreign[] = { { GIVEN(link, "vcan0") }, { GIVEN(link, "eth0") } };
	static const struct hycan_nexthop open[] = { { GIVEN(link, "vcan0") }, { GIVEN(via, V4(192, 168, 1, 1)) } };
#define TO_10 .destination = NET4(10, 1, 0, 0, 16)
	static const struct hycan_route good_routes[] = { { TO_10, GIVEN(link, "vcan0") },
		                                          { TO_10, GIVEN(nexthops, good), .n_nexthops = 2 } };
	static const struct hycan_route one_without[] = { { TO_10, GIVEN(link, "vcan0") }, { TO_10 } };
	static const struct hycan_route one_open[] = { { TO_10, GIVEN(link, "vcan0") },
		                                       { TO_10, GIVEN(nexthops, open), .n_nexthops = 2 } };
	static const struct hycan_route one_outside[] = { { TO_10, GIVEN(link, "vcan0") },
		                                          { .destination = NET4(11, 0, 0, 0, 8), GIVEN(link, "vcan0") } };
	static const struct hycan_prefix inside = NET4(10, 1, 0, 0, 16);
	static const struct hycan_wireguard_peer_config peers[] = { { GIVEN(allowed_ips, &inside), .n_allowed_ips = 1 },
		                                                    { .has_endpoint = false } };
#define LOAD(list)      REQUEST(route_load, .routes = list, .n_routes = N(list))
#define MULTIPATH(list) REQUEST(route_add, .route = { TO_10, GIVEN(nexthops, list), .n_nexthops = 2 })
	const struct question question[] = {
		{ "allow alice route name=vcan*", "route.add", MULTIPATH(good), YES },
		{ "allow alice route name=vcan*", "route.add", MULTIPATH(foreign), false, "link" },
		{ "allow alice route name=vcan*", "route.add", MULTIPATH(open), false, "link" },
		{ "deny alice route name=eth*\nallow alice route", "route.add", MULTIPATH(good), YES },
		{ "deny alice route name=eth*\nallow alice route", "route.add", MULTIPATH(foreign), false, "link" },
		{ "deny alice route name=eth*\nallow alice route", "route.add", MULTIPATH(open), false, "link" },
		{ "allow alice route name=vcan*", "route.load", LOAD(good_routes), YES },
		{ "allow alice route name=vcan*", "route.load", LOAD(one_without), false, "link" },
		{ "allow alice route name=vcan*", "route.load", LOAD(one_open), false, "link" },
		{ "allow alice route prefix=10.0.0.0/8", "route.load", LOAD(one_without), YES },
		{ "allow alice route prefix=10.0.0.0/8", "route.load", LOAD(one_outside), false, "destination" },
		{ "allow alice route prefix=10.0.0.0/8 name=vcan*", "route.load", LOAD(good_routes), YES },
		{ "deny alice route name=eth*\nallow alice route", "route.load", LOAD(one_without), false, "link" },
		{ "deny alice route prefix=11.0.0.0/8\nallow alice route", "route.load", LOAD(one_outside), false, "destination" },
		{ "deny alice route prefix=12.0.0.0/8\nallow alice route", "route.load", LOAD(one_outside), YES },
		/* nothing to load has nothing in it that a condition could be about */
		{ "allow alice route prefix=10.0.0.0/8", "route.load", REQUEST(route_load, .n_routes = 0), NO },
		{ "allow alice route", "route.load", REQUEST(route_load, .n_routes = 0), YES },
		{ "deny alice route prefix=10.0.0.0/8\nallow alice route", "route.load", REQUEST(route_load, .n_routes = 0), YES },
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.sync",
		  REQUEST(wireguard_sync, .name = "wg0", .peers = peers, .n_peers = 1), YES },
		{ "allow alice wireguard prefix=10.0.0.0/8", "wireguard.sync",
		  REQUEST(wireguard_sync, .name = "wg0", .peers = peers, .n_peers = 2), false, "allowed_ips" },
	};

	(void)state;
	ask(question, N(question));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_names, policy_world),         cmocka_unit_test_setup(test_prefixes, policy_world),
		cmocka_unit_test_setup(test_ports, policy_world),         cmocka_unit_test_setup(test_tables, policy_world),
		cmocka_unit_test_setup(test_absent_fields, policy_world), cmocka_unit_test_setup(test_depth, policy_world),
	};

	return cmocka_run_group_tests_name("policy_conditions", tests, policy_create_file, policy_remove_file);
}

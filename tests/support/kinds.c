/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kinds.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "nat.h"
#include "network.h"
#include "routing.h"

#define BLUE "100 10.9.0.0/24 10.9.0.1 blue fd09::/64 fd09::1"

static void lay_cable(void)
{
	free(shell("ip link set lo up; ip link add va type veth peer name vb; ip link set va addrgenmode none; "
	           "ip link set vb addrgenmode none; ip link set va up; ip link set vb up; "
	           "ip address add 10.0.0.1/24 dev va; ip address add fd00::1/64 dev va nodad"));
}

static void lay_table(void)
{
	need_command("nft");
	lay_cable();
}

static void lay_vcan(void)
{
	need_kind("vcan");
}

static int make_link(struct hycan *h)
{
	return hycan_vcan_create(h, "c0", NULL, NULL);
}

static int make_address(struct hycan *h)
{
	const struct hycan_link_address four = { .link = "va", .address = prefix_of("10.1.0.1/24") }, six = {
		.link = "va", .address = prefix_of("fd01::1/64"), .has_no_dad = true, .no_dad = true
	};
	int r = hycan_address_add(h, &four);

	return r ? r : hycan_address_add(h, &six);
}

static int make_route(struct hycan *h)
{
	const struct hycan_route four = route_via("10.50.0.0/16", "10.0.0.2"), six = route_via("fd50::/64", "fd00::2");
	int r = hycan_route_add(h, &four);

	return r ? r : hycan_route_add(h, &six);
}

static int make_rule(struct hycan *h)
{
	const struct hycan_rule rule = {
		.family = HYCAN_FAMILY_IPV4, .has_from = true, .from = prefix_of("10.7.0.0/16"), .has_table = true, .table = 7
	};

	return hycan_rule_add(h, &rule);
}

static void lay_wireguard(void)
{
	need_kind("wireguard");
	need_command("wg");
	free(shell("ip link add wg0 type wireguard"));
}

static int make_peer(struct hycan *h)
{
	const struct hycan_prefix allowed = prefix_of("10.9.0.0/24");
	const struct hycan_wireguard_peer_config peer = {
		.public_key = { { 9 } }, .has_allowed_ips = true, .allowed_ips = &allowed, .n_allowed_ips = 1
	};

	return hycan_wireguard_peer_set(h, "wg0", &peer);
}

static int make_masquerade(struct hycan *h)
{
	const struct hycan_masquerade m = nat_masquerade("10.2.0.0/16");

	return hycan_masquerade_add(h, &m);
}

static int make_port(struct hycan *h)
{
	const struct hycan_port_mapping m = nat_mapping("tcp 8080-8082 10.0.0.2 80");

	return hycan_port_add(h, &m);
}

static int make_forwarding(struct hycan *h)
{
	const struct hycan_forwarding_set_options of_va = { .has_interface = true, .interface = "va" };
	int r = hycan_forwarding_set(h, HYCAN_FAMILY_IPV4, true, NULL);

	return r ? r : hycan_forwarding_set(h, HYCAN_FAMILY_IPV6, true, &of_va);
}

static int make_network(struct hycan *h)
{
	return network_create(h, BLUE);
}

static int make_names(struct hycan *h)
{
	return names_set(h, 100, "web 10.9.0.2", NULL);
}

static int stand_on_names(struct hycan *h)
{
	int r = network_create(h, BLUE);

	return r ? r : names_set(h, 100, "db 10.9.0.3", NULL);
}

static int make_name(struct hycan *h)
{
	return names_add(h, 100, "web 10.9.0.2 fd09::2");
}

static const struct kind kinds[] = {
	{ HYCAN_OBJECT_KIND_LINK, lay_vcan, NULL, make_link, 1 },
	{ HYCAN_OBJECT_KIND_ADDRESS, lay_cable, NULL, make_address, 2 },
	{ HYCAN_OBJECT_KIND_ROUTE, lay_cable, NULL, make_route, 2 },
	{ HYCAN_OBJECT_KIND_RULE, lay_cable, NULL, make_rule, 1 },
	{ HYCAN_OBJECT_KIND_WIREGUARD_PEER, lay_wireguard, NULL, make_peer, 1 },
	{ HYCAN_OBJECT_KIND_MASQUERADE, lay_table, NULL, make_masquerade, 1 },
	{ HYCAN_OBJECT_KIND_PORT, lay_table, NULL, make_port, 1 },
	{ HYCAN_OBJECT_KIND_FORWARDING, lay_cable, NULL, make_forwarding, 2 },
	{ HYCAN_OBJECT_KIND_NETWORK, network_make_parent, NULL, make_network, 2 },
	{ HYCAN_OBJECT_KIND_DNS, names_begin, make_network, make_names, 2 },
	{ HYCAN_OBJECT_KIND_DNS_HOST, names_begin, stand_on_names, make_name, 1 },
};

const struct kind *kind_of(enum hycan_object_kind kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	fail_msg("Nobody says how to make a %s", object_kind_name(kind));
	return NULL;
}

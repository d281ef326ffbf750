/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which network a port mapping belongs to.
 *
 * It is noted with the mapping when that is made, so that it stays when the network's subnet is changed. What was made
 * before there were networks has no note, and belongs where it leads. That is one question, however many there are.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "nat.h"
#include "network.h"
#include "port_network.h"

/* Networks that a sentence has room for. */
#define NAMED_MAX 3

static int refuse_no_network(struct op *op, uint16_t vlan_id)
{
	return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "network", "There is no network with VLAN %u in this network namespace.",
	                 vlan_id);
}

static int refuse_elsewhere(struct op *op, const struct hycan_port_mapping *m, const struct kernel_network *network)
{
	const struct hycan_prefix ipv4 = network_subnet(&network->gateway), ipv6 = network_subnet(&network->ipv6_gateway);
	char text[HYCAN_ADDRESS_TEXT_SIZE], a[HYCAN_ADDRESS_TEXT_SIZE], b[HYCAN_ADDRESS_TEXT_SIZE];

	return op_refuse(op, HYCAN_REFUSAL_INVALID, "to_address", "%s does not lie in %s%s%s of the network “%s” with VLAN %u.",
	                 hycan_address_format(&m->to_address, text, sizeof(text)), hycan_prefix_format(&ipv4, a, sizeof(a)),
	                 ipv6.address.family ? " or " : "", ipv6.address.family ? hycan_prefix_format(&ipv6, b, sizeof(b)) : "",
	                 network->name, network->vlan_id);
}

/* In no network; on a host without any that says nothing. */
static int check_outside(struct op *op, struct hycan_port_mapping *m)
{
	_cleanup_(networks_free) struct networks networks = { 0 };
	char text[HYCAN_ADDRESS_TEXT_SIZE], list[128] = "";
	int r = m->has_network ? 0 : networks_read(op, &networks);

	if (r != 0 || networks.n == 0)
		return r;
	for (size_t i = 0; i < networks.n && i < NAMED_MAX; i++) {
		const struct hycan_prefix subnet = network_subnet(&networks.network[i].gateway);
		size_t used = strlen(list);

		snprintf(list + used, sizeof(list) - used, "%s%u: %s", i ? ", " : "", networks.network[i].vlan_id,
		         hycan_prefix_format(&subnet, text, sizeof(text)));
	}
	return op_refuse(op, HYCAN_REFUSAL_INVALID, "to_address",
	                 "%s lies in none of the networks of this host (%s%s). If it shall be outside all of them, say network 0.",
	                 hycan_address_format(&m->to_address, text, sizeof(text)), list, networks.n > NAMED_MAX ? ", …" : "");
}

static int find(struct op *op, int r, const char *link, struct kernel_network *ret_network)
{
	if (r == 0)
		r = kernel_network_get(op->scope, link, ret_network);
	return r;
}

/* In the network that the request names. */
static int check_named(struct op *op, const struct hycan_port_mapping *m)
{
	struct kernel_network network;
	char link[HYCAN_IFNAME_SIZE];
	int r = find(op, kernel_network_of_vlan(op->scope, m->network, link), link, &network);

	if (r == -ENOENT)
		return refuse_no_network(op, m->network);
	if (r < 0)
		return nat_refuse(op, r);
	return network_has(&network, &m->to_address) ? 0 : refuse_elsewhere(op, m, &network);
}

int port_settle_network(struct op *op, struct hycan_port_mapping *m)
{
	char link[HYCAN_IFNAME_SIZE], text[HYCAN_ADDRESS_TEXT_SIZE];
	struct kernel_network network;
	int r;

	if (op->back)
		return 0;
	if (m->has_network && m->network)
		return check_named(op, m);
	r = find(op, kernel_network_of_address(op->scope, &m->to_address, link), link, &network);
	if (r == -ENOENT)
		return check_outside(op, m);
	if (r < 0)
		return nat_refuse(op, r);
	if (m->has_network)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "network",
		                 "%s lies in the network “%s” with VLAN %u: say that one, or none.",
		                 hycan_address_format(&m->to_address, text, sizeof(text)), network.name, network.vlan_id);
	m->has_network = true;
	m->network = network.vlan_id;
	return 0;
}

int port_read_network(struct op *op, const struct hycan_port_mapping *m, uint16_t *ret_network)
{
	struct kernel_network network = { .vlan_id = m->has_network ? m->network : 0 };
	char link[HYCAN_IFNAME_SIZE];
	int r = m->has_network ? 0 : find(op, kernel_network_of_address(op->scope, &m->to_address, link), link, &network);

	if (r < 0 && r != -ENOENT)
		return nat_refuse(op, r);
	*ret_network = network.vlan_id;
	return 0;
}

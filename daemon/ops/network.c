/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operations about networks have in common: finding them, and what they are in other words. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "nat.h"
#include "network.h"
#include "table.h"

int networks_read(struct op *op, struct networks *ret_networks)
{
	return nat_refuse(op, kernel_network_list(op->scope, &ret_networks->network, &ret_networks->n));
}

void networks_free(struct networks *networks)
{
	cleanup_free(&networks->network);
}

const struct kernel_network *networks_find(const struct networks *networks, uint16_t vlan_id)
{
	for (size_t i = 0; i < networks->n; i++)
		if (networks->network[i].vlan_id == vlan_id)
			return &networks->network[i];
	return NULL;
}

/* There is none of that VLAN, or it has another link. */
static int refuse_none(struct op *op, const char *field, uint16_t vlan_id, const char *link)
{
	struct kernel_network other;
	char there[HYCAN_IFNAME_SIZE];
	int r = kernel_network_of_vlan(op->scope, vlan_id, there);

	if (r == 0)
		r = kernel_network_get(op->scope, there, &other);
	if (r == -ENOENT)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, field, "There is no network with VLAN %u in this network namespace.",
		                 vlan_id);
	if (r < 0)
		return r;
	return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, field,
	                 "The network “%s” with VLAN %u has the link “%s” and not “%s”: say so.", other.name, vlan_id, there, link);
}

int network_find(struct op *op, const char *field, uint16_t vlan_id, const char *link, struct kernel_network *ret_network)
{
	struct kernel_network found;
	int r = kernel_network_get(op->scope, link, &found);

	if (r == -ENOENT || (r == 0 && found.vlan_id != vlan_id))
		return refuse_none(op, field, vlan_id, link);
	if (r == 0)
		*ret_network = found;
	return r;
}

bool network_was_under_way(struct op *op, uint64_t moment, uint16_t vlan_id, const char *link)
{
	struct hycan_network_create_request made = { .network = { .vlan_id = vlan_id, .has_link = true } };

	memcpy(made.network.link, link, strnlen(link, sizeof(made.network.link) - 1));
	return op->server->was_under_way(op, moment, HYCAN_OBJECT_KIND_NETWORK, &made);
}

bool network_has(const struct kernel_network *network, const struct hycan_address *address)
{
	const struct hycan_prefix host = { .address = *address, .length = (uint8_t)(hycan_address_size(address) * 8) };

	return hycan_prefix_contains(&network->gateway, &host) ||
	       (network->ipv6_gateway.address.family && hycan_prefix_contains(&network->ipv6_gateway, &host));
}

struct hycan_prefix network_subnet(const struct hycan_prefix *gateway)
{
	struct hycan_prefix subnet = *gateway;

	for (unsigned int bit = subnet.length; bit < hycan_address_size(&subnet.address) * 8; bit++)
		subnet.address.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return subnet;
}

struct hycan_network_create_request network_request(const struct kernel_network *network, bool replace)
{
	bool ipv6 = network->ipv6_gateway.address.family != 0;
	struct hycan_network_create_request request = {
		.network = {
			.vlan_id = network->vlan_id,
			.subnet = network_subnet(&network->gateway),
			.gateway = network->gateway.address,
			.has_parent = true,
			.has_mtu = network->mtu != 0,
			.mtu = network->mtu,
			.has_nat = true,
			.nat = network->nat,
			.has_internal = true,
			.internal = network->internal,
			.has_ipv6_subnet = ipv6,
			.has_ipv6_gateway = ipv6,
			.ipv6_gateway = network->ipv6_gateway.address,
			.has_link = true,
		},
		.has_replace = replace,
		.replace = replace,
	};

	if (ipv6)
		request.network.ipv6_subnet = network_subnet(&network->ipv6_gateway);
	memcpy(request.network.network_name, network->name, sizeof(network->name));
	memcpy(request.network.parent, network->parent, sizeof(network->parent));
	memcpy(request.network.link, network->link, sizeof(network->link));
	return request;
}

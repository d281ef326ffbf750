/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a stranger left of a network that he took out of our table.
 *
 * The table is what says that a link is a network. When it has gone (“nft flush ruleset”) the link and its dnsmasq go on, and
 * are nobody's to the table. That they were a network is known as long as the ledger has the network, or the daemon misses it;
 * or from its names, which have files of their own. Whose the link is says the ledger: what a stranger has made in its place
 * is not in it.
 */
#include "network_left.h"

#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "dns.h"
#include "kernel/link.h"
#include "table.h"

static bool was_network(struct op *op, uint16_t vlan_id, const char *link)
{
	_cleanup_(resolver_zone_done) struct resolver_zone zone = { 0 };
	struct hycan_network_create_request network = { .network = { .vlan_id = vlan_id, .has_link = true } };
	struct hycan_dns_set_request names = { .vlan_id = vlan_id, .has_link = true };

	memcpy(network.network.link, link, sizeof(network.network.link));
	if (op->server->standing(op, HYCAN_OBJECT_KIND_NETWORK, &network) == OP_CALLERS)
		return true;
	memcpy(names.link, link, sizeof(names.link));
	return dns_zone_get(op, vlan_id, &zone) == 0 && strcmp(zone.link, link) == 0 &&
	       op->server->standing(op, HYCAN_OBJECT_KIND_DNS, &names) == OP_CALLERS;
}

/* Whether that VLAN is another network's since. */
static int check_vlan(struct op *op, uint16_t vlan_id, const char *link)
{
	char there[HYCAN_IFNAME_SIZE];
	int r = kernel_network_of_vlan(op->scope, vlan_id, there);

	if (r == -ENOENT)
		return 0;
	return r == 0 && strcmp(there, link) != 0 ? -ENOENT : r;
}

int network_find_left(struct op *op, uint16_t vlan_id, const char *link, struct kernel_network *ret_network, bool *ret_link)
{
	struct kernel_network network = { .vlan_id = vlan_id };
	struct hycan_link there;
	bool has_link;
	int r;

	if (!op->server || !was_network(op, vlan_id, link))
		return -ENOENT;
	r = check_vlan(op, vlan_id, link);
	if (r < 0)
		return r;
	r = kernel_link_get(op->scope, link, &there);
	if (r < 0 && r != -ENODEV)
		return r;
	has_link = r == 0 && there.has_vlan_id && there.vlan_id == vlan_id && there.has_parent &&
	           op->server->standing(op, HYCAN_OBJECT_KIND_LINK, &there) == OP_CALLERS;
	memcpy(network.link, link, sizeof(network.link));
	if (has_link)
		memcpy(network.parent, there.parent, sizeof(network.parent));
	r = kernel_network_recall(op->scope, &network);
	if (r < 0)
		return r;
	*ret_network = network;
	*ret_link = has_link;
	return 0;
}

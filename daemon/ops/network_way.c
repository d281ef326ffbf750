/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ways between networks.
 *
 * The table says which are open and which of them were asked for. A stranger may take out the latter alone; as far as the ledger has
 * it with both networks, it is known all the same, so that what somebody asked for is not taken for a stranger's doing, and closed.
 */
#include "network_way.h"

#include <string.h>

#include "table.h"

bool network_way_is_remembered(const struct kernel_network_way *way, void *userdata)
{
	struct hycan_network_allow_request asked = { .on = true, .has_from_link = true, .has_to_link = true };
	struct kernel_network from, to;
	struct op *op = userdata;

	if (!op->server || kernel_network_get(op->scope, way->from, &from) < 0 || kernel_network_get(op->scope, way->to, &to) < 0)
		return false;
	asked.from = from.vlan_id;
	asked.to = to.vlan_id;
	memcpy(asked.from_link, way->from, sizeof(asked.from_link));
	memcpy(asked.to_link, way->to, sizeof(asked.to_link));
	return op->server->remembers(op, HYCAN_OPERATION_NETWORK_ALLOW, &asked);
}

enum network_way_state network_way_state(struct op *op, const struct kernel_network_way *way)
{
	if (!kernel_network_way_differs(way))
		return NETWORK_WAY_AS_ASKED;
	if (!way->open)
		return NETWORK_WAY_CLOSED;
	return network_way_is_remembered(way, op) ? NETWORK_WAY_FORGOTTEN : NETWORK_WAY_OPENED;
}

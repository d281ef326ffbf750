/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.nat: whether packets of a network leave with the address of the outgoing link. Open connections go on as they are. */
#include <errno.h>
#include <string.h>

#include "nat.h"
#include "network.h"
#include "table.h"

int op_network_nat(struct op *op, const struct hycan_network_nat_request *request)
{
	struct hycan_network_nat_request back = *request;
	struct kernel_network network;
	int r = network_find(op, "vlan_id", request->vlan_id, request->link, &network);

	if (r != 0)
		return r;
	/* what is put back may be what it had before it was internal */
	if (network.internal && request->on && !op->back)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "on", "The network “%s” is internal: it has no way out, and so no NAT.",
		                 network.name);
	back.on = network.nat;
	r = op_undo(op, HYCAN_OPERATION_NETWORK_NAT, &back);
	if (r < 0)
		return r;
	network.nat = request->on;
	r = kernel_network_put(op->scope, &network, NULL, NULL);
	op->unchanged = r == -EALREADY;
	return op->unchanged ? 0 : nat_refuse(op, r);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port.remove. */
#include <errno.h>

#include "kernel/nat.h"
#include "kernel/port.h"
#include "nat.h"
#include "port.h"
#include "port_network.h"
#include "table.h"

/* Refuses unless it is the network's that the request names. */
static int check_network(struct op *op, const struct hycan_port_mapping *m, uint16_t network)
{
	char place[PORT_TEXT_SIZE];
	uint16_t there;
	int r = port_read_network(op, m, &there);

	if (r != 0 || there == network)
		return r;
	port_format(m, place, sizeof(place));
	if (there == 0)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "network", "The mapping of %s belongs to no network.", place);
	return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "network", "The mapping of %s belongs to the network with VLAN %u.", place,
	                 there);
}

/* Looks at the mapping that will go: whose it is, and what puts it back. */
static int look(struct op *op, const struct hycan_port_remove_request *request, const struct hycan_port_mapping *key)
{
	struct hycan_port_mapping there = { 0 };
	struct hycan_port_add_request back;
	int r;

	if (!request->has_network && !op_undoable(op))
		return 0;
	r = kernel_port_get(op->scope, key, &there);
	if (r < 0)
		return r == -ENOENT ? 0 : nat_refuse(op, r);
	if (request->has_network)
		r = check_network(op, &there, request->network);
	back = port_request(&there);
	return r == 0 && op_undoable(op) ? op_undo(op, HYCAN_OPERATION_PORT_ADD, &back) : r;
}

/* Whether strangers took it away. */
static bool is_lost(struct op *op, const struct hycan_port_remove_request *settled)
{
	const struct hycan_port_add_request made = { .port_mapping = {
							     .protocol = settled->protocol,
							     .host_port = settled->host_port,
							     .has_host_address = settled->has_host_address,
							     .host_address = settled->host_address,
						     } };

	return op_let_go_lost(op, HYCAN_OBJECT_KIND_PORT, &made);
}

int op_port_remove(struct op *op, const struct hycan_port_remove_request *request)
{
	bool any = op->exact && port_is_settled_any(&request->host_address);
	const struct hycan_port_mapping key = {
		.protocol = request->protocol,
		.host_port = request->host_port,
		.has_host_address = request->has_host_address && !any,
		.host_address = request->host_address,
		.to_address.family = request->has_host_address ? request->host_address.family : (uint8_t)request->family,
	};
	struct hycan_port_remove_request *settled = op->memory(op, sizeof(*settled));
	char place[PORT_TEXT_SIZE], range[HYCAN_ADDRESS_TEXT_SIZE];
	struct hycan_port_mapping holder;
	int r;

	if (!settled)
		return -ENOMEM;
	*settled = *request;
	port_settle(&settled->has_host_address, &settled->host_address, key.to_address.family);
	r = op_claim(op, settled);
	if (r == 0)
		r = look(op, request, &key);
	if (r != 0)
		return r;
	r = kernel_port_remove(op->scope, &key, &holder);
	if (r == 0 && op->exact)
		r = kernel_nat_tidy(op->scope);
	port_format(&key, place, sizeof(place));
	if (r == -EEXIST)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "host_port",
		                 "There is no mapping of %s; a port of it belongs to %s. Give the ports as they were added.", place,
		                 hycan_port_range_format(&holder.host_port, range, sizeof(range)));
	op->unchanged = r == -ENOENT && is_lost(op, settled);
	if (op->unchanged)
		return 0;
	if (r == -ENOENT)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "host_port", "There is no mapping of %s for %s.", place,
		                 key.to_address.family == HYCAN_FAMILY_IPV6 ? "IPv6" : "IPv4");
	return nat_refuse(op, r);
}

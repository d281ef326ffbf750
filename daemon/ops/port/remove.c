/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port.remove. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "kernel/nat.h"
#include "kernel/port.h"
#include "nat.h"
#include "port.h"
#include "table.h"

static bool is_same(const struct hycan_port_mapping *a, const struct hycan_port_mapping *b)
{
	return a->protocol == b->protocol && a->host_port.first == b->host_port.first && a->host_port.last == b->host_port.last &&
	       a->to_address.family == b->to_address.family && a->has_host_address == b->has_host_address &&
	       (!a->has_host_address || memcmp(&a->host_address, &b->host_address, sizeof(a->host_address)) == 0);
}

/* Says the mapping that will go. */
static int before(struct op *op, const struct hycan_port_mapping *key)
{
	_cleanup_free_ struct hycan_port_mapping *mappings = NULL;
	size_t n = 0;
	int r;

	if (!op_undoable(op))
		return 0;
	r = kernel_port_list(op->scope, &mappings, &n);
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct hycan_port_add_request back = { .port_mapping = mappings[i] };

		if (is_same(key, &mappings[i]))
			r = op_undo(op, HYCAN_OPERATION_PORT_ADD, &back);
	}
	return r;
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
		r = before(op, &key);
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
	if (r == -ENOENT)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "host_port", "There is no mapping of %s for %s.", place,
		                 key.to_address.family == HYCAN_FAMILY_IPV6 ? "IPv6" : "IPv4");
	return nat_refuse(op, r);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.allow: a way from one network to another, or none any more. It is part of both, and goes with the first that goes.
 */
#include <errno.h>

#include "nat.h"
#include "network.h"
#include "table.h"

/* Says what puts it back. */
static int say(struct op *op, const struct hycan_network_allow_request *request)
{
	struct hycan_network_allow_request back = *request;
	int r;

	if (!op_undoable(op))
		return 0;
	r = kernel_network_has_way(op->scope, request->from_link, request->to_link, &back.on);
	return r < 0 ? r : op_undo(op, HYCAN_OPERATION_NETWORK_ALLOW, &back);
}

int op_network_allow(struct op *op, const struct hycan_network_allow_request *request)
{
	struct kernel_network from, to;
	bool changed = false;
	int r;

	if (request->from == request->to)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "to", "Hosts of one network reach each other without asking.");
	r = network_find(op, "from", request->from, request->from_link, &from);
	if (r == 0)
		r = network_find(op, "to", request->to, request->to_link, &to);
	if (r == 0)
		r = say(op, request);
	/* internal networks have turned nothing on */
	if (r == 0 && request->on)
		r = network_forward(op, &from, &changed);
	if (r != 0)
		return r;
	r = kernel_network_set_way(op->scope, from.link, to.link, request->on);
	op->unchanged = r == -EALREADY && !changed;
	return r == -EALREADY ? 0 : nat_refuse(op, r);
}

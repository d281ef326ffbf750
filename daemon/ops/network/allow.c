/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.allow: a way from one network to another, or none any more. It is part of both, and goes with the first that goes.
 *
 * The first way of internal networks turns forwarding on. That stays when the way is closed, as long as there are networks, unless
 * it is closed because it was not to come about.
 */
#include <errno.h>
#include <string.h>

#include "forwarding.h"
#include "nat.h"
#include "network.h"
#include "network_way.h"
#include "table.h"

/* Says what puts it back. */
static int say(struct op *op, const struct hycan_network_allow_request *request, const struct kernel_network *from)
{
	struct hycan_network_allow_request back = *request;
	struct kernel_network_way way;
	int r;

	if (!op_undoable(op))
		return 0;
	r = kernel_network_get_way(op->scope, request->from_link, request->to_link, &way);
	if (r < 0)
		return r;
	if (request->on)
		r = network_say_forwarding(op, from);
	if (r < 0)
		return r;
	back.on = way.asked || network_way_state(op, &way) == NETWORK_WAY_FORGOTTEN;
	return op_undo(op, HYCAN_OPERATION_NETWORK_ALLOW, &back);
}

/* Forwarding as it was, where this turned it on; the refusal is kept. Again and again, since nobody else will do it. */
static void take_back(struct op *op)
{
	const struct op refusal = *op;
	unsigned int tried = 0;

	while (network_try_again(network_release(op), &tried))
		;
	op->refusal = refusal.refusal;
	op->field = refusal.field;
	memcpy(op->sentence, refusal.sentence, sizeof(op->sentence));
}

/* Whatever became of the answer to a way that is closed, forwarding is what it was. */
static int put_back(struct op *op)
{
	unsigned int tried = 0;
	int r;

	do
		r = network_release(op);
	while (network_try_again(r, &tried));
	return nat_refuse(op, r);
}

/* Who lets go of forwarding meanwhile sees the way, or is seen. */
static int set(struct op *op, const struct kernel_network *from, const struct kernel_network *to, bool on, bool *forwards)
{
	int r = 0;

	forwarding_lock();
	/* internal networks have turned nothing on */
	if (on)
		r = network_forward(op, from, forwards);
	if (r == 0) {
		r = kernel_network_set_way(op->scope, from->link, to->link, on);
		op->unchanged = r == -EALREADY && !*forwards;
		r = r == -EALREADY ? 0 : nat_refuse(op, r);
	}
	forwarding_unlock();
	return r;
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
		r = say(op, request, &from);
	if (r == 0)
		r = set(op, &from, &to, request->on, &changed);
	if (r != 0 && changed)
		take_back(op);
	return r == 0 && !request->on && op->back ? put_back(op) : r;
}

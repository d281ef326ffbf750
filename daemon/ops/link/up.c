/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link.up: sets IFF_UP (netdevice(7)).
 *
 * The kernel does nothing, and tells nobody, where the link is up already. Where it refuses it rarely says why, so the
 * usual reasons are looked for afterwards.
 */
#include <errno.h>
#include <string.h>

#include "before.h"
#include "kernel/link.h"
#include "table.h"

static int refuse(struct op *op, const char *name, int error)
{
	struct hycan_link link;
	int r;

	if (error != -ENETDOWN && error != -EINVAL)
		return error;
	/* first, since a look at the link ends the kernel's words */
	r = op_refuse_kernel(op, HYCAN_REFUSAL_KERNEL, "name", error, "The link “%s” could not be set up", name);
	if (error == -ENETDOWN && kernel_link_get(op->scope, name, &link) == 0 && link.has_parent)
		r = op_refuse(op, HYCAN_REFUSAL_KERNEL, "name", "The link “%s” stands on “%s”, which is down: set that up first.",
		              name, link.parent);
	if (error == -EINVAL && kernel_link_get(op->scope, name, &link) == 0 && link.has_can && !link.can.has_bit_timing)
		r = op_refuse(op, HYCAN_REFUSAL_KERNEL, "name",
		              "The CAN controller “%s” has no bit rate yet: set one first (can.set).", name);
	return r;
}

/* Only where somebody wants to know: to look first costs as much as the request. */
static int look(struct op *op, const char *name)
{
	struct hycan_link_down_request down = { 0 };
	struct hycan_link link;
	int r;

	r = kernel_link_get(op->scope, name, &link);
	op->unchanged = r == 0 && link.up;
	if (r < 0 || link.up)
		return r;
	memcpy(down.name, name, sizeof(down.name));
	r = before_link_up(op, &link);
	return r != 0 ? r : op_undo(op, HYCAN_OPERATION_LINK_DOWN, &down);
}

int op_link_up(struct op *op, const struct hycan_link_up_request *request)
{
	int r = op_undoable(op) ? look(op, request->name) : 0;

	if (r > 0)
		return r;
	if (r == 0 && !op->unchanged)
		r = kernel_link_set_up(op->scope, request->name, true);
	if (r == -ENODEV)
		return op_refuse_no_link(op, "name", request->name);
	return r < 0 ? refuse(op, request->name, r) : 0;
}

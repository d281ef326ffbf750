/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * can.restart: lets a controller that went bus-off take part again (IFLA_CAN_RESTART, linux/can/netlink.h).
 *
 * The kernel refuses in every other state without a reason, so the state is looked at first.
 */
#include <errno.h>

#include "kernel/can.h"
#include "table.h"

int op_can_restart(struct op *op, const struct hycan_can_restart_request *request)
{
	struct kernel_can can;
	int r;

	r = kernel_can_get(op->scope, request->name, &can);
	if (r == -ENODEV)
		return op_refuse_no_link(op, "name", request->name);
	if (r == -EOPNOTSUPP)
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "name", "The link “%s” is not that of a CAN controller.",
		                 request->name);
	if (r < 0)
		return r;
	if (!can.link.up)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "name",
		                 "The link “%s” is down; its controller starts when it is set up.", request->name);
	if (can.link.can.state != HYCAN_CAN_CONTROLLER_STATE_BUS_OFF)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "name",
		                 "The controller of “%s” is not in bus-off: there is nothing to restart.", request->name);
	if (can.link.can.restart_ms)
		return op_refuse(
			op, HYCAN_REFUSAL_INVALID, "name",
			"The controller of “%s” restarts by itself, %u ms after bus-off; set restart_ms to 0 to do it by hand.",
			request->name, can.link.can.restart_ms);
	return kernel_can_restart(op->scope, request->name);
}

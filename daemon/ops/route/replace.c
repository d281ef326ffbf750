/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.replace. */
#include "kernel/route.h"
#include "route.h"
#include "table.h"

int op_route_replace(struct op *op, const struct hycan_route_replace_request *request)
{
	const struct hycan_route *route = &request->route;
	struct kernel_route_result result;
	int r;

	r = route_check(op, route);
	if (r != 0)
		return r;
	r = kernel_route_replace(op->scope, route, &result);
	if (r < 0)
		return route_refuse_change(op, route, r);
	op->unchanged = !result.changed;
	if (result.changed)
		route_settle_added(op, route, &result);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.replace. */
#include "kernel/route.h"
#include "route.h"
#include "table.h"

int op_route_replace(struct op *op, const struct hycan_route_replace_request *request)
{
	const struct hycan_route *route = &request->route;
	int r;

	r = route_check(op, route);
	if (r != 0)
		return r;
	return route_refuse_change(op, route, kernel_route_replace(op->scope, route));
}

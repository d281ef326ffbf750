/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.replace. */
#include <errno.h>

#include "before.h"
#include "kernel/route.h"
#include "route.h"
#include "table.h"

static int look(struct op *op, const struct hycan_route *route)
{
	return route_refuse_change(op, route, kernel_route_there(op->scope, route, &op->unchanged));
}

int op_route_replace(struct op *op, const struct hycan_route_replace_request *request)
{
	const struct hycan_route *route = &request->route;
	struct hycan_route_replace_request *settled = op->memory(op, sizeof(*settled));
	struct kernel_route_result result;
	int r;

	if (!settled)
		return -ENOMEM;
	r = route_check(op, route);
	if (r != 0)
		return r;
	*settled = *request;
	settled->route.has_metric = route->has_metric && !route_says_default_metric(route);
	/* what is put back may be there with more than there are words for, or behind others; who made it as it was holds it, too */
	r = op->back ? look(op, route) : 0;
	if (r != 0 || (op->back && op->unchanged))
		return r;
	r = op_claim(op, settled);
	if (r == 0 && op_undoable(op))
		r = look(op, route);
	if (r != 0 || (op_undoable(op) && op->unchanged))
		return r;
	r = before_route_replace(op, route);
	if (r == 0 && op->mends)
		r = route_mend(op, route, &result);
	else if (r == 0)
		r = (op->back ? kernel_route_replace_again : kernel_route_replace)(op->scope, route, &result);
	if (r != 0)
		return route_refuse_change(op, route, r);
	op->unchanged = !result.changed;
	if (result.changed)
		route_settle_added(op, route, &result);
	return 0;
}

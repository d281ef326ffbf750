/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.replace. */
#include <errno.h>

#include "before.h"
#include "kernel/route.h"
#include "route.h"
#include "table.h"

struct replacement {
	struct op *op;
	const struct hycan_route *route;
	struct hycan_route_replace_request *settled;
	struct kernel_route_former former;
	union message asked; /* what the ledger has in that place, in full */
};

static int look(struct op *op, const struct hycan_route *route)
{
	return route_refuse_change(op, route, kernel_route_there(op->scope, route, &op->unchanged));
}

/* What the ledger has gives way, where a stranger's in that place would. */
static int look_at_former(struct replacement *x)
{
	struct op *op = x->op;
	int r;

	/* a repair puts back what the ledger has */
	r = op->mends ? 0 : op_asked_for(op, HYCAN_OBJECT_KIND_ROUTE, x->settled, &x->asked);
	if (r <= 0)
		return r;
	/* both rows that make a route are asked for a route, and nothing else */
	x->former.route = (const struct hycan_route *)&x->asked;
	return kernel_route_look_at_former(op->scope, &x->former, x->route, op->plan || op->back || op_undoable(op));
}

static int put(struct replacement *x, struct kernel_route_result *ret_result)
{
	struct op *op = x->op;

	if (op->mends)
		return route_mend(op, x->route, ret_result);
	if (x->former.stays)
		return kernel_route_replace_former(op->scope, &x->former, x->route, op->back, op->plan, ret_result);
	return (op->back ? kernel_route_replace_again : kernel_route_replace)(op->scope, x->route, ret_result);
}

/* *ret_done: there is nothing to do. */
static int see(struct replacement *x, bool *ret_done)
{
	struct op *op = x->op;
	const bool looks = op->back || op_undoable(op);
	int r = looks ? look(op, x->route) : 0;

	/* what is put back is so without what was made in its place */
	if (r == 0 && !(op->back && op->unchanged))
		r = look_at_former(x);
	*ret_done = looks && op->unchanged && !x->former.stays;
	return r;
}

int op_route_replace(struct op *op, const struct hycan_route_replace_request *request)
{
	struct hycan_route_replace_request *settled = op->memory(op, sizeof(*settled));
	struct replacement x = { .op = op, .route = &request->route, .settled = settled };
	struct kernel_route_result result;
	bool done = false;
	int r;

	if (!settled)
		return -ENOMEM;
	r = route_check(op, x.route);
	if (r != 0)
		return r;
	*settled = *request;
	settled->route.has_metric = x.route->has_metric && !route_says_default_metric(x.route);
	/* what is put back may be there with more than there are words for, or behind others; who made it as it was holds it, too */
	r = op->back ? see(&x, &done) : 0;
	if (r != 0 || done)
		return r;
	r = op_claim(op, settled);
	if (r == 0 && !op->back)
		r = see(&x, &done);
	if (r != 0 || done)
		return r;
	r = before_route_replace(op, x.route, &x.former);
	if (r == 0)
		r = put(&x, &result);
	if (r != 0)
		return route_refuse_change(op, x.route, r);
	op->unchanged = !result.changed;
	if (result.changed)
		route_settle_added(op, x.route, &result);
	return 0;
}

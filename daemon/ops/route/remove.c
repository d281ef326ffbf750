/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.remove. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "before.h"
#include "kernel/route.h"
#include "route.h"
#include "table.h"

struct removal {
	struct op *op;
	struct hycan_route_remove_request *settled;
};

/* The ledger knows a route by its metric, unless that is the kernel's own. */
static int claim_metric(struct removal *x, uint32_t metric)
{
	x->settled->metric = metric;
	x->settled->has_metric = !route_metric_is_default(x->settled->destination.address.family, metric);
	return op_claim(x->op, x->settled);
}

static int claim_found(const struct hycan_route *found, void *userdata)
{
	return claim_metric(userdata, found->has_metric ? found->metric : 0);
}

/*
 * Asks whose it is, where that can be told from the request: of a metric that is given or, of IPv4 alone, the lowest one. Who
 * may take any is not made to wait for more; for others the route is looked for.
 */
static int claim(struct removal *x, const struct hycan_route_remove_options *o, bool *ret_look)
{
	bool lowest = x->settled->destination.address.family == AF_INET && !o->has_via && !o->has_link && !o->has_type;

	*ret_look = false;
	if (o->has_metric || (x->op->any_owner && lowest))
		return claim_metric(x, o->has_metric ? o->metric : 0);
	*ret_look = !x->op->any_owner;
	return 0;
}

/* Of a plan: the kernel is not there to say that there is no such route, so it is looked for. */
static int claim_nothing(const struct hycan_route *found, void *userdata)
{
	(void)found;
	(void)userdata;
	return 0;
}

static int refuse(struct op *op, const struct hycan_route_remove_request *request, int error)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	if (error == -ENODEV && request->has_link)
		return op_refuse_no_link(op, "link", request->link);
	if (error == -ESRCH && (request->has_via || request->has_link))
		return op_refuse(
			op, HYCAN_REFUSAL_NOT_FOUND, "destination",
			"There is no such route to %s in table %u. For a route of several ways leave gateway and link out.",
			hycan_prefix_format(&request->destination, text, sizeof(text)), request->table);
	if (error == -ESRCH)
		return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "destination", "There is no such route to %s in table %u.",
		                 hycan_prefix_format(&request->destination, text, sizeof(text)), request->table);
	return error;
}

int op_route_remove(struct op *op, const struct hycan_route_remove_request *request)
{
	struct hycan_route_remove_options options = {
		.has_via = request->has_via,
		.via = request->via,
		.has_link = request->has_link,
		.has_metric = request->has_metric,
		.metric = request->metric,
		.has_table = request->has_table,
		.table = request->table,
		.has_type = request->has_type,
		.type = request->type,
	};
	struct hycan_route_remove_request *settled = op->memory(op, sizeof(*settled));
	struct removal x = { .op = op, .settled = settled };
	struct hycan_route like = {
		.destination = request->destination,
		.metric = request->metric,
		.has_table = true,
		.table = request->table,
	};
	struct kernel_route_result result;
	bool look;
	int r;

	if (!settled)
		return -ENOMEM;

	r = route_check_table(op, request->table);
	if (r != 0)
		return r;
	memcpy(options.link, request->link, sizeof(options.link));
	/* of any metric, unless just one is meant */
	options.has_metric = options.has_metric || op->exact;
	*settled = *request;
	r = claim(&x, &options, &look);
	if (r != 0)
		return r;
	like.has_metric = options.has_metric;
	r = before_route_remove(op, &like, &options);
	if (r != 0)
		return r;
	r = kernel_route_remove(op->scope, &request->destination, &options,
	                        look       ? claim_found
	                        : op->plan ? claim_nothing
	                                   : NULL,
	                        &x, &result);
	if (r > 0 || r == OP_LETS_GO)
		return r;
	if (r < 0)
		return refuse(op, request, r);
	*settled = *request;
	/* of any metric, the kernel chose */
	if (result.changed)
		settled->metric = result.metric;
	settled->has_metric = !route_metric_is_default(request->destination.address.family, settled->metric);
	op->settled = settled;
	return 0;
}

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
	const struct hycan_route_remove_request *request;
	struct hycan_route_remove_request *settled;
	uint32_t metric; /* that is claimed */
	bool has_asked;
	union message asked; /* what the ledger has in that place, in full */
};

/* What looking for a route ends with when it was found and is claimed. */
#define CLAIMED (-EALREADY)

/* Whether it says which of those in a place is meant. Else that is the one that the ledger has, where it is there, or the first. */
static bool says_which(const struct hycan_route_remove_request *request)
{
	return request->has_via || request->has_link || request->has_type;
}

/* Sets what the ledger has in a place. 0 or -ENOMEM. */
static int find_asked(struct removal *x, bool has_metric, uint32_t metric)
{
	const struct hycan_route_replace_request place = { .route = { .destination = x->request->destination,
		                                                      .has_metric = has_metric,
		                                                      .metric = metric,
		                                                      .has_table = true,
		                                                      .table = x->request->table } };

	int r = op_asked_for(x->op, HYCAN_OBJECT_KIND_ROUTE, &place, &x->asked);

	x->has_asked = r > 0;
	return r < 0 ? r : 0;
}

/* What was asked for there, in full. Both rows that make a route are asked for a route, and nothing else. */
static const struct hycan_route *asked(const struct removal *x)
{
	return (const struct hycan_route *)&x->asked;
}

/* What is meant, where that is known: unless the request says which it is. */
static const struct hycan_route *meant(const struct removal *x)
{
	return x->has_asked && !says_which(x->request) ? asked(x) : NULL;
}

/* The ledger knows a route by its metric, unless that is the kernel's own. */
static int claim_metric(struct removal *x, uint32_t metric)
{
	int r;

	x->metric = metric;
	x->settled->metric = metric;
	x->settled->has_metric = !route_metric_is_default(x->settled->destination.address.family, metric);
	r = op_claim(x->op, x->settled);
	return r == 0 ? find_asked(x, x->settled->has_metric, metric) : r;
}

static int claim_found(const struct hycan_route *found, void *userdata)
{
	struct removal *x = userdata;
	int r = claim_metric(x, found->has_metric ? found->metric : 0);

	return r == 0 && !says_which(x->request) ? CLAIMED : r;
}

/*
 * Asks whose it is, where that can be told from the request: of a metric that is given or, of IPv4 alone, the lowest one. Who
 * may take any is not made to wait for more, unless the ledger has one there; for others the route is looked for.
 */
static int claim(struct removal *x, const struct hycan_route_remove_options *o, bool *ret_look)
{
	bool lowest = x->settled->destination.address.family == AF_INET && !o->has_via && !o->has_link && !o->has_type;
	int r;

	*ret_look = false;
	if (o->has_metric || (x->op->any_owner && lowest))
		return claim_metric(x, o->has_metric ? o->metric : 0);
	r = find_asked(x, false, 0);
	*ret_look = !x->op->any_owner || meant(x);
	x->has_asked = false;
	return r;
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

/* Of any metric: the place of the first route is claimed, which the options say then. */
static int claim_first(struct removal *x, struct hycan_route_remove_options *options)
{
	struct kernel_route_result result;
	int r = kernel_route_remove(x->op->scope, &x->request->destination, options, claim_found, x, &result);

	if (r != CLAIMED)
		return r > 0 || r == OP_LETS_GO ? r : refuse(x->op, x->request, r);
	options->has_metric = true;
	options->metric = x->metric;
	return 0;
}

/* Whether what was taken is another one than the ledger has in that place, which is there still. */
static bool was_other(struct removal *x)
{
	const struct hycan_route_remove_request *settled = x->settled;
	bool is_there;

	if (x->op->plan || meant(x))
		return false;
	return find_asked(x, settled->has_metric, settled->metric) == 0 && x->has_asked &&
	       kernel_route_there(x->op->scope, asked(x), &is_there) == 0 && is_there;
}

static int take(struct removal *x, const struct hycan_route_remove_options *options, kernel_route_may *may,
                struct kernel_route_result *ret_result)
{
	struct op *op = x->op;
	int r = -ESRCH;

	if (meant(x))
		r = kernel_route_remove_same(op->scope, meant(x), op->plan, ret_result);
	/* what strangers made of it goes, too */
	return r != -ESRCH ? r : kernel_route_remove(op->scope, &x->request->destination, options, may, x, ret_result);
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
	struct removal x = { .op = op, .request = request, .settled = settled };
	struct hycan_route like = {
		.destination = request->destination,
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
	if (r == 0 && look && !says_which(request)) {
		look = false;
		r = claim_first(&x, &options);
	}
	if (r != 0)
		return r;
	like.has_metric = options.has_metric;
	like.metric = options.metric;
	r = before_route_remove(op, &like, &options, meant(&x));
	if (r != 0)
		return r;
	r = take(&x, &options, look ? claim_found : op->plan ? claim_nothing : NULL, &result);
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
	op->took_other = was_other(&x);
	return 0;
}

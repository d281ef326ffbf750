/* SPDX-License-Identifier: GPL-2.0-or-later */
/* route.add. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/route.h"
#include "route.h"
#include "table.h"

/* What is in the place of a route that is wanted, in words. */
struct place {
	bool found;
	char words[128];
};

/* “via 10.0.0.2 over eth0”, as a part of a sentence. */
static void describe(const struct hycan_route *route, char *text, size_t size)
{
	static const char *const nowhere[] = { [HYCAN_ROUTE_TYPE_BLACKHOLE] = "to a black hole",
		                               [HYCAN_ROUTE_TYPE_UNREACHABLE] = "of type unreachable",
		                               [HYCAN_ROUTE_TYPE_PROHIBIT] = "of type prohibit",
		                               [HYCAN_ROUTE_TYPE_THROW] = "of type throw" };
	char via[HYCAN_ADDRESS_TEXT_SIZE];

	if (route->type <= HYCAN_ROUTE_TYPE_THROW && nowhere[route->type])
		snprintf(text, size, "%s", nowhere[route->type]);
	else if (route->n_nexthops)
		snprintf(text, size, "with %zu ways", route->n_nexthops);
	else
		snprintf(text, size, "%s%s%s%s", route->has_via ? "via " : "",
		         route->has_via ? hycan_address_format(&route->via, via, sizeof(via)) : "",
		         route->has_link ? route->has_via ? " over " : "over " : "", route->has_link ? route->link : "");
}

static int found(const struct hycan_route *there, void *userdata)
{
	struct place *p = userdata;

	if (!p->found)
		describe(there, p->words, sizeof(p->words));
	p->found = true;
	return 0;
}

/* The kernel has something in that place: the same, or something else? */
static int explain_exists(struct op *op, const struct hycan_route *wanted)
{
	struct place p = { .found = false };
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	bool same;
	int r;

	r = kernel_route_there(op->scope, wanted, &same);
	op->unchanged = r == 0 && same;
	/* the ledger knows it without a metric that is the kernel's own */
	if (op->unchanged)
		route_settle_added(op, wanted, &(struct kernel_route_result){ 0 });
	if (r < 0 || (same && !op->exclusive))
		return r;
	hycan_prefix_format(&wanted->destination, text, sizeof(text));
	if (same)
		return op_refuse(op, HYCAN_REFUSAL_EXISTS, "destination", "This route to %s exists already.", text);
	r = kernel_route_find(op->scope, wanted, found, &p);
	if (r < 0)
		return r;
	if (!p.found)
		return -EEXIST;
	return op_refuse(op, HYCAN_REFUSAL_EXISTS, "destination",
	                 "Another route to %s with this metric exists already, %s; use route.replace, or another metric.", text,
	                 p.words);
}

int op_route_add(struct op *op, const struct hycan_route_add_request *request)
{
	const struct hycan_route *route = &request->route;
	struct kernel_route_result result;
	int r;

	r = route_check(op, route);
	if (r != 0)
		return r;
	/* -EEXIST: there is none */
	r = op->plan ? explain_exists(op, route) : -EEXIST;
	if (r != -EEXIST || op->unchanged)
		return route_refuse_change(op, route, r);
	r = op->mends ? route_mend(op, route, &result) : kernel_route_add(op->scope, route, &result);
	if (r == -EEXIST)
		return explain_exists(op, route);
	if (r == 0)
		route_settle_added(op, route, &result);
	return route_refuse_change(op, route, r);
}

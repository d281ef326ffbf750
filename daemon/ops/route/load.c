/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route.load.
 *
 * Every route is tried. The first failures are told with their reasons, all are counted. They come here by cause, and
 * not in the order of the request, so each is put in its place among those that are kept.
 */
#include <errno.h>
#include <string.h>

#include "kernel/route.h"
#include "route.h"
#include "table.h"

#define FAILURES_MAX 1000

struct load {
	struct op *op;
	const struct hycan_route *routes;
	bool *unchanged; /* those that failed or were there */
	bool *is_failed; /* those that failed */
	size_t n_routes;
	size_t n_unchanged;
	const uint32_t *order;                       /* in which they are tried; NULL: as they are */
	const struct hycan_route_load_request *said; /* the request; or a copy for the ledger (settle()) */
	struct hycan_route_failure *failure;
	size_t n;
	uint32_t failed;
};

static void mark_unchanged(size_t index, void *userdata)
{
	struct load *l = userdata;

	l->n_unchanged += !l->unchanged[index];
	l->unchanged[index] = true;
}

/* Keeps what op_refuse() left of a failure. */
static void keep(struct load *l, size_t index, uint32_t code)
{
	struct hycan_route_failure *f;
	size_t at = l->n;

	/* the kernel's word on it may come before that on a whole batch whose answers are lost */
	if (l->is_failed[index])
		return;
	l->failed++;
	l->is_failed[index] = true;
	mark_unchanged(index, l);
	while (at > 0 && l->failure[at - 1].index > index)
		at--;
	if (at == FAILURES_MAX)
		return;
	if (l->n < FAILURES_MAX)
		l->n++;
	f = &l->failure[at];
	memmove(f + 1, f, (l->n - at - 1) * sizeof(*f));
	f->index = (uint32_t)index;
	f->code = code;
	_Static_assert(sizeof(f->message) == sizeof(l->op->sentence), "a sentence fits");
	memcpy(f->message, l->op->sentence, sizeof(f->message));
}

static bool wanted(size_t index, void *userdata)
{
	struct load *l = userdata;
	int r = route_check(l->op, &l->routes[index]);

	if (r != 0)
		keep(l, index, (uint32_t)r);
	return r == 0;
}

static void failed(size_t index, int error, void *userdata)
{
	struct load *l = userdata;
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	int r;

	if (error == -EEXIST)
		r = op_refuse(l->op, HYCAN_REFUSAL_EXISTS, "destination", "Another route to %s with this metric exists already.",
		              hycan_prefix_format(&l->routes[index].destination, text, sizeof(text)));
	else
		r = route_refuse(l->op, &l->routes[index], error);
	if (r < 0)
		r = op_refuse_kernel(l->op, HYCAN_REFUSAL_KERNEL, NULL, error, "The kernel refused the route");
	keep(l, index, (uint32_t)r);
}

static void added(size_t n, void *userdata)
{
	struct load *l = userdata;

	if (l->said->routes == l->routes && !l->op->plan)
		op_came_about(l->op, l->order, n);
}

/* A copy of the request for the ledger, where a metric that the kernel takes anyway is not said. */
static const void *settle(struct op *op, const struct hycan_route_load_request *request)
{
	struct hycan_route_load_request *settled = op->memory(op, sizeof(*settled));
	struct hycan_route *routes = op->memory(op, request->n_routes * sizeof(*routes));

	if (!settled || !routes)
		return NULL;
	*settled = *request;
	settled->routes = routes;
	for (size_t i = 0; i < request->n_routes; i++) {
		routes[i] = request->routes[i];
		routes[i].has_metric = routes[i].has_metric && !route_says_default_metric(&routes[i]);
	}
	return settled;
}

/* All the memory that it takes to say what was done: there must be none missing when it is done. */
static int prepare(struct load *l, const struct hycan_route_load_request *request)
{
	const size_t n = request->n_routes;
	bool says_default = false;

	l->unchanged = l->op->memory(l->op, n * sizeof(*l->unchanged));
	l->is_failed = l->op->memory(l->op, n * sizeof(*l->is_failed));
	l->failure = l->op->memory(l->op, (n < FAILURES_MAX ? n : FAILURES_MAX) * sizeof(*l->failure));
	for (size_t i = 0; i < n && !says_default; i++)
		says_default = route_says_default_metric(&request->routes[i]);
	l->said = says_default ? settle(l->op, request) : request;
	return (l->unchanged && l->is_failed && l->failure && l->said) || n == 0 ? 0 : -ENOMEM;
}

/* Of a plan: which are there already, and which have another in their place. */
static void look(struct op *op, struct load *l)
{
	for (size_t i = 0; i < l->n_routes; i++) {
		bool there = false, taken = false;
		int r;

		if (!wanted(i, l))
			continue;
		r = kernel_route_look(op->scope, &l->routes[i], &there, &taken);
		if (r == 0 && taken && !there)
			r = -EEXIST;
		if (r < 0)
			failed(i, r, l);
		else if (there)
			mark_unchanged(i, l);
	}
}

/* The others will come. */
static bool is_to_come(size_t index, void *userdata)
{
	const struct load *l = userdata;

	return !l->unchanged[index];
}

/* For those behind it in the plan they are there; looking is over, since each would be looked for among those before it. */
static int plan(struct op *op, struct load *l, struct kernel_route_load *load)
{
	look(op, l);
	load->wanted = is_to_come;
	return kernel_route_load(op->scope, load);
}

/* NULL: as they are, also where there is no memory for anything else. */
static const uint32_t *order(struct op *op, const struct hycan_route_load_request *request)
{
	uint32_t *list = op->memory(op, request->n_routes * sizeof(*list));

	return list && kernel_route_order(request->routes, request->n_routes, list) ? list : NULL;
}

int op_route_load(struct op *op, const struct hycan_route_load_request *request, struct hycan_route_load_reply *reply)
{
	struct load l = {
		.op = op,
		.routes = request->routes,
		.n_routes = request->n_routes,
	};
	struct kernel_route_load load = {
		.routes = request->routes,
		.n = request->n_routes,
		.replace = request->has_replace && request->replace,
		.wanted = wanted,
		.there = mark_unchanged,
		.failed = failed,
		.added = added,
		.userdata = &l,
	};
	int r;

	if (op_undoable(op) && load.replace)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "replace",
		                 "In a transaction routes are replaced one by one: use route.replace.");
	r = prepare(&l, request);
	/* what is replaced must be the caller's */
	if (r == 0 && load.replace && !op->any_owner)
		r = op_claim(op, l.said);
	if (r != 0)
		return r;
	load.order = l.order = op->plan ? NULL : order(op, request);
	r = op->plan ? plan(op, &l, &load) : kernel_route_load(op->scope, &load);
	/* what was said about single routes is in the answer */
	op->refusal = 0;
	op->field = NULL;
	op->sentence[0] = '\0';
	if (r < 0)
		return r;
	op->items_unchanged = l.n_unchanged ? l.unchanged : NULL;
	op->items_failed = l.failed ? l.is_failed : NULL;
	op->unchanged = l.n_unchanged == request->n_routes && l.failed == 0;
	op->settled = l.said != request ? l.said : NULL;
	/* all or nothing, where it can be taken back: the first reason is as good as any */
	if (op_undoable(op) && l.failed)
		return op_refuse(op, (enum hycan_refusal)l.failure[0].code, "routes", "Route %u (counted from 0): %s",
		                 l.failure[0].index, l.failure[0].message);
	reply->failures = l.failure;
	reply->n_failures = l.n;
	reply->failed = l.failed;
	reply->added = (uint32_t)request->n_routes - l.failed;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading which routes will be lost, and saying how to put them back.
 *
 * Of routes all that are in a place are said, since the kernel takes the first of them. It tells of them what the schema has no words
 * for, too, such as an advertised segment size, and so they are said as it tells of them; and as a request where the ledger has them.
 *
 * Those with a gateway are said first, then those without, through which the gateways are reached: what is said last is done first. Routes
 * that the kernel makes by itself come back by themselves.
 */
#include <sys/socket.h>

#include "before_state.h"
#include "kernel/link.h"
#include "kernel/route.h"
#include "route.h"

static bool is_by_ipv6(const struct hycan_route *route)
{
	if (route->has_via && route->via.family == AF_INET6)
		return true;
	for (size_t i = 0; i < route->n_nexthops; i++)
		if (route->nexthops[i].has_via && route->nexthops[i].via.family == AF_INET6)
			return true;
	return false;
}

static bool is_from(const struct before_routes *r, const struct hycan_route *route)
{
	for (size_t i = 0; route->has_source && i < r->n_sources; i++)
		if (before_same_address(&route->source, &r->sources[i].address.address))
			return true;
	return false;
}

static uint32_t metric(const struct hycan_route *route)
{
	return route->has_metric && !route_says_default_metric(route) ? route->metric : 0;
}

/* The first one that fits is taken. */
static bool is_taken(struct before_routes *r, const struct kernel_route_seen *seen)
{
	if (!r->like || r->taken || !seen->in_words || seen->route.destination.length != r->like->destination.length ||
	    !before_same_address(&seen->route.destination.address, &r->like->destination.address) ||
	    (r->options->has_metric && metric(&seen->route) != metric(r->like)))
		return false;
	r->taken = r->meant ? kernel_route_same(r->meant, &seen->route) : kernel_route_matches(&seen->route, r->options);
	return r->taken;
}

/* The ledger knows it without a metric that is the kernel's own. */
static struct hycan_route_replace_request request_of(const struct hycan_route *route)
{
	struct hycan_route_replace_request request = { .route = *route };

	request.route.has_metric = route->has_metric && !route_says_default_metric(route);
	return request;
}

/* Whose it is, where the ledger has it: it is there by then. */
static int say_whose(struct op *op, const struct kernel_route_seen *seen)
{
	const struct hycan_route_replace_request request = request_of(&seen->route);

	if (!seen->in_words || seen->comes_back || !op->server->is_held(op, HYCAN_OBJECT_KIND_ROUTE, &request))
		return 0;
	return op_undo(op, HYCAN_OPERATION_ROUTE_REPLACE, &request);
}

/* What becomes of the links is asked behind the list. */
static int keep_object_way(struct before_routes *r, const struct hycan_prefix *destination, const char *link)
{
	struct before_object_way *way;
	int error;

	for (size_t i = 0; i < r->n_others; i++)
		if (strcmp(r->other[i].link, link) == 0)
			return 0;
	error = op_grow(r->op, &r->other, r->n_others, sizeof(*r->other));
	if (error < 0)
		return error;
	way = &r->other[r->n_others++];
	memcpy(way->link, link, sizeof(way->link));
	hycan_prefix_format(destination, way->route, sizeof(way->route));
	return 0;
}

static int keep_object_ways(struct before_routes *r, const struct hycan_route *route)
{
	int error = route->has_link ? keep_object_way(r, &route->destination, route->link) : 0;

	for (size_t i = 0; error == 0 && i < route->n_nexthops; i++)
		if (route->nexthops[i].has_link)
			error = keep_object_way(r, &route->destination, route->nexthops[i].link);
	return error;
}

static int goes(const struct kernel_route_seen *seen, void *userdata)
{
	struct before_routes *r = userdata;
	const bool over = seen->over && (!r->with_mtu || seen->route.has_mtu) && (!r->by_ipv6 || is_by_ipv6(&seen->route));
	bool taken;
	int said = 0;

	if (!over && r->link_goes && seen->by_object)
		return keep_object_ways(r, &seen->route);
	r->last = request_of(&seen->route);
	r->last.route.nexthops = NULL;
	r->last.route.n_nexthops = 0;
	taken = is_taken(r, seen);
	if (!over && !is_from(r, &seen->route) && !taken)
		return 0;
	if (over && r->link_goes && seen->by_object)
		hycan_prefix_format(&seen->route.destination, r->object, sizeof(r->object));
	r->is_dead = r->is_dead || (seen->dead && !seen->comes_back && !(r->link_goes && seen->stays));
	if (r->ways_go && seen->stays && !seen->comes_back)
		hycan_prefix_format(&seen->route.destination, r->way, sizeof(r->way));
	if (r->behind && !r->whose_said)
		said = say_whose(r->op, seen);
	return said < 0 ? said : taken ? KERNEL_ROUTE_GOES_FOR_GOOD : 1;
}

static int say_place(const void *messages, size_t size, bool gateways, void *userdata)
{
	struct before_routes *r = userdata;

	if (r->is_dead && !op_says_routes(r->op, messages, size))
		hycan_prefix_format(&r->last.route.destination, r->dead, sizeof(r->dead));
	r->is_dead = false;
	return gateways == r->behind ? op_undo_routes(r->op, &r->last, messages, size) : 0;
}

/* The bridge that it is a port of, and those that stand on it, a VLAN or the other end of a pair, lose their carrier, and their objects with it. */
static int look_at_others(struct before_routes *routes)
{
	struct hycan_link link, other;
	int r = routes->n_others ? kernel_link_get(routes->op->scope, routes->link, &link) : 0;

	for (size_t i = 0; i < routes->n_others && r == 0 && !*routes->object; i++) {
		const struct before_object_way *way = &routes->other[i];
		bool goes = link.has_master && strcmp(link.master, way->link) == 0;

		r = goes ? 0 : kernel_link_get(routes->op->scope, way->link, &other);
		if (goes || (r == 0 && other.has_parent && strcmp(other.parent, routes->link) == 0))
			memcpy(routes->object, way->route, sizeof(routes->object));
		r = r == -ENODEV ? 0 : r;
	}
	return r == -ENODEV ? 0 : r;
}

static int refuse_dead(struct op *op, const char *route)
{
	return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, NULL,
	                 "The route to %s has a way over a link that is down, so it could not be put back: set the link up first.",
	                 route);
}

int before_say_routes(struct before_routes *routes, uint32_t table, uint8_t family)
{
	const struct kernel_route_places places = { .table = table,
		                                    .family = family,
		                                    .link = routes->link,
		                                    .link_up = routes->link_goes,
		                                    .comes = routes->comes,
		                                    .goes = goes,
		                                    .found = say_place,
		                                    .userdata = routes };
	int r;

	routes->behind = true;
	r = kernel_route_list_places(routes->op->scope, &places);
	routes->behind = routes->taken = false;
	if (r == 0)
		r = kernel_route_list_places(routes->op->scope, &places);
	if (r == 0)
		r = look_at_others(routes);
	if (r == 0 && *routes->dead)
		return refuse_dead(routes->op, routes->dead);
	if (r < 0 || !*routes->object)
		return r;
	return op_refuse(routes->op, HYCAN_REFUSAL_UNSUPPORTED, "name",
	                 "The route to %s has its way from a nexthop object, which goes with the link “%s”, so it could not be put "
	                 "back: see ip nexthop.",
	                 routes->object, routes->link);
}

/* Refuses what could not be put back as it was. */
static int check_words(struct op *op, const struct hycan_route *like, bool any_metric, bool own, bool *ret_dead)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	bool whole;
	int r = kernel_route_is_whole(op->scope, like, any_metric, own, &whole, ret_dead);

	if (r < 0 || whole)
		return r;
	return op_refuse(
		op, HYCAN_REFUSAL_UNSUPPORTED, "destination",
		"The route to %s has properties that HyCAN has no words for, so it could not be put back: see ip -d route.",
		hycan_prefix_format(&like->destination, text, sizeof(text)));
}

struct replacing {
	struct op *op;
	const struct hycan_route *route;
	const struct kernel_route_former *former;
};

/*
 * One that took its place gives it back. Where the kernel might take another one away for it, it is put back in its order among the others,
 * without what was made in its place, of which the ledger may not know yet.
 */
static int say_replaced(const struct hycan_route *there, size_t n, void *userdata)
{
	const struct hycan_route_remove_options metric = { .has_metric = true };
	const struct hycan_route_replace_request request = request_of(there);
	const struct replacing *x = userdata;
	struct before_routes routes = { .op = x->op,
		                        .like = x->route,
		                        .options = &metric,
		                        .meant = there,
		                        .whose_said = true,
		                        .comes = x->former->is_both ? NULL : x->route };
	int r = op_undo(x->op, HYCAN_OPERATION_ROUTE_REPLACE, &request);

	if (r < 0 || !(x->former->stays || (n > 1 && there->destination.address.family == AF_INET6)))
		return r;
	return before_say_routes(&routes, x->route->table, x->route->destination.address.family);
}

int before_route_replace(struct op *op, const struct hycan_route *route, const struct kernel_route_former *former)
{
	struct replacing replacing = { .op = op, .route = route, .former = former };
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	bool dead;
	int r;

	if (!op_undoable(op))
		return 0;
	r = check_words(op, route, false, true, &dead);
	if (r == 0 && dead)
		return refuse_dead(op, hycan_prefix_format(&route->destination, text, sizeof(text)));
	return r != 0 ? r : kernel_route_find_replaced(op->scope, route, former, say_replaced, &replacing);
}

int before_route_remove(struct op *op, const struct hycan_route *like, const struct hycan_route_remove_options *options,
                        const struct hycan_route *meant)
{
	struct before_routes routes = { .op = op, .like = like, .options = options, .meant = meant };
	bool is_there = true, dead;
	int r;

	if (!op_undoable(op))
		return 0;
	r = meant ? kernel_route_there(op->scope, meant, &is_there) : 0;
	if (r < 0)
		return r;
	if (!is_there)
		routes.meant = NULL;
	r = check_words(op, like, !options->has_metric, false, &dead);
	return r != 0 ? r : before_say_routes(&routes, like->table, like->destination.address.family);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes: the order in which the kernel takes many soonest.
 *
 * IPv4's table is a trie of arrays (the kernel's Documentation/networking/fib_trie.rst) that double when they are full
 * enough. Lists of routes come sorted, as tables are printed and files are written, and that is the dearest order: every
 * array is filled from one end, and is doubled, and copied, again and again. Sixteen sweeps, each of every sixteenth route,
 * give the upper arrays their size while few routes are there, and take a quarter to a third of the kernel's time away.
 * IPv6's tree has no arrays, and there is nothing to be gained.
 *
 * An order that does not show when all is done is the only one that may be changed: no two routes are in one place, where
 * the first would win, and no gateway or source address is reached or made by a route of the same list.
 */
#include <string.h>

#include <hycan/values.h>

#include "route_message.h"

/* Fewer do not fill arrays that are worth while. */
#define ORDER_MIN 2048

#define SWEEPS 16

/* More addresses, or more routes to one destination address, are not compared with one another: the order stays. */
#define LEANS_MAX 32
#define TWINS_MAX 16

/* Addresses that routes of the list need to be reached, or to be there. */
struct leans {
	struct hycan_prefix on[LEANS_MAX];
	size_t n;
};

/* False: there are too many. */
static bool lean(struct leans *l, const struct hycan_address *address)
{
	const struct hycan_prefix on = { .address = *address, .length = 32 };

	/* IPv6's routes are not in the list */
	if (address->family != AF_INET)
		return true;
	for (size_t i = l->n; i-- > 0;)
		if (memcmp(l->on[i].address.bytes, address->bytes, 4) == 0)
			return true;
	if (l->n == LEANS_MAX)
		return false;
	l->on[l->n++] = on;
	return true;
}

static bool lean_all(struct leans *l, const struct hycan_route *route)
{
	bool few = (!route->has_via || lean(l, &route->via)) && (!route->has_source || lean(l, &route->source));

	for (size_t i = 0; few && i < route->n_nexthops; i++)
		few = !route->nexthops[i].has_via || lean(l, &route->nexthops[i].via);
	return few;
}

/* Whether a route is behind all that are before it in the list, or beside those with the same address. */
static bool is_behind(const struct hycan_route *routes, size_t i)
{
	const struct hycan_route *route = &routes[i];

	for (size_t back = 1; back <= i; back++) {
		const struct hycan_route *before = &routes[i - back];
		int r = memcmp(before->destination.address.bytes, route->destination.address.bytes, 4);

		if (r != 0)
			return r < 0;
		if (back == TWINS_MAX || route_compare_places(before, route) == 0)
			return false;
	}
	return true;
}

static bool may_change(const struct hycan_route *routes, size_t n)
{
	struct leans leans = { .n = 0 };

	for (size_t i = 0; i < n; i++)
		if (routes[i].destination.address.family != AF_INET || !is_behind(routes, i) || !lean_all(&leans, &routes[i]))
			return false;
	for (size_t i = 0; leans.n > 0 && i < n; i++)
		for (size_t k = 0; k < leans.n; k++)
			if (hycan_prefix_contains(&routes[i].destination, &leans.on[k]))
				return false;
	return true;
}

bool kernel_route_order(const struct hycan_route *routes, size_t n, uint32_t *ret_order)
{
	/* each sweep goes through the middle of the gaps that those before it left */
	static const uint8_t first[SWEEPS] = { 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 };
	size_t at = 0;

	if (n < ORDER_MIN || n > UINT32_MAX || !may_change(routes, n))
		return false;
	for (size_t sweep = 0; sweep < SWEEPS; sweep++)
		for (size_t i = first[sweep]; i < n; i += SWEEPS)
			ret_order[at++] = (uint32_t)i;
	return true;
}

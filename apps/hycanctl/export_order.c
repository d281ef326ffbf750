/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was made first is not always what has to be there first: an address that a stranger took away, and that is asked for again, is
 * younger than the route that needs it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export_order.h"

/* Links on links on links. */
#define DEPTH_MAX 16

/* Behind links, which stand on each other. */
enum rank {
	RANK_LINK,
	RANK_PEER = RANK_LINK + DEPTH_MAX + 1,
	RANK_ADDRESS,
	RANK_ROUTE,
	RANK_ROUTE_BY_GATEWAY,
	RANK_OTHER,
};

struct ranked {
	const struct hycan_object *object;
	unsigned int rank;
	size_t at;
};

static int compare(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->at == y->at ? 0 : x->at < y->at ? -1 : 1;
}

/* On how many others a link stands; the two ends of a pair stand on nothing. */
static int rank_link(struct exporter *e, const char *name, unsigned int *ret_rank)
{
	const struct hycan_link *link, *parent;
	unsigned int depth = 0;
	int r = export_find_link(e, name, &link);

	while (r == 0 && link && link->has_parent && depth < DEPTH_MAX) {
		r = export_find_link(e, link->parent, &parent);
		if (parent && parent->has_parent && strcmp(parent->parent, link->name) == 0)
			break;
		link = parent;
		depth++;
	}
	*ret_rank = RANK_LINK + depth;
	return r;
}

/* “100 web link net100” */
static int rank_network(struct exporter *e, char *identity, unsigned int *ret_rank)
{
	const struct hycan_operation *create = hycan_operation_by_name("network.create");
	struct part parts[EXPORT_PARTS_MAX];
	const size_t n = export_read_identity(create->request, identity, parts);

	for (size_t i = 0; i < n; i++)
		if (strcmp(parts[i].field->name, "link") == 0)
			return rank_link(e, parts[i].text, ret_rank);
	*ret_rank = RANK_LINK;
	return 0;
}

static int rank_route(struct exporter *e, char *identity, unsigned int *ret_rank)
{
	struct part parts[EXPORT_PARTS_MAX];
	const struct hycan_route *route;
	const void *entry;
	size_t n;
	int r = export_find_entry(e, &e->listing[HYCAN_OBJECT_KIND_ROUTE], "route", hycan_operation_by_name("route.add"), identity,
	                          parts, &n, &entry);
	bool gateway;

	route = entry;
	gateway = route && route->has_via;
	for (size_t i = 0; route && route->has_nexthops && i < route->n_nexthops; i++)
		gateway = gateway || route->nexthops[i].has_via;
	*ret_rank = gateway ? RANK_ROUTE_BY_GATEWAY : RANK_ROUTE;
	return r;
}

static int rank(struct exporter *e, const struct hycan_object *object, unsigned int *ret_rank)
{
	char identity[sizeof(object->identity)];

	memcpy(identity, object->identity, sizeof(identity));
	switch (object->kind) {
	case HYCAN_OBJECT_KIND_LINK:
		return rank_link(e, identity, ret_rank);
	case HYCAN_OBJECT_KIND_NETWORK:
		return rank_network(e, identity, ret_rank);
	case HYCAN_OBJECT_KIND_ROUTE:
		return rank_route(e, identity, ret_rank);
	case HYCAN_OBJECT_KIND_WIREGUARD_PEER:
		*ret_rank = RANK_PEER;
		return 0;
	case HYCAN_OBJECT_KIND_ADDRESS:
		*ret_rank = RANK_ADDRESS;
		return 0;
	default:
		*ret_rank = RANK_OTHER;
		return 0;
	}
}

int export_order(struct exporter *e, const struct hycan_object *objects, size_t n, uint64_t netns,
                 const struct hycan_object ***ret_ordered, size_t *ret_n)
{
	const struct hycan_object **ordered = calloc(n + 1, sizeof(*ordered));
	struct ranked *ranked = calloc(n + 1, sizeof(*ranked));
	size_t n_ranked = 0;
	int r = ranked && ordered ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (objects[i].netns == netns && (unsigned int)objects[i].kind < EXPORT_KINDS) {
			ranked[n_ranked] = (struct ranked){ .object = &objects[i], .at = i };
			r = rank(e, &objects[i], &ranked[n_ranked++].rank);
		}
	if (r == 0 && n_ranked > 0)
		qsort(ranked, n_ranked, sizeof(*ranked), compare);
	for (size_t i = 0; r == 0 && i < n_ranked; i++)
		ordered[i] = ranked[i].object;
	free(ranked);
	if (r) {
		free(ordered);
		return r;
	}
	*ret_ordered = ordered;
	*ret_n = n_ranked;
	return 0;
}

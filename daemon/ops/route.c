/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the operations about routes have in common.
 *
 * The kernel's own refusals of a route range from a good sentence to “Invalid argument”, and differ between IPv4 and
 * IPv6. What can be seen in the request alone is therefore refused here, in the same words for both.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "kernel/link.h"
#include "kernel/route.h"
#include "messages.h"
#include "route.h"

static bool is_unspecified(const struct hycan_address *a)
{
	static const uint8_t none[16];

	return memcmp(a->bytes, none, hycan_address_size(a)) == 0;
}

static bool is_link_local(const struct hycan_address *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

/* One way: that of the route itself, or one of several. */
static int check_way(struct op *op, const struct hycan_route *route, const struct hycan_nexthop *n, const char *field)
{
	if (!n->has_via && !n->has_link)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, field, "A route needs a gateway (via), a link, or both.");
	if (n->has_onlink && n->onlink && (!n->has_via || !n->has_link))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, field, "A gateway that is onlink needs the link as well.");
	if (!n->has_via)
		return 0;
	if (is_unspecified(&n->via))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, field, "The unspecified address is no gateway; leave it out.");
	if (route->destination.address.family == AF_INET6 && n->via.family == AF_INET)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, field, "An IPv6 route cannot go through an IPv4 gateway.");
	if (is_link_local(&n->via) && !n->has_link)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, field, "A link-local gateway is on every link; give the link as well.");
	return 0;
}

static int check_nexthops(struct op *op, const struct hycan_route *route)
{
	int r;

	if (route->has_via || route->has_link || (route->has_onlink && route->onlink))
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "nexthops",
		                 "Give either several ways (nexthops), or one gateway and link, not both.");
	if (route->n_nexthops > KERNEL_ROUTE_NEXTHOPS_MAX)
		return op_refuse(op, HYCAN_REFUSAL_LIMIT, "nexthops", "A route has at most %d ways.", KERNEL_ROUTE_NEXTHOPS_MAX);
	for (size_t i = 0; i < route->n_nexthops; i++) {
		r = check_way(op, route, &route->nexthops[i], "nexthops");
		if (r != 0)
			return r;
	}
	return 0;
}

static int check_ways(struct op *op, const struct hycan_route *route)
{
	const struct hycan_nexthop only = {
		.has_via = route->has_via,
		.via = route->via,
		.has_link = route->has_link,
		.has_onlink = route->has_onlink,
		.onlink = route->onlink,
	};

	switch (route->type) {
	case HYCAN_ROUTE_TYPE_BLACKHOLE:
	case HYCAN_ROUTE_TYPE_UNREACHABLE:
	case HYCAN_ROUTE_TYPE_PROHIBIT:
	case HYCAN_ROUTE_TYPE_THROW:
		if (route->has_via || route->has_link || route->n_nexthops)
			return op_refuse(op, HYCAN_REFUSAL_INVALID, "type",
			                 "A route of this type goes nowhere; leave gateway, link and nexthops out.");
		return 0;
	case HYCAN_ROUTE_TYPE_UNICAST:
	case HYCAN_ROUTE_TYPE_LOCAL:
	case HYCAN_ROUTE_TYPE_BROADCAST:
	case HYCAN_ROUTE_TYPE_ANYCAST:
	case HYCAN_ROUTE_TYPE_MULTICAST:
		break;
	}
	return route->n_nexthops ? check_nexthops(op, route) : check_way(op, route, &only, "via");
}

int route_check_table(struct op *op, uint32_t table)
{
	if (table != 0)
		return 0;
	return op_refuse(op, HYCAN_REFUSAL_INVALID, "table", "Table 0 stands for no table; main is 254.");
}

int route_check(struct op *op, const struct hycan_route *route)
{
	int r;

	r = route_check_table(op, route->table);
	if (r != 0)
		return r;
	if (route->has_source && route->source.family != route->destination.address.family)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "source",
		                 "The source address is of another family than the destination.");
	if (route->has_mtu && route->mtu > KERNEL_ROUTE_MTU_MAX)
		return op_refuse(op, HYCAN_REFUSAL_OUT_OF_RANGE, "mtu", "The MTU of a route is at most %d.", KERNEL_ROUTE_MTU_MAX);
	return check_ways(op, route);
}

static int refuse_unreachable(struct op *op, const struct hycan_route *route, int error)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	if (route->has_via && route->has_link)
		return op_refuse(
			op, HYCAN_REFUSAL_INVALID, "via",
			"The gateway %s cannot be reached over the link “%s”, which has no address in its network; add one, "
			"use onlink, or leave the link out.",
			hycan_address_format(&route->via, text, sizeof(text)), route->link);
	if (route->has_via)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "via",
		                 "The gateway %s cannot be reached: no link that is up has an address in its network; add one, or "
		                 "use onlink.",
		                 hycan_address_format(&route->via, text, sizeof(text)));
	if (route->n_nexthops)
		return op_refuse(op, HYCAN_REFUSAL_INVALID, "nexthops",
		                 "One of the gateways cannot be reached: no link that is up has an address in its network.");
	return error;
}

int route_refuse(struct op *op, const struct hycan_route *route, int error)
{
	switch (error) {
	case -ENODEV:
		if (route->has_link)
			return op_refuse_no_link(op, "link", route->link);
		if (route->n_nexthops)
			return op_refuse(op, HYCAN_REFUSAL_NOT_FOUND, "nexthops",
			                 "One of the links of its ways is not in this network namespace.");
		return error;
	case -ENETUNREACH:
	case -EHOSTUNREACH:
		return refuse_unreachable(op, route, error);
	case -ENETDOWN:
		if (route->has_link)
			return op_refuse(op, HYCAN_REFUSAL_INVALID, "link", "The link “%s” is down; set it up first.", route->link);
		return op_refuse(op, HYCAN_REFUSAL_INVALID, NULL, "The link of the route is down; set it up first.");
	case -EINVAL:
		return op_refuse_kernel(op, HYCAN_REFUSAL_INVALID, NULL, error, "The kernel takes no such route");
	}
	return error;
}

int route_refuse_change(struct op *op, const struct hycan_route *route, int error)
{
	uint32_t ifindex;

	for (size_t i = 0; error == -ENODEV && i < route->n_nexthops; i++) {
		const struct hycan_nexthop *n = &route->nexthops[i];

		if (n->has_link && kernel_link_index(op->scope, n->link, &ifindex) == -ENODEV)
			return op_refuse_no_link(op, "nexthops", n->link);
	}
	return route_refuse(op, route, error);
}

bool route_metric_is_default(uint8_t family, uint32_t metric)
{
	return metric == 0 || (family == AF_INET6 && metric == KERNEL_ROUTE_METRIC_IPV6);
}

bool route_says_default_metric(const struct hycan_route *route)
{
	return route->has_metric && route_metric_is_default(route->destination.address.family, route->metric);
}

int route_mend(struct op *op, const struct hycan_route *route, struct kernel_route_result *ret_result)
{
	return (op->beside ? kernel_route_add_beside : kernel_route_replace)(op->scope, route, ret_result);
}

void route_settle_added(struct op *op, const struct hycan_route *route, const struct kernel_route_result *result)
{
	struct hycan_route *settled = op->memory(op, sizeof(*settled));

	if (!settled)
		return;
	*settled = *route;
	settled->has_metric = route->has_metric && !route_says_default_metric(route);
	if (!route->has_link && result->ifindex)
		settled->has_link = kernel_link_name(op->scope, result->ifindex, settled->link) == 0;
	op->settled = settled;
}

static int read_place(struct op *op, const void *messages, size_t size, struct hycan_route_replace_request *request,
                      bool *ret_in_words)
{
	int r = kernel_route_read_place(op->scope, messages, size, &request->route, ret_in_words);

	request->route.has_metric = request->route.has_metric && !route_says_default_metric(&request->route);
	return r;
}

int op_read_routes(struct op *op, const void *messages, size_t size, void *ret_request)
{
	bool in_words;

	return read_place(op, messages, size, ret_request, &in_words);
}

bool op_same_routes(const void *messages, size_t size, const void *others, size_t others_size)
{
	return kernel_route_same_place(messages, size, others, others_size);
}

int op_put_back_routes(struct op *op, const void *messages, size_t size, void *ret_request)
{
	struct hycan_route_replace_request *request = ret_request;
	bool in_words, is_held, is = false;
	int r = read_place(op, messages, size, request, &in_words);

	/* another one's by now; the ledger has nothing where there are no words */
	r = r < 0 || !in_words ? r : op_claim(op, request);
	if (r > 0 && kernel_route_is_put_back(op->scope, messages, size, &is) == 0 && is) {
		op->refusal = 0;
		op->sentence[0] = '\0';
		return 0;
	}
	if (r != 0)
		return r;
	is_held = in_words && op->server->is_held(op, HYCAN_OBJECT_KIND_ROUTE, request);
	return route_refuse(op, &request->route, kernel_route_put_back(op->scope, messages, size, is_held, true));
}

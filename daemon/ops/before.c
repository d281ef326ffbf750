/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading what will be lost, and saying how to put it back.
 *
 * What is said last is done first. So routes with a gateway are said first, then those without, through which the gateways
 * are reached, then addresses, and at last the link that has to be up for all of it. Saying something that is not lost
 * does no harm: whoever asks for what is there already changes nothing.
 *
 * Routes and addresses that the kernel makes by itself come back by themselves. Where a route that is taken away has what the
 * schema has no words for, such as an advertised segment size, it stays. What this file does not do: keep that of routes that
 * go with a link or an address.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "before.h"
#include "kernel/address.h"
#include "kernel/link.h"
#include "kernel/route.h"
#include "messages.h"
#include "route.h"

/* The smallest MTU with which a link carries IPv6 (RFC 8200). */
#define IPV6_MTU_MIN 1280

/* ------------------------------------------------------------------------------------------------------------- routes */

struct routes {
	struct op *op;
	const char *link;                   /* over this link, or NULL */
	const struct hycan_address *source; /* or with this preferred source, or NULL */
	const struct hycan_prefix *exactly; /* or to this destination, or NULL */
	bool gateways;                      /* those with a gateway, or those without */
};

static bool over_link(const struct hycan_route *route, const char *link)
{
	if (route->has_link && strcmp(route->link, link) == 0)
		return true;
	for (size_t i = 0; i < route->n_nexthops; i++)
		if (route->nexthops[i].has_link && strcmp(route->nexthops[i].link, link) == 0)
			return true;
	return false;
}

static bool same_address(const struct hycan_address *a, const struct hycan_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, hycan_address_size(a)) == 0;
}

/* Routes of the kernel itself, and those that a router announced, come back without us. */
static bool comes_back(const struct hycan_route *route)
{
	return route->protocol == RTPROT_KERNEL || route->protocol == RTPROT_RA || route->protocol == RTPROT_REDIRECT;
}

static int say_route(const struct hycan_route *route, void *userdata)
{
	const struct routes *r = userdata;
	struct hycan_route_replace_request request = { .route = *route };

	if ((route->has_via || route->n_nexthops) != r->gateways || comes_back(route))
		return 0;
	if (!(r->link && over_link(route, r->link)) &&
	    !(r->source && route->has_source && same_address(&route->source, r->source)) &&
	    !(r->exactly && route->destination.length == r->exactly->length &&
	      same_address(&route->destination.address, &r->exactly->address)))
		return 0;
	/* the ledger knows it without */
	request.route.has_metric = route->has_metric && !route_says_default_metric(route);
	return op_undo(r->op, HYCAN_OPERATION_ROUTE_REPLACE, &request);
}

static int say_routes(struct routes *routes, const struct kernel_route_filter *filter)
{
	int r;

	routes->gateways = true;
	r = kernel_route_list(routes->op->scope, filter, say_route, routes);
	routes->gateways = false;
	return r < 0 ? r : kernel_route_list(routes->op->scope, filter, say_route, routes);
}

/* Refuses what could not be put back as it was. */
static int check_words(struct op *op, const struct hycan_route *like, bool any_metric)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	bool whole;
	int r = kernel_route_is_whole(op->scope, like, any_metric, &whole);

	if (r < 0 || whole)
		return r;
	return op_refuse(
		op, HYCAN_REFUSAL_UNSUPPORTED, "destination",
		"The route to %s has properties that HyCAN has no words for, so it could not be put back: see ip -d route.",
		hycan_prefix_format(&like->destination, text, sizeof(text)));
}

int before_route_replace(struct op *op, const struct hycan_route *route)
{
	struct routes routes = { .op = op, .exactly = &route->destination };
	int r;

	if (!op_undoable(op))
		return 0;
	r = check_words(op, route, false);
	if (r != 0)
		return r;
	routes.gateways = true;
	r = kernel_route_find(op->scope, route, say_route, &routes);
	routes.gateways = false;
	return r < 0 ? r : kernel_route_find(op->scope, route, say_route, &routes);
}

int before_route_remove(struct op *op, const struct hycan_route *like, bool any_metric)
{
	const struct kernel_route_filter filter = { .table = like->table, .family = like->destination.address.family };
	struct routes routes = { .op = op, .exactly = &like->destination };
	int r;

	if (!op_undoable(op))
		return 0;
	r = check_words(op, like, any_metric);
	return r != 0 ? r : say_routes(&routes, &filter);
}

/* ---------------------------------------------------------------------------------------------------------- addresses */

/* The link-local address that the kernel makes of the hardware address (RFC 4291, appendix A). */
static bool is_automatic(const struct hycan_link *link, const struct hycan_address *a)
{
	const uint8_t *m = link->mac.bytes, *b = a->bytes;
	const uint8_t made[16] = { 0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5] };

	return link->has_mac && a->family == AF_INET6 && memcmp(b, made, sizeof(made)) == 0;
}

static int say_address(struct op *op, const struct hycan_link_address *address)
{
	const struct hycan_address_add_request request = { .link_address = *address };

	return op_undo(op, HYCAN_OPERATION_ADDRESS_ADD, &request);
}

struct ipv6_addresses {
	struct op *op;
	const struct hycan_link *link;
	const struct hycan_address *only; /* or NULL */
};

/* The newest is listed first, and said first, so it is put back last. */
static int say_ipv6_address(const struct hycan_link_address *address, void *userdata)
{
	const struct ipv6_addresses *a = userdata;

	if (a->only ? !same_address(a->only, &address->address.address) : is_automatic(a->link, &address->address.address))
		return 0;
	return say_address(a->op, address);
}

struct ipv4_addresses {
	struct op *op;
	const struct hycan_prefix *gone;
	struct hycan_link_address *address;
	size_t n;
	size_t first; /* of those that go, or come behind one */
	bool found;
};

static bool within(const struct hycan_address *a, const struct hycan_prefix *network)
{
	for (unsigned int i = 0; i < network->length; i++)
		if ((a->bytes[i / 8] ^ network->address.bytes[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

static int keep_ipv4_address(const struct hycan_link_address *address, void *userdata)
{
	struct ipv4_addresses *a = userdata;
	const struct hycan_address *far = address->has_peer ? &address->peer.address : &address->address.address;
	int r = op_grow(a->op, &a->address, a->n, sizeof(*a->address));

	if (r < 0)
		return r;
	if (!a->found && within(far, a->gone)) {
		a->found = true;
		a->first = a->n;
	}
	a->address[a->n++] = *address;
	return 0;
}

/*
 * The order of IPv4 addresses says which of them a link prefers, and one that is added comes last. So those behind it are
 * put back as well; and one that the kernel promoted is no obstacle.
 */
static int say_ipv4_addresses(struct op *op, const char *link, const struct hycan_prefix *gone)
{
	struct ipv4_addresses a = { .op = op, .gone = gone };
	int r = kernel_address_list(op->scope, link, AF_INET, keep_ipv4_address, &a);

	for (size_t i = a.n; i > a.first && r == 0; i--)
		r = say_address(op, &a.address[i - 1]);
	for (size_t i = a.first; i < a.n && r == 0 && a.n > a.first + 1; i++) {
		struct hycan_address_remove_request away = { .address = a.address[i].address };

		memcpy(away.link, a.address[i].link, sizeof(away.link));
		r = op_undo_in_kernel(op, HYCAN_OPERATION_ADDRESS_REMOVE, &away);
	}
	return r;
}

struct concerned {
	const struct hycan_prefix *gone;
	bool found;
};

/* Of IPv4 addresses those behind it, too: see say_ipv4_addresses(). */
static bool is_concerned(const struct hycan_link_address *address, void *userdata)
{
	struct concerned *c = userdata;
	const struct hycan_address *far = address->has_peer ? &address->peer.address : &address->address.address;

	if (c->gone->address.family == AF_INET6)
		return same_address(&c->gone->address, &address->address.address);
	c->found = c->found || within(far, c->gone);
	return c->found;
}

/* Refuses what could not be put back as it was. */
static int check_address_words(struct op *op, const char *link, const struct hycan_prefix *address)
{
	struct concerned c = { .gone = address };
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	bool whole;
	int r = kernel_address_are_whole(op->scope, link, address->address.family, is_concerned, &c, &whole);

	if (r < 0 || whole)
		return r;
	return op_refuse(
		op, HYCAN_REFUSAL_UNSUPPORTED, "address",
		"The address %s%s has properties that HyCAN has no words for, so it could not be put back: see ip -d address.",
		hycan_prefix_format(address, text, sizeof(text)), address->address.family == AF_INET ? ", or one behind it," : "");
}

int before_address_remove(struct op *op, const char *link, const struct hycan_prefix *address)
{
	const struct kernel_route_filter filter = { .family = address->address.family };
	struct routes routes = { .op = op, .link = link, .source = &address->address };
	struct ipv6_addresses addresses = { .op = op, .only = &address->address };
	int r;

	if (!op_undoable(op))
		return 0;
	r = check_address_words(op, link, address);
	if (r == 0)
		r = say_routes(&routes, &filter);
	if (r != 0)
		return r;
	return address->address.family == AF_INET ? say_ipv4_addresses(op, link, address)
	                                          : kernel_address_list(op->scope, link, AF_INET6, say_ipv6_address, &addresses);
}

/* -------------------------------------------------------------------------------------------------------------- links */

static int say_up(struct op *op, const struct hycan_link *link)
{
	struct hycan_link_up_request request = { 0 };

	memcpy(request.name, link->name, sizeof(request.name));
	return op_undo(op, HYCAN_OPERATION_LINK_UP, &request);
}

/* What a link has of addresses and routes; family 0: of both. */
static int say_contents(struct op *op, const struct hycan_link *link, uint8_t family)
{
	const struct kernel_route_filter filter = { .family = family, .link = link->name };
	struct routes routes = { .op = op, .link = link->name };
	struct ipv6_addresses addresses = { .op = op, .link = link };
	int r;

	r = say_routes(&routes, &filter);
	/* IPv4 addresses stay */
	return r < 0 ? r : kernel_address_list(op->scope, link->name, AF_INET6, say_ipv6_address, &addresses);
}

/* Links that stand on another, which are collected since nothing can be asked while a list is read. */
struct children {
	struct op *op;
	const struct hycan_link *parent;
	struct hycan_link *link;
	size_t n;
};

static int keep_child(const struct hycan_link *link, void *userdata)
{
	struct children *c = userdata;
	int r;

	if (!link->has_parent || strcmp(link->parent, c->parent->name) != 0)
		return 0;
	r = op_grow(c->op, &c->link, c->n, sizeof(*c->link));
	if (r == 0)
		c->link[c->n++] = *link;
	return r;
}

/* The VLANs of a link. In the memory of the request. */
static int read_vlans(struct op *op, const struct hycan_link *parent, struct children *ret_children)
{
	*ret_children = (struct children){ .op = op, .parent = parent };
	return kernel_link_list(op->scope, "vlan", keep_child, ret_children);
}

int before_link_down(struct op *op, const struct hycan_link *link)
{
	struct children children;
	int r;

	if (!op_undoable(op) || !link->up)
		return 0;
	r = read_vlans(op, link, &children);
	for (size_t i = 0; r == 0 && i < children.n; i++)
		r = before_link_down(op, &children.link[i]);
	if (r == 0)
		r = say_contents(op, link, 0);
	return r < 0 ? r : say_up(op, link);
}

/* Where nothing will be otherwise, nothing was: it may be asked for once more, since the answer was lost. */
static int say_properties(struct op *op, const struct hycan_link *link, const struct hycan_link_set_options *wanted)
{
	const struct hycan_link_set_options change = kernel_link_difference(link, wanted);
	struct hycan_link_set_request request = {
		.has_mtu = wanted->has_mtu,
		.mtu = link->mtu,
		.has_alias = wanted->has_alias,
		.has_mac = wanted->has_mac && link->has_mac,
		.mac = link->mac,
		.has_txqueuelen = wanted->has_txqueuelen,
		.txqueuelen = link->txqueuelen,
	};

	if (!kernel_link_sets_any(&change))
		return 0;
	memcpy(request.name, link->name, sizeof(request.name));
	memcpy(request.alias, link->alias, sizeof(request.alias));
	return op_undo(op, HYCAN_OPERATION_LINK_SET, &request);
}

int before_link_set(struct op *op, const struct hycan_link *link, const struct hycan_link_set_options *wanted)
{
	struct children children = { 0 };
	int r = 0;

	if (!op_undoable(op))
		return 0;
	/* a VLAN's is never above its parent's, and without so much there is no IPv6 */
	if (wanted->has_mtu && wanted->mtu < link->mtu)
		r = read_vlans(op, link, &children);
	for (size_t i = 0; r == 0 && i < children.n; i++)
		if (wanted->mtu < children.link[i].mtu)
			r = before_link_set(op, &children.link[i],
			                    &(struct hycan_link_set_options){ .has_mtu = true, .mtu = wanted->mtu });
	if (r == 0 && wanted->has_mtu && wanted->mtu < IPV6_MTU_MIN && link->mtu >= IPV6_MTU_MIN)
		r = say_contents(op, link, AF_INET6);
	return r < 0 ? r : say_properties(op, link, wanted);
}

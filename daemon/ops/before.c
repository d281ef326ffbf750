/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading what will be lost, and saying how to put it back.
 *
 * What is said last is done first. So routes with a gateway are said first, then those without, through which the gateways
 * are reached, then addresses, and at last the link that has to be up for all of it. Saying something that is not lost
 * does no harm: whoever asks for what is there already changes nothing.
 *
 * Of routes all that are in a place are said, since the kernel takes the first of them. It tells of them what the schema has no words
 * for, too, such as an advertised segment size, and so they are said as it tells of them; and as a request where the ledger has them.
 *
 * Routes and addresses that the kernel makes by itself come back by themselves.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "along.h"
#include "before.h"
#include "cleanup.h"
#include "kernel/address.h"
#include "kernel/link.h"
#include "kernel/route.h"
#include "messages.h"
#include "route.h"

/* The smallest MTU with which a link carries IPv6 (RFC 8200). */
#define IPV6_MTU_MIN 1280

/* And IPv4: inetdev_valid_mtu(), include/linux/inetdevice.h. */
#define IPV4_MTU_MIN 68

/* At most so much in front and behind a packet (drivers/net/macsec.c): SecTAG with SCI, Ethernet type, and ICV. */
#define MACSEC_HEAD_MAX 34

/* ------------------------------------------------------------------------------------------------------------- routes */

/* A link that a route with a nexthop object goes over. */
struct object_way {
	char link[HYCAN_IFNAME_SIZE];
	char route[HYCAN_ADDRESS_TEXT_SIZE];
};

struct routes {
	struct op *op;
	const char *link; /* over this link, or NULL */
	bool link_goes;   /* down: with the nexthop objects on it */
	bool ways_go;     /* those over the link alone: of a route that has others the kernel takes it for dead */
	bool with_mtu;    /* of those over the link, which say an MTU, */
	bool by_ipv6;     /* or have an IPv6 gateway */
	const struct hycan_link_address *sources; /* or with one of these as preferred source */
	size_t n_sources;
	const struct hycan_route *like;                   /* or to this destination, with its metric, */
	const struct hycan_route_remove_options *options; /* which says whether it is any, and which way */
	const struct hycan_route *meant;                  /* of those that very one, or NULL */
	bool taken;
	bool behind;                             /* those with a gateway, or those without */
	struct hycan_route_replace_request last; /* told of, without its ways */
	char object[HYCAN_ADDRESS_TEXT_SIZE];    /* one that would be lost with a nexthop object, or "" */
	struct object_way *other;                /* those over others that have nexthop objects */
	size_t n_others;
	bool is_dead;                       /* one of this place may go, which the kernel would not take again */
	char dead[HYCAN_ADDRESS_TEXT_SIZE]; /* such a one, or "" */
	char way[HYCAN_ADDRESS_TEXT_SIZE];  /* one that would stay with a dead way, or "" */
};

static bool is_by_ipv6(const struct hycan_route *route)
{
	if (route->has_via && route->via.family == AF_INET6)
		return true;
	for (size_t i = 0; i < route->n_nexthops; i++)
		if (route->nexthops[i].has_via && route->nexthops[i].via.family == AF_INET6)
			return true;
	return false;
}

static bool same_address(const struct hycan_address *a, const struct hycan_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, hycan_address_size(a)) == 0;
}

static bool is_from(const struct routes *r, const struct hycan_route *route)
{
	for (size_t i = 0; route->has_source && i < r->n_sources; i++)
		if (same_address(&route->source, &r->sources[i].address.address))
			return true;
	return false;
}

static uint32_t metric(const struct hycan_route *route)
{
	return route->has_metric && !route_says_default_metric(route) ? route->metric : 0;
}

/* The first one that fits is taken. */
static bool is_taken(struct routes *r, const struct kernel_route_seen *seen)
{
	if (!r->like || r->taken || !seen->in_words || seen->route.destination.length != r->like->destination.length ||
	    !same_address(&seen->route.destination.address, &r->like->destination.address) ||
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
static int keep_object_way(struct routes *r, const struct hycan_prefix *destination, const char *link)
{
	struct object_way *way;
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

static int keep_object_ways(struct routes *r, const struct hycan_route *route)
{
	int error = route->has_link ? keep_object_way(r, &route->destination, route->link) : 0;

	for (size_t i = 0; error == 0 && i < route->n_nexthops; i++)
		if (route->nexthops[i].has_link)
			error = keep_object_way(r, &route->destination, route->nexthops[i].link);
	return error;
}

static int goes(const struct kernel_route_seen *seen, void *userdata)
{
	struct routes *r = userdata;
	const bool over = seen->over && (!r->with_mtu || seen->route.has_mtu) && (!r->by_ipv6 || is_by_ipv6(&seen->route));
	int said = 0;

	if (!over && r->link_goes && seen->by_object)
		return keep_object_ways(r, &seen->route);
	r->last = request_of(&seen->route);
	r->last.route.nexthops = NULL;
	r->last.route.n_nexthops = 0;
	if (!over && !is_from(r, &seen->route) && !is_taken(r, seen))
		return 0;
	if (over && r->link_goes && seen->by_object)
		hycan_prefix_format(&seen->route.destination, r->object, sizeof(r->object));
	r->is_dead = r->is_dead || (seen->dead && !seen->comes_back && !(r->link_goes && seen->stays));
	if (r->ways_go && seen->stays && !seen->comes_back)
		hycan_prefix_format(&seen->route.destination, r->way, sizeof(r->way));
	if (r->behind)
		said = say_whose(r->op, seen);
	return said < 0 ? said : 1;
}

static int say_place(const void *messages, size_t size, bool gateways, void *userdata)
{
	struct routes *r = userdata;

	if (r->is_dead && !op_says_routes(r->op, messages, size))
		hycan_prefix_format(&r->last.route.destination, r->dead, sizeof(r->dead));
	r->is_dead = false;
	return gateways == r->behind ? op_undo_routes(r->op, &r->last, messages, size) : 0;
}

/* The bridge that it is a port of, and those that stand on it, a VLAN or the other end of a pair, lose their carrier, and their objects with it. */
static int look_at_others(struct routes *routes)
{
	struct hycan_link link, other;
	int r = routes->n_others ? kernel_link_get(routes->op->scope, routes->link, &link) : 0;

	for (size_t i = 0; i < routes->n_others && r == 0 && !*routes->object; i++) {
		const struct object_way *way = &routes->other[i];
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

static int say_routes(struct routes *routes, uint32_t table, uint8_t family)
{
	const struct kernel_route_places places = { .table = table,
		                                    .family = family,
		                                    .link = routes->link,
		                                    .link_up = routes->link_goes,
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
static int check_words(struct op *op, const struct hycan_route *like, bool any_metric, bool *ret_dead)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	bool whole;
	int r = kernel_route_is_whole(op->scope, like, any_metric, &whole, ret_dead);

	if (r < 0 || whole)
		return r;
	return op_refuse(
		op, HYCAN_REFUSAL_UNSUPPORTED, "destination",
		"The route to %s has properties that HyCAN has no words for, so it could not be put back: see ip -d route.",
		hycan_prefix_format(&like->destination, text, sizeof(text)));
}

/* One that took its place gives it back. */
static int say_replaced(const struct hycan_route *route, void *userdata)
{
	const struct hycan_route_replace_request request = request_of(route);

	if (kernel_route_comes_back(route->protocol))
		return 0;
	return op_undo(userdata, HYCAN_OPERATION_ROUTE_REPLACE, &request);
}

int before_route_replace(struct op *op, const struct hycan_route *route)
{
	char text[HYCAN_ADDRESS_TEXT_SIZE];
	bool dead;
	int r;

	if (!op_undoable(op))
		return 0;
	r = check_words(op, route, false, &dead);
	if (r == 0 && dead)
		return refuse_dead(op, hycan_prefix_format(&route->destination, text, sizeof(text)));
	return r != 0 ? r : kernel_route_find(op->scope, route, say_replaced, op);
}

int before_route_remove(struct op *op, const struct hycan_route *like, const struct hycan_route_remove_options *options,
                        const struct hycan_route *meant)
{
	struct routes routes = { .op = op, .like = like, .options = options, .meant = meant };
	bool is_there = true, dead;
	int r;

	if (!op_undoable(op))
		return 0;
	r = meant ? kernel_route_there(op->scope, meant, &is_there) : 0;
	if (r < 0)
		return r;
	if (!is_there)
		routes.meant = NULL;
	r = check_words(op, like, !options->has_metric, &dead);
	return r != 0 ? r : say_routes(&routes, like->table, like->destination.address.family);
}

/* ---------------------------------------------------------------------------------------------------------- addresses */

#define AUTOMATIC_LENGTH 64

/* The link-local address that the kernel makes of the hardware address (RFC 4291, appendix A). */
static struct hycan_address automatic(const struct hycan_link *link)
{
	const uint8_t *m = link->mac.bytes;

	return (struct hycan_address){
		.family = AF_INET6,
		.bytes = { 0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5] },
	};
}

static bool is_automatic(const struct hycan_link *link, const struct hycan_prefix *p)
{
	const struct hycan_address made = automatic(link);

	return link->has_mac && p->length == AUTOMATIC_LENGTH && same_address(&made, &p->address);
}

/* Whether it makes it when the link comes up, or carries IPv6 again: where it would for a link of that name (“default”: for any new one), and has a carrier. */
static bool automatic_comes(struct op *op, const struct hycan_link *link, const char *name)
{
	char mode[64];

	snprintf(mode, sizeof(mode), "ipv6/conf/%s/addr_gen_mode", name);
	return (link->operstate == HYCAN_OPERSTATE_UP || link->operstate == HYCAN_OPERSTATE_UNKNOWN) &&
	       kernel_sysctl_is(op->scope, mode, "0");
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
	bool automatic_comes;             /* by itself: it is not said */
};

/* The newest is listed first, and said first, so it is put back last. */
static int say_ipv6_address(const struct hycan_link_address *address, void *userdata)
{
	const struct ipv6_addresses *a = userdata;

	if (a->only ? !same_address(a->only, &address->address.address)
	            : a->automatic_comes && is_automatic(a->link, &address->address))
		return 0;
	return say_address(a->op, address);
}

struct ipv4_addresses {
	struct op *op;
	const struct hycan_prefix *gone;
	struct hycan_link_address *address;
	size_t n;
	size_t first; /* the one that goes; behind it are those that go with it */
	bool found;
};

static int keep_ipv4_address(const struct hycan_link_address *address, void *userdata)
{
	struct ipv4_addresses *a = userdata;
	int r = op_grow(a->op, &a->address, a->n, sizeof(*a->address));

	if (r < 0)
		return r;
	if (!a->found && kernel_address_is(address, a->gone)) {
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
static int say_ipv4_addresses(const struct ipv4_addresses *a)
{
	int r = 0;

	for (size_t i = a->n; i > a->first && r == 0; i--)
		r = say_address(a->op, &a->address[i - 1]);
	for (size_t i = a->first; i < a->n && r == 0 && a->n > a->first + 1; i++) {
		struct hycan_address_remove_request away = { .address = a->address[i].address };

		memcpy(away.link, a->address[i].link, sizeof(away.link));
		r = op_undo_in_kernel(a->op, HYCAN_OPERATION_ADDRESS_REMOVE, &away);
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

	if (c->gone->address.family == AF_INET6)
		return same_address(&c->gone->address, &address->address.address);
	c->found = c->found || kernel_address_is(address, c->gone);
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

/* With an IPv4 address the routes go that prefer it as their source; and with the last one all over its link. */
static int before_ipv4_address_remove(struct op *op, const char *link, const struct hycan_prefix *address)
{
	struct ipv4_addresses a = { .op = op, .gone = address };
	struct routes routes = { .op = op };
	int r = kernel_address_list(op->scope, link, AF_INET, keep_ipv4_address, &a);

	if (r < 0)
		return r;
	/* those behind it go, too, for a moment, when it is put back */
	routes.link = a.first == 0 ? link : NULL;
	routes.sources = a.n > 0 ? a.address + a.first : NULL;
	routes.n_sources = a.n - a.first;
	r = say_routes(&routes, 0, AF_INET);
	/* with the last one, neighbours */
	if (r == 0 && a.first == 0)
		r = along_say_neighbours(op, link, AF_INET);
	return r != 0 ? r : say_ipv4_addresses(&a);
}

/* With an IPv6 address its routes forget that they prefer it. */
static int before_ipv6_address_remove(struct op *op, const char *link, const struct hycan_prefix *address)
{
	const struct hycan_link_address source = { .address = *address };
	struct ipv6_addresses addresses = { .op = op, .only = &address->address };
	struct routes routes = { .op = op, .sources = &source, .n_sources = 1 };
	int r = say_routes(&routes, 0, AF_INET6);

	return r != 0 ? r : kernel_address_list(op->scope, link, AF_INET6, say_ipv6_address, &addresses);
}

int before_address_remove(struct op *op, const char *link, const struct hycan_prefix *address)
{
	int r;

	if (!op_undoable(op))
		return 0;
	r = check_address_words(op, link, address);
	if (r != 0)
		return r;
	return address->address.family == AF_INET ? before_ipv4_address_remove(op, link, address)
	                                          : before_ipv6_address_remove(op, link, address);
}

static int note_any(const struct hycan_link_address *address, void *any)
{
	(void)address;
	*(bool *)any = true;
	return 0;
}

int before_address_add(struct op *op, const struct hycan_link_address *address, bool *ret_said)
{
	struct routes routes = { .op = op, .link = address->link, .ways_go = true };
	bool any = false;
	int r;

	*ret_said = false;
	if (!op_undoable(op) || op->plan || address->address.address.family != AF_INET)
		return 0;
	r = kernel_address_list(op->scope, address->link, AF_INET, note_any, &any);
	if (r < 0 || any)
		return r;
	*ret_said = true;
	r = say_routes(&routes, 0, AF_INET);
	if (r == 0 && *routes.way)
		return op_refuse(
			op, HYCAN_REFUSAL_UNSUPPORTED, "link",
			"One way of the route to %s is over the link “%s”, which has no IPv4 address yet: the kernel would take it "
			"for dead when that goes again. Add the address by itself.",
			routes.way, address->link);
	return r == 0 ? along_say_neighbours(op, address->link, AF_INET) : r;
}

/* -------------------------------------------------------------------------------------------------------------- links */

static int say_up(struct op *op, const struct hycan_link *link)
{
	struct hycan_link_up_request request = { 0 };

	memcpy(request.name, link->name, sizeof(request.name));
	return op_undo(op, HYCAN_OPERATION_LINK_UP, &request);
}

/* What a link loses of addresses, routes and neighbours: all of it when it goes down, else that of IPv6. */
static int say_contents(struct op *op, const struct hycan_link *link, bool goes_down)
{
	struct routes routes = { .op = op, .link = link->name, .link_goes = goes_down };
	struct ipv6_addresses addresses = { .op = op,
		                            .link = link,
		                            .automatic_comes = automatic_comes(op, link, goes_down ? link->name : "default") };
	int r;

	r = say_routes(&routes, 0, goes_down ? 0 : AF_INET6);
	/* IPv4 addresses stay */
	if (r == 0)
		r = kernel_address_list(op->scope, link->name, AF_INET6, say_ipv6_address, &addresses);
	return r != 0 ? r : along_say_neighbours(op, link->name, goes_down ? 0 : AF_INET6);
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

/* The links of a kind, or of any, that stand on a link. In the memory of the request. */
static int read_children(struct op *op, const struct hycan_link *parent, const char *kind, struct children *ret_children)
{
	*ret_children = (struct children){ .op = op, .parent = parent };
	return kernel_link_list(op->scope, kind, keep_child, ret_children);
}

struct search {
	const struct hycan_link *link;
	bool found;
};

static int look_for_automatic(const struct hycan_link_address *address, void *userdata)
{
	struct search *s = userdata;

	s->found = s->found || is_automatic(s->link, &address->address);
	return 0;
}

/* The kernel makes it, once it has made its IPv6 anew, where there is none (addrgenmode none, ip-link(8)). */
static int say_no_automatic(struct op *op, const struct hycan_link *link)
{
	struct hycan_address_remove_request away = { .address = { .address = automatic(link), .length = AUTOMATIC_LENGTH } };
	struct search search = { .link = link };
	int r;

	if (!link->has_mac || !link->up)
		return 0;
	r = kernel_address_list(op->scope, link->name, AF_INET6, look_for_automatic, &search);
	memcpy(away.link, link->name, sizeof(away.link));
	return r < 0 || search.found ? r : op_undo_in_kernel(op, HYCAN_OPERATION_ADDRESS_REMOVE, &away);
}

int before_link_down(struct op *op, const struct hycan_link *link)
{
	struct children children;
	int r;

	if (!op_undoable(op) || !link->up)
		return 0;
	r = read_children(op, link, "vlan", &children);
	for (size_t i = 0; r == 0 && i < children.n; i++)
		r = before_link_down(op, &children.link[i]);
	if (r == 0)
		r = say_contents(op, link, true);
	if (r == 0)
		r = say_no_automatic(op, link);
	return r != 0 ? r : say_up(op, link);
}

int before_link_up(struct op *op, const struct hycan_link *link)
{
	struct children children;
	int r;

	if (!op_undoable(op) || link->up)
		return 0;
	r = read_children(op, link, "vlan", &children);
	for (size_t i = 0; r == 0 && i < children.n; i++)
		r = before_link_up(op, &children.link[i]);
	return r != 0 ? r : say_contents(op, link, true);
}

/* Zeros, as lo has them, and those of groups are no address of a link for the kernel (is_valid_ether_addr()). */
static bool is_own(const struct hycan_mac *mac)
{
	static const uint8_t zeros[sizeof(mac->bytes)];

	return !(mac->bytes[0] & 1) && memcmp(mac->bytes, zeros, sizeof(zeros)) != 0;
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
	if (change.has_mac && !is_own(&link->mac))
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "mac",
		                 "The hardware address that the link “%s” has is none that the kernel would give it again, so it "
		                 "could not be put "
		                 "back.",
		                 link->name);
	memcpy(request.name, link->name, sizeof(request.name));
	memcpy(request.alias, link->alias, sizeof(request.alias));
	return op_undo(op, HYCAN_OPERATION_LINK_SET, &request);
}

static bool is_any(const char *kind, const char *const *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

/* With its hardware address those change that have taken it over: links on it, and the bridge that it is a port of. Each loses its neighbours. */
static int say_neighbours_by_mac(struct op *op, const struct hycan_link *link)
{
	static const char *const kinds[] = { "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap" };
	struct hycan_link master;
	struct children children;
	int r = along_say_neighbours(op, link->name, 0);

	if (r == 0)
		r = read_children(op, link, NULL, &children);
	for (size_t i = 0; r == 0 && i < children.n; i++)
		if (is_any(children.link[i].kind, kinds, sizeof(kinds) / sizeof(*kinds)))
			r = say_neighbours_by_mac(op, &children.link[i]);
	if (r != 0 || !link->has_master)
		return r;
	r = kernel_link_get(op->scope, link->master, &master);
	return r == 0 ? say_neighbours_by_mac(op, &master) : r == -ENODEV ? 0 : r;
}

/* The MTU that a link gets when the one that it stands on gets another: no more than that; its own, where it keeps it. */
static uint32_t mtu_along(const struct hycan_link *link, uint32_t mtu)
{
	static const char *const below[] = { "vlan", "macvlan", "macvtap" }, *const same[] = { "ipvlan", "ipvtap" };

	if (is_any(link->kind, below, sizeof(below) / sizeof(*below)))
		return mtu < link->mtu ? mtu : link->mtu;
	if (is_any(link->kind, same, sizeof(same) / sizeof(*same)))
		return mtu;
	/* so much less as its own head takes */
	return strcmp(link->kind, "macsec") == 0 && mtu > MACSEC_HEAD_MAX ? mtu - MACSEC_HEAD_MAX : link->mtu;
}

/* The MTU of a bridge is the smallest of its ports, unless it was told another. */
static int say_mtu_of_bridge(struct op *op, const char *name, uint32_t mtu)
{
	struct hycan_link bridge;
	int r = kernel_link_get(op->scope, name, &bridge);

	if (r < 0 || strcmp(bridge.kind, "bridge") != 0 || bridge.mtu <= mtu)
		return r == -ENODEV ? 0 : r;
	return before_link_set(op, &bridge, &(struct hycan_link_set_options){ .has_mtu = true, .mtu = mtu });
}

/* What the kernel forgets of a family, and makes anew as a new link would have it. */
static int say_settings(struct op *op, const struct hycan_link *link, const char *conf, const char *neigh)
{
	_cleanup_(kernel_sysctls_free) struct kernel_sysctls kept = { 0 };
	int r = kernel_sysctl_keep_own(op->scope, &kept, conf, link->name);

	if (r == 0)
		r = kernel_sysctl_keep_own(op->scope, &kept, neigh, link->name);
	return r == 0 ? along_say_sysctls(op, link->name, &kept) : r;
}

static int say_ipv6(struct op *op, const struct hycan_link *link)
{
	struct routes routes = { .op = op, .link = link->name, .by_ipv6 = true };
	char secret[64];
	int r;

	snprintf(secret, sizeof(secret), "ipv6/conf/%s/stable_secret", link->name);
	if (kernel_sysctl_is_told(op->scope, secret))
		return op_refuse(
			op, HYCAN_REFUSAL_UNSUPPORTED, "mtu",
			"Below 1280 bytes the kernel forgets of what it makes the IPv6 addresses of the link “%s” (stable_secret), "
			"a secret that is kept nowhere, so it could not be put back.",
			link->name);
	/* IPv4 routes stay; but if they go before it is back, they cannot be put back before that */
	r = say_routes(&routes, 0, AF_INET);
	if (r == 0)
		r = say_contents(op, link, false);
	if (r == 0)
		r = say_no_automatic(op, link);
	return r != 0 ? r : say_settings(op, link, "ipv6/conf", "ipv6/neigh");
}

/* Its addresses have labels and an order, and routes go by them. */
static int say_ipv4(struct op *op, const struct hycan_link *link)
{
	struct ipv4_addresses a = { .op = op, .found = true };
	int r = kernel_address_list(op->scope, link->name, AF_INET, keep_ipv4_address, &a);

	if (r == 0 && a.n > 0)
		return op_refuse(
			op, HYCAN_REFUSAL_UNSUPPORTED, "mtu",
			"Below 68 bytes the kernel forgets the IPv4 addresses of the link “%s”, which could not all be put "
			"back as they were: remove them first.",
			link->name);
	if (r == 0)
		r = along_say_neighbours(op, link->name, AF_INET);
	return r != 0 ? r : say_settings(op, link, "ipv4/conf", "ipv4/neigh");
}

/* net.ipv6.conf.LINK.mtu, which the kernel sets along. */
static int say_ipv6_mtu(struct op *op, const struct hycan_link *link)
{
	_cleanup_(kernel_sysctls_free) struct kernel_sysctls kept = { 0 };
	char path[64];
	int r;

	snprintf(path, sizeof(path), "ipv6/conf/%s/mtu", link->name);
	r = kernel_sysctl_keep(op->scope, &kept, path, false);
	return r == 0 ? along_say_sysctls(op, link->name, &kept) : r;
}

/* Of IPv6, the kernel gives routes the MTU of their link where they had that, or more; without enough there is none of it. */
static int say_mtu(struct op *op, const struct hycan_link *link, uint32_t mtu)
{
	struct routes routes = { .op = op, .link = link->name, .with_mtu = true };
	struct children children;
	int r = read_children(op, link, NULL, &children);

	for (size_t i = 0; r == 0 && i < children.n; i++) {
		const struct hycan_link_set_options along = { .has_mtu = true, .mtu = mtu_along(&children.link[i], mtu) };

		if (along.mtu != children.link[i].mtu)
			r = before_link_set(op, &children.link[i], &along);
	}
	r = r == 0 && link->has_master ? say_mtu_of_bridge(op, link->master, mtu) : r;
	if (r == 0 && mtu < IPV4_MTU_MIN && link->mtu >= IPV4_MTU_MIN)
		r = say_ipv4(op, link);
	if (r != 0)
		return r;
	if (mtu < IPV6_MTU_MIN && link->mtu >= IPV6_MTU_MIN)
		return say_ipv6(op, link);
	r = say_routes(&routes, 0, AF_INET6);
	return r != 0 ? r : say_ipv6_mtu(op, link);
}

int before_link_set(struct op *op, const struct hycan_link *link, const struct hycan_link_set_options *wanted)
{
	int r = 0;

	if (!op_undoable(op))
		return 0;
	if (wanted->has_mtu && wanted->mtu != link->mtu)
		r = say_mtu(op, link, wanted->mtu);
	if (r == 0 && kernel_link_difference(link, wanted).has_mac)
		r = say_neighbours_by_mac(op, link);
	return r != 0 ? r : say_properties(op, link, wanted);
}

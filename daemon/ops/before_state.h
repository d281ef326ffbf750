/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of before.h have in common, and for them alone. */
#ifndef OPS_BEFORE_STATE_H
#define OPS_BEFORE_STATE_H

#include <string.h>

#include "before.h"
#include "messages.h"

static inline bool before_same_address(const struct hycan_address *a, const struct hycan_address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, hycan_address_size(a)) == 0;
}

/* A link that a route with a nexthop object goes over. */
struct before_object_way {
	char link[HYCAN_IFNAME_SIZE];
	char route[HYCAN_ADDRESS_TEXT_SIZE];
};

/* Which routes may go, */
struct before_routes {
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
	bool whose_said;                                  /* whose that is, already; */
	const struct hycan_route *comes;                  /* and what is made in its place, or NULL */

	/* and how far they are said */
	bool taken;
	bool behind;                             /* those with a gateway, or those without */
	struct hycan_route_replace_request last; /* told of, without its ways */
	char object[HYCAN_ADDRESS_TEXT_SIZE];    /* one that would be lost with a nexthop object, or "" */
	struct before_object_way *other;         /* those over others that have nexthop objects */
	size_t n_others;
	bool is_dead;                       /* one of this place may go, which the kernel would not take again */
	char dead[HYCAN_ADDRESS_TEXT_SIZE]; /* such a one, or "" */
	char way[HYCAN_ADDRESS_TEXT_SIZE];  /* one that would stay with a dead way, or "" */
};

/* Says them, those with a gateway first. 0, -errno, or the refusal of what could not be put back. */
int before_say_routes(struct before_routes *routes, uint32_t table, uint8_t family);

/* Says the IPv6 addresses of a link, but for one that the kernel makes by itself when it comes up; or (not goes_down) carries IPv6 again. */
int before_say_ipv6_addresses(struct op *op, const struct hycan_link *link, bool goes_down);

/* Where there is none that the kernel makes by itself, it is to be taken away. */
int before_say_no_automatic(struct op *op, const struct hycan_link *link);

/* Whether a link has any IPv4 address. 0 or -errno. */
int before_any_ipv4(struct op *op, const char *link, bool *ret_any);

#endif

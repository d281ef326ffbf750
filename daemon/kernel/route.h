/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes (rtnetlink(7), RTM_*ROUTE).
 *
 * The kernel tells routes of one table apart by destination and metric; that is what “the same place” means below.
 */
#ifndef KERNEL_ROUTE_H
#define KERNEL_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include <hycan/types.h>

#include "scope.h"

/*
 * Most ways that one route may have: so many that the kernel's message about it fits into one page. The kernel would
 * take more, and then end a listing before such a route, without a word, for programs with small buffers, as ip(8) is one.
 */
#define KERNEL_ROUTE_NEXTHOPS_MAX 100

/* Largest metric RTAX_MTU that the kernel keeps as it is given. */
#define KERNEL_ROUTE_MTU_MAX 65520

/* Metric that the kernel gives an IPv6 route that has none (IP6_RT_PRIO_USER, linux/ipv6_route.h). */
#define KERNEL_ROUTE_METRIC_IPV6 1024

/* Called for each route, whose list of ways lives as long as the call. 0 to go on, -errno to end. */
typedef int kernel_route_found(const struct hycan_route *route, void *userdata);

struct kernel_route_filter {
	uint32_t table;   /* 0: all */
	uint8_t family;   /* 0: both */
	uint8_t protocol; /* 0: any */
	const char *link; /* NULL: any */
};

/*
 * Lists routes; the kernel's cache and its routes of kinds that HyCAN does not know are left out. -ENODEV: there is no
 * such link. -EINTR: routes changed meanwhile, ask again.
 */
int kernel_route_list(struct kernel_scope *scope, const struct kernel_route_filter *filter, kernel_route_found *found,
                      void *userdata);

/* Lists the routes in the same place; IPv6 may have several. */
int kernel_route_find(struct kernel_scope *scope, const struct hycan_route *like, kernel_route_found *found, void *userdata);

/* Whether what is wanted is among them. Mostly in a time that does not depend on the size of the table. */
int kernel_route_there(struct kernel_scope *scope, const struct hycan_route *wanted, bool *ret_there);

/* The same; and whether any is in that place. */
int kernel_route_look(struct kernel_scope *scope, const struct hycan_route *wanted, bool *ret_there, bool *ret_taken);

/*
 * Whether the structure says all that there is to the routes in the same place, or to that destination with any metric, so
 * that they could be made again as they are; and whether one has a way over a link that is down, of which the kernel makes none. Those that
 * come back by themselves count where own says so.
 */
int kernel_route_is_whole(struct kernel_scope *scope, const struct hycan_route *like, bool any_metric, bool own, bool *ret_whole,
                          bool *ret_dead);

/* A route as the kernel tells of it, and what the structure does not say. */
struct kernel_route_seen {
	struct hycan_route route;
	bool in_words;   /* it is where the structure says: not of a TOS, nor for some sources alone */
	bool by_object;  /* its ways are those of a nexthop object (ip-nexthop(8)) */
	bool comes_back; /* the kernel made it, or a router announced it */
	bool over; /* it has a way over the link that is asked about; of those that go nowhere the kernel says lo, and the structure nothing */
	bool stays; /* though that link may go down: it has a way over another one that is up */
	bool dead;  /* it has a way over a link that is down: then the kernel takes no such route */
};

/* Whether a route of that protocol comes back by itself as it is: the kernel's own, and those that a router announced. */
bool kernel_route_comes_back(uint8_t protocol);

/* One that goes does not come back by itself, whosever it is; and one that comes, which goes when the others are put back. */
#define KERNEL_ROUTE_GOES_FOR_GOOD 2
#define KERNEL_ROUTE_COMES         3

/* Asks for the places from which the kernel is about to drop a route, or to change one. No callback may ask the kernel anything. */
struct kernel_route_places {
	uint32_t table;                  /* 0: all */
	uint8_t family;                  /* 0: both */
	const char *link;                /* or NULL */
	bool link_up;                    /* that one will be up when they are put back */
	const struct hycan_route *comes; /* what will be made in such a place, or NULL */

	/* Whether that one may go: 1, or KERNEL_ROUTE_GOES_FOR_GOOD; 0: it stays; -errno to end. */
	int (*goes)(const struct kernel_route_seen *seen, void *userdata);
	/*
	 * All routes in a place of which one may go, for kernel_route_put_back(): whole words, which live as long as the call.
	 * gateways: one of them is reached through another route. 0 or -errno to end.
	 */
	int (*found)(const void *messages, size_t size, bool gateways, void *userdata);
	void *userdata;
};

/* 0 or -errno. -EINTR: routes changed meanwhile, ask again. */
int kernel_route_list_places(struct kernel_scope *scope, const struct kernel_route_places *places);

/*
 * Makes the routes in a place be there again, with all that they had and in the order that they had. What is so already is not touched,
 * nor what came there meanwhile; is_held: that gives way, since the ledger knows one route in that place; unreached: also where their
 * gateways are not to be reached any more. The errors of kernel_route_add(); -EBADMSG: they are no such messages.
 */
int kernel_route_put_back(struct kernel_scope *scope, const void *messages, size_t size, bool is_held, bool unreached);

/* Whether those of two lists are in the same place. */
bool kernel_route_same_place(const void *messages, size_t size, const void *others, size_t others_size);

/* Whether those that went are all there as they were, whoever made them anew. 0 or -errno; -EBADMSG: they are no such messages. */
int kernel_route_is_put_back(struct kernel_scope *scope, const void *messages, size_t size, bool *ret_is);

/* The first of them, without its list of ways, and whether the place is one that the structure says. 0 or -EBADMSG. */
int kernel_route_read_place(struct kernel_scope *scope, const void *messages, size_t size, struct hycan_route *ret_route,
                            bool *ret_in_words);

/* Whether a route of the kernel is what is wanted. Who made it (protocol) does not count. */
bool kernel_route_same(const struct hycan_route *wanted, const struct hycan_route *there);

/* Whether any of what is wanted is left there: it is of the same type, and has a way of it, be it beside others (IPv6). */
bool kernel_route_is_left(const struct hycan_route *wanted, const struct hycan_route *there);

/* What became of a request, in the kernel's own words about the route that it added or removed. */
struct kernel_route_result {
	bool changed; /* anything at all; the rest is 0 otherwise */
	uint32_t metric;
	uint32_t ifindex; /* link of its one way, or 0 */
};

/*
 * Adds a route. -ENODEV: there is no such link. -EEXIST: another or the same is in its place, and nothing changed.
 * -ENETUNREACH, -EHOSTUNREACH: the gateway cannot be reached, and the same is not there. -ENETDOWN: the link is down.
 */
int kernel_route_add(struct kernel_scope *scope, const struct hycan_route *route, struct kernel_route_result *ret_result);

/* Adds a route in place of what is there. The same there already: nothing changes. */
int kernel_route_replace(struct kernel_scope *scope, const struct hycan_route *route, struct kernel_route_result *ret_result);

/* Adds a route, of IPv4 in front of what is there, of IPv6 in its place; the same there already: nothing changes. */
int kernel_route_add_beside(struct kernel_scope *scope, const struct hycan_route *route, struct kernel_route_result *ret_result);

/* The same as kernel_route_replace() of one that was there: also where its gateways are not to be reached any more. */
int kernel_route_replace_again(struct kernel_scope *scope, const struct hycan_route *route, struct kernel_route_result *ret_result);

/* A route that is to give way to another one in its place. */
struct kernel_route_former {
	const struct hycan_route *route; /* as it was asked for */
	bool stays;                      /* it is there, and kernel_route_replace() would leave it there, */
	bool is_both;                    /* since the other one is there, too, or else would take away a third */
};

/* Looks whether it would stay; only: and does nothing else, in a time that depends on the size of the table. */
int kernel_route_look_at_former(struct kernel_scope *scope, struct kernel_route_former *former, const struct hycan_route *by,
                                bool only);

/*
 * Puts a route in the place of one that would stay, behind what else is there. again: also where its gateways are not to be reached any more;
 * only: the former one is looked for in any case, see kernel_route_remove_same(). The errors of kernel_route_add().
 */
int kernel_route_replace_former(struct kernel_scope *scope, const struct kernel_route_former *former,
                                const struct hycan_route *route, bool again, bool only, struct kernel_route_result *ret_result);

/* Told of the one that gives way, and of how many are in that place, with it. 0, or what kernel_route_find_replaced() returns. */
typedef int kernel_route_replaced(const struct hycan_route *route, size_t n, void *userdata);

/* Tells which one that is, if any: the former one, where that would stay, else the one that kernel_route_replace() would take away. */
int kernel_route_find_replaced(struct kernel_scope *scope, const struct hycan_route *by, const struct kernel_route_former *former,
                               kernel_route_replaced *found, void *userdata);

/* Whether kernel_route_remove() would take that one, where it is the first. The destination and the table are not compared. */
bool kernel_route_matches(const struct hycan_route *route, const struct hycan_route_remove_options *options);

/* Asked before a route is removed: 0 to go on; anything else is what kernel_route_remove() returns. */
typedef int kernel_route_may(const struct hycan_route *found, void *userdata);

/*
 * Removes the first route to a destination that matches what is given. With may() it is looked for first, in a time that
 * depends on the size of the table; without, NULL, that is mostly not so. A route of several ways has no one gateway and
 * no one link, so it matches only where neither is given. -ESRCH: there is none. -ENODEV: there is no such link.
 */
int kernel_route_remove(struct kernel_scope *scope, const struct hycan_prefix *destination,
                        const struct hycan_route_remove_options *options, kernel_route_may *may, void *userdata,
                        struct kernel_route_result *ret_result);

/*
 * Removes that very route, made as it is said or found to be the same, whatever else is in its place; of IPv6 its ways, also where others
 * have been added to them. Mostly in a time that does not depend on the size of the table; look: it is looked for in any case, since in a plan
 * the kernel does not answer. -ESRCH: it is not there.
 */
int kernel_route_remove_same(struct kernel_scope *scope, const struct hycan_route *route, bool look,
                             struct kernel_route_result *ret_result);

/*
 * The order in which the kernel takes routes soonest, as n indices. False: it is the one that they have, since they are few
 * or since the order is told from another one in the end.
 */
bool kernel_route_order(const struct hycan_route *routes, size_t n, uint32_t *ret_order);

/* What kernel_route_load() asks and tells. Neither callback may ask the kernel anything. */
struct kernel_route_load {
	const struct hycan_route *routes;
	size_t n;
	const uint32_t *order; /* kernel_route_order(); NULL: as they are */
	bool replace;          /* in place of what is there */

	/* Whether to try a route at all. */
	bool (*wanted)(size_t index, void *userdata);
	/* The same route was there already; in no order. */
	void (*there)(size_t index, void *userdata);
	/* A route that was not added, in no order; the scope has the kernel's words. -EEXIST: another is in its place. */
	void (*failed)(size_t index, int error, void *userdata);
	/* The first routes in that order are there, and none of them was; it is called while there is more to do. */
	void (*added)(size_t n, void *userdata);
	void *userdata;
};

/* Adds routes, as fast as the kernel takes them. 0, or -errno when none of them could even be tried. */
int kernel_route_load(struct kernel_scope *scope, const struct kernel_route_load *load);

#endif

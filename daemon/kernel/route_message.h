/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages about routes, for the files of this room alone. */
#ifndef KERNEL_ROUTE_MESSAGE_H
#define KERNEL_ROUTE_MESSAGE_H

#include <linux/rtnetlink.h>

#include "link.h"
#include "netlink.h"
#include "route.h"

/* Room for any message about a route: 32 bytes for each way, and everything else. */
#define ROUTE_MESSAGE_SIZE (KERNEL_ROUTE_NEXTHOPS_MAX * 32 + 512)

/* Numbers of links by name. The kernel is asked once for each name, also for those that it does not know. */
struct route_links {
	struct kernel_scope *scope;
	struct route_link {
		char name[HYCAN_IFNAME_SIZE];
		uint32_t ifindex; /* 0: there is no such link */
	} first;
	const struct route_link *last; /* the one asked for last; most loads name few links, in runs */
	void *others;                  /* a tree of them (tsearch(3)), without the first */
};

/* -ENODEV: there is no link of that name. The scope's own buffers are used. */
int route_links_find(struct route_links *links, const char *name, uint32_t *ret_ifindex);

void route_links_done(struct route_links *links);

/*
 * Writes the message that adds a route, with the given flags and no sequence number, into ROUTE_MESSAGE_SIZE bytes,
 * which are not the scope's own. -ENODEV: there is no such link. -E2BIG: too many ways.
 */
int route_message(void *buffer, uint16_t flags, const struct hycan_route *route, struct route_links *links);

/* Sends the message that adds a route, with the given flags; and has the kernel tell what it did. */
int route_change(struct kernel_scope *scope, const struct hycan_route *route, uint16_t flags);
int route_change_told(struct kernel_scope *scope, const struct hycan_route *route, uint16_t flags,
                      struct kernel_route_result *ret_result);

/* The scope that ip-route(8) gives a route where none is given. */
enum hycan_scope route_scope(const struct hycan_route *route);

/* Metric that a route is added with: the kernel has one of its own for IPv6. */
uint32_t route_metric(const struct hycan_route *route);

/* Orders routes by place: 0 where the one would be in the other's. */
int route_compare_places(const struct hycan_route *a, const struct hycan_route *b);

/* Whether packets that match go on, and are not dropped or looked up elsewhere. */
bool route_goes_somewhere(enum hycan_route_type type);

/* False for a message that is no route, is a clone in the cache, or of a kind without a word for it. */
bool route_readable(const struct nlmsghdr *nlh);

/* Table of a route, from its header and RTA_TABLE. */
uint32_t route_message_table(const struct rtmsg *rtm, const struct nlattr *attr);

/* An attribute of a route's message; NULL: it has none of that type. */
const struct nlattr *route_attribute(const struct nlmsghdr *route, uint16_t type);

/* Size of all that it says but how long it lasts, which has to come last. */
size_t route_lasting_size(const struct nlmsghdr *route);

/* One way of a route. */
struct route_way {
	uint32_t ifindex;
	const struct nlattr *gateway; /* RTA_GATEWAY or RTA_VIA; NULL: it has none */
	bool onlink;
	bool dead; /* its link is down */
};

/* A gateway, from RTA_GATEWAY or, of another family than the destination, RTA_VIA; either may be NULL. False: there is none. */
bool route_gateway(const struct nlattr *gateway, const struct nlattr *via, uint8_t family, struct hycan_address *ret_address);

/* The i-th way of a route, in its message. False: it has no more. */
bool route_way(const struct nlmsghdr *route, size_t i, struct route_way *ret_way);

bool route_same_way(const struct route_way *a, const struct route_way *b);

/*
 * Makes a route by its message. flags: of RTM_NEWROUTE; unreached: also where its gateways are not to be reached any more. The errors of
 * kernel_route_add().
 */
int route_make(struct kernel_scope *scope, const struct nlmsghdr *route, uint16_t flags, bool unreached);

/* The same of one that is there, from where it stands, by gateways that may not be reached any more. */
int route_move(struct kernel_scope *scope, const struct nlmsghdr *route, uint16_t flags);

/* Deletes the route of a message. -ESRCH: there is none. */
int route_take(struct kernel_scope *scope, const struct nlmsghdr *route);

/*
 * Whether that may be what the kernel says when a gateway is on none of its links; or when a rule refuses the way to it: “prohibit” says
 * -EACCES, and “blackhole” -EINVAL, as it does of much else.
 */
bool route_is_unreached(int error);

/* kernel_route_comes_back(), of a message. */
bool route_comes_back(const struct nlmsghdr *nlh);

/* Whether it has a way that the kernel takes for dead (RTNH_F_DEAD). */
bool route_is_dead(const struct nlmsghdr *route);

/* Memory for reading routes. */
struct route_reader {
	struct kernel_scope *scope;            /* where names are asked for, one by one, when there is no table of them */
	const struct kernel_link_names *names; /* or NULL */
	struct hycan_nexthop *nexthops;
	size_t room;
};

void route_reader_done(struct route_reader *reader);

/* Reads a route. 1: it is nothing that HyCAN has words for. Its list of ways lives until the next one is read. */
int route_read(struct route_reader *reader, const struct nlmsghdr *nlh, struct hycan_route *ret_route);

/* The kernel's messages about some routes, one behind the other. */
struct route_messages {
	uint8_t *data;
	size_t size;
	size_t room;
};

void route_messages_done(struct route_messages *messages);

/*
 * Whether IPv4 has a route there of that metric, in a time that does not depend on the size of the table: the kernel says “exists” for any of
 * the same metric, and “no such” otherwise. -ESRCH: there is none.
 */
int route_find_ipv4(struct kernel_scope *scope, const struct hycan_prefix *destination, uint32_t table, uint32_t metric);

/* Keeps a message behind the others. 0 or -ENOMEM. */
int route_messages_keep(struct route_messages *messages, const struct nlmsghdr *nlh);

/* Reads those that were kept, and tells of each. */
int route_messages_read(struct kernel_scope *scope, const struct route_messages *messages, kernel_route_found *found,
                        void *userdata);

/* The messages of the routes in one table to one destination; with a metric, or of any with NULL. */
int route_find(struct kernel_scope *scope, const struct hycan_prefix *destination, uint32_t table, const uint32_t *metric,
               struct route_messages *messages);

#endif

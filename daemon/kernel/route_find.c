/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes: finding those in one place, and comparing.
 *
 * The kernel cannot filter a listing by destination, so finding is going through a table. Whether the very same route is
 * there can mostly be told without that, in a time that does not depend on the size of the table; and of IPv4, that there is none.
 *
 * What this file does not do: find routes with a TOS or for some sources alone (“from”), which HyCAN never makes, and which
 * are in other places.
 */
#include <errno.h>
#include <stdlib.h>

#include "attribute.h"
#include "cleanup.h"
#include "route_message.h"
#include "rtnetlink_plan.h"

/* ---------------------------------------------------------------------------------------------------------- finding */

void route_messages_done(struct route_messages *messages)
{
	cleanup_free(&messages->data);
}

int route_messages_keep(struct route_messages *m, const struct nlmsghdr *nlh)
{
	size_t size = NLMSG_ALIGN((size_t)nlh->nlmsg_len);

	if (m->room - m->size < size) {
		size_t room = m->room * 2 + size;
		void *p = realloc(m->data, room);

		if (!p)
			return -ENOMEM;
		m->data = p;
		m->room = room;
	}
	memcpy(m->data + m->size, nlh, nlh->nlmsg_len);
	m->size += size;
	return 0;
}

struct search {
	const struct hycan_prefix *destination;
	uint32_t table;
	const uint32_t *metric;
	struct route_messages *messages;
};

static int search_answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct search *s = userdata;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[RTA_MAX + 1];
	struct hycan_address destination = { 0 };
	uint32_t metric = 0;

	/* the length first: it is cheap, and there may be a million */
	if (!route_readable(nlh) || rtm->rtm_dst_len != s->destination->length || rtm->rtm_tos || rtm->rtm_src_len)
		return 0;
	netlink_parse(nlh, sizeof(*rtm), a, RTA_MAX);
	destination.family = rtm->rtm_family;
	(void)attribute_address(a[RTA_DST], rtm->rtm_family, &destination);
	(void)attribute_u32(a[RTA_PRIORITY], &metric);
	if (!attribute_same_address(&destination, &s->destination->address) || route_message_table(rtm, a[RTA_TABLE]) != s->table ||
	    (s->metric && metric != *s->metric))
		return 0;
	return route_messages_keep(s->messages, nlh);
}

int route_find(struct kernel_scope *scope, const struct hycan_prefix *destination, uint32_t table, const uint32_t *metric,
               struct route_messages *messages)
{
	struct search s = { .destination = destination, .table = table, .metric = metric, .messages = messages };
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;
	int r;

	if (metric && destination->address.family == AF_INET && !rtnetlink_plan_touches(scope, destination, table) &&
	    route_find_ipv4(scope, destination, table, *metric) == -ESRCH)
		return 0;
	nlh = netlink_message(scope, RTM_GETROUTE, NLM_F_DUMP);
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = destination->address.family;
	mnl_attr_put_u32(nlh, RTA_TABLE, table);
	r = netlink_request(scope, NETLINK_ROUTE, nlh, search_answer, &s);
	return r == -ENOENT || r == -EAFNOSUPPORT ? 0 : r;
}

int route_messages_read(struct kernel_scope *scope, const struct route_messages *messages, kernel_route_found *found,
                        void *userdata)
{
	_cleanup_(route_reader_done) struct route_reader reader = { .scope = scope };
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)messages->data;
	int left = (int)messages->size, r = 0;

	for (; r == 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		struct hycan_route route;

		r = route_read(&reader, nlh, &route);
		if (r >= 0)
			r = r ? 0 : found(&route, userdata);
	}
	return r;
}

static uint32_t table_of(const struct hycan_route *route)
{
	return route->has_table ? route->table : RT_TABLE_MAIN;
}

int kernel_route_find(struct kernel_scope *scope, const struct hycan_route *like, kernel_route_found *found, void *userdata)
{
	_cleanup_(route_messages_done) struct route_messages messages = { 0 };
	uint32_t metric = route_metric(like);
	int r = route_find(scope, &like->destination, table_of(like), &metric, &messages);

	return r < 0 ? r : route_messages_read(scope, &messages, found, userdata);
}

/* The entry where the kernel's own lookup ends, if it is in that place. */
static int find_by_lookup(struct kernel_scope *scope, const struct hycan_route *like, struct route_messages *messages)
{
	uint32_t metric = route_metric(like);
	struct search s = { .destination = &like->destination, .table = table_of(like), .metric = &metric, .messages = messages };
	struct nlmsghdr *nlh = netlink_message(scope, RTM_GETROUTE, 0);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = like->destination.address.family;
	rtm->rtm_dst_len = (uint8_t)(attribute_address_size(rtm->rtm_family) * 8);
	rtm->rtm_flags = RTM_F_FIB_MATCH;
	attribute_put_address(nlh, RTA_DST, &like->destination.address);
	return netlink_request(scope, NETLINK_ROUTE, nlh, search_answer, &s);
}

struct comparison {
	const struct hycan_route *wanted;
	bool same;
	bool any;
};

static int compare(const struct hycan_route *there, void *userdata)
{
	struct comparison *c = userdata;

	c->any = true;
	c->same = c->same || kernel_route_same(c->wanted, there);
	return 0;
}

int kernel_route_look(struct kernel_scope *scope, const struct hycan_route *route, bool *ret_there, bool *ret_taken)
{
	_cleanup_(route_messages_done) struct route_messages messages = { 0 };
	struct comparison c = { .wanted = route };
	int r;

	if (rtnetlink_plan_touches(scope, &route->destination, table_of(route)) || rtnetlink_plan_takes_links(scope)) {
		/* what the kernel says at once is how it was before */
	} else if (route->destination.address.family == AF_INET) {
		/* neither to be made nor to be changed: “exists” for the very same, “no such” for another */
		c.same = route_change(scope, route, 0) == -EEXIST;
	} else if (find_by_lookup(scope, route, &messages) == 0) {
		r = route_messages_read(scope, &messages, compare, &c);
		if (r < 0)
			return r;
	}
	r = c.same ? 0 : kernel_route_find(scope, route, compare, &c);
	if (r < 0)
		return r;
	*ret_there = c.same;
	*ret_taken = c.same || c.any;
	return 0;
}

int kernel_route_there(struct kernel_scope *scope, const struct hycan_route *route, bool *ret_there)
{
	bool taken;

	return kernel_route_look(scope, route, ret_there, &taken);
}

/* -------------------------------------------------------------------------------------------------------- comparing */

/* Way i of a route, in one form for all routes. */
static struct hycan_nexthop way(const struct hycan_route *route, size_t i)
{
	struct hycan_nexthop n = { .has_via = route->has_via, .via = route->via, .has_link = route->has_link, .weight = 1 };

	if (route->n_nexthops) {
		n = route->nexthops[i];
		n.onlink = n.has_onlink && n.onlink;
		n.weight = n.has_weight && route->n_nexthops > 1 ? n.weight : 1;
	} else {
		n.onlink = route->has_onlink && route->onlink;
		memcpy(n.link, route->link, sizeof(n.link));
	}
	return n;
}

static bool same_gateway(const struct hycan_nexthop *wanted, const struct hycan_nexthop *there)
{
	if (wanted->has_via != there->has_via || (wanted->has_via && !attribute_same_address(&wanted->via, &there->via)))
		return false;
	/* a link that is not given is the one where the kernel finds the gateway */
	return !wanted->has_link || (there->has_link && strcmp(wanted->link, there->link) == 0);
}

static bool same_way(const struct hycan_nexthop *wanted, const struct hycan_nexthop *there)
{
	return same_gateway(wanted, there) && wanted->weight == there->weight && wanted->onlink == there->onlink;
}

/* Whether both have the same ways, in whatever order. */
static bool same_ways(const struct hycan_route *wanted, const struct hycan_route *there)
{
	size_t n = wanted->n_nexthops ? wanted->n_nexthops : 1;
	bool taken[KERNEL_ROUTE_NEXTHOPS_MAX] = { false };

	if (n != (there->n_nexthops ? there->n_nexthops : 1) || n > KERNEL_ROUTE_NEXTHOPS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		struct hycan_nexthop a = way(wanted, i);
		size_t j;

		for (j = 0; j < n; j++) {
			struct hycan_nexthop b = way(there, j);

			if (!taken[j] && same_way(&a, &b))
				break;
		}
		if (j == n)
			return false;
		taken[j] = true;
	}
	return true;
}

static bool same_type(const struct hycan_route *wanted, const struct hycan_route *there)
{
	return (wanted->has_type ? wanted->type : HYCAN_ROUTE_TYPE_UNICAST) == there->type;
}

bool kernel_route_same(const struct hycan_route *wanted, const struct hycan_route *there)
{
	if (!same_type(wanted, there))
		return false;
	if (route_goes_somewhere(there->type) && !same_ways(wanted, there))
		return false;
	if (wanted->has_source != there->has_source ||
	    (wanted->has_source && !attribute_same_address(&wanted->source, &there->source)))
		return false;
	if ((wanted->has_mtu ? wanted->mtu : 0) != (there->has_mtu ? there->mtu : 0))
		return false;
	return wanted->destination.address.family == AF_INET6 || (there->has_scope && route_scope(wanted) == there->scope);
}

bool kernel_route_is_left(const struct hycan_route *wanted, const struct hycan_route *there)
{
	if (!same_type(wanted, there) || !route_goes_somewhere(there->type))
		return same_type(wanted, there);
	for (size_t i = 0; i < (wanted->n_nexthops ? wanted->n_nexthops : 1); i++)
		for (size_t j = 0; j < (there->n_nexthops ? there->n_nexthops : 1); j++) {
			struct hycan_nexthop a = way(wanted, i), b = way(there, j);

			if (same_gateway(&a, &b))
				return true;
		}
	return false;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes: adding, replacing and removing one.
 *
 * A route is added by an exclusive request, which leaves what is there as it is, announces nothing and takes the kernel
 * the same time in a table of ten and of a million. Whether it was the same route is asked only then.
 */
#include <errno.h>

#include "attribute.h"
#include "cleanup.h"
#include "route_message.h"

enum hycan_scope route_scope(const struct hycan_route *route)
{
	if (route->has_scope)
		return route->scope;
	if (route->destination.address.family == AF_INET6)
		return HYCAN_SCOPE_GLOBAL;
	switch (route->has_type ? route->type : HYCAN_ROUTE_TYPE_UNICAST) {
	case HYCAN_ROUTE_TYPE_LOCAL:
		return HYCAN_SCOPE_HOST;
	case HYCAN_ROUTE_TYPE_BROADCAST:
	case HYCAN_ROUTE_TYPE_MULTICAST:
	case HYCAN_ROUTE_TYPE_ANYCAST:
		return HYCAN_SCOPE_LINK;
	case HYCAN_ROUTE_TYPE_UNICAST:
		return route->has_via || route->n_nexthops ? HYCAN_SCOPE_GLOBAL : HYCAN_SCOPE_LINK;
	case HYCAN_ROUTE_TYPE_BLACKHOLE:
	case HYCAN_ROUTE_TYPE_UNREACHABLE:
	case HYCAN_ROUTE_TYPE_PROHIBIT:
	case HYCAN_ROUTE_TYPE_THROW:
		break;
	}
	return HYCAN_SCOPE_GLOBAL;
}

uint32_t route_metric(const struct hycan_route *route)
{
	uint32_t metric = route->has_metric ? route->metric : 0;

	return metric == 0 && route->destination.address.family == AF_INET6 ? KERNEL_ROUTE_METRIC_IPV6 : metric;
}

static void put_gateway(struct nlmsghdr *nlh, uint8_t family, const struct hycan_address *via)
{
	struct {
		uint16_t family; /* struct rtvia */
		uint8_t bytes[16];
	} other;

	if (via->family == family) {
		attribute_put_address(nlh, RTA_GATEWAY, via);
		return;
	}
	other.family = via->family;
	memcpy(other.bytes, via->bytes, sizeof(other.bytes));
	/* libmnl may leave what stood in the buffer behind an attribute whose size is no multiple of four */
	memset(mnl_nlmsg_get_payload_tail(nlh), 0, MNL_ALIGN(sizeof(struct nlattr) + sizeof(other)));
	mnl_attr_put(nlh, RTA_VIA, sizeof(other.family) + attribute_address_size(via->family), &other);
}

static void put_destination(struct nlmsghdr *nlh, struct rtmsg *rtm, const struct hycan_prefix *destination, uint32_t table)
{
	rtm->rtm_family = destination->address.family;
	rtm->rtm_dst_len = destination->length;
	if (destination->length)
		attribute_put_address(nlh, RTA_DST, &destination->address);
	if (table <= UINT8_MAX)
		rtm->rtm_table = (uint8_t)table;
	else
		mnl_attr_put_u32(nlh, RTA_TABLE, table);
}

/* Begins one way in RTA_MULTIPATH; put_way_end() closes it. */
static struct rtnexthop *put_way(struct nlmsghdr *nlh, uint32_t ifindex, uint16_t weight, bool onlink)
{
	struct rtnexthop *hop = mnl_nlmsg_get_payload_tail(nlh);

	*hop = (struct rtnexthop){
		.rtnh_ifindex = (int)ifindex,
		.rtnh_hops = (uint8_t)(weight ? weight - 1 : 0),
		.rtnh_flags = onlink ? RTNH_F_ONLINK : 0,
	};
	nlh->nlmsg_len += sizeof(*hop);
	return hop;
}

static void put_way_end(struct nlmsghdr *nlh, struct rtnexthop *hop)
{
	hop->rtnh_len = (unsigned short)((uint8_t *)mnl_nlmsg_get_payload_tail(nlh) - (uint8_t *)hop);
}

static int put_nexthops(struct nlmsghdr *nlh, const struct hycan_route *route, struct route_links *links)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);
	struct rtnexthop *hop;
	int r;

	for (size_t i = 0; i < route->n_nexthops; i++) {
		const struct hycan_nexthop *n = &route->nexthops[i];
		uint32_t ifindex = 0;

		if (n->has_link) {
			r = route_links_find(links, n->link, &ifindex);
			if (r < 0)
				return r;
		}
		hop = put_way(nlh, ifindex, n->has_weight ? n->weight : 1, n->has_onlink && n->onlink);
		if (n->has_via)
			put_gateway(nlh, route->destination.address.family, &n->via);
		put_way_end(nlh, hop);
	}
	mnl_attr_nest_end(nlh, nest);
	return 0;
}

static void put_mtu(struct nlmsghdr *nlh, uint32_t mtu)
{
	struct nlattr *metrics = mnl_attr_nest_start(nlh, RTA_METRICS);

	mnl_attr_put_u32(nlh, RTAX_MTU, mtu);
	mnl_attr_nest_end(nlh, metrics);
}

int route_message(void *buffer, uint16_t flags, const struct hycan_route *route, struct route_links *links)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	uint32_t ifindex;
	int r;

	if (route->n_nexthops > KERNEL_ROUTE_NEXTHOPS_MAX)
		return -E2BIG;
	nlh->nlmsg_type = RTM_NEWROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	put_destination(nlh, rtm, &route->destination, route->has_table ? route->table : RT_TABLE_MAIN);
	rtm->rtm_type = (uint8_t)(route->has_type ? route->type : HYCAN_ROUTE_TYPE_UNICAST);
	rtm->rtm_protocol = route->has_protocol ? route->protocol : RTPROT_STATIC;
	rtm->rtm_scope = (uint8_t)route_scope(route);
	if (route->has_onlink && route->onlink)
		rtm->rtm_flags |= RTNH_F_ONLINK;
	if (route->has_via)
		put_gateway(nlh, route->destination.address.family, &route->via);
	if (route->has_link) {
		r = route_links_find(links, route->link, &ifindex);
		if (r < 0)
			return r;
		mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
	}
	if (route->has_metric)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, route->metric);
	if (route->has_source)
		attribute_put_address(nlh, RTA_PREFSRC, &route->source);
	if (route->has_mtu && route->mtu)
		put_mtu(nlh, route->mtu);
	return route->n_nexthops ? put_nexthops(nlh, route, links) : 0;
}

/* The kernel's echo (NLM_F_ECHO) of what it did; there is none where nothing changed. */
static int read_result(const struct nlmsghdr *nlh, void *userdata)
{
	struct kernel_route_result *result = userdata;
	const struct nlattr *a[RTA_MAX + 1];

	if (!route_readable(nlh) && nlh->nlmsg_type != RTM_DELROUTE)
		return 0;
	netlink_parse(nlh, sizeof(struct rtmsg), a, RTA_MAX);
	*result = (struct kernel_route_result){ .changed = true };
	(void)attribute_u32(a[RTA_PRIORITY], &result->metric);
	(void)attribute_u32(a[RTA_OIF], &result->ifindex);
	return 0;
}

/* Sends a request about one route, and has the kernel tell what it did. */
static int request(struct kernel_scope *scope, struct nlmsghdr *nlh, struct kernel_route_result *ret_result)
{
	*ret_result = (struct kernel_route_result){ 0 };
	nlh->nlmsg_flags |= NLM_F_ECHO;
	return netlink_request(scope, NETLINK_ROUTE, nlh, read_result, ret_result);
}

int route_change_told(struct kernel_scope *scope, const struct hycan_route *route, uint16_t flags,
                      struct kernel_route_result *ret_result)
{
	_cleanup_(route_links_done) struct route_links links = { .scope = scope };
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[ROUTE_MESSAGE_SIZE];
	int r;

	r = route_message(buffer, flags, route, &links);
	if (r < 0)
		return r;
	r = request(scope, (struct nlmsghdr *)buffer, ret_result);
	/* what is planned would be done */
	ret_result->changed = ret_result->changed || (r == 0 && flags && netlink_is_held(scope));
	return r;
}

int route_change(struct kernel_scope *scope, const struct hycan_route *route, uint16_t flags)
{
	struct kernel_route_result result;

	return route_change_told(scope, route, flags, &result);
}

/*
 * The kernel looks whether it would take a route before it looks whether it has that one: a gateway that could be reached when the route
 * was made may not be now, or be an address of this machine.
 */
static bool is_there_all_the_same(struct kernel_scope *scope, const struct hycan_route *route, int error)
{
	char words[NETLINK_MESSAGE_SIZE];
	bool there = false;

	if (!route_is_unreached(error) && error != -ENETDOWN)
		return false;
	snprintf(words, sizeof(words), "%s", kernel_scope_message(scope));
	if (kernel_route_there(scope, route, &there) == 0 && there)
		return true;
	netlink_set_message(scope, words);
	return false;
}

int kernel_route_add(struct kernel_scope *scope, const struct hycan_route *route, struct kernel_route_result *ret_result)
{
	int r = route_change_told(scope, route, NLM_F_CREATE | NLM_F_EXCL, ret_result);

	return is_there_all_the_same(scope, route, r) ? -EEXIST : r;
}

int kernel_route_replace(struct kernel_scope *scope, const struct hycan_route *route, struct kernel_route_result *ret_result)
{
	bool there = false;
	int r;

	/* the kernel leaves the same IPv4 route alone, and makes an IPv6 route anew */
	if (route->destination.address.family == AF_INET6) {
		r = kernel_route_add(scope, route, ret_result);
		if (r != -EEXIST)
			return r;
		r = kernel_route_there(scope, route, &there);
		if (r < 0 || there)
			return r;
	}
	r = route_change_told(scope, route, NLM_F_CREATE | NLM_F_REPLACE, ret_result);
	/* it exists, and is not the first in its place */
	return r == -EEXIST || is_there_all_the_same(scope, route, r) ? 0 : r;
}

int kernel_route_add_beside(struct kernel_scope *scope, const struct hycan_route *route, struct kernel_route_result *ret_result)
{
	int r;

	/* it would become a way of the other one */
	if (route->destination.address.family == AF_INET6)
		return kernel_route_replace(scope, route, ret_result);
	r = route_change_told(scope, route, NLM_F_CREATE, ret_result);
	return r == -EEXIST || is_there_all_the_same(scope, route, r) ? 0 : r;
}

int kernel_route_replace_again(struct kernel_scope *scope, const struct hycan_route *route, struct kernel_route_result *ret_result)
{
	_cleanup_(route_links_done) struct route_links links = { .scope = scope };
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[ROUTE_MESSAGE_SIZE];
	int r = kernel_route_replace(scope, route, ret_result);

	if (!route_is_unreached(r))
		return r;
	r = route_message(buffer, 0, route, &links);
	if (r == 0)
		r = route_make(scope, (struct nlmsghdr *)buffer, NLM_F_CREATE | NLM_F_REPLACE, true);
	ret_result->changed = r == 0;
	return r;
}

/* --------------------------------------------------------------------------------------------------------- removing */

bool kernel_route_matches(const struct hycan_route *route, const struct hycan_route_remove_options *o)
{
	if (o->has_type && route->type != o->type)
		return false;
	if (o->has_via && (!route->has_via || !attribute_same_address(&route->via, &o->via)))
		return false;
	return !o->has_link || (route->has_link && strcmp(route->link, o->link) == 0);
}

/* Which of those to a destination is meant: that very one, or the first that matches and may go. */
struct choice {
	const struct hycan_route *same; /* or NULL */
	const struct hycan_route_remove_options *options;
	kernel_route_may *may; /* or NULL */
	void *userdata;
};

static bool is_chosen(const struct choice *c, const struct hycan_route *route)
{
	return c->same ? kernel_route_same(c->same, route) : kernel_route_matches(route, c->options);
}

/* Finds the route and gives the kernel its own message back. */
static int remove_chosen(struct kernel_scope *scope, const struct hycan_prefix *destination, uint32_t table, const uint32_t *metric,
                         const struct choice *choice, struct kernel_route_result *ret_result)
{
	_cleanup_(route_messages_done) struct route_messages messages = { 0 };
	_cleanup_(route_reader_done) struct route_reader reader = { .scope = scope };
	struct nlmsghdr *nlh;
	int r, left;

	r = route_find(scope, destination, table, metric, &messages);
	if (r < 0)
		return r;
	left = (int)messages.size;
	for (nlh = (struct nlmsghdr *)messages.data; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		struct hycan_route route;

		r = route_read(&reader, nlh, &route);
		if (r < 0)
			return r;
		if (r > 0 || !is_chosen(choice, &route))
			continue;
		r = choice->may ? choice->may(&route, choice->userdata) : 0;
		if (r != 0)
			return r;
		nlh->nlmsg_type = RTM_DELROUTE;
		nlh->nlmsg_flags = NLM_F_REQUEST;
		return request(scope, nlh, ret_result);
	}
	return -ESRCH;
}

static int remove_exactly(struct kernel_scope *scope, const struct hycan_prefix *destination, uint32_t table,
                          const struct hycan_route_remove_options *o, kernel_route_may *may, void *userdata,
                          struct kernel_route_result *ret_result)
{
	const struct hycan_route like = { .destination = *destination, .has_metric = true, .metric = o->metric };
	const uint32_t metric = route_metric(&like);

	return remove_chosen(scope, destination, table, o->has_metric ? &metric : NULL,
	                     &(struct choice){ .options = o, .may = may, .userdata = userdata }, ret_result);
}

/* The same by all that is said of a route. */
static int remove_found(struct kernel_scope *scope, const struct hycan_route *route, struct kernel_route_result *ret_result)
{
	const uint32_t metric = route_metric(route);

	return remove_chosen(scope, &route->destination, route->has_table ? route->table : RT_TABLE_MAIN, &metric,
	                     &(struct choice){ .same = route }, ret_result);
}

/* In the words by which the kernel takes that route alone. IPv4: as the only one of its ways, see kernel_route_remove(). */
static struct hycan_route in_full(const struct hycan_route *route, struct hycan_nexthop *only)
{
	const bool goes = route_goes_somewhere(route->has_type ? route->type : HYCAN_ROUTE_TYPE_UNICAST);
	struct hycan_route full = *route;

	full.has_metric = full.has_scope = true;
	full.metric = route_metric(route);
	full.scope = route_scope(route);
	if (route->destination.address.family == AF_INET6) {
		/* the kernel hangs those that go nowhere on lo, and does not compare the type */
		if (!goes)
			snprintf(full.link, sizeof(full.link), "lo");
		full.has_link = full.has_link || !goes;
		/* there is one at most through a gateway, whoever made it */
		full.has_protocol = full.has_protocol || full.has_via || full.n_nexthops;
		full.protocol = full.has_via || full.n_nexthops ? RTPROT_UNSPEC : full.protocol;
		return full;
	}
	if (!goes || route->n_nexthops)
		return full;
	*only = (struct hycan_nexthop){ .has_via = route->has_via, .via = route->via, .has_link = route->has_link };
	memcpy(only->link, route->link, sizeof(only->link));
	full.has_via = full.has_link = full.has_onlink = false;
	full.nexthops = only;
	full.n_nexthops = 1;
	return full;
}

/* The same, without looking for it. */
static int remove_asked(struct kernel_scope *scope, const struct hycan_route *route, struct kernel_route_result *ret_result)
{
	_cleanup_(route_links_done) struct route_links links = { .scope = scope };
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[ROUTE_MESSAGE_SIZE];
	struct nlmsghdr *nlh = (struct nlmsghdr *)buffer;
	struct hycan_nexthop only;
	struct hycan_route full = in_full(route, &only);
	int r;

	/* to the kernel metric 0 is any, the lowest first: that this one is there is seen before */
	if (full.metric == 0 && route_change(scope, route, 0) != -EEXIST)
		return -ESRCH;
	r = route_message(buffer, 0, &full, &links);
	if (r < 0)
		return r;
	nlh->nlmsg_type = RTM_DELROUTE;
	/* what is not said is not compared */
	if (!full.has_mtu || full.mtu == 0)
		put_mtu(nlh, 0);
	r = request(scope, nlh, ret_result);
	/* of several ways of IPv6 one may have gone before */
	return r == -ESRCH && ret_result->changed ? 0 : r;
}

int kernel_route_remove_same(struct kernel_scope *scope, const struct hycan_route *route, bool look,
                             struct kernel_route_result *ret_result)
{
	int r = look ? -ESRCH : remove_asked(scope, route, ret_result);

	if (r == -ESRCH || r == -ENOENT || r == -ENODEV)
		r = remove_found(scope, route, ret_result);
	return r == -ENOENT ? -ESRCH : r;
}

/* A route that is neither to be made nor to be replaced, and must not be there. */
int route_find_ipv4(struct kernel_scope *scope, const struct hycan_prefix *destination, uint32_t table, uint32_t metric)
{
	struct nlmsghdr *nlh = netlink_message(scope, RTM_NEWROUTE, NLM_F_EXCL);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	int r;

	put_destination(nlh, rtm, destination, table);
	rtm->rtm_type = RTN_BLACKHOLE;
	rtm->rtm_protocol = RTPROT_STATIC;
	if (metric)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, metric);
	r = netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
	if (r == -EEXIST)
		return 0;
	return r == -ENOENT || r == 0 ? -ESRCH : r;
}

int kernel_route_remove(struct kernel_scope *scope, const struct hycan_prefix *destination,
                        const struct hycan_route_remove_options *o, kernel_route_may *may, void *userdata,
                        struct kernel_route_result *ret_result)
{
	bool ipv4 = destination->address.family == AF_INET;
	uint32_t table = o->has_table ? o->table : RT_TABLE_MAIN, ifindex = 0;
	struct hycan_route_remove_options without = *o;
	struct nlmsghdr *nlh;
	struct rtmsg *rtm;
	int r;

	if (o->has_link) {
		r = kernel_link_index(scope, o->link, &ifindex);
		if (r < 0)
			return r;
	}
	/* to the kernel metric 0 is any, the lowest first, and every other one comes behind it */
	if (ipv4 && o->has_metric && o->metric == 0 && !may && !o->has_type && !o->has_via && !o->has_link) {
		r = route_find_ipv4(scope, destination, table, 0);
		if (r < 0)
			return r;
		without.has_metric = false;
		o = &without;
	}
	/* to the kernel metric 0 is any; of IPv6 it does not compare the type, and takes one way out of several */
	if (may || (ipv4 ? o->has_metric && o->metric == 0 : o->has_type || o->has_via || o->has_link))
		return remove_exactly(scope, destination, table, o, may, userdata, ret_result);

	nlh = netlink_message(scope, RTM_DELROUTE, 0);
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	put_destination(nlh, rtm, destination, table);
	rtm->rtm_scope = RT_SCOPE_NOWHERE;
	rtm->rtm_type = (uint8_t)(o->has_type ? o->type : 0);
	if (o->has_metric)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, o->metric ? o->metric : KERNEL_ROUTE_METRIC_IPV6);
	if (o->has_via || o->has_link) {
		/* as the only one of its ways: a plain gateway would also match the first of several, and remove them all */
		struct nlattr *nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);
		struct rtnexthop *hop = put_way(nlh, ifindex, 0, false);

		if (o->has_via)
			put_gateway(nlh, AF_INET, &o->via);
		put_way_end(nlh, hop);
		mnl_attr_nest_end(nlh, nest);
	}
	r = request(scope, nlh, ret_result);
	/* of a default route IPv6 says it so (__ip6_del_rt(), net/ipv6/route.c) */
	return r == -ENOENT ? -ESRCH : r;
}

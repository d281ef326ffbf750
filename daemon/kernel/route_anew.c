/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes: one that was there is made again, as the kernel told of it.
 *
 * The kernel looks whether a gateway is on its link when a route is made, and never again (fib_check_nh(), net/ipv4/fib_semantics.c;
 * ip6_route_check_nh(), net/ipv6/route.c): a route outlives the address in whose network its gateway is. So where it finds none, each gateway
 * has a route of its own while that one is made, with a metric of which nobody has one: all in one message, so that nobody ends
 * this daemon in between. Of IPv4 it looks as a packet would be sent, by the policy routing rules, of which one may refuse that, or lead
 * elsewhere: so the gateway is in the table “local” as well, to which the first rule of all leads.
 */
#include <errno.h>
#include <string.h>

#include "attribute.h"
#include "netlink.h"
#include "route_message.h"

/* The last one that there is. */
#define METRIC_OF_GATEWAY UINT32_MAX

/* A route to a gateway takes no more than that. */
#define GATEWAY_SIZE ((size_t)96)

/* So often it is tried: who asks once more would not know that it was there. */
#define MOVES 9

const struct nlattr *route_attribute(const struct nlmsghdr *route, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, route, sizeof(struct rtmsg))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

size_t route_lasting_size(const struct nlmsghdr *route)
{
	const struct nlattr *expires = route_attribute(route, RTA_EXPIRES);

	return expires ? (size_t)((const uint8_t *)expires - (const uint8_t *)route) : route->nlmsg_len;
}

/* ------------------------------------------------------------------------------------------------------------- ways */

static bool way_of_several(const struct nlattr *multipath, size_t i, struct route_way *ret_way)
{
	const uint8_t *p = mnl_attr_get_payload(multipath);
	size_t left = mnl_attr_get_payload_len(multipath);

	for (; left >= sizeof(struct rtnexthop); i--) {
		const struct rtnexthop *hop = (const struct rtnexthop *)p;
		const struct nlattr *attr = (const struct nlattr *)(hop + 1);
		const uint8_t *end = p + hop->rtnh_len;
		const size_t step = RTNH_ALIGN((size_t)hop->rtnh_len);

		if (hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > left)
			return false;
		*ret_way = (struct route_way){ .ifindex = (uint32_t)hop->rtnh_ifindex,
			                       .onlink = hop->rtnh_flags & RTNH_F_ONLINK,
			                       .dead = hop->rtnh_flags & RTNH_F_DEAD };
		for (; mnl_attr_ok(attr, (int)(end - (const uint8_t *)attr)); attr = mnl_attr_next(attr))
			if (mnl_attr_get_type(attr) == RTA_GATEWAY || mnl_attr_get_type(attr) == RTA_VIA)
				ret_way->gateway = attr;
		if (i == 0)
			return true;
		if (step >= left)
			return false;
		p += step;
		left -= step;
	}
	return false;
}

bool route_way(const struct nlmsghdr *route, size_t i, struct route_way *ret_way)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(route);
	const struct nlattr *multipath = route_attribute(route, RTA_MULTIPATH), *link = route_attribute(route, RTA_OIF);

	if (multipath)
		return way_of_several(multipath, i, ret_way);
	*ret_way = (struct route_way){ .gateway = route_attribute(route, RTA_GATEWAY),
		                       .onlink = rtm->rtm_flags & RTNH_F_ONLINK,
		                       .dead = rtm->rtm_flags & RTNH_F_DEAD };
	if (!ret_way->gateway)
		ret_way->gateway = route_attribute(route, RTA_VIA);
	if (link)
		netlink_copy(link, &ret_way->ifindex, sizeof(ret_way->ifindex));
	return i == 0 && (ret_way->ifindex || ret_way->gateway);
}

bool route_same_way(const struct route_way *a, const struct route_way *b)
{
	return a->ifindex == b->ifindex && a->onlink == b->onlink && attribute_same(a->gateway, b->gateway);
}

/* ----------------------------------------------------------------------------------------------------------- making */

struct batch {
	struct kernel_scope *scope;
	uint8_t *base; /* NETLINK_BUFFER_SIZE bytes */
	size_t size;
	struct nlmsghdr *last;
	uint32_t counts; /* the sequence number of the one whose result counts */
	int result;
};

static struct nlmsghdr *begin(struct batch *b, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(b->base + b->size);

	*nlh = (struct nlmsghdr){ .nlmsg_len = sizeof(*nlh),
		                  .nlmsg_type = type,
		                  .nlmsg_flags = NLM_F_REQUEST | flags,
		                  .nlmsg_seq = netlink_sequence(b->scope, 1) };
	b->last = nlh;
	return nlh;
}

/* Which route it is does not depend on how long it lasts. False: there is no room. */
static bool add_route(struct batch *b, const struct nlmsghdr *route, uint16_t type, uint16_t flags)
{
	const size_t size = type == RTM_DELROUTE ? route_lasting_size(route) : route->nlmsg_len;
	struct nlmsghdr *nlh;

	if (b->size + size > NETLINK_BUFFER_SIZE)
		return false;
	nlh = begin(b, type, flags);
	memcpy(nlh + 1, route + 1, size - sizeof(*route));
	nlh->nlmsg_len = (uint32_t)size;
	b->size += size;
	return true;
}

/* False: it has none that is to be looked for. */
static bool read_gateway(const struct nlmsghdr *route, const struct route_way *way, struct hycan_address *ret_gateway)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(route);
	const bool other = way->gateway && mnl_attr_get_type(way->gateway) == RTA_VIA;

	return !way->onlink &&
	       route_gateway(other ? NULL : way->gateway, other ? way->gateway : NULL, rtm->rtm_family, ret_gateway);
}

static void add_gateway(struct batch *b, uint32_t table, uint32_t ifindex, const struct hycan_address *gateway, uint16_t type,
                        uint16_t flags)
{
	struct nlmsghdr *nlh = begin(b, type, flags);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = gateway->family;
	rtm->rtm_dst_len = (uint8_t)(attribute_address_size(gateway->family) * 8);
	rtm->rtm_type = RTN_UNICAST;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = RT_SCOPE_LINK;
	attribute_put_address(nlh, RTA_DST, gateway);
	mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, METRIC_OF_GATEWAY);
	mnl_attr_put_u32(nlh, RTA_TABLE, table);
	b->size += nlh->nlmsg_len;
}

/* False: there is no room. */
static bool add_gateways(struct batch *b, const struct nlmsghdr *route, uint16_t type, uint16_t flags)
{
	const uint32_t table = route_message_table(mnl_nlmsg_get_payload(route), route_attribute(route, RTA_TABLE));
	struct hycan_address gateway;
	struct route_way way;

	for (size_t i = 0; route_way(route, i, &way); i++) {
		if (!read_gateway(route, &way, &gateway))
			continue;
		if (b->size + 2 * GATEWAY_SIZE > NETLINK_BUFFER_SIZE)
			return false;
		add_gateway(b, table, way.ifindex, &gateway, type, flags);
		if (gateway.family == AF_INET && table != RT_TABLE_LOCAL)
			add_gateway(b, RT_TABLE_LOCAL, way.ifindex, &gateway, type, flags);
	}
	return true;
}

static void failed(uint32_t seq, int error, const char *message, void *userdata)
{
	struct batch *b = userdata;

	(void)message; /* it is the scope's own */
	/* what is gone already is there again with the other one; and a gateway may have two ways to it */
	if (seq == b->counts)
		b->result = error;
}

static int send_batch(struct batch *b)
{
	int r;

	b->last->nlmsg_flags |= NLM_F_ACK;
	r = netlink_batch(b->scope, NETLINK_ROUTE, b->base, b->size, b->last->nlmsg_seq, failed, b);
	return r < 0 ? r : b->result;
}

/* leads: its gateways have a route each meanwhile. */
static int make_once(struct kernel_scope *scope, const struct nlmsghdr *route, bool moves, bool leads, uint16_t flags)
{
	struct batch b = { .scope = scope, .base = netlink_buffer(scope) };
	bool room = !leads || add_gateways(&b, route, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND);

	room = room && (!moves || add_route(&b, route, RTM_DELROUTE, 0)) && add_route(&b, route, RTM_NEWROUTE, flags);
	if (!room)
		return -EMSGSIZE;
	b.counts = b.last->nlmsg_seq;
	if (leads && !add_gateways(&b, route, RTM_DELROUTE, 0))
		return -EMSGSIZE;
	return send_batch(&b);
}

bool route_is_unreached(int error)
{
	return error == -ENETUNREACH || error == -EHOSTUNREACH || error == -EACCES || error == -EINVAL;
}

int route_make(struct kernel_scope *scope, const struct nlmsghdr *route, uint16_t flags, bool unreached)
{
	int r = make_once(scope, route, false, false, flags);

	return unreached && route_is_unreached(r) ? make_once(scope, route, false, true, flags) : r;
}

int route_move(struct kernel_scope *scope, const struct nlmsghdr *route, uint16_t flags)
{
	/* whether it needs them is seen while it is there: it is away no longer than one message */
	const bool leads = route_is_unreached(make_once(scope, route, false, false, NLM_F_CREATE | NLM_F_EXCL));
	int r = -EINTR;

	for (int i = 0; i < MOVES && r < 0 && r != -EEXIST; i++)
		r = make_once(scope, route, true, leads, flags);
	/* it is there, though not as it was told */
	return r == -EEXIST ? 0 : r;
}

int route_take(struct kernel_scope *scope, const struct nlmsghdr *route)
{
	struct batch b = { .scope = scope, .base = netlink_buffer(scope) };

	if (!add_route(&b, route, RTM_DELROUTE, 0))
		return -EMSGSIZE;
	b.counts = b.last->nlmsg_seq;
	return send_batch(&b);
}

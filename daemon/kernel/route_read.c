/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes: reading and listing them.
 *
 * The kernel filters a listing by table, family, link and protocol, so what is not wanted costs next to nothing. A route
 * over a nexthop object (ip-nexthop(8)) is given out with the ways that the object stands for, as the kernel shows them.
 */
#include <errno.h>
#include <stdlib.h>

#include "attribute.h"
#include "cleanup.h"
#include "route_message.h"
#include "rtnetlink_plan.h"

uint32_t route_message_table(const struct rtmsg *rtm, const struct nlattr *attr)
{
	uint32_t table;

	return attribute_u32(attr, &table) ? table : rtm->rtm_table;
}

bool route_readable(const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	return nlh->nlmsg_type == RTM_NEWROUTE && mnl_nlmsg_get_payload_len(nlh) >= sizeof(*rtm) &&
	       attribute_address_size(rtm->rtm_family) != 0 && !(rtm->rtm_flags & RTM_F_CLONED) && rtm->rtm_type >= RTN_UNICAST &&
	       rtm->rtm_type <= RTN_THROW;
}

/* --------------------------------------------------------------------------------------------------- one message */

void route_reader_done(struct route_reader *reader)
{
	cleanup_free(&reader->nexthops);
}

/* A link that went meanwhile has no name. 0, or -errno: it could not be asked for. */
static int read_link(struct route_reader *reader, uint32_t ifindex, bool *ret_has, char name[static HYCAN_IFNAME_SIZE])
{
	const char *known;
	int r;

	if (!reader->names) {
		r = kernel_link_name(reader->scope, ifindex, name);
		*ret_has = r == 0;
		return r == -ENODEV ? 0 : r;
	}
	known = kernel_link_names_find(reader->names, ifindex);
	*ret_has = known;
	if (known)
		memcpy(name, known, HYCAN_IFNAME_SIZE);
	return 0;
}

bool route_gateway(const struct nlattr *gateway, const struct nlattr *via, uint8_t family, struct hycan_address *ret_address)
{
	uint16_t other;
	size_t size;

	if (attribute_address(gateway, family, ret_address))
		return true;
	if (!via || mnl_attr_get_payload_len(via) < sizeof(other))
		return false;
	memcpy(&other, mnl_attr_get_payload(via), sizeof(other));
	size = attribute_address_size((uint8_t)other);
	if (size == 0 || other > UINT8_MAX || mnl_attr_get_payload_len(via) != sizeof(other) + size)
		return false;
	*ret_address = (struct hycan_address){ .family = (uint8_t)other };
	memcpy(ret_address->bytes, (const uint8_t *)mnl_attr_get_payload(via) + sizeof(other), size);
	return true;
}

static int room_for_nexthop(struct route_reader *reader, size_t n)
{
	size_t room = reader->room ? reader->room * 2 : 8;
	void *p;

	if (n < reader->room)
		return 0;
	p = reallocarray(reader->nexthops, room, sizeof(*reader->nexthops));
	if (!p)
		return -ENOMEM;
	reader->nexthops = p;
	reader->room = room;
	return 0;
}

static int read_nexthop(struct route_reader *reader, const struct rtnexthop *hop, uint8_t family, struct hycan_nexthop *n)
{
	const struct nlattr *gateway = NULL, *via = NULL, *attr = (const struct nlattr *)(hop + 1);
	const uint8_t *end = (const uint8_t *)hop + hop->rtnh_len;

	for (; mnl_attr_ok(attr, (int)(end - (const uint8_t *)attr)); attr = mnl_attr_next(attr)) {
		if (mnl_attr_get_type(attr) == RTA_GATEWAY)
			gateway = attr;
		if (mnl_attr_get_type(attr) == RTA_VIA)
			via = attr;
	}
	memset(n, 0, sizeof(*n));
	n->has_via = route_gateway(gateway, via, family, &n->via);
	n->has_weight = true;
	n->weight = (uint16_t)(hop->rtnh_hops + 1);
	n->has_onlink = n->onlink = hop->rtnh_flags & RTNH_F_ONLINK;
	return read_link(reader, (uint32_t)hop->rtnh_ifindex, &n->has_link, n->link);
}

static int read_nexthops(struct route_reader *reader, const struct nlattr *attr, uint8_t family, struct hycan_route *route)
{
	const uint8_t *p = mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr), n = 0;
	int r;

	while (left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *hop = (const struct rtnexthop *)p;
		size_t step = RTNH_ALIGN((size_t)hop->rtnh_len);

		if (hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > left)
			break;
		r = room_for_nexthop(reader, n);
		if (r == 0)
			r = read_nexthop(reader, hop, family, &reader->nexthops[n++]);
		if (r < 0)
			return r;
		if (step >= left)
			break;
		p += step;
		left -= step;
	}
	route->has_nexthops = n > 0;
	route->nexthops = reader->nexthops;
	route->n_nexthops = n;
	return 0;
}

bool route_goes_somewhere(enum hycan_route_type type)
{
	return type != HYCAN_ROUTE_TYPE_BLACKHOLE && type != HYCAN_ROUTE_TYPE_UNREACHABLE && type != HYCAN_ROUTE_TYPE_PROHIBIT &&
	       type != HYCAN_ROUTE_TYPE_THROW;
}

int route_read(struct route_reader *reader, const struct nlmsghdr *nlh, struct hycan_route *route)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[RTA_MAX + 1], *metrics[RTAX_MAX + 1];
	uint32_t ifindex;

	if (!route_readable(nlh))
		return 1;
	netlink_parse(nlh, sizeof(*rtm), a, RTA_MAX);
	memset(route, 0, sizeof(*route));
	route->destination.address.family = rtm->rtm_family;
	route->destination.length = rtm->rtm_dst_len;
	(void)attribute_address(a[RTA_DST], rtm->rtm_family, &route->destination.address);
	route->has_table = route->has_type = route->has_protocol = true;
	route->table = route_message_table(rtm, a[RTA_TABLE]);
	route->type = rtm->rtm_type;
	route->protocol = rtm->rtm_protocol;
	route->has_metric = attribute_u32(a[RTA_PRIORITY], &route->metric);
	route->has_source = attribute_address(a[RTA_PREFSRC], rtm->rtm_family, &route->source);
	/* IPv6 has no such thing */
	route->has_scope = rtm->rtm_family == AF_INET && attribute_scope(rtm->rtm_scope, &route->scope);
	if (a[RTA_METRICS]) {
		netlink_parse_nested(a[RTA_METRICS], metrics, RTAX_MAX);
		route->has_mtu = attribute_u32(metrics[RTAX_MTU], &route->mtu);
	}
	/* the kernel hangs those of IPv6 that go nowhere on lo */
	if (!route_goes_somewhere(route->type))
		return 0;
	if (a[RTA_MULTIPATH])
		return read_nexthops(reader, a[RTA_MULTIPATH], rtm->rtm_family, route);
	route->has_via = route_gateway(a[RTA_GATEWAY], a[RTA_VIA], rtm->rtm_family, &route->via);
	route->has_onlink = route->onlink = rtm->rtm_flags & RTNH_F_ONLINK;
	return attribute_u32(a[RTA_OIF], &ifindex) ? read_link(reader, ifindex, &route->has_link, route->link) : 0;
}

/* ---------------------------------------------------------------------------------------------------------- listing */

struct listing {
	struct route_reader reader;
	const struct kernel_route_filter *filter;
	uint8_t family;
	kernel_route_found *found;
	void *userdata;
};

/* The kernel tells of no others; but others may be planned. */
static bool is_over(const struct hycan_route *route, const char *link)
{
	bool is = !link || (route->has_link && strcmp(route->link, link) == 0);

	for (size_t i = 0; i < route->n_nexthops && !is; i++)
		is = route->nexthops[i].has_link && strcmp(route->nexthops[i].link, link) == 0;
	return is;
}

static int list_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct listing *l = userdata;
	const struct kernel_route_filter *f = l->filter;
	struct hycan_route route;
	int r;

	r = route_read(&l->reader, nlh, &route);
	if (r < 0)
		return r;
	/* where the kernel has no IPv6, it answers with all families that it has */
	if (r > 0 || route.destination.address.family != l->family)
		return 0;
	if ((f->table && route.table != f->table) || (f->protocol && route.protocol != f->protocol) || !is_over(&route, f->link))
		return 0;
	return l->found(&route, l->userdata);
}

static int list_family(struct kernel_scope *scope, struct listing *l, uint32_t ifindex)
{
	const struct kernel_route_filter *f = l->filter;
	struct nlmsghdr *nlh = netlink_message(scope, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	int r;

	if (link_plan_is_made_up(ifindex))
		return rtnetlink_plan_list(scope, RTM_NEWROUTE, list_answer, l);
	rtm->rtm_family = l->family;
	rtm->rtm_protocol = f->protocol;
	if (f->table)
		mnl_attr_put_u32(nlh, RTA_TABLE, f->table);
	if (ifindex)
		mnl_attr_put_u32(nlh, RTA_OIF, ifindex);
	r = netlink_request(scope, NETLINK_ROUTE, nlh, list_answer, l);
	/* a table comes with its first route, and IPv6 with its module */
	return r == -ENOENT || r == -EAFNOSUPPORT ? 0 : r;
}

int kernel_route_list(struct kernel_scope *scope, const struct kernel_route_filter *filter, kernel_route_found *found,
                      void *userdata)
{
	_cleanup_(kernel_link_names_free) struct kernel_link_names *names = NULL;
	struct listing l = { .filter = filter, .found = found, .userdata = userdata };
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	uint32_t ifindex = 0;
	int r = 0;

	if (filter->link) {
		r = kernel_link_index(scope, filter->link, &ifindex);
		if (r < 0)
			return r;
	}
	r = kernel_link_names_read(scope, &names);
	if (r < 0)
		return r;
	l.reader.names = names;
	for (size_t i = 0; i < 2 && r == 0; i++) {
		l.family = families[i];
		if (!filter->family || filter->family == l.family)
			r = list_family(scope, &l, ifindex);
	}
	route_reader_done(&l.reader);
	return r;
}

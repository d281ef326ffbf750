/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes: whether struct hycan_route says all that there is to one.
 *
 * ip-route(8) knows many things that HyCAN has no words for: the advertised segment size, an encapsulation, a nexthop object.
 * Such a route can be removed, but not made again as it was. What the kernel works out by itself does not count.
 */
#include <errno.h>

#include "attribute.h"
#include "cleanup.h"
#include "route_message.h"

static bool is_zero(const struct nlattr *attr)
{
	uint8_t value = 1;

	return attribute_bytes(attr, &value, sizeof(value)) && value == 0;
}

/* For ever is nothing to say, and what the kernel counts neither. */
static bool lasts(const struct nlattr *attr)
{
	struct rta_cacheinfo info;

	netlink_copy(attr, &info, sizeof(info));
	return info.rta_expires == 0;
}

static bool metrics_are_known(const struct nlattr *metrics)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, metrics)
		if (mnl_attr_get_type(attr) != RTAX_MTU)
			return false;
	return true;
}

static bool way_is_known(const struct rtnexthop *hop)
{
	const struct nlattr *attr = (const struct nlattr *)(hop + 1);
	const uint8_t *end = (const uint8_t *)hop + hop->rtnh_len;

	for (; mnl_attr_ok(attr, (int)(end - (const uint8_t *)attr)); attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) != RTA_GATEWAY && mnl_attr_get_type(attr) != RTA_VIA)
			return false;
	return true;
}

static bool ways_are_known(const struct nlattr *attr)
{
	const uint8_t *p = mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr);

	while (left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *hop = (const struct rtnexthop *)p;
		size_t step = RTNH_ALIGN((size_t)hop->rtnh_len);

		if (hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > left || !way_is_known(hop))
			return false;
		if (step >= left)
			break;
		p += step;
		left -= step;
	}
	return true;
}

static bool is_known(const struct nlattr *attr)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
	case RTA_OIF:
	case RTA_GATEWAY:
	case RTA_VIA:
	case RTA_PRIORITY:
	case RTA_PREFSRC:
	case RTA_TABLE:
	case RTA_PAD:
		return true;
	case RTA_METRICS:
		return metrics_are_known(attr);
	case RTA_MULTIPATH:
		return ways_are_known(attr);
	case RTA_CACHEINFO:
		return lasts(attr);
	case RTA_PREF:
		return is_zero(attr);
	}
	return false;
}

static bool is_whole(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct rtmsg))
		if (!is_known(attr))
			return false;
	return true;
}

bool kernel_route_comes_back(uint8_t protocol)
{
	return protocol == RTPROT_KERNEL || protocol == RTPROT_RA || protocol == RTPROT_REDIRECT;
}

bool route_comes_back(const struct nlmsghdr *nlh)
{
	return kernel_route_comes_back(((const struct rtmsg *)mnl_nlmsg_get_payload(nlh))->rtm_protocol);
}

bool route_is_dead(const struct nlmsghdr *route)
{
	struct route_way way;

	for (size_t i = 0; route_way(route, i, &way); i++)
		if (way.dead)
			return true;
	return false;
}

int kernel_route_is_whole(struct kernel_scope *scope, const struct hycan_route *like, bool any_metric, bool own, bool *ret_whole,
                          bool *ret_dead)
{
	_cleanup_(route_messages_done) struct route_messages messages = { 0 };
	const uint32_t metric = route_metric(like);
	const struct nlmsghdr *nlh;
	bool whole = true, dead = false;
	int left, r;

	r = route_find(scope, &like->destination, like->has_table ? like->table : RT_TABLE_MAIN, any_metric ? NULL : &metric,
	               &messages);
	if (r < 0)
		return r;
	left = (int)messages.size;
	for (nlh = (const struct nlmsghdr *)messages.data; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (!own && route_comes_back(nlh))
			continue;
		whole = whole && is_whole(nlh);
		dead = dead || route_is_dead(nlh);
	}
	*ret_whole = whole;
	*ret_dead = dead;
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of requests, in their order. A request that makes something reads like the message in which the kernel tells of it,
 * but for what the kernel chooses by itself: of that only a metric of IPv6 is put in, which tells routes apart.
 *
 * What this file does not do: know what goes along with an address or comes with it, since the kernel decides on that.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hycan/values.h>

#include "address.h"
#include "address_read.h"
#include "array.h"
#include "attribute.h"
#include "cleanup.h"
#include "link.h"
#include "link_plan.h"
#include "route_message.h"
#include "rtnetlink_plan.h"

/* How something is found that is to go. */
enum going {
	GOING_NOT, /* it is to come */
	GOING_SAME,
	GOING_PLACE, /* whatever is there */
};

struct rtnetlink_planned {
	struct nlmsghdr *message;
	enum going going;
};

/* ------------------------------------------------------------------------------------------------- places of routes */

/* There may be thousands of routes, and most are about a place where nothing else is planned: that is told without reading them. */
struct place {
	struct hycan_prefix destination;
	uint32_t table;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int r = (x->table > y->table) - (x->table < y->table);

	if (r == 0)
		r = x->destination.address.family - y->destination.address.family;
	if (r == 0)
		r = x->destination.length - y->destination.length;
	return r ? r
	         : memcmp(x->destination.address.bytes, y->destination.address.bytes,
	                  attribute_address_size(x->destination.address.family));
}

static bool touches(const struct rtnetlink_plan *plan, const struct place *place)
{
	return tfind(place, &plan->places, compare_places);
}

/* Of a message about a route. */
static struct place place_of(const struct nlmsghdr *nlh)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct place place = { .destination = { .length = rtm->rtm_dst_len } };
	const struct nlattr *a[RTA_MAX + 1];

	netlink_parse(nlh, sizeof(*rtm), a, RTA_MAX);
	(void)attribute_address(a[RTA_DST], rtm->rtm_family, &place.destination.address);
	place.destination.address.family = rtm->rtm_family;
	place.table = route_message_table(rtm, a[RTA_TABLE]);
	return place;
}

static int touch(struct rtnetlink_plan *plan, const struct nlmsghdr *request)
{
	_cleanup_free_ struct place *place = malloc(sizeof(*place));
	struct place **found;

	if (!place)
		return -ENOMEM;
	*place = place_of(request);
	found = tsearch(place, &plan->places, compare_places);
	if (!found)
		return -ENOMEM;
	/* else there is one already */
	if (*found == place)
		*found = steal(&place);
	return 0;
}

bool rtnetlink_plan_touches(struct kernel_scope *scope, const struct hycan_prefix *destination, uint32_t table)
{
	return touches(netlink_rtnetlink_plan(scope), &(struct place){ .destination = *destination, .table = table });
}

/* ---------------------------------------------------------------------------------------------------------- comparing */

static bool same_attribute(const struct nlattr *a, const struct nlattr *b)
{
	if (!a || !b)
		return a == b;
	return mnl_attr_get_payload_len(a) == mnl_attr_get_payload_len(b) &&
	       memcmp(mnl_attr_get_payload(a), mnl_attr_get_payload(b), mnl_attr_get_payload_len(a)) == 0;
}

static bool same_address(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
	struct hycan_link_address x, y;
	uint32_t ifindex[2];

	return address_read(a, &x, &ifindex[0]) && address_read(b, &y, &ifindex[1]) && ifindex[0] == ifindex[1] &&
	       kernel_address_is(&x, &y.address);
}

static bool same_route(const struct nlmsghdr *a, const struct nlmsghdr *b, bool place)
{
	static const uint16_t differ[] = { RTA_OIF, RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH, RTA_PREFSRC };
	const struct rtmsg *x = mnl_nlmsg_get_payload(a), *y = mnl_nlmsg_get_payload(b);
	const struct nlattr *p[RTA_MAX + 1], *q[RTA_MAX + 1];
	bool same = x->rtm_family == y->rtm_family && x->rtm_dst_len == y->rtm_dst_len && x->rtm_src_len == y->rtm_src_len &&
	            x->rtm_tos == y->rtm_tos;

	/* there may be a million, and this is cheap */
	if (!same)
		return false;
	netlink_parse(a, sizeof(*x), p, RTA_MAX);
	netlink_parse(b, sizeof(*y), q, RTA_MAX);
	same = same_attribute(p[RTA_DST], q[RTA_DST]) && same_attribute(p[RTA_PRIORITY], q[RTA_PRIORITY]) &&
	       route_message_table(x, p[RTA_TABLE]) == route_message_table(y, q[RTA_TABLE]);
	if (place || !same)
		return same;
	for (size_t i = 0; i < sizeof(differ) / sizeof(*differ) && same; i++)
		same = same_attribute(p[differ[i]], q[differ[i]]);
	return same && x->rtm_type == y->rtm_type;
}

static bool same_rule(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
	const struct fib_rule_hdr *x = mnl_nlmsg_get_payload(a), *y = mnl_nlmsg_get_payload(b);
	const struct nlattr *p[FRA_MAX + 1], *q[FRA_MAX + 1];
	bool same = x->family == y->family && x->dst_len == y->dst_len && x->src_len == y->src_len && x->tos == y->tos &&
	            x->action == y->action;

	netlink_parse(a, sizeof(*x), p, FRA_MAX);
	netlink_parse(b, sizeof(*y), q, FRA_MAX);
	for (uint16_t i = 0; i <= FRA_MAX && same; i++)
		same = same_attribute(p[i], q[i]);
	return same;
}

/* The type of the messages in which the kernel tells of what a request makes or takes; 0: of something else. */
static uint16_t type_told(const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return RTM_NEWADDR;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return RTM_NEWROUTE;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return RTM_NEWRULE;
	}
	return 0;
}

static bool is_meant(const struct nlmsghdr *request, const struct nlmsghdr *told, bool place)
{
	uint16_t type = type_told(request);

	if (type != type_told(told))
		return false;
	if (type == RTM_NEWADDR)
		return same_address(told, request);
	return type == RTM_NEWRULE ? same_rule(told, request) : same_route(told, request, place);
}

/* Whether anything that is planned may be meant by what is told, or asked for. */
static bool may_be_meant(const struct rtnetlink_plan *plan, const struct nlmsghdr *nlh)
{
	const uint16_t type = type_told(nlh);
	struct place place;

	if (type != RTM_NEWROUTE)
		return type;
	place = place_of(nlh);
	return touches(plan, &place);
}

/* ------------------------------------------------------------------------------------------------------------- noting */

/* A copy, with what the kernel puts in. */
static struct nlmsghdr *copy(const struct nlmsghdr *request)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(request);
	const struct nlattr *a[RTA_MAX + 1];
	struct nlmsghdr *nlh = netlink_keep(request, MNL_ATTR_HDRLEN + sizeof(uint32_t));

	if (!nlh)
		return NULL;
	if (type_told(request) != RTM_NEWROUTE || rtm->rtm_family != AF_INET6)
		return nlh;
	netlink_parse(request, sizeof(*rtm), a, RTA_MAX);
	if (!a[RTA_PRIORITY])
		mnl_attr_put_u32(nlh, RTA_PRIORITY, KERNEL_ROUTE_METRIC_IPV6);
	return nlh;
}

static int put(struct rtnetlink_plan *plan, const struct nlmsghdr *request, enum going going)
{
	struct rtnetlink_planned p = { .going = going };

	if (type_told(request) == RTM_NEWROUTE && touch(plan, request) < 0)
		return -ENOMEM;
	if (array_grow(&plan->planned, plan->n, sizeof(*plan->planned)) < 0)
		return -ENOMEM;
	p.message = copy(request);
	if (!p.message)
		return -ENOMEM;
	plan->planned[plan->n++] = p;
	return 0;
}

/* Takes out what was to come, and will not. False: there is none. */
static bool take_out(struct rtnetlink_plan *plan, const struct nlmsghdr *request, bool place)
{
	if (!may_be_meant(plan, request))
		return false;
	for (size_t i = 0; i < plan->n; i++) {
		struct rtnetlink_planned *p = &plan->planned[i];

		if (p->going != GOING_NOT || !is_meant(request, p->message, place))
			continue;
		free(p->message);
		memmove(p, p + 1, (--plan->n - i) * sizeof(*p));
		return true;
	}
	return false;
}

/* Who asks for an address, or takes one away. */
static void tell_address(struct kernel_scope *scope, const struct nlmsghdr *request)
{
	struct hycan_planned_change change = { .action = HYCAN_CHANGE_ACTION_TAKE };
	char link[HYCAN_IFNAME_SIZE] = "", text[HYCAN_ADDRESS_TEXT_SIZE];
	struct hycan_link_address address;
	uint32_t ifindex;

	if (request->nlmsg_type == RTM_NEWADDR)
		change.action = HYCAN_CHANGE_ACTION_MAKE;
	if (!netlink_tells(scope) || type_told(request) != RTM_NEWADDR || !address_read(request, &address, &ifindex))
		return;
	/* the request may stand in the buffer in which the name is asked for */
	(void)kernel_link_name(scope, ifindex, link);
	snprintf(change.what, sizeof(change.what), "address %s %s", link,
	         hycan_prefix_format(&address.address, text, sizeof(text)));
	netlink_tell(scope, &change);
}

int rtnetlink_plan_request(struct kernel_scope *scope, const struct nlmsghdr *request)
{
	struct rtnetlink_plan *plan = netlink_rtnetlink_plan(scope);
	bool place = false;
	int r = 0;

	if (!type_told(request))
		return 0;
	if (request->nlmsg_type != type_told(request)) {
		r = take_out(plan, request, false) ? 0 : put(plan, request, GOING_SAME);
	} else {
		place = request->nlmsg_flags & NLM_F_REPLACE;
		if (place && !take_out(plan, request, true))
			r = put(plan, request, GOING_PLACE);
		if (r == 0)
			r = put(plan, request, GOING_NOT);
	}
	if (r == 0)
		tell_address(scope, request);
	return r;
}

/* ------------------------------------------------------------------------------------------------- what is on a link */

/* What the kernel makes by itself of a link that is up is there again when it is. */
static bool comes_back(struct kernel_scope *scope, uint32_t ifindex)
{
	const struct nlmsghdr *link = link_plan_find(scope, NULL, ifindex);

	return link && ((const struct ifinfomsg *)mnl_nlmsg_get_payload(link))->ifi_flags & IFF_UP;
}

static bool goes_with_address(struct kernel_scope *scope, const struct ifaddrmsg *ifa, const struct rtnetlink_gone *gone)
{
	if (ifa->ifa_index != gone->ifindex)
		return false;
	return !gone->down ||
	       (ifa->ifa_family == AF_INET6 && !(ifa->ifa_scope == RT_SCOPE_LINK && comes_back(scope, gone->ifindex)));
}

static bool goes_with_route(struct kernel_scope *scope, const struct nlmsghdr *told, const struct rtnetlink_gone *gone)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(told);
	const struct nlattr *a[RTA_MAX + 1];
	uint32_t over = 0;

	netlink_parse(told, sizeof(*rtm), a, RTA_MAX);
	if (!attribute_u32(a[RTA_OIF], &over) || over != gone->ifindex)
		return false;
	return !(gone->down && rtm->rtm_protocol == RTPROT_KERNEL && comes_back(scope, gone->ifindex));
}

/* Whether it goes with a link. */
static bool goes_with(struct kernel_scope *scope, const struct nlmsghdr *told, const struct rtnetlink_gone *gone)
{
	switch (told->nlmsg_type) {
	case RTM_NEWLINK:
		return !gone->down && ((const struct ifinfomsg *)mnl_nlmsg_get_payload(told))->ifi_index == (int)gone->ifindex;
	case RTM_NEWADDR:
		return goes_with_address(scope, mnl_nlmsg_get_payload(told), gone);
	case RTM_NEWROUTE:
		return goes_with_route(scope, told, gone);
	}
	return false;
}

/* The networks of a link that goes, in which gateways are reached over it. */
struct taking {
	struct kernel_scope *scope;
	struct rtnetlink_gone gone;
	struct hycan_prefix *network;
	size_t n;
};

static int take_address(const struct hycan_link_address *address, void *userdata)
{
	struct hycan_planned_change change = { .action = HYCAN_CHANGE_ACTION_TAKE };
	const bool is_local = address->has_scope && address->scope == HYCAN_SCOPE_LINK;
	struct taking *t = userdata;
	char text[HYCAN_ADDRESS_TEXT_SIZE];

	if (array_grow(&t->network, t->n, sizeof(*t->network)) < 0)
		return -ENOMEM;
	t->network[t->n++] = address->has_peer ? address->peer : address->address;
	/* link-local ones come and go with a link that is up, and nobody asks for them */
	if (is_local || (t->gone.down && address->address.address.family == AF_INET))
		return 0;
	hycan_prefix_format(&address->address, text, sizeof(text));
	snprintf(change.what, sizeof(change.what), "address %s %s", address->link, text);
	netlink_tell_along(t->scope, &change);
	return 0;
}

/* A route that does not say over which link it is. */
static bool has_gateway_in(const struct nlmsghdr *nlh, const struct taking *t)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[RTA_MAX + 1];
	struct hycan_prefix gateway = { 0 };
	bool is = false;

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return false;
	netlink_parse(nlh, sizeof(*rtm), a, RTA_MAX);
	if (a[RTA_OIF] || !attribute_address(a[RTA_GATEWAY], rtm->rtm_family, &gateway.address))
		return false;
	gateway.length = (uint8_t)(attribute_address_size(rtm->rtm_family) * 8);
	for (size_t i = 0; i < t->n && !is; i++)
		is = hycan_prefix_contains(&t->network[i], &gateway);
	return is;
}

static int take_planned(struct rtnetlink_plan *plan, const struct taking *t)
{
	size_t n = 0;

	if (array_grow(&plan->gone, plan->n_gone, sizeof(*plan->gone)) < 0)
		return -ENOMEM;
	plan->gone[plan->n_gone++] = t->gone;
	for (size_t i = 0; i < plan->n; i++) {
		const struct rtnetlink_planned *p = &plan->planned[i];

		if (p->going == GOING_NOT && (goes_with(t->scope, p->message, &t->gone) || has_gateway_in(p->message, t)))
			free(p->message);
		else
			plan->planned[n++] = *p;
	}
	plan->n = n;
	return 0;
}

int rtnetlink_plan_take_link(struct kernel_scope *scope, uint32_t ifindex, const char *name, bool down)
{
	struct taking t = { .scope = scope, .gone = { .ifindex = ifindex, .down = down } };
	int r = kernel_address_list(scope, name, 0, take_address, &t);

	if (r == 0)
		r = take_planned(netlink_rtnetlink_plan(scope), &t);
	free(t.network);
	return r;
}

bool rtnetlink_plan_lacks_link(struct kernel_scope *scope, uint32_t ifindex)
{
	const struct rtnetlink_plan *plan = netlink_rtnetlink_plan(scope);
	bool lacks = false;

	for (size_t i = 0; i < plan->n_gone && !lacks; i++)
		lacks = plan->gone[i].ifindex == ifindex && !plan->gone[i].down;
	return lacks;
}

/* ------------------------------------------------------------------------------------------------------------ telling */

bool rtnetlink_plan_is_any(struct kernel_scope *scope)
{
	const struct rtnetlink_plan *plan = netlink_rtnetlink_plan(scope);

	return plan->n > 0 || plan->n_gone > 0;
}

bool rtnetlink_plan_takes_links(struct kernel_scope *scope)
{
	return netlink_rtnetlink_plan(scope)->n_gone > 0;
}

bool rtnetlink_plan_hides(struct kernel_scope *scope, const struct nlmsghdr *told)
{
	const struct rtnetlink_plan *plan = netlink_rtnetlink_plan(scope);
	bool hidden = false;

	for (size_t i = 0; i < plan->n_gone && !hidden; i++)
		hidden = goes_with(scope, told, &plan->gone[i]);
	if (hidden || !may_be_meant(plan, told))
		return hidden;
	for (size_t i = 0; i < plan->n && !hidden; i++) {
		const struct rtnetlink_planned *p = &plan->planned[i];

		hidden = p->going != GOING_NOT && is_meant(p->message, told, p->going == GOING_PLACE);
	}
	return hidden;
}

int rtnetlink_plan_list(struct kernel_scope *scope, uint16_t type, netlink_answer *answer, void *userdata)
{
	const struct rtnetlink_plan *plan = netlink_rtnetlink_plan(scope);
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++) {
		const struct rtnetlink_planned *p = &plan->planned[i];

		if (p->going == GOING_NOT && p->message->nlmsg_type == type)
			r = answer(p->message, userdata);
	}
	return r;
}

void rtnetlink_plan_forget(struct kernel_scope *scope)
{
	struct rtnetlink_plan *plan = netlink_rtnetlink_plan(scope);

	for (size_t i = 0; i < plan->n; i++)
		free(plan->planned[i].message);
	free(plan->planned);
	tdestroy(plan->places, free);
	free(plan->gone);
	*plan = (struct rtnetlink_plan){ 0 };
}

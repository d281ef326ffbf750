/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request to change a link has the attributes in which the kernel tells of it, so a link as it is planned is the kernel's
 * message with those of the requests in place of its own. A new one is its request, with what its kind brings along.
 *
 * What this file does not do: know what a change of one link does to others, but for those that stand on it (link_standing.h).
 */
#include <errno.h>
#include <linux/can.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "cleanup.h"
#include "link.h"
#include "link_plan.h"
#include "link_read.h"
#include "link_standing.h"
#include "netlink.h"
#include "rtnetlink_plan.h"
#include "wireguard_plan.h"

/* The kernel counts from 1; it will not come here. */
#define FIRST UINT32_C(0x70000000)

/* VLANs one on another, at most: with the link below them the kernel lets so many be (MAX_NEST_DEV, net/core/dev.c). */
#define NEST_MAX 7

/* What new links have of themselves. */
#define TXQUEUELEN    1000u
#define WIREGUARD_MTU 1420u

struct link_planned {
	struct nlmsghdr *message;
	char former[HYCAN_IFNAME_SIZE]; /* what the kernel calls it; "": it has none of it */
};

/* ------------------------------------------------------------------------------------------------------------ finding */

static uint32_t index_of(const struct nlmsghdr *nlh)
{
	return (uint32_t)((const struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index;
}

static const char *name_of(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			return mnl_attr_get_str(attr);
	return "";
}

static struct link_planned *find(struct kernel_scope *scope, const char *name, uint32_t ifindex)
{
	const struct link_plan *plan = netlink_plan(scope);

	for (size_t i = 0; i < plan->n; i++)
		if (name ? strcmp(name_of(plan->link[i].message), name) == 0 : index_of(plan->link[i].message) == ifindex)
			return &plan->link[i];
	return NULL;
}

const struct nlmsghdr *link_plan_find(struct kernel_scope *scope, const char *name, uint32_t ifindex)
{
	const struct link_planned *planned = find(scope, name, ifindex);

	return planned ? planned->message : NULL;
}

bool link_plan_is_any(struct kernel_scope *scope)
{
	return netlink_plan(scope)->n > 0;
}

bool link_plan_is_made_up(uint32_t ifindex)
{
	return ifindex >= FIRST;
}

const char *link_plan_kernel_name(struct kernel_scope *scope, uint32_t ifindex)
{
	const struct link_planned *planned = find(scope, NULL, ifindex);

	return planned && planned->former[0] ? planned->former : NULL;
}

int link_plan_list(struct kernel_scope *scope, int (*answer)(const struct nlmsghdr *nlh, void *userdata), void *userdata)
{
	const struct link_plan *plan = netlink_plan(scope);
	int r = 0;

	for (size_t i = 0; i < plan->n && r == 0; i++)
		if (!plan->link[i].former[0])
			r = answer(plan->link[i].message, userdata);
	return r;
}

static int keep_message(const struct nlmsghdr *nlh, void *userdata)
{
	struct nlmsghdr **message = userdata;

	if (nlh->nlmsg_type != RTM_NEWLINK || *message)
		return 0;
	*message = netlink_keep(nlh, 0);
	return *message ? 0 : -ENOMEM;
}

/* A link as it is by now, by its name, or by its number where it has one. */
static int read_link(struct kernel_scope *scope, const char *name, uint32_t ifindex, struct nlmsghdr **ret_message)
{
	struct nlmsghdr *nlh = link_message(scope, RTM_GETLINK, 0, ifindex ? NULL : name);
	_cleanup_free_ struct nlmsghdr *message = NULL;
	int r;

	((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index = (int)ifindex;
	link_message_brief(nlh);
	r = netlink_request(scope, NETLINK_ROUTE, nlh, keep_message, &message);
	if (r < 0)
		return r;
	if (!message)
		return -ENODEV;
	*ret_message = steal(&message);
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------- noting */

/* What differs, for who wants to know what would be done. */
static void tell_change(struct kernel_scope *scope, const struct hycan_link *is, const struct hycan_link *will_be, bool along)
{
	struct hycan_planned_change change = { .action = HYCAN_CHANGE_ACTION_CHANGE };

	snprintf(change.what, sizeof(change.what), "link %s", is->name);
	if (strcmp(is->name, will_be->name) != 0)
		netlink_tell_values(&change, "", is->name, will_be->name);
	if (is->up != will_be->up)
		netlink_tell_values(&change, "", is->up ? "up" : "down", will_be->up ? "up" : "down");
	if (is->mtu != will_be->mtu) {
		char was[16], becomes[16];

		snprintf(was, sizeof(was), "%u", is->mtu);
		snprintf(becomes, sizeof(becomes), "%u", will_be->mtu);
		netlink_tell_values(&change, "mtu ", was, becomes);
	}
	if (change.has_was)
		(along ? netlink_tell_along : netlink_tell)(scope, &change);
}

/* Takes over the message. */
static int put(struct kernel_scope *scope, struct nlmsghdr *message, const char *former)
{
	struct link_plan *plan = netlink_plan(scope);
	struct link_planned *planned = find(scope, NULL, index_of(message));

	if (!planned) {
		if (array_grow(&plan->link, plan->n, sizeof(*plan->link)) < 0) {
			free(message);
			return -ENOMEM;
		}
		planned = &plan->link[plan->n++];
		*planned = (struct link_planned){ 0 };
		snprintf(planned->former, sizeof(planned->former), "%s", former);
	}
	free(planned->message);
	planned->message = message;
	return 0;
}

static int follow(struct kernel_scope *scope, const struct hycan_link *before, const struct hycan_link *after);

/* along: it goes along with the change of another link. */
static int note_change(struct kernel_scope *scope, const struct nlmsghdr *request, bool along)
{
	_cleanup_free_ struct nlmsghdr *is = NULL, *will_be = NULL;
	struct hycan_link before, after;
	uint32_t ignored[2];
	int r = read_link(scope, name_of(request), index_of(request), &is);

	if (r < 0)
		return r;
	will_be = link_merge(is, request);
	if (!will_be)
		return -ENOMEM;
	link_read(is, &before, &ignored[0], &ignored[1]);
	link_read(will_be, &after, &ignored[0], &ignored[1]);
	tell_change(scope, &before, &after, along);
	r = put(scope, steal(&will_be), before.name);
	if (r == 0 && before.up && !after.up)
		r = rtnetlink_plan_take_link(scope, after.ifindex, after.name, true);
	return r == 0 ? follow(scope, &before, &after) : r;
}

/* What a change of a link changes of those on it, each of which may have others on it. */
static int follow(struct kernel_scope *scope, const struct hycan_link *before, const struct hycan_link *after)
{
	_cleanup_free_ struct link_standing *standing = NULL;
	const bool turns = before->up != after->up, shrinks = after->mtu < before->mtu;
	size_t n = 0;
	int r = turns || shrinks ? link_standing_on(scope, after->ifindex, &standing, &n) : 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		_Alignas(NLMSG_ALIGNTO) uint8_t buffer[64] = { 0 };
		struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
		struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
		const bool turned = turns && standing[i].goes_up;
		const bool shrunk = shrinks && standing[i].shrinks && standing[i].link.mtu > after->mtu;

		ifi->ifi_index = (int)standing[i].link.ifindex;
		if (turned)
			link_message_up(nlh, after->up);
		if (shrunk)
			mnl_attr_put_u32(nlh, IFLA_MTU, after->mtu);
		if (turned || shrunk)
			r = note_change(scope, nlh, true);
	}
	return r;
}

/* Says whether the link is gone. */
static int tell_link(struct kernel_scope *scope, const char *name, enum hycan_change_action action)
{
	struct hycan_planned_change change = { .action = action };

	snprintf(change.what, sizeof(change.what), "link %s", name);
	netlink_tell(scope, &change);
	return 0;
}

/* 0, or -EMLINK, as the kernel would say of one more VLAN there; so what goes along with a link is never told deeper than that. */
static int check_nesting(struct kernel_scope *scope, uint32_t on)
{
	for (unsigned int n = 0; on; n++) {
		_cleanup_free_ struct nlmsghdr *message = NULL;
		struct hycan_link link;
		uint32_t master;
		int r = read_link(scope, NULL, on, &message);

		/* one in another network namespace ends what can be seen of it */
		if (r < 0)
			return n > 0 && r == -ENODEV ? 0 : r;
		link_read(message, &link, &on, &master);
		if (strcmp(link.kind, "vlan") != 0)
			return 0;
		if (n + 1 == NEST_MAX)
			return -EMLINK;
	}
	return 0;
}

/* What a link of its kind has before it is given anything; a VLAN has it of the link that it stands on. */
static int begin_new(struct kernel_scope *scope, const struct hycan_link *link, uint32_t parent, void *buffer, size_t size)
{
	_cleanup_free_ struct nlmsghdr *message = NULL;
	struct hycan_link under = { .mtu = CANFD_MTU };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	uint32_t ignored[2];
	int r = parent ? read_link(scope, NULL, parent, &message) : 0;

	if (r < 0)
		return r;
	if (parent)
		link_read(message, &under, &ignored[0], &ignored[1]);
	else if (strcmp(link->kind, "wireguard") == 0)
		under.mtu = WIREGUARD_MTU;
	ifi->ifi_index = (int)(FIRST + netlink_plan(scope)->n_made_up++);
	if (!mnl_attr_put_u32_check(nlh, size, IFLA_MTU, under.mtu) || !mnl_attr_put_u32_check(nlh, size, IFLA_TXQLEN, TXQUEUELEN))
		return -EMSGSIZE;
	if (under.has_mac && !mnl_attr_put_check(nlh, size, IFLA_ADDRESS, sizeof(under.mac), &under.mac))
		return -EMSGSIZE;
	return 0;
}

static int note_new(struct kernel_scope *scope, const struct nlmsghdr *request)
{
	_Alignas(NLMSG_ALIGNTO) uint8_t buffer[256] = { 0 };
	struct nlmsghdr *message;
	struct hycan_link link;
	uint32_t parent, master;
	int r;

	link_read(request, &link, &parent, &master);
	r = check_nesting(scope, parent);
	if (r < 0)
		return r;
	r = begin_new(scope, &link, parent, buffer, sizeof(buffer));
	if (r < 0)
		return r;
	message = link_merge((struct nlmsghdr *)buffer, request);
	if (!message)
		return -ENOMEM;
	(void)tell_link(scope, link.name, HYCAN_CHANGE_ACTION_MAKE);
	return put(scope, message, "");
}

/* Gives a planned link that number as what it stands on, and what else is in the request. */
static int stand_on(struct kernel_scope *scope, const struct nlmsghdr *is, struct nlmsghdr *request, uint32_t ifindex, int number)
{
	struct nlmsghdr *message;

	mnl_attr_put_u32(request, IFLA_LINK, ifindex);
	message = link_merge(is, request);
	if (!message)
		return -ENOMEM;
	((struct ifinfomsg *)mnl_nlmsg_get_payload(message))->ifi_index = number;
	return put(scope, message, "");
}

int link_plan_pair(struct kernel_scope *scope, const char *name, const char *peer)
{
	const uint32_t number = FIRST + (uint32_t)netlink_plan(scope)->n_made_up++;
	const struct nlmsghdr *message = link_plan_find(scope, name, 0);
	int r;

	if (!message)
		return -ENODEV;
	r = stand_on(scope, message, link_message(scope, RTM_NEWLINK, 0, peer), index_of(message), (int)number);
	message = link_plan_find(scope, name, 0);
	if (r < 0)
		return r;
	(void)tell_link(scope, peer, HYCAN_CHANGE_ACTION_MAKE);
	return stand_on(scope, message, link_message(scope, RTM_NEWLINK, 0, NULL), number, (int)index_of(message));
}

/* -------------------------------------------------------------------------------------------------------------- going */

static void drop(struct kernel_scope *scope, uint32_t ifindex)
{
	struct link_plan *plan = netlink_plan(scope);
	struct link_planned *planned = find(scope, NULL, ifindex);

	if (!planned)
		return;
	free(planned->message);
	*planned = plan->link[--plan->n];
}

static int take(struct kernel_scope *scope, uint32_t ifindex, const char *name)
{
	int r = rtnetlink_plan_take_link(scope, ifindex, name, false);

	if (r == 0)
		r = tell_link(scope, name, HYCAN_CHANGE_ACTION_TAKE);
	/* the name may be in the message */
	if (r == 0)
		drop(scope, ifindex);
	return r;
}

/* Both ends of a pair stand on each other. True: there may be more that stand on those. */
static int take_standing(struct kernel_scope *scope, bool *ret_more)
{
	_cleanup_free_ struct link_standing *standing = NULL;
	size_t n = 0;
	int r = link_standing_on(scope, 0, &standing, &n);

	for (size_t i = 0; i < n && r == 0; i++)
		r = take(scope, standing[i].link.ifindex, standing[i].link.name);
	*ret_more = n > 0;
	return r;
}

static int note_gone(struct kernel_scope *scope, const struct nlmsghdr *request)
{
	_cleanup_free_ struct nlmsghdr *is = NULL;
	bool more = true;
	int r = read_link(scope, name_of(request), index_of(request), &is);

	if (r == 0)
		r = take(scope, index_of(is), name_of(is));
	while (r == 0 && more)
		r = take_standing(scope, &more);
	return r;
}

int link_plan_request(struct kernel_scope *scope, const struct nlmsghdr *request)
{
	_cleanup_free_ struct nlmsghdr *copy = NULL;

	if (request->nlmsg_type != RTM_NEWLINK && request->nlmsg_type != RTM_DELLINK)
		return 0;
	/* it may stand in the buffer that other requests are built in */
	copy = malloc(request->nlmsg_len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, request, request->nlmsg_len);
	if (copy->nlmsg_type == RTM_DELLINK)
		return note_gone(scope, copy);
	return copy->nlmsg_flags & NLM_F_CREATE ? note_new(scope, copy) : note_change(scope, copy, false);
}

void kernel_scope_forget_plan(struct kernel_scope *scope)
{
	struct link_plan *plan = netlink_plan(scope);

	for (size_t i = 0; i < plan->n; i++)
		free(plan->link[i].message);
	free(plan->link);
	free(plan->forwarding);
	*plan = (struct link_plan){ 0 };
	nft_plan_forget(scope);
	rtnetlink_plan_forget(scope);
	wireguard_plan_forget(scope);
}

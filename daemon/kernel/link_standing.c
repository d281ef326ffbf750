/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A link names another one (IFLA_LINK) that it stands on, and goes with: a VLAN, the other end of a pair. Only tunnels name
 * the one that their packets take, and stay without it. A VXLAN names it among what its kind alone has.
 *
 * VLANs follow the one that they stand on (net/8021q/vlan.c): down with it, and up again whatever they were before, and with no
 * larger mtu; that those of macvlan have, too (drivers/net/macvlan.c).
 *
 * What this file does not do: know of links that are taken into another one (IFLA_MASTER), which stay, too; nor that a bridge and
 * those of ipvlan have the mtu of what is below them, and those of macsec a little less.
 */
#include <errno.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "attribute.h"
#include "link_read.h"
#include "link_standing.h"
#include "rtnetlink_plan.h"

static bool is_tunnel(const char *kind)
{
	static const char *const tunnels[] = { "erspan", "gre",  "gretap", "ip6erspan", "ip6gre", "ip6gretap",
		                               "ip6tnl", "ipip", "sit",    "vti",       "vti6",   "xfrm" };

	for (size_t i = 0; i < sizeof(tunnels) / sizeof(*tunnels); i++)
		if (strcmp(kind, tunnels[i]) == 0)
			return true;
	return false;
}

/* The number of the link that it stands on; 0: on none. */
static uint32_t stands_on(const struct nlmsghdr *nlh, const struct hycan_link *link, uint32_t named)
{
	const struct nlattr *data = link_read_data(nlh, "vxlan"), *a[IFLA_VXLAN_MAX + 1];
	uint32_t under = 0;

	if (!data)
		return is_tunnel(link->kind) ? 0 : named;
	netlink_parse_nested(data, a, IFLA_VXLAN_MAX);
	(void)attribute_u32(a[IFLA_VXLAN_LINK], &under);
	return under;
}

/* A VLAN, unless it is bound loosely (ip-link(8)). */
static bool goes_up(const struct nlmsghdr *nlh)
{
	const struct nlattr *data = link_read_data(nlh, "vlan"), *a[IFLA_VLAN_MAX + 1];
	struct ifla_vlan_flags flags = { 0 };

	if (!data)
		return false;
	netlink_parse_nested(data, a, IFLA_VLAN_MAX);
	(void)attribute_bytes(a[IFLA_VLAN_FLAGS], &flags, sizeof(flags));
	return !(flags.flags & VLAN_FLAG_LOOSE_BINDING);
}

static bool shrinks(const char *kind)
{
	return strcmp(kind, "vlan") == 0 || strcmp(kind, "macvlan") == 0 || strcmp(kind, "macvtap") == 0;
}

/* Links are collected, since nothing can be asked while a list is read. */
struct search {
	struct kernel_scope *scope;
	uint32_t ifindex; /* what they stand on; 0: one that is planned to go */
	struct link_standing *found;
	size_t n;
};

static int find_standing(const struct nlmsghdr *nlh, void *userdata)
{
	struct search *s = userdata;
	uint32_t named, master, under;
	struct hycan_link link;

	link_read(nlh, &link, &named, &master);
	under = stands_on(nlh, &link, named);
	if (!under || (s->ifindex ? under != s->ifindex : !rtnetlink_plan_lacks_link(s->scope, under)))
		return 0;
	if (array_grow(&s->found, s->n, sizeof(*s->found)) < 0)
		return -ENOMEM;
	s->found[s->n++] = (struct link_standing){ .link = link, .goes_up = goes_up(nlh), .shrinks = shrinks(link.kind) };
	return 0;
}

int link_standing_on(struct kernel_scope *scope, uint32_t ifindex, struct link_standing **ret_standing, size_t *ret_n)
{
	struct search s = { .scope = scope, .ifindex = ifindex };
	struct nlmsghdr *nlh = link_message(scope, RTM_GETLINK, NLM_F_DUMP, NULL);
	int r;

	link_message_brief(nlh);
	r = netlink_request(scope, NETLINK_ROUTE, nlh, find_standing, &s);
	if (r < 0) {
		free(s.found);
		return r;
	}
	*ret_standing = s.found;
	*ret_n = s.n;
	return 0;
}

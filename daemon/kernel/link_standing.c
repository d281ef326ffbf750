/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A link names another one (IFLA_LINK) that it stands on, and goes with: a VLAN, the other end of a pair. Only tunnels name
 * the one that their packets take, and stay without it. A VXLAN names it among what its kind alone has.
 *
 * What this file does not do: know of links that are taken into another one (IFLA_MASTER), which stay, too.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>

#include "array.h"
#include "attribute.h"
#include "cleanup.h"
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

/* Links are collected, since nothing can be asked while a list is read. */
struct standing {
	struct kernel_scope *scope;
	struct hycan_link *link;
	size_t n;
};

static int find_on_gone(const struct nlmsghdr *nlh, void *userdata)
{
	struct standing *s = userdata;
	uint32_t named, master, under;
	struct hycan_link link;

	link_read(nlh, &link, &named, &master);
	under = stands_on(nlh, &link, named);
	if (!under || !rtnetlink_plan_lacks_link(s->scope, under))
		return 0;
	if (array_grow(&s->link, s->n, sizeof(*s->link)) < 0)
		return -ENOMEM;
	s->link[s->n++] = link;
	return 0;
}

int link_standing_on_gone(struct kernel_scope *scope, struct hycan_link **ret_links, size_t *ret_n)
{
	struct standing s = { .scope = scope };
	struct nlmsghdr *nlh = link_message(scope, RTM_GETLINK, NLM_F_DUMP, NULL);
	_cleanup_free_ void *memory = NULL;
	int r;

	link_message_brief(nlh);
	r = netlink_request(scope, NETLINK_ROUTE, nlh, find_on_gone, &s);
	memory = s.link;
	if (r < 0)
		return r;
	*ret_links = steal(&memory);
	*ret_n = s.n;
	return 0;
}

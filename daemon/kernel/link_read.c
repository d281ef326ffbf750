/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading links.
 *
 * A link message names other links by number. Where one link is asked for, a number is turned into a name by asking for
 * that link; where all are listed, by a table that one more dump fills. What this file does not do: know what only one
 * kind of link has; that stands in the file of the kind.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "cleanup.h"
#include "link.h"
#include "link_read.h"

static void copy_text(char *to, size_t size, const struct nlattr *attr)
{
	size_t n = mnl_attr_get_payload_len(attr);

	n = strnlen(mnl_attr_get_payload(attr), n < size ? n : size - 1);
	memcpy(to, mnl_attr_get_payload(attr), n);
	to[n] = '\0';
}

const struct nlattr *link_read_data(const struct nlmsghdr *nlh, const char *kind)
{
	const struct nlattr *a[IFLA_MAX + 1], *info[IFLA_INFO_MAX + 1];

	netlink_parse(nlh, sizeof(struct ifinfomsg), a, IFLA_MAX);
	if (!a[IFLA_LINKINFO])
		return NULL;
	netlink_parse_nested(a[IFLA_LINKINFO], info, IFLA_INFO_MAX);
	if (!info[IFLA_INFO_KIND] || strcmp(mnl_attr_get_str(info[IFLA_INFO_KIND]), kind) != 0)
		return NULL;
	return info[IFLA_INFO_DATA];
}

static void read_info(const struct nlattr *info, struct hycan_link *link)
{
	const struct nlattr *a[IFLA_INFO_MAX + 1];

	netlink_parse_nested(info, a, IFLA_INFO_MAX);
	if (!a[IFLA_INFO_KIND])
		return;
	link->has_kind = true;
	copy_text(link->kind, sizeof(link->kind), a[IFLA_INFO_KIND]);
	if (!a[IFLA_INFO_DATA])
		return;
	if (strcmp(link->kind, "vlan") == 0)
		vlan_read(a[IFLA_INFO_DATA], link);
	if (strcmp(link->kind, "can") == 0) {
		link->has_can = true;
		can_read(a[IFLA_INFO_DATA], &link->can);
	}
}

static void read_statistics(const struct nlattr *attr, struct hycan_link *link)
{
	struct rtnl_link_stats64 s;

	netlink_copy(attr, &s, sizeof(s));
	link->has_statistics = true;
	link->statistics = (struct hycan_link_statistics){
		.rx_packets = s.rx_packets,
		.tx_packets = s.tx_packets,
		.rx_bytes = s.rx_bytes,
		.tx_bytes = s.tx_bytes,
		.rx_errors = s.rx_errors,
		.tx_errors = s.tx_errors,
		.rx_dropped = s.rx_dropped,
		.tx_dropped = s.tx_dropped,
	};
}

void link_read(const struct nlmsghdr *nlh, struct hycan_link *link, uint32_t *ret_parent, uint32_t *ret_master)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[IFLA_MAX + 1];

	memset(link, 0, sizeof(*link));
	netlink_parse(nlh, sizeof(*ifi), a, IFLA_MAX);
	link->ifindex = (uint32_t)ifi->ifi_index;
	link->flags = ifi->ifi_flags;
	link->up = ifi->ifi_flags & IFF_UP;
	if (a[IFLA_IFNAME])
		copy_text(link->name, sizeof(link->name), a[IFLA_IFNAME]);
	if (a[IFLA_MTU])
		link->mtu = mnl_attr_get_u32(a[IFLA_MTU]);
	if (a[IFLA_OPERSTATE])
		link->operstate = mnl_attr_get_u8(a[IFLA_OPERSTATE]);
	if (a[IFLA_TXQLEN])
		link->txqueuelen = mnl_attr_get_u32(a[IFLA_TXQLEN]);
	if (a[IFLA_ADDRESS] && mnl_attr_get_payload_len(a[IFLA_ADDRESS]) == sizeof(link->mac)) {
		link->has_mac = true;
		memcpy(&link->mac, mnl_attr_get_payload(a[IFLA_ADDRESS]), sizeof(link->mac));
	}
	if (a[IFLA_IFALIAS]) {
		link->has_alias = true;
		copy_text(link->alias, sizeof(link->alias), a[IFLA_IFALIAS]);
	}
	if (a[IFLA_STATS64])
		read_statistics(a[IFLA_STATS64], link);
	if (a[IFLA_LINKINFO])
		read_info(a[IFLA_LINKINFO], link);
	/* a parent in another namespace has a number that means nothing here */
	*ret_parent = a[IFLA_LINK] && !a[IFLA_LINK_NETNSID] ? mnl_attr_get_u32(a[IFLA_LINK]) : 0;
	*ret_master = a[IFLA_MASTER] ? mnl_attr_get_u32(a[IFLA_MASTER]) : 0;
	if (*ret_parent == link->ifindex)
		*ret_parent = 0;
}

struct listing {
	const struct kernel_link_names *names;
	kernel_link_found *found;
	void *userdata;
	const char *kind;
};

static int list_answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct listing *l = userdata;
	struct hycan_link link;
	uint32_t parent, master;
	const char *name;

	link_read(nlh, &link, &parent, &master);
	/* the kernel leaves the filter aside for a kind whose module is not loaded */
	if (l->kind && strcmp(link.kind, l->kind) != 0)
		return 0;
	name = kernel_link_names_find(l->names, parent);
	if (name) {
		link.has_parent = true;
		memcpy(link.parent, name, sizeof(link.parent));
	}
	name = kernel_link_names_find(l->names, master);
	if (name) {
		link.has_master = true;
		memcpy(link.master, name, sizeof(link.master));
	}
	return l->found(&link, l->userdata);
}

int kernel_link_list(struct kernel_scope *scope, const char *kind, kernel_link_found *found, void *userdata)
{
	_cleanup_(kernel_link_names_free) struct kernel_link_names *names = NULL;
	struct listing l = { .found = found, .userdata = userdata, .kind = kind };
	struct nlmsghdr *nlh;
	int r;

	r = kernel_link_names_read(scope, &names);
	if (r < 0)
		return r;
	l.names = names;
	nlh = link_message(scope, RTM_GETLINK, NLM_F_DUMP, NULL);
	if (kind) {
		struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);

		mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
		mnl_attr_nest_end(nlh, info);
	}
	return netlink_request(scope, NETLINK_ROUTE, nlh, list_answer, &l);
}

struct single {
	struct hycan_link link;
	uint32_t parent;
	uint32_t master;
};

static int single_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct single *s = userdata;

	link_read(nlh, &s->link, &s->parent, &s->master);
	return 0;
}

/* The name of the link that another one stands on, or belongs to; one that is gone by now has none. */
static int name_other(struct kernel_scope *scope, uint32_t ifindex, bool *ret_has, char *ret_name)
{
	int r = ifindex ? kernel_link_name(scope, ifindex, ret_name) : -ENODEV;

	*ret_has = r == 0;
	return r == -ENODEV ? 0 : r;
}

int kernel_link_get(struct kernel_scope *scope, const char *name, struct hycan_link *ret_link)
{
	struct single s = { 0 };
	int r;

	r = netlink_request(scope, NETLINK_ROUTE, link_message(scope, RTM_GETLINK, 0, name), single_answer, &s);
	if (r < 0)
		return r;
	r = name_other(scope, s.parent, &s.link.has_parent, s.link.parent);
	if (r == 0)
		r = name_other(scope, s.master, &s.link.has_master, s.link.master);
	if (r == 0)
		*ret_link = s.link;
	return r;
}

/* A link that was just made and cannot be seen is taken away again: who is told that it failed must not have made it. */
static int read_created(struct kernel_scope *scope, const char *name, struct single *s)
{
	int r = netlink_request(scope, NETLINK_ROUTE, link_message(scope, RTM_GETLINK, 0, name), single_answer, s);

	if (r < 0)
		r = netlink_request(scope, NETLINK_ROUTE, link_message(scope, RTM_GETLINK, 0, name), single_answer, s);
	if (r < 0)
		(void)netlink_request(scope, NETLINK_ROUTE, link_message(scope, RTM_DELLINK, 0, name), NULL, NULL);
	return r;
}

int link_create(struct kernel_scope *scope, struct nlmsghdr *nlh, const char *name, const char *parent, struct hycan_link *ret_link)
{
	struct single s = { 0 };
	int r;

	nlh->nlmsg_flags |= NLM_F_ECHO;
	r = netlink_request(scope, NETLINK_ROUTE, nlh, single_answer, &s);
	if (r < 0)
		return r;
	if (netlink_is_held(scope))
		return kernel_link_get(scope, name, ret_link);
	/* before Linux 6.2 a new link is not echoed */
	if (strcmp(s.link.name, name) != 0)
		r = read_created(scope, name, &s);
	if (r < 0)
		return r;
	if (parent && s.parent) {
		s.link.has_parent = true;
		strncpy(s.link.parent, parent, sizeof(s.link.parent) - 1);
	}
	*ret_link = s.link;
	return 0;
}

int kernel_link_index(struct kernel_scope *scope, const char *name, uint32_t *ret_ifindex)
{
	struct nlmsghdr *nlh = link_message(scope, RTM_GETLINK, 0, name);
	struct single s = { 0 };
	int r;

	link_message_brief(nlh);
	r = netlink_request(scope, NETLINK_ROUTE, nlh, single_answer, &s);
	if (r < 0)
		return r;
	*ret_ifindex = s.link.ifindex;
	return 0;
}

int kernel_link_name(struct kernel_scope *scope, uint32_t ifindex, char ret_name[static HYCAN_IFNAME_SIZE])
{
	struct nlmsghdr *nlh = link_message(scope, RTM_GETLINK, 0, NULL);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct single s = { 0 };
	int r;

	ifi->ifi_index = (int)ifindex;
	link_message_brief(nlh);
	r = netlink_request(scope, NETLINK_ROUTE, nlh, single_answer, &s);
	if (r < 0)
		return r;
	memcpy(ret_name, s.link.name, HYCAN_IFNAME_SIZE);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VLAN links. What this file leaves alone: the maps of priorities and the flags of a VLAN link. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "link.h"
#include "link_read.h"
#include "vlan.h"

void vlan_read(const struct nlattr *data, struct hycan_link *link)
{
	const struct nlattr *a[IFLA_VLAN_MAX + 1];

	netlink_parse_nested(data, a, IFLA_VLAN_MAX);
	if (a[IFLA_VLAN_ID]) {
		link->has_vlan_id = true;
		link->vlan_id = mnl_attr_get_u16(a[IFLA_VLAN_ID]);
	}
	if (a[IFLA_VLAN_PROTOCOL]) {
		link->has_vlan_protocol = true;
		link->vlan_protocol = (enum hycan_vlan_protocol)ntohs(mnl_attr_get_u16(a[IFLA_VLAN_PROTOCOL]));
	}
}

int kernel_vlan_create(struct kernel_scope *scope, const char *name, const char *parent, uint16_t vlan_id,
                       enum hycan_vlan_protocol protocol, uint32_t mtu, struct hycan_link *ret_link)
{
	struct nlattr *info, *data;
	struct nlmsghdr *nlh;
	uint32_t ifindex;
	int r;

	r = kernel_link_index(scope, parent, &ifindex);
	if (r < 0)
		return r;
	nlh = link_message_create(scope, name, "vlan", &info);
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u16(nlh, IFLA_VLAN_ID, vlan_id);
	mnl_attr_put_u16(nlh, IFLA_VLAN_PROTOCOL, htons((uint16_t)protocol));
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	mnl_attr_put_u32(nlh, IFLA_LINK, ifindex);
	if (mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	return link_create(scope, nlh, name, parent, ret_link);
}

struct search {
	const char *parent;
	uint16_t vlan_id;
	enum hycan_vlan_protocol protocol;
	char name[HYCAN_IFNAME_SIZE];
};

static int compare(const struct hycan_link *link, void *userdata)
{
	struct search *s = userdata;

	if (link->has_parent && strcmp(link->parent, s->parent) == 0 && link->vlan_id == s->vlan_id &&
	    link->vlan_protocol == s->protocol)
		memcpy(s->name, link->name, sizeof(s->name));
	return 0;
}

int kernel_vlan_find(struct kernel_scope *scope, const char *parent, uint16_t vlan_id, enum hycan_vlan_protocol protocol,
                     char ret_name[static HYCAN_IFNAME_SIZE])
{
	struct search s = { .parent = parent, .vlan_id = vlan_id, .protocol = protocol };
	int r;

	r = kernel_link_list(scope, "vlan", compare, &s);
	/* links that come and go meanwhile do not make what was found wrong */
	if (r < 0 && r != -EINTR)
		return r;
	if (!s.name[0])
		return -ENODEV;
	memcpy(ret_name, s.name, sizeof(s.name));
	return 0;
}

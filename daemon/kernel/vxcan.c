/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pairs of virtual CAN links.
 *
 * The message for one end carries that for the other, header and all. Afterwards each end has the other as its parent
 * (IFLA_LINK), and deleting one deletes both.
 */
#include <linux/can/vxcan.h>
#include <linux/rtnetlink.h>

#include "link_read.h"
#include "vxcan.h"

int kernel_vxcan_create(struct kernel_scope *scope, const char *name, const char *peer, uint32_t mtu, struct hycan_link *ret_link)
{
	struct nlattr *info, *data, *end;
	struct nlmsghdr *nlh = link_message_create(scope, name, "vxcan", &info);
	int r;

	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	end = mnl_attr_nest_start(nlh, VXCAN_INFO_PEER);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, peer);
	if (mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	mnl_attr_nest_end(nlh, end);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	if (mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	r = link_create(scope, nlh, name, peer, ret_link);
	if (r == 0 && netlink_is_held(scope)) {
		r = link_plan_pair(scope, name, peer);
		r = r == 0 ? kernel_link_get(scope, name, ret_link) : r;
	}
	return r;
}

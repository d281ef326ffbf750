/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A link as a request makes it: the kernel's message with the attributes of the request in place of its own. */
#include <linux/can/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "link_plan.h"
#include "link_read.h"
#include "netlink.h"

/* How deep attributes are taken apart: those of the link, of its IFLA_LINKINFO, and of the IFLA_INFO_DATA in that. */
static const struct {
	uint16_t max;
	uint16_t nest;
} levels[] = { { IFLA_MAX, IFLA_LINKINFO }, { IFLA_INFO_MAX, IFLA_INFO_DATA }, { UINT8_MAX, UINT16_MAX } };

/* A request has those modes alone that it changes. */
static void put_modes(struct nlmsghdr *nlh, const struct nlattr *is, const struct nlattr *request)
{
	struct can_ctrlmode modes, change;

	netlink_copy(is, &modes, sizeof(modes));
	netlink_copy(request, &change, sizeof(change));
	modes.flags = (modes.flags & ~change.mask) | (change.flags & change.mask);
	mnl_attr_put(nlh, IFLA_CAN_CTRLMODE, sizeof(modes), &modes);
}

static void put_merged(struct nlmsghdr *nlh, const struct nlattr **is, const struct nlattr **request, size_t level, bool can)
{
	const struct nlattr *a[UINT8_MAX + 1], *b[UINT8_MAX + 1];
	struct nlattr *nest;

	for (uint16_t i = 0; i <= levels[level].max; i++) {
		const struct nlattr *attr = request[i] ? request[i] : is[i];

		/* an alias of no length is none */
		if (!attr || (level == 0 && i == IFLA_IFALIAS && mnl_attr_get_payload_len(attr) == 0))
			continue;
		if (can && level == 2 && i == IFLA_CAN_CTRLMODE && is[i] && request[i]) {
			put_modes(nlh, is[i], request[i]);
			continue;
		}
		if (i != levels[level].nest || !is[i] || !request[i]) {
			mnl_attr_put(nlh, attr->nla_type, mnl_attr_get_payload_len(attr), mnl_attr_get_payload(attr));
			continue;
		}
		netlink_parse_nested(is[i], a, levels[level + 1].max);
		netlink_parse_nested(request[i], b, levels[level + 1].max);
		nest = mnl_attr_nest_start(nlh, i);
		put_merged(nlh, a, b, level + 1, can);
		mnl_attr_nest_end(nlh, nest);
	}
}

struct nlmsghdr *link_merge(const struct nlmsghdr *is, const struct nlmsghdr *request)
{
	const struct ifinfomsg *from = mnl_nlmsg_get_payload(is), *change = mnl_nlmsg_get_payload(request);
	struct nlmsghdr *nlh = calloc(1, (size_t)NLMSG_ALIGN(is->nlmsg_len) + NLMSG_ALIGN(request->nlmsg_len));
	const struct nlattr *a[IFLA_MAX + 1], *b[IFLA_MAX + 1];
	struct ifinfomsg *ifi;

	if (!nlh)
		return NULL;
	mnl_nlmsg_put_header(nlh);
	nlh->nlmsg_type = RTM_NEWLINK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	*ifi = *from;
	ifi->ifi_flags = (from->ifi_flags & ~change->ifi_change) | (change->ifi_flags & change->ifi_change);
	netlink_parse(is, sizeof(*ifi), a, IFLA_MAX);
	netlink_parse(request, sizeof(*ifi), b, IFLA_MAX);
	put_merged(nlh, a, b, 0, link_read_data(is, "can"));
	return nlh;
}

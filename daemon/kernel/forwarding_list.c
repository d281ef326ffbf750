/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What forwards, as the kernel tells it over netlink: all values at once, where the files below /proc/sys/net would have to be
 * opened one by one; and by the way of its announcements, which are about the same values.
 */
#include <errno.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>

#include "attribute.h"
#include "cleanup.h"
#include "forwarding_message.h"
#include "link.h"

/* Reads whose value a message is about (NETCONFA_IFINDEX_ALL, or a link), and what it is. False: it does not say. */
static bool read_message(const struct nlmsghdr *nlh, int32_t *ret_ifindex, bool *ret_on)
{
	const struct nlattr *a[NETCONFA_MAX + 1];
	uint32_t ifindex, on;

	netlink_parse(nlh, sizeof(struct netconfmsg), a, NETCONFA_MAX);
	if (!attribute_u32(a[NETCONFA_IFINDEX], &ifindex) || !attribute_u32(a[NETCONFA_FORWARDING], &on))
		return false;
	*ret_ifindex = (int32_t)ifindex;
	*ret_on = on != 0;
	return true;
}

bool forwarding_may_be_off(const struct nlmsghdr *nlh)
{
	int32_t ifindex;
	bool on;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct netconfmsg))
		return false;
	return nlh->nlmsg_type == RTM_DELNETCONF || (nlh->nlmsg_type == RTM_NEWNETCONF && read_message(nlh, &ifindex, &on) && !on);
}

struct listing {
	const struct kernel_link_names *names;
	enum hycan_family family;
	kernel_forwarding_found *found;
	void *userdata;
};

static int answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct listing *l = userdata;
	const char *link = NULL;
	int32_t ifindex;
	bool on;

	if (nlh->nlmsg_type != RTM_NEWNETCONF || !read_message(nlh, &ifindex, &on) || !on)
		return 0;
	if (ifindex != NETCONFA_IFINDEX_ALL)
		link = ifindex > 0 ? kernel_link_names_find(l->names, (uint32_t)ifindex) : NULL;
	/* what links will have that come is no value of any; and one may have come since their names were read */
	if (ifindex != NETCONFA_IFINDEX_ALL && !link)
		return 0;
	return l->found(l->family, link, l->userdata);
}

static int list_family(struct kernel_scope *scope, struct listing *l, uint8_t family)
{
	struct nlmsghdr *nlh = netlink_message(scope, RTM_GETNETCONF, NLM_F_DUMP);
	int r;

	((struct netconfmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct netconfmsg)))->ncm_family = family;
	l->family = family == AF_INET6 ? HYCAN_FAMILY_IPV6 : HYCAN_FAMILY_IPV4;
	r = netlink_request(scope, NETLINK_ROUTE, nlh, answer, l);
	/* IPv6 comes with its module */
	return r == -EOPNOTSUPP || r == -EAFNOSUPPORT ? 0 : r;
}

int kernel_forwarding_list(struct kernel_scope *scope, kernel_forwarding_found *found, void *userdata)
{
	_cleanup_(kernel_link_names_free) struct kernel_link_names *names = NULL;
	struct listing l = { .found = found, .userdata = userdata };
	int r = kernel_link_names_read(scope, &names);

	l.names = names;
	r = r == 0 ? list_family(scope, &l, AF_INET) : r;
	return r == 0 ? list_family(scope, &l, AF_INET6) : r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing links.
 *
 * The kernel finds a link by IFLA_IFNAME, so a change is one message: nobody asks for a number first, and no link can
 * take the name of another in between. Only a new name needs the number: IFLA_IFNAME is the new one then. A message with
 * several changes is carried out one by one and ends at the first that fails; kernel_link_set() makes that all or nothing.
 * What this file does not do: anything that only one kind of link has; that stands in the file of the kind.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "link.h"
#include "link_read.h"

struct nlmsghdr *link_message(struct kernel_scope *scope, uint16_t type, uint16_t flags, const char *name)
{
	struct nlmsghdr *nlh = netlink_message(scope, type, flags);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	if (name)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return nlh;
}

struct nlmsghdr *link_message_create(struct kernel_scope *scope, const char *name, const char *kind, struct nlattr **ret_info)
{
	struct nlmsghdr *nlh = link_message(scope, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name);

	*ret_info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	return nlh;
}

void link_message_brief(struct nlmsghdr *nlh)
{
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

void link_message_up(struct nlmsghdr *nlh, bool up)
{
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = up ? IFF_UP : 0;
}

int kernel_link_set_up(struct kernel_scope *scope, const char *name, bool up)
{
	struct nlmsghdr *nlh = link_message(scope, RTM_NEWLINK, 0, name);

	link_message_up(nlh, up);
	return netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
}

int kernel_link_rename(struct kernel_scope *scope, uint32_t ifindex, const char *new_name)
{
	struct nlmsghdr *nlh = link_message(scope, RTM_NEWLINK, 0, new_name);
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	ifi->ifi_index = (int)ifindex;
	return netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
}

int kernel_link_delete(struct kernel_scope *scope, const char *name)
{
	return netlink_request(scope, NETLINK_ROUTE, link_message(scope, RTM_DELLINK, 0, name), NULL, NULL);
}

int kernel_link_create(struct kernel_scope *scope, const char *kind, const char *name, uint32_t mtu, struct hycan_link *ret_link)
{
	struct nlattr *info;
	struct nlmsghdr *nlh = link_message_create(scope, name, kind, &info);

	mnl_attr_nest_end(nlh, info);
	if (mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, mtu);
	return link_create(scope, nlh, name, NULL, ret_link);
}

/* ------------------------------------------------------------------------------------------------------- properties */

static int send_properties(struct kernel_scope *scope, const char *name, const struct hycan_link_set_options *options)
{
	struct nlmsghdr *nlh = link_message(scope, RTM_NEWLINK, 0, name);

	if (options->has_mac)
		mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(options->mac), &options->mac);
	if (options->has_mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, options->mtu);
	if (options->has_alias)
		mnl_attr_put(nlh, IFLA_IFALIAS, strlen(options->alias), options->alias);
	if (options->has_txqueuelen)
		mnl_attr_put_u32(nlh, IFLA_TXQLEN, options->txqueuelen);
	return netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
}

bool kernel_link_sets_any(const struct hycan_link_set_options *options)
{
	return options->has_mac || options->has_mtu || options->has_alias || options->has_txqueuelen;
}

struct hycan_link_set_options kernel_link_difference(const struct hycan_link *link, const struct hycan_link_set_options *wanted)
{
	struct hycan_link_set_options d = *wanted;

	d.has_mac = wanted->has_mac && !(link->has_mac && memcmp(&wanted->mac, &link->mac, sizeof(link->mac)) == 0);
	d.has_mtu = wanted->has_mtu && wanted->mtu != link->mtu;
	d.has_alias = wanted->has_alias && strcmp(wanted->alias, link->alias) != 0;
	d.has_txqueuelen = wanted->has_txqueuelen && wanted->txqueuelen != link->txqueuelen;
	return d;
}

/* Of the properties that are in which, those that link has. */
static struct hycan_link_set_options properties(const struct hycan_link *link, const struct hycan_link_set_options *which)
{
	struct hycan_link_set_options p = *which;

	p.mac = link->mac;
	p.mtu = link->mtu;
	memcpy(p.alias, link->alias, sizeof(p.alias));
	p.txqueuelen = link->txqueuelen;
	return p;
}

/* Where the kernel stopped: the first of what is missing, in the kernel's order (do_setlink(), net/core/rtnetlink.c). */
static const char *first_missing(const struct hycan_link_set_options *missing)
{
	if (missing->has_mac)
		return "mac";
	if (missing->has_mtu)
		return "mtu";
	if (missing->has_alias)
		return "alias";
	return missing->has_txqueuelen ? "txqueuelen" : NULL;
}

/* Takes back what the kernel did of a change before it stopped. */
static void take_back(struct kernel_scope *scope, const struct hycan_link *before, const struct hycan_link_set_options *change,
                      const char **ret_fault)
{
	char message[NETLINK_MESSAGE_SIZE];
	struct hycan_link_set_options missing, former;
	struct hycan_link now;
	int r;

	snprintf(message, sizeof(message), "%s", kernel_scope_message(scope));
	r = kernel_link_get(scope, before->name, &now);
	if (r == 0) {
		missing = kernel_link_difference(&now, change);
		*ret_fault = first_missing(&missing);
		former = properties(before, change);
		former = kernel_link_difference(&now, &former);
		if (kernel_link_sets_any(&former))
			r = send_properties(scope, before->name, &former);
	}
	netlink_set_message(scope, r < 0 && r != -ENODEV ? "and what had been changed before could not be put back" : message);
}

int kernel_link_set(struct kernel_scope *scope, const struct hycan_link *before, const struct hycan_link_set_options *wanted,
                    const char **ret_fault)
{
	struct hycan_link_set_options change = kernel_link_difference(before, wanted);
	int r;

	if (!kernel_link_sets_any(&change))
		return 0;
	r = send_properties(scope, before->name, &change);
	/* what is in doubt is asked for once more */
	if (r < 0 && r != -ENODEV && !netlink_is_in_doubt(scope))
		take_back(scope, before, &change, ret_fault);
	return r;
}

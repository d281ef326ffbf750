/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of rtnetlink, cut down.
 *
 * The monitor keeps what the kernel said last of each thing, so that it can tell what has changed. Much in a message is no
 * property of the thing: counters, timers, what a driver worked out. Here stands what is kept, which is what the readers of
 * this room look at; they read the compact message as they read the kernel's. What runs down by itself, as the lifetimes of
 * an address, is kept at its end, and makes no difference.
 */
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "attribute.h"
#include "link_read.h"
#include "monitor_message.h"
#include "route_message.h"
#include "rule_read.h"

/* Flags of an address that a reader looks at; whether it is tentative yet is not among them. */
#define ADDRESS_FLAGS (IFA_F_NOPREFIXROUTE | IFA_F_NODAD | IFA_F_PERMANENT | IFA_F_DEPRECATED)

static void key_put(struct image_key *key, const void *bytes, size_t size)
{
	if (size > sizeof(key->bytes) - key->size)
		size = sizeof(key->bytes) - key->size;
	memcpy(key->bytes + key->size, bytes, size);
	key->size = (uint16_t)(key->size + size);
}

static void key_put_attribute(struct image_key *key, const struct nlattr *attr)
{
	uint16_t size = attr ? mnl_attr_get_payload_len(attr) : 0;

	key_put(key, &size, sizeof(size));
	if (attr)
		key_put(key, mnl_attr_get_payload(attr), size);
}

/* Messages are compared with the bytes that fill an attribute up to a multiple of four, and libmnl 1.0.4 leaves these as they are. */
static void copy(struct monitor_message *m, const struct nlattr *attr)
{
	uint16_t size;

	if (!attr)
		return;
	size = mnl_attr_get_payload_len(attr);
	memset(mnl_nlmsg_get_payload_tail(m->compact), 0, MNL_ALIGN(MNL_ATTR_HDRLEN + size));
	mnl_attr_put(m->compact, attr->nla_type, size, mnl_attr_get_payload(attr));
}

static void *begin(struct monitor_message *m, void *buffer, enum kernel_kind kind, uint16_t type, const void *header, size_t size)
{
	void *to;

	m->kind = kind;
	m->key.size = 0;
	m->compact = mnl_nlmsg_put_header(buffer);
	m->compact->nlmsg_type = type;
	to = mnl_nlmsg_put_extra_header(m->compact, size);
	memcpy(to, header, size);
	return to;
}

/* The kind of a link, and of those kinds that are read, what is particular to it: others have timers in it. */
static void copy_info(struct monitor_message *m, const struct nlattr *attr)
{
	const struct nlattr *info[IFLA_INFO_MAX + 1];
	struct nlattr *nest;
	const char *kind;

	if (!attr)
		return;
	netlink_parse_nested(attr, info, IFLA_INFO_MAX);
	if (!info[IFLA_INFO_KIND])
		return;
	kind = mnl_attr_get_str(info[IFLA_INFO_KIND]);
	nest = mnl_attr_nest_start(m->compact, IFLA_LINKINFO);
	copy(m, info[IFLA_INFO_KIND]);
	if (strcmp(kind, "vlan") == 0 || strcmp(kind, "can") == 0)
		copy(m, info[IFLA_INFO_DATA]);
	mnl_attr_nest_end(m->compact, nest);
}

static bool read_link(const struct nlmsghdr *nlh, void *buffer, struct monitor_message *m)
{
	static const uint16_t kept[] = { IFLA_IFNAME,  IFLA_MTU,  IFLA_OPERSTATE,    IFLA_TXQLEN, IFLA_ADDRESS,
		                         IFLA_IFALIAS, IFLA_LINK, IFLA_LINK_NETNSID, IFLA_MASTER };
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[IFLA_MAX + 1];
	struct ifinfomsg *to;

	/* bridges and IPv6 tell of what they know about a link in messages of their own */
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) || ifi->ifi_family != AF_UNSPEC)
		return false;
	netlink_parse(nlh, sizeof(*ifi), a, IFLA_MAX);
	to = begin(m, buffer, KERNEL_LINK, RTM_NEWLINK, ifi, sizeof(*ifi));
	to->ifi_change = 0;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		copy(m, a[kept[i]]);
	copy_info(m, a[IFLA_LINKINFO]);
	m->essence = m->compact->nlmsg_len;
	m->ifindex = (uint32_t)ifi->ifi_index;
	m->down = !(ifi->ifi_flags & IFF_UP);
	key_put(&m->key, &ifi->ifi_index, sizeof(ifi->ifi_index));
	return true;
}

static bool read_address(const struct nlmsghdr *nlh, void *buffer, struct monitor_message *m)
{
	static const uint16_t kept[] = { IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_RT_PRIORITY };
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[IFA_MAX + 1];
	struct ifaddrmsg *to;
	uint32_t flags;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa) || attribute_address_size(ifa->ifa_family) == 0)
		return false;
	netlink_parse(nlh, sizeof(*ifa), a, IFA_MAX);
	if (!attribute_u32(a[IFA_FLAGS], &flags))
		flags = ifa->ifa_flags;
	flags &= ADDRESS_FLAGS;
	to = begin(m, buffer, KERNEL_ADDRESS, RTM_NEWADDR, ifa, sizeof(*ifa));
	to->ifa_flags = (uint8_t)flags;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		copy(m, a[kept[i]]);
	mnl_attr_put_u32(m->compact, IFA_FLAGS, flags);
	m->essence = m->compact->nlmsg_len;
	copy(m, a[IFA_CACHEINFO]);
	key_put(&m->key, &ifa->ifa_index, sizeof(ifa->ifa_index));
	key_put(&m->key, &ifa->ifa_prefixlen, sizeof(ifa->ifa_prefixlen));
	key_put_attribute(&m->key, a[IFA_LOCAL]);
	key_put_attribute(&m->key, a[IFA_ADDRESS]);
	return true;
}

static bool read_route(const struct nlmsghdr *nlh, void *buffer, struct monitor_message *m)
{
	static const uint16_t kept[] = { RTA_DST,     RTA_GATEWAY, RTA_VIA,   RTA_OIF,      RTA_PRIORITY,
		                         RTA_PREFSRC, RTA_METRICS, RTA_TABLE, RTA_MULTIPATH };
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *a[RTA_MAX + 1];
	struct rtmsg *to;
	uint32_t table, metric = 0;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm))
		return false;
	netlink_parse(nlh, sizeof(*rtm), a, RTA_MAX);
	table = route_message_table(rtm, a[RTA_TABLE]);
	(void)attribute_u32(a[RTA_PRIORITY], &metric);
	to = begin(m, buffer, KERNEL_ROUTE, RTM_NEWROUTE, rtm, sizeof(*rtm));
	/* what became of a route's link stands there, too */
	to->rtm_flags &= RTM_F_CLONED | RTNH_F_ONLINK;
	if (!route_readable(m->compact))
		return false;
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		copy(m, a[kept[i]]);
	m->essence = m->compact->nlmsg_len;
	key_put(&m->key, &rtm->rtm_family, sizeof(rtm->rtm_family));
	key_put(&m->key, &rtm->rtm_dst_len, sizeof(rtm->rtm_dst_len));
	key_put(&m->key, &rtm->rtm_tos, sizeof(rtm->rtm_tos));
	key_put(&m->key, &table, sizeof(table));
	key_put(&m->key, &metric, sizeof(metric));
	key_put_attribute(&m->key, a[RTA_DST]);
	return true;
}

/* To the kernel a rule is all that it says, so that is its key. */
static bool read_rule(const struct nlmsghdr *nlh, void *buffer, struct monitor_message *m)
{
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct fib_rule_hdr *to;
	struct hycan_rule rule;
	bool whole;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*header))
		return false;
	to = begin(m, buffer, KERNEL_RULE, RTM_NEWRULE, header, sizeof(*header));
	/* what became of the link that it names, and whether it has a rule to go to */
	to->flags &= (uint32_t) ~(FIB_RULE_IIF_DETACHED | FIB_RULE_OIF_DETACHED | FIB_RULE_UNRESOLVED);
	mnl_attr_for_each (attr, nlh, sizeof(*header))
		copy(m, attr);
	m->essence = m->compact->nlmsg_len;
	key_put(&m->key, to, m->essence - NLMSG_HDRLEN);
	return rule_read(m->compact, &rule, &whole);
}

bool monitor_message_read(const struct nlmsghdr *nlh, void *buffer, struct monitor_message *m)
{
	m->gone = m->down = false;
	m->ifindex = 0;
	switch (nlh->nlmsg_type) {
	case RTM_DELLINK:
		m->gone = true;
		return read_link(nlh, buffer, m);
	case RTM_NEWLINK:
		return read_link(nlh, buffer, m);
	case RTM_DELADDR:
		m->gone = true;
		return read_address(nlh, buffer, m);
	case RTM_NEWADDR:
		return read_address(nlh, buffer, m);
	case RTM_DELROUTE:
		m->gone = true;
		return read_route(nlh, buffer, m);
	case RTM_NEWROUTE:
		return read_route(nlh, buffer, m);
	case RTM_DELRULE:
		m->gone = true;
		return read_rule(nlh, buffer, m);
	case RTM_NEWRULE:
		return read_rule(nlh, buffer, m);
	}
	return false;
}

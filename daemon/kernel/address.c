/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses.
 *
 * The kernel knows an address by link, address and prefix length; with a far end the length is that of the far end, and
 * the address stands alone. That is how addresses are given out here, too: 10.0.0.1/32 with the peer 10.0.0.2/24.
 *
 * An address is added by an exclusive request: one that is there already is left as it is and nothing is announced,
 * which costs less than looking first on a link with thousands of them.
 *
 * What this file does not do: keep secondary IPv4 addresses when the primary one of their network is removed. That is
 * the kernel's to decide (net.ipv4.conf.*.promote_secondaries, Documentation/networking/ip-sysctl.rst).
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "address.h"
#include "address_news.h"
#include "address_read.h"
#include "attribute.h"
#include "cleanup.h"
#include "link.h"
#include "netlink.h"
#include "rtnetlink_plan.h"

#define FOR_EVER UINT32_MAX

enum hycan_scope kernel_address_scope(const struct hycan_address *address)
{
	const uint8_t *b = address->bytes;
	static const uint8_t loopback[16] = { [15] = 1 };

	if (address->family == AF_INET)
		return b[0] == 127 ? HYCAN_SCOPE_HOST : HYCAN_SCOPE_GLOBAL;
	if (memcmp(b, loopback, sizeof(loopback)) == 0)
		return HYCAN_SCOPE_HOST;
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
		return HYCAN_SCOPE_LINK;
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0xc0)
		return HYCAN_SCOPE_SITE;
	return HYCAN_SCOPE_GLOBAL;
}

static struct nlmsghdr *address_message(struct kernel_scope *scope, uint16_t type, uint16_t flags, uint32_t ifindex,
                                        const struct hycan_prefix *local, const struct hycan_prefix *peer)
{
	const struct hycan_prefix *far = peer ? peer : local;
	struct nlmsghdr *nlh = netlink_message(scope, type, flags);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = local->address.family;
	ifa->ifa_prefixlen = far->length;
	ifa->ifa_index = ifindex;
	attribute_put_address(nlh, IFA_LOCAL, &local->address);
	attribute_put_address(nlh, IFA_ADDRESS, &far->address);
	return nlh;
}

static void put_lifetimes(struct nlmsghdr *nlh, const struct hycan_link_address *a)
{
	struct ifa_cacheinfo info = { .ifa_prefered = FOR_EVER, .ifa_valid = FOR_EVER };

	if (!a->has_valid_lifetime && !a->has_preferred_lifetime)
		return;
	if (a->has_valid_lifetime)
		info.ifa_valid = a->valid_lifetime;
	info.ifa_prefered = a->has_preferred_lifetime ? a->preferred_lifetime : info.ifa_valid;
	mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(info), &info);
}

static int put(struct kernel_scope *scope, const struct hycan_link_address *a, uint16_t what, uint32_t *ret_ifindex)
{
	uint32_t ifindex, flags = 0;
	struct ifaddrmsg *ifa;
	struct nlmsghdr *nlh;
	int r;

	r = kernel_link_index(scope, a->link, &ifindex);
	if (r < 0)
		return r;
	nlh = address_message(scope, RTM_NEWADDR, what, ifindex, &a->address, a->has_peer ? &a->peer : NULL);
	ifa = mnl_nlmsg_get_payload(nlh);
	ifa->ifa_scope = (uint8_t)(a->has_scope ? a->scope : kernel_address_scope(&a->address.address));
	if (a->has_broadcast)
		attribute_put_address(nlh, IFA_BROADCAST, &a->broadcast);
	if (a->has_label)
		mnl_attr_put_strz(nlh, IFA_LABEL, a->label);
	put_lifetimes(nlh, a);
	if (a->has_no_prefix_route && a->no_prefix_route)
		flags |= IFA_F_NOPREFIXROUTE;
	if (a->has_no_dad && a->no_dad)
		flags |= IFA_F_NODAD;
	if (flags)
		mnl_attr_put_u32(nlh, IFA_FLAGS, flags);
	if (a->has_metric)
		mnl_attr_put_u32(nlh, IFA_RT_PRIORITY, a->metric);
	*ret_ifindex = ifindex;
	return netlink_request(scope, NETLINK_ROUTE, nlh, NULL, NULL);
}

int kernel_address_add(struct kernel_scope *scope, const struct hycan_link_address *address)
{
	uint32_t ifindex;
	int r = put(scope, address, NLM_F_CREATE | NLM_F_EXCL, &ifindex);

	/* what a plan holds back comes neither now nor later */
	if (r == 0 && address->address.address.family == AF_INET6 && !netlink_is_held(scope))
		netlink_expect_address(scope, ifindex, &address->address.address);
	return r;
}

int kernel_address_change(struct kernel_scope *scope, const struct hycan_link_address *address)
{
	uint32_t ifindex;

	return put(scope, address, NLM_F_REPLACE, &ifindex);
}

/* ---------------------------------------------------------------------------------------------------------- reading */

static void read_lifetimes(const struct nlattr *attr, uint32_t flags, struct hycan_link_address *a)
{
	struct ifa_cacheinfo info;

	if (!attribute_bytes(attr, &info, sizeof(info)))
		return;
	/* of an IPv4 address that is valid for ever the kernel tells alone whether it is still preferred, and by the flag */
	if ((flags & IFA_F_PERMANENT) && (flags & IFA_F_DEPRECATED))
		info.ifa_prefered = 0;
	a->has_preferred_lifetime = info.ifa_prefered != FOR_EVER;
	a->preferred_lifetime = info.ifa_prefered;
	a->has_valid_lifetime = info.ifa_valid != FOR_EVER;
	a->valid_lifetime = info.ifa_valid;
}

static void read_flags(uint32_t flags, struct hycan_link_address *a)
{
	a->has_no_prefix_route = a->no_prefix_route = flags & IFA_F_NOPREFIXROUTE;
	a->has_no_dad = a->no_dad = (flags & IFA_F_NODAD) && a->address.address.family == AF_INET6;
}

bool address_read(const struct nlmsghdr *nlh, struct hycan_link_address *a, uint32_t *ret_ifindex)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *table[IFA_MAX + 1];
	struct hycan_address far;
	uint32_t flags;

	if ((nlh->nlmsg_type != RTM_NEWADDR && nlh->nlmsg_type != RTM_DELADDR) || mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return false;
	netlink_parse(nlh, sizeof(*ifa), table, IFA_MAX);
	memset(a, 0, sizeof(*a));
	if (!attribute_address(table[IFA_ADDRESS], ifa->ifa_family, &far) &&
	    !attribute_address(table[IFA_LOCAL], ifa->ifa_family, &far))
		return false;
	if (!attribute_address(table[IFA_LOCAL], ifa->ifa_family, &a->address.address))
		a->address.address = far;
	a->address.length = ifa->ifa_prefixlen;
	a->has_peer = !attribute_same_address(&a->address.address, &far);
	if (a->has_peer) {
		a->peer = (struct hycan_prefix){ .address = far, .length = ifa->ifa_prefixlen };
		a->address.length = (uint8_t)(attribute_address_size(ifa->ifa_family) * 8);
	}
	a->has_broadcast = attribute_address(table[IFA_BROADCAST], ifa->ifa_family, &a->broadcast);
	a->has_label = attribute_text(table[IFA_LABEL], a->label, sizeof(a->label));
	a->has_scope = attribute_scope(ifa->ifa_scope, &a->scope);
	a->has_metric = attribute_u32(table[IFA_RT_PRIORITY], &a->metric);
	if (!attribute_u32(table[IFA_FLAGS], &flags))
		flags = ifa->ifa_flags;
	read_flags(flags, a);
	read_lifetimes(table[IFA_CACHEINFO], flags, a);
	*ret_ifindex = ifa->ifa_index;
	return true;
}

struct listing {
	uint32_t ifindex; /* of the one link, or 0 */
	uint8_t family;
	const char *link;
	const struct kernel_link_names *names;
	kernel_address_found *found;
	void *userdata;
};

static int list_answer(const struct nlmsghdr *nlh, void *userdata)
{
	const struct listing *l = userdata;
	struct hycan_link_address a;
	const char *name;
	uint32_t ifindex;

	if (!address_read(nlh, &a, &ifindex))
		return 0;
	if ((l->ifindex && ifindex != l->ifindex) || (l->family && a.address.address.family != l->family))
		return 0;
	/* the addresses of a link that is gone are gone, too */
	name = l->link ? l->link : kernel_link_names_find(l->names, ifindex);
	if (!name)
		return 0;
	strncpy(a.link, name, sizeof(a.link) - 1);
	/* the label that every IPv4 address has says nothing */
	a.has_label = a.has_label && strcmp(a.label, a.link) != 0;
	return l->found(&a, l->userdata);
}

int kernel_address_list(struct kernel_scope *scope, const char *link, uint8_t family, kernel_address_found *found, void *userdata)
{
	_cleanup_(kernel_link_names_free) struct kernel_link_names *names = NULL;
	struct listing l = { .family = family, .link = link, .found = found, .userdata = userdata };
	struct ifaddrmsg *ifa;
	struct nlmsghdr *nlh;
	int r;

	r = link ? kernel_link_index(scope, link, &l.ifindex) : kernel_link_names_read(scope, &names);
	if (r < 0)
		return r;
	if (link_plan_is_made_up(l.ifindex))
		return rtnetlink_plan_list(scope, RTM_NEWADDR, list_answer, &l);
	l.names = names;
	nlh = netlink_message(scope, RTM_GETADDR, NLM_F_DUMP);
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = family;
	ifa->ifa_index = l.ifindex;
	return netlink_request(scope, NETLINK_ROUTE, nlh, list_answer, &l);
}

/* Made by the kernel, of another one or of what a router announced; or by a user who said what has no word. */
static bool is_whole(const struct nlmsghdr *nlh)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const uint32_t temporary = ifa->ifa_family == AF_INET6 ? IFA_F_TEMPORARY : 0;
	const struct nlattr *table[IFA_MAX + 1];
	uint32_t flags;
	uint8_t protocol = 0;

	netlink_parse(nlh, sizeof(*ifa), table, IFA_MAX);
	if (!attribute_u32(table[IFA_FLAGS], &flags))
		flags = ifa->ifa_flags;
	(void)attribute_bytes(table[IFA_PROTO], &protocol, sizeof(protocol));
	return protocol == 0 && !(flags & (temporary | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_MCAUTOJOIN));
}

struct wholeness {
	uint32_t ifindex;
	uint8_t family;
	const char *link;
	kernel_address_about *about;
	void *userdata;
	bool whole;
};

static int whole_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct wholeness *w = userdata;
	struct hycan_link_address a;
	uint32_t ifindex;

	if (!address_read(nlh, &a, &ifindex) || ifindex != w->ifindex || a.address.address.family != w->family)
		return 0;
	strncpy(a.link, w->link, sizeof(a.link) - 1);
	if (w->about(&a, w->userdata))
		w->whole = w->whole && is_whole(nlh);
	return 0;
}

int kernel_address_are_whole(struct kernel_scope *scope, const char *link, uint8_t family, kernel_address_about *about,
                             void *userdata, bool *ret_whole)
{
	struct wholeness w = { .family = family, .link = link, .about = about, .userdata = userdata, .whole = true };
	struct ifaddrmsg *ifa;
	struct nlmsghdr *nlh;
	int r = kernel_link_index(scope, link, &w.ifindex);

	if (r < 0)
		return r;
	/* what a plan makes is said in our words */
	if (!link_plan_is_made_up(w.ifindex)) {
		nlh = netlink_message(scope, RTM_GETADDR, NLM_F_DUMP);
		ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
		ifa->ifa_family = family;
		ifa->ifa_index = w.ifindex;
		r = netlink_request(scope, NETLINK_ROUTE, nlh, whole_answer, &w);
	}
	*ret_whole = w.whole;
	return r;
}

struct overlap {
	const struct hycan_prefix *prefix;
	uint32_t except;
	uint32_t ifindex; /* of the link whose address was found, or 0 */
	struct hycan_link_address address;
};

/* The network of an address: of its far end, if it has one. Of thousands only one is read as a whole. */
static bool read_network(const struct nlmsghdr *nlh, struct hycan_prefix *ret_network)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(*ifa))
		if (mnl_attr_get_type(attr) == IFA_ADDRESS) {
			ret_network->length = ifa->ifa_prefixlen;
			return attribute_address(attr, ifa->ifa_family, &ret_network->address);
		}
	return false;
}

static int overlap_answer(const struct nlmsghdr *nlh, void *userdata)
{
	struct overlap *o = userdata;
	struct hycan_prefix network = { 0 };
	uint32_t ifindex;

	if (o->ifindex || nlh->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ifaddrmsg) ||
	    !read_network(nlh, &network))
		return 0;
	if (!hycan_prefix_contains(o->prefix, &network) && !hycan_prefix_contains(&network, o->prefix))
		return 0;
	if (address_read(nlh, &o->address, &ifindex) && ifindex != o->except)
		o->ifindex = ifindex;
	return 0;
}

int kernel_address_find_overlap(struct kernel_scope *scope, const struct hycan_prefix *prefix, const char *except,
                                struct hycan_link_address *ret_address)
{
	struct overlap o = { .prefix = prefix };
	struct nlmsghdr *nlh;
	bool may = true;
	int r = kernel_link_index(scope, except, &o.except);

	if (r < 0 && r != -ENODEV)
		return r;
	/* which one it is tells the kernel */
	if (prefix->address.family == AF_INET && !rtnetlink_plan_is_any(scope))
		(void)address_news_may_overlap(scope, prefix, o.except, &may);
	if (!may)
		return -ENOENT;
	nlh = netlink_message(scope, RTM_GETADDR, NLM_F_DUMP);
	((struct ifaddrmsg *)mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifaddrmsg)))->ifa_family = prefix->address.family;
	r = netlink_request(scope, NETLINK_ROUTE, nlh, overlap_answer, &o);
	if (r == 0)
		r = o.ifindex ? kernel_link_name(scope, o.ifindex, o.address.link) : -ENOENT;
	/* it went with its link */
	if (r < 0)
		return r == -ENODEV ? -ENOENT : r;
	*ret_address = o.address;
	return 0;
}

/* --------------------------------------------------------------------------------------------------------- removing */

bool kernel_address_is(const struct hycan_link_address *address, const struct hycan_prefix *meant)
{
	return attribute_same_address(&address->address.address, &meant->address) &&
	       (meant->length == address->address.length || (address->has_peer && meant->length == address->peer.length));
}

struct search {
	const struct hycan_prefix *address;
	bool found;
	struct hycan_prefix peer;
};

static int search_answer(const struct hycan_link_address *a, void *userdata)
{
	struct search *s = userdata;

	if (!s->found && a->has_peer && kernel_address_is(a, s->address)) {
		s->found = true;
		s->peer = a->peer;
	}
	return 0;
}

/* The kernel tells of IPv4 addresses that it removed (NLM_F_ECHO): this one, and secondary ones that went with it. */
static int removed(const struct nlmsghdr *nlh, void *userdata)
{
	struct hycan_prefix *address = userdata;
	struct hycan_link_address a;
	uint32_t ifindex;

	if (address_read(nlh, &a, &ifindex) && attribute_same_address(&a.address.address, &address->address))
		*address = a.address;
	return 0;
}

int kernel_address_remove(struct kernel_scope *scope, const char *link, const struct hycan_prefix *address,
                          struct hycan_prefix *ret_address)
{
	struct search s = { .address = address };
	struct hycan_prefix gone = *address;
	uint32_t ifindex;
	int r;

	r = kernel_link_index(scope, link, &ifindex);
	if (r < 0)
		return r;
	r = netlink_request(scope, NETLINK_ROUTE, address_message(scope, RTM_DELADDR, NLM_F_ECHO, ifindex, address, NULL), removed,
	                    &gone);
	if (r == 0)
		*ret_address = gone;
	/* its MTU is too small for IPv4 (-ENODEV), or for IPv6 (-ENXIO): with that went its addresses */
	if (r == -ENODEV || r == -ENXIO)
		return -EADDRNOTAVAIL;
	if (r != -EADDRNOTAVAIL)
		return r;
	/* the kernel takes one with a far end by that alone */
	r = kernel_address_list(scope, link, address->address.family, search_answer, &s);
	if (r < 0)
		return r;
	if (!s.found)
		return -EADDRNOTAVAIL;
	r = netlink_request(scope, NETLINK_ROUTE, address_message(scope, RTM_DELADDR, 0, ifindex, address, &s.peer), NULL, NULL);
	if (r < 0)
		return r;
	gone.length = (uint8_t)(attribute_address_size(gone.address.family) * 8);
	*ret_address = gone;
	return 0;
}

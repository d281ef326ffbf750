/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading what a link will lose, and saying how to put it back.
 *
 * What is said last is done first. So routes are said first, then addresses, and at last the link that has to be up for all of it. Saying
 * something that is not lost does no harm: whoever asks for what is there already changes nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "along.h"
#include "before_state.h"
#include "cleanup.h"
#include "kernel/link.h"

/* At most so much in front and behind a packet (drivers/net/macsec.c): SecTAG with SCI, Ethernet type, and ICV. */
#define MACSEC_HEAD_MAX 34

static int say_up(struct op *op, const struct hycan_link *link)
{
	struct hycan_link_up_request request = { 0 };

	memcpy(request.name, link->name, sizeof(request.name));
	return op_undo(op, HYCAN_OPERATION_LINK_UP, &request);
}

/* What a link loses of addresses, routes and neighbours: all of it when it goes down, else that of IPv6. */
static int say_contents(struct op *op, const struct hycan_link *link, bool goes_down)
{
	struct before_routes routes = { .op = op, .link = link->name, .link_goes = goes_down };
	int r;

	r = before_say_routes(&routes, 0, goes_down ? 0 : AF_INET6);
	/* IPv4 addresses stay */
	if (r == 0)
		r = before_say_ipv6_addresses(op, link, goes_down);
	return r != 0 ? r : along_say_neighbours(op, link->name, goes_down ? 0 : AF_INET6);
}

/* Links that stand on another, which are collected since nothing can be asked while a list is read. */
struct children {
	struct op *op;
	const struct hycan_link *parent;
	struct hycan_link *link;
	size_t n;
};

static int keep_child(const struct hycan_link *link, void *userdata)
{
	struct children *c = userdata;
	int r;

	if (!link->has_parent || strcmp(link->parent, c->parent->name) != 0)
		return 0;
	r = op_grow(c->op, &c->link, c->n, sizeof(*c->link));
	if (r == 0)
		c->link[c->n++] = *link;
	return r;
}

/* The links of a kind, or of any, that stand on a link. In the memory of the request. */
static int read_children(struct op *op, const struct hycan_link *parent, const char *kind, struct children *ret_children)
{
	*ret_children = (struct children){ .op = op, .parent = parent };
	return kernel_link_list(op->scope, kind, keep_child, ret_children);
}

int before_link_down(struct op *op, const struct hycan_link *link)
{
	struct children children;
	int r;

	if (!op_undoable(op) || !link->up)
		return 0;
	r = read_children(op, link, "vlan", &children);
	for (size_t i = 0; r == 0 && i < children.n; i++)
		r = before_link_down(op, &children.link[i]);
	if (r == 0)
		r = say_contents(op, link, true);
	if (r == 0)
		r = before_say_no_automatic(op, link);
	return r != 0 ? r : say_up(op, link);
}

int before_link_up(struct op *op, const struct hycan_link *link)
{
	struct children children;
	int r;

	if (!op_undoable(op) || link->up)
		return 0;
	r = read_children(op, link, "vlan", &children);
	for (size_t i = 0; r == 0 && i < children.n; i++)
		r = before_link_up(op, &children.link[i]);
	return r != 0 ? r : say_contents(op, link, true);
}

/* Zeros, as lo has them, and those of groups are no address of a link for the kernel (is_valid_ether_addr()). */
static bool is_own(const struct hycan_mac *mac)
{
	static const uint8_t zeros[sizeof(mac->bytes)];

	return !(mac->bytes[0] & 1) && memcmp(mac->bytes, zeros, sizeof(zeros)) != 0;
}

/* Where nothing will be otherwise, nothing was: it may be asked for once more, since the answer was lost. */
static int say_properties(struct op *op, const struct hycan_link *link, const struct hycan_link_set_options *wanted)
{
	const struct hycan_link_set_options change = kernel_link_difference(link, wanted);
	struct hycan_link_set_request request = {
		.has_mtu = wanted->has_mtu,
		.mtu = link->mtu,
		.has_alias = wanted->has_alias,
		.has_mac = wanted->has_mac && link->has_mac,
		.mac = link->mac,
		.has_txqueuelen = wanted->has_txqueuelen,
		.txqueuelen = link->txqueuelen,
	};

	if (!kernel_link_sets_any(&change))
		return 0;
	if (change.has_mac && !is_own(&link->mac))
		return op_refuse(op, HYCAN_REFUSAL_UNSUPPORTED, "mac",
		                 "The hardware address that the link “%s” has is none that the kernel would give it again, so it "
		                 "could not be put "
		                 "back.",
		                 link->name);
	memcpy(request.name, link->name, sizeof(request.name));
	memcpy(request.alias, link->alias, sizeof(request.alias));
	return op_undo(op, HYCAN_OPERATION_LINK_SET, &request);
}

static bool is_any(const char *kind, const char *const *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

/* With its hardware address those change that have taken it over: links on it, and the bridge that it is a port of. Each loses its neighbours. */
static int say_neighbours_by_mac(struct op *op, const struct hycan_link *link)
{
	static const char *const kinds[] = { "vlan", "macvlan", "macvtap", "ipvlan", "ipvtap" };
	struct hycan_link master;
	struct children children;
	int r = along_say_neighbours(op, link->name, 0);

	if (r == 0)
		r = read_children(op, link, NULL, &children);
	for (size_t i = 0; r == 0 && i < children.n; i++)
		if (is_any(children.link[i].kind, kinds, sizeof(kinds) / sizeof(*kinds)))
			r = say_neighbours_by_mac(op, &children.link[i]);
	if (r != 0 || !link->has_master)
		return r;
	r = kernel_link_get(op->scope, link->master, &master);
	return r == 0 ? say_neighbours_by_mac(op, &master) : r == -ENODEV ? 0 : r;
}

/* The MTU that a link gets when the one that it stands on gets another: no more than that; its own, where it keeps it. */
static uint32_t mtu_along(const struct hycan_link *link, uint32_t mtu)
{
	static const char *const below[] = { "vlan", "macvlan", "macvtap" }, *const same[] = { "ipvlan", "ipvtap" };

	if (is_any(link->kind, below, sizeof(below) / sizeof(*below)))
		return mtu < link->mtu ? mtu : link->mtu;
	if (is_any(link->kind, same, sizeof(same) / sizeof(*same)))
		return mtu;
	/* so much less as its own head takes */
	return strcmp(link->kind, "macsec") == 0 && mtu > MACSEC_HEAD_MAX ? mtu - MACSEC_HEAD_MAX : link->mtu;
}

/* The MTU of a bridge is the smallest of its ports, unless it was told another. */
static int say_mtu_of_bridge(struct op *op, const char *name, uint32_t mtu)
{
	struct hycan_link bridge;
	int r = kernel_link_get(op->scope, name, &bridge);

	if (r < 0 || strcmp(bridge.kind, "bridge") != 0 || bridge.mtu <= mtu)
		return r == -ENODEV ? 0 : r;
	return before_link_set(op, &bridge, &(struct hycan_link_set_options){ .has_mtu = true, .mtu = mtu });
}

/* What the kernel forgets of a family, and makes anew as a new link would have it. */
static int say_settings(struct op *op, const struct hycan_link *link, const char *conf, const char *neigh)
{
	_cleanup_(kernel_sysctls_free) struct kernel_sysctls kept = { 0 };
	int r = kernel_sysctl_keep_own(op->scope, &kept, conf, link->name);

	if (r == 0)
		r = kernel_sysctl_keep_own(op->scope, &kept, neigh, link->name);
	return r == 0 ? along_say_sysctls(op, link->name, &kept) : r;
}

static int say_ipv6(struct op *op, const struct hycan_link *link)
{
	struct before_routes routes = { .op = op, .link = link->name, .by_ipv6 = true };
	char secret[64];
	int r;

	snprintf(secret, sizeof(secret), "ipv6/conf/%s/stable_secret", link->name);
	if (kernel_sysctl_is_told(op->scope, secret))
		return op_refuse(
			op, HYCAN_REFUSAL_UNSUPPORTED, "mtu",
			"Below 1280 bytes the kernel forgets of what it makes the IPv6 addresses of the link “%s” (stable_secret), "
			"a secret that is kept nowhere, so it could not be put back.",
			link->name);
	/* IPv4 routes stay; but if they go before it is back, they cannot be put back before that */
	r = before_say_routes(&routes, 0, AF_INET);
	if (r == 0)
		r = say_contents(op, link, false);
	if (r == 0)
		r = before_say_no_automatic(op, link);
	return r != 0 ? r : say_settings(op, link, "ipv6/conf", "ipv6/neigh");
}

/* Its addresses have labels and an order, and routes go by them. */
static int say_ipv4(struct op *op, const struct hycan_link *link)
{
	bool any;
	int r = before_any_ipv4(op, link->name, &any);

	if (r == 0 && any)
		return op_refuse(
			op, HYCAN_REFUSAL_UNSUPPORTED, "mtu",
			"Below 68 bytes the kernel forgets the IPv4 addresses of the link “%s”, which could not all be put "
			"back as they were: remove them first.",
			link->name);
	if (r == 0)
		r = along_say_neighbours(op, link->name, AF_INET);
	return r != 0 ? r : say_settings(op, link, "ipv4/conf", "ipv4/neigh");
}

/* net.ipv6.conf.LINK.mtu, which the kernel sets along. */
static int say_ipv6_mtu(struct op *op, const struct hycan_link *link)
{
	_cleanup_(kernel_sysctls_free) struct kernel_sysctls kept = { 0 };
	char path[64];
	int r;

	snprintf(path, sizeof(path), "ipv6/conf/%s/mtu", link->name);
	r = kernel_sysctl_keep(op->scope, &kept, path, false);
	return r == 0 ? along_say_sysctls(op, link->name, &kept) : r;
}

/* Of IPv6, the kernel gives routes the MTU of their link where they had that, or more; without enough there is none of it. */
static int say_mtu(struct op *op, const struct hycan_link *link, uint32_t mtu)
{
	struct before_routes routes = { .op = op, .link = link->name, .with_mtu = true };
	struct children children;
	int r = read_children(op, link, NULL, &children);

	for (size_t i = 0; r == 0 && i < children.n; i++) {
		const struct hycan_link_set_options along = { .has_mtu = true, .mtu = mtu_along(&children.link[i], mtu) };

		if (along.mtu != children.link[i].mtu)
			r = before_link_set(op, &children.link[i], &along);
	}
	r = r == 0 && link->has_master ? say_mtu_of_bridge(op, link->master, mtu) : r;
	if (r == 0 && mtu < KERNEL_LINK_MTU_MIN_IPV4 && link->mtu >= KERNEL_LINK_MTU_MIN_IPV4)
		r = say_ipv4(op, link);
	if (r != 0)
		return r;
	if (mtu < KERNEL_LINK_MTU_MIN_IPV6 && link->mtu >= KERNEL_LINK_MTU_MIN_IPV6)
		return say_ipv6(op, link);
	r = before_say_routes(&routes, 0, AF_INET6);
	return r != 0 ? r : say_ipv6_mtu(op, link);
}

int before_link_set(struct op *op, const struct hycan_link *link, const struct hycan_link_set_options *wanted)
{
	int r = 0;

	if (!op_undoable(op))
		return 0;
	if (wanted->has_mtu && wanted->mtu != link->mtu)
		r = say_mtu(op, link, wanted->mtu);
	if (r == 0 && kernel_link_difference(link, wanted).has_mac)
		r = say_neighbours_by_mac(op, link);
	return r != 0 ? r : say_properties(op, link, wanted);
}

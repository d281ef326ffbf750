/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list of requests, each with the number of its interface, which may have another name by now. What they do is what the
 * kernel does with them (drivers/net/wireguard/netlink.c): a peer by its key, an allowed IP belongs to whom it is given last, and no
 * interface is its own peer.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "attribute.h"
#include "cleanup.h"
#include "link.h"
#include "netlink.h"
#include "wireguard.h"
#include "wireguard_message.h"
#include "wireguard_plan.h"

struct wireguard_planned_request {
	uint32_t ifindex;
	struct nlmsghdr *message;
};

static void free_message(struct nlmsghdr *message)
{
	if (message)
		explicit_bzero(message, message->nlmsg_len);
	free(message);
}

/* Takes over the message. */
static int put(struct kernel_scope *scope, const char *name, struct nlmsghdr *message)
{
	struct wireguard_planned *plan = netlink_wireguard_plan(scope);
	struct wireguard_planned_request p = { .message = message };
	int r = kernel_link_index(scope, name, &p.ifindex);

	if (r == 0)
		r = array_grow(&plan->request, plan->n, sizeof(*plan->request));
	if (r == 0)
		plan->request[plan->n++] = p;
	else
		free_message(message);
	return r;
}

int wireguard_plan_request(struct kernel_scope *scope, const struct nlmsghdr *request)
{
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *before = NULL, *after = NULL;
	struct nlmsghdr *message = netlink_keep(request, 0);
	const struct nlattr *a[WGDEVICE_A_MAX + 1];
	const bool tells = netlink_tells(scope);
	char name[HYCAN_IFNAME_SIZE];
	int r;

	if (!message)
		return -ENOMEM;
	netlink_parse(message, sizeof(struct genlmsghdr), a, WGDEVICE_A_MAX);
	snprintf(name, sizeof(name), "%s", a[WGDEVICE_A_IFNAME] ? mnl_attr_get_str(a[WGDEVICE_A_IFNAME]) : "");
	/* reading all peers takes its time */
	r = tells && (a[WGDEVICE_A_PEERS] || a[WGDEVICE_A_PRIVATE_KEY]) ? kernel_wireguard_get(scope, name, &before) : 0;
	if (r < 0) {
		free_message(message);
		return r;
	}
	r = put(scope, name, message);
	if (r < 0 || !before)
		return r;
	r = kernel_wireguard_get(scope, name, &after);
	if (r == 0)
		wireguard_plan_tell_losses(scope, before, after, a[WGDEVICE_A_PEERS]);
	return r;
}

bool wireguard_plan_is_any(struct kernel_scope *scope)
{
	return netlink_wireguard_plan(scope)->n > 0;
}

void wireguard_plan_forget(struct kernel_scope *scope)
{
	struct wireguard_planned *plan = netlink_wireguard_plan(scope);

	for (size_t i = 0; i < plan->n; i++)
		free_message(plan->request[i].message);
	free(plan->request);
	*plan = (struct wireguard_planned){ 0 };
}

/* ----------------------------------------------------------------------------------------------------------- applying */

/* An interface while it is changed: each allowed IP with the position of the peer that has it. */
struct changing {
	struct kernel_wireguard *w;
	size_t room_peers;
	size_t room_keys;
	struct owned {
		struct hycan_prefix prefix;
		size_t peer;
	} * allowed_ip;
	size_t n;
};

static int grow_peers(struct changing *c)
{
	struct kernel_wireguard *w = c->w;
	int r = wireguard_reserve((void **)&w->preshared_keys, &c->room_keys, w->n_peers, sizeof(*w->preshared_keys));

	return r < 0 ? r : wireguard_reserve((void **)&w->peers, &c->room_peers, w->n_peers, sizeof(*w->peers));
}

static int give_allowed_ip(struct changing *c, const struct hycan_prefix *prefix, size_t peer)
{
	int r;

	for (size_t i = 0; i < c->n; i++)
		if (memcmp(&c->allowed_ip[i].prefix, prefix, sizeof(*prefix)) == 0) {
			c->allowed_ip[i].peer = peer;
			return 0;
		}
	r = array_grow(&c->allowed_ip, c->n, sizeof(*c->allowed_ip));
	if (r == 0)
		c->allowed_ip[c->n++] = (struct owned){ .prefix = *prefix, .peer = peer };
	return r;
}

static int begin(struct changing *c)
{
	int r = 0;

	for (size_t i = 0; i < c->w->n_peers && r == 0; i++)
		for (size_t k = 0; k < c->w->peers[i].n_allowed_ips && r == 0; k++) {
			r = array_grow(&c->allowed_ip, c->n, sizeof(*c->allowed_ip));
			if (r == 0)
				c->allowed_ip[c->n++] = (struct owned){ .prefix = c->w->peers[i].allowed_ips[k], .peer = i };
		}
	return r;
}

/* The allowed IPs of each peer stand in a row again. */
static int end(struct changing *c)
{
	struct kernel_wireguard *w = c->w;
	struct hycan_prefix *prefixes = calloc(c->n + 1, sizeof(*prefixes));
	size_t n = 0;

	if (!prefixes)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_peers; i++)
		w->peers[i].n_allowed_ips = 0;
	for (size_t k = 0; k < c->n; k++)
		w->peers[c->allowed_ip[k].peer].n_allowed_ips++;
	for (size_t i = 0; i < w->n_peers; i++) {
		w->peers[i].allowed_ips = w->peers[i].n_allowed_ips ? prefixes + n : NULL;
		n += w->peers[i].n_allowed_ips;
		w->peers[i].n_allowed_ips = 0;
	}
	for (size_t k = 0; k < c->n; k++) {
		struct hycan_wireguard_peer *peer = &w->peers[c->allowed_ip[k].peer];

		prefixes[(size_t)(peer->allowed_ips - prefixes) + peer->n_allowed_ips++] = c->allowed_ip[k].prefix;
	}
	free(w->allowed_ips);
	w->allowed_ips = prefixes;
	w->n_allowed_ips = c->n;
	return 0;
}

/* Takes the allowed IPs of a peer away; or the peer, too, and then those behind it come forward. */
static void take_allowed_ips(struct changing *c, size_t peer, bool with_peer)
{
	size_t n = 0;

	for (size_t k = 0; k < c->n; k++) {
		struct owned o = c->allowed_ip[k];

		if (o.peer == peer)
			continue;
		if (with_peer && o.peer > peer)
			o.peer--;
		c->allowed_ip[n++] = o;
	}
	c->n = n;
}

static void take_peer(struct changing *c, size_t i)
{
	struct kernel_wireguard *w = c->w;
	const size_t behind = --w->n_peers - i;

	take_allowed_ips(c, i, true);
	memmove(&w->peers[i], &w->peers[i + 1], behind * sizeof(*w->peers));
	memmove(&w->preshared_keys[i], &w->preshared_keys[i + 1], behind * sizeof(*w->preshared_keys));
	explicit_bzero(&w->preshared_keys[w->n_peers], sizeof(*w->preshared_keys));
}

/* With another private key that peer goes which the interface would be itself. */
static int change_key(struct changing *c)
{
	struct kernel_wireguard *w = c->w;
	size_t i;
	int r;

	w->private_key = kernel_wireguard_clamp(&w->private_key);
	w->device.has_public_key = !kernel_wireguard_key_is_none(&w->private_key);
	if (!w->device.has_public_key)
		return 0;
	r = kernel_wireguard_public_key(&w->private_key, &w->device.public_key);
	if (r < 0)
		return r;
	i = kernel_wireguard_find_peer(w, &w->device.public_key);
	if (i < w->n_peers)
		take_peer(c, i);
	return 0;
}

static int add_peer(struct changing *c, const struct hycan_key *key)
{
	int r = grow_peers(c);

	if (r < 0)
		return r;
	c->w->peers[c->w->n_peers] = (struct hycan_wireguard_peer){ .public_key = *key };
	memset(&c->w->preshared_keys[c->w->n_peers++], 0, sizeof(*c->w->preshared_keys));
	return 0;
}

static int change_peer(struct changing *c, const struct nlattr **a, size_t i)
{
	const struct nlattr *attr;
	struct hycan_prefix prefix;
	int r = 0;

	wireguard_read_properties(a, &c->w->peers[i], &c->w->preshared_keys[i]);
	if (!a[WGPEER_A_ALLOWEDIPS])
		return 0;
	mnl_attr_for_each_nested (attr, a[WGPEER_A_ALLOWEDIPS])
		if (r == 0 && wireguard_read_allowed_ip(attr, &prefix))
			r = give_allowed_ip(c, &prefix, i);
	return r;
}

static int apply_peer(struct changing *c, const struct nlattr *nest)
{
	const struct nlattr *a[WGPEER_A_MAX + 1];
	struct hycan_key key;
	uint32_t flags = 0;
	size_t i;
	int r = 0;

	netlink_parse_nested(nest, a, WGPEER_A_MAX);
	if (!attribute_bytes(a[WGPEER_A_PUBLIC_KEY], key.bytes, sizeof(key.bytes)))
		return 0;
	(void)attribute_u32(a[WGPEER_A_FLAGS], &flags);
	i = kernel_wireguard_find_peer(c->w, &key);
	if (flags & WGPEER_F_REMOVE_ME) {
		if (i < c->w->n_peers)
			take_peer(c, i);
		return 0;
	}
	if (i == c->w->n_peers && flags & WGPEER_F_UPDATE_ONLY)
		return 0;
	if (i == c->w->n_peers)
		r = add_peer(c, &key);
	if (r == 0 && flags & WGPEER_F_REPLACE_ALLOWEDIPS)
		take_allowed_ips(c, i, false);
	return r == 0 ? change_peer(c, a, i) : r;
}

static int apply(struct changing *c, const struct nlmsghdr *message)
{
	const struct nlattr *a[WGDEVICE_A_MAX + 1], *attr;
	int r = 0;

	netlink_parse(message, sizeof(struct genlmsghdr), a, WGDEVICE_A_MAX);
	wireguard_read_device(a, c->w);
	if (a[WGDEVICE_A_PRIVATE_KEY])
		r = change_key(c);
	if (a[WGDEVICE_A_PEERS])
		mnl_attr_for_each_nested (attr, a[WGDEVICE_A_PEERS])
			r = r == 0 ? apply_peer(c, attr) : r;
	return r;
}

int wireguard_plan_apply(struct kernel_scope *scope, uint32_t ifindex, struct kernel_wireguard *wireguard)
{
	const struct wireguard_planned *plan = netlink_wireguard_plan(scope);
	struct changing c = { .w = wireguard, .room_peers = wireguard->n_peers, .room_keys = wireguard->n_peers };
	int r = begin(&c);

	for (size_t i = 0; i < plan->n && r == 0; i++)
		if (plan->request[i].ifindex == ifindex)
			r = apply(&c, plan->request[i].message);
	if (r == 0)
		r = end(&c);
	free(c.allowed_ip);
	return r;
}

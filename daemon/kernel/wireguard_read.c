/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading WireGuard interfaces.
 *
 * The answer to WG_CMD_GET_DEVICE is a dump of as many messages as it takes. Only the first tells about the interface. A
 * peer whose allowed IPs do not fit goes on in the next message as a peer of the same key, with nothing but more allowed
 * IPs. So the allowed IPs of one peer always stand in a row, and are kept so: in one list for all peers, where a peer
 * knows its part.
 *
 * Private and preshared keys are in the answer, since what is to be set is compared with them. They leave no copy in
 * memory that was freed.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/time_types.h>
#include <linux/wireguard.h>
#include <netinet/in.h>
#include <string.h>

#include "cleanup.h"
#include "link.h"
#include "netlink.h"
#include "wireguard.h"
#include "wireguard_message.h"
#include "wireguard_plan.h"

/* A dump during which somebody changes the interface is worthless. Who meets that so often gives up. */
#define DUMP_ATTEMPTS 8

struct reading {
	struct kernel_wireguard *wireguard;
	bool all;                     /* peers that are kept: all, */
	const struct hycan_key *only; /* or the one with this key, where it is not NULL */
	bool skipping;                /* the peer that was begun last is not kept */
	struct hycan_key last;        /* its key */
	bool begun;                   /* last holds */
	size_t room_peers;
	size_t room_keys;
	size_t room_allowed_ips;
};

int wireguard_reserve(void **array, size_t *room, size_t used, size_t size)
{
	size_t n = *room ? *room * 2 : 16;
	void *p;

	if (used < *room)
		return 0;
	p = calloc(n, size);
	if (!p)
		return -ENOMEM;
	if (used) {
		memcpy(p, *array, used * size);
		explicit_bzero(*array, used * size);
	}
	free(*array);
	*array = p;
	*room = n;
	return 0;
}

static bool read_key(const struct nlattr *attr, struct hycan_key *ret_key)
{
	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(ret_key->bytes))
		return false;
	memcpy(ret_key->bytes, mnl_attr_get_payload(attr), sizeof(ret_key->bytes));
	return true;
}

static bool read_endpoint(const struct nlattr *attr, struct hycan_endpoint *ret_endpoint)
{
	const struct sockaddr *sa = mnl_attr_get_payload(attr);
	size_t size = mnl_attr_get_payload_len(attr);
	struct hycan_endpoint e = { 0 };

	if (size >= sizeof(struct sockaddr_in) && sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

		memcpy(e.address.bytes, &in->sin_addr, sizeof(in->sin_addr));
		e.port = ntohs(in->sin_port);
	} else if (size >= sizeof(struct sockaddr_in6) && sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

		memcpy(e.address.bytes, &in6->sin6_addr, sizeof(in6->sin6_addr));
		e.port = ntohs(in6->sin6_port);
		e.scope_id = in6->sin6_scope_id;
	} else {
		return false;
	}
	e.address.family = (uint8_t)sa->sa_family;
	*ret_endpoint = e;
	return true;
}

bool wireguard_read_allowed_ip(const struct nlattr *nest, struct hycan_prefix *ret_prefix)
{
	const struct nlattr *a[WGALLOWEDIP_A_MAX + 1];
	struct hycan_prefix prefix = { 0 };
	size_t size;

	netlink_parse_nested(nest, a, WGALLOWEDIP_A_MAX);
	if (!a[WGALLOWEDIP_A_FAMILY] || !a[WGALLOWEDIP_A_IPADDR] || !a[WGALLOWEDIP_A_CIDR_MASK])
		return false;
	prefix.address.family = (uint8_t)mnl_attr_get_u16(a[WGALLOWEDIP_A_FAMILY]);
	prefix.length = mnl_attr_get_u8(a[WGALLOWEDIP_A_CIDR_MASK]);
	size = mnl_attr_get_payload_len(a[WGALLOWEDIP_A_IPADDR]);
	if (size != (prefix.address.family == AF_INET6 ? 16 : 4))
		return false;
	memcpy(prefix.address.bytes, mnl_attr_get_payload(a[WGALLOWEDIP_A_IPADDR]), size);
	*ret_prefix = prefix;
	return true;
}

static int read_allowed_ip(struct reading *r, const struct nlattr *nest)
{
	struct kernel_wireguard *w = r->wireguard;
	struct hycan_prefix prefix;
	int e;

	if (!wireguard_read_allowed_ip(nest, &prefix))
		return 0;
	e = wireguard_reserve((void **)&w->allowed_ips, &r->room_allowed_ips, w->n_allowed_ips, sizeof(*w->allowed_ips));
	if (e < 0)
		return e;
	w->allowed_ips[w->n_allowed_ips++] = prefix;
	w->peers[w->n_peers - 1].n_allowed_ips++;
	return 0;
}

/* What only the first message about a peer has. */
void wireguard_read_properties(const struct nlattr **a, struct hycan_wireguard_peer *peer, struct hycan_key *preshared_key)
{
	if (read_key(a[WGPEER_A_PRESHARED_KEY], preshared_key))
		peer->has_preshared_key = !kernel_wireguard_key_is_none(preshared_key);
	if (a[WGPEER_A_ENDPOINT])
		peer->has_endpoint = read_endpoint(a[WGPEER_A_ENDPOINT], &peer->endpoint);
	if (a[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL])
		peer->persistent_keepalive = mnl_attr_get_u16(a[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL]);
	if (a[WGPEER_A_LAST_HANDSHAKE_TIME] &&
	    mnl_attr_get_payload_len(a[WGPEER_A_LAST_HANDSHAKE_TIME]) == sizeof(struct __kernel_timespec)) {
		struct __kernel_timespec t;

		memcpy(&t, mnl_attr_get_payload(a[WGPEER_A_LAST_HANDSHAKE_TIME]), sizeof(t));
		peer->latest_handshake = (uint64_t)t.tv_sec;
	}
	if (a[WGPEER_A_RX_BYTES])
		peer->rx_bytes = mnl_attr_get_u64(a[WGPEER_A_RX_BYTES]);
	if (a[WGPEER_A_TX_BYTES])
		peer->tx_bytes = mnl_attr_get_u64(a[WGPEER_A_TX_BYTES]);
}

static int begin_peer(struct reading *r, const struct nlattr **a)
{
	struct kernel_wireguard *w = r->wireguard;
	struct hycan_wireguard_peer *peer;
	int e;

	r->begun = true;
	r->skipping = !r->all && !(r->only && memcmp(r->last.bytes, r->only->bytes, sizeof(r->last.bytes)) == 0);
	if (r->skipping)
		return 0;
	e = wireguard_reserve((void **)&w->peers, &r->room_peers, w->n_peers, sizeof(*w->peers));
	if (e < 0)
		return e;
	e = wireguard_reserve((void **)&w->preshared_keys, &r->room_keys, w->n_peers, sizeof(*w->preshared_keys));
	if (e < 0)
		return e;
	peer = &w->peers[w->n_peers];
	peer->public_key = r->last;
	wireguard_read_properties(a, peer, &w->preshared_keys[w->n_peers]);
	w->n_peers++;
	return 0;
}

static int read_peer(struct reading *r, const struct nlattr *nest)
{
	const struct nlattr *a[WGPEER_A_MAX + 1], *attr;
	struct hycan_key key;
	int e;

	netlink_parse_nested(nest, a, WGPEER_A_MAX);
	if (!read_key(a[WGPEER_A_PUBLIC_KEY], &key))
		return 0;
	if (!r->begun || memcmp(key.bytes, r->last.bytes, sizeof(key.bytes)) != 0) {
		r->last = key;
		e = begin_peer(r, a);
		if (e < 0)
			return e;
	}
	if (r->skipping || !a[WGPEER_A_ALLOWEDIPS])
		return 0;
	mnl_attr_for_each_nested (attr, a[WGPEER_A_ALLOWEDIPS]) {
		e = read_allowed_ip(r, attr);
		if (e < 0)
			return e;
	}
	return 0;
}

void wireguard_read_device(const struct nlattr **a, struct kernel_wireguard *w)
{
	if (a[WGDEVICE_A_IFINDEX])
		w->device.ifindex = mnl_attr_get_u32(a[WGDEVICE_A_IFINDEX]);
	if (a[WGDEVICE_A_IFNAME])
		strncpy(w->device.name, mnl_attr_get_str(a[WGDEVICE_A_IFNAME]), sizeof(w->device.name) - 1);
	if (a[WGDEVICE_A_PRIVATE_KEY])
		read_key(a[WGDEVICE_A_PRIVATE_KEY], &w->private_key);
	if (a[WGDEVICE_A_PUBLIC_KEY])
		w->device.has_public_key = read_key(a[WGDEVICE_A_PUBLIC_KEY], &w->device.public_key);
	if (a[WGDEVICE_A_LISTEN_PORT])
		w->device.listen_port = mnl_attr_get_u16(a[WGDEVICE_A_LISTEN_PORT]);
	if (a[WGDEVICE_A_FWMARK])
		w->device.fwmark = mnl_attr_get_u32(a[WGDEVICE_A_FWMARK]);
}

static int read_message(const struct nlmsghdr *nlh, void *userdata)
{
	const struct nlattr *a[WGDEVICE_A_MAX + 1], *attr;
	struct reading *r = userdata;
	int e;

	netlink_parse(nlh, sizeof(struct genlmsghdr), a, WGDEVICE_A_MAX);
	wireguard_read_device(a, r->wireguard);
	if (!a[WGDEVICE_A_PEERS] || (!r->all && !r->only))
		return 0;
	mnl_attr_for_each_nested (attr, a[WGDEVICE_A_PEERS]) {
		e = read_peer(r, attr);
		if (e < 0)
			return e;
	}
	return 0;
}

static int read_once(struct kernel_scope *scope, uint16_t family, const char *name, struct reading reading,
                     struct kernel_wireguard **ret_wireguard)
{
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *w = NULL;
	size_t n = 0;
	int r;

	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	reading.wireguard = w;
	r = netlink_request(scope, NETLINK_GENERIC, wireguard_message(scope, family, WG_CMD_GET_DEVICE, NLM_F_DUMP, name),
	                    read_message, &reading);
	netlink_wipe(scope);
	if (r < 0)
		return r;
	/* only now is the list where it stays */
	for (size_t i = 0; i < w->n_peers; i++) {
		w->peers[i].allowed_ips = w->peers[i].n_allowed_ips ? w->allowed_ips + n : NULL;
		n += w->peers[i].n_allowed_ips;
	}
	*ret_wireguard = steal(&w);
	return 0;
}

static int read_from_kernel(struct kernel_scope *scope, uint16_t family, const char *name, struct reading reading,
                            struct kernel_wireguard **ret_wireguard)
{
	int r = -EINTR;

	for (int i = 0; i < DUMP_ATTEMPTS && r == -EINTR; i++)
		r = read_once(scope, family, name, reading, ret_wireguard);
	return r;
}

/* Of all peers the one that was asked for, if any. */
static void keep_only(struct kernel_wireguard *w, const struct hycan_key *only)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_peers; i++) {
		if (!only || memcmp(w->peers[i].public_key.bytes, only->bytes, sizeof(only->bytes)) != 0)
			continue;
		w->peers[n] = w->peers[i];
		w->preshared_keys[n++] = w->preshared_keys[i];
	}
	for (size_t i = n; i < w->n_peers; i++)
		explicit_bzero(&w->preshared_keys[i], sizeof(*w->preshared_keys));
	w->n_peers = n;
}

/* An interface as it is planned. One that is to be made has nothing but what is planned. */
static int read_planned(struct kernel_scope *scope, uint16_t family, const char *name, uint32_t ifindex, struct reading reading,
                        struct kernel_wireguard **ret_wireguard)
{
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *w = NULL;
	const char *former = link_plan_kernel_name(scope, ifindex);
	struct hycan_link link;
	int r = link_plan_is_made_up(ifindex) ? kernel_link_get(scope, name, &link) : 0;

	if (r < 0)
		return r;
	if (!link_plan_is_made_up(ifindex))
		r = read_from_kernel(scope, family, former ? former : name, (struct reading){ .all = true }, &w);
	else if (!link.has_kind || strcmp(link.kind, WG_GENL_NAME) != 0)
		r = -EOPNOTSUPP;
	else
		w = calloc(1, sizeof(*w));
	if (r < 0)
		return r;
	r = w ? wireguard_plan_apply(scope, ifindex, w) : -ENOMEM;
	if (r < 0)
		return r;
	w->device.ifindex = ifindex;
	strncpy(w->device.name, name, sizeof(w->device.name) - 1);
	if (!reading.all)
		keep_only(w, reading.only);
	*ret_wireguard = steal(&w);
	return 0;
}

static int read_wireguard(struct kernel_scope *scope, const char *name, struct reading reading,
                          struct kernel_wireguard **ret_wireguard)
{
	uint32_t ifindex = 0;
	uint16_t family;
	int r;

	r = netlink_family(scope, WG_GENL_NAME, &family);
	if (r < 0)
		return r;
	r = wireguard_plan_is_any(scope) || link_plan_is_any(scope) ? kernel_link_index(scope, name, &ifindex) : 0;
	if (r < 0)
		return r;
	return ifindex ? read_planned(scope, family, name, ifindex, reading, ret_wireguard)
	               : read_from_kernel(scope, family, name, reading, ret_wireguard);
}

int kernel_wireguard_get(struct kernel_scope *scope, const char *name, struct kernel_wireguard **ret_wireguard)
{
	return read_wireguard(scope, name, (struct reading){ .all = true }, ret_wireguard);
}

int kernel_wireguard_get_peer(struct kernel_scope *scope, const char *name, const struct hycan_key *public_key,
                              struct kernel_wireguard **ret_wireguard)
{
	return read_wireguard(scope, name, (struct reading){ .only = public_key }, ret_wireguard);
}

size_t kernel_wireguard_find_peer(const struct kernel_wireguard *w, const struct hycan_key *public_key)
{
	size_t i = 0;

	while (i < w->n_peers && memcmp(&w->peers[i].public_key, public_key, sizeof(*public_key)) != 0)
		i++;
	return i;
}

void kernel_wireguard_forget_keys(struct kernel_wireguard *w)
{
	if (w->preshared_keys)
		explicit_bzero(w->preshared_keys, w->n_peers * sizeof(*w->preshared_keys));
	explicit_bzero(&w->private_key, sizeof(w->private_key));
}

void kernel_wireguard_free(struct kernel_wireguard **wireguard)
{
	struct kernel_wireguard *w = *wireguard;

	if (!w)
		return;
	if (w->preshared_keys)
		explicit_bzero(w->preshared_keys, w->n_peers * sizeof(*w->preshared_keys));
	free(w->preshared_keys);
	free(w->peers);
	free(w->allowed_ips);
	explicit_bzero(w, sizeof(*w));
	free(w);
	*wireguard = NULL;
}

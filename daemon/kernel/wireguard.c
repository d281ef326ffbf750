/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing WireGuard interfaces and their peers.
 *
 * A message to the kernel is carried out from its beginning to its end, and is not undone where it fails in between; and
 * an interface gets its mark before its port, which may be another socket's. So the mark goes behind it, in a message of its
 * own, that nothing speaks against.
 *
 * Peers go into as few messages as the size of an attribute and the kernel's patience allow. The allowed IPs of one peer
 * may need several messages: the flag that takes the old ones away stands in the first of them alone. What this file does
 * not do: find out what differs; it sends what it is told.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>

#include "wireguard.h"
#include "wireguard_message.h"

/* All peers of a message stand in one attribute, whose length has 16 bits. */
#define MESSAGE_MAX (UINT16_MAX & ~(NLA_ALIGNTO - 1u))

/*
 * The kernel holds the lock of all network configuration while it works on a message, and a new peer costs it a
 * multiplication on the curve.
 */
#define MESSAGE_PEERS_MAX 64

#define ATTR_SIZE(payload) ((size_t)NLA_HDRLEN + NLA_ALIGN(payload))

/* the most that a peer takes without its allowed IPs */
#define PEER_SIZE                                                                                                                  \
	(ATTR_SIZE(0) + 2 * ATTR_SIZE(WG_KEY_LEN) + ATTR_SIZE(sizeof(uint32_t)) + ATTR_SIZE(sizeof(struct sockaddr_in6)) +         \
	 ATTR_SIZE(sizeof(uint16_t)))

/* the most that an allowed IP takes, with the attribute that it may have to open */
#define ALLOWED_IP_SIZE                                                                                                            \
	(2 * ATTR_SIZE(0) + ATTR_SIZE(sizeof(uint16_t)) + ATTR_SIZE(sizeof(struct in6_addr)) + ATTR_SIZE(sizeof(uint8_t)))

struct nlmsghdr *wireguard_message(struct kernel_scope *scope, uint16_t family, uint8_t command, uint16_t flags, const char *name)
{
	struct nlmsghdr *nlh = netlink_message(scope, family, flags);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	genl->cmd = command;
	genl->version = WG_GENL_VERSION;
	mnl_attr_put_strz(nlh, WGDEVICE_A_IFNAME, name);
	return nlh;
}

bool kernel_wireguard_key_is_none(const struct hycan_key *key)
{
	uint8_t any = 0;

	for (size_t i = 0; i < sizeof(key->bytes); i++)
		any |= key->bytes[i];
	return any == 0;
}

struct hycan_key kernel_wireguard_clamp(const struct hycan_key *private_key)
{
	struct hycan_key key = *private_key;

	/* RFC 7748, section 5; the key that stands for none is stored as it is */
	if (!kernel_wireguard_key_is_none(private_key)) {
		key.bytes[0] &= 248;
		key.bytes[sizeof(key.bytes) - 1] = (key.bytes[sizeof(key.bytes) - 1] & 127) | 64;
	}
	return key;
}

int kernel_wireguard_public_key(const struct hycan_key *private_key, struct hycan_key *ret_public_key)
{
	/* again and again, and from any thread: the first time counts */
	if (sodium_init() < 0 || crypto_scalarmult_curve25519_base(ret_public_key->bytes, private_key->bytes) != 0)
		return -ENOSYS;
	return 0;
}

bool kernel_wireguard_has_private_key(const struct kernel_wireguard *wireguard, const struct hycan_key *private_key)
{
	struct hycan_key wanted = kernel_wireguard_clamp(private_key);
	uint8_t differs = 0;

	for (size_t i = 0; i < sizeof(wanted.bytes); i++)
		differs |= wireguard->private_key.bytes[i] ^ wanted.bytes[i];
	explicit_bzero(&wanted, sizeof(wanted));
	return differs == 0;
}

/* Sends a message that may hold keys. */
static int send_message(struct kernel_scope *scope, struct nlmsghdr *nlh)
{
	int r = netlink_request(scope, NETLINK_GENERIC, nlh, NULL, NULL);

	netlink_wipe(scope);
	return r;
}

void kernel_wireguard_unclamp(const struct hycan_key *is, unsigned int n, struct hycan_key *ret_key)
{
	const size_t last = sizeof(is->bytes) - 1;

	*ret_key = *is;
	ret_key->bytes[0] |= n & 7;
	ret_key->bytes[last] = (uint8_t)((is->bytes[last] & 63) | (n >> 3) << 6);
}

/* What is NULL stays as it is. */
static int send_settings(struct kernel_scope *scope, uint16_t family, const char *name, const struct hycan_key *private_key,
                         const uint16_t *listen_port, const uint32_t *fwmark)
{
	struct nlmsghdr *nlh = wireguard_message(scope, family, WG_CMD_SET_DEVICE, 0, name);

	if (private_key)
		mnl_attr_put(nlh, WGDEVICE_A_PRIVATE_KEY, sizeof(private_key->bytes), private_key->bytes);
	if (fwmark)
		mnl_attr_put_u32(nlh, WGDEVICE_A_FWMARK, *fwmark);
	if (listen_port)
		mnl_attr_put_u16(nlh, WGDEVICE_A_LISTEN_PORT, *listen_port);
	return send_message(scope, nlh);
}

int kernel_wireguard_set(struct kernel_scope *scope, const char *name, const struct hycan_wireguard_set_options *options,
                         const struct kernel_wireguard *former)
{
	const struct hycan_key *private_key = options->has_private_key ? &options->private_key : NULL;
	const uint16_t *listen_port = options->has_listen_port ? &options->listen_port : NULL;
	const uint32_t *fwmark = options->has_fwmark ? &options->fwmark : NULL;
	uint16_t family;
	int r;

	r = netlink_family(scope, WG_GENL_NAME, &family);
	if (r < 0)
		return r;
	if (!fwmark || !listen_port)
		return send_settings(scope, family, name, private_key, listen_port, fwmark);
	r = send_settings(scope, family, name, private_key, listen_port, NULL);
	if (r < 0)
		return r;
	r = send_settings(scope, family, name, NULL, NULL, fwmark);
	if (r < 0)
		(void)send_settings(scope, family, name, private_key ? &former->private_key : NULL, &former->device.listen_port,
		                    NULL);
	return r;
}

/* ------------------------------------------------------------------------------------------------------------ peers */

struct writer {
	struct kernel_scope *scope;
	const char *name;
	uint16_t family;
	struct nlmsghdr *nlh; /* the message that is being written */
	struct nlattr *peers; /* its list of peers, open */
	struct nlattr *peer;  /* the peer that is open in it */
	struct nlattr *allowed_ips;
	size_t n_peers;
};

static void writer_begin(struct writer *w)
{
	w->nlh = wireguard_message(w->scope, w->family, WG_CMD_SET_DEVICE, 0, w->name);
	w->peers = mnl_attr_nest_start(w->nlh, WGDEVICE_A_PEERS);
	w->n_peers = 0;
}

static int writer_send(struct writer *w)
{
	if (w->n_peers == 0)
		return 0;
	mnl_attr_nest_end(w->nlh, w->peers);
	return send_message(w->scope, w->nlh);
}

/* Makes room: sends what there is and begins a new message, where the size asks for it. */
static int writer_reserve(struct writer *w, size_t size)
{
	int r;

	if (w->nlh->nlmsg_len + size <= MESSAGE_MAX && w->n_peers < MESSAGE_PEERS_MAX)
		return 0;
	r = writer_send(w);
	if (r < 0)
		return r;
	writer_begin(w);
	return 0;
}

static void put_endpoint(struct nlmsghdr *nlh, const struct hycan_endpoint *endpoint)
{
	if (endpoint->address.family == AF_INET6) {
		struct sockaddr_in6 in6 = {
			.sin6_family = AF_INET6,
			.sin6_port = htons(endpoint->port),
			.sin6_scope_id = endpoint->scope_id,
		};

		memcpy(&in6.sin6_addr, endpoint->address.bytes, sizeof(in6.sin6_addr));
		mnl_attr_put(nlh, WGPEER_A_ENDPOINT, sizeof(in6), &in6);
	} else {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(endpoint->port) };

		memcpy(&in.sin_addr, endpoint->address.bytes, sizeof(in.sin_addr));
		mnl_attr_put(nlh, WGPEER_A_ENDPOINT, sizeof(in), &in);
	}
}

static void put_allowed_ip(struct nlmsghdr *nlh, const struct hycan_prefix *prefix)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, 0);

	mnl_attr_put_u16(nlh, WGALLOWEDIP_A_FAMILY, prefix->address.family);
	mnl_attr_put(nlh, WGALLOWEDIP_A_IPADDR, prefix->address.family == AF_INET6 ? 16 : 4, prefix->address.bytes);
	mnl_attr_put_u8(nlh, WGALLOWEDIP_A_CIDR_MASK, prefix->length);
	mnl_attr_nest_end(nlh, nest);
}

static void open_peer(struct writer *w, const struct hycan_key *public_key, uint32_t flags)
{
	w->peer = mnl_attr_nest_start(w->nlh, 0);
	w->n_peers++;
	mnl_attr_put(w->nlh, WGPEER_A_PUBLIC_KEY, sizeof(public_key->bytes), public_key->bytes);
	mnl_attr_put_u32(w->nlh, WGPEER_A_FLAGS, flags);
}

static void open_allowed_ips(struct writer *w)
{
	w->allowed_ips = mnl_attr_nest_start(w->nlh, WGPEER_A_ALLOWEDIPS);
}

static void close_peer(struct writer *w)
{
	if (w->allowed_ips)
		mnl_attr_nest_end(w->nlh, w->allowed_ips);
	w->allowed_ips = NULL;
	mnl_attr_nest_end(w->nlh, w->peer);
}

static int write_allowed_ips(struct writer *w, const struct kernel_wireguard_change *change)
{
	int r;

	for (size_t i = 0; i < change->n_allowed_ips; i++) {
		if (w->nlh->nlmsg_len + ALLOWED_IP_SIZE > MESSAGE_MAX) {
			/* the same peer goes on in a message of its own, and must not be made by it */
			close_peer(w);
			r = writer_send(w);
			if (r < 0)
				return r;
			writer_begin(w);
			open_peer(w, change->public_key, WGPEER_F_UPDATE_ONLY);
		}
		if (!w->allowed_ips)
			open_allowed_ips(w);
		put_allowed_ip(w->nlh, &change->allowed_ips[i]);
	}
	return 0;
}

static int write_change(struct writer *w, const struct kernel_wireguard_change *change)
{
	uint32_t flags = 0;
	int r;

	r = writer_reserve(w, PEER_SIZE);
	if (r < 0)
		return r;
	if (change->remove) {
		open_peer(w, change->public_key, WGPEER_F_REMOVE_ME);
		close_peer(w);
		return 0;
	}
	if (change->update_only)
		flags |= WGPEER_F_UPDATE_ONLY;
	if (change->replace_allowed_ips)
		flags |= WGPEER_F_REPLACE_ALLOWEDIPS;
	open_peer(w, change->public_key, flags);
	if (change->preshared_key)
		mnl_attr_put(w->nlh, WGPEER_A_PRESHARED_KEY, sizeof(change->preshared_key->bytes), change->preshared_key->bytes);
	if (change->endpoint)
		put_endpoint(w->nlh, change->endpoint);
	if (change->persistent_keepalive)
		mnl_attr_put_u16(w->nlh, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, *change->persistent_keepalive);
	r = write_allowed_ips(w, change);
	if (r < 0)
		return r;
	close_peer(w);
	return 0;
}

int kernel_wireguard_change_peers(struct kernel_scope *scope, const char *name, const struct kernel_wireguard_change *changes,
                                  size_t n)
{
	struct writer w = { .scope = scope, .name = name };
	int r;

	if (n == 0)
		return 0;
	r = netlink_family(scope, WG_GENL_NAME, &w.family);
	if (r < 0)
		return r;
	writer_begin(&w);
	for (size_t i = 0; i < n && r == 0; i++)
		r = write_change(&w, &changes[i]);
	if (r == 0)
		r = writer_send(&w);
	return r;
}

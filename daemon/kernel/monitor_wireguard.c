/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WireGuard in the image of the monitor.
 *
 * The kernel announces links alone: of keys, ports, marks and peers it says nothing. So all interfaces are read when there
 * is a reason to look: a link of this kind came, changed or went, a request that may change one has ended, or time has
 * passed. Whose doing it is that something has changed is found out by what requests there were (monitor_blame.c). It is
 * compared only when the marks are read that were sent while the kernel was asked: so a request that was faster than that is not
 * taken for a stranger.
 *
 * An entry is a structure in place of a message. What is counted all the time, as bytes and handshakes, stands at its end and
 * makes no difference. Private and preshared keys are forgotten as soon as they are read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "monitor_state.h"

/* Types of entries. */
enum {
	DEVICE = NLMSG_MIN_TYPE,
	PEER,
};

/* Allowed IPs in an entry: an event has to hold them. Changes of the others are seen by their hash. */
#define ALLOWED_IPS_MAX 500u

struct peer_body {
	uint32_t ifindex;
	uint32_t n_kept;
	uint64_t n_allowed_ips;
	uint64_t hash;
	struct hycan_wireguard_peer peer; /* without lists and counters */
};

struct peer_counters {
	uint64_t latest_handshake;
	uint64_t rx_bytes;
	uint64_t tx_bytes;
};

void monitor_forget_wireguard(struct kernel_monitor *m)
{
	struct wireguard_reading *w = &m->wireguard;

	for (size_t i = 0; i < w->n; i++)
		kernel_wireguard_free(&w->device[i]);
	cleanup_free(&w->device);
	*w = (struct wireguard_reading){ 0 };
}

void monitor_mark_wireguard(struct kernel_monitor *m, uint32_t port, const struct kernel_mark *mark)
{
	struct kernel_change why = { .origin = KERNEL_DURING, .mark = mark };

	monitor_blame_mark(m, port, mark);
	if (!mark->begin)
		monitor_doubt(m, KERNEL_WIREGUARD, &why);
}

static bool is_wireguard(const struct image_entry *e)
{
	struct hycan_link link;
	uint32_t parent, master;

	if (e->kind != KERNEL_LINK)
		return false;
	link_read(image_message(e), &link, &parent, &master);
	return link.has_kind && strcmp(link.kind, "wireguard") == 0;
}

bool kernel_monitor_has_silent(const struct kernel_monitor *m)
{
	return m->kinds & KERNEL_BIT(KERNEL_WIREGUARD) && m->n_wireguard > 0;
}

void kernel_monitor_look(struct kernel_monitor *m)
{
	m->doubts |= KERNEL_BIT(KERNEL_WIREGUARD) & m->kinds;
}

/* ------------------------------------------------------------------------------------------------------------- reading */

/* NULL: it is gone, or called otherwise, which the kernel has told already, or is about to. */
static int read_device(struct kernel_monitor *m, const struct image_entry *e, bool peers, struct kernel_wireguard **ret_device)
{
	struct hycan_link link;
	uint32_t parent, master;
	int r;

	*ret_device = NULL;
	link_read(image_message(e), &link, &parent, &master);
	r = peers ? kernel_wireguard_get(m->scope, link.name, ret_device)
	          : kernel_wireguard_get_peer(m->scope, link.name, NULL, ret_device);
	if (r == 0)
		kernel_wireguard_forget_keys(*ret_device);
	return r == -ENODEV || r == -EOPNOTSUPP || r == -ENOENT ? 0 : r;
}

int kernel_monitor_list_wireguard(struct kernel_monitor *m, bool peers, kernel_found_wireguard *found, void *userdata)
{
	const struct image_entry *e;
	int r = 0;

	if (m->doubts & KERNEL_BIT(KERNEL_LINK))
		return -EAGAIN;
	TAILQ_FOREACH(e, &m->image.entries, order)
	{
		_cleanup_(kernel_wireguard_free) struct kernel_wireguard *device = NULL;

		if (is_wireguard(e))
			r = read_device(m, e, peers, &device);
		if (r == 0 && device)
			r = found(device, userdata);
		if (r)
			break;
	}
	return r;
}

static int keep_device(struct kernel_monitor *m, struct kernel_wireguard **device)
{
	struct wireguard_reading *w = &m->wireguard;
	struct kernel_wireguard **p = reallocarray(w->device, w->n + 1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	w->device = p;
	w->device[w->n++] = steal(device);
	return 0;
}

static int read_all(struct kernel_monitor *m)
{
	const struct image_entry *e;
	int r = 0;

	monitor_forget_wireguard(m);
	TAILQ_FOREACH(e, &m->image.entries, order)
	{
		_cleanup_(kernel_wireguard_free) struct kernel_wireguard *device = NULL;

		if (is_wireguard(e))
			r = read_device(m, e, true, &device);
		if (r == 0 && device)
			r = keep_device(m, &device);
		if (r < 0) {
			monitor_forget_wireguard(m);
			return r;
		}
	}
	m->wireguard.is_read = true;
	monitor_blame_read(m);
	m->n_wireguard = m->wireguard.n;
	return 0;
}

/* ----------------------------------------------------------------------------------------------------------- comparing */

static void begin(struct kernel_monitor *m, struct monitor_message *message, uint16_t type, uint32_t ifindex)
{
	memset(message, 0, offsetof(struct monitor_message, key));
	message->kind = KERNEL_WIREGUARD;
	message->ifindex = ifindex;
	message->key.size = sizeof(ifindex);
	memcpy(message->key.bytes, &ifindex, sizeof(ifindex));
	message->compact = mnl_nlmsg_put_header(m->compact);
	message->compact->nlmsg_type = type;
}

/* Of the link that an entry is about. */
static uint32_t index_of(const struct nlmsghdr *nlh)
{
	const void *body = mnl_nlmsg_get_payload(nlh);

	return nlh->nlmsg_type == PEER ? ((const struct peer_body *)body)->ifindex
	                               : ((const struct hycan_wireguard *)body)->ifindex;
}

static void blame(const struct kernel_monitor *m, const struct nlmsghdr *nlh, struct kernel_change *change)
{
	const struct peer_body *body = mnl_nlmsg_get_payload(nlh);
	const uint8_t *peer = nlh->nlmsg_type == PEER ? body->peer.public_key.bytes : NULL;
	const char *name = kernel_monitor_link_name(m, index_of(nlh));

	change->origin = monitor_blame(m, name ? name : "", peer, &change->mark);
}

/* Whether what is not found any more is about a link of which the kernel has not told yet that it is no more. */
static bool is_yet_to_be_told(const struct kernel_monitor *m, uint32_t ifindex)
{
	const struct image_entry *e = monitor_find_link(m, ifindex);
	const struct wireguard_reading *w = &m->wireguard;

	for (size_t i = 0; e && i < w->n; i++)
		if (w->device[i]->device.ifindex == ifindex)
			return false;
	return e && is_wireguard(e);
}

/* What was not found any more. What goes with its link is gone when that is, and then it is known whose doing it was. */
static void sweep(struct kernel_monitor *m)
{
	struct kernel_change change = { .kind = KERNEL_WIREGUARD };
	struct image_entry *e, *next;

	for (e = TAILQ_FIRST(&m->image.entries); e; e = next) {
		next = TAILQ_NEXT(e, order);
		if (e->kind != KERNEL_WIREGUARD || e->seen == m->generation || is_yet_to_be_told(m, index_of(image_message(e))))
			continue;
		blame(m, image_message(e), &change);
		monitor_take(m, &change, e);
	}
}

static void take_in(struct kernel_monitor *m, const struct monitor_message *message)
{
	struct kernel_change change = { .kind = KERNEL_WIREGUARD };
	struct image_entry *e = image_find(&m->image, KERNEL_WIREGUARD, &message->key);

	blame(m, message->compact, &change);
	if (e)
		monitor_put(m, &change, e, message);
	else
		monitor_add(m, &change, message);
}

static void take_in_device(struct kernel_monitor *m, const struct hycan_wireguard *device)
{
	struct monitor_message message;
	struct hycan_wireguard *to;

	begin(m, &message, DEVICE, device->ifindex);
	to = mnl_nlmsg_put_extra_header(message.compact, sizeof(*to));
	to->ifindex = device->ifindex;
	to->has_public_key = device->has_public_key;
	to->public_key = device->public_key;
	to->listen_port = device->listen_port;
	to->fwmark = device->fwmark;
	message.essence = message.compact->nlmsg_len;
	take_in(m, &message);
}

/* The kernel may list them in another order the next time. */
static int compare_prefixes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct hycan_prefix));
}

static uint64_t hash_of(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	return h;
}

static void take_in_peer(struct kernel_monitor *m, uint32_t ifindex, struct hycan_prefix *allowed_ips,
                         const struct hycan_wireguard_peer *peer)
{
	const struct peer_counters counters = { peer->latest_handshake, peer->rx_bytes, peer->tx_bytes };
	struct monitor_message message;
	struct peer_body *to;
	void *p;

	begin(m, &message, PEER, ifindex);
	memcpy(message.key.bytes + message.key.size, peer->public_key.bytes, sizeof(peer->public_key.bytes));
	message.key.size = (uint16_t)(message.key.size + sizeof(peer->public_key.bytes));
	if (peer->n_allowed_ips)
		qsort(allowed_ips, peer->n_allowed_ips, sizeof(*allowed_ips), compare_prefixes);
	to = mnl_nlmsg_put_extra_header(message.compact, sizeof(*to));
	to->ifindex = ifindex;
	to->n_allowed_ips = peer->n_allowed_ips;
	to->n_kept = peer->n_allowed_ips < ALLOWED_IPS_MAX ? (uint32_t)peer->n_allowed_ips : ALLOWED_IPS_MAX;
	to->hash = hash_of(allowed_ips, peer->n_allowed_ips * sizeof(*allowed_ips));
	to->peer.public_key = peer->public_key;
	to->peer.has_preshared_key = peer->has_preshared_key;
	to->peer.has_endpoint = peer->has_endpoint;
	/* without the bytes between its members */
	to->peer.endpoint.address = peer->endpoint.address;
	to->peer.endpoint.port = peer->endpoint.port;
	to->peer.endpoint.scope_id = peer->endpoint.scope_id;
	to->peer.persistent_keepalive = peer->persistent_keepalive;
	p = mnl_nlmsg_put_extra_header(message.compact, to->n_kept * sizeof(*allowed_ips));
	if (to->n_kept)
		memcpy(p, allowed_ips, to->n_kept * sizeof(*allowed_ips));
	message.essence = message.compact->nlmsg_len;
	memcpy(mnl_nlmsg_put_extra_header(message.compact, sizeof(counters)), &counters, sizeof(counters));
	take_in(m, &message);
}

static void compare(struct kernel_monitor *m)
{
	struct wireguard_reading *w = &m->wireguard;

	m->generation++;
	m->doubts &= ~KERNEL_BIT(KERNEL_WIREGUARD);
	for (size_t i = 0; i < w->n; i++) {
		const struct kernel_wireguard *device = w->device[i];
		struct hycan_prefix *allowed_ips = device->allowed_ips;

		take_in_device(m, &device->device);
		for (size_t k = 0; k < device->n_peers; k++) {
			take_in_peer(m, device->device.ifindex, allowed_ips, &device->peers[k]);
			allowed_ips += device->peers[k].n_allowed_ips;
		}
	}
	sweep(m);
	monitor_blame_done(m);
	if (w->again)
		m->doubts |= KERNEL_BIT(KERNEL_WIREGUARD);
	monitor_forget_wireguard(m);
}

int monitor_sync_wireguard(struct kernel_monitor *m)
{
	if (!m->wireguard.is_read)
		return read_all(m);
	compare(m);
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------ in words */

int monitor_decode_wireguard(const struct kernel_monitor *m, const struct nlmsghdr *nlh, struct kernel_wireguard_thing *thing)
{
	const struct peer_body *body = mnl_nlmsg_get_payload(nlh);
	struct peer_counters counters;
	const char *name, *p;

	thing->is_peer = nlh->nlmsg_type == PEER;
	if (!thing->is_peer) {
		thing->device = *(const struct hycan_wireguard *)mnl_nlmsg_get_payload(nlh);
		name = kernel_monitor_link_name(m, thing->device.ifindex);
		if (!name)
			return -ENODATA;
		memcpy(thing->device.name, name, sizeof(thing->device.name));
		return 0;
	}
	name = kernel_monitor_link_name(m, body->ifindex);
	if (!name)
		return -ENODATA;
	memcpy(thing->peer_of, name, sizeof(thing->peer_of));
	thing->peer = body->peer;
	p = mnl_nlmsg_get_payload_offset(nlh, sizeof(*body));
	thing->peer.allowed_ips = (const struct hycan_prefix *)p;
	thing->peer.n_allowed_ips = body->n_kept;
	thing->more_allowed_ips = (uint32_t)(body->n_allowed_ips - body->n_kept);
	memcpy(&counters, p + MNL_ALIGN(body->n_kept * sizeof(struct hycan_prefix)), sizeof(counters));
	thing->peer.latest_handshake = counters.latest_handshake;
	thing->peer.rx_bytes = counters.rx_bytes;
	thing->peer.tx_bytes = counters.tx_bytes;
	return 0;
}

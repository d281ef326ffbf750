/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wireguard.set: key, port and mark of an interface.
 *
 * A private key that is set again ends the sessions of all peers, so only what differs is sent. The kernel removes a peer
 * whose public key belongs to the new private key (wg_set_device(), drivers/net/wireguard/netlink.c).
 */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "table.h"
#include "wireguard.h"

static void wipe(struct hycan_wireguard_set_options *options)
{
	explicit_bzero(options, sizeof(*options));
}

/* Says what the interface has, and the peer that goes with another private key: it is put back behind the key. */
static int before(struct op *op, const char *name, const struct hycan_wireguard_set_options *differs)
{
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *is = NULL;
	struct hycan_wireguard_set_request back = { 0 };
	int r;

	if (!op_undoable(op))
		return 0;
	r = kernel_wireguard_get(op->scope, name, &is);
	if (r == 0 && differs->has_private_key)
		r = wireguard_before_key(op, name, is, &differs->private_key);
	if (r < 0)
		return r;
	back.has_private_key = differs->has_private_key;
	back.private_key = is->private_key;
	back.has_listen_port = differs->has_listen_port;
	back.listen_port = is->device.listen_port;
	back.has_fwmark = differs->has_fwmark;
	back.fwmark = is->device.fwmark;
	memcpy(back.name, name, strlen(name) + 1);
	r = op_undo(op, HYCAN_OPERATION_WIREGUARD_SET, &back);
	explicit_bzero(&back, sizeof(back));
	return r;
}

/* Whether the interface has the key that is asked for; of one that is sealed, as it may have been given. */
static bool has_key(const struct op *op, const struct kernel_wireguard *is, const struct hycan_key *wanted)
{
	struct hycan_key key;
	bool has = !op->sealed && kernel_wireguard_has_private_key(is, wanted);

	for (unsigned int i = 0; op->sealed && !has && i < KERNEL_WIREGUARD_UNCLAMPED; i++) {
		kernel_wireguard_unclamp(&is->private_key, i, &key);
		has = op_key_fits(op, wanted, &key);
	}
	explicit_bzero(&key, sizeof(key));
	return has;
}

int op_wireguard_set(struct op *op, const struct hycan_wireguard_set_request *request)
{
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *is = NULL;
	_cleanup_(wipe) struct hycan_wireguard_set_options differs = { 0 };
	int r;

	r = kernel_wireguard_get_peer(op->scope, request->name, NULL, &is);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	if (request->has_private_key && !has_key(op, is, &request->private_key)) {
		/* it was in the first message, so nothing came about */
		if (op->sealed)
			return 0;
		differs.has_private_key = true;
		differs.private_key = request->private_key;
	}
	if (request->has_listen_port && request->listen_port != is->device.listen_port) {
		differs.has_listen_port = true;
		differs.listen_port = request->listen_port;
	}
	if (request->has_fwmark && request->fwmark != is->device.fwmark) {
		differs.has_fwmark = true;
		differs.fwmark = request->fwmark;
	}
	op->unchanged = !differs.has_private_key && !differs.has_listen_port && !differs.has_fwmark;
	if (op->unchanged)
		return 0;
	r = before(op, request->name, &differs);
	if (r == 0)
		r = kernel_wireguard_set(op->scope, request->name, &differs, is);
	if (r == -EADDRINUSE)
		return op_refuse(op, HYCAN_REFUSAL_BUSY, "listen_port",
		                 "UDP port %u is in use by another socket; choose another port.", request->listen_port);
	return wireguard_refuse(op, request->name, r);
}

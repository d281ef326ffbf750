/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireguard.get: an interface and its peers, without private and preshared keys. */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "table.h"
#include "wireguard.h"

int op_wireguard_get(struct op *op, const struct hycan_wireguard_get_request *request, struct hycan_wireguard_get_reply *reply)
{
	_cleanup_(kernel_wireguard_free) struct kernel_wireguard *is = NULL;
	struct hycan_wireguard_peer *peers = NULL;
	struct hycan_prefix *allowed_ips = NULL;
	int r;

	r = kernel_wireguard_get(op->scope, request->name, &is);
	if (r < 0)
		return wireguard_refuse(op, request->name, r);
	if (is->n_peers) {
		peers = op->memory(op, is->n_peers * sizeof(*peers));
		if (!peers)
			return -ENOMEM;
		memcpy(peers, is->peers, is->n_peers * sizeof(*peers));
	}
	if (is->n_allowed_ips) {
		allowed_ips = op->memory(op, is->n_allowed_ips * sizeof(*allowed_ips));
		if (!allowed_ips)
			return -ENOMEM;
		memcpy(allowed_ips, is->allowed_ips, is->n_allowed_ips * sizeof(*allowed_ips));
	}
	for (size_t i = 0, n = 0; i < is->n_peers; i++) {
		peers[i].allowed_ips = peers[i].n_allowed_ips ? allowed_ips + n : NULL;
		n += peers[i].n_allowed_ips;
	}
	reply->device = is->device;
	reply->peers = peers;
	reply->n_peers = is->n_peers;
	return 0;
}
